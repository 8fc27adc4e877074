"""The pace at which a volume fills: on lines, on habits, on accidents, on garbage, and against a known future."""

from __future__ import annotations

import math
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.filling import Filling, Pace, filling
from supervisor.domain.forecast import Day, Why, outlook
from tests.unit.volume_worlds import DAY, KINDS, SIZE, START, days, end, line, worlds


def told(known: list[Day], size: float = SIZE, now: float | None = None, *, said: bool = False) -> Filling | Why | None:
    """The date as of the end of the last day, when what is read then is on the line."""
    now = end(len(known)) if now is None else now
    found = outlook(known, size, now, said=said)
    return filling(found, now, found.level_bytes, size) if isinstance(found, Pace) else found


def left(known: list[Day], size: float = SIZE) -> float:
    """The days that are left."""
    found = told(known, size)
    assert isinstance(found, Filling), found
    return (found.full_at - end(len(known))) / DAY


PROPERTY = settings(deadline=None)  # the time an example takes says nothing on a busy machine


# --- lines


@PROPERTY
@given(
    count=st.integers(14, 150), per_day=st.floats(1.0, 30.0), used=st.floats(100.0, 990.0), size=st.floats(1e-3, 1e18)
)
def test_a_line_gives_its_date(count: int, per_day: float, used: float, size: float) -> None:
    unit = size / SIZE
    if (SIZE - used) / per_day > 360:
        return
    known = days([y * unit for y in line(count, per_day, used)], per_day * unit)
    assert left(known, size) == pytest.approx((SIZE - used) / per_day, rel=1e-6, abs=1e-6)


def test_the_interval_of_a_line_is_narrow_and_around_the_date() -> None:
    found = told(days(line(60, 2.0), 2.0))
    assert isinstance(found, Filling)
    assert found.earliest < found.full_at < found.latest
    assert found.latest - found.earliest < 2 * DAY


series = st.builds(
    lambda per_day, seed, noise, jumps: [
        y + Random(seed * 1000 + index).gauss(0, noise) + sum(height for day, height in jumps if index >= day)
        for index, y in enumerate(line(60, per_day, 700.0))
    ],
    st.floats(-3.0, 5.0),
    st.integers(0, 10_000),
    st.sampled_from([0.1, 1.0, 5.0]),
    st.lists(st.tuples(st.integers(2, 57), st.floats(-200.0, 200.0)), max_size=3),
)


@PROPERTY
@given(series, st.integers(1, 1000), st.floats(1e-3, 1e15))
def test_neither_units_nor_the_epoch_matter(means: list[float], weeks: int, unit: float) -> None:
    known = days(means, 0.5)
    shifted = [Day(day.at + weeks * 7 * DAY, *(value * unit for value in day[1:])) for day in known]
    was, now = told(known), told(shifted, SIZE * unit, end(60) + weeks * 7 * DAY)
    if isinstance(was, Filling):
        assert isinstance(now, Filling)
        shift = weeks * 7 * DAY
        assert [at - shift for at in now] == pytest.approx(list(was), abs=60.0)
    else:
        assert now == was


@PROPERTY
@given(series, st.floats(0.01, 5.0))
def test_more_growth_never_gives_a_later_date(means: list[float], more: float) -> None:
    slow = told(days(means, 0.5))
    steeper = [
        Day(day.at, day.low + rise - more / 2, day.mean + rise, day.high + rise + more / 2)
        for day, rise in zip(days(means, 0.5), line(60, more, 0.0), strict=True)
    ]
    fast = told(steeper)
    if isinstance(slow, Filling):
        assert isinstance(fast, Filling)
        assert fast.full_at <= slow.full_at + 1.0


# --- no trend, and why


@pytest.mark.parametrize(
    ("means", "why"),
    [
        ([], Why.SHORT),
        (line(13, 10.0), Why.SHORT),
        ([500.0] * 60, Why.FLAT),
        (line(60, 0.5), None),  # beyond a year
        (line(60, -3.0), Why.SHRINKING),
        (line(60, 0.0, 1000.0), Why.FULL),
        ([900 + 4 * day % 61 + 40 * Random(day).gauss(0, 1) for day in range(21)], Why.UNCLEAR),
    ],
    ids=["nothing", "short", "flat", "slow", "shrinking", "full", "noise"],
)
def test_no_date(means: list[float], why: Why | None) -> None:
    found = told(days(means))
    assert found is why or (why is None and found in (None, Why.FLAT))


