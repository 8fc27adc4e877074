"""The seconds behind the figures of a statement, with what the tables add to them: which ancestor hid a sonde, what its
check said, which entry of the register excludes. The lines themselves are made by `domain.explain`.

As in a statement, a closed month is explained by its frozen inputs and the rest by the tables, so that the sums of the
lines are the figures.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.domain.availability import ZERO, Figures
from supervisor.domain.explain import Cause, Line, explain, fold
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import normalise, subtract
from supervisor.domain.period import Period
from supervisor.domain.promise import Promises, Window
from supervisor.domain.rule import Member
from supervisor.proof import frozen, reading
from supervisor.proof.reading import Seconds
from supervisor.proof.statement import span_of, stamp
from supervisor.store import intervals
from supervisor.store.intervals import Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A service over a part of the period that was read from one place: a closed month, or the tables."""

    seconds: Seconds
    exclude: tuple[str, ...]  # kinds left out of the figure there

    @property
    def figures(self) -> Figures:
        """The four-way ledger of the stretch."""
        return self.seconds.figures(self.exclude)

    def lines(self) -> list[Line]:
        """Every second of it, cut at every opening and closing."""
        seconds = self.seconds
        return explain(seconds.opening, seconds.runs, seconds.by_kind, self.exclude, seconds.members)


History = dict[ServiceKey, list[Stretch]]  # in order of time


def histories(
    connection: sqlite3.Connection, promises: Promises, period: Period, now: int, collectivites: Sequence[str]
) -> Iterator[tuple[str, History]]:
    """What the statement of a period is made of, one collectivité at a time, in the order given.

    The tables are swept once for all of them, so they are to be in config order (those that the config has no more
    come from closed months alone, wherever they stand).
    """
    start, until = span_of(period, promises.zone, now)
    closed = frozen.months(connection, promises.zone, start, until)
    alone = collectivites[0] if len(collectivites) == 1 else None
    sweeps = [
        _Sweep(reading.read(connection, promises, since, end, alone))
        for since, end in subtract([(start, until)], normalise((month.start, month.end) for month in closed))
    ]
    for collectivite in collectivites:
        found: dict[ServiceKey, list[Stretch]] = defaultdict(list)
        for month in closed:
            for part in frozen.parts(connection, month, collectivite):
                for service in part.services:
                    seconds = service.seconds(max(start, month.start), min(until, month.end))
                    found[service.promise.key].append(Stretch(seconds=seconds, exclude=month.exclude))
        for sweep in sweeps:
            for seconds in sweep.of(collectivite):
                found[seconds.promise.key].append(Stretch(seconds=seconds, exclude=promises.exclude))
        yield collectivite, {key: sorted(stretches, key=_start) for key, stretches in found.items()}


def _start(stretch: Stretch) -> int:
    return stretch.seconds.start


class _Sweep:
    """One reading of the tables, asked collectivité by collectivité."""

    def __init__(self, read: Iterator[Seconds]) -> None:
        self._groups = groupby(read, key=lambda seconds: seconds.promise.key[0])
        self._next = next(self._groups, None)

    def of(self, collectivite: str) -> list[Seconds]:
        if self._next is None or self._next[0] != collectivite:
            return []
        found = list(self._next[1])
        self._next = next(self._groups, None)
        return found


def total(stretches: Iterable[Stretch]) -> Figures:
    """The figures of all of them."""
    return reduce(add, (stretch.figures for stretch in stretches), ZERO)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """A sonde that was not available, and what is known of that."""

    sonde: str
    status: Status  # critical or unknown
    cause: str  # why it is unknown; "" otherwise
    via: tuple[str, ...]  # the critical ancestors that hid it
    message: str  # the first that its check gave


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """A stretch of a service's time of which the same can be said from end to end."""

    line: Line
    reasons: tuple[Reason, ...]
    windows: tuple[Window, ...]  # entries of the register that it is under

    @property
    def notable(self) -> bool:
        """Is it opening time with something to tell: not plainly up?"""
        return self.line.counted is not None and (self.line.counted != "up" or bool(self.line.kinds))


def explained(connection: sqlite3.Connection, stretches: Iterable[Stretch], *, folded: bool = True) -> list[Explained]:
    """Every second of a service, each in one line; `folded`: what only closing time separates is one line."""
    found: list[Explained] = []
    for stretch in stretches:
        lines = stretch.lines()
        found += annotated(connection, stretch, fold(lines) if folded else lines)
    return found


def annotated(connection: sqlite3.Connection, stretch: Stretch, lines: Iterable[Line]) -> Iterator[Explained]:
    """Some lines of a stretch, with what the tables tell of them."""
    told = _Told(connection, stretch.seconds)
    return (told.of(line) for line in lines)


class _Told:
    """What the tables tell of the sondes of one service."""

    def __init__(self, connection: sqlite3.Connection, seconds: Seconds) -> None:
        self._windows = seconds.windows
        self._ill = _ill(connection, seconds.start, seconds.end, seconds.members)

    def of(self, line: Line) -> Explained:
        return Explained(
            line=line,
            reasons=tuple(self._reason(cause, line) for cause in line.causes),
            windows=tuple(window for window in self._windows if window.start < line.end and window.end > line.start),
        )

    def _reason(self, cause: Cause, line: Line) -> Reason:
        stretches = list(self._within(cause, line))
        return Reason(
            sonde=cause.sonde,
            status=cause.status,
            cause=cause.cause,
            via=tuple(dict.fromkeys(found.via for found in stretches if found.via)),
            message=next((found.message for found in stretches if found.message), ""),
        )

    def _within(self, cause: Cause, line: Line) -> Iterable[Interval]:
        """Its intervals of that state that touch the line."""
        found = self._ill[cause.sonde]
        for interval in found[bisect_right(found, line.start, key=lambda each: each.end) :]:
            if interval.start >= line.end:
                return
            if (interval.status, interval.cause) == (cause.status, cause.cause):
                yield interval


def _ill(connection: sqlite3.Connection, start: int, end: int, members: Sequence[Member]) -> dict[str, list[Interval]]:
    """By sonde, when it was critical or unknown; only those that ever were are read again."""
    bad = (Status.CRITICAL, Status.UNKNOWN)
    sondes = [member.sonde for member in members if any(piece.status in bad for piece in member.pieces)]
    found: dict[str, list[Interval]] = defaultdict(list)
    if sondes:
        for interval in intervals.read(connection, start, end, sondes):
            if interval.status in bad:
                found[interval.sonde].append(interval)
    return found


def explained_json(lines: Iterable[Explained], zone: ZoneInfo) -> list[dict[str, Any]]:
    """As `vigie sla explain --json` prints the lines."""
    return [_line(each, zone) for each in lines]


def _line(each: Explained, zone: ZoneInfo) -> dict[str, Any]:
    line = each.line
    return {
        "start": stamp(line.start, zone),
        "end": stamp(line.end, zone),
        "open_s": line.open_s,
        "counted": line.counted,
        "state": str(line.truth),
        "kinds": list(line.kinds),
        "sondes": [
            {
                "sonde": reason.sonde,
                "status": str(reason.status),
                "cause": reason.cause or None,
                "via": list(reason.via),
                "message": reason.message or None,
            }
            for reason in each.reasons
        ],
        "windows": [
            {"id": window.id, "kind": window.kind, "text": window.text, "author": window.author}
            for window in each.windows
        ],
    }
