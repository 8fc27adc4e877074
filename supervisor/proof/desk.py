"""An incident as people look at it: where it stands, what its clocks show now, its whole story."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from supervisor.domain.gti import Clock, clock
from supervisor.domain.incident import Line, Opening, Story
from supervisor.domain.interval import FOREVER
from supervisor.domain.promise import Promises
from supervisor.domain.wall import said
from supervisor.proof.statement import stamp
from supervisor.store import enquiries, incidents
from supervisor.store.facts import Facts
from supervisor.store.incidents import Entry, Incident

# What a clock does.
RUNNING, SUSPENDED, BREACHED, STOPPED = "running", "suspended", "breached", "stopped"
NOT_APPLICABLE, NO_TARGET, NONE = "not applicable", "no target", "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dial:
    """One clock of one service, as it shows now."""

    line: Line
    clock: Clock
    target_s: int | None
    applicable: bool

    @property
    def left_s(self) -> int | None:
        """Opening seconds left of what is promised; below zero once it is exceeded."""
        return None if self.target_s is None or not self.applicable else self.target_s - self.clock.elapsed_s

    @property
    def state(self) -> str:
        """What it does; a breach is final, so it is said before a suspension."""
        if self.line.stop is not None:
            return STOPPED
        if not self.applicable:
            return NOT_APPLICABLE
        if self.left_s is not None and self.left_s < 0:
            return BREACHED
        if self.line.suspensions and self.line.suspensions[-1][1] is None:
            return SUSPENDED
        return NO_TARGET if self.left_s is None else RUNNING


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One incident with its story, and the dials of each opening."""

    incident: Incident
    story: Story | None  # None: it is known now never to have been
    dials: tuple[tuple[Dial, ...], ...] = ()

    @property
    def latest(self) -> tuple[Dial, ...]:
        """The dials of the latest opening."""
        return self.dials[-1] if self.dials else ()

    @property
    def urgent(self) -> Dial | None:
        """The dial that says most: of those that run the one with the least left, else any."""
        going = [dial for dial in self.latest if dial.state != STOPPED]
        return min(going or self.latest, key=lambda dial: FOREVER if dial.left_s is None else dial.left_s, default=None)

    @property
    def services(self) -> list[str]:
        """The services concerned: those of the latest opening, or of the report."""
        named = [dial.line.service for dial in self.latest] or list(self.incident.services or ())
        return ["/".join(key) for key in named]

    def concerns(self, collectivite: str) -> bool:
        """Is it of this collectivité, or of a service of it?"""
        return self.incident.collectivite == collectivite or any(
            service.partition("/")[0] == collectivite for service in self.services
        )


def sheets(connection: sqlite3.Connection, promises: Promises, now: int, found: Iterable[Incident]) -> list[Sheet]:
    """The sheets of these incidents, in their order. Each sonde's stories are told once."""
    facts = Facts(connection, promises, now)
    stories: dict[str, dict[int, Story]] = {}
    made = []
    for incident in found:
        if incident.sonde is None:
            story: Story | None = facts.reported(incident)
        else:
            if incident.sonde not in stories:
                stories[incident.sonde] = {told.key: told for told in facts.stories(incident.sonde)}
            story = stories[incident.sonde].get(incident.spell or 0)
        made.append(_sheet(incident, story, promises, now))
    return made


def sheet(connection: sqlite3.Connection, promises: Promises, now: int, incident: Incident) -> Sheet:
    """The sheet of one incident."""
    return sheets(connection, promises, now, [incident])[0]


def _sheet(incident: Incident, story: Story | None, promises: Promises, now: int) -> Sheet:
    if story is None or incident.void_at is not None:
        return Sheet(incident=incident, story=None)
    dials = tuple(tuple(_dials(opening, story, promises, now)) for opening in story.openings)
    return Sheet(incident=incident, story=story, dials=dials)


def _dials(opening: Opening, story: Story, promises: Promises, now: int) -> Iterable[Dial]:
    for line in opening.lines:
        promise = promises.services.get(line.service)
        if promise is None:  # the config has it no more: nobody knows its calendar
            continue
        shown = clock(line, promise.calendar, promises.gti_s, now, applicable=story.applicable)
        yield Dial(line=line, clock=shown, target_s=promises.gti_s, applicable=story.applicable)


def order(found: Iterable[Sheet]) -> list[Sheet]:
    """Open ones first, those with the least time left at the top; then the others, the latest first."""

    def rank(one: Sheet) -> tuple[int, int, int]:
        life = one.incident.life
        dial = one.urgent
        going = life == "open" and dial is not None and dial.state != STOPPED and dial.left_s is not None
        left = dial.left_s if going and dial is not None and dial.left_s is not None else FOREVER
        return ("open", "restored", "closed", "void").index(life), left, -one.incident.opened_at

    return sorted(found, key=rank)


