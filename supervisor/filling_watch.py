"""Follows how the volumes of `disk` sondes fill: whenever a day is rolled up, their paces are worked out again.

Days are what a pace is made of, so nothing is to be gained from looking more often; what happens in between (a
clean-up, a step) is seen by the check itself, which holds the pace against what it reads.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version

from probes.base import Status
from probes.filling import DAY_S, Pace
from probes.filling_book import OF, FillingBook
from supervisor.config.configuration import Configuration
from supervisor.domain.forecast import HISTORY_DAYS, Why, outlook
from supervisor.domain.sonde import Sonde
from supervisor.store import daily
from supervisor.store.connection import open_for_reading
from supervisor.store.daily import Layouts, Volume
from supervisor.store.errors import StoreError
from supervisor.store.rollup import TIERS, mark
from supervisor.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 600.0
SLICE = 10  # sondes read and worked out at once
REST = 4.0  # times what a slice took: the pass shares its core with the checks
TAKE_UP_S = 10.0  # what the start of the daemon may wait for

Outlooks = dict[str, Pace | Why]  # by mount


class FillingWatch:
    """Fills the book that the checks read. A pass runs in threads, in slices with rests between them."""

    def __init__(self, store: Store, sondes: Callable[[], Mapping[str, Sonde]], now: Callable[[], float]) -> None:
        self._store = store
        self._sondes = sondes
        self._now = now
        self._layouts = Layouts()
        self._done: dict[str, int] = {}  # up to which day each sonde was worked out
        self.worked_out: dict[str, float] = {}  # when each was, in this process: checks after that know its dates
        self.book = FillingBook()

    async def take_up(self, before: Mapping[str, Status | None]) -> None:
        """Before the first check: the sondes that were in trouble, or the alarm of a date would end and come back.

        The others wait for the first pass: until then they have no date, which alarms nobody.
        """
        ends_at = time.monotonic() + TAKE_UP_S
        troubled = [sonde for sonde in self._volumes() if self._alarms(sonde) and _trouble(before.get(sonde.id))]
        for sonde in troubled:
            self.book.resume(sonde.id, before.get(sonde.id) or Status.OK)
        try:
            for part in _slices([sonde.id for sonde in troubled]):
                if time.monotonic() > ends_at:
                    log.warning("%d sondes in trouble: not all are worked out before the first check", len(troubled))
                    break
                await self._work_out(part)
        except Exception:  # a bug in forecasts is no reason to supervise nothing
            log.exception("how volumes fill cannot be worked out")

    async def run(self) -> None:
        """For as long as the process lives."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("how volumes fill cannot be read: %s", error)
            except Exception:  # a bug in forecasts is no reason to stop the checks
                log.exception("how volumes fill cannot be worked out")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> int:
        """Work out what a new day, a new sonde or a start has left to do; gives the number of sondes."""
        present = {sonde.id for sonde in self._volumes()}
        for gone in self._done.keys() - present:
            del self._done[gone]
            self.worked_out.pop(gone, None)
            self.book.forget(gone)
        day = await self._store.read(_rolled_up)
        left = [sonde for sonde in sorted(present) if self._done.get(sonde) != day]
        for part in _slices(left):
            began = time.monotonic()
            await self._work_out(part)
            await asyncio.sleep(REST * (time.monotonic() - began))
        return len(left)

    async def _work_out(self, sondes: Sequence[str]) -> None:
        now = self._now()
        day, found = await self._store.read(lambda c: (_rolled_up(c), read_volumes(c, self._layouts, sondes, now)))
        said = {sonde: self._said(sonde) for sonde in sondes}
        worked = await asyncio.to_thread(
            lambda: {sonde: outlooks(volumes, now, said[sonde]) for sonde, volumes in found.items()}
        )
        for sonde in sondes:
            self.book.tell(sonde, paces(worked.get(sonde, {})))
            self._done[sonde] = day
            self.worked_out[sonde] = self._now()

    def _said(self, sonde: str) -> Callable[[str], bool]:
        known = self.book.paces(sonde)
        resumed = sonde not in self._done and self.book.resumed(sonde)
        return lambda mount: resumed or mount in known

    def _volumes(self) -> list[Sonde]:
        return [sonde for sonde in self._sondes().values() if sonde.type == OF]

    def _alarms(self, sonde: Sonde) -> bool:
        return sonde.settings.full_within is not None


def _trouble(status: Status | None) -> bool:
    return status in (Status.WARNING, Status.CRITICAL)


def _rolled_up(connection: sqlite3.Connection) -> int:
    return mark(connection, TIERS[-1]).start


def _slices(sondes: Sequence[str]) -> Iterator[Sequence[str]]:
    return (sondes[first : first + SLICE] for first in range(0, len(sondes), SLICE))


def read_volumes(
    connection: sqlite3.Connection, layouts: Layouts, sondes: Iterable[str], now: float
) -> dict[str, dict[str, Volume]]:
    """The last months of the volumes of these sondes."""
    known = daily.keys(connection, sondes)
    start = int(now - HISTORY_DAYS * DAY_S)
    found = daily.volumes(connection, layouts, list(known), start, int(now))
    return {known[key]: volumes for key, volumes in found.items()}


def outlooks(volumes: Mapping[str, Volume], now: float, said: Callable[[str], bool]) -> Outlooks:
    """The outlook of each volume of a sonde."""
    return {mount: outlook(volume.days, volume.size_bytes, now, said=said(mount)) for mount, volume in volumes.items()}


def paces(found: Outlooks) -> dict[str, Pace]:
    """Those that have one."""
    return {mount: it for mount, it in found.items() if isinstance(it, Pace)}


def book_of(configuration: Configuration, sonde: Sonde, now: float) -> tuple[FillingBook, list[str]]:
    """For a command: the paces of one sonde's volumes from the database, and lines that say why one has none."""
    book = FillingBook()
    if not configuration.database.exists():
        return book, ["the daemon has never run here: no forecast"]
    with open_for_reading(configuration.database, version("vigie")) as connection:
        volumes = read_volumes(connection, Layouts(), [sonde.id], now).get(sonde.id, {})
    found = outlooks(volumes, now, lambda _: False)
    book.tell(sonde.id, paces(found))
    return book, [f"forecast of {mount}: {it}" for mount, it in found.items()] or ["forecast: nothing measured yet"]
