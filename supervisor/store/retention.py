"""What is kept only for a while goes, a little at a time."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from supervisor.store.rollup import TIERS, Tier, mark

# Rows one transaction deletes: some 10 ms of the writer, which a flush may have to wait for.
SLICE_ROWS = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How long measurements are kept, by tier, in seconds. States and ledger are kept for ever."""

    samples_s: int
    quarters_s: int
    hours_s: int
    days_s: int


def drop_samples(connection: sqlite3.Connection, before: int) -> bool:
    """Drop some samples older than `before` that are rolled up; is there more?"""
    before = min(before, mark(connection, TIERS[0]).start)
    room = SLICE_ROWS
    rows = connection.execute(
        "select first, last from sample_block where t_max < ? order by first limit 100", [before]
    ).fetchall()
    for first, last in rows:
        stop = min(last, first + room - 1)
        connection.execute("delete from sample where id between ? and ?", (first, stop))
        if stop < last:
            connection.execute("update sample_block set first = ? where first = ?", (stop + 1, first))
            return True
        connection.execute("delete from sample_block where first = ?", [first])
        room -= stop - first + 1
        if room <= 0:
            return True
    return len(rows) == 100


def drop_rollups(connection: sqlite3.Connection, tier: Tier, before: int) -> bool:
    """Drop some rows of a tier older than `before` that the next tier has taken in; is there more?"""
    before = before // tier.seconds * tier.seconds  # a bucket goes when all of it is too old
    if tier is not TIERS[-1]:
        before = min(before, mark(connection, TIERS[TIERS.index(tier) + 1]).start)
    bound = connection.execute(
        f"select start, sonde from {tier.table} where start < ? order by start, sonde limit 1 offset ?",  # noqa: S608
        (before, SLICE_ROWS),
    ).fetchone()
    start, sonde = bound or (before, 0)
    connection.execute(f"delete from {tier.table} where (start, sonde) < (?, ?)", (start, sonde))  # noqa: S608
    return bound is not None
