"""What runs while the daemon lives: the engine, the recorder, the housework, the sockets, the watchdog's food."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Protocol

from aiohttp import web

from supervisor.alert_metrics import AlertExposition
from supervisor.alerts.dispatcher import Dispatcher
from supervisor.alerts.opening import gathering_of
from supervisor.billing import pools
from supervisor.billing_answers import BillingAnswers
from supervisor.billing_metrics import BillingExposition
from supervisor.billing_watch import BillingWatch
from supervisor.cameras import Cameras
from supervisor.clock import Clock
from supervisor.config.configuration import Configuration
from supervisor.config.reload import Difference
from supervisor.control import Answer, ControlServer, Tell
from supervisor.domain.board import Board
from supervisor.domain.promise import Promises
from supervisor.engine.engine import Engine
from supervisor.errors import ConfigError, VigieError
from supervisor.filling_watch import FillingWatch
from supervisor.heartbeats import Heartbeats
from supervisor.importing import Progress
from supervisor.incident_pages import IncidentPages
from supervisor.metrics import CONTENT_TYPE, Exposition
from supervisor.news_watch import NewsWatch
from supervisor.notify import Notifier
from supervisor.selfcheck import SelfCheck
from supervisor.service_metrics import ServiceExposition
from supervisor.store.errors import StoreError
from supervisor.store.lapsing import Lapsing
from supervisor.store.recorder import Recorder
from supervisor.store.retention import Retention
from supervisor.store.store import Store
from supervisor.store.upkeep import Upkeep
from supervisor.watch import Watch
from supervisor.watchdogs import Watchdogs
from supervisor.web.api import Backing
from supervisor.web.server import Site, application, worth_a_line
from supervisor.web.view import present

log = logging.getLogger(__name__)

UPKEEP_EVERY_S = 60.0
# What a last flush may take when the disk does not answer: the service manager kills after TimeoutStopSec.
LAST_FLUSH_S = 5.0


class Daemon(Protocol):
    """The parts that run, and what the ways in may ask for."""

    configuration: Configuration
    promises: Promises
    clock: Clock
    store: Store
    recorder: Recorder
    engine: Engine
    board: Board
    heartbeats: Heartbeats
    cameras: Cameras
    selfcheck: SelfCheck
    notifier: Notifier
    services: ServiceExposition
    watch: Watch
    billing: BillingExposition
    billing_watch: BillingWatch
    dispatcher: Dispatcher
    watchdogs: Watchdogs
    alerting: AlertExposition
    filling: FillingWatch
    news: NewsWatch

    async def perform(self, request: Answer) -> Answer:
        """Do what a person asks for: an act on an incident, a maintenance, an exclusion, a closing."""

    async def reload(self) -> Difference:
        """Apply the config as it is on disk now."""

    async def import_history(self, lines: AsyncIterator[bytes], name: str, progress: Progress) -> dict[str, int]:
        """Import a file that a command sends."""

    def fail(self) -> None:
        """A part is broken: stop, and say so."""


class Service:
    """Starts and stops what the daemon is made of, in order."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._tasks: list[asyncio.Task[None]] = []
        self._control = ControlServer(
            daemon.configuration.control,
            {"reload": self._reload, "import": self._import, "status": self._status, "act": self._act},
        )
        self._web: web.AppRunner | None = None

    async def start(self) -> None:
        """Checks first, then the ways in: whoever can ask gets an answer."""
        daemon = self._daemon
        self._supervise(daemon.recorder.run(), "recorder")
        self._supervise(daemon.engine.run(), "engine")
        self._supervise(self._upkeep(), "upkeep")
        self._supervise(daemon.watch.run(), "watch")
        self._supervise(daemon.watch.keep_figures(), "figures")
        self._supervise(daemon.billing_watch.run(), "billing")
        self._supervise(daemon.dispatcher.run(), "alerts")
        self._supervise(daemon.filling.run(), "filling")
        self._supervise(daemon.watchdogs.run(), "watchdogs")
        self._supervise(daemon.news.run(), "news")
        await self._control.start()
        await self._serve(daemon.configuration)
        if daemon.notifier.watchdog_s is not None:
            self._supervise(self._feed(daemon.notifier.watchdog_s / 3), "watchdog")

    def _supervise(self, running: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(running, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # Without one of these the daemon is a facade: better a restart, which the service manager sees.
            log.critical("%s failed, the daemon stops", task.get_name(), exc_info=error)
            self._daemon.fail()

    async def stop(self) -> None:
        """The ways in first, then the checks; then what was judged goes to disk."""
        daemon = self._daemon
        if self._web is not None:
            await self._web.cleanup()
        await self._control.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        daemon.cameras.settle()
        try:
            async with asyncio.timeout(LAST_FLUSH_S):
                await daemon.recorder.flush()
        except (StoreError, TimeoutError) as error:
            log.error("%d changes could not be written before the end: %s", daemon.recorder.pending, error)

    # --- HTTP

    async def _serve(self, configuration: Configuration) -> None:
        daemon = self._daemon
        exposition = Exposition(
            daemon.board,
            daemon.selfcheck,
            lambda: int(daemon.clock.wall()),
            lambda: [*daemon.services.render(), *daemon.billing.render(), *daemon.alerting.render()],
        )
        token = configuration.metrics_token
        billing = BillingAnswers(daemon.store, daemon.clock.wall)
        incidents = IncidentPages(
            daemon.store,
            lambda: gathering_of(daemon.configuration, daemon.promises),
            daemon.perform,
            lambda: daemon.configuration.organisation,
            daemon.clock.wall,
        )
        site = Site(
            metrics=exposition.render,
            metrics_type=CONTENT_TYPE,
            metrics_token=token.reveal() if token is not None else None,
            health=daemon.selfcheck,
            beat=daemon.heartbeats.receive,
            page=lambda: present(daemon.configuration, daemon.board, int(daemon.clock.wall())),
            incidents=incidents.backing(),
            api=Backing(admits=billing.admits, answer=billing.answer),
        )
        logging.getLogger("aiohttp.server").addFilter(worth_a_line)
        self._web = web.AppRunner(application(site), access_log=None, handle_signals=False)
        await self._web.setup()
        listen = configuration.listen
        try:
            await web.TCPSite(self._web, listen.host, listen.port).start()
        except OSError as error:
            raise VigieError(
                f"listen: {listen.host}:{listen.port} cannot be opened ({error.strerror or error}); "
                "stop what listens there, or change `listen:`"
            ) from None
        for address in self._web.addresses:
            log.info("listening on http://%s:%s/", *address[:2])

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens."""
        return [(a[0], a[1]) for a in self._web.addresses] if self._web is not None else []

    # --- housework

    async def _upkeep(self) -> None:
        daemon = self._daemon
        lapsing = Lapsing(
            daemon.store, lambda: daemon.promises, lambda: daemon.dispatcher.transports, daemon.clock.monotonic
        )
        while True:
            await asyncio.sleep(UPKEEP_EVERY_S)
            if daemon.recorder.failing is not None:
                continue
            keep = daemon.configuration.retention  # that of the config that runs
            retention = Retention(
                samples_s=keep.samples_s, quarters_s=keep.quarters_s, hours_s=keep.hours_s, days_s=keep.days_s
            )
            try:
                await Upkeep(daemon.store, retention).run(int(daemon.clock.wall()))
                await lapsing.look(int(daemon.clock.wall()))
            except StoreError as error:
                log.warning("housework of the database put off: %s", error)

    async def _feed(self, every_s: float) -> None:
        """Tell the service manager that checks advance; when they do not, it is silent and restarts the daemon."""
        while True:
            if not self._daemon.selfcheck.alive():
                self._daemon.notifier.alive()
            await asyncio.sleep(every_s)

    # --- the control socket

    async def _reload(self, _: Answer, __: AsyncIterator[bytes], ___: Tell) -> Answer:
        before = set(self._daemon.billing.shown.occupancies)
        try:
            changed = await self._daemon.reload()
        except ConfigError as error:
            raise VigieError(f"{error}\nthe config is refused, the one that runs stays") from None
        return {
            "added": len(changed.added),
            "removed": len(changed.removed),
            "changed": len(changed.changed),
            "restart": list(changed.restart),
            "pools": [
                str(each) for each in pools.worth_a_word(self._daemon.billing.shown.occupancies) if each not in before
            ],
        }

    async def _import(self, request: Answer, lines: AsyncIterator[bytes], tell: Tell) -> Answer:
        async def progress(doing: str, done: int, total: int) -> None:
            if doing == "importing":  # while the client sends, it does not listen
                await tell({"progress": {"doing": doing, "done": done, "total": total}})

        name = str(request.get("name", "history"))
        return dict(await self._daemon.import_history(_whole(lines, request.get("size"), name), name, progress))

    async def _act(self, request: Answer, _: AsyncIterator[bytes], __: Tell) -> Answer:
        return await self._daemon.perform({key: value for key, value in request.items() if key != "command"})

    async def _status(self, _: Answer, __: AsyncIterator[bytes], ___: Tell) -> Answer:
        daemon = self._daemon
        return {
            "sondes": len(daemon.configuration.sondes),
            "ready": daemon.selfcheck.ready(),
            "addresses": self.addresses,
        }


async def _whole(lines: AsyncIterator[bytes], size: object, name: str) -> AsyncIterator[bytes]:
    """The lines of a file; refuses it if fewer bytes came than it has: the client was stopped half-way."""
    received = 0
    async for line in lines:
        received += len(line)
        yield line
    if received != size:
        raise VigieError(f"{name}: {received} of its {size} bytes came; the file is refused whole, import it again")