def test_a_full_volume_that_still_grows_is_full_now() -> None:
    found = told(days(line(60, 5.0, 1000.0), 5.0))
    assert isinstance(found, Filling)
    assert found.full_at == found.earliest == found.latest == end(60)


def test_no_recent_day() -> None:
    known = days(line(60, 5.0), 5.0)
    assert isinstance(told(known, now=end(60) + 2.9 * DAY), Filling)
    assert told(known, now=end(60) + 3.1 * DAY) is Why.STALE


@pytest.mark.parametrize("count", [14, 17, 20, 21, 30, 60, 120])
@pytest.mark.parametrize(
    "habit",
    [
        lambda day: 40.0 * (day % 7),  # filled all week, purged on Sunday
        lambda day: 20.0 * (day % 5),
        lambda day: 20.0 * (day % 10),
        lambda day: 200.0 * (day % 7 in (0, 1)),  # a backup comes for two days a week
        lambda day: 200.0 * (day % 2),
        lambda day: 50.0 * math.sin(day * math.tau / 7),
        lambda day: 50.0 * math.sin(day * math.tau / 30),
    ],
    ids=["purge7", "purge5", "purge10", "weekend", "other-days", "sine7", "sine30"],
)
@pytest.mark.parametrize("phase", range(5))
def test_what_comes_and_goes_is_no_trend(habit: type[float], count: int, phase: int) -> None:
    random = Random(count + phase)
    means = [habit(day + phase) + random.gauss(0, 0.5) for day in range(count)]
    known = days([mean + 800.0 - means[-1] for mean in means])
    found = told(known)
    assert found is None or isinstance(found, Why), found


def test_noise_and_wandering_seldom_look_like_growth() -> None:
    random = Random(7)
    alarms = 0
    for index in range(400):
        steps = [random.gauss(0, (1, 5, 20)[index % 3]) for _ in range(random.randint(14, 120))]
        means = list(accumulate(steps)) if index % 2 else steps
        found = told(days([mean + 800.0 - means[-1] for mean in means]))
        alarms += isinstance(found, Filling) and found.full_at - end(len(means)) < 30 * DAY
    assert alarms <= 4


# --- accidents


@pytest.mark.parametrize("at", [3, 20, 40, 52, 57])
@pytest.mark.parametrize("height", [-300.0, -40.0, 40.0, 250.0])
def test_a_clean_up_or_a_copy_is_no_pace(at: int, height: float) -> None:
    means = [y + (0.0 if day >= at else -height) for day, y in enumerate(line(60, 4.0, 800.0))]
    assert left(days(means, 4.0)) == pytest.approx(50.0, rel=0.02)
    half = [*means[:at], (means[at - 1] + means[at]) / 2, *means[at + 1 :]]  # at noon
    assert left(days(half, 4.0)) == pytest.approx(50.0, rel=0.05)


@pytest.mark.parametrize("hours", [1, 3, 6, 12, 18, 23])
@pytest.mark.parametrize("step", [-300.0, -50.0, 60.0])
def test_a_clean_up_of_yesterday_moves_the_date_today(hours: int, step: float) -> None:
    """So many hours before the last midnight: that day's mean hardly tells, what is read now does."""
    known = days(line(60, 4.0, 800.0), 4.0)
    last = known[-1]
    known[-1] = last._replace(
        low=last.low + min(step, 0.0), mean=last.mean + step * hours / 24, high=last.high + max(step, 0.0)
    )
    found = outlook(known, SIZE, end(60))
    assert isinstance(found, Pace)
    date = filling(found, end(60), 800.0 + step, SIZE)
    assert date is not None
    assert (date.full_at - end(60)) / DAY == pytest.approx((200.0 - step) / 4.0, rel=0.05)


def test_a_monthly_clean_up_by_hand_does_not_hide_growth() -> None:
    means = [300 + 8.0 * (day % 30) for day in range(115)]
    assert left(days(means, 8.0)) == pytest.approx((SIZE - means[-1] - 4) / 8.0, rel=0.05)


def test_a_purge_that_stopped() -> None:
    means = [300 + 10.0 * (day % 7) for day in range(49)]
    means += [300 + 10.0 * day for day in range(20)]
    assert left(days(means, 10.0)) == pytest.approx((SIZE - means[-1] - 5) / 10.0, rel=0.1)


