"""Contacts: seeded by the config, edited and erased here."""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from collections.abc import Iterable, Iterator

from supervisor.domain.contact import Contact, Seed, same_person
from supervisor.store import meta
from supervisor.store.text import storable

KEY = "contact_key"

_FIELDS = ", ".join(Contact._fields)


def seed(connection: sqlite3.Connection, seeds: Iterable[Seed], now: int) -> None:
    """Take up those that were never seen; what is known, or was erased, stays as it is."""
    for one in unseen(connection, seeds):
        add(connection, one, now, "")


def unseen(connection: sqlite3.Connection, seeds: Iterable[Seed]) -> Iterator[Seed]:
    """Those that are neither known nor erased."""
    for one in seeds:
        if named(connection, one.collectivite, one.name) is None and not was_erased(connection, one):
            yield one


def add(connection: sqlite3.Connection, one: Seed, now: int, author: str) -> int:
    """A new one; gives its number. One that had been erased is entered anew, by somebody who knows."""
    person = _person(_own_key(connection), one.collectivite, one.name)
    connection.execute("delete from contact_erased where person = ?", [person])
    row = connection.execute(
        "insert into contact (person, collectivite, name, email, phone, mail, sms, created_at, created_by) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        (person, *(_kept(value) for value in one), now, storable(author)),
    ).fetchone()
    return int(row[0])


def change(connection: sqlite3.Connection, number: int, to: Seed, now: int, author: str) -> None:
    """Replace what is known of a contact; the person that the config named stays the same."""
    connection.execute(
        "update contact set name = ?, email = ?, phone = ?, mail = ?, sms = ?, changed_at = ?, changed_by = ? "
        "where id = ?",
        (*(_kept(value) for value in to[1:]), now, storable(author), number),
    )


def erase(connection: sqlite3.Connection, number: int, now: int, author: str) -> None:
    """Forget a person for good: nothing of name, address or number remains in the database.

    Deleted rows would stay readable in its free pages until they are used again: they are overwritten.
    """
    connection.execute("pragma secure_delete = on")
    connection.execute(
        "insert or replace into contact_erased select person, ?, ? from contact where id = ?",
        (now, storable(author), number),
    )
    connection.execute("delete from notice where contact = ?", [number])
    connection.execute("delete from message where contact = ?", [number])
    connection.execute("delete from contact where id = ?", [number])
    connection.execute("pragma secure_delete = off")


def every(connection: sqlite3.Connection, collectivite: str | None = None) -> list[Contact]:
    """All of them, or those of one collectivité, by name."""
    where, values = ("true", []) if collectivite is None else ("collectivite = ?", [collectivite])
    rows = connection.execute(f"select {_FIELDS} from contact where {where} order by collectivite, name, id", values)  # noqa: S608
    return [Contact(*row) for row in rows]


def numbered(connection: sqlite3.Connection, number: int) -> Contact | None:
    """The one of that number."""
    row = connection.execute(f"select {_FIELDS} from contact where id = ?", [number]).fetchone()  # noqa: S608
    return None if row is None else Contact(*row)


def named(connection: sqlite3.Connection, collectivite: str, name: str) -> Contact | None:
    """The one that the config, or whoever entered it, gave that name, whatever it is called since."""
    key = _known_key(connection)
    if key is None:
        return None
    row = connection.execute(
        f"select {_FIELDS} from contact where person = ?",  # noqa: S608
        [_person(key, collectivite, name)],
    ).fetchone()
    return None if row is None else Contact(*row)


def was_erased(connection: sqlite3.Connection, one: Seed) -> bool:
    """Was this person erased?"""
    key = _known_key(connection)
    if key is None:
        return False
    person = _person(key, one.collectivite, one.name)
    return connection.execute("select 1 from contact_erased where person = ?", [person]).fetchone() is not None


def _person(key: bytes, collectivite: str, name: str) -> str:
    """With a key: a plain digest of a name is found by trying names."""
    return hmac.digest(key, f"{collectivite}\n{same_person(name)}".encode(), "sha256").hex()


def _known_key(connection: sqlite3.Connection) -> bytes | None:
    known = meta.get(connection, KEY)
    return None if known is None else bytes.fromhex(known)


def _own_key(connection: sqlite3.Connection) -> bytes:
    known = _known_key(connection)
    if known is None:
        known = secrets.token_bytes(32)
        meta.put(connection, KEY, known.hex())
    return known


def _kept(value: str | None) -> str | None:
    return None if value is None else storable(value)
