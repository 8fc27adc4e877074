"""The four-way ledger of SPEC 5: every contracted second is up, down, excluded or unknown; and the figures it gives.

Only whole seconds are kept and added; a ratio is made of them when somebody asks for it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from operator import itemgetter
from typing import Final

from supervisor.domain.interval import Spans, intersect, union
from supervisor.domain.rule import Run, Truth

# Why time may be left out of the figure. Stored and exported: the strings never change.
KINDS: Final = ("maintenance", "force_majeure", "collectivite", "third_party")


class Verdict(StrEnum):
    """Whether a target was kept."""

    MET = "met"  # whatever happened in the unknown time
    MISSED = "missed"  # likewise
    UNDETERMINED = "undetermined"  # the unknown time decides, and nobody knows


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The seconds of a service over a period. They add up: two months are the sum of each."""

    open_s: int  # opening time: O
    excluded_s: int  # of which left out, the kinds of the profile's `sla.exclude` together: E
    down_s: int  # outside what is excluded: D
    unknown_s: int  # likewise: U
    raw_down_s: int  # down if nothing were excluded
    raw_unknown_s: int
    kinds: Mapping[str, int]  # opening time under each of KINDS, excluded from the figure or not; may overlap

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            open_s=self.open_s + other.open_s,
            excluded_s=self.excluded_s + other.excluded_s,
            down_s=self.down_s + other.down_s,
            unknown_s=self.unknown_s + other.unknown_s,
            raw_down_s=self.raw_down_s + other.raw_down_s,
            raw_unknown_s=self.raw_unknown_s + other.raw_unknown_s,
            kinds={kind: self.kinds[kind] + other.kinds[kind] for kind in KINDS},
        )

    @property
    def raw(self) -> Figures:
        """The same time with nothing excluded: the figures "without exclusions" of the reports."""
        return Figures(
            open_s=self.open_s,
            excluded_s=0,
            down_s=self.raw_down_s,
            unknown_s=self.raw_unknown_s,
            raw_down_s=self.raw_down_s,
            raw_unknown_s=self.raw_unknown_s,
            kinds=self.kinds,
        )

    @property
    def judged_s(self) -> int:
        """What is left to measure: |O| − |E|."""
        return self.open_s - self.excluded_s

    @property
    def measured_s(self) -> int:
        """What was measured of it: |O| − |E| − |U|."""
        return self.judged_s - self.unknown_s

    @property
    def up_s(self) -> int:
        """Known to be up."""
        return self.measured_s - self.down_s

    # 1 − a / b is computed as (b − a) / b: one correctly rounded division, so that 96 % exactly is 0.96, and
    # low ≤ availability ≤ high holds for the rounded numbers too.

    @property
    def availability(self) -> float | None:
        """Of what was measured; None when nothing was."""
        return _ratio(self.up_s, self.measured_s)

    @property
    def low(self) -> float | None:
        """As if all unknown time had been down; None when nothing is left to measure."""
        return _ratio(self.up_s, self.judged_s)

    @property
    def high(self) -> float | None:
        """As if all unknown time had been up; None when nothing is left to measure."""
        return _ratio(self.judged_s - self.down_s, self.judged_s)

    @property
    def coverage(self) -> float | None:
        """How much of what is left to measure was measured; None when nothing is left."""
        return _ratio(self.measured_s, self.judged_s)

    @property
    def raw_availability(self) -> float | None:
        """Availability with nothing excluded."""
        return self.raw.availability

    def verdict(self, target: Fraction | None) -> Verdict | None:
        """Judged on whole seconds, never on a rounded ratio; None without a target."""
        if target is None:
            return None
        if not self.judged_s:
            return Verdict.UNDETERMINED
        if Fraction(self.up_s, self.judged_s) >= target:
            return Verdict.MET
        if Fraction(self.judged_s - self.down_s, self.judged_s) < target:
            return Verdict.MISSED
        return Verdict.UNDETERMINED


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


ZERO: Final = Figures(
    open_s=0, excluded_s=0, down_s=0, unknown_s=0, raw_down_s=0, raw_unknown_s=0, kinds=dict.fromkeys(KINDS, 0)
)


