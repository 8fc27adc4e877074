"""The steps of escalations that are due: who is told by now that nobody has come. docs/adr/0011."""

from __future__ import annotations

from supervisor.alerts.look import Look, Reaches
from supervisor.domain.alerting import Channel
from supervisor.domain.contact import Contact
from supervisor.domain.escalation import stopped
from supervisor.domain.interval import FOREVER
from supervisor.domain.oncall import Who
from supervisor.proof.desk import Sheet
from supervisor.store import notices, steps
from supervisor.store.alerting import Alerts
from supervisor.store.apart import apart
from supervisor.store.notices import Notice
from supervisor.store.oncall import OnCall
from supervisor.store.steps import Row

NOBODY = "personne à prévenir"
MERGED = "rattaché à un autre incident"


def climb(look: Look) -> int | None:
    """Take every step that is due; gives when the next one is. Nothing leaves here: notices are written."""
    connection, now = look.connection, look.now
    climber = _Climber(look)
    before: set[int] = set()
    while found := [row for row in steps.ready(connection, now) if row.id not in before]:
        # A step of which nobody can be reached makes the next one due: each is looked at once.
        before.update(row.id for row in found)
        with apart(connection, "reading what escalates"):
            look.sheets.of(row.incident for row in found)
        for row in found:
            with apart(connection, f"step {row.id} of an escalation"):
                climber.take(row)
    return steps.next_due(connection, now)


class _Climber:
    def __init__(self, look: Look) -> None:
        self._look = look
        self._alerts = Alerts(look.connection, look.promises, look.now)
        self._on_call = OnCall(look.connection, look.promises.duty)

    def take(self, row: Row) -> None:
        sheet = self._look.sheets.of([row.incident])[row.incident]
        why = why_not(row, sheet)
        if why:
            steps.drop(self._look.connection, row, why)
        elif not self._waits(row, sheet):
            self._tell(row)

    def _waits(self, row: Row, sheet: Sheet) -> bool:
        """For the end of a maintenance, from which its delay runs; or for the hours of the rota."""
        services = self._alerts.services(sheet.incident, sheet.story, row.opening)
        until = self._alerts.muting.until(sheet.incident, services)
        if until or row.held:
            begins = until or min(row.begins, self._look.now)
            due_at = row.delay.due(begins, steps.calendars_of(self._look.promises, services))
            due_at = begins if row.delay.after_s is None else due_at
            steps.put_off(self._look.connection, row, begins=begins, due_at=due_at, held=bool(until))
            if until or due_at > self._look.now:
                return True
        rota = self._look.promises.duty.rotas.get(row.target)
        opens = self._look.now if rota is None else rota.in_force(self._look.now)
        if opens == self._look.now:
            return False
        steps.put_off(
            self._look.connection, row, begins=row.begins, due_at=FOREVER if opens is None else opens, held=False
        )
        return True

    def _tell(self, row: Row) -> None:
        for contact in meant(self._on_call, row.target, self._look.now):
            by = channels(row, contact, self._look.reaches)
            if by:
                notices.add(self._look.connection, [notice(row, contact, channel, self._look.now) for channel in by])
                steps.told(self._look.connection, row)
                return
        if steps.hasten(self._look.connection, row, self._look.now) or not self._tell_anybody(row):
            steps.drop(self._look.connection, row, NOBODY)

    def _tell_anybody(self, row: Row) -> bool:
        """Nobody who is named can be reached, and nobody comes after them: then another one of the team."""
        for contact in self._on_call.team(self._look.promises.operators):
            by = channels(row, contact, self._look.reaches)
            if by:
                notices.add(self._look.connection, [notice(row, contact, by[0], self._look.now)])
                steps.told(self._look.connection, row)
                return True
        return False


def why_not(row: Row, sheet: Sheet) -> str:
    """Why a step is not taken; "" if it is."""
    if sheet.incident.merged_into is not None:
        return MERGED
    return stopped(sheet.story, row.opening, breach=row.delay.after_s is None)


def meant(on_call: OnCall, target: str, now: int) -> list[Contact]:
    """Whom a step is for: of a rota who has the turn, then those who come next; or the contact that it names."""
    if "/" not in target:
        return on_call.order(target, now)
    contact = on_call.contact(Who.parse(target))
    return [] if contact is None else [contact]


def channels(row: Row, contact: Contact, reaches: Reaches) -> list[Channel]:
    """Those that the step names, as far as they reach somebody; where none of them does, any that does."""
    every = [channel for channel in Channel if reaches(contact, channel)]
    return [channel for channel in every if channel in row.channels] or every


def notice(row: Row, contact: Contact, channel: Channel, now: int, instead: int | None = None) -> Notice:
    """What somebody is due to learn by a step."""
    return Notice(
        key=f"step:{row.incident}:{row.opening}:{row.number}:{row.severity}/{contact.id}/{channel}",
        contact=contact.id,
        channel=channel,
        kind=row.kind,
        percent=None,
        severity=row.severity,
        service="",
        incident=row.incident,
        opening=row.opening,
        at=now,
        not_before=0,
        step=row.id,
        instead=instead,
    )
