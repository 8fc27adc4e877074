"""What an incident makes leave: each message, to whom, when; and who gets none, and why. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supervisor.alerts import escalating
from supervisor.alerts.facts import Composed
from supervisor.alerts.gathering import NO_ADDRESS, NO_CHANNEL, Gathering
from supervisor.alerts.withholding import HEARD
from supervisor.domain.alerting import OVER, TROUBLE, Channel, Event, Kind, Spared, Told
from supervisor.domain.contact import Contact
from supervisor.domain.gti import reach
from supervisor.domain.interval import FOREVER
from supervisor.proof import desk
from supervisor.store import contacts, steps
from supervisor.store.alerting import TOLD_FROM, Alerts
from supervisor.store.announcing import flapping
from supervisor.store.notices import FLAPPING, Notice
from supervisor.store.oncall import OnCall
from supervisor.store.steps import Row

if TYPE_CHECKING:
    from sqlite3 import Connection

_PERCENTS = (75, 90, 100)
_UNCLOCKED = "aucun délai d'intervention ne court"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """One message."""

    contact: Contact
    channel: Channel
    address: str
    not_before: int
    words: Composed


@dataclass(frozen=True, kw_only=True, slots=True)
class Silent:
    """Somebody who gets none."""

    contact: Contact
    channel: Channel
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """Something that happened, or will unless somebody intervenes."""

    kind: Kind
    percent: int | None
    at: int | None  # None: when it is over, nobody knows when
    leaving: tuple[Leaving, ...]
    silent: tuple[Silent, ...]
    step: str = ""  # of an escalation: for whom it is, and what stops it or became of it


class Preview:
    """Of one incident."""

    def __init__(self, connection: Connection, gathering: Gathering, sheet: desk.Sheet, now: int) -> None:
        self._flapping = flapping.standing(connection)
        self._gathering = gathering
        self._sheet = sheet
        self._now = now
        self._connection = connection
        self._on_call = OnCall(connection, gathering.promises.duty)
        self._alerts = Alerts(connection, gathering.promises, now)
        self._contacts = {contact.id: contact for contact in contacts.every(connection)}

    def foresee(self) -> Iterator[Foreseen]:
        """What its latest opening makes leave, in order."""
        story = self._sheet.story
        if story is None:
            return
        opening = story.openings[-1]
        begun = Kind.REOPENED if len(story.openings) > 1 else Kind.OPENED
        told: dict[int, set[Channel]] = {}
        steps_ = list(self._steps(opening.at))
        for kind, percent, at in ((begun, None, opening.at), *self._milestones()):
            foreseen = _once(self._foreseen(self._event(kind, at, told), opening.at, percent, at), steps_)
            if kind in TROUBLE:
                for leaving in foreseen.leaving:
                    told.setdefault(leaving.contact.id, set()).add(leaving.channel)
            yield foreseen
        for foreseen in steps_:
            for leaving in foreseen.leaving:
                told.setdefault(leaving.contact.id, set()).add(leaving.channel)
            yield foreseen
        end = opening.spell.end
        yield self._foreseen(self._event(Kind.RECOVERED, end or self._now, told), opening.at, None, end)

    def _event(self, kind: Kind, at: int, told: dict[int, set[Channel]]) -> Event:
        story = self._sheet.story
        opening = at if story is None else story.openings[-1].at
        return replace(self._alerts.event(self._sheet.incident, story, kind, at, opening), told=told, at=at)

    def _milestones(self) -> Iterator[tuple[Kind, int, int]]:
        """What is left to be said of the time to intervene, by the first clock to get there."""
        promises = self._gathering.promises
        for percent in _PERCENTS:
            instants = [
                reach(dial.line, promises.services[dial.line.service].calendar, -(-dial.target_s * percent // 100))
                for dial in self._sheet.latest
                if dial.target_s is not None and dial.applicable and dial.line.service in promises.services
            ]
            stops = [dial.line.stop for dial in self._sheet.latest if dial.line.stop is not None]
            known = [at for at in instants if at is not None and (not stops or at < min(stops))]
            if known and percent >= TOLD_FROM:
                yield (Kind.BREACH if percent == 100 else Kind.GTI), percent, min(known)

    def _foreseen(self, event: Event, opening: int, percent: int | None, at: int | None) -> Foreseen:
        leaving, silent = [], []
        flaps = event.kind in TROUBLE | OVER and self._sheet.incident.sonde in self._flapping
        for route in self._alerts.routes(event):
            # What comes and goes of a sonde that changes too often is held back.
            each = Spared(route.person, route.channel, FLAPPING) if flaps and isinstance(route, Told) else route
            contact = self._contacts[each.person]
            address = contact.address(each.channel)
            if isinstance(each, Told) and address is not None and each.channel in self._gathering.channels:
                words = self._words(event, opening, percent, each, contact)
                leaving.append(
                    Leaving(
                        contact=contact, channel=each.channel, address=address, not_before=each.not_before, words=words
                    )
                )
            else:
                missing = NO_ADDRESS if address is None else NO_CHANNEL
                silent.append(
                    Silent(
                        contact=contact,
                        channel=each.channel,
                        why=missing if isinstance(each, Told) else each.why,
                    )
                )
        return Foreseen(kind=event.kind, percent=percent, at=at, leaving=tuple(leaving), silent=tuple(silent))

    def _steps(self, opening: int) -> Iterator[Foreseen]:
        """Of the escalation, as it began or would today: who is told while nobody takes it in charge."""
        breach = next((at for kind, _, at in self._milestones() if kind is Kind.BREACH), None)
        begun = list(steps.of_opening(self._connection, self._sheet.incident.id, opening))
        for row, state, why in begun or self._today(opening):
            at = breach if row.due_at == FOREVER else row.due_at
            when = self._now if at is None else at
            unclocked = _UNCLOCKED if at is None and row.delay.after_s is None else ""
            why = why or ("" if state == "told" else escalating.why_not(row, self._sheet) or unclocked)
            found = [] if state == "dropped" or why else self._called(row, when)
            said = why or state if why or state == "told" else f"until {_stops(row)}"
            yield Foreseen(
                kind=row.kind, percent=None, at=at, leaving=tuple(found), silent=(), step=f"{row.target}: {said}"
            )

    def _today(self, opening: int) -> Iterator[tuple[Row, str, str]]:
        """Where none was begun, with the opening that it is shown for."""
        incident, story = self._sheet.incident, self._sheet.story
        event = self._alerts.event(incident, story, Kind.OPENED, opening, opening)
        services = self._alerts.services(incident, story, opening)
        for row in steps.foreseen(self._gathering.promises, incident.id, opening, event.severity, services):
            yield row, "pending", ""

    def _called(self, row: Row, at: int) -> Iterator[Leaving]:
        """Who would be, then."""
        rota = self._gathering.promises.duty.rotas.get(row.target)
        opens = at if rota is None else rota.in_force(at)
        if opens is None:
            return
        for contact in escalating.meant(self._on_call, row.target, opens):
            by = escalating.channels(row, contact, self._gathering.reaches)
            for channel in by:
                event = replace(self._event(row.kind, opens, {}), at=opens)
                words = self._words(event, row.opening, None, Told(contact.id, channel, opens), contact)
                address = contact.address(channel) or ""
                yield Leaving(contact=contact, channel=channel, address=address, not_before=opens, words=words)
            if by:
                return

    def _words(self, event: Event, opening: int, percent: int | None, told: Told, contact: Contact) -> Composed:
        notice = Notice(
            key="",
            contact=contact.id,
            channel=told.channel,
            kind=event.kind,
            percent=percent,
            severity=event.severity,
            service="",
            incident=self._sheet.incident.id,
            opening=opening,
            at=event.at,
            not_before=told.not_before,
        )
        facts = [self._gathering.view.fact(contact, notice, self._sheet)]
        return self._gathering.compose(told.channel, self._gathering.view.reader(contact), facts, [], told.not_before)


def _once(foreseen: Foreseen, called: Iterable[Foreseen]) -> Foreseen:
    """Without what a step tells the same person by then: it leaves in one message with that, or not at all."""
    if foreseen.kind not in (*TROUBLE, Kind.BREACH):
        return foreseen
    heard = {
        (each.contact.id, each.channel): each.not_before
        for step in reversed([*called])
        if foreseen.kind in TROUBLE or step.kind is Kind.BREACH
        for each in step.leaving
    }
    kept, silent = [], list(foreseen.silent)
    for each in foreseen.leaving:
        if heard.get((each.contact.id, each.channel), FOREVER) > each.not_before:
            kept.append(each)
        else:
            silent.append(Silent(contact=each.contact, channel=each.channel, why=HEARD))
    return replace(foreseen, leaving=tuple(kept), silent=tuple(silent))


def _stops(row: Row) -> str:
    return "somebody intervenes" if row.delay.after_s is None else "somebody acknowledges it, or intervenes"
