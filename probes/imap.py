"""`imap`: a mail server greets, goes over to TLS, lets its user log in and opens a mailbox."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from probes.base import Probe, Result, Run, Status, Target
from probes.http_settings import DAY_S
from probes.imap_session import ImapSession
from probes.mail_access import MailAccess
from probes.settings import Seconds, settings
from probes.threshold import Above, Below, Verdict
from probes.units import say_duration

MailboxName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


@settings
class ImapSettings(MailAccess):
    """A mail server, and how far to go with it."""

    mailbox: MailboxName | None = None
    """Mailbox to open, as INBOX; it is looked at, never changed. Needs `login`."""
    expiry: Below[Seconds] = Below(warning=21 * DAY_S, critical=7 * DAY_S)
    """Thresholds on what is left of the certificate that expires first."""
    banner: Above[Seconds] | None = None
    """Thresholds on the time from the connection to the server's greeting."""
    total: Above[Seconds] | None = None
    """Thresholds on the time of the whole session."""

    @model_validator(mode="after")
    def _coherent(self) -> ImapSettings:
        if self.mailbox is not None and self.login is None:
            raise ValueError("'mailbox' needs 'login': a mailbox is somebody's")
        return self


async def check(target: Target, settings: ImapSettings, run: Run) -> Result:
    """One session, as far as the settings say; nothing is changed."""
    verdict = Verdict(run)
    session = ImapSession(target.address, settings, run, verdict)
    done = ", authentification réussie" if settings.login is not None else ""
    with session.held():
        await session.open(settings.expiry)
        if settings.mailbox is not None:
            count = await session.select(settings.mailbox, change=False)
            done += f", {count} message{'s' if count > 1 else ''} dans « {settings.mailbox} »"
        session.judge_times("IMAP", settings.banner, settings.total)
        await session.close()
    verdict.measurements += session.measurements
    return verdict.result(f"IMAP en {say_duration(session.total_s)}{session.said}{done}")


PROBE = Probe(
    type="imap",
    settings=ImapSettings,
    check=check,
    measures=(
        "connect_seconds",
        "banner_seconds",
        "handshake_seconds",
        "login_seconds",
        "mailbox_seconds",
        "messages_count",
        "total_seconds",
        "expiry_seconds",
    ),
    on_timeout=Status.CRITICAL,
)
