"""Whose turn it is. SPEC 7."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.calendar import Calendar, Version
from supervisor.domain.oncall import Replacement, Rota, Turn, Who, turn, turns

PARIS = ZoneInfo("Europe/Paris")
A, B, C = 1, 2, 3


def at(wall: str, fold: int = 0) -> int:
    """That time in Metz, of 2026."""
    return int(datetime.fromisoformat(f"2026-{wall}").replace(tzinfo=PARIS, fold=fold).timestamp())


def rota(first: str = "01-05", *, days: int = 7, minutes: int = 540, calendar: Calendar | None = None,
         outside: bool = False, members: int = 2) -> Rota:  # fmt: skip
    """Mondays at 9:00, from 5 January on."""
    return Rota(
        name="astreinte",
        members=tuple(Who("syndicat", str(number)) for number in range(members)),
        first=date.fromisoformat(f"2026-{first}"),
        days=days,
        minutes=minutes,
        zone=PARIS,
        calendar=calendar,
        outside=outside,
    )


def instead(
    number: int, start: str, end: str, contact: int = C, entered: str = "01-01", cancelled: str | None = None
) -> Replacement:
    """Entered on New Year's Day unless said."""
    gone = None if cancelled is None else at(cancelled)
    return Replacement(number, "astreinte", at(start), at(end), contact, "jeanne", at(entered), gone, None)


def test_turns_follow_one_another_at_the_hand_over() -> None:
    assert turn(rota(), [A, B], [], at("01-05 08:59:59")) is None
    assert turn(rota(), [A, B], [], at("01-05 09:00")) == Turn(A, at("01-05 09:00"), at("01-12 09:00"), None)
    assert turn(rota(), [A, B], [], at("01-12 08:59:59")) == Turn(A, at("01-05 09:00"), at("01-12 09:00"), None)
    assert turn(rota(), [A, B], [], at("01-12 09:00")) == Turn(B, at("01-12 09:00"), at("01-19 09:00"), None)


@pytest.mark.parametrize(("night", "hours"), [("03-29", 23), ("10-25", 25)])
def test_turns_of_a_day_over_a_change_of_the_clock_last_as_long_as_the_day(night: str, hours: int) -> None:
    found = turn(rota(days=1, minutes=0), [A, B], [], at(f"{night} 12:00"))
    assert found is not None
    assert (found.since, found.until - found.since) == (at(f"{night} 00:00"), hours * 3600)


def test_a_hand_over_at_a_time_that_is_skipped_or_comes_twice() -> None:
    every_day = rota(days=1, minutes=150)
    skipped = turn(every_day, [A, B], [], at("03-29 12:00"))
    assert skipped is not None
    assert skipped.since == at("03-29 01:30") + 3600  # half an hour after 2:00 would have been
    before = turn(every_day, [A, B], [], skipped.since - 1)
    assert before is not None
    assert (before.contact != skipped.contact, before.until) == (True, skipped.since)
    twice = turn(every_day, [A, B], [], at("10-25 12:00"))
    assert twice is not None
    assert twice.since == at("10-25 02:30", fold=0)


def test_a_member_who_is_gone_is_followed_by_the_next() -> None:
    assert [one.contact for one in turns(rota(members=3), [A, None, C], [], at("01-05 09:00"), at("01-26 09:00"))] == [
        A, C, C,
    ]  # fmt: skip
    assert turn(rota(), [None, None], [], at("01-06 09:00")) is None


def test_a_replacement_holds_within_turns_and_over_them() -> None:
    found = list(
        turns(rota(), [A, B], [instead(1, "01-11 18:00", "01-12 18:00")], at("01-05 09:00"), at("01-13 00:00"))
    )
    assert found == [
        Turn(A, at("01-05 09:00"), at("01-11 18:00"), None),
        Turn(C, at("01-11 18:00"), at("01-12 18:00"), 1),
        Turn(B, at("01-12 18:00"), at("01-19 09:00"), None),
    ]


