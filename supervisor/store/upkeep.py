"""The housework of the database, between two flushes: roll-ups, then retention."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from supervisor.store import outbox
from supervisor.store.connection import saying_why
from supervisor.store.retention import Retention, drop_rollups, drop_samples
from supervisor.store.rollup import TIERS, Slice, Tier, next_slice, save
from supervisor.store.store import Store

# A result is recorded seconds after its instant, which is that of the start of its check; a check may last a minute.
SETTLED_AFTER_S = 180
# What was told to whom: a year's report may be asked about it, then nobody needs the addresses any more.
TOLD_S = 400 * 86_400


class Upkeep:
    """To be called once a minute or so, by one task."""

    def __init__(self, store: Store, retention: Retention) -> None:
        self._store = store
        self._retention = retention

    async def run(self, now: int) -> None:
        """Roll up what is complete, then drop what is old; what is not rolled up is never dropped.

        Each slice is a transaction of its own, short, and marked as done in itself: a flush waits for one of them at
        most, and a crash between two of them loses nothing. Not to be called while the recorder holds measurements
        that it cannot write. Raises StoreError if the database cannot be written; the next call goes on from there.
        """
        with saying_why(self._store.path):
            for tier in TIERS:
                await self._roll_up(tier, now - SETTLED_AFTER_S)
            keep = self._retention
            await self._drop(lambda connection: drop_samples(connection, now - keep.samples_s))
            for tier, kept in zip(TIERS, (keep.quarters_s, keep.hours_s, keep.days_s), strict=True):
                await self._drop(_dropping(tier, now - kept))
            await self._drop(lambda connection: outbox.forget(connection, now - TOLD_S))

    async def _roll_up(self, tier: Tier, settled: int) -> None:
        while (piece := await self._store.read(lambda connection: next_slice(connection, tier, settled))) is not None:
            await self._store.write(_saving(tier, piece))

    async def _drop(self, query: Callable[[sqlite3.Connection], bool]) -> None:
        while await self._store.write(query):
            pass


def _saving(tier: Tier, piece: Slice) -> Callable[[sqlite3.Connection], None]:
    return lambda connection: save(connection, tier, piece)


def _dropping(tier: Tier, before: int) -> Callable[[sqlite3.Connection], bool]:
    return lambda connection: drop_rollups(connection, tier, before)