def measure(opening: Spans, runs: Sequence[Run], windows: Mapping[str, Spans], exclude: Collection[str]) -> Figures:
    """The figures of one service over the time that `runs` cover.

    `opening` is O: already cut to the period, the contract, `since` and now. `windows` are the spans of each kind,
    `exclude` the kinds that are left out of the figure; excluded wins over down and unknown.

    Most of a year is up, known and not excluded, so it is never walked: up is what the rest leaves of the opening
    time, and of the rest only the opening spans that it touches are looked at.
    """
    require_covered(opening, runs)
    by_kind = spans_by_kind(windows, exclude)
    excluded = union(*(by_kind[kind] for kind in exclude))
    down = [(run.start, run.end) for run in runs if run.truth is Truth.DOWN]
    unknown = [(run.start, run.end) for run in runs if run.truth is Truth.UNKNOWN]
    raw_down_s = _open_seconds(opening, down)
    raw_unknown_s = _open_seconds(opening, unknown)
    return Figures(
        open_s=sum(map(_end, opening)) - sum(map(_start, opening)),
        excluded_s=_open_seconds(opening, excluded),
        down_s=raw_down_s - _open_seconds(opening, intersect(down, excluded)),
        unknown_s=raw_unknown_s - _open_seconds(opening, intersect(unknown, excluded)),
        raw_down_s=raw_down_s,
        raw_unknown_s=raw_unknown_s,
        kinds={kind: _open_seconds(opening, by_kind[kind]) for kind in KINDS},
    )


def require_covered(opening: Spans, runs: Sequence[Run]) -> None:
    """Refuse opening time that no run speaks of: left alone it would count as up."""
    if opening and (not runs or opening[0][0] < runs[0].start or opening[-1][1] > runs[-1].end):
        raise ValueError("the opening time goes beyond the runs")


def spans_by_kind(windows: Mapping[str, Spans], exclude: Collection[str]) -> dict[str, Spans]:
    """The windows of every kind, overlaps within a kind joined; a kind that does not exist is refused."""
    strange = {*windows, *exclude}.difference(KINDS)
    if strange:
        raise ValueError(f"no such kind of exclusion: {', '.join(sorted(strange))}")
    return {kind: union(windows[kind]) if windows.get(kind) else () for kind in KINDS}


_start, _end = itemgetter(0), itemgetter(1)


def _open_seconds(opening: Spans, spans: Spans) -> int:
    """How many seconds of the spans are opening time."""
    total = i = 0
    for start, end in spans:
        i = bisect_right(opening, start, lo=i, key=_end)
        j = i
        while j < len(opening) and opening[j][0] < end:
            total += min(end, opening[j][1]) - max(start, opening[j][0])
            j += 1
        i = max(i, j - 1)  # the last one touched may go on under the next span
    return total


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """The downtime that a target still allows over a whole period, seen from a moment within it."""

    total_s: int  # the longest downtime that keeps the target, should the rest of the period be fully measured
    spent_s: int
    left_s: int  # below zero: more was spent than the target allows
    burn: float | None  # 1: all of it will be spent exactly at the end, at this pace; None: nothing to go by


def budget(target: Fraction | None, so_far: Figures, period_open_s: int) -> Budget | None:
    """The remaining downtime of a period whose whole opening time is `period_open_s`; None without a target.

    Time that is excluded or unknown so far can no longer be measured: it leaves the period's total as well as the
    share of it that has elapsed. So burn = (spent / total) / (measured so far / measurable in all), which is the
    unavailability so far over the one allowed.
    """
    if target is None:
        return None
    measurable_s = period_open_s - so_far.excluded_s - so_far.unknown_s
    total_s = int((1 - target) * measurable_s)
    allowed_s = (1 - target) * so_far.measured_s
    return Budget(
        total_s=total_s,
        spent_s=so_far.down_s,
        left_s=total_s - so_far.down_s,
        burn=float(so_far.down_s / allowed_s) if allowed_s else None,
    )
