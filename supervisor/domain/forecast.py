"""The pace at which a volume fills, from weeks of daily use; "no trend", with its reason, where there is none.

Four steps:
1. Jumps (a clean-up, a copy that arrives) are told from growth: days of one direction far beyond the usual, two at most
   in a row. Those that come seldom are taken out and the past shifted to the present level; those that are a routine
   (a weekly purge, backups that come and go) are how the volume lives, and stay.
2. The week's own rhythm is taken out; that of the day is gone already, the points being means of whole days.
3. What lies around a line is split into noise, which averages out, and wandering, which adds up, by second differences
   at a short and a long distance: neither a slope nor a change of slope shows in them.
4. A Theil-Sen slope over the last days is drawn out into the past for as long as it agrees with the shorter ones
   (intersection of confidence intervals): so much is the present regime.

Everything follows a line that is added to the data, and a change of units: more growth never gives a later date.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import fmean, median
from typing import NamedTuple

from probes.filling import DAY_S, HORIZON_S, Pace
from supervisor.domain.jumps import WEEKS_DAYS, Points, find_jumps, routine_days, scale, without

HISTORY_DAYS = 120  # what is looked at: routines of a month show three times in it
LEAST_DAYS = 14  # a habit of one week cannot be told from growth
STALE_DAYS = 3
_WINDOWS = (5, 7, 10, 14, 21, 30, 42, 60, 90, HISTORY_DAYS)  # five points bear one that is odd
_FINE_POINTS = 30  # a longer window is thinned to means of several days: pairs grow with the square
_AGREE = 1.4  # standard errors within which a longer window says the same
_SURE = 3.0  # standard errors that growth must be above nothing to be said
_STILL_SURE = 2.0  # once it was said: what is hardly certain would come and go every day
_LEVEL_DAYS = 5  # the present level is the median of so many last days
_GRAIN = 5e-5  # of the size: finer than this nothing is certain
_DOUBT = 1.3  # times the wandering that is seen: a few weeks tell little of it, rather too wide than too narrow
_LARGEST = 1e25


class Why(StrEnum):
    """Why there is no trend."""

    SHORT = "less than two weeks of measurements"
    STALE = "no measurement of the last three days"
    FLAT = "it hardly grows: a year or more"
    SHRINKING = "it shrinks"
    UNCLEAR = "no trend stands out of its ups and downs"
    FULL = "it is full"


class Day(NamedTuple):
    """What was used of a volume over a day."""

    at: float  # POSIX time of its middle
    low: float
    mean: float
    high: float


class _Spread(NamedTuple):
    """What lies around a line: variances of noise, and of a day's wandering."""

    noise: float
    wander: float

    def error(self, count: int, days: float) -> float:
        """The standard error of a slope through so many points over so many days."""
        return math.sqrt(1.2 * self.wander / days + 12 * self.noise / (count * days**2)) * (1 + 2 / count)


class _Trend(NamedTuple):
    slope: float  # a day
    error: float  # standard error of it
    since: float  # first day of the regime


def outlook(days: Sequence[Day], size_bytes: float, now: float, *, said: bool = False) -> Pace | Why:
    """The pace of a volume of that size, as of `now`. `said`: it had a trend when it was last looked at."""
    known = _usable(days, now)
    if len(known) < LEAST_DAYS or known[-1].at - known[0].at < (LEAST_DAYS - 1) * DAY_S:
        return Why.SHORT
    if now - known[-1].at > (STALE_DAYS + 0.5) * DAY_S:
        return Why.STALE
    if not 0 < size_bytes < _LARGEST:
        return Why.UNCLEAR
    start = known[0].at
    points = Points([(day.at - start) / DAY_S for day in known], [day.mean for day in known])
    jumps = find_jumps(points, size_bytes)
    routine = routine_days(jumps, points.t[-1])
    if jumps and points.t[-1] < max(WEEKS_DAYS - 1, (routine or 0) - 1):
        return Why.UNCLEAR  # too early to tell accidents from habits
    level = points if routine is not None else without(points, jumps)
    rhythm = _rhythm(level)
    smooth = Points(level.t, [y - rhythm[_weekday(t)] for t, y in zip(level.t, level.y, strict=True)])
    spread = _spread(smooth, size_bytes)
    trend = _regime(smooth, spread, routine or 0.0)
    today = (now - start) / DAY_S
    present = median(_at(today, trend, smooth)[-_LEVEL_DAYS:])
    reason = _why_none(trend, size_bytes - present, _STILL_SURE if said else _SURE)
    if reason is not None:
        return reason
    touched = {index for jump in jumps for index in range(jump.first, jump.last + 2)} if routine is None else set()
    lately = max(trend.since, level.t[-1] - LEAST_DAYS)
    line = [(known[i], y) for i, y in enumerate(_at(today, trend, level)) if level.t[i] >= lately and i not in touched]
    # What a day's extremes are beside the line; half a day's growth is no peak.
    peaks = [max(0.0, day.high - day.mean - trend.slope / 2) for day, _ in line]
    swings = [abs(y - present) + max(day.high - day.mean, day.mean - day.low) for day, y in line]
    return Pace(
        at=now,
        level_bytes=present,
        per_s=trend.slope / DAY_S,
        error=trend.error / DAY_S,
        wander=spread.wander / DAY_S,
        noise_bytes=math.sqrt(spread.noise / _LEVEL_DAYS * 1.5 + 2 * spread.wander),
        peak_bytes=max(rhythm) + (median(peaks) if peaks else 0.0),
        swing_bytes=max(_second_largest(swings), 2 * math.sqrt(spread.noise)),
    )


