"""Contacts: seeded by the config, edited and erased here."""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterable, Iterator

from supervisor.domain.alerting import Subject
from supervisor.domain.contact import Contact, Seed, same_person
from supervisor.store import meta, notices, steps
from supervisor.store.text import storable
from supervisor.store.unnaming import unname

KEY = "contact_key"
SEEN = "le contact s'est manifesté"

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
    person = _person(meta.own_key(connection, KEY), one.collectivite, one.name)
    connection.execute("delete from contact_erased where person = ?", [person])
    row = connection.execute(
        f"insert into contact (person, {', '.join(Seed._fields)}, seen_at, created_at, created_by) "  # noqa: S608
        f"values (?, {', '.join('?' for _ in one)}, ?, ?, ?) returning id",
        (person, *(_kept(value) for value in one), now, now, storable(author)),
    ).fetchone()
    return int(row[0])


def change(connection: sqlite3.Connection, number: int, to: Seed, now: int, author: str) -> None:
    """Replace what is known of a contact; the person that the config named stays the same."""
    replaced = ", ".join(f"{field} = ?" for field in Seed._fields[1:])
    connection.execute(
        f"update contact set {replaced}, changed_at = ?, changed_by = ? where id = ?",  # noqa: S608
        (*(_kept(value) for value in to[1:]), now, storable(author), number),
    )
    seen(connection, number, now)


def seen(connection: sqlite3.Connection, number: int, now: int) -> bool:
    """There is a sign of this person: it is kept for three years more. False: there is no such contact.

    To be called for whatever a person does, or somebody does in their name. A clock that was set back takes nothing.
    """
    notices.untell(connection, Subject.CONTACT, lapse_name(number), SEEN)
    known = connection.execute(
        "update contact set seen_at = max(seen_at, ?), warned_at = null, warned_s = 0 where id = ?", (now, number)
    )
    return known.rowcount == 1


def silent(connection: sqlite3.Connection, before: int) -> list[Contact]:
    """Those of whom there was no sign since, and those who were told that they will be erased."""
    rows = connection.execute(
        f"select {_FIELDS} from contact where seen_at < ? or warned_at is not null order by id",  # noqa: S608
        [before],
    )
    return [Contact(*row) for row in rows]


def mark_warned(connection: sqlite3.Connection, number: int, at: int | None) -> None:
    """This person is being told that it will be erased; None: is not, after all."""
    connection.execute("update contact set warned_at = ?, warned_s = 0 where id = ?", (at, number))


def count_warned(connection: sqlite3.Connection, number: int, passed_s: int) -> None:
    """So much more of its notice has passed."""
    connection.execute("update contact set warned_s = warned_s + ? where id = ?", (passed_s, number))


def warning_left(connection: sqlite3.Connection, number: int) -> bool | None:
    """Has the latest warning left? None: not yet. What nobody took has: who cannot be reached is erased as well."""
    pending, left = connection.execute(
        "select ifnull(sum(n.state = 'due' or m.state = 'waiting'), 0), "
        "ifnull(sum(m.state in ('sent', 'dead', 'dropped')), 0) "
        "from notice n left join message m on m.id = n.message "
        "where n.contact = ? and n.topic = (select max(id) from topic where subject = 'contact' and name = ?)",
        (number, lapse_name(number)),
    ).fetchone()
    return None if pending else bool(left)


def lapse_name(number: int) -> str:
    """What is kept calls a contact who is, or is to be, erased: without its name, which is erased with it."""
    return f"contact {number}"


def erase(connection: sqlite3.Connection, number: int, now: int, author: str) -> None:
    """Forget a person for good: nothing of name, address or number remains of whom to tell, and of what was told.

    What people entered and did keeps its author, as any act: the name of one of the operator's staff. Deleted rows
    would stay readable in the free pages of the database until these are used again: they are overwritten. The store
    sees by that setting that its log has to be emptied too, and takes it back.
    """
    connection.execute("pragma secure_delete = on")
    unname(connection, number)
    _unname_steps(connection, number)
    connection.execute(
        "insert or replace into contact_erased select person, ?, ? from contact where id = ?",
        (now, storable(author), number),
    )
    steps.untold(connection, number)
    connection.execute("delete from notice where contact = ?", [number])
    connection.execute("delete from message where contact = ?", [number])
    connection.execute("delete from contact where id = ?", [number])


def _unname_steps(connection: sqlite3.Connection, number: int) -> None:
    """Steps name whom they are for as the config does; from now on by a number that is nobody's."""
    key, row = (
        meta.known_key(connection, KEY),
        connection.execute("select person from contact where id = ?", [number]).fetchone(),
    )
    if key is None or row is None:
        return
    targets = connection.execute("select distinct target from step where instr(target, '/')").fetchall()
    found = [target for (target,) in targets if _person(key, *target.split("/", 1)) == row[0]]
    connection.executemany(
        "update step set target = ? where target = ?", ((lapse_name(number), target) for target in found)
    )


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
    key = meta.known_key(connection, KEY)
    if key is None:
        return None
    row = connection.execute(
        f"select {_FIELDS} from contact where person = ?",  # noqa: S608
        [_person(key, collectivite, name)],
    ).fetchone()
    return None if row is None else Contact(*row)


def was_erased(connection: sqlite3.Connection, one: Seed) -> bool:
    """Was this person erased?"""
    key = meta.known_key(connection, KEY)
    if key is None:
        return False
    person = _person(key, one.collectivite, one.name)
    return connection.execute("select 1 from contact_erased where person = ?", [person]).fetchone() is not None


def _person(key: bytes, collectivite: str, name: str) -> str:
    """With a key: a plain digest of a name is found by trying names."""
    return hmac.digest(key, f"{collectivite}\n{same_person(name)}".encode(), "sha256").hex()


def _kept(value: str | None) -> str | None:
    return None if value is None else storable(value)
