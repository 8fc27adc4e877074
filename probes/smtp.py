"""`smtp`: a mail server greets, goes over to TLS, lets its user log in and accepts a recipient."""

from __future__ import annotations

from pydantic import model_validator

from probes.base import Probe, Result, Run, Status, Target
from probes.http_settings import DAY_S
from probes.mail_access import MailAddress, SmtpAccess
from probes.settings import Seconds, settings
from probes.smtp_session import SmtpSession
from probes.threshold import Above, Below, Verdict
from probes.units import say_duration


@settings
class SmtpSettings(SmtpAccess):
    """A mail server, and how far to go with it."""

    recipient: MailAddress | None = None
    """Address that the server must accept mail for; nothing is sent."""
    sender: MailAddress | None = None
    """Sender of that envelope; default: the null sender of notifications, `<>`."""
    expiry: Below[Seconds] = Below(warning=21 * DAY_S, critical=7 * DAY_S)
    """Thresholds on what is left of the certificate that expires first."""
    banner: Above[Seconds] | None = None
    """Thresholds on the time from the connection to the server's greeting."""
    total: Above[Seconds] | None = None
    """Thresholds on the time of the whole session."""

    @model_validator(mode="after")
    def _coherent(self) -> SmtpSettings:
        if self.sender is not None and self.recipient is None:
            raise ValueError("'sender' needs 'recipient': without it there is no envelope")
        return self


async def check(target: Target, settings: SmtpSettings, run: Run) -> Result:
    """One session, as far as the settings say; no mail is sent."""
    verdict = Verdict(run)
    session = SmtpSession(target.address, settings, run, verdict)
    with session.held():
        await session.open(settings.expiry)
        if settings.recipient is not None and await session.envelope(settings.sender or "", settings.recipient):
            await session.forget()
        session.judge_times("SMTP", settings.banner, settings.total)
        await session.close()
    verdict.measurements += session.measurements
    return verdict.result(f"SMTP en {say_duration(session.total_s)}{session.said}{_done(settings)}")


def _done(settings: SmtpSettings) -> str:
    logged = ", authentification réussie" if settings.login is not None else ""
    return logged + (", destinataire accepté" if settings.recipient is not None else "")


PROBE = Probe(
    type="smtp",
    settings=SmtpSettings,
    check=check,
    measures=(
        "connect_seconds",
        "banner_seconds",
        "handshake_seconds",
        "login_seconds",
        "recipient_seconds",
        "total_seconds",
        "expiry_seconds",
    ),
    on_timeout=Status.CRITICAL,
)
