"""Recent raw measurements."""

from __future__ import annotations

import logging
import sqlite3
import struct
from collections.abc import Collection
from typing import NamedTuple

from probes.base import Result
from supervisor.store.batch import Sample
from supervisor.store.keys import Keys, Shape

DURATION = "duration_seconds"
# Beyond, a number measures nothing, and sums of it overflow.
LIMIT = 1e300

log = logging.getLogger(__name__)


class Block(NamedTuple):
    """The rows that one flush wrote, and the instants they are within."""

    first: int
    last: int
    t_min: int
    t_max: int


def append(connection: sqlite3.Connection, keys: Keys, samples: Collection[Sample]) -> None:
    """Add measurements, in the order of arrival."""
    if not samples:
        return
    rows, refused = _rows(connection, keys, samples)
    if refused:
        log.warning("%d measurements left out: not numbers, the first from %s", len(refused), refused[0])
    if rows:
        (before,) = connection.execute("select ifnull(max(id), 0) from sample").fetchone()
        connection.executemany("insert into sample(t, sonde, shape, data) values (?, ?, ?, ?)", rows)
        instants = [row[0] for row in rows]
        block = Block(before + 1, before + len(rows), min(instants), max(instants))
        connection.execute("insert into sample_block values (?, ?, ?, ?)", block)


def _rows(
    connection: sqlite3.Connection, keys: Keys, samples: Collection[Sample]
) -> tuple[list[tuple[int, int, int, bytes]], list[str]]:
    """The rows, and the sondes whose measurements are none: a foreign technique must not stop all recording."""
    rows, refused = [], []
    for t, sonde, result in samples:
        try:
            shape, data = pack(result)
        except (TypeError, ValueError, OverflowError, struct.error):
            refused.append(sonde)
            continue
        key = keys.shape(connection, shape, sonde, t)
        if key is None:  # what has no name is kept all the same
            shape, data = pack(result._replace(measurements=tuple(m for m in result.measurements if not m.labels)))
            key = keys.shape(connection, shape, sonde, t)
        if key is not None:
            rows.append((t, keys.sondes[sonde], key, data))
    return rows, refused


def pack(result: Result) -> tuple[Shape, bytes]:
    """The measurements of a result as its shape and its numbers. NaN and infinity say nothing and are left out."""
    names: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    values = []
    for name, value, labels in ((DURATION, result.duration_s, ()), *result.measurements):
        if -LIMIT < value < LIMIT:
            names.append((name, labels))
            values.append(value)
    return tuple(names), struct.pack(f"<{len(values)}d", *values)


def unpack(data: bytes) -> tuple[float, ...]:
    """The numbers of a row."""
    return struct.unpack(f"<{len(data) // 8}d", data)


def blocks(connection: sqlite3.Connection, start: int, end: int) -> list[Block]:
    """The blocks that hold samples of [start, end), perhaps among others. A few thousand rows are looked at."""
    rows = connection.execute("select * from sample_block where t_max >= ? and t_min < ? order by first", (start, end))
    return [Block(*row) for row in rows]
