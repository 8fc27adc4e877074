"""`mail-loop`: a mail goes through the real relay and is found again in its box; how long that took.

One run sends one mail and waits for it, rather than look for the mail of the run before: its verdict then depends on
nothing but itself, a restart loses nothing, and the delay is measured here, on one clock, instead of being read from
the dates that servers write. The price is a place of the pool for as long as the mail takes, and never longer than
the `timeout`.

Steps, and what a stop between two of them leaves:
1. The box is opened. If it cannot be, nothing is sent.
2. Mails of earlier runs that nobody waits for any more are deleted.
3. The mail is sent. A stop here leaves a mail in the box: step 2 of the next run deletes it once its time is over.
4. The box is looked at, more and more slowly, until the mail is there.
5. It is deleted.
"""

from __future__ import annotations

import asyncio
import secrets
from time import perf_counter

from pydantic import Field

from probes import mail_message
from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.http_settings import Login
from probes.imap import MailboxName
from probes.imap_session import ImapSession
from probes.mail_access import MailAccess, MailAddress, Server, SmtpAccess
from probes.mail_box import Found, LoopBox
from probes.mail_message import Mark
from probes.settings import Seconds, settings
from probes.smtp_session import SmtpSession
from probes.threshold import Above, Verdict
from probes.units import say_duration

_WAIT = 0.9  # of the run's time: what was found of the way so far is told, rather than lost with the deadline
_FIRST_LOOK_S, _SLOWER, _LONGEST_S = 0.1, 1.4, 5.0


@settings
class Relay(SmtpAccess):
    """The server that the mail is handed to."""

    address: Server | None = None
    """Name or address; default: the equipment's."""


@settings
class Box(MailAccess):
    """The server where the mail is found again."""

    address: Server | None = None
    """Name or address; default: the equipment's."""
    login: Login
    """Whose mailbox it is."""
    mailbox: MailboxName = "INBOX"
    """Where the mail arrives."""


@settings
class MailLoopSettings:
    """A mail that must arrive."""

    sender: MailAddress
    """Who sends the test mail; refusals by mail go there."""
    recipient: MailAddress
    """Whom it is for: an address whose mail arrives in the mailbox of `imap`."""
    smtp: Relay = Field(default_factory=Relay)
    """The server that the mail is handed to."""
    imap: Box
    """The server where the mail is found again."""
    delay: Above[Seconds] | None = None
    """Thresholds on the time from the relay's acceptance to the mail being in its box."""

    @property
    def needs_address(self) -> bool:
        """Two servers that are named do without the equipment's address."""
        return self.smtp.address is None or self.imap.address is None


async def check(target: Target, settings: MailLoopSettings, run: Run) -> Result:
    """Send one mail and find it again."""
    return await _Loop(target, settings, run).go()


class _Loop:
    """One run."""

    def __init__(self, target: Target, settings: MailLoopSettings, run: Run) -> None:
        self._settings = settings
        self._run = run
        self._ends = perf_counter() + run.timeout_s * _WAIT
        self._verdict = Verdict(run)
        self._mark = Mark(target.sonde, secrets.token_hex(16), int(run.at + run.timeout_s) + 1)
        box, relay = settings.imap.address or target.address, settings.smtp.address or target.address
        self._imap = ImapSession(box, settings.imap, run, self._verdict, who="boîte : ", secret=True)
        self._smtp = SmtpSession(relay, settings.smtp, run, self._verdict, who="relais : ", secret=True)
        self._box = LoopBox(self._imap, target.sonde)
        self._told = ""

    async def go(self) -> Result:
        """The steps, in their order."""
        with self._imap.held():
            await self._imap.open()
            await self._imap.select(self._settings.imap.mailbox, change=True)
            await self._clean()
            accepted_at = await self._send()
            if accepted_at is not None:
                await self._wait(accepted_at)
            await self._imap.close()
        return self._verdict.result(self._told)

    async def _clean(self) -> None:
        late = [
            mail for mail in await self._box.mails("recherche d'anciens messages") if mail.mark.until < self._run.at
        ]
        self._verdict.measurements.append(Measurement("late_messages_count", len(late)))
        if late:
            self._told = (
                f", {len(late)} anciens messages supprimés" if len(late) > 1 else ", un ancien message supprimé"
            )
        await self._delete(late)

    async def _send(self) -> float | None:
        """The instant at which the relay answers for the mail; None when it does not."""
        settings = self._settings
        message = mail_message.write(self._mark, settings.sender, settings.recipient, self._run.at)
        started = perf_counter()
        accepted_at = None
        with self._smtp.held():
            await self._smtp.open()
            if await self._smtp.envelope(settings.sender, settings.recipient) and await self._smtp.send(message):
                accepted_at = perf_counter()
                self._verdict.measurements.append(Measurement("send_seconds", accepted_at - started))
            await self._smtp.close()
        return accepted_at

    async def _wait(self, accepted_at: float) -> None:
        mailbox = self._settings.imap.mailbox
        stage = f"message accepté par le relais, attendu dans « {mailbox} »"
        pause_s = _FIRST_LOOK_S
        while True:
            ours = [mail for mail in await self._box.mails(stage) if mail.mark.token == self._mark.token]
            delay_s = perf_counter() - accepted_at
            if ours:
                break
            left_s = self._ends - perf_counter()
            if left_s <= 0:
                lost = f"message accepté par le relais, absent de « {mailbox} » après {say_duration(delay_s)}"
                self._verdict.find(Status.CRITICAL, lost)
                return
            await asyncio.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * _SLOWER, _LONGEST_S)
            await self._box.refresh(stage)
        self._told = f"message retrouvé en {say_duration(delay_s)}{self._told}"
        self._verdict.measurements.append(Measurement("delay_seconds", delay_s))
        self._verdict.judge(self._settings.delay, delay_s, "message arrivé en", say_duration)
        await self._delete(ours)

    async def _delete(self, mails: list[Found]) -> None:
        if not await self._box.delete(mails):
            self._imap.find(Status.WARNING, "suppression des messages d'essai refusée")


PROBE = Probe(
    type="mail-loop",
    settings=MailLoopSettings,
    check=check,
    measures=("send_seconds", "delay_seconds", "late_messages_count"),
    on_timeout=Status.CRITICAL,
)
