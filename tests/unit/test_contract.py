"""How a letter of leave ends a contract: 002 art. 11."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.contract import last_day, leave
from supervisor.errors import VigieError

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


def test_two_months_from_the_first_after_the_letter() -> None:
    """002 art. 11: « le départ du préavis étant fixé au 1er du mois suivant la date de réception »: 31 May."""
    found = leave(date(2024, 1, 1), date(2026, 3, 15))
    assert (found.notice_from, found.notice_to) == (date(2026, 4, 1), date(2026, 5, 31))
    assert (found.last_day, found.due) == (date(2026, 5, 31), 2026)
    assert found.why == (
        "two months' notice from the 1st of the month after the letter: 2026-04-01 to 2026-05-31; "
        "the first year, which is firm, is over on 2024-12-31"
    )


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 3, 1), date(2026, 5, 31)),  # on the 1st, it is still the next month's that counts
        (date(2026, 3, 31), date(2026, 5, 31)),
        (date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 11, 30), date(2027, 1, 31)),
        (date(2026, 12, 1), date(2027, 2, 28)),
        (date(2027, 12, 31), date(2028, 2, 29)),
    ],
)
def test_edges_of_the_notice(received: date, last: date) -> None:
    assert leave(date(2020, 1, 1), received).last_day == last


@pytest.mark.parametrize(
    ("start", "received", "last"),
    [
        (date(2026, 1, 1), date(2026, 3, 15), date(2026, 12, 31)),
        (date(2026, 1, 1), date(2026, 10, 31), date(2026, 12, 31)),  # both end the same day
        (date(2026, 1, 1), date(2026, 11, 1), date(2027, 1, 31)),
        (date(2024, 2, 29), date(2024, 3, 1), date(2025, 2, 28)),
    ],
)
def test_the_first_year_is_firm(start: date, received: date, last: date) -> None:
    """002 art. 11: « Après une période d'abonnement minimale d'une année »."""
    assert leave(start, received).last_day == last


def test_which_rule_made_the_last_day_is_said() -> None:
    assert "the first year is firm, it ends on 2026-12-31" in leave(date(2026, 1, 1), date(2026, 3, 15)).why
    assert "is over on 2026-12-31" in leave(date(2026, 1, 1), date(2026, 10, 31)).why


def test_a_started_year_is_due_in_full() -> None:
    """002 art. 11: « La cotisation annuelle reste due pour toute année débutée »: a letter of November costs a year."""
    assert leave(date(2025, 1, 1), date(2026, 10, 31)).due == 2026
    assert leave(date(2025, 1, 1), date(2026, 11, 2)).due == 2027


def test_a_letter_prolongs_nothing() -> None:
    """The contract ends on 30 April by itself: the notice would be over a month later."""
    found = leave(date(2025, 1, 1), date(2026, 3, 15), date(2026, 4, 30))
    assert found.last_day == date(2026, 4, 30)
    assert found.why.startswith("the contract ends on 2026-04-30 already")
    assert leave(date(2025, 1, 1), date(2026, 3, 15), date(2026, 12, 31)).last_day == date(2026, 5, 31)


def test_a_letter_outside_the_contract_is_refused() -> None:
    with pytest.raises(VigieError, match="2025-12-31 is before the contract begins, 2026-01-01"):
        leave(date(2026, 1, 1), date(2025, 12, 31))
    with pytest.raises(VigieError, match="2026-07-01 is after the contract ended, 2026-06-30"):
        leave(date(2026, 1, 1), date(2026, 7, 1), date(2026, 6, 30))


@given(DAYS, DAYS)
def test_whatever_the_days(start: date, received: date) -> None:
    """At least a year, at least two whole months after the letter, and at most three months if that is later."""
    start, received = sorted((start, received))
    found = leave(start, received)
    last = found.last_day
    assert (last + timedelta(days=1)).day == 1 or last == found.first_year_ends
    assert last >= start + timedelta(days=364)
    assert 59 <= (found.notice_to - received).days <= 92
    assert last_day(start, None, received) == last == max(found.notice_to, found.first_year_ends)
