"""Local time: which instants it means, and what happens again at it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain import wall
from supervisor.domain.recurrence import occurrences
from supervisor.errors import VigieError

PARIS = ZoneInfo("Europe/Paris")
ZONES = st.sampled_from(["Europe/Paris", "Africa/Cairo", "Pacific/Noumea", "America/Miquelon"]).map(ZoneInfo)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-02T09:00", "2026-03-02T08:00"),
        ("2026-07-02 09:00:30", "2026-07-02T07:00:30"),
        ("2026-03-02T09:00:00.999+01:00", "2026-03-02T08:00"),
        ("2026-03-02T09:00Z", "2026-03-02T09:00"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30"),
    ],
)
def test_what_people_write(text: str, utc: str) -> None:
    assert wall.parse(text, PARIS, "at") == datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-29T02:30", "does not exist in Europe/Paris, where clocks change that night; write "
                             "2026-03-29T03:30:00+02:00 or 2026-03-29T01:30:00+01:00"),
        ("2026-10-25T02:30", "comes twice in Europe/Paris, where clocks change that night; write "
                             "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"),
        ("2026-03-02", "is not an instant; write 2026-03-02T09:00 (Europe/Paris) or"),
        ("demain", "at: 'demain' is not an instant"),
        ("1026-03-02T09:00", "is not an instant"),
        ("9999-12-31T23:59-23:59", "is not an instant"),
    ],
)  # fmt: skip
def test_what_says_nothing_or_two_things_is_refused(text: str, said: str) -> None:
    with pytest.raises(VigieError) as refusal:
        wall.parse(text, PARIS, "at")
    assert said in str(refusal.value)


@given(st.integers(0, wall.LAST - 86_400), ZONES)
def test_every_instant_is_a_reading_of_what_clocks_show(at: int, zone: ZoneInfo) -> None:
    """Shown once or twice; the first of two is what recurring times mean."""
    found = wall.readings(wall.shown(at, zone), zone)
    assert at in found
    assert len(found) in (1, 2)
    assert wall.first(wall.shown(at, zone), zone) == min(found)


@given(st.integers(946_684_800, 2_000_000_000), st.integers(0, 40), ZONES)
def test_each_day_at_the_same_time(start: int, days: int, zone: ZoneInfo) -> None:
    """Four hours, so that no change of the clock leaves an occurrence no time."""
    until = wall.shown(start, zone).date() + timedelta(days=days)
    found = occurrences((start, start + 4 * 3600), "day", until, zone)
    assert [wall.shown(at, zone).date() for at, _ in found] == [
        wall.shown(start, zone).date() + timedelta(days=n) for n in range(days + 1)
    ]
    for at, _ in found[1:]:
        times = wall.readings(datetime.combine(wall.shown(at, zone).date(), wall.shown(start, zone).time()), zone)
        assert not times or at == min(times)
    assert all(end <= after for (_, end), (after, _) in pairwise(found))


def test_an_occurrence_that_the_clock_skips_is_named() -> None:
    """02:30 of 29 March counts as 03:30, after 03:15: nothing would be left of it."""
    start, end = (wall.parse(f"2026-03-28T{time}", PARIS, "at") for time in ("02:30", "03:15"))
    with pytest.raises(VigieError, match="on 2026-03-29 clocks go forward"):
        occurrences((start, end), "day", date(2026, 3, 30), PARIS)


def test_the_hour_that_comes_twice() -> None:
    """02:00 to 03:00 on 25 October: from the first 02:00, two hours."""
    start, end = (wall.parse(f"2026-10-24T{time}", PARIS, "at") for time in ("02:00", "03:00"))
    _, (begins, ends), _ = occurrences((start, end), "day", date(2026, 10, 26), PARIS)
    assert ends - begins == 7200


def test_as_many_as_a_year_has_days() -> None:
    start = wall.parse("2026-01-01T20:00", PARIS, "at")
    assert len(occurrences((start, start + 60), "day", date(2027, 1, 1), PARIS)) == 366
    with pytest.raises(VigieError, match="more than 366"):
        occurrences((start, start + 60), "day", date(2027, 1, 2), PARIS)
    assert len(occurrences((start, start + 60), "month", date(2056, 6, 1), PARIS)) == 366
