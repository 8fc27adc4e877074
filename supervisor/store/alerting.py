"""What the journal of incidents makes due to people, in the transaction that writes it. SPEC 7, docs/adr/0009."""

from __future__ import annotations

import logging
import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from probes.base import Status
from supervisor.domain.alerting import OVER, TROUBLE, Event, Kind, Spared, Told, route
from supervisor.domain.escalation import NOT_OPEN
from supervisor.domain.incident import ServiceKey, Story
from supervisor.domain.interval import FOREVER
from supervisor.domain.promise import Promises
from supervisor.store import incidents, learnt, notices, steps
from supervisor.store.announcing import flapping
from supervisor.store.apart import apart
from supervisor.store.incidents import Entry, Incident
from supervisor.store.muting import Muting
from supervisor.store.notices import Notice
from supervisor.store.people import People

log = logging.getLogger(__name__)

OVER_UNTOLD = "rétabli avant que le message ne parte"
NOT_OVER = "ce n'était pas rétabli, et rien n'en était parti encore"
NEVER_WAS = "ce n'était pas une panne, et rien n'en était parti encore"
TOLD_FROM = 75  # percent of a GTI: below, nobody is woken


class Said(NamedTuple):
    """What a line of the journal says to people."""

    entry: Entry
    kind: Kind
    at: int
    opening: int

    @property
    def of_its_end(self) -> bool:
        """That it is over, or that it was not."""
        return self.kind is Kind.RECOVERED or self.takes_back

    @property
    def takes_back(self) -> bool:
        """An end was none."""
        return self.kind is Kind.REOPENED and self.entry.kind == incidents.WITHDRAWN


