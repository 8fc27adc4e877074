"""Single values the installation remembers."""

from __future__ import annotations

import secrets
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


def known_key(connection: sqlite3.Connection, name: str) -> bytes | None:
    """A key of one purpose; None if it was never needed."""
    known = get(connection, name)
    return None if known is None else bytes.fromhex(known)


def own_key(connection: sqlite3.Connection, name: str) -> bytes:
    """The same, drawn at first use. It lives in the database: a restored backup knows what was made with it."""
    known = known_key(connection, name)
    if known is None:
        known = secrets.token_bytes(32)
        put(connection, name, known.hex())
    return known
