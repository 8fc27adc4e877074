"""Keys of programs that read the API: only a digest of each is kept, with who made it and who revoked it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from supervisor.store.text import storable

PREFIX = "vigie_"  # by which a person, and a scanner of leaked secrets, knows one
BILLING = "billing"
ROLES = (BILLING,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One of them, without what it opens with."""

    id: int
    name: str  # of the program that holds it
    role: str  # what it may read: one of ROLES
    created_at: int
    author: str
    revoked_at: int | None
    revoked_by: str | None


_FIELDS = "id, name, role, created_at, author, revoked_at, revoked_by"


def digest(secret: bytes) -> str:
    """What is kept of a secret.

    One round of SHA-256 and no salt: unlike a password, 256 random bits can be neither guessed nor listed in advance.
    """
    return hashlib.sha256(secret).hexdigest()


def add(connection: sqlite3.Connection, *, name: str, role: str, digest: str, at: int, author: str) -> int:
    """A new one; gives its number."""
    added = connection.execute(
        "insert into token (name, role, digest, created_at, author) values (?, ?, ?, ?, ?) returning id",
        (storable(name), role, digest, at, storable(author)),
    ).fetchone()
    return int(added[0])


def revoke(connection: sqlite3.Connection, number: int, at: int, author: str) -> None:
    """It opens nothing from now on; it stays on the record."""
    connection.execute(
        "update token set revoked_at = ?, revoked_by = ? where id = ? and revoked_at is null",
        (at, storable(author), number),
    )


def every(connection: sqlite3.Connection) -> list[Token]:
    """All of them, revoked ones too, by number."""
    return _read(connection, "true", ())


def with_digest(connection: sqlite3.Connection, digest: str) -> Token | None:
    """The one that is kept as this digest, whatever became of it."""
    return next(iter(_read(connection, "digest = ?", (digest,))), None)


def admits(connection: sqlite3.Connection, secret: bytes, role: str) -> bool:
    """Does this secret open what the role may read, now?

    It is looked up by its digest, so that how long a comparison takes tells nothing of any secret.
    """
    token = with_digest(connection, digest(secret))
    return token is not None and token.revoked_at is None and token.role == role


def _read(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Token]:
    rows = connection.execute(f"select {_FIELDS} from token where {where} order by id", values)  # noqa: S608
    return [Token(**dict(zip(_FIELDS.split(", "), row, strict=True))) for row in rows]
