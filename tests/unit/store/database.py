"""A database in memory with Vigie's schema, and a plain model of what a history is, for the tests of this package."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlite_utils import Database

from probes.base import Measurement, Result, Status
from supervisor.domain.state import Change, Segment
from supervisor.store.apply import apply
from supervisor.store.batch import Batch
from supervisor.store.keys import Keys
from supervisor.store.migrations import MIGRATIONS


class Memory:
    """What a store writes to, without threads or files."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        MIGRATIONS.apply(Database(self.connection, execute_plugins=False))
        self.connection.execute("pragma foreign_keys = on")
        self.keys = Keys(self.connection)

    def apply(self, *batches: Batch) -> None:
        """Each in a transaction of its own."""
        for batch in batches:
            self.connection.execute("begin immediate")
            apply(self.connection, self.keys, batch)
            self.connection.execute("commit")
            self.keys.settle()

    def rows(self, query: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.connection.execute(query, parameters).fetchall()

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that was recorded, as people mean it: by sonde id, not by number."""
        named = "join sonde s on s.key = x.sonde"
        return {
            "interval": self.rows(
                f"select s.id, start, end, status, cause, via, message from interval x {named} order by 1, 2"
            ),
            "coverage": self.rows(f"select s.id, last_at, until from coverage x {named} order by 1"),
            "state": self.rows(f"select s.id, json, journal from state x {named} order by 1"),
            "ledger": self.rows("select * from ledger order by id"),
            "sample": self.rows(
                f"select s.id, x.t, h.names, x.data from sample x {named} join shape h on h.id = x.shape order by x.id"
            ),
            "beat": self.rows(f"select s.id, t, exit_code, message from beat x {named} order by x.id"),
        }

    def close(self) -> None:
        """Forget it all."""
        self.connection.close()


def memory() -> closing[Memory]:
    """For `with memory() as database:`."""
    return closing(Memory())


def change(
    sonde: str,
    trim: int,
    *paint: tuple[int, Status],
    message: str = "",
    at: int | None = None,
    upto: int | None = None,
) -> Change:
    """A change that paints these (start, status)."""
    segments = tuple(Segment(start, status) for start, status in paint)
    after = segments[-1].status if segments else Status.UNKNOWN
    last = segments[-1].start if segments else trim
    return Change(sonde, last if at is None else at, trim, segments, Status.UNKNOWN, after, message, upto=upto)


def result(*values: float, duration_s: float = 0.5) -> Result:
    """An ok result that measured m0, m1…"""
    measured = tuple(Measurement(f"m{index}_ratio", value) for index, value in enumerate(values))
    return Result(Status.OK, "ok", measured, duration_s)


class NaiveHistory:
    """The history of one sonde as a list of start, end, status, cause, via: what `Change` says, word for word."""

    def __init__(self) -> None:
        self.spans: list[tuple[int, int | None, str, str, str]] = []

    def apply(self, item: Change) -> None:
        """Drop all from `trim` on, then add `paint`; of a life that is over, what begins at its end or later stays."""
        kept: list[tuple[int, int | None, str, str, str]] = []
        later = []
        for start, end, status, cause, via in self.spans:
            if start < item.trim:
                kept.append((start, item.trim if end is None or end > item.trim else end, status, cause, via))
            elif item.upto is not None and start >= item.upto:
                later.append((start, end, status, cause, via))
        for index, segment in enumerate(item.paint):
            end = item.paint[index + 1].start if index + 1 < len(item.paint) else item.upto
            if item.upto is not None:
                end = min(end or item.upto, item.upto)
            if end is None or end > segment.start:
                kept.append((segment.start, end, str(segment.status), segment.cause, segment.via))
        self.spans = kept + later