class Alerts:
    """One transaction's worth of reacting."""

    def __init__(self, connection: sqlite3.Connection, promises: Promises, now: int) -> None:
        self._connection = connection
        self._promises = promises
        self._now = now
        self.muting = Muting(connection, promises, now)
        self._people = People(connection, promises)

    def react(self, incident: Incident, story: Story | None, entries: Iterable[Entry]) -> None:
        """These lines are new in the journal of an incident; `story`: as it is told now, None if it never was.

        A bug in telling one of them costs neither the others theirs, nor any incident its place.
        """
        lines = [Said(entry, *said) for entry in entries for said in self._understood(entry, incident, story)]
        moved = _moved(lines)
        for line in lines:
            if line.opening in moved and line.of_its_end:
                continue
            with apart(self._connection, f"{incident.number}: telling of '{line.entry.kind}'"):
                if not self._ended_before(incident, line):
                    self._tell(line.entry, incident, story, line.kind, line.at, line.opening)
            if line.of_its_end:
                with apart(self._connection, f"{incident.number}: telling what was merged into it"):
                    for report in incidents.read(self._connection, "merged_into = ?", [incident.id]):
                        self.end_with(report, line)

    def end_with(self, report: Incident, line: Said) -> None:
        """What a report was merged into is over, or is not after all: whoever was told of the report learns it too.

        Not where people ended the report itself. It is told once: what opens again is told by its own incident alone.
        """
        if report.restored_at is not None or report.void_at is not None:
            return
        if line.takes_back:
            notices.drop(self._connection, report.id, report.opened_at, -FOREVER, NOT_OVER, (Kind.RECOVERED,))
        if learnt.end_told(self._connection, report.id, report.opened_at) is line.takes_back:
            entry = replace(line.entry, digest=f"{line.entry.digest}:{report.number}")
            at = max(line.at, report.opened_at)
            self._tell(replace(entry, t=at), report, None, line.kind, at, report.opened_at)

    def _ended_before(self, incident: Incident, line: Said) -> bool:
        """Was it told as over when what it was merged into was?"""
        merged = incident.merged_into is not None and line.kind is Kind.RECOVERED
        return merged and learnt.end_told(self._connection, incident.id, line.opening)

    def _understood(self, entry: Entry, incident: Incident, story: Story | None) -> list[tuple[Kind, int, int]]:
        try:
            return list(self._told_by(entry, story))
        except Exception:
            log.exception("%s: telling of '%s' failed", incident.number, entry.kind)
            return []

    def _tell(self, entry: Entry, incident: Incident, story: Story | None, kind: Kind, at: int, opening: int) -> None:
        if kind is Kind.WITHDRAWN:  # whom nothing reached yet, nothing has to be taken back from
            notices.drop(self._connection, incident.id, opening, -FOREVER, NEVER_WAS)
        elif kind is Kind.REOPENED:  # its recovery was withdrawn: who was not told of that one yet never is
            notices.drop(self._connection, incident.id, opening, -FOREVER, NOT_OVER, (Kind.RECOVERED,))
        event = self.event(incident, story, kind, at, opening)
        if kind in OVER:
            notices.drop(self._connection, incident.id, opening, self._now, OVER_UNTOLD)
        notices.add(
            self._connection,
            [
                self._notice(entry, incident, event, opening, each)
                for each in self.routes(event)
                if isinstance(each, Told)
            ],
        )
        with apart(self._connection, f"{incident.number}: what escalates"):
            self._escalate(incident, story, event, opening)
        if event.quiet_until:
            notices.hold(self._connection, incident.id, opening, self._now, event.quiet_until)
        if incident.sonde is not None and incident.sonde in self._flapping:
            notices.hold_flapping(self._connection, [incident.sonde])

    @cached_property
    def _flapping(self) -> Collection[str]:
        return flapping.standing(self._connection)

    def _escalate(self, incident: Incident, story: Story | None, event: Event, opening: int) -> None:
        if event.kind in TROUBLE:
            steps.begin(
                self._connection,
                self._promises,
                incident=incident.id,
                opening=opening,
                kind=event.kind,
                severity=event.severity,
                services=self.services(incident, story, opening),
                begins=event.at,
            )
        elif event.kind is Kind.BREACH:
            steps.breached(self._connection, incident.id, opening, self._now)
        elif event.kind in OVER:
            steps.end(self._connection, incident.id, opening, NOT_OPEN)

    def until(self, incident: Incident, story: Story | None, opening: int) -> int:
        """When the maintenance of all that an opening touches ends; 0 when something is not maintained."""
        return self.muting.until(incident, self.services(incident, story, opening))

    def hold(self, incident: Incident, story: Story | None, opening: int) -> None:
        """What is still to be told of it waits for the end of the maintenance that holds by now, or no longer does."""
        until = self.until(incident, story, opening)
        notices.hold(self._connection, incident.id, opening, self._now, until)

    def routes(self, event: Event) -> Iterator[Told | Spared]:
        """Who is told of it, and who is not, and why."""
        return route(event, self._people.concerned(event.collectivites, event.told))

    def _told_by(self, entry: Entry, story: Story | None) -> Iterator[tuple[Kind, int, int]]:
        """What a line says to people: kind, instant, and the opening it is about."""
        if entry.kind == incidents.WITHDRAWN:
            yield from _withdrawn(entry, story)
            return
        if story is None:
            return
        opening = _opening(story, entry.t)
        percent = _percent(entry)
        if percent is None:
            kind = _KINDS.get(entry.kind)
        elif percent < TOLD_FROM:
            kind = None
        else:
            kind = Kind.BREACH if percent == 100 else Kind.GTI
        if kind is not None:
            yield kind, entry.t, opening

    def event(self, incident: Incident, story: Story | None, kind: Kind, at: int, opening: int) -> Event:
        """What happened, as routing has to know it."""
        services = self.services(incident, story, opening)
        severity = self._severity(incident, at)
        behind = self._promises.cut_off(incident.sonde) if incident.sonde and severity is Status.CRITICAL else ()
        # What a person reports is confirmed to their own collectivité; to others it is hearsay.
        touched = () if incident.sonde is None else (*services, *behind)
        return Event(
            kind=kind,
            at=max(at, self._now),  # what is learnt late is told now
            severity=severity,
            collectivites=frozenset({incident.collectivite, *(owner for owner, _ in touched)}),
            reported=incident.sonde is None,
            quiet_until=0 if kind in OVER else self.muting.until(incident, services),
            told=learnt.told(self._connection, incident.id, opening, self._now),
        )

    def services(self, incident: Incident, story: Story | None, opening: int) -> set[ServiceKey]:
        """What it touches."""
        if story is None:
            return set(incident.services or ())
        # What was withdrawn may be an opening that the story has no more: what the incident touches now, then.
        found = [each for each in story.openings if each.at == opening] or story.openings
        return {line.service for each in found for line in each.lines}

    def _severity(self, incident: Incident, at: int) -> Status:
        if incident.sonde not in self._promises.warned:
            return Status.CRITICAL
        row = self._connection.execute(
            "select i.status from interval i join sonde s on s.key = i.sonde where s.id = ? and i.start <= ? "
            "and i.status in ('warning', 'critical') order by i.start desc limit 1",
            (incident.sonde, at),
        ).fetchone()
        return Status.WARNING if row is not None and row[0] == Status.WARNING else Status.CRITICAL

    def _notice(self, entry: Entry, incident: Incident, event: Event, opening: int, told: Told) -> Notice:
        return Notice(
            key=f"{entry.digest}/{told.person}/{told.channel}",
            contact=told.person,
            channel=told.channel,
            kind=event.kind,
            percent=_percent(entry),
            severity=event.severity,
            service=entry.service,
            incident=incident.id,
            opening=opening,
            at=entry.t,
            # At once is no instant: a clock that is set back would make it one to wait for.
            not_before=told.not_before if told.not_before > event.at else 0,
        )


_KINDS = {
    incidents.OPENED: Kind.OPENED,
    incidents.REOPENED: Kind.REOPENED,
    incidents.WORSENED: Kind.WORSENED,
    incidents.RECOVERED: Kind.RECOVERED,
}


def _moved(lines: Iterable[Said]) -> set[int]:
    """Openings that are over as they were, but since another instant: a clock that was set back, a corrected history.

    Nothing of that is news. Told as two things, the end would be taken back from who was told of it, then dropped.
    """
    lines = list(lines)
    over = {line.opening for line in lines if line.kind is Kind.RECOVERED}
    return over & {line.opening for line in lines if line.takes_back}


def _percent(entry: Entry) -> int | None:
    name, _, percent = entry.kind.partition(incidents.MILESTONE)
    return int(percent) if not name and percent else None


def _opening(story: Story, at: int) -> int:
    """The opening that an instant falls into."""
    starts = [opening.at for opening in story.openings]
    return starts[max(bisect_right(starts, at) - 1, 0)]


def _withdrawn(entry: Entry, story: Story | None) -> Iterator[tuple[Kind, int, int]]:
    """A note that turned out not to be so; its text is what it was known by: auto:incident:kind:t:service."""
    _, _, kind, at, _ = entry.text.split(":", 4)
    if kind in (incidents.OPENED, incidents.REOPENED):
        yield Kind.WITHDRAWN, entry.t, int(at)
    elif kind == incidents.RECOVERED and story is not None:  # who was told that it is over is told that it is not
        yield Kind.REOPENED, entry.t, _opening(story, int(at))