def test_of_those_that_overlap_the_latest_entered_holds() -> None:
    both = [instead(1, "01-06 00:00", "01-09 00:00"), instead(2, "01-07 00:00", "01-08 00:00", contact=B)]
    found = list(turns(rota(), [A, B], both, at("01-06 00:00"), at("01-09 00:00")))
    assert [(one.contact, one.replacement) for one in found] == [(C, 1), (B, 2), (C, 1)]


def test_one_that_is_cancelled_holds_up_to_then_and_none_before_it_was_entered() -> None:
    cancelled = instead(1, "01-06 00:00", "01-09 00:00", cancelled="01-07 12:00")
    assert [one.until for one in turns(rota(), [A, B], [cancelled], at("01-06 00:00"), at("01-07 13:00"))] == [
        at("01-07 12:00"), at("01-12 09:00"),
    ]  # fmt: skip
    assert instead(1, "01-06 00:00", "01-09 00:00", cancelled="01-05 12:00").held is None
    late = instead(1, "01-06 00:00", "01-09 00:00", entered="01-07 00:00")
    assert late.held == (at("01-07 00:00"), at("01-09 00:00"))


def test_a_replacement_may_come_before_the_first_turn() -> None:
    early = [instead(1, "01-02 00:00", "01-03 00:00")]
    assert list(turns(rota(), [A, B], early, at("01-01 00:00"), at("01-06 00:00"))) == [
        Turn(C, at("01-02 00:00"), at("01-03 00:00"), 1),
        Turn(A, at("01-05 09:00"), at("01-12 09:00"), None),
    ]


OFFICE = Calendar(
    [Version(start=None, timezone="Europe/Paris", holidays=("FR", "57"), week=(*[((540, 1050),)] * 5, (), ()),
             closed=(), opened=())]
)  # fmt: skip


def test_in_force_out_of_office_hours_or_during_them() -> None:
    nights, days = rota(calendar=OFFICE, outside=True), rota(calendar=OFFICE)
    assert nights.in_force(at("01-05 12:00")) == at("01-05 17:30")
    assert nights.in_force(at("01-05 17:30")) == at("01-05 17:30")
    assert nights.in_force(at("05-01 12:00")) == at("05-01 12:00")  # a holiday
    assert days.in_force(at("01-05 12:00")) == at("01-05 12:00")
    assert days.in_force(at("01-09 17:30")) == at("01-12 09:00")


ENTRIES = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 200), st.sampled_from([A, B, C])), max_size=5)


@given(
    st.integers(1, 15), st.integers(0, 1439), st.lists(st.sampled_from([A, B, None]), min_size=1, max_size=4), ENTRIES
)
def test_against_a_walk_hour_by_hour(
    days: int, minutes: int, members: list[int | None], entries: list[tuple[int, int, int]]
) -> None:
    """Over the change of clocks in March: at each whole hour, whoever a calendar on the wall would name."""
    made = rota("03-20", days=days, minutes=minutes, members=len(members))
    start = at("03-20 00:00")
    taken = [
        Replacement(number, "astreinte", start + after * 3600, start + (after + length) * 3600, who, "x", 0, None, None)
        for number, (after, length, who) in enumerate(entries, start=1)
    ]
    for hour in range(0, 500, 7):
        instant = start + hour * 3600
        expected = next((one.contact for one in reversed(taken) if one.start <= instant < one.end), None)
        if expected is None:
            expected = _on_the_wall(made, members, instant)
        found = turn(made, members, taken, instant)
        assert (None if found is None else found.contact) == expected
        if found is not None:
            assert found.since <= instant < found.until
            assert turn(made, members, taken, found.since) == turn(made, members, taken, found.until - 1) == found


def _on_the_wall(made: Rota, members: list[int | None], instant: int) -> int | None:
    """Day by day from the first on, as somebody would count with a finger."""
    number, day = -1, made.first
    while _instant(day, made.minutes) <= instant:
        number, day = number + 1, day + timedelta(days=made.days)
    if number < 0:
        return None
    order = members[number % len(members) :] + members[: number % len(members)]
    return next((one for one in order if one is not None), None)


def _instant(day: date, minutes: int) -> int:
    wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=PARIS)
    return int(wall.timestamp())
