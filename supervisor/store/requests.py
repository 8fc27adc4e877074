"""Requests other than incidents, on the record."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from supervisor.domain.request import Request
from supervisor.store.incidents import next_number
from supervisor.store.text import storable

_FIELDS = (
    "number, collectivite, service, kind, message, author, received_at, complete_at, completed_by, "
    "answered_at, answered_by, answer, entered_at"
)


def new_number(connection: sqlite3.Connection, year: int) -> str:
    """The next number of that year."""
    return next_number(connection, year, "request", "DEM")


def add(connection: sqlite3.Connection, request: Request) -> None:
    """A new one, not answered yet."""
    connection.execute(
        f"insert into request ({_FIELDS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, null, ?)",  # noqa: S608
        (
            request.number,
            request.collectivite,
            request.service,
            request.kind,
            storable(request.message),
            storable(request.author),
            request.received_at,
            request.complete_at,
            None if request.completed_by is None else storable(request.completed_by),
            request.entered_at,
        ),
    )


def complete(connection: sqlite3.Connection, number: str, at: int, author: str) -> None:
    """Its file is complete since then."""
    connection.execute(
        "update request set complete_at = ?, completed_by = ? where number = ? and complete_at is null",
        (at, storable(author), number),
    )


def answer(connection: sqlite3.Connection, number: str, at: int, author: str, text: str) -> None:
    """It is answered."""
    connection.execute(
        "update request set answered_at = ?, answered_by = ?, answer = ? where number = ? and answered_at is null",
        (at, storable(author), storable(text), number),
    )


def numbered(connection: sqlite3.Connection, number: str) -> Request | None:
    """The request of that number."""
    return next(iter(_read(connection, "number = ?", [number])), None)


def read(connection: sqlite3.Connection, collectivite: str | None = None, *, answered: bool = False) -> list[Request]:
    """Those to be answered (answered ones too), of one collectivité or all, by number."""
    return _read(
        connection,
        "(? is null or collectivite = ?) and (? or answered_at is null)",
        (collectivite, collectivite, answered),
    )


def _read(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Request]:
    rows = connection.execute(f"select id, {_FIELDS} from request where {where} order by number", values)  # noqa: S608
    columns = ["id", *_FIELDS.split(", ")]
    return [Request(**dict(zip(columns, row, strict=True))) for row in rows]
