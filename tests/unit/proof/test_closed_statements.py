"""Statements of periods that hold closed months: what is closed counts as it was closed. SPEC 5."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.domain.availability import Verdict
from supervisor.domain.calendar import Calendar, Version
from supervisor.domain.period import month_of
from supervisor.domain.promise import Promises
from supervisor.errors import VigieError
from supervisor.proof.frozen import RecordedCalendar
from supervisor.proof.statement import as_json
from tests.unit.acts.stage import CALENDAR, IMAP, PARIS, Stage, at
from tests.unit.proof.march import RUNNING, alter, close, of, states


def with_calendar(promises: Promises, *closed: date) -> Promises:
    """The same promises, of a calendar that has these days closed."""
    version = Version(
        start=None,
        timezone="Europe/Paris",
        holidays=("FR", "57"),
        week=(*[((540, 1050),)] * 5, (), ()),
        closed=tuple((day, day) for day in closed),
        opened=(),
    )
    calendar = Calendar([version])
    return replace(promises, services={k: replace(p, calendar=calendar) for k, p in promises.services.items()})


def test_a_holiday_entered_late_changes_the_open_month_and_not_the_closed_one(desk: Stage) -> None:
    """A closing of 24 March and of 2 April: each takes 8 h 30, 30,600 s, from an open month."""
    close(desk)
    late = with_calendar(desk.promises, date(2026, 3, 24), date(2026, 4, 2))
    before, after = states(desk, "2026-Q1"), states(desk, "2026-Q1", promises=late)
    assert of(before, "exemple/internet").figures == of(after, "exemple/internet").figures
    april = [of(states(desk, "2026-04", promises=each), "exemple/internet").figures for each in (desk.promises, late)]
    assert april[0].open_s - april[1].open_s == 30_600


@pytest.mark.parametrize("period", ["2026-Q1", "2026-H1", "2026", "2026-03-09..2026-04-09"])
def test_closing_months_does_not_change_longer_periods(desk: Stage, period: str) -> None:
    before = as_json(states(desk, period))
    close(desk)
    close(desk, "2026-01")
    assert as_json(states(desk, period)) == before


def test_a_year_is_the_sum_of_its_months_closed_and_open(desk: Stage) -> None:
    close(desk)
    close(desk, "2026-01")
    alter(desk, f"update interval set status = 'critical' where start < {at('03-20 00:00')}")
    year = states(desk, "2026")
    assert year.closed == ("2026-01", "2026-03")
    for service in year.services:
        months = [states(desk, f"2026-{month:02d}") for month in range(1, 5)]
        name = "/".join(service.key)
        total = of(months[0], name).figures
        for month in months[1:]:
            total += of(month, name).figures
        assert service.figures == total


def test_what_happens_to_the_tables_afterwards_changes_no_statement_of_the_closed_time(desk: Stage) -> None:
    """Also of a part of it, which is computed from the frozen inputs: 9 to 10:00 up, 10:00 to 11:45 down."""
    periods = ("2026-03", "2026-03-10..2026-03-11", "2026-03-02..2026-03-20")
    close(desk)
    before = [as_json(states(desk, period)) for period in periods]
    alter(desk, "delete from interval", "delete from exclusion", "delete from spell", "delete from ledger")
    assert [as_json(states(desk, period)) for period in periods] == before
    figures = of(states(desk, "2026-03-10..2026-03-11"), "exemple/internet").figures
    assert (figures.open_s, figures.down_s, figures.excluded_s) == (30_600, 6300, 4500)


def test_any_part_of_a_closed_month_is_what_it_was_when_open(desk: Stage) -> None:
    days = [(first, end) for first in (1, 9, 10, 31) for end in (10, 11, 31) if first < end]
    periods = [f"2026-03-{first:02d}..2026-03-{end:02d}" for first, end in days]
    before = [as_json(states(desk, period)) for period in periods]
    close(desk)
    assert [as_json(states(desk, period)) for period in periods] == before


def test_services_that_the_config_has_no_more_come_after_those_that_it_has(desk: Stage) -> None:
    close(desk)
    rest = {key: promise for key, promise in desk.promises.services.items() if key[0] != "exemple"}
    names = {owner: name for owner, name in desk.promises.collectivites.items() if owner != "exemple"}
    desk.promises = replace(desk.promises, services=rest, collectivites=names)
    keys = [service.key for service in states(desk, "2026").services]
    assert keys == [*rest, ("exemple", "internet"), ("exemple", "messagerie")]
    assert [service.key[0] for service in states(desk, "2026", "exemple").services] == ["exemple", "exemple"]
    with pytest.raises(VigieError, match="no 'exemple' in the config"):
        states(desk, "2026-04", "exemple")


def test_one_collectivite_has_its_own_lines_alone(desk: Stage) -> None:
    close(desk)
    alone = states(desk, "2026-03", "autre")
    assert [line.service for line in alone.gti] == [("autre", "messagerie")]
    assert [service.key for service in alone.services] == [("autre", "messagerie")]


def test_a_line_belongs_to_the_closed_month_of_its_start(desk: Stage) -> None:
    """The platform fails on 31 March and runs on: it is in March and in no other part of the year."""
    close(desk)
    desk.result("04-10 10:00", IMAP, "ok")
    lines = {period: states(desk, period).gti for period in ("2026-03", "2026-04", "2026", "2026-03-01..2026-03-31")}
    assert [line.incident for line in lines["2026-03"]].count(RUNNING) == 3
    assert lines["2026-04"] == ()
    assert lines["2026"] == lines["2026-03"]
    assert RUNNING not in {line.incident for line in lines["2026-03-01..2026-03-31"]}


def test_a_closed_month_is_judged_by_its_own_target_a_longer_period_by_that_of_now(desk: Stage) -> None:
    """Down 6,300 of 668,700 judged seconds is 99.06 %: above 96 %, below 99.5 %."""
    close(desk)
    desk.promises = replace(desk.promises, target=Fraction("0.995"))
    march, quarter = (of(states(desk, period), "exemple/internet") for period in ("2026-03", "2026-Q1"))
    assert (march.target, march.verdict) == (Fraction("0.96"), Verdict.MET)
    assert quarter.target == Fraction("0.995")


def test_exclusions_of_the_config_of_then_hold_for_the_closed_month(desk: Stage) -> None:
    close(desk)
    desk.promises = replace(desk.promises, exclude=())
    assert of(states(desk, "2026-Q1"), "exemple/internet").figures.excluded_s == 4500


def test_the_latest_version_counts(desk: Stage) -> None:
    """The correction has 24 March closed."""
    close(desk)
    desk.promises = with_calendar(desk.promises, date(2026, 3, 24))
    assert of(states(desk, "2026-03"), "exemple/internet").figures.open_s == 673_200
    close(desk, correct=True, reason="fermeture du 24 oubliée")
    assert of(states(desk, "2026-03"), "exemple/internet").figures.open_s == 642_600


def test_a_closing_that_cannot_be_read_is_refused_by_name(desk: Stage) -> None:
    close(desk)
    alter(desk, "update closing_part set body = '{' where collectivite = 'exemple'")
    with pytest.raises(VigieError, match=r"closing of 2026-03: a part of it cannot be read .*--verify"):
        states(desk, "2026")
    alter(desk, "update closing set head = '[]'")
    with pytest.raises(VigieError, match="closing of 2026-03: it cannot be read"):
        states(desk, "2026")


INSTANTS = st.integers(at("03-01 00:00"), at("04-01 00:00"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(start=INSTANTS, end=INSTANTS, seconds=st.integers(-5, 800_000))
def test_a_recorded_calendar_answers_as_the_one_that_it_records(start: int, end: int, seconds: int) -> None:
    first, last = month_of(date(2026, 3, 1)).span(PARIS)
    recorded = RecordedCalendar(CALENDAR.openings(first, last))
    assert recorded.openings(start, end) == (CALENDAR.openings(start, end) if start < end else [])
    assert recorded.open_seconds(start, end) == CALENDAR.open_seconds(start, end)
    expected = CALENDAR.after(start, seconds)
    assert recorded.after(start, seconds) == (expected if expected is not None and expected <= last else None)
