"""Somebody can be reached by nothing: the same goes to the next person. SPEC 7, docs/adr/0011.

Each is asked once: whoever knows the same already, or could not be told it either, is passed over. So it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from probes.base import Status
from supervisor.alerts.escalating import channels, meant, notice
from supervisor.alerts.look import Reaches
from supervisor.domain.alerting import OVER, Channel, Subject
from supervisor.domain.contact import Contact
from supervisor.domain.promise import Promises
from supervisor.store import contacts, learnt, notices, steps, topics
from supervisor.store.notices import Notice
from supervisor.store.oncall import OnCall

if TYPE_CHECKING:
    from sqlite3 import Connection

# What is said to somebody about themselves.
PERSONAL = frozenset({Subject.TURN, Subject.CONTACT})


def pass_on(
    connection: Connection, promises: Promises, reaches: Reaches, contact: Contact, told: Iterable[Notice], now: int
) -> bool:
    """Let others learn what this contact could not be told; False: nobody is left who does."""
    passing = _Passing(connection, promises, reaches, contact, now)
    learnt = [passing.next_person(each) for each in told]  # all of them, not up to the first
    return any(learnt)


class _Passing:
    def __init__(
        self, connection: Connection, promises: Promises, reaches: Reaches, contact: Contact, now: int
    ) -> None:
        self._connection = connection
        self._reaches = reaches
        self._contact = contact
        self._now = now
        self._on_call = OnCall(connection, promises.duty)

    def next_person(self, each: Notice) -> bool:
        """Of one thing. Its end is told to those alone who were told of it; what is personal, to nobody else."""
        if each.kind in OVER or self._personal(each):
            return False
        row = None if each.step is None else steps.numbered(self._connection, each.step)
        knowing = notices.knowing(self._connection, each) | {self._contact.id}
        if row is not None:
            for one in meant(self._on_call, row.target, self._now):
                by = channels(row, one, self._reaches)
                if one.id not in knowing and by:
                    told = [notice(row, one, channel, self._now, self._instead(each)) for channel in by]
                    notices.add(self._connection, told)
                    return True
            if steps.hasten(self._connection, row, self._now):
                return True
            knowing |= learnt.concerned(self._connection, row.incident, row.opening)
        return self._colleague(each, knowing)

    def _colleague(self, each: Notice, knowing: set[int]) -> bool:
        """Another contact of the same collectivité, by one channel."""
        for one in self._colleagues(Status(each.severity)):
            by = [channel for channel in Channel if self._reaches(one, channel)]
            if one.id in knowing or not by:
                continue
            channel = each.channel if each.channel in by else by[0]
            key = f"{notices.base(each)}/{one.id}/{channel}"
            told = each._replace(
                key=key, contact=one.id, channel=channel, not_before=0, instead=self._instead(each), id=0
            )
            notices.add(self._connection, [told])
            return True
        return False

    def _colleagues(self, severity: Status) -> Iterator[Contact]:
        """Who is told of what is as bad as that first, then the others."""
        every = contacts.every(self._connection, self._contact.collectivite)
        yield from sorted(every, key=lambda one: not _hears(one, severity))

    def _instead(self, each: Notice) -> int:
        return self._contact.id if each.instead is None else each.instead

    def _personal(self, each: Notice) -> bool:
        if each.topic is None:
            return False
        return topics.of_ids(self._connection, [each.topic])[each.topic].subject in PERSONAL


def _hears(contact: Contact, severity: Status) -> bool:
    every = (contact.mail, contact.sms, contact.post)
    return any(since is not None and Status(since).severity <= severity.severity for since in every)
