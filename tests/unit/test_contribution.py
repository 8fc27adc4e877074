"""Calls by sonde: 002 art. 5 and annexe 2 art. 3, as SPEC 8 words them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.account import Account, Engagement
from supervisor.domain.contribution import Basis, Excess, Kind, excess, highest, levels, rises, year_of
from supervisor.domain.counting import Census, billed
from supervisor.domain.interval import FOREVER
from supervisor.domain.period import local_day, midnight

PARIS = ZoneInfo("Europe/Paris")
LATER = midnight(date(2030, 1, 1), PARIS)
NONE = Census({})


def at(day: str) -> int:
    return midnight(date.fromisoformat(day), PARIS)


def account(*engagements: Engagement, basis: Basis = Basis.SUBSCRIBED, gone: date | None = None) -> Account:
    return Account(collectivite="a", name="A", engagements=engagements, basis=basis, gone=gone)


def contract(start: str, *counts: tuple[str, int], end: str | None = None, notice: str | None = None) -> Engagement:
    return Engagement(
        start=date.fromisoformat(start),
        end=None if end is None else date.fromisoformat(end),
        notice=None if notice is None else date.fromisoformat(notice),
        sondes=tuple((date.fromisoformat(since), count) for since, count in counts or ((start, 100),)),
    )


def sondes(count: int, since: int, until: int = FOREVER, name: str = "s") -> dict[str, list[tuple[int, int]]]:
    return {f"a/b/{name}{number}": [(since, until)] for number in range(count)}


def calls(
    who: Account, census: Census = NONE, *, year: int = 2026, now: int = LATER, called: int = 0
) -> list[tuple[str, str, int]]:
    found = rises(who, census, year_of(who, year), now, called)
    return [(local_day(rise.at, PARIS).isoformat(), str(rise.kind), rise.sondes) for rise in found]


def test_the_first_half_year_is_called_on_1_july() -> None:
    """002 art. 5: « Au début du 2nd semestre de chaque année […] un appel à contribution pour l'année en cours »."""
    assert calls(account(contract("2026-01-01"))) == [("2026-07-01", "annual", 100)]


def test_a_subscription_of_the_second_half_is_called_by_itself() -> None:
    """002 art. 5: « par appel à contribution spécifique, en cas de souscription au cours du second semestre »."""
    assert calls(account(contract("2026-09-01"))) == [("2026-09-01", "additional", 100)]


def test_a_rise_on_1_july_is_a_second_call_of_that_day() -> None:
    """SPEC 8: « subscribed 100, then 150 on 1 July → two calls that day »."""
    grown = account(contract("2026-01-01", ("2026-01-01", 100), ("2026-07-01", 150)))
    assert calls(grown) == [("2026-07-01", "annual", 100), ("2026-07-01", "additional", 50)]


def test_a_rise_on_30_june_is_in_the_annual_call() -> None:
    grown = account(contract("2026-01-01", ("2026-01-01", 100), ("2026-06-30", 150)))
    assert calls(grown) == [("2026-07-01", "annual", 150)]


def test_nothing_is_prorated_nor_given_back() -> None:
    """002 art. 5: « pas proratisable, il est dû dans son intégralité »: a level that fell is called in full."""
    fallen = account(contract("2026-01-01", ("2026-01-01", 200), ("2026-02-01", 100), ("2026-10-01", 150)))
    assert calls(fallen) == [("2026-07-01", "annual", 200)]


def test_a_contract_that_ended_before_1_july_is_called_on_1_july() -> None:
    """SPEC 8, and 002 art. 11: « La cotisation annuelle reste due pour toute année débutée »."""
    assert calls(account(contract("2025-01-01", end="2026-01-01"))) == [("2026-07-01", "annual", 100)]
    assert calls(account(contract("2025-01-01", end="2025-12-31"))) == []


def test_the_letter_of_leave_sets_the_end() -> None:
    """002 art. 11: letter of 15 March 2026, last day 31 May: 2026 is due, 2027 is not."""
    leaving = account(contract("2024-01-01", notice="2026-03-15"))
    assert leaving.spans() == [(at("2024-01-01"), at("2026-06-01"))]
    assert calls(leaving) == [("2026-07-01", "annual", 100)]
    assert calls(leaving, year=2027) == []


