"""Both primitives against a count by the minute, on random calendars in weeks where something happens."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.domain.calendar import Calendar, Version
from tests.oracle_calendar import Oracle

DAYS = 9
# Clock changes of Europe and of Saint-Pierre-et-Miquelon, Easter, May's holidays, the new year, a leap day.
WINDOWS = [date(2026, 3, 27), date(2026, 10, 24), date(2026, 5, 7), date(2025, 12, 24), date(2024, 2, 26)]
ZONES = ["Europe/Paris", "America/Martinique", "America/Miquelon", "Indian/Reunion", "Pacific/Noumea"]
PLACES = [None, ("FR", None), ("FR", "57"), ("FR", "35"), ("FR", "974")]

cuts = st.sets(st.one_of(st.integers(0, 1440), st.sampled_from([0, 120, 150, 180, 1440])), max_size=6)
slots = cuts.map(sorted).map(lambda c: tuple(zip(c[::2], c[1::2], strict=False)))


@st.composite
def versions(draw: st.DrawFn, first: date) -> list[Version]:
    days = st.integers(-1, DAYS).map(lambda offset: first + timedelta(days=offset))
    starts: list[date | None] = [*sorted(draw(st.sets(days, max_size=2)))]
    if not starts or draw(st.booleans()):
        starts.insert(0, None)
    return [
        Version(
            start=start,
            timezone=draw(st.sampled_from(ZONES)),
            holidays=draw(st.sampled_from(PLACES)),
            week=tuple(draw(st.lists(slots, min_size=7, max_size=7))),
            closed=tuple((min(pair), max(pair)) for pair in draw(st.lists(st.tuples(days, days), max_size=2))),
            opened=tuple(draw(st.dictionaries(days, slots, max_size=2)).items()),
        )
        for start in starts
    ]


@st.composite
def situations(draw: st.DrawFn) -> tuple[Calendar, Oracle, list[int]]:
    """A calendar, its minutes, and three instants of the window in order."""
    first = draw(st.sampled_from(WINDOWS))
    rules = draw(versions(first))
    good_friday = draw(st.booleans())
    oracle = Oracle(rules, first, DAYS, good_friday=good_friday)
    instants = st.lists(st.integers(oracle.start, oracle.end), min_size=3, max_size=3)
    return Calendar(rules, good_friday=good_friday), oracle, sorted(draw(instants))


@given(situations())
@settings(max_examples=150, deadline=None)
def test_seconds_between_two_instants(situation: tuple[Calendar, Oracle, list[int]]) -> None:
    calendar, oracle, (a, b, c) = situation
    assert calendar.open_seconds(a, c) == oracle.count(a, c)
    assert calendar.open_seconds(a, b) + calendar.open_seconds(b, c) == calendar.open_seconds(a, c)
    spans = calendar.openings(a, c)
    assert sum(end - start for start, end in spans) == oracle.count(a, c)
    assert all(a <= start < end <= c for start, end in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    for at in (min(instant, oracle.end - 1) for instant in (a, b, c)):
        assert calendar.is_open(at) == (oracle.count(at, at + 1) == 1)


@given(situations(), st.integers(1, 9 * 86400))
@settings(max_examples=150, deadline=None)
def test_the_earliest_instant_at_which_seconds_have_elapsed(
    situation: tuple[Calendar, Oracle, list[int]], seconds: int
) -> None:
    calendar, oracle, (a, b, _) = situation
    for start, wanted in ((a, seconds), (a, oracle.count(a, b)), (b, 1 + seconds // 20)):
        found = calendar.after(start, wanted)
        if wanted == 0:
            assert found == start
            continue
        expected = oracle.after(start, wanted)
        if expected is None:
            assert found is None or found > oracle.end
            continue
        assert found == expected
        assert calendar.open_seconds(start, found) == wanted
        assert calendar.open_seconds(start, found - 1) == wanted - 1
