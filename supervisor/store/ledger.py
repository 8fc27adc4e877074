"""The sonde ledger: written once, never changed; triggers refuse it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from supervisor.domain.interval import FOREVER
from supervisor.domain.ledger import Correction, Event, LedgerEvent, Presence, follow
from supervisor.store.text import storable

_FIELDS = "t, event, sonde, type, billable, paused, service, source, author, reason, digest"


def append(connection: sqlite3.Connection, events: Iterable[LedgerEvent]) -> None:
    """Add lines at the end. One whose digest is there already is the same event imported again: left out."""
    connection.executemany(
        f"insert into ledger ({_FIELDS}, collectivite) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
        "on conflict (digest) do nothing",
        [
            (
                event.t,
                event.event,
                event.sonde,
                event.type,
                event.billable,
                event.paused,
                event.service,
                event.source,
                storable(event.author),
                storable(event.reason),
                event.digest,
                event.collectivite,
            )
            for event in events
        ],
    )


def events(connection: sqlite3.Connection, until: int | None = None) -> Iterator[LedgerEvent]:
    """The lines that took effect up to and including `until` (all by default), by instant then by line."""
    yield from _read(connection, "? is null or t <= ?", (until, until))


class Edge(NamedTuple):
    """What counting reads of a line: a fifth of the time that whole lines take."""

    sonde: str
    t: int
    counts: bool  # there and billable


def edges(connection: sqlite3.Connection, through: int = FOREVER, only: str | None = None) -> Iterator[Edge]:
    """When sondes begin and cease to count, by instant then by line; those of one collectivité, if one is named.

    `through`: lines written after the one of this number are left aside, whatever instant they are of.
    """
    query = "select sonde, t, event <> ? and billable from ledger where id <= ?"
    values: list[object] = [Event.REMOVED, through]
    if only is not None:
        query, values = f"{query} and collectivite = ?", [*values, storable(only)]
    return map(Edge._make, connection.execute(f"{query} order by t, id", values))


def of(connection: sqlite3.Connection, sonde: str) -> list[LedgerEvent]:
    """The lines of one sonde, by instant then by line."""
    return list(_read(connection, "sonde = ?", (storable(sonde),)))


def of_collectivite(connection: sqlite3.Connection, collectivite: str, through: int = FOREVER) -> list[LedgerEvent]:
    """The lines of all its sondes, by instant then by line; `through` as above."""
    return list(_read(connection, "collectivite = ? and id <= ?", (collectivite, through)))


def _read(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> Iterator[LedgerEvent]:
    rows = connection.execute(f"select {_FIELDS} from ledger where {where} order by t, id", values)  # noqa: S608
    for t, event, sonde, kind, billable, paused, service, source, author, reason, digest in rows:
        yield LedgerEvent(
            t=t,
            event=Event(event),
            sonde=sonde,
            type=kind,
            billable=bool(billable),
            paused=bool(paused),
            service=service,
            source=source,
            author=author,
            reason=reason,
            digest=digest,
        )


def standing(connection: sqlite3.Connection, at: int | None = None) -> dict[str, Presence]:
    """Where every sonde of the ledger stands once all lines of the instant `at` have taken effect (now by default)."""
    return follow(events(connection, at))


_CORRECTION = "t, sonde, start, end, author, reason, source, digest"


def correct(connection: sqlite3.Connection, correction: Correction) -> int:
    """Add a compensating line; gives its number, 0 if its digest is there already: one imported again is the same."""
    cursor = connection.execute(
        f"insert into correction ({_CORRECTION}, collectivite) values (?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
        "on conflict (digest) do nothing",
        (
            correction.t,
            correction.sonde,
            correction.start,
            correction.end,
            storable(correction.author),
            storable(correction.reason),
            correction.source,
            correction.digest,
            correction.collectivite,
        ),
    )
    return (cursor.lastrowid or 0) if cursor.rowcount else 0


def corrections(connection: sqlite3.Connection, through: int = FOREVER) -> list[Correction]:
    """All compensating lines (up to a number), in the order in which they were entered."""
    rows = connection.execute(f"select id, {_CORRECTION} from correction where id <= ? order by id", [through])  # noqa: S608
    names = ("id", *_CORRECTION.split(", "))
    return [Correction(**dict(zip(names, row, strict=True))) for row in rows]
