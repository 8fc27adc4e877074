"""Measurements rolled up: quarters of an hour from samples, hours from quarters, days from hours.

Buckets are of UTC: hours and quarters fall together with local ones in France, days begin at 1:00 or 2:00 local time.
Plots and forecasts only; nothing contractual is computed from them.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from math import fsum
from typing import NamedTuple

from supervisor.store.samples import blocks, unpack

# Rows of the tier below that one slice reads: some 50 ms of the reader's thread.
SLICE_ROWS = 30_000


class Tier(NamedTuple):
    """One size of bucket."""

    name: str
    seconds: int

    @property
    def table(self) -> str:
        """Where its rows are."""
        return f"rollup_{self.name}"


TIERS = (Tier("quarter", 900), Tier("hour", 3600), Tier("day", 86400))


class Mark(NamedTuple):
    """All buckets before `start` are rolled up, and in that one all sondes whose number is below `sonde`."""

    start: int
    sonde: int


class Summary(NamedTuple):
    """One row of a roll-up: min, mean and max of each measurement of a shape, one after the other."""

    start: int
    sonde: int
    shape: int
    n: int
    data: bytes


class Slice(NamedTuple):
    """A piece of work: what to add, and how far that leads."""

    rows: list[Summary]
    mark: Mark


def mark(connection: sqlite3.Connection, tier: Tier) -> Mark:
    """How far a tier is."""
    row = connection.execute("select start, sonde from rollup_mark where tier = ?", [tier.name]).fetchone()
    return Mark(*row) if row else Mark(0, 0)


def next_slice(connection: sqlite3.Connection, tier: Tier, settled: int) -> Slice | None:
    """Compute the next piece of a tier; None when there is none. Reads only, so that the writer is not held up.

    `settled`: no more samples older than this will come. A bucket is rolled up once it is complete, by ranges of
    sondes, in order; stretches without measurements are passed over.
    """
    below = TIERS[TIERS.index(tier) - 1] if tier is not TIERS[0] else None
    ready = (settled if below is None else mark(connection, below).start) // tier.seconds * tier.seconds
    done = mark(connection, tier)
    start, low = done
    if low == 0:
        start = min(_first_bucket(connection, tier, below, start, ready), ready)
    if start >= ready:
        return Slice([], Mark(ready, 0)) if done.start < ready else None
    (last,) = connection.execute("select ifnull(max(key), 0) from sonde").fetchone()
    if below is None:
        high = low + _sondes_in_slice(connection, start, start + tier.seconds, last)
        rows = _from_samples(connection, tier, start, low, high)
    else:
        high = low + max(1, SLICE_ROWS * below.seconds // tier.seconds)
        rows = _from_below(connection, tier, below, start, low, high)
    return Slice(rows, Mark(start, high) if high <= last else Mark(start + tier.seconds, 0))


def save(connection: sqlite3.Connection, tier: Tier, piece: Slice) -> None:
    """Add a piece and say so in the same transaction: after a crash it is there and marked, or neither."""
    connection.executemany(f"insert into {tier.table} values (?, ?, ?, ?, ?)", piece.rows)  # noqa: S608
    connection.execute(
        "insert into rollup_mark values (?, ?, ?) "
        "on conflict (tier) do update set start = excluded.start, sonde = excluded.sonde",
        (tier.name, *piece.mark),
    )


def _first_bucket(connection: sqlite3.Connection, tier: Tier, below: Tier | None, start: int, ready: int) -> int:
    """The first bucket from `start` on that has something in it, `ready` if none has."""
    found: int | None
    if below is None:
        found = min((max(block.t_min, start) for block in blocks(connection, start, ready)), default=None)
    else:
        row = connection.execute(f"select min(start) from {below.table} where start >= ?", [start])  # noqa: S608
        (found,) = row.fetchone()
    return ready if found is None else found // tier.seconds * tier.seconds


def _sondes_in_slice(connection: sqlite3.Connection, start: int, end: int, sondes: int) -> int:
    rows = sum(block.last - block.first + 1 for block in blocks(connection, start, end))
    return max(1, sondes * SLICE_ROWS // max(rows, 1))


def _from_samples(connection: sqlite3.Connection, tier: Tier, start: int, low: int, high: int) -> list[Summary]:
    end = start + tier.seconds
    found = blocks(connection, start, end)
    if not found:
        return []
    # All samples of the bucket are looked at for each slice: stepping over a row costs SQLite 0.1 µs without Python's
    # lock, where holding 300,000 of them would cost 30 MB.
    rows = connection.execute(
        "select sonde, shape, data from sample "
        "where id between ? and ? and t >= ? and t < ? and sonde >= ? and sonde < ?",
        (min(block.first for block in found), max(block.last for block in found), start, end, low, high),
    )
    groups: dict[tuple[int, int], list[bytes]] = {}
    for sonde, shape, data in rows:
        groups.setdefault((sonde, shape), []).append(data)
    return [Summary(start, *key, len(rows), summarise(rows)) for key, rows in sorted(groups.items())]


def _from_below(
    connection: sqlite3.Connection, tier: Tier, below: Tier, start: int, low: int, high: int
) -> list[Summary]:
    groups: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    for bucket in range(start, start + tier.seconds, below.seconds):
        rows = connection.execute(
            f"select sonde, shape, n, data from {below.table} "  # noqa: S608
            "where start = ? and sonde >= ? and sonde < ?",
            (bucket, low, high),
        )
        for sonde, shape, n, data in rows:
            groups.setdefault((sonde, shape), []).append((n, data))
    return [Summary(start, *key, sum(n for n, _ in parts), merge(parts)) for key, parts in sorted(groups.items())]


def summarise(rows: Sequence[bytes]) -> bytes:
    """Min, mean and max of each column of packed rows of one shape."""
    width = len(rows[0]) // 8
    values = unpack(b"".join(rows))
    columns = (values[column::width] for column in range(width))
    return _pack((min(column), fsum(column) / len(column), max(column)) for column in columns)


def merge(parts: Sequence[tuple[int, bytes]]) -> bytes:
    """Several summaries of one shape, each of n rows, as one."""
    total = sum(n for n, _ in parts)
    unpacked = [(n, unpack(data)) for n, data in parts]
    width = len(parts[0][1]) // 8
    return _pack(
        (
            min(values[column] for _, values in unpacked),
            fsum(n * values[column + 1] for n, values in unpacked) / total,
            max(values[column + 2] for _, values in unpacked),
        )
        for column in range(0, width, 3)
    )


def _pack(triples: Iterable[tuple[float, float, float]]) -> bytes:
    return b"".join(struct.pack("<3d", *triple) for triple in triples)
