"""The composition root: builds every part of the daemon and hands them to one another.

The order of the start, and what a crash in it leaves:
1. The config is read: if it is wrong, nothing was touched.
2. The database is locked and brought up to date.
3. States of the earlier run are taken up; the time in between is a gap, unknown by itself.
4. The config takes effect: the ledger gets its lines, all of one instant, on disk before any check starts.
5. Checks start, then the control socket and the HTTP server; the service manager is told.

SIGTERM goes the other way: no new checks, what was judged is flushed, the database is closed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from importlib.metadata import version

from probes.base import Probe, Shared
from supervisor import memory
from supervisor.acts.cameras import LEARN
from supervisor.acts.performing import perform
from supervisor.alert_metrics import AlertExposition
from supervisor.alerts.dispatcher import Dispatcher
from supervisor.alerts.http_exchange import Exchange
from supervisor.alerts.opening import channels_of, gathering_of
from supervisor.billing.effect import Effect, effect, standing
from supervisor.billing_metrics import BillingExposition
from supervisor.billing_watch import BillingWatch
from supervisor.cameras import Cameras
from supervisor.clock import Clock, SystemClock
from supervisor.config.configuration import Configuration
from supervisor.config.contacts import contacts_of
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.config.reload import Difference, difference
from supervisor.config.secrets import secrets_of
from supervisor.control import Answer
from supervisor.domain.board import Board
from supervisor.domain.judge import Judge
from supervisor.domain.promise import Promises
from supervisor.engine.engine import Engine
from supervisor.engine.watchdog import LoopWatchdog
from supervisor.errors import ConfigError, VigieError
from supervisor.filling_watch import FillingWatch
from supervisor.heartbeats import Heartbeats, own_key
from supervisor.importing import Import, Progress
from supervisor.news_watch import NewsWatch
from supervisor.notify import Notifier
from supervisor.record import Record
from supervisor.selfcheck import SelfCheck
from supervisor.service import Service
from supervisor.service_metrics import ServiceExposition
from supervisor.store import states
from supervisor.store.connection import saying_why
from supervisor.store.errors import StoreError
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store
from supervisor.watch import Watch
from supervisor.watchdogs import Watchdogs

log = logging.getLogger(__name__)


class Daemon:
    """One running Vigie."""

    def __init__(self, configuration: Configuration, probes: Mapping[str, Probe], clock: Clock | None = None) -> None:
        self.configuration = configuration
        self.clock = clock or SystemClock()
        self.probes = probes
        self.store = Store.open(configuration.database, version=version("vigie"))
        self.shared = Shared()
        self.judge = Judge(configuration.flapping)
        self.board = Board(self.judge)
        self.recorder = Recorder(self.store, now=self.clock.wall)
        self.promises = self.recorder.promises = promises_of(configuration)
        self.services = ServiceExposition(lambda: self.promises, lambda: int(self.clock.wall()))
        self.watch = Watch(self.store, self.recorder, lambda: self.promises, self.services, self.clock.wall)
        self.billing = BillingExposition()
        self.billing_watch = BillingWatch(self.store, self.billing, self.clock.wall)
        self.record = Record(self.judge, self.board, self.recorder)
        self.engine = Engine(
            clock=self.clock,
            probes=probes,
            shared=self.shared,
            judge=self.judge,
            deliver=self.record.take,
            concurrency=configuration.concurrency,
            rewound=self.record.rewind,
        )
        key = self.store.write_now(own_key)
        self.heartbeats = Heartbeats(key, self.recorder, self.engine, self.clock)
        self.shared.provide(self.heartbeats.book)
        self.filling = FillingWatch(self.store, lambda: self.configuration.sondes, self.clock.wall)
        self.shared.provide(self.filling.book)
        self.news = NewsWatch(self, self.store, self.recorder, self.clock.wall)
        self.cameras = Cameras(self.recorder)
        self.shared.provide(self.cameras.book)
        self.dispatcher = Dispatcher(
            self.store,
            self.recorder,
            self.clock.wall,
            lambda: gathering_of(self.configuration, self.promises),
            channels_of(configuration, self.clock),
        )
        self.watchdog = LoopWatchdog()
        self.notifier = Notifier.from_environment()
        self.selfcheck = SelfCheck(
            engine=self.engine,
            record=self.record,
            recorder=self.recorder,
            watchdog=self.watchdog,
            dispatcher=self.dispatcher,
            clock=self.clock,
        )
        self.watchdogs = Watchdogs(
            lambda: self.configuration.alerts.watchdogs, self.selfcheck.well, self.clock, Exchange().ask
        )
        self.alerting = AlertExposition(self.dispatcher, self.watchdogs, self.clock.wall)
        self.secrets = secrets_of(configuration)  # never in the logs
        self._changing = asyncio.Lock()  # a reload and an import never mix
        self._reloading: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._failed = False

    # --- the life of the process

    async def run(self) -> None:
        """Start, run until SIGTERM or SIGINT, stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hup)
        service = Service(self)
        try:
            await self._take_up()
            with self.watchdog:
                await service.start()
                self.selfcheck.started = True
                self.notifier.ready(self._summary())
                await self._stop.wait()
                log.info("stopping")
                self.notifier.stopping("stopping")
        finally:
            await service.stop()
            await self.dispatcher.close()
            await self.shared.close()
            await self.store.close()
        if self._failed:
            raise VigieError("a part of the daemon failed; its log says which")

    def stop(self) -> None:
        """Ask the daemon to stop."""
        self._stop.set()

    def fail(self) -> None:
        """A part of it is broken: stop, and say so with the exit status."""
        self._failed = True
        self._stop.set()

    def _hup(self) -> None:
        task = asyncio.ensure_future(self._reload_on_signal())
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    async def _reload_on_signal(self) -> None:
        try:
            await self.reload()
        except VigieError as error:
            log.error("the config is refused, the one that runs stays: %s", error)
        except Exception:
            log.exception("the reload failed")

    def _summary(self) -> str:
        configuration = self.configuration
        return f"{len(configuration.sondes)} sondes of {len(configuration.collectivites)} collectivités"

    # --- the configuration takes effect

    async def _take_up(self) -> None:
        configuration, now = self.configuration, int(self.clock.wall())
        self.judge.configure(configuration.sondes, configuration.canaries)
        before = await self.store.read(states.load)
        orphans = self.judge.restore(before)
        self.recorder.flapping = {sonde for sonde, (state, _) in before.items() if state.flapping}
        known = await self.store.read(standing)
        self._enter(effect(known, configuration, now))
        for orphan in orphans:
            self.record.end(orphan, now)  # a canary that is no more, or a sonde the ledger had removed already
        self.judge.configure(configuration.sondes, configuration.canaries)
        self.board.configure(configuration.sondes, configuration.canaries)
        self.heartbeats.configure(configuration.sondes, {s: float(p.since) for s, p in known.sondes.items()})
        await self.store.read(self.heartbeats.recall)
        await self.store.read(self.cameras.recall)
        self.cameras.configure(configuration.sondes)
        await self.recorder.flush()
        try:
            await self._importing().tell(now)  # what an import that was cut short left
        except Exception:  # a bug there is no reason to supervise nothing
            log.exception("incidents that are still to be told could not be")
        await self.filling.take_up({sonde: state.level for sonde, (state, _) in before.items()})
        await self.billing_watch.look()
        self.engine.add([*configuration.sondes.values(), *configuration.canaries])
        memory.settle()

    async def reload(self) -> Difference:
        """Read the config again and apply what differs.

        Raises VigieError, having changed nothing, if the config is wrong or the database cannot take it.
        """
        async with self._changing:
            self.notifier.reloading("reading the config")
            try:
                new = await asyncio.to_thread(load, self.configuration.path, self.probes)
                promised = await asyncio.to_thread(promises_of, new)
            except ConfigError:
                self.selfcheck.refused_reloads += 1
                raise
            finally:
                self.notifier.ready(self._summary())
            changed = difference(self.configuration, new)
            await self._apply(new, changed, promised)
            log.info("config reloaded: %s", changed.said())
            return changed

    async def _apply(self, new: Configuration, changed: Difference, promised: Promises) -> None:
        """Once the ledger is read nothing waits until the new config is in force: one reload is one instant."""
        # What the ledger does not hold yet would be added twice, or never removed: a failing disk refuses the reload.
        await self.recorder.flush()
        known = await self.store.read(standing)
        now = int(self.clock.wall())
        canaries = changed.canaries
        former, self.configuration = self.configuration, new
        self.secrets = secrets_of(new)
        self.promises = self.recorder.promises = promised
        self._enter(effect(known, new, now))
        for canary in canaries.removed:
            self.record.end(canary.id, now)
        self.judge.configure(new.sondes, new.canaries, new.flapping)
        self.board.configure(new.sondes, new.canaries)
        self.heartbeats.configure(new.sondes, {s: float(p.since) for s, p in known.sondes.items()})
        self.cameras.configure(new.sondes)
        self.engine.pools.resize(new.concurrency)
        self.engine.remove(sonde.id for sonde in (*changed.removed, *canaries.removed))
        self.engine.change(change.after for change in (*changed.changed, *canaries.changed))
        self.engine.add([*changed.added, *canaries.added])
        if (new.alerts, new.organisation) != (former.alerts, former.organisation):
            self.dispatcher.replace(channels_of(new, self.clock))
        self.selfcheck.reloads += 1
        self.selfcheck.loaded_at = self.clock.wall()
        memory.settle()
        self.recorder.moved()  # calendars and targets may be others
        with suppress(StoreError):  # the recorder says so, and goes on trying
            await self.recorder.flush()
        await self.billing_watch.look()

    def _enter(self, found: Effect) -> None:
        self.recorder.note_accounts(found.accounts, found.tariffs)
        self.record.enter_all(found.sondes)
        self.recorder.note_contacts(contacts_of(self.configuration))

    # --- history

    async def import_history(self, lines: AsyncIterator[bytes], name: str, progress: Progress) -> dict[str, int]:
        """Import a file that a command sends, while checks go on."""
        importing = self._importing()
        # As long as the file comes nothing is held: whoever sends it may be slow, or never end.
        history = await importing.read(lines, name, int(self.clock.wall()), progress)
        async with self._changing:
            summary = await importing.apply(history, int(self.clock.wall()), progress)
            await self.billing_watch.look()
            return summary.as_dict()

    def _importing(self) -> Import:
        return Import(self.configuration, self.promises, self.store, self.record, self.recorder)

    # --- acts of people

    async def perform(self, request: Answer) -> Answer:
        """Do what a person asks for, in one transaction; VigieError refuses it, and nothing is written."""
        await self.recorder.flush()  # it may be about what was not written yet
        promises, now = self.promises, int(self.clock.wall())
        with saying_why(self.store.path):
            answer = await self.store.write(lambda connection: perform(connection, promises, now, request))
        self.recorder.moved()
        if request["act"] == LEARN:
            self.cameras.learn_anew(answer["sonde"])
            self.engine.recheck(answer["sonde"])
        return answer
