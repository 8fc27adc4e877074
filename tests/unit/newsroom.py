"""All that news is made from, over a database in memory: results come, time passes, what is said leaves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from types import SimpleNamespace

from probes.base import Measurement, Result, Status
from supervisor.billing.pools import Occupancy
from supervisor.billing_metrics import Billing, BillingExposition
from supervisor.domain.alerting import Subject
from supervisor.domain.board import Board
from supervisor.domain.contact import Seed
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import FlappingRule, Sonde
from supervisor.news_watch import NewsWatch
from supervisor.record import Record
from supervisor.store import states, topics
from supervisor.store.batch import Batch
from supervisor.store.recorder import Recorder
from tests.unit.acts.stage import LINK, SITE, at, promised
from tests.unit.alerts.wires import Shelf, looked
from tests.unit.builders import sonde
from tests.unit.store.database import Memory

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", None, "critical", None)
NIGHT = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", "+33600000002", "warning", "critical")
CANARIES = ("vigie/canaries/un", "vigie/canaries/deux")


class Disk(Shelf):
    """Where the recorder writes."""

    def __init__(self, database: Memory) -> None:
        super().__init__(database.connection)
        self._database = database

    async def record(self, batch: Batch) -> None:
        self._database.apply(batch)


class Newsroom:
    """A commune, the operator, and whoever is told in each."""

    def __init__(self, *, canaries: Iterable[str] = (), within_s: float | None = 30 * 86_400.0) -> None:
        self.database = Memory()
        self.promises = promised()
        self.now = float(at("03-06 09:00"))
        self.configuration = SimpleNamespace(alerts=SimpleNamespace(forecast_within=within_s))
        self.billing = BillingExposition()
        self.worked_out: dict[str, float] = {}
        self.filling = SimpleNamespace(worked_out=self.worked_out)
        parents = {SITE: LINK}
        self.sondes: Mapping[str, Sonde] = {
            name: sonde(name, attempts=1, stale_after_s=86_400, parent=parents.get(name))
            for name in self.promises.sondes
        }
        self._canaries = tuple(sonde(name, attempts=1, stale_after_s=600) for name in canaries)
        self.database.apply(Batch(at=int(self.now), contacts=[MAYOR, NIGHT]))
        self.restart()

    def restart(self) -> None:
        """Another process takes the database over; what was not flushed is lost."""
        self.judge = Judge(FlappingRule())
        self.judge.configure(self.sondes, self._canaries)
        before = states.load(self.connection)
        self.judge.restore(before)
        self.board = Board(self.judge)
        self.board.configure(self.sondes, self._canaries)
        disk = Disk(self.database)
        self.recorder = Recorder(disk, now=lambda: self.now)  # type: ignore[arg-type]
        self.recorder.promises = self.promises
        self.recorder.flapping = {name for name, (state, _) in before.items() if state.flapping}
        self.record = Record(self.judge, self.board, self.recorder)
        self.watch = NewsWatch(self, disk, self.recorder, lambda: self.now)  # type: ignore[arg-type]

    @property
    def connection(self) -> sqlite3.Connection:
        """The database."""
        return self.database.connection

    def result(self, wall: str, name: str, status: str, *measured: Measurement) -> None:
        """A check ended."""
        self.now = max(self.now, float(at(wall)))
        known = {one.id: one for one in (*self.sondes.values(), *self._canaries)}
        self.record.take(known[name], at(wall), Result(Status(status), "dit", measured))

    async def look(self, wall: str) -> list[tuple[str, str]]:
        """What was noted is written, the watch looks, and what there is to say leaves."""
        self.now = max(self.now, float(at(wall)))
        await self.recorder.flush()
        await self.watch.look()
        assert await self.watch.look() == 0, "said, and said again"
        return looked(self, wall)  # type: ignore[arg-type]

    def count(self, *occupancies: Occupancy) -> None:
        """So full are the pools now."""
        self.billing.shown = Billing(occupancies=occupancies, until=1)

    def words(self, subject: Subject) -> dict[str, str]:
        """What was said last of each."""
        return {name: topic.word for name, topic in topics.latest(self.connection, subject).items()}