def journal(connection: sqlite3.Connection, one: Sheet, zone: ZoneInfo) -> list[Entry]:
    """Its journal, by time. A step that named the sonde alone is of the incident that was its latest then."""
    incident = one.incident
    start, end = incident.opened_at, FOREVER
    if incident.sonde is not None:
        later = (other for other in incidents.of_sonde(connection, incident.sonde) if other.void_at is None)
        end = min((other.opened_at for other in later if other.opened_at > start), default=FOREVER)
    entries = incidents.journal(connection, incident)
    return [_plain(entry, zone) for entry in entries if entry.incident is not None or start <= entry.t < end]


def _plain(entry: Entry, zone: ZoneInfo) -> Entry:
    """What an entry takes back it names by its digest, `auto:incident:kind:t:service`: said as people read it."""
    if entry.kind != incidents.WITHDRAWN:
        return entry
    _, _, kind, at, service = entry.text.split(":", 4)
    return replace(entry, text=f"{kind} of {said(int(at), zone)}", service=service)


# --- as JSON, in the words of `vigie sla`


def row_json(connection: sqlite3.Connection, one: Sheet, promises: Promises) -> dict[str, Any]:
    """One incident of a list."""
    incident, story, zone = one.incident, one.story, promises.zone
    dial = one.urgent
    into = None if incident.merged_into is None else enquiries.of_id(connection, incident.merged_into).number
    return {
        "incident": incident.number,
        "ref": incident.ref,
        "state": incident.life,
        "opened": stamp(incident.opened_at, zone),
        "reopened": stamp(story.openings[-1].at, zone) if story is not None and len(story.openings) > 1 else None,
        "restored": stamp(incident.restored_at, zone),
        "closed": stamp(incident.closed_at, zone),
        "collectivite": incident.collectivite,
        "services": one.services,
        "sonde": incident.sonde,
        "message": incident.message,
        "author": incident.author or None,
        "gti": dial.state if dial is not None else NONE,
        "gti_left_s": dial.left_s if dial is not None else None,
        "acknowledged": stamp(story.acknowledged_at, zone) if story is not None else None,
        "intervened": stamp(story.intervened_at, zone) if story is not None else None,
        "cause": incident.cause,
        "applicable": story.applicable if story is not None else None,
        "merged_into": into,
    }


def story_json(connection: sqlite3.Connection, one: Sheet, promises: Promises, now: int) -> dict[str, Any]:
    """One incident with its whole story."""
    zone, story = promises.zone, one.story
    openings = [] if story is None else zip(story.openings, one.dials, strict=True)
    start, end = _extent(one, now)
    hidden = enquiries.hidden_behind(connection, one.incident.sonde, start, end) if one.incident.sonde else []
    return {
        **row_json(connection, one, promises),
        "openings": [
            {
                "opened": stamp(opening.at, zone),
                "restored": stamp(opening.spell.end, zone),
                "lines": [dial_json(dial, zone) for dial in dials],
            }
            for opening, dials in openings
        ],
        "journal": [_entry_json(entry, zone) for entry in journal(connection, one, zone)],
        "dependants": [
            {"sonde": sonde, "start": stamp(since, zone), "end": stamp(until, zone)} for sonde, since, until in hidden
        ],
        "merged": enquiries.merged_into(connection, one.incident),
    }


def _extent(one: Sheet, now: int) -> tuple[int, int]:
    """From its opening to the end of its trouble, or now."""
    story, incident = one.story, one.incident
    end = incident.restored_at if story is None else story.restored_at
    return incident.opened_at, end if end is not None else max(now, incident.opened_at)


def dial_json(dial: Dial, zone: ZoneInfo) -> dict[str, Any]:
    """One line of the GTI."""
    line = dial.line
    return {
        "collectivite": line.service[0],
        "service": line.service[1],
        "state": dial.state,
        "start": stamp(line.start, zone),
        "deadline": stamp(dial.clock.deadline, zone),
        "stopped": stamp(line.stop, zone),
        "elapsed_s": dial.clock.elapsed_s,
        "suspended_s": dial.clock.suspended_s,
        "left_s": dial.left_s,
        "applicable": dial.applicable,
        "met": dial.clock.met,
        "suspensions": [{"start": stamp(since, zone), "end": stamp(until, zone)} for since, until in line.suspensions],
    }


def _entry_json(entry: Entry, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "t": stamp(entry.t, zone),
        "kind": entry.kind,
        "author": entry.author or None,
        "text": entry.text or None,
        "service": entry.service or None,
        "source": entry.source,
        "entered": stamp(entry.entered_at, zone),
    }
