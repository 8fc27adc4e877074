"""A past of volumes, as a daemon that ran for weeks would have left it in the database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from probes.base import Measurement, Result, Status
from supervisor.store.batch import Batch, Sample
from supervisor.store.rollup import TIERS, next_slice, save
from supervisor.store.store import Store
from supervisor.store.upkeep import SETTLED_AFTER_S

DAY = 86400
EVERY_S = 6 * 3600

Used = Callable[[float], float]  # bytes at an instant


def measured(volumes: Mapping[str, tuple[float, float]]) -> Result:
    """What a `disk` sonde measures of volumes: size and use of each."""
    found = []
    for mount, (size, used) in volumes.items():
        labels = (("mount", mount),)
        found += [
            Measurement("free_ratio", 1 - used / size, labels),
            Measurement("free_bytes", size - used, labels),
            Measurement("size_bytes", size, labels),
        ]
    return Result(Status.OK, "", tuple(found), 0.01)


def roll_up(connection: sqlite3.Connection, now: int) -> None:
    """What the upkeep does, in one transaction: a past of weeks has hundreds of buckets."""
    for tier in TIERS:
        while (piece := next_slice(connection, tier, now - SETTLED_AFTER_S)) is not None:
            save(connection, tier, piece)


async def record_past(
    store: Store, now: int, past_days: int, sondes: Mapping[str, Mapping[str, tuple[float, Used]]]
) -> None:
    """What these sondes measured of their volumes (size, use) until now, rolled up."""
    # From a midnight on, at both ends of each step the same distance from its middle: a day's mean is that of its noon.
    first = now // DAY * DAY - past_days * DAY + EVERY_S // 2
    samples = (
        Sample(t, sonde, measured({mount: (size, used(t)) for mount, (size, used) in volumes.items()}))
        for t in range(first, now, EVERY_S)
        for sonde, volumes in sondes.items()
    )
    await store.record(Batch(samples=deque(samples)))
    await store.write(lambda connection: roll_up(connection, now))


def past_in(path: Path, now: int, past_days: int, sondes: Mapping[str, Mapping[str, tuple[float, Used]]]) -> None:
    """The same in a database that no daemon has open."""

    async def record() -> None:
        store = Store.open(path, version="1")
        try:
            await record_past(store, now, past_days, sondes)
        finally:
            await store.close()

    asyncio.run(record())
