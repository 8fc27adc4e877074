"""Clean-ups, copies that arrive, backups that come and go: the jumps in the daily use of a volume."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

WEEKS_DAYS = 21  # from three weeks on, habits of a week are known
_JUMP_SCALES = 5.0  # times the usual deviation
_JUMP_SHARE = 0.01  # of the size: smaller ones do not matter, whatever the rest is like
_JUMP_DAYS = 2  # a jump at noon is seen in two daily means; three days in a row are a new pace
_ROUTINE_DAYS = 10.5  # what comes back less often is done by hand, when somebody sees the need
_STOPPED = 1.5  # times the longest gap between two without a third: the routine is no more


class Points(NamedTuple):
    """Days since the first one, and what was used; equally long."""

    t: list[float]
    y: list[float]


class Jump(NamedTuple):
    """A step between point `first` and point `last + 1`, over one or two of the gaps between points."""

    first: int
    last: int
    at: float
    height: float


def find_jumps(points: Points, size: float) -> list[Jump]:
    """Rises or falls of a day or two that are far beyond the usual."""
    steps = [(t2 - t1, y2 - y1) for (t1, y1), (t2, y2) in pairwise(zip(points.t, points.y, strict=True))]
    usual = median(rise / gap for gap, rise in steps)
    beyond = [rise - usual * gap for gap, rise in steps]
    limit = max(_JUMP_SCALES * scale(beyond), _JUMP_SHARE * size)
    found = []
    index = 0
    while index < len(beyond):
        last = index
        while last < len(beyond) and abs(beyond[last]) > limit and (beyond[last] > 0) == (beyond[index] > 0):
            last += 1
        if 0 < last - index <= _JUMP_DAYS:
            found.append(Jump(index, last - 1, points.t[last], sum(beyond[index:last])))
        index = max(last, index + 1)
    return found


def routine_days(jumps: list[Jump], end: float) -> float | None:
    """How far back a slope must reach to see through jumps that are a routine; None if these are accidents."""
    falls = [jump for jump in jumps if jump.height < 0]
    stairs = len(jumps) > 2 and not falls  # a volume that grows by steps, however far apart
    seen = jumps if len(jumps) > 2 else falls
    if len(seen) < 2:
        return None
    longest = max([later.at - earlier.at for earlier, later in pairwise(seen)][-3:])
    if end - seen[-1].at > _STOPPED * longest:
        return None  # they have stopped
    return max(WEEKS_DAYS, 3 * longest) if stairs or longest <= _ROUTINE_DAYS else None


def without(points: Points, jumps: list[Jump]) -> Points:
    """The past at the present level."""
    y = list(points.y)
    for jump in jumps:
        gaps = range(jump.first, jump.last + 1)
        share = jump.height / len(gaps)
        for index in gaps:
            for before in range(index + 1):
                y[before] += share
    return Points(points.t, y)


def scale(values: Sequence[float]) -> float:
    """A standard deviation around 0 that a third of the values may spoil."""
    ordered = sorted(map(abs, values))
    return ordered[min(len(ordered) - 1, int(0.6827 * len(ordered)))]
