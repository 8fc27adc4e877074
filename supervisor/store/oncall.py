"""Who is on call: the members of the config's rotas as contacts, and the replacements that people entered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from functools import cached_property

from supervisor.domain.contact import Contact, same_person
from supervisor.domain.escalation import Duty
from supervisor.domain.oncall import Replacement, Rota, Turn, Who, turn, turns
from supervisor.store import contacts
from supervisor.store.text import storable

_FIELDS = ", ".join(Replacement._fields)


def enter(
    connection: sqlite3.Connection, rota: str, start: int, end: int, contact: int, author: str, now: int
) -> Replacement:
    """Somebody takes the turns of that time over; of several that overlap the latest holds."""
    row = connection.execute(
        f"insert into replacement (rota, start, end, contact, author, entered_at) values (?, ?, ?, ?, ?, ?) returning {_FIELDS}",  # noqa: S608,E501
        (rota, start, end, contact, storable(author), now),
    ).fetchone()
    return Replacement(*row)


def cancel(connection: sqlite3.Connection, number: int, author: str, now: int) -> None:
    """On the record: it held up to now, if it had begun."""
    connection.execute(
        "update replacement set cancelled_at = ?, cancelled_by = ? where id = ? and cancelled_at is null",
        (now, storable(author), number),
    )


def replacements(connection: sqlite3.Connection) -> list[Replacement]:
    """All of them, in the order in which they were entered."""
    return [Replacement(*row) for row in connection.execute(f"select {_FIELDS} from replacement order by id")]  # noqa: S608


class OnCall:
    """The rotas, at one instant of the database."""

    def __init__(self, connection: sqlite3.Connection, duty: Duty) -> None:
        self._connection = connection
        self._duty = duty
        self._known: dict[Who, Contact | None] = {}

    def contact(self, who: Who) -> Contact | None:
        """Whom the config means: by the name that they were entered under, or by the one they have now."""
        if who not in self._known:
            found = contacts.named(self._connection, who.collectivite, who.name)
            if found is None:
                every = contacts.every(self._connection, who.collectivite)
                found = next((one for one in every if same_person(one.name) == same_person(who.name)), None)
            self._known[who] = found
        return self._known[who]

    def turn(self, name: str, at: int) -> Turn | None:
        """Who is on call."""
        rota = self._duty.rotas.get(name)
        return None if rota is None else turn(rota, self._members(rota), self._standing.get(name, ()), at)

    def turns(self, rota: Rota, start: int, end: int) -> Iterator[Turn]:
        """Those that touch that time."""
        return turns(rota, self._members(rota), self._standing.get(rota.name, ()), start, end)

    def order(self, name: str, at: int) -> list[Contact]:
        """Who has the turn, then the members whose turns are next; last whoever was replaced."""
        rota, held = self._duty.rotas.get(name), self.turn(name, at)
        if rota is None or held is None:
            return []
        number, most = max(rota.number(at), 0), len(rota.members)
        following = [rota.members[(number + index) % most] for index in range(1, most + 1)]
        first = contacts.numbered(self._connection, held.contact)
        found = [first, *(self.contact(who) for who in following)]
        return list({one.id: one for one in found if one is not None}.values())

    def team(self, operators: Iterable[str]) -> list[Contact]:
        """Everybody of the operator's: those who are told of what is critical first."""
        every = [one for owner in operators for one in contacts.every(self._connection, owner)]
        return sorted(every, key=lambda one: one.mail is None and one.sms is None)

    def _members(self, rota: Rota) -> list[int | None]:
        return [None if (one := self.contact(who)) is None else one.id for who in rota.members]

    @cached_property
    def _standing(self) -> dict[str, list[Replacement]]:
        """By rota, those whose contact was not erased."""
        found: dict[str, list[Replacement]] = {}
        for one in replacements(self._connection):
            if contacts.numbered(self._connection, one.contact) is not None:
                found.setdefault(one.rota, []).append(one)
        return found
