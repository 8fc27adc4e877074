"""Periods, contracts, and where they begin and end."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from supervisor.domain.contract import last_day
from supervisor.domain.period import containing, parse, parse_month
from supervisor.errors import VigieError


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2026-03", date(2026, 3, 1), date(2026, 4, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-H1", date(2026, 1, 1), date(2026, 7, 1)),
        ("2026-H2", date(2026, 7, 1), date(2027, 1, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-03-01..2026-03-15", date(2026, 3, 1), date(2026, 3, 15)),
    ],
)
def test_periods(text: str, first: date, end: date) -> None:
    assert parse(text)[1:] == (first, end)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-Q5", "2026-H3", "mars", "", "2026-03-01", "0000", "9999"])
def test_what_is_no_period_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(VigieError, match="2026-Q1"):
        parse(text)


@pytest.mark.parametrize("text", ["0001-01", "1969", "1969-12-31..1970-01-02"])
def test_years_that_nobody_lived_through_are_refused(text: str) -> None:
    """A month of the year 1 could be closed, and its instants never be read again."""
    with pytest.raises(VigieError, match=f"'{text}' begins before 1970"):
        parse(text)


def test_a_month_is_nothing_but_a_month() -> None:
    assert parse_month("2026-03") == parse("2026-03")
    for text in ("2026", "2026-Q1", "2026-3", "march", "2026-03-01..2026-04-01", "2026-13", "0001-01"):
        with pytest.raises(VigieError, match=f"month: '{text}' is not a month; write 2026-03"):
            parse_month(text)


@pytest.mark.parametrize("text", ["2026-03-15..2026-03-01", "2026-03-01..2026-03-01"])
def test_reversed_or_empty_periods_are_refused(text: str) -> None:
    with pytest.raises(VigieError, match="ends before it begins"):
        parse(text)


def test_a_month_is_local_and_march_is_an_hour_short() -> None:
    start, end = parse("2026-03").span(ZoneInfo("Europe/Paris"))
    assert end - start == 31 * 86400 - 3600


def test_the_months_of_a_period() -> None:
    assert [piece.name for piece in parse("2026-Q1").pieces()] == ["2026-01", "2026-02", "2026-03"]
    pieces = parse("2026-01-20..2026-02-10").pieces()
    assert [(piece.first, piece.end) for piece in pieces] == [
        (date(2026, 1, 20), date(2026, 2, 1)),
        (date(2026, 2, 1), date(2026, 2, 10)),
    ]
    assert not any(piece.whole_month for piece in pieces)
    assert all(piece.whole_month for piece in parse("2026").pieces())


@pytest.mark.parametrize(
    ("length", "name"), [("month", "2026-11"), ("quarter", "2026-Q4"), ("half-year", "2026-H2"), ("year", "2026")]
)
def test_the_period_that_a_day_is_in(length: str, name: str) -> None:
    found = containing(date(2026, 11, 21), length)
    assert found == parse(name)


def test_the_notice_of_the_convention() -> None:
    """Letter of 15 March: the two months run from 1 April, last day 31 May; the first year is firm."""
    assert last_day(date(2025, 1, 1), None, date(2026, 3, 15)) == date(2026, 5, 31)
    assert last_day(date(2026, 1, 1), None, date(2026, 3, 15)) == date(2026, 12, 31)
    assert last_day(date(2024, 2, 29), None, date(2024, 3, 1)) == date(2025, 2, 28)
    assert last_day(date(2025, 1, 1), None, date(2026, 11, 30)) == date(2027, 1, 31)
    assert last_day(date(2025, 1, 1), date(2026, 6, 30), None) == date(2026, 6, 30)
    assert last_day(date(2025, 1, 1), None, None) is None
