"""Volumes whose future is known: what forecasts are held against. Units are days and thousandths of the size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from supervisor.domain.forecast import Day

DAY = 86400.0
SIZE = 1000.0
START = 1_700_000_000 // DAY * DAY + DAY / 2  # the middle of a day
_FUTURE = 2000


class World(NamedTuple):
    """What is known of a volume, and what nobody knows yet."""

    days: list[Day]
    now: float
    used: float
    full_at: float | None  # when the usual peaks reach the size


def line(count: int, per_day: float, used: float = 500.0) -> list[float]:
    """Daily means that end at `used` at midnight, now."""
    return [used - per_day * (count - index - 0.5) for index in range(count)]


def days(means: Sequence[float], per_day: float = 0.0, peak: float = 0.0) -> list[Day]:
    """A day for each mean; within it use grows by `per_day`, and rises by `peak` at night."""
    return [
        Day(START + index * DAY, mean - abs(per_day) / 2, mean, mean + abs(per_day) / 2 + peak)
        for index, mean in enumerate(means)
    ]


def end(count: int) -> float:
    """The midnight after so many days."""
    return START + (count - 0.5) * DAY


class _Habits(NamedTuple):
    noise: float = 0.0
    wander: float = 0.0
    week: tuple[float, ...] = (0.0,) * 7
    peak: float = 0.0
    jumps: dict[int, float] = {}  # noqa: RUF012
    before: float | None = None  # another pace, before day `bend`
    bend: int = 0


def _steady(random: Random, count: int) -> _Habits:
    return _Habits(peak=random.choice([0.0, 20.0]))


def _noisy(random: Random, count: int) -> _Habits:
    return _Habits(noise=random.choice([0.5, 2.0, 5.0, 10.0]), peak=random.choice([0.0, 20.0]))


def _wandering(random: Random, count: int) -> _Habits:
    return _Habits(wander=random.choice([0.5, 1.0, 2.0, 4.0]))


def _both(random: Random, count: int) -> _Habits:
    return _Habits(wander=random.choice([0.5, 1.0, 2.0]), noise=random.choice([1.0, 3.0, 6.0]))


def _weekly(random: Random, count: int) -> _Habits:
    return _Habits(noise=1.0, week=tuple(random.gauss(0, random.choice([3.0, 10.0])) for _ in range(7)))


def _jumping(random: Random, count: int) -> _Habits:
    jumps = {
        random.randint(1, count - 2): random.choice([-1, 1]) * random.uniform(30, 300)
        for _ in range(random.randint(1, 2))
    }
    return _Habits(noise=random.choice([0.5, 2.0, 5.0]), jumps=jumps)


def _bending(random: Random, count: int) -> _Habits:
    return _Habits(noise=1.0, before=random.choice([0.0, 0.2, 3.0]), bend=random.randint(5, count - 6))


KINDS: dict[str, Callable[[Random, int], _Habits]] = {
    "steady": _steady,
    "noisy": _noisy,
    "wandering": _wandering,
    "both": _both,
    "weekly": _weekly,
    "jumping": _jumping,
    "bending": _bending,
}


def worlds(kind: str, random: Random, many: int) -> Iterator[World]:
    """So many volumes of a kind, each with its own pace, age and room."""
    for _ in range(many):
        count = random.randint(21, 120)
        pace = random.choice([0.3, 0.6, 1.0, 2.0, 4.0])
        yield _world(random, count, pace, KINDS[kind](random, count))


def _world(random: Random, count: int, pace: float, habits: _Habits) -> World:
    level, levels = 0.0, []
    for day in range(count + _FUTURE):
        bent = habits.before is not None and day < habits.bend
        level += (habits.before or 0.0) if bent else pace
        level += random.gauss(0, 1) * habits.wander + habits.jumps.get(day, 0.0)
        levels.append(level)
    lift = random.uniform(0.5, 0.95) * SIZE - levels[count - 1]
    levels = [level + lift for level in levels]
    means = [level + random.gauss(0, 1) * habits.noise + habits.week[day % 7] for day, level in enumerate(levels)]
    peak = habits.peak + max(habits.week)
    full_at = next(
        (
            START
            + (day - 1 + min(1.0, max(0.0, (SIZE - levels[day - 1] - peak) / (levels[day] - levels[day - 1])))) * DAY
            for day in range(count, count + _FUTURE)
            if levels[day] + peak >= SIZE
        ),
        None,
    )
    return World(days(means[:count], pace, habits.peak), end(count), means[count - 1], full_at)
