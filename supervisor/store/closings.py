"""Closed months: each closing is one row chained to the row before it, with one part a collectivité. Never changed.

What the texts mean is decided elsewhere (`proof.closing`): here they are kept, byte for byte, as their digests were
taken.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from supervisor.domain.interval import FOREVER
from supervisor.domain.period import month_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """One closing of one month."""

    id: int = 0  # given by the database; their order is that of the chain
    month: str  # 2026-03
    version: int  # from 1; a correction is the next
    closed_at: int
    author: str
    reason: str  # of a correction
    head: str  # JSON: what is common to all collectivités, and the digests of the parts
    previous: str  # digest of the closing before it, of whatever month; "" for the first
    digest: str


class Part(NamedTuple):
    """The figures and inputs of one collectivité, as frozen."""

    collectivite: str
    body: str  # JSON
    digest: str


_FIELDS = "id, month, version, closed_at, author, reason, head, previous, digest"
_LATEST = "version = (select max(version) from closing later where later.month = closing.month)"


def closed_months(connection: sqlite3.Connection, zone: ZoneInfo) -> list[tuple[str, int, int]]:
    """The months that are closed, each once whatever its versions, with the instants they run from and to."""
    rows = connection.execute("select distinct month from closing order by month")
    return [(month, *month_of(date.fromisoformat(f"{month}-01")).span(zone)) for (month,) in rows]


def every(connection: sqlite3.Connection, month: str | None = None) -> list[Closing]:
    """All closings (of one month), in the order of the chain."""
    return _read(connection, "? is null or month = ?", (month, month))


def latest(connection: sqlite3.Connection, first: str, last: str) -> list[Closing]:
    """The version that counts of each closed month from `first` to `last`, both included, by month."""
    found = _read(connection, f"month between ? and ? and {_LATEST}", (first, last))
    return sorted(found, key=lambda closing: closing.month)


def before(connection: sqlite3.Connection, closing: int = FOREVER) -> Closing | None:
    """The one that a closing is chained to: the last of all for the next one."""
    found = _read(connection, "id = (select max(id) from closing where id < ?)", [closing])
    return found[0] if found else None


def _read(connection: sqlite3.Connection, where: str, values: Iterable[object]) -> list[Closing]:
    rows = connection.execute(f"select {_FIELDS} from closing where {where} order by id", tuple(values))  # noqa: S608
    return [Closing(**dict(zip(_FIELDS.split(", "), row, strict=True))) for row in rows]


def add(connection: sqlite3.Connection, closing: Closing, parts: Iterable[Part]) -> int:
    """Write a closing with all its parts; gives its id."""
    cursor = connection.execute(
        "insert into closing (month, version, closed_at, author, reason, head, previous, digest) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            closing.month,
            closing.version,
            closing.closed_at,
            closing.author,
            closing.reason,
            closing.head,
            closing.previous,
            closing.digest,
        ),
    )
    number = cursor.lastrowid or 0
    connection.executemany(
        "insert into closing_part (closing, position, collectivite, body, digest) values (?, ?, ?, ?, ?)",
        ((number, position, *part) for position, part in enumerate(parts)),
    )
    return number


def parts(connection: sqlite3.Connection, closing: int, collectivite: str | None = None) -> Iterator[Part]:
    """The parts of a closing (that of one collectivité), in config order; one at a time, they may be large."""
    chosen = ""
    values: list[int | str] = [closing]
    if collectivite is not None:
        chosen = "and collectivite = ?"
        values.append(collectivite)
    rows = connection.execute(
        f"select collectivite, body, digest from closing_part where closing = ? {chosen} order by position",  # noqa: S608
        values,
    )
    for row in rows:
        yield Part(*row)


def first_known(connection: sqlite3.Connection) -> int | None:
    """The earliest instant of which the tables know anything."""
    found: int | None = connection.execute(
        "select min(at) from (select min(t) as at from ledger "
        "union all select (select min(start) from interval where sonde = key) from sonde)"
    ).fetchone()[0]
    return found
