"""Counts of a month from the ledger alone: SPEC 8, 002 annexe 2 art. 3."""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.counting import Census, Peak, billed, count, lives
from supervisor.domain.interval import FOREVER, Span
from supervisor.domain.ledger import Correction, Event, LedgerEvent
from supervisor.domain.period import parse_month

PARIS = ZoneInfo("Europe/Paris")
START, END = parse_month("2026-03").span(PARIS)
ALWAYS: list[Span] = [(-FOREVER, FOREVER)]


def line(t: int, sonde: str, event: Event = Event.ADDED, *, billable: bool = True, paused: bool = False) -> LedgerEvent:
    return LedgerEvent(t=t, event=event, sonde=sonde, billable=billable, paused=paused, source="config")


def correction(sonde: str, start: int, end: int) -> Correction:
    return Correction(t=end, sonde=sonde, start=start, end=end, author="Ada", reason="erreur", source="live")


@pytest.mark.parametrize(
    ("counted", "expected"), [(0, 100), (1, 100), (100, 100), (101, 150), (150, 150), (151, 200), (1000, 1000)]
)
def test_a_minimum_of_100_then_pools_of_50(counted: int, expected: int) -> None:
    """002 annexe 2 art. 3: « un forfait minimal de 100 sondes […] et de pools additionnels de 50 sondes »."""
    assert billed(counted) == expected


def test_a_sonde_counts_from_its_addition_to_its_removal() -> None:
    assert lives([line(10, "a/b/c"), line(30, "a/b/c", Event.REMOVED)]) == {"a/b/c": [(10, 30)]}


def test_a_paused_sonde_counts() -> None:
    """SPEC 8: « Paused sondes count »."""
    assert lives([line(10, "a/b/c", paused=True)]) == {"a/b/c": [(10, FOREVER)]}


def test_a_sonde_that_is_not_billable_does_not_count() -> None:
    events = [line(10, "a/b/c", billable=False), line(20, "a/b/c", Event.CHANGED), line(30, "a/b/c", billable=False)]
    assert lives(events) == {"a/b/c": [(20, 30)]}


def test_what_is_absent_is_removed_without_effect_and_what_is_there_added_without() -> None:
    events = [line(5, "a/b/c", Event.REMOVED), line(10, "a/b/c"), line(20, "a/b/c"), line(30, "a/b/c", Event.REMOVED)]
    assert lives([*events, line(40, "a/b/c", Event.REMOVED)]) == {"a/b/c": [(10, 30)]}


def test_lines_of_one_instant_take_effect_together() -> None:
    """The last one holds: a sonde removed and added again at once was never away, one added and removed never there."""
    assert lives([line(10, "a/b/c"), line(20, "a/b/c", Event.REMOVED), line(20, "a/b/c")]) == {"a/b/c": [(10, FOREVER)]}
    assert lives([line(10, "a/b/c"), line(10, "a/b/c", Event.REMOVED)]) == {"a/b/c": []}


def test_a_rename_never_peaks() -> None:
    """SPEC 8: « One reload is one instant: a rename never peaks »."""
    middle = START + 86_400
    events = [line(START, "a/b/old"), line(middle, "a/b/new"), line(middle, "a/b/old", Event.REMOVED)]
    found = count(Census(lives(events)), ALWAYS, START, END, END)
    assert (found.peak, found.distinct) == (1, 2)


def test_a_correction_takes_time_out_and_nothing_else() -> None:
    events = [line(10, "a/b/c")]
    corrections = [correction("a/b/c", 20, 40), correction("a/b/c", 30, 50), correction("a/b/other", 0, 99)]
    assert lives(events, corrections) == {"a/b/c": [(10, 20), (50, FOREVER)]}


def test_the_month_of_a_clock_change_has_its_real_seconds() -> None:
    """March 2026 has 743 hours in Paris: a sonde of its last 24 hours is 24/743 of a sonde."""
    found = count(Census({"a/b/c": [(END - 86_400, FOREVER)]}), ALWAYS, START, END, END)
    assert END - START == 743 * 3600
    assert (found.mean, found.first, found.last, found.peak, found.distinct) == (Fraction(24, 743), 0, 1, 1, 1)


def test_edges_of_the_month_are_half_open() -> None:
    """A sonde that ends at the first instant, or begins at the end, is of another month."""
    found = count(Census({"a/b/c": [(START - 9, START)], "a/b/d": [(END, FOREVER)]}), ALWAYS, START, END, END + 9)
    assert found[:5] == (Peak(0, START), 0, 0, 0, 0)