def test_a_disk_that_begins_to_fill_is_seen_after_four_days() -> None:
    random = Random(3)
    quiet = [300 + random.gauss(0, 0.5) for _ in range(56)]
    for grown in (4, 5, 7, 10):
        means = [*quiet, *(300 + 40.0 * (day + 0.5) for day in range(grown))]
        assert left(days(means, 40.0)) == pytest.approx((700 - 40 * grown) / 40, rel=0.15), grown
    assert not isinstance(told(days([*quiet, 320.0])), Filling)


def test_a_disk_that_has_stopped_filling() -> None:
    random = Random(4)
    for still in (5, 6, 8, 10, 20, 40):
        means = [*line(60, 8.0, 700.0), *[700.0] * still]
        found = told(days([mean + random.gauss(0, 0.5) for mean in means], 8.0))
        assert not isinstance(found, Filling), still


def test_days_without_data() -> None:
    random = Random(5)
    known = days(line(90, 5.0, 800.0), 5.0)
    holes = [day for day in known[:-1] if random.random() < 0.7] + known[-1:]
    fortnight = [*known[:40], *known[54:]]
    for part in (holes, fortnight):
        found = told(part, now=end(90))
        assert isinstance(found, Filling)
        assert (found.full_at - end(90)) / DAY == pytest.approx(40.0, rel=1e-3)


def test_nightly_peaks_fill_it_first() -> None:
    assert left(days(line(60, 5.0, 500.0), 5.0, peak=200.0)) == pytest.approx(60.0, rel=0.02)


def test_a_trend_that_was_told_is_not_dropped_for_a_little_doubt() -> None:
    """There is a band of noise in which it is only still told."""
    between = 0
    for seed in range(200):
        random = Random(seed)
        known = days([y + random.gauss(0, 22.0) for y in line(30, 4.0, 800.0)], 4.0)
        first, still = told(known), told(known, said=True)
        assert isinstance(still, Filling) or not isinstance(first, Filling)
        between += isinstance(still, Filling) and first is Why.UNCLEAR
    assert between > 10


# --- garbage

numbers = st.one_of(st.floats(), st.floats(-1e30, 1e30), st.integers(-5, 5).map(float), st.just(SIZE))


@PROPERTY
@given(
    st.lists(st.builds(Day, st.one_of(numbers, st.floats(START, end(200))), numbers, numbers, numbers), max_size=200),
    numbers,
    st.one_of(st.just(end(100)), st.floats(0, 4e9)),
    st.booleans(),
)
def test_garbage_never_raises(known: list[Day], size: float, now: float, said: bool) -> None:
    found = outlook(known, size, now, said=said)
    assert isinstance(found, Why) or all(math.isfinite(value) for value in found)


@PROPERTY
@given(st.lists(st.floats(-1e24, 1e24), min_size=14, max_size=130), st.floats(1e-12, 1e24), numbers, numbers)
def test_wild_days_give_finite_dates(means: list[float], size: float, used: float, after: float) -> None:
    found = outlook(days(means), size, end(len(means)))
    if isinstance(found, Pace):
        assert found.per_s > 0
        date = filling(found, end(len(means)), used, after)
        assert date is None or all(math.isfinite(at) for at in date)


def test_days_in_any_order_and_twice() -> None:
    known = days(line(60, 5.0), 5.0)
    mixed = [*known, *known]
    Random(1).shuffle(mixed)
    assert told([Day(START, math.nan, 1, 2), *mixed, Day(START + 5, math.inf, 1, 2)], now=end(60)) == told(known)


# --- against the future


def test_the_interval_holds_the_truth_four_times_in_five(capsys: pytest.CaptureFixture[str]) -> None:
    random = Random(2026)
    lines, inside, dated = [], 0, 0
    for kind in KINDS:
        hits = count = 0
        for world in worlds(kind, random, 150):
            found = outlook(world.days, SIZE, world.now)
            date = filling(found, world.now, world.used, SIZE) if isinstance(found, Pace) else None
            if date is not None:
                count += 1  # half a day of grace: what is known are days
                full_at = world.full_at if world.full_at is not None else math.inf
                hits += date.earliest - DAY / 2 <= full_at <= date.latest + DAY / 2
        lines.append(f"{kind}: {count} dates of 150, {hits / count:.0%} in their interval")
        assert count >= 60, kind
        assert hits / count >= 0.70, lines[-1]
        inside, dated = inside + hits, dated + count
    with capsys.disabled():
        print("\n" + "\n".join([*lines, f"all: {inside / dated:.0%} of {dated}"]))  # noqa: T201
    assert 0.78 <= inside / dated <= 0.93
