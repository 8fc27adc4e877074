"""What every SMS gateway is: one file that speaks its language, behind the same four words."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol


class Said(Enum):
    """What a gateway's answer leaves to do."""

    TAKEN = "taken"
    ANOTHER = "another"  # not now: another gateway may
    NOBODY = "nobody"  # it will never take this message for this number; another gateway may
    UNSURE = "unsure"  # it may have taken it: another one now would make two of it


class GatewayAnswer(NamedTuple):
    """What one gateway said to one message."""

    said: Said
    detail: str  # in French, without the gateway's name
    receipt: str = ""


class Sms(NamedTuple):
    """One message, ready to leave."""

    to: str  # E.164
    text: str  # of the alphabet of SMS, cut
    key: str  # the letter's
    at: int  # POSIX seconds of what it tells


class SmsGateway(Protocol):
    """One way to send."""

    @property
    def name(self) -> str:
        """How operators know it."""

    async def hand(self, sms: Sms) -> GatewayAnswer:
        """Try once; never raises for what the gateway does."""
