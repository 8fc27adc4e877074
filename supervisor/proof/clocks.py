"""The GTI lines of a period, told from the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from supervisor.domain.gti import clock
from supervisor.domain.incident import Line, ServiceKey, Story
from supervisor.domain.interval import FOREVER
from supervisor.domain.promise import Promises
from supervisor.store import incidents, spells
from supervisor.store.facts import Facts
from supervisor.store.incidents import Incident


@dataclass(frozen=True, kw_only=True, slots=True)
class GtiLine:
    """One clock of one service in one opening of one incident, as a statement shows it."""

    incident: str  # number
    ref: str | None  # of an imported report
    sonde: str | None  # None: reported by a person
    service: ServiceKey
    start: int
    deadline: int | None
    stopped: int | None
    elapsed_s: int
    suspended_s: int
    applicable: bool
    met: bool | None
    suspensions: tuple[tuple[int, int | None], ...]
    cause: str | None
    intervened: bool  # stopped by a person, not by the end of the trouble
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An incident with its story."""

    incident: Incident
    story: Story


def told(
    connection: sqlite3.Connection, promises: Promises, start: int, end: int, now: int, entered_by: int = FOREVER
) -> Iterator[Told]:
    """The incidents that were open at some instant of [start, end)."""
    facts = Facts(connection, promises, now, entered_by=entered_by)
    for sonde in spells.sondes_within(connection, start, end):
        register = {incident.spell: incident for incident in incidents.of_sonde(connection, sonde)}
        for story in facts.stories(sonde):
            incident = register.get(story.key)
            over = story.restored_at
            if incident is not None and story.opened_at < end and (over is None or over > start):
                yield Told(incident=incident, story=story)
    for incident in incidents.reported(connection, start, end):
        yield Told(incident=incident, story=facts.reported(incident))


def lines(
    connection: sqlite3.Connection,
    promises: Promises,
    start: int,
    end: int,
    now: int,
    collectivite: str | None = None,
    entered_by: int = FOREVER,
) -> list[GtiLine]:
    """The lines that start within [start, end): a line belongs to the period of its start.

    Without the steps that people entered after `entered_by`.
    """
    found = [
        _shown(one, line, promises, now)
        for one in told(connection, promises, start, end, now, entered_by)
        for opening in one.story.openings
        for line in opening.lines
        if start <= line.start < end
        and line.service in promises.services
        and (collectivite is None or line.service[0] == collectivite)
    ]
    return sorted(found, key=lambda line: (line.start, line.incident, line.service))


def _shown(one: Told, line: Line, promises: Promises, now: int) -> GtiLine:
    story, incident = one.story, one.incident
    calendar = promises.services[line.service].calendar
    shown = clock(line, calendar, promises.gti_s, now, applicable=story.applicable)
    opening = next(opening for opening in story.openings if line in opening.lines)
    return GtiLine(
        incident=incident.number,
        ref=incident.ref,
        sonde=incident.sonde,
        service=line.service,
        start=line.start,
        deadline=shown.deadline,
        stopped=line.stop,
        elapsed_s=shown.elapsed_s,
        suspended_s=shown.suspended_s,
        applicable=story.applicable,
        met=shown.met,
        suspensions=line.suspensions,
        cause=story.cause,
        intervened=line.stop is not None and line.stop != opening.spell.end,
        message=incident.message,
    )
