"""Letters to send, and channels with settings as the config writes them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from supervisor.alerts.mail import MailTransport
from supervisor.alerts.registry import GATEWAYS
from supervisor.alerts.sms import SmsTransport
from supervisor.alerts.transport import Letter
from supervisor.clock import SystemClock
from supervisor.config.alerting import Mail, Sms

AT = 1_795_000_000


def letter(to: str, **changed: Any) -> Letter:
    """A letter that tells of a trouble."""
    written: dict[str, Any] = {
        "key": "incident-45-ouvert-7",
        "subject": "Panne : accès Internet de l’école",
        "text": "L’accès Internet de l’école est coupé depuis 17 h 20.",
        "html": "<p>L’accès Internet de l’école est coupé.</p>",
        "thread": "incident-45",
        "at": AT,
    }
    return Letter(to=to, **{**written, **changed})


class Ticking:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def mailing(
    *relays: dict[str, Any], monotonic: Any = time.monotonic, sender: str = "vigie@exemple.test"
) -> MailTransport:
    """The channel over these relays."""
    settings = TypeAdapter(Mail).validate_python({"relays": list(relays)})
    return MailTransport(settings, sender=sender, name="Moselle Fibre", wall=time.time, monotonic=monotonic)


def texting(
    *gateways: dict[str, Any], base: Path | None = None, monotonic: Any = time.monotonic, **more: Any
) -> SmsTransport:
    """The channel over these gateways."""
    settings = TypeAdapter(Sms).validate_python({"gateways": list(gateways), **more}, context={"base": base or "."})
    clock = SystemClock()
    made = [GATEWAYS[type(gateway)](gateway, clock) for gateway in settings.gateways]
    return SmsTransport(made, country=settings.country, segments=settings.segments, monotonic=monotonic)
