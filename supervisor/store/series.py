"""Measurements over time, for plots and forecasts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from supervisor.store.keys import Shape, read_shape
from supervisor.store.rollup import TIERS, Tier, mark
from supervisor.store.samples import blocks, unpack

# The longest span that each source answers: up to a thousand points, and for samples, which have no index by sonde,
# three hours to look through. Days answer the rest.
_LONGEST = (3 * 3600, 10 * 86400, 41 * 86400)

Labels = tuple[tuple[str, str], ...]


class Point(NamedTuple):
    """What a measurement was over [t, t + span_s); a single value when `span_s` is 0."""

    t: int
    span_s: int
    n: int
    min: float
    mean: float
    max: float


def series(connection: sqlite3.Connection, sonde: str, name: str, start: int, end: int) -> dict[Labels, list[Point]]:
    """One measurement of one sonde within [start, end), by its labels: in the finest buckets that are still kept and
    few enough. What is too recent to be in such a bucket comes from finer ones, down to the samples.
    """
    found = connection.execute("select key from sonde where id = ?", [sonde]).fetchone()
    if found is None:
        return {}
    shapes: dict[int, Shape] = {
        key: read_shape(names) for key, names in connection.execute("select id, names from shape")
    }
    points: dict[Labels, list[Point]] = {}
    cursor = start
    for tier in reversed(TIERS[: _source(connection, start, end)]):
        reached = min(end, mark(connection, tier).start)
        if reached > cursor:
            for shape, point in _summaries(connection, tier, found[0], cursor, reached):
                _collect(points, shapes[shape], name, point, tier.seconds)
            cursor = reached
    for t, shape, values in _samples(connection, found[0], cursor, end):
        _collect(points, shapes[shape], name, (t, 1, values), 0)
    return points


def _source(connection: sqlite3.Connection, start: int, end: int) -> int:
    """0 for samples, i for TIERS[i - 1]."""
    source = sum(end - start > longest for longest in _LONGEST)
    oldest = _oldest(connection, source)
    for coarser, tier in enumerate(TIERS[source:], source + 1):
        reaches = _oldest(connection, coarser)
        # A coarser bucket begins before what it was made of: only one that ended before tells more.
        if reaches is not None and (oldest is None or (start < oldest and reaches + tier.seconds <= oldest)):
            source, oldest = coarser, reaches
    return source


def _oldest(connection: sqlite3.Connection, source: int) -> int | None:
    if source == 0:
        row = connection.execute("select min(t_min) from sample_block").fetchone()
    else:
        row = connection.execute(f"select min(start) from {TIERS[source - 1].table}").fetchone()  # noqa: S608
    return None if row[0] is None else int(row[0])


_BUCKETS = """
with recursive bucket(start) as (
    select :first union all select start + :seconds from bucket where start + :seconds < :end
)
select r.start, r.shape, r.n, r.data from bucket b cross join {table} r
where r.start = b.start and r.sonde = :sonde
"""


def _summaries(
    connection: sqlite3.Connection, tier: Tier, key: int, start: int, end: int
) -> Iterator[tuple[int, tuple[int, int, tuple[float, ...]]]]:
    # One look-up a bucket: the key of the table begins with the bucket (see the schema).
    bounds = {"first": start // tier.seconds * tier.seconds, "seconds": tier.seconds, "end": end, "sonde": key}
    for begin, shape, n, data in connection.execute(_BUCKETS.format(table=tier.table), bounds):
        yield shape, (begin, n, unpack(data))


def _samples(
    connection: sqlite3.Connection, key: int, start: int, end: int
) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    found = blocks(connection, start, end) if start < end else []
    if found:
        rows = connection.execute(
            "select t, shape, data from sample where id between ? and ? and sonde = ? and t >= ? and t < ? order by t",
            (min(block.first for block in found), max(block.last for block in found), key, start, end),
        )
        for t, shape, data in rows:
            yield t, shape, unpack(data)


def _collect(
    points: dict[Labels, list[Point]], shape: Shape, name: str, row: tuple[int, int, tuple[float, ...]], span_s: int
) -> None:
    t, n, values = row
    for index, (measured, labels) in enumerate(shape):
        if measured == name:
            low, mean, high = values[3 * index : 3 * index + 3] if span_s else (values[index],) * 3
            points.setdefault(labels, []).append(Point(t, span_s, n, low, mean, high))
