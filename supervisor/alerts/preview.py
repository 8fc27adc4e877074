"""What an incident makes leave: each message, to whom, when; and who gets none, and why. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supervisor.alerts.facts import Composed
from supervisor.alerts.gathering import NO_ADDRESS, NO_CHANNEL, Gathering, address_of
from supervisor.domain.alerting import TROUBLE, Channel, Event, Kind, Told
from supervisor.domain.contact import Contact
from supervisor.domain.gti import reach
from supervisor.proof import desk
from supervisor.store import contacts
from supervisor.store.alerting import TOLD_FROM, Alerts
from supervisor.store.notices import Notice

if TYPE_CHECKING:
    from sqlite3 import Connection

_PERCENTS = (75, 90, 100)


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


class Preview:
    """Of one incident."""

    def __init__(self, connection: Connection, gathering: Gathering, sheet: desk.Sheet, now: int) -> None:
        self._gathering = gathering
        self._sheet = sheet
        self._now = now
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
        for kind, percent, at in ((begun, None, opening.at), *self._milestones()):
            foreseen = self._foreseen(self._event(kind, at, told), opening.at, percent, at)
            if kind in TROUBLE:
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
        for each in self._alerts.routes(event):
            contact = self._contacts[each.person]
            address = address_of(contact, each.channel)
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
        facts = [self._gathering.fact(contact, notice, self._sheet)]
        return self._gathering.compose(told.channel, self._gathering.reader(contact), facts, [], told.not_before)
