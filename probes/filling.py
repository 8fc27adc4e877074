"""When a volume is full, at the pace at which it fills. Pure; supervisor/domain/forecast.py finds the pace."""

from __future__ import annotations

import math
from typing import NamedTuple

DAY_S = 86400.0
HORIZON_S = 365 * DAY_S  # beyond, a date is an extrapolation that nobody should plan by
_SPREAD = 1.2816  # four fifths of a normal distribution lie within so many standard deviations


class Pace(NamedTuple):
    """How a volume grows, as a line through its daily means and what lies around it."""

    at: float  # POSIX time of `level_bytes`
    level_bytes: float  # use on the line
    per_s: float  # growth, in bytes a second; above 0
    error: float  # its standard error
    wander: float  # variance that the level gathers beside the line, in bytes² a second
    noise_bytes: float  # standard deviation of the level
    peak_bytes: float  # how far the usual peaks (nightly backups) rise above the line
    swing_bytes: float  # how far from the line use has lately been: beyond, something new has happened


class Filling(NamedTuple):
    """When it is full, with the four-fifths interval; POSIX times."""

    full_at: float
    earliest: float
    latest: float


def filling(pace: Pace, at: float, used_bytes: float, size_bytes: float) -> Filling | None:
    """When the peaks reach the size; None beyond the horizon. `used_bytes` and `size_bytes` were read at `at`.

    Use within its usual swing says nothing new, and the line holds; beyond it, a clean-up or a step has happened since
    the line was drawn, and growth goes on from there.
    """
    if not math.isfinite(used_bytes + size_bytes):
        return None
    level = pace.level_bytes + pace.per_s * (at - pace.at)
    level = min(max(level, used_bytes - pace.swing_bytes), used_bytes + pace.swing_bytes)
    left = 0.0 if used_bytes >= size_bytes else max(0.0, size_bytes - level - pace.peak_bytes)
    wait_s = left / pace.per_s
    if not wait_s <= HORIZON_S:
        return None
    # The instant a drifting random walk arrives has the variance wander × wait / pace²; a relative error, so that
    # neither end is ever in the past. Capped: at a short distance a walk may arrive at any time.
    relative = min(1.0, (pace.error / pace.per_s) ** 2)
    if wait_s > 0:
        relative += min(1.0, pace.wander / (pace.per_s**2 * wait_s))
        relative += min(1.0, (pace.noise_bytes / left) ** 2)
    factor = math.exp(_SPREAD * math.sqrt(relative))
    return Filling(at + wait_s, at + wait_s / factor, at + wait_s * factor)