def test_last_is_just_before_the_end() -> None:
    found = count(Census({"a/b/c": [(START, END)]}), ALWAYS, START, END, END)
    assert (found.first, found.last, found.mean) == (1, 1, 1)


def test_the_running_month_stops_now() -> None:
    """SPEC 8: « in the running month both stop now »."""
    now = START + 1000
    found = count(Census({"a/b/c": [(START + 500, FOREVER)]}), ALWAYS, START, END, now)
    assert (found.last, found.mean, found.distinct) == (1, Fraction(1, 2), 1)


def test_at_the_second_that_has_begun_what_there_is_counts_and_for_no_time() -> None:
    """What a reload has just brought is in the peak, as it is in `last`; what it has just removed is gone from it."""
    now = START + 1000
    found = count(Census({"a/b/c": [(START, now)], "a/b/d": [(now, FOREVER)]}), ALWAYS, START, END, now)
    assert (found.anywhere, found.last, found.mean, found.distinct) == (Peak(1, START), 1, 1, 1)
    found = count(Census({f"a/b/s{n}": [(now, FOREVER)] for n in range(101)}), ALWAYS, START, END, now)
    assert (found.anywhere, found.inside, found.billed) == (Peak(101, now), Peak(101, now), 150)
    assert (found.last, found.mean, found.distinct) == (101, 0, 0)


def test_a_month_that_begins_this_very_second() -> None:
    found = count(Census({"a/b/c": [(START - 5, FOREVER)]}), ALWAYS, START, END, START)
    assert (found.peak, found.first, found.last, found.mean, found.distinct, found.billed) == (1, 1, 1, 1, 0, 100)


def test_the_peak_that_is_billed_is_the_one_inside_the_contract() -> None:
    """SPEC 8: « peak inside the contract »: 151 sondes on the 2nd, 40 once the contract runs, from the 16th on."""
    second, sixteenth = START + 86_400, START + 15 * 86_400
    census = Census(
        {f"a/b/s{n}": [(second, second + 3600)] for n in range(111)}
        | {f"a/b/t{n}": [(second, FOREVER)] for n in range(40)}
    )
    found = count(census, [(sixteenth, FOREVER)], START, END, END)
    assert (found.peak, found.inside, found.billed) == (151, Peak(40, sixteenth), 100)


def test_nothing_is_billed_without_a_contract() -> None:
    """SPEC 8: « else 0 with a warning »; a contract of one second of the month suffices."""
    census = Census({"a/b/c": [(START, FOREVER)]})
    assert count(census, [(END, FOREVER)], START, END, END).billed == 0
    assert count(census, [(START - 9, START)], START, END, END).billed == 0
    assert count(census, [(END - 1, FOREVER)], START, END, END).billed == 100


def test_who_is_present_oldest_first() -> None:
    census = Census({"a/b/c": [(5, 9), (20, 30)], "a/b/d": [(10, 30)], "a/b/e": [(30, 40)]})
    assert census.present(25) == {"a/b/d": 10, "a/b/c": 20}
    assert [*census.present(25)] == ["a/b/d", "a/b/c"]


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4)


@given(st.lists(SPANS, max_size=6), st.integers(0, 30), st.integers(31, 70))
def test_against_one_cell_a_second(spans: list[list[tuple[int, int]]], start: int, end: int) -> None:
    """The census of a few sondes, recounted second by second; and a month split anywhere adds up."""
    events = [
        event
        for number, own in enumerate(spans)
        for since, length in own
        for event in (line(since, f"a/b/s{number}"), line(since + length, f"a/b/s{number}", Event.REMOVED))
    ]
    events.sort(key=lambda event: event.t)
    found = lives(events)
    census = Census(found)
    cells = [sum(any(s <= at < e for s, e in own) for own in found.values()) for at in range(start, end)]
    made = count(census, ALWAYS, start, end, end)
    assert (made.peak, made.first, made.last) == (max(cells), cells[0], cells[-1])
    assert made.mean == Fraction(sum(cells), len(cells))
    assert made.inside == Peak(max(cells), start + cells.index(max(cells)))
    middle = (start + end) // 2
    halves = [count(census, ALWAYS, *half, end) for half in ((start, middle), (middle, end)) if half[0] < half[1]]
    assert max(half.peak for half in halves) == made.peak
    assert census.seconds(start, middle) + census.seconds(middle, end) == census.seconds(start, end)
