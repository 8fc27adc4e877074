"""Single values the installation remembers."""

from __future__ import annotations

import sqlite3


def get(connection: sqlite3.Connection, key: str) -> str | None:
    """The value, None if it was never set."""
    row = connection.execute("select value from meta where key = ?", [key]).fetchone()
    return None if row is None else str(row[0])


def put(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Set the value."""
    connection.execute(
        "insert into meta values (?, ?) on conflict (key) do update set value = excluded.value", [key, value]
    )
