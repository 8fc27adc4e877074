"""Who may be told, as routing has to know them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace

from probes.base import Status
from supervisor.domain.alerting import GTI, INCIDENTS, OF_COMMUNES, OF_OPERATORS, Channel, Person
from supervisor.domain.contact import Contact
from supervisor.domain.promise import Promises
from supervisor.store import contacts
from supervisor.store.oncall import OnCall


class People:
    """The contacts of one instant; those of a collectivité are read when something first concerns it."""

    def __init__(self, connection: sqlite3.Connection, promises: Promises) -> None:
        self._connection = connection
        self._promises = promises
        self._known: dict[str, list[Person]] = {}  # by collectivité

    def concerned(self, collectivites: Collection[str], told: Collection[int] = ()) -> Iterator[Person]:
        """The operators, the people of these collectivités, and whoever was told before: a few of thousands."""
        owners = set(collectivites) - self._promises.operators
        people = [person for owner in (*self._promises.operators, *sorted(owners)) for person in self._of(owner)]
        yield from people
        for number in set(told) - {person.id for person in people}:
            contact = contacts.numbered(self._connection, number)
            if contact is not None:
                yield self._person(contact)

    def on_call(self, at: int) -> Iterator[Person]:
        """Who has a turn by then: reached by whatever they have, though no severity of their own names it."""
        on_call = OnCall(self._connection, self._promises.duty)
        for name, rota in self._promises.duty.rotas.items():
            turn = on_call.turn(name, at) if rota.in_force(at) == at else None
            contact = None if turn is None else contacts.numbered(self._connection, turn.contact)
            if contact is not None:
                yield self.reached(contact)

    def reached(self, contact: Contact) -> Person:
        """By every address they have."""
        person = self._person(contact)
        ways = {Channel.MAIL: contact.email, Channel.SMS: contact.phone, Channel.WEBHOOK: contact.webhook}
        every = {channel: Status.CRITICAL for channel, address in ways.items() if address is not None}
        return replace(person, since={**every, **person.since})

    def _of(self, owner: str) -> list[Person]:
        if owner not in self._known:
            self._known[owner] = [self._person(contact) for contact in contacts.every(self._connection, owner)]
        return self._known[owner]

    def _person(self, contact: Contact) -> Person:
        since = {Channel.MAIL: contact.mail, Channel.SMS: contact.sms, Channel.WEBHOOK: contact.post}
        operator = contact.collectivite in self._promises.operators
        asked = contact.topics
        return Person(
            id=contact.id,
            collectivite=contact.collectivite,
            operator=operator,
            since={channel: Status(severity) for channel, severity in since.items() if severity is not None},
            hours=self._promises.calendar(contact.collectivite, contact.hours),
            about=(OF_OPERATORS if operator else OF_COMMUNES) if asked is None else OF_OPERATORS.intersection(asked),
            incidents=asked is None or INCIDENTS in asked,
            gti=asked is None or GTI in asked,
        )