def _second_largest(values: list[float]) -> float:
    """What has happened twice is usual; a clean-up of an hour before midnight has not shown otherwise yet."""
    return sorted(values)[-2] if len(values) > 1 else 0.0


def _at(today: float, trend: _Trend, points: Points) -> list[float]:
    """Each point carried along the slope to the present."""
    return [y + trend.slope * (today - t) for t, y in zip(points.t, points.y, strict=True)]


def _usable(days: Sequence[Day], now: float) -> list[Day]:
    """Those of the last months that make sense, in order, one for each day."""
    by_day: dict[int, Day] = {}
    for day in days:
        sound = all(abs(value) < _LARGEST for value in day)  # neither NaN nor infinite
        if sound and day.low <= day.high and now - HISTORY_DAYS * DAY_S < day.at <= now:
            by_day[math.floor(day.at / DAY_S)] = day
    return [by_day[number] for number in sorted(by_day)]


def _why_none(trend: _Trend, left: float, sure: float) -> Why | None:
    margin = sure * trend.error
    if trend.slope > margin and (trend.slope + trend.error) * HORIZON_S / DAY_S >= left:
        return None
    if left <= 0:
        return Why.FULL
    if trend.slope < -margin:
        return Why.SHRINKING
    return Why.FLAT if (trend.slope + trend.error) * HORIZON_S / DAY_S < left else Why.UNCLEAR


# --- rhythm and noise


def _weekday(t: float) -> int:
    return round(t) % 7


def _rhythm(points: Points) -> list[float]:
    """What each day of the week has beside the mean of its week; nothing before three weeks are known."""
    if points.t[-1] - points.t[0] < WEEKS_DAYS - 1:
        return [0.0] * 7
    by_day = {round(t): y for t, y in zip(points.t, points.y, strict=True)}
    beside: list[list[float]] = [[] for _ in range(7)]
    for number, y in by_day.items():
        week = [by_day.get(number + shift) for shift in range(-3, 4)]
        whole = [value for value in week if value is not None]
        if len(whole) == 7:
            beside[number % 7].append(y - fmean(whole))
    if not all(beside):
        return [0.0] * 7
    usual = [median(values) for values in beside]
    middle = fmean(usual)
    return [value - middle for value in usual]


def _spread(points: Points, size: float) -> _Spread:
    by_day = {round(t): y for t, y in zip(points.t, points.y, strict=True)}
    distance = 7 if len(by_day) >= WEEKS_DAYS else 3
    near, far = _second(by_day, 1), _second(by_day, distance)
    wander = _DOUBT * max(0.0, (far - near) / (2 * (distance - 1)))
    noise = max(0.0, (near - 2 * wander) / 6)
    return _Spread(noise=max(noise, (_GRAIN * size) ** 2), wander=wander)


def _second(by_day: dict[int, float], distance: int) -> float:
    """The variance of second differences at that distance: 6 × noise + 2 × distance × wandering."""
    found = [
        by_day[number + distance] - 2 * y + by_day[number - distance]
        for number, y in by_day.items()
        if number + distance in by_day and number - distance in by_day
    ]
    return scale(found) ** 2 if found else 0.0


# --- slopes


def _regime(points: Points, spread: _Spread, least_days: float) -> _Trend:
    """The slope of the present regime. `least_days`: what a routine needs to be seen through."""
    span = points.t[-1]
    if span < WEEKS_DAYS - 1:
        # Few pairs, and habits that are not known yet: whoever copies every other day is no trend either.
        return _Trend(_weekly_slope(points), 2 * spread.error(len(points.t), span), 0.0)
    low, high = -math.inf, math.inf
    chosen: list[_Trend] = []
    for window in _WINDOWS:
        inside = sum(t > span - window for t in points.t)
        if inside < min(_WINDOWS) or window < min(least_days, span):
            continue
        part = Points(points.t[-inside:], points.y[-inside:])
        error = spread.error(inside, span - part.t[0])
        slope = _slope(_thinned(part))
        low, high = max(low, slope - _AGREE * error), min(high, slope + _AGREE * error)
        if low > high:
            # A part of what came before the bend may be in it already: as certain as the window before, no more.
            return chosen[-1]._replace(error=chosen[-2 if len(chosen) > 1 else -1].error)
        chosen.append(_Trend(slope, error, part.t[0]))
    return chosen[-1]


def _thinned(points: Points) -> Points:
    several = math.ceil(len(points.t) / _FINE_POINTS)
    if several == 1:
        return points
    starts = range(len(points.t) % several, len(points.t), several)
    return Points(
        [fmean(points.t[start : start + several]) for start in starts],
        [fmean(points.y[start : start + several]) for start in starts],
    )


def _slope(points: Points) -> float:
    """Theil and Sen: the median slope of all pairs."""
    pairs = list(zip(points.t, points.y, strict=True))
    return median([(y2 - y1) / (t2 - t1) for index, (t1, y1) in enumerate(pairs) for t2, y2 in pairs[index + 1 :]])


def _weekly_slope(points: Points) -> float:
    """The same of the pairs that are a week apart: the habits of a week are not known, but they cancel out."""
    by_day = {round(t): y for t, y in zip(points.t, points.y, strict=True)}
    slopes = [(by_day[day + 7] - y) / 7 for day, y in by_day.items() if day + 7 in by_day]
    return median(slopes) if slopes else 0.0
