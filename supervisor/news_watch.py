"""What is to be said beside incidents, as time and the present make it: see `store/announcing`.

Each subject is derived from what stands and from what was said last: looked at from the thread that reads, and where
there is something to say, once more in the transaction that writes it. So a crash neither loses nor doubles anything,
and nothing is written where nothing happened.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from probes.base import Result, Status
from probes.filling_book import MEASURES
from supervisor.billing.pools import Occupancy
from supervisor.billing_metrics import BillingExposition
from supervisor.config.configuration import Configuration
from supervisor.domain.announcing import Line
from supervisor.domain.board import Board
from supervisor.domain.money import show
from supervisor.domain.promise import Promises
from supervisor.filling_watch import FillingWatch
from supervisor.store import topics
from supervisor.store.announcing import forecasts, isolation, maintenance, pools, requests
from supervisor.store.announcing.forecasts import Outlook
from supervisor.store.announcing.isolation import Reach
from supervisor.store.announcing.pools import Taken
from supervisor.store.connection import saying_why
from supervisor.store.errors import StoreError
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 30.0
TIMES_EVERY_S = 20.0  # less, so that each of these looks finds it come
DATES_EVERY_S = 600.0  # days are what they are made of; and what comes of one day is told together

Due = Callable[[sqlite3.Connection], list[Line]]


class Sources(Protocol):
    """What is looked at: the daemon's, of the config that runs."""

    @property
    def configuration(self) -> Configuration:
        """The config."""

    @property
    def promises(self) -> Promises:
        """What is promised under it."""

    @property
    def board(self) -> Board:
        """The latest results."""

    @property
    def billing(self) -> BillingExposition:
        """What is counted."""

    @property
    def filling(self) -> FillingWatch:
        """Whose dates are worked out."""


class NewsWatch:
    """Looks whenever something was recorded, and every half minute."""

    def __init__(self, sources: Sources, store: Store, recorder: Recorder, now: Callable[[], float]) -> None:
        self._sources = sources
        self._store = store
        self._recorder = recorder
        self._now = now
        self._timed_at: float | None = None  # when what time makes was looked at last
        self._dates_at: float | None = None

    async def run(self) -> None:
        """For as long as the process lives."""
        while True:
            seen = self._recorder.version
            try:
                await self.look()
            except StoreError as error:
                log.warning("what is to be said beside incidents cannot be looked at: %s", error)
            await self._recorder.changed(seen, LOOK_EVERY_S)

    async def look(self) -> int:
        """Say what there is to be said; gives how many lines that were."""
        said = 0
        for name, due in list(self._dues(self._now())):
            try:
                said += await self._say(due)
            except StoreError:
                raise
            except Exception:  # a bug in one subject leaves the others theirs
                log.exception("news of %s cannot be told", name)
        return said

    async def _say(self, due: Due) -> int:
        with saying_why(self._store.path):
            if not await self._store.read(due):
                return 0
            promises = self._sources.promises
            said = await self._store.write(lambda connection: topics.take(connection, promises, due(connection)))
        self._recorder.moved()
        return said

    def _dues(self, wall: float) -> Iterator[tuple[str, Due]]:
        """What is to be looked at now."""
        sources, now = self._sources, int(wall)
        promises = sources.promises
        yield "isolation", lambda connection: isolation.due(connection, self._reach(now), now)
        if _come(self._timed_at, wall, TIMES_EVERY_S):
            self._timed_at = wall
            yield "maintenance", lambda connection: maintenance.due(connection, promises, now)
            yield "requests", lambda connection: requests.due(connection, promises, now)
            if sources.billing.shown.until:  # it was worked out
                yield "pools", lambda connection: pools.due(connection, self._taken(), now)
        within_s = sources.configuration.alerts.forecast_within
        if within_s is not None and _come(self._dates_at, wall, DATES_EVERY_S):
            self._dates_at = wall
            found = list(self._outlooks())
            yield "forecasts", lambda connection: forecasts.due(connection, promises, found, within_s, now)

    def _reach(self, now: int) -> Reach:
        board = self._sources.board
        shown = [board.shown(canary.id, now) for canary in board.canaries]
        return Reach(
            cut_off_since=max(one.start for one in shown) if shown and board.isolated(now) else None,
            reached=any(one.status in (Status.OK, Status.WARNING) for one in shown),
        )

    def _taken(self) -> list[Taken]:
        return [_as_taken(each) for each in self._sources.billing.shown.occupancies]

    def _outlooks(self) -> Iterator[Outlook]:
        """Of every volume that a check has looked at since its pace is known: before, no date means nothing."""
        sources = self._sources
        for sonde_id, worked_out_at in sources.filling.worked_out.items():
            sonde, latest = sources.board.sondes.get(sonde_id), sources.board.latest.get(sonde_id)
            if sonde is not None and latest is not None and latest.at >= worked_out_at:
                again = sonde.settings.full_within is None  # else the sonde itself alarms when it is near
                for mount, found in _dates(latest.result).items():
                    yield _as_outlook(sonde_id, mount, latest.at, found, again=again)


def _dates(result: Result) -> Mapping[str, Mapping[str, float]]:
    """The dates of each volume that was measured, in seconds from then on."""
    found: dict[str, dict[str, float]] = {}
    for measured in result.measurements:
        labels = dict(measured.labels)
        if "mount" in labels:
            dates = found.setdefault(labels["mount"], {})
            if measured.name in MEASURES:
                dates[measured.name] = measured.value
    return found


def _as_outlook(sonde: str, mount: str, at: int, dates: Mapping[str, float], *, again: bool) -> Outlook:
    full, earliest, latest = (None if name not in dates else at + int(dates[name]) for name in MEASURES)
    return Outlook(
        sonde=sonde, mount=mount, at=at, full_at=full, earliest=earliest or 0, latest=latest or 0, again=again
    )


def _as_taken(each: Occupancy) -> Taken:
    return Taken(
        collectivite=each.collectivite,
        counted=each.counted,
        subscribed=each.subscribed,
        free=each.free,
        full=each.nearly_full,
        exceeds=each.exceeds,
        price=None if each.pool_price is None else show(each.pool_price),
    )


def _come(last: float | None, now: float, every_s: float) -> bool:
    """Also when the clock was set back."""
    return last is None or not 0 <= now - last < every_s
