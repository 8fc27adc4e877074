"""Closed documents of billing: counts of months, calls for contribution. Each is one row chained to the row before it.

What the texts mean is decided elsewhere (`billing.documents`): here they are kept, byte for byte, as their digests
were taken.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from supervisor.domain.interval import FOREVER

MONTH, CALL = "month", "call"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """One document of one collectivité."""

    id: int = 0  # given by the database; their order is that of the chain
    number: str  # its name, for ever: "2026-0012", "2026-03/exemple/1"
    kind: str  # MONTH or CALL
    period: str  # "2026-03", or the year "2026"
    collectivite: str
    corrects: str | None = None  # number of the document it takes the place of
    closed_at: int
    author: str
    reason: str  # of a correction
    body: str  # JSON: the figures and all that they are made of
    previous: str  # digest of the document before it; "" for the first
    digest: str


_FIELDS = "id, number, kind, period, collectivite, corrects, closed_at, author, reason, body, previous, digest"
_COLUMNS = _FIELDS.removeprefix("id, ")


def add(connection: sqlite3.Connection, bill: Bill) -> None:
    """Write one at the end of the chain."""
    marks = ", ".join("?" * len(_COLUMNS.split(", ")))
    connection.execute(
        f"insert into bill ({_COLUMNS}) values ({marks})",  # noqa: S608
        [getattr(bill, name) for name in _COLUMNS.split(", ")],
    )


def every(connection: sqlite3.Connection) -> Iterator[Bill]:
    """The whole chain, in order; one at a time, they are many and may be large."""
    yield from _rows(connection, "true", ())


def corrections(connection: sqlite3.Connection) -> Counter[str]:
    """How many documents say that they take the place of each; one alone may."""
    return Counter(number for (number,) in connection.execute("select corrects from bill where corrects is not null"))


def latest(connection: sqlite3.Connection, kind: str, period: str) -> list[Bill]:
    """The documents of a period that no later one takes the place of, in order."""
    return _read(
        connection,
        "kind = ? and period = ? and not exists (select 1 from bill later where later.corrects = bill.number)",
        (kind, period),
    )


def numbered(connection: sqlite3.Connection, number: str) -> Bill | None:
    """One of them."""
    found = _read(connection, "number = ?", (number,))
    return found[0] if found else None


def before(connection: sqlite3.Connection, bill: int = FOREVER) -> Bill | None:
    """The one that a document is chained to: the last of all for the next one."""
    found = _read(connection, "id = (select max(id) from bill where id < ?)", (bill,))
    return found[0] if found else None


def next_number(connection: sqlite3.Connection, year: str) -> str:
    """The next call of a year, whatever became of the earlier ones."""
    taken = connection.execute("select count(*) from bill where kind = ? and period = ?", (CALL, year)).fetchone()[0]
    return f"{year}-{taken + 1:04d}"


def _read(connection: sqlite3.Connection, where: str, values: Iterable[object]) -> list[Bill]:
    return list(_rows(connection, where, values))


def _rows(connection: sqlite3.Connection, where: str, values: Iterable[object]) -> Iterator[Bill]:
    names = _FIELDS.split(", ")
    for row in connection.execute(f"select {_FIELDS} from bill where {where} order by id", tuple(values)):  # noqa: S608
        yield Bill(**dict(zip(names, row, strict=True)))
