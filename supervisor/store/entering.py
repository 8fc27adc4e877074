"""What people entered, from an imported file, becomes rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from supervisor.domain.incident import Report, StepKind, Taken
from supervisor.domain.interval import FOREVER
from supervisor.domain.ledger import Correction
from supervisor.domain.maintenance import Exclusion, Maintenance
from supervisor.domain.period import local_day
from supervisor.domain.promise import Promises
from supervisor.store import incidents, ledger, spells, windows
from supervisor.store.batch import Entered
from supervisor.store.incidents import Entry, Incident
from supervisor.store.register import Register


def enter(connection: sqlite3.Connection, promises: Promises, facts: Iterable[Entered], now: int) -> set[str]:
    """Write them, in order; gives the sondes whose incidents are to be told again.

    A fact whose digest is there already is the same one, imported again: left out.
    """
    concerned: set[str] = set()
    stepped: set[int] = set()
    for fact in facts:
        if isinstance(fact, Maintenance):
            windows.plan(connection, fact)
            concerned |= in_trouble(connection, promises, fact)
        elif isinstance(fact, Exclusion):
            windows.exclude(connection, fact)
        elif isinstance(fact, Correction):
            ledger.correct(connection, fact)
        elif isinstance(fact, Report):
            # Another file may have brought the same ref since this one was checked: the first one keeps it.
            if not incidents.read(connection, "ref = ?", [fact.ref]):
                report(connection, promises, fact, now, "import")
        elif fact.sonde is not None:
            incidents.note(connection, [_step(fact, None, now)])
            concerned.add(fact.sonde)
        else:
            found = incidents.read(connection, "ref = ?", [fact.ref])
            incidents.note(connection, [_step(fact, incident.id, now) for incident in found])
            stepped.update(incident.id for incident in found)
    if stepped:
        found = [i for i in incidents.read(connection, "sonde is null") if i.id in stepped]
        Register(connection, promises, now, "import").tell_reported(found)
    return concerned


def in_trouble(connection: sqlite3.Connection, promises: Promises, entry: Maintenance) -> set[str]:
    """The sondes that were in trouble during a maintenance and may be of a service that it holds for."""
    services = promises.concerned(entry.collectivite, entry.services)
    used = {sonde for key in services for sonde in promises.services[key].uses}
    owners = {entry.collectivite, *(key[0] for key in services)}
    found = spells.sondes_within(connection, entry.start, FOREVER)
    return {sonde for sonde in found if sonde in used or sonde.partition("/")[0] in owners}


def report(connection: sqlite3.Connection, promises: Promises, fact: Report, now: int, source: str) -> Incident:
    """Enter the incident that a person reports, for the services that it holds for."""
    named = None if fact.service is None else (fact.service,)
    found = Incident(
        id=0,
        number=incidents.next_number(connection, local_day(fact.t, promises.zone).year),
        sonde=None,
        spell=None,
        ref=fact.ref,
        collectivite=fact.collectivite,
        services=tuple(sorted(promises.concerned(fact.collectivite, named))),
        message=fact.message,
        author=fact.author,
        source=source,
        opened_at=fact.t,
        restored_at=None,
        closed_at=None,
        cause=None,
        merged_into=None,
        void_at=None,
    )
    number = incidents.add(connection, found, now, fact.digest)
    incidents.note(
        connection,
        [
            Entry(
                incident=number,
                t=fact.t,
                kind=incidents.OPENED,
                author=fact.author,
                text=fact.message,
                source=source,
                entered_at=now,
            )
        ],
    )
    return incidents.read(connection, "id = ?", [number])[0]


def _step(fact: Taken, incident: int | None, now: int) -> Entry:
    return Entry(
        incident=incident,
        sonde=fact.sonde,
        t=fact.t,
        kind=StepKind(fact.kind),
        author=fact.author,
        text=fact.text,
        source="import",
        entered_at=now,
        digest=fact.digest,
    )
