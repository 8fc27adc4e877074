"""What every channel is: one letter in, what became of it out. The outbox is built on this alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Outcome(StrEnum):
    """What became of one attempt."""

    SENT = "sent"  # the other end took it on
    LATER = "later"  # not now: the same letter may be tried again
    REFUSED = "refused"  # never: another channel, or another person


class Attempt(NamedTuple):
    """One try of one letter."""

    outcome: Outcome
    detail: str  # in French, for operators: by whom, or why not and what to do; never a secret
    receipt: str = ""  # what the other end calls it: a queue id, the id of an SMS
    theirs: bool = False  # it is this receiver who puts it off: it says nothing of the channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One message to one receiver, as it leaves."""

    key: str  # stable over retries, so that the receiver can see a repeat
    to: str  # a mail address, a telephone number, the name of a webhook
    subject: str  # one line; SMS have none
    text: str
    html: str | None
    thread: str | None  # one per incident: its mails hang together
    at: int  # POSIX seconds of what it tells
    data: Mapping[str, Any] | None = None  # the same for programs


class Transport(Protocol):
    """One channel. `send` never raises for what the other end does; both may be called at any time."""

    async def send(self, letter: Letter) -> Attempt:
        """Try once, through each of its ways if need be."""

    async def close(self) -> None:
        """Leave properly: idle connections are ended."""


def later(detail: str) -> Attempt:
    """Not now."""
    return Attempt(Outcome.LATER, detail)


def refused(detail: str) -> Attempt:
    """Never."""
    return Attempt(Outcome.REFUSED, detail)


def sent(detail: str, receipt: str = "") -> Attempt:
    """Taken on."""
    return Attempt(Outcome.SENT, detail, receipt)
