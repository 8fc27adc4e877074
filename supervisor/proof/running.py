"""The clocks that run now, and when time alone will change an incident."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from supervisor.domain.gti import clock, next_milestone
from supervisor.domain.incident import Line, ServiceKey, Story
from supervisor.domain.maintenance import maintenance_windows
from supervisor.domain.promise import Promises
from supervisor.store import incidents, spells, windows
from supervisor.store.facts import Facts
from supervisor.store.incidents import Incident


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """One clock that runs, or is suspended."""

    incident: str  # number
    id: int  # in the register
    sonde: str | None
    line: Line
    applicable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """What runs, as of one instant."""

    running: tuple[Running, ...] = ()
    lasting: tuple[str, ...] = ()  # sondes in trouble
    ends: tuple[int, ...] = ()  # of the maintenance that goes on

    def due(self, promises: Promises, now: int) -> int | None:
        """The next instant at which time alone changes something."""
        instants = [end for end in self.ends if self.lasting and end > now]
        for one in self.running:
            promise = promises.services.get(one.line.service)
            if promise is not None and promises.gti_s is not None:
                milestone = next_milestone(one.line, promise.calendar, promises.gti_s, now)
                if milestone is not None:
                    instants.append(milestone.at)
        return min(instants, default=None)

    def remaining(self, promises: Promises, now: int) -> Iterator[tuple[Running, ServiceKey, int]]:
        """What is left of the target of each clock, in opening seconds; below zero once it is exceeded."""
        for one in self.running:
            promise = promises.services.get(one.line.service)
            if promise is not None and promises.gti_s is not None and one.applicable:
                elapsed = clock(one.line, promise.calendar, promises.gti_s, now).elapsed_s
                yield one, one.line.service, promises.gti_s - elapsed


def present(connection: sqlite3.Connection, promises: Promises, now: int) -> Present:
    """What runs now."""
    facts = Facts(connection, promises, now)
    lasting = spells.lasting(connection)
    running: list[Running] = []
    for sonde in lasting:
        known = {i.spell: i for i in incidents.of_sonde(connection, sonde)}
        latest = max((spell for spell in known if spell is not None and known[spell].void_at is None), default=None)
        if latest is not None:
            for story in facts.stories(sonde, latest):
                running.extend(_running(known.get(story.key), story))
    for incident in incidents.unrestored(connection):
        if incident.sonde is None:
            running.extend(_running(incident, facts.reported(incident)))
    going_on = [
        w.end for w in maintenance_windows(windows.maintenances(connection, now), promises) if w.start <= now < w.end
    ]
    return Present(running=tuple(running), lasting=tuple(lasting), ends=tuple(sorted(set(going_on))))


def _running(incident: Incident | None, story: Story) -> Iterator[Running]:
    if incident is None:
        return
    for line in story.openings[-1].lines:
        if line.stop is None:
            yield Running(
                incident=incident.number,
                id=incident.id,
                sonde=incident.sonde,
                line=line,
                applicable=story.applicable,
            )