def test_a_file_that_disappears_ends_the_contract_that_day() -> None:
    """SPEC 8: « when its file disappears […] its contract ends that day »."""
    gone = account(contract("2024-01-01"), gone=date(2026, 3, 10))
    assert gone.spans() == [(at("2024-01-01"), at("2026-03-11"))]
    assert account(contract("2027-01-01"), gone=date(2026, 3, 10)).spans() == []


def test_only_calls_that_are_dated_by_now_are_listed() -> None:
    """SPEC 8: « In the current year only calls already dated are listed »: the very instant included."""
    grown = account(contract("2026-01-01", ("2026-01-01", 100), ("2026-09-15", 150)))
    assert calls(grown, now=at("2026-07-01") - 1) == []
    assert calls(grown, now=at("2026-07-01")) == [("2026-07-01", "annual", 100)]
    assert calls(grown, now=at("2026-09-15") - 1) == [("2026-07-01", "annual", 100)]
    assert calls(grown, now=at("2026-09-15"))[1:] == [("2026-09-15", "additional", 50)]


def test_measured_every_instant_that_exceeds_makes_one_call() -> None:
    """SPEC 8: « several on one day if need be, however short the rise »; what was called once is not called again."""
    day = at("2026-08-12")
    census = Census(
        sondes(90, at("2026-01-01"))
        | sondes(20, day + 60, day + 61, "x")  # 110 for one second
        | sondes(80, day + 3600, day + 7200, "y")  # 170 for an hour
        | sondes(50, day + 90_000, FOREVER, "z")  # 140: covered by then
    )
    measured = account(contract("2026-01-01"), basis=Basis.MEASURED)
    assert calls(measured, census) == [
        ("2026-07-01", "annual", 100),
        ("2026-08-12", "additional", 50),
        ("2026-08-12", "additional", 50),
    ]


def test_what_is_counted_outside_the_contract_is_not_called() -> None:
    census = Census(sondes(400, at("2026-01-01"), at("2026-03-01")) | sondes(120, at("2026-03-01"), FOREVER, "t"))
    measured = account(contract("2026-03-01"), basis=Basis.MEASURED)
    assert calls(measured, census) == [("2026-07-01", "annual", 150)]


def test_the_highest_of_both() -> None:
    """SPEC 8: `highest`: of what is subscribed and what is counted, the larger at each instant."""
    census = Census(sondes(130, at("2026-02-01"), at("2026-05-01")) | sondes(260, at("2026-11-02"), FOREVER, "n"))
    terms = contract("2026-01-01", ("2026-01-01", 100), ("2026-09-01", 200))
    assert calls(account(terms, basis=Basis.HIGHEST), census) == [
        ("2026-07-01", "annual", 150),
        ("2026-09-01", "additional", 50),
        ("2026-11-02", "additional", 100),
    ]
    assert calls(account(terms, basis=Basis.SUBSCRIBED), census) == [
        ("2026-07-01", "annual", 100),
        ("2026-09-01", "additional", 100),
    ]


def test_several_contracts_one_after_the_other() -> None:
    twice = account(contract("2025-01-01", end="2026-02-28"), contract("2026-10-01", ("2026-10-01", 250)))
    assert calls(twice) == [("2026-07-01", "annual", 100), ("2026-10-01", "additional", 150)]


def test_a_contract_without_a_number_is_the_minimum() -> None:
    """SPEC 8: « Inside a contract the level is never below 100 »."""
    assert calls(account(Engagement(start=date(2026, 1, 1)))) == [("2026-07-01", "annual", 100)]


def test_beyond_what_is_closed_the_rise_alone_is_called() -> None:
    """SPEC 8: « above what was already called »: an annual call of 100 was closed, then the contract is edited."""
    edited = account(contract("2026-01-01", ("2026-01-01", 100), ("2026-03-01", 150)))
    assert calls(edited, called=100) == [("2026-07-01", "additional", 50)]
    assert calls(edited, called=150) == calls(edited, called=200) == []


def test_an_amendment_is_to_be_signed_where_whole_pools_are_exceeded() -> None:
    """SPEC 8: « `billed` of what is counted exceeds `billed` of what is subscribed »."""
    summer = at("2026-08-01")
    who = account(contract("2026-01-01"))
    year = year_of(who, 2026)
    assert excess(who, Census(sondes(100, summer)), year, LATER) is None
    assert excess(who, Census(sondes(101, summer)), year, LATER) == Excess(summer, 101, 150, 100, 100, True, 50)
    brief = Census(sondes(100, summer) | sondes(30, summer + 60, summer + 120, "x"))
    assert excess(who, brief, year, LATER) == Excess(summer + 60, 130, 150, 100, 100, False, 50)
    worst = Census(sondes(101, summer) | sondes(60, summer + 60, summer + 120, "x") | sondes(9, summer + 90, name="y"))
    assert excess(who, worst, year, LATER) == Excess(summer, 161, 200, 100, 100, True, 100)
    assert excess(who, Census(sondes(101, summer)), year, summer - 1) is None
    assert excess(who, Census(sondes(101, summer)), year, year.start - 1) is None
    assert highest(who, Census(sondes(101, summer)), year, LATER, Basis.HIGHEST) == 150


