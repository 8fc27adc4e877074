"""Pools: 50 sondes of one collectivité, the unit of billing and of execution. SPEC 1.

A pool runs its own checks, so many at once; when they are all busy its sondes wait, and only its own. What it holds
and what it cannot is in docs/adr/0004.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from probes.isolated import Workers
from supervisor.domain.sonde import CANARY_OWNER, Sonde
from supervisor.engine.schedule import phase

SIZE = 50
# The lag shown is the largest of the last minute: two buckets of half a minute.
LAG_BUCKET_S = 30.0

log = logging.getLogger(__name__)


class Slot:
    """One sonde in its pool: what the engine knows of it between two checks."""

    __slots__ = (
        *("canary", "doubts", "due", "gone", "in_doubt", "phase", "pool", "regular_due", "running", "skipped"),
        *("sonde", "started_wall"),
    )

    def __init__(self, sonde: Sonde, pool: Pool) -> None:
        self.sonde = sonde
        self.pool = pool
        self.canary = sonde.collectivite == CANARY_OWNER
        self.phase = phase(sonde.id)
        self.due = 0.0  # the instant its present check was due at
        self.regular_due = 0.0  # when it is next due by its interval, whatever retries come before
        self.running = False  # being checked, waiting for a place, or held: never twice at once
        self.gone = False  # removed while it was running: its result is dropped
        self.skipped = 0  # checks given up because the one before was not over
        self.started_wall = 0.0  # when its latest check started
        self.doubts = 0  # checks in a row whose trouble may have been the doing of a standstill
        self.in_doubt = False  # its latest result is `unknown` for that reason, or waited across a break in time


class Pool:
    """A supervised group of checks with its own concurrency."""

    def __init__(self, name: str, collectivite: str, *, billable: bool, concurrency: int) -> None:
        self.name = name
        self.collectivite = collectivite
        self.billable = billable
        self.concurrency = concurrency
        self.members: dict[str, Slot] = {}
        self.skipped = 0
        self.completed = 0
        self.crashes = 0
        self.advanced_at = 0.0  # monotonic instant of the latest completion, or since when it owes again
        self.workers: Workers | None = None  # processes for foreign techniques, started when there is one
        self._busy = 0
        self._waiting: deque[tuple[Slot, Callable[[], Coroutine[Any, Any, None]]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lag_bucket = 0
        self._lags = [0.0, 0.0]

    @property
    def occupancy(self) -> int:
        """How many sondes it holds, of 50."""
        return len(self.members)

    @property
    def owes(self) -> bool:
        """Is there work it has started or must start?"""
        return bool(self._busy or self._waiting)

    def submit(self, slot: Slot, check: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start this check now, or as soon as one of the pool's places is free."""
        slot.running = True
        if self._busy < self.concurrency:
            self._start(slot, check)
        else:
            self._waiting.append((slot, check))

    def _start(self, slot: Slot, check: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._busy += 1
        task = asyncio.create_task(check(), name=slot.sonde.id)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def leave(self) -> None:
        """A check that only waits for another sonde's result gives its place back."""
        self._busy -= 1
        while self._waiting and self._busy < self.concurrency:
            slot, check = self._waiting.popleft()
            if slot.gone:
                slot.running = False
                continue
            self._start(slot, check)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug in the engine itself (a technique never raises): this pool says so, the others go on.
            self.crashes += 1
            log.error("pool %s: the check of %s crashed", self.name, task.get_name(), exc_info=error)

    def lagged(self, now: float, lag_s: float) -> None:
        """A check started (or was given up) so late."""
        bucket = int(now / LAG_BUCKET_S)
        if bucket != self._lag_bucket:
            self._lags = [0.0, self._lags[0] if bucket == self._lag_bucket + 1 else 0.0]
            self._lag_bucket = bucket
        self._lags[0] = max(self._lags[0], lag_s)

    def lag(self, now: float) -> float:
        """The worst lateness of the last minute, what still waits included."""
        age = int(now / LAG_BUCKET_S) - self._lag_bucket
        seen = max(self._lags) if age == 0 else self._lags[0] if age == 1 else 0.0
        waiting = now - self._waiting[0][0].due if self._waiting else 0.0
        return max(seen, waiting, 0.0)

    async def close(self) -> None:
        """Give up what runs; an interrupted check has no result."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.workers is not None:
            await self.workers.close()


class Pools:
    """Every pool, and which sonde is in which: a sonde stays where it is until it goes."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self._by_owner: dict[tuple[str, bool], list[Pool]] = {}
        self._all: tuple[Pool, ...] = ()  # replaced, never changed: the metrics read it from another thread

    def __iter__(self) -> Iterator[Pool]:
        return iter(self._all)

    def resize(self, concurrency: int) -> None:
        """So many checks of one pool at the same time, from now on."""
        self.concurrency = concurrency
        for pool in self:
            pool.concurrency = concurrency

    def place(self, sonde: Sonde) -> Slot:
        """Put a sonde in the first pool of its collectivité with room.

        Sondes that are billed to nobody get pools of their own: the occupancy of the others is what billing counts.
        """
        pools = self._by_owner.setdefault((sonde.collectivite, sonde.billable), [])
        pool = next((pool for pool in pools if pool.occupancy < SIZE), None)
        if pool is None:
            kind = "" if sonde.billable else "hors-facturation-"
            name = f"{sonde.collectivite}/{kind}{len(pools) + 1}"
            pool = Pool(name, sonde.collectivite, billable=sonde.billable, concurrency=self.concurrency)
            pools.append(pool)
            self._all = (*self._all, pool)
        slot = pool.members[sonde.id] = Slot(sonde, pool)
        return slot

    def withdraw(self, slot: Slot) -> list[Pool]:
        """Take a sonde out; gives the pools that are gone with it, for the caller to close.

        Only the last pools of a collectivité go: a name is never given to another while others stand behind it.
        """
        pool = slot.pool
        slot.gone = True
        del pool.members[slot.sonde.id]
        pools = self._by_owner[pool.collectivite, pool.billable]
        gone = []
        while pools and not pools[-1].members:
            gone.append(pools.pop())
        if gone:
            self._all = tuple(pool for pool in self._all if pool not in gone)
        return gone
