"""The register of incidents and the journal of what happened to each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supervisor.domain.incident import ServiceKey, Step, StepKind
from supervisor.domain.interval import FOREVER
from supervisor.store.text import storable

# What Vigie itself notes in the journal, beside the steps of people. Stored for ever.
OPENED = "opened"
REOPENED = "reopened"
WORSENED = "worsened"  # what opened at a warning is critical now
RECOVERED = "recovered"  # the trouble ended by itself
WITHDRAWN = "withdrawn"  # an earlier note turned out not to be so: its text says which
MILESTONE = "gti-"  # + percent: 50, 75, 90; 100 is the breach

_STEPS = frozenset(StepKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One line of the register."""

    id: int
    number: str  # INC-2026-000123
    sonde: str | None  # None: reported by a person
    spell: int | None  # with the sonde, what a detected incident is known by
    ref: str | None  # of an imported report
    collectivite: str
    services: tuple[ServiceKey, ...] | None  # of a report
    message: str
    author: str  # of a report
    source: str
    opened_at: int
    restored_at: int | None
    closed_at: int | None
    cause: str | None
    merged_into: int | None
    void_at: int | None  # since then it is known never to have been

    @property
    def life(self) -> str:
        """Where it stands."""
        if self.void_at is not None:
            return "void"
        if self.closed_at is not None:
            return "closed"
        return "open" if self.restored_at is None else "restored"


_FIELDS = (
    "id, number, sonde, spell, ref, collectivite, services, message, author, source, "
    "opened_at, restored_at, closed_at, cause, merged_into, void_at"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the journal."""

    incident: int | None
    sonde: str | None = None  # where no incident is named: the latest of this sonde, at `t`
    t: int
    kind: str
    author: str = ""
    text: str = ""
    service: str = ""  # "collectivite/service" of a GTI clock
    source: str = "live"
    entered_at: int
    digest: str | None = None


def _incident(row: Sequence[object]) -> Incident:
    values = dict(zip(_FIELDS.split(", "), row, strict=True))
    services = values.pop("services")
    named = None if services is None else tuple((str(a), str(b)) for a, b in json.loads(str(services)))
    return Incident(services=named, **values)  # type: ignore[arg-type]


def read(connection: sqlite3.Connection, where: str = "1", values: Sequence[object] = ()) -> list[Incident]:
    """Lines of the register, by opening."""
    rows = connection.execute(f"select {_FIELDS} from incident where {where} order by opened_at, id", values)  # noqa: S608
    return [_incident(row) for row in rows]


def numbered(connection: sqlite3.Connection, number: str) -> Incident | None:
    """The incident of that number."""
    return next(iter(read(connection, "number = ?", [number])), None)


def of_sonde(connection: sqlite3.Connection, sonde: str) -> list[Incident]:
    """Those of a sonde, void ones too, by opening."""
    return read(connection, "sonde = ?", [sonde])


def reported(connection: sqlite3.Connection, start: int, end: int) -> list[Incident]:
    """Those that people reported within [start, end)."""
    return read(connection, "sonde is null and opened_at >= ? and opened_at < ?", (start, end))


def unrestored(connection: sqlite3.Connection) -> list[Incident]:
    """Those that last."""
    return read(connection, "restored_at is null and void_at is null")


def next_number(connection: sqlite3.Connection, year: int, table: str = "incident", prefix: str = "INC") -> str:
    """The next number of that year."""
    last = connection.execute(
        f"select max(number) from {table} where number like ?",  # noqa: S608  a name of ours
        [f"{prefix}-{year}-%"],
    ).fetchone()[0]
    return f"{prefix}-{year}-{int(last.rpartition('-')[2]) + 1 if last else 1:06d}"


def add(connection: sqlite3.Connection, incident: Incident, entered_at: int, digest: str | None = None) -> int:
    """A new line; gives its id."""
    services = None if incident.services is None else json.dumps(incident.services)
    cursor = connection.execute(
        "insert into incident (number, sonde, spell, ref, collectivite, services, message, author, source, entered_at, "
        "opened_at, restored_at, closed_at, cause, digest) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            incident.number,
            incident.sonde,
            incident.spell,
            incident.ref,
            incident.collectivite,
            services,
            storable(incident.message),
            storable(incident.author),
            incident.source,
            entered_at,
            incident.opened_at,
            incident.restored_at,
            incident.closed_at,
            incident.cause,
            digest,
        ),
    )
    return cursor.lastrowid or 0


def update(connection: sqlite3.Connection, incident: Incident) -> None:
    """What the facts tell of it now."""
    connection.execute(
        "update incident set opened_at = ?, restored_at = ?, closed_at = ?, cause = ?, void_at = ?, merged_into = ? "
        "where id = ?",
        (
            incident.opened_at,
            incident.restored_at,
            incident.closed_at,
            incident.cause,
            incident.void_at,
            incident.merged_into,
            incident.id,
        ),
    )


def note(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Add to the journal. An entry whose digest is there already is the same one: left out."""
    connection.executemany(
        "insert into journal (incident, sonde, t, kind, author, text, service, source, entered_at, digest) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (digest) do nothing",
        [
            (
                entry.incident,
                entry.sonde,
                entry.t,
                entry.kind,
                storable(entry.author),
                storable(entry.text),
                entry.service,
                entry.source,
                entry.entered_at,
                entry.digest,
            )
            for entry in entries
        ],
    )


_ENTRY = "incident, sonde, t, kind, author, text, service, source, entered_at, digest"


def journal(connection: sqlite3.Connection, incident: Incident) -> list[Entry]:
    """What was noted of an incident, or of its sonde's incidents without saying which, by time."""
    rows = connection.execute(
        f"select {_ENTRY} from journal where incident = ? or (incident is null and sonde = ?) order by t, id",  # noqa: S608
        (incident.id, incident.sonde),
    )
    return [Entry(**dict(zip(_ENTRY.split(", "), row, strict=True))) for row in rows]


def steps(connection: sqlite3.Connection, sonde: str, since: int, entered_by: int = FOREVER) -> list[Step]:
    """The steps on the incidents of a sonde that began at `since` or later, and those that name none."""
    rows = connection.execute(
        "select j.t, j.kind, j.text, i.spell from journal j left join incident i on i.id = j.incident "
        "where ((j.incident is null and j.sonde = :sonde and j.t >= :since) "
        "or j.incident in (select id from incident where sonde = :sonde and spell >= :since)) "
        "and j.entered_at <= :entered_by order by j.t, j.id",
        {"sonde": sonde, "since": since, "entered_by": entered_by},
    )
    return [Step(t, StepKind(kind), text, spell) for t, kind, text, spell in rows if kind in _STEPS]


def steps_on(connection: sqlite3.Connection, incident: int, entered_by: int = FOREVER) -> list[Step]:
    """The steps on one reported incident."""
    rows = connection.execute(
        "select t, kind, text from journal where incident = ? and entered_at <= ? order by t, id",
        (incident, entered_by),
    )
    return [Step(t, StepKind(kind), text) for t, kind, text in rows if kind in _STEPS]