DAYS = st.dates(date(2025, 6, 1), date(2027, 6, 1))
COUNTS = st.integers(1, 400)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Account, Census]:
    start = draw(DAYS)
    later = sorted(draw(st.sets(DAYS.filter(lambda day: day > start), max_size=4)))
    terms = Engagement(
        start=start,
        end=draw(st.none() | DAYS.filter(lambda day: day >= start)),
        sondes=((start, draw(COUNTS)), *((day, draw(COUNTS)) for day in later)),
    )
    lives: dict[str, list[tuple[int, int]]] = {}
    for number in range(draw(st.integers(0, 3))):
        since = midnight(draw(DAYS), PARIS) + draw(st.sampled_from([0, -1, 3600]))
        until = since + draw(st.integers(1, 300 * 86_400))
        lives |= sondes(draw(st.integers(1, 220)), since, until, f"g{number}")
    return account(terms, basis=draw(st.sampled_from([*Basis]))), Census(lives)


@given(worlds())
def test_the_calls_of_a_year_add_up_to_its_highest_level(world: tuple[Account, Census]) -> None:
    who, census = world
    for number in (2025, 2026, 2027):
        year = year_of(who, number)
        made = rises(who, census, year, LATER)
        assert sum(rise.sondes for rise in made) == highest(who, census, year, LATER) == _highest(who, census, number)
        assert all(rise.sondes > 0 and rise.at >= year.july for rise in made)
        assert [rise.kind for rise in made[1:]] == [Kind.ADDITIONAL] * len(made[1:])


@given(worlds(), st.integers(0, 400))
def test_what_was_dated_by_some_day_is_what_is_listed_later(world: tuple[Account, Census], days: int) -> None:
    """Asking earlier gives the beginning of the same list; closing it then and going on gives the rest."""
    who, census = world
    year = year_of(who, 2026)
    now = year.start + days * 86_400
    early, late = rises(who, census, year, now), rises(who, census, year, LATER)
    assert early == late[: len(early)]
    if early:
        assert rises(who, census, year, LATER, called=sum(rise.sondes for rise in early)) == late[len(early) :]


def _highest(who: Account, census: Census, number: int) -> int:
    """The highest level of a year, looked for at every instant at which anything happens."""
    year = year_of(who, number)
    terms = who.engagements[0]
    turns = {year.start, *_midnights(number), *(edge for own in census.lives.values() for span in own for edge in span)}
    return max(_level(who, terms, census, turn) for turn in turns if year.start <= turn < year.end)


def _midnights(number: int) -> Sequence[int]:
    return [
        midnight(date.fromordinal(day), PARIS)
        for day in range(date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal() + 1)
    ]


def _level(who: Account, terms: Engagement, census: Census, turn: int) -> int:
    day = local_day(turn, PARIS)
    if day < terms.start or (terms.end is not None and day > terms.end):
        return 0
    subscribed = [count for since, count in terms.sondes if since <= day][-1]
    counted = sum(any(s <= turn < e for s, e in own) for own in census.lives.values())
    return {
        Basis.SUBSCRIBED: billed(subscribed),
        Basis.MEASURED: billed(counted),
        Basis.HIGHEST: max(billed(subscribed), billed(counted)),
    }[Basis(who.basis)]


def test_levels_begin_where_they_are_asked_from() -> None:
    who = account(contract("2026-02-01"))
    assert [*levels(who, NONE, at("2026-01-01"), at("2026-03-01"))] == [(at("2026-01-01"), 0), (at("2026-02-01"), 100)]


@pytest.mark.parametrize(("day", "expected"), [("2026-01-01", 100), ("2026-09-14", 100), ("2026-09-15", 150)])
def test_subscribed_by_date(day: str, expected: int) -> None:
    terms = contract("2026-01-01", ("2026-01-01", 100), ("2026-09-15", 150))
    assert terms.subscribed(date.fromisoformat(day)) == expected
