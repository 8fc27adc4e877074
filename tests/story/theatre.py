"""A configuration, the rules, the register and the outbox, without network or time: results come, people act, and what
would leave is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from probes.base import Status
from probes.registry import load as techniques
from supervisor.acts.performing import perform
from supervisor.alerts.gathering import Gathering
from supervisor.alerts.opening import gathering_of
from supervisor.config.contacts import contacts_of
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.domain.judge import Judge
from supervisor.proof.running import present
from supervisor.store import contacts, outbox
from supervisor.store.batch import Batch, Coverage
from supervisor.store.outbox import Message
from tests.unit.store.database import Memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One message, as somebody got it."""

    at: int
    name: str
    message: Message


class Theatre:
    """One story."""

    def __init__(self, main: Path) -> None:
        self.configuration = load(main, techniques())
        self.promises = promises_of(self.configuration)
        self.database = Memory()
        self.received: list[Received] = []
        self._judge = Judge(self.configuration.flapping)
        self._judge.configure(self.configuration.sondes, ())
        self.now = 0

    def at(self, wall: str) -> int:
        """That time at the operator's: "2026-03-06 17:20:00"."""
        return int(datetime.fromisoformat(wall).replace(tzinfo=self.promises.zone).timestamp())

    def begin(self, wall: str) -> None:
        """Everything is well."""
        self.now = self.at(wall)
        self.database.apply(Batch(at=self.now, contacts=list(contacts_of(self.configuration))))
        self.results(dict.fromkeys(self.configuration.sondes, ("ok", "")))

    def pass_to(self, wall: str) -> None:
        """Nothing happens until then but what time alone brings, and each message leaves when it may."""
        end = self.at(wall)
        while (due := self._next()) is not None and due < end:
            self.now = max(due, self.now + 1)
            self._look()
        self.now = end
        self._look()

    def results(self, found: Mapping[str, tuple[str, str]]) -> None:
        """These sondes say so now."""
        changes = []
        for sonde, (status, message) in found.items():
            changes += self._judge.observe(sonde, self.now, Status(status), message) or []
        states = {sonde: self._judge.state(sonde) for sonde in found}
        coverage = {sonde: Coverage(state.last_at, state.until) for sonde, state in states.items() if state}
        self.database.apply(Batch(at=self.now, changes=changes, coverage=coverage, promises=self.promises))
        self._look()

    def act(self, name: str, author: str, /, **arguments: Any) -> None:
        """Somebody does something now."""
        request = {"act": name, "author": author, **arguments}
        with self._transaction():
            perform(self.database.connection, self.promises, self.now, request)
        self._look()

    def number(self, sonde: str) -> str:
        """Of the latest incident of a sonde."""
        rows = self.database.rows("select number from incident where sonde = ? order by opened_at desc", [sonde])
        return str(rows[0][0])

    def _next(self) -> int | None:
        """When time alone changes something: a clock of the GTI, or a message that may leave."""
        instants = [present(self.database.connection, self.promises, self.now).due(self.promises, self.now)]
        instants.append(self._gathered)
        return min((at for at in instants if at is not None), default=None)

    def _look(self) -> None:
        """What the daemon's watch and its dispatcher do."""
        connection = self.database.connection
        shown = present(connection, self.promises, self.now)
        if shown.lasting or shown.running:
            reports = {one.id for one in shown.running if one.sonde is None}
            due = dict.fromkeys(shown.lasting, self.now)
            self.database.apply(Batch(at=self.now, due=due, due_reports=reports, promises=self.promises))
        with self._transaction():
            self._gathered = self.gathering.gather(connection, self.now).next_at
            for message in outbox.undelivered(connection):
                outbox.sent(connection, message, self.now, "")
                contact = contacts.numbered(connection, message.contact)
                assert contact is not None
                self.received.append(Received(at=self.now, name=contact.name, message=message))

    @property
    def gathering(self) -> Gathering:
        """As the daemon gathers."""
        return gathering_of(self.configuration, self.promises)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.database.connection.execute("begin immediate")
        yield
        self.database.connection.execute("commit")
