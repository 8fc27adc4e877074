"""What a service was, day by day, and why part of it is unknown: the seconds of `domain.explain` put together again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.domain.explain import Line
from supervisor.domain.interval import Span
from supervisor.domain.period import Period, midnight
from supervisor.proof.explaining import Explained


class DayState(StrEnum):
    """What is said of a whole day. Exported: the strings never change."""

    AVAILABLE = "available"  # all of its opening time
    INTERRUPTED = "interrupted"  # down for a part of it
    DOWN = "down"  # for all that was measured
    PARTLY = "partly_measured"  # never seen down, but not always seen
    UNMEASURED = "unmeasured"
    SPARED = "partly_excluded"  # a part of its opening time; available for the rest
    EXCLUDED = "excluded"  # all of its opening time
    CLOSED = "closed"  # no opening time, or nothing promised yet
    COMING = "coming"


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """One local day of one service, in opening seconds."""

    date: date
    up_s: int = 0
    down_s: int = 0
    excluded_s: int = 0
    unknown_s: int = 0
    coming: bool = False  # it has not begun

    @property
    def open_s(self) -> int:
        """Its opening time, up to now."""
        return self.up_s + self.down_s + self.excluded_s + self.unknown_s

    @property
    def state(self) -> DayState:
        """The worst that is known of it."""
        if self.coming:
            return DayState.COMING
        if not self.open_s:
            return DayState.CLOSED
        if self.excluded_s == self.open_s:
            return DayState.EXCLUDED
        if self.down_s:
            return DayState.INTERRUPTED if self.up_s else DayState.DOWN
        if self.unknown_s:
            return DayState.PARTLY if self.up_s else DayState.UNMEASURED
        return DayState.SPARED if self.excluded_s else DayState.AVAILABLE


def days(lines: Iterable[Line], period: Period, zone: ZoneInfo, until: int) -> tuple[Day, ...]:
    """Every day of a period, from lines that are wholly opening time or wholly not."""
    dates = [period.first + timedelta(days=n) for n in range((period.end - period.first).days)]
    starts = [midnight(each, zone) for each in dates]
    sums: list[dict[str, int]] = [{} for _ in dates]
    for line in lines:
        if line.counted is None:
            continue
        start, index = line.start, bisect_right(starts, line.start) - 1
        while start < line.end:
            end = min(line.end, starts[index + 1] if index + 1 < len(starts) else line.end)
            sums[index][line.counted] = sums[index].get(line.counted, 0) + end - start
            start, index = end, index + 1
    return tuple(
        Day(
            date=each,
            up_s=found.get("up", 0),
            down_s=found.get("down", 0),
            excluded_s=found.get("excluded", 0),
            unknown_s=found.get("unknown", 0),
            coming=start >= until,
        )
        for each, start, found in zip(dates, starts, sums, strict=True)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """Unknown time of one service that has the same cause."""

    causes: tuple[str, ...]  # of `domain.state`; none: no sonde takes part
    via: tuple[str, ...]  # the critical sondes behind which it could not be seen
    seconds: int  # of opening time; over all causes they add up to the unknown time of the service
    stretches: tuple[Span, ...]  # longest first


def unknowns(lines: Iterable[Explained]) -> tuple[Unknown, ...]:
    """By cause, the longest first."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Line]] = {}
    for each in lines:
        if each.line.counted != "unknown":
            continue
        blind = [reason for reason in each.reasons if reason.status is Status.UNKNOWN]
        causes = tuple(sorted({reason.cause for reason in blind}))
        via = tuple(sorted({sonde for reason in blind for sonde in reason.via}))
        found.setdefault((causes, via), []).append(each.line)
    totals = [
        Unknown(
            causes=causes,
            via=via,
            seconds=sum(line.open_s for line in under),
            stretches=_longest(under),
        )
        for (causes, via), under in found.items()
    ]
    return tuple(sorted(totals, key=lambda each: -each.seconds))


def _longest(lines: Sequence[Line]) -> tuple[Span, ...]:
    return tuple((line.start, line.end) for line in sorted(lines, key=lambda line: (-line.open_s, line.start)))
