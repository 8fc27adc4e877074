"""The worked examples of business time, each with its arithmetic, and the days that other programs get wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest

from supervisor.domain.calendar import Calendar, Minutes, Version
from supervisor.domain.interval import FOREVER

HOUR = 3600
NEVER: tuple[Minutes, ...] = ()
ALL_DAY = ((0, 1440),)
OFFICE = ((9 * 60, 17 * 60 + 30),)  # Moselle Fibre, 002 art. 7


def version(
    week: tuple[tuple[Minutes, ...], ...],
    *,
    start: date | None = None,
    zone: str = "Europe/Paris",
    holidays: tuple[str, str | None] | None = None,
    closed: tuple[tuple[date, date], ...] = (),
    opened: tuple[tuple[date, tuple[Minutes, ...]], ...] = (),
) -> Version:
    return Version(start=start, timezone=zone, holidays=holidays, week=week, closed=closed, opened=opened)


def at(text: str, zone: str = "Europe/Paris") -> int:
    """An instant, as a clock of that zone shows it."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


WEEKDAYS = (OFFICE,) * 5 + (NEVER,) * 2
ALWAYS = (ALL_DAY,) * 7
MOSELLE = version(WEEKDAYS, holidays=("FR", "57"))


@pytest.fixture
def moselle() -> Calendar:
    return Calendar([MOSELLE])


@pytest.fixture
def always() -> Calendar:
    return Calendar([version(ALWAYS)])


# --- The examples of Moselle Fibre


def test_eight_hours_from_half_past_nine_end_the_same_day(moselle: Calendar) -> None:
    """09:30 + 8 h = 17:30: the earliest instant is the end of that slot, not the start of the next (09:00)."""
    assert moselle.after(at("2026-03-02 09:30"), 8 * HOUR) == at("2026-03-02 17:30")
    assert moselle.after(at("2026-03-02 09:30"), 8 * HOUR + 1) == at("2026-03-03 09:00:01")


def test_eight_hours_from_friday_evening_end_on_monday(moselle: Calendar) -> None:
    """Friday 17:00-17:30 is 0 h 30; Monday 09:00 + 7 h 30 = 16:30."""
    assert moselle.after(at("2026-03-06 17:00"), 8 * HOUR) == at("2026-03-09 16:30")


@pytest.mark.parametrize(
    ("good_friday", "end", "week"),
    [
        (True, "2026-04-07 15:30", 1.5 + 4 * 8.5),
        (False, "2026-04-03 15:30", 1.5 + 8.5 + 4 * 8.5),
    ],
)
def test_eight_hours_before_easter(good_friday: bool, end: str, week: float) -> None:
    """Thursday 2 April 16:00-17:30 is 1 h 30, 6 h 30 are left: 09:00 + 6 h 30 = 15:30 of the next open day.

    With Good Friday (3 April) and Easter Monday (6 April) closed, that is Tuesday 7 April, without the former Friday.
    Up to Saturday 11 April: Tuesday to Friday are 4 x 8 h 30, and Good Friday one more where it is open.
    """
    calendar = Calendar([MOSELLE], good_friday=good_friday)
    assert calendar.after(at("2026-04-02 16:00"), 8 * HOUR) == at(end)
    assert calendar.open_seconds(at("2026-04-02 16:00"), at("2026-04-11 00:00")) == week * HOUR


def test_the_year_of_a_contract(moselle: Calendar) -> None:
    """2026 has 261 weekdays; 1 January, Easter Monday, 1 and 8 May, Ascension, Whit Monday, 14 July, 11 November and
    25 December are nine of them (15 August is a Saturday, 1 November a Sunday, 26 December a Saturday): 252 x 8 h 30.
    Good Friday, where it counts, takes one more.
    """
    year = at("2026-01-01 00:00"), at("2027-01-01 00:00")
    assert moselle.open_seconds(*year) == 252 * 8.5 * HOUR
    assert Calendar([MOSELLE], good_friday=True).open_seconds(*year) == 251 * 8.5 * HOUR


def test_26_december_closes_in_all_of_alsace_moselle() -> None:
    """In 2025 it is a Friday: 22, 23 and 24 December are open, and elsewhere in France the 26th too."""
    week = at("2025-12-22 00:00"), at("2025-12-27 00:00")
    assert Calendar([MOSELLE]).open_seconds(*week) == 3 * 8.5 * HOUR
    assert Calendar([version(WEEKDAYS, holidays=("FR", "35"))]).open_seconds(*week) == 4 * 8.5 * HOUR


def test_the_help_desk_closes_at_noon() -> None:
    """Annexe 2: 9:00-12:00 and 14:00-17:30. Tuesday 11:30-12:00 and 14:00-14:30 are one hour."""
    desk = Calendar([version((((540, 720), (840, 1050)),) * 5 + (NEVER,) * 2, holidays=("FR", "57"))])
    assert desk.open_seconds(at("2026-03-03 11:30"), at("2026-03-03 14:30")) == HOUR
    assert desk.open_seconds(at("2026-03-03 12:00"), at("2026-03-03 14:00")) == 0
    assert desk.after(at("2026-03-03 11:30"), 1800) == at("2026-03-03 12:00")
    assert desk.after(at("2026-03-03 11:30"), 1801) == at("2026-03-03 14:00:01")
    assert desk.open_seconds(at("2026-03-02 00:00"), at("2026-03-09 00:00")) == 5 * 6.5 * HOUR


def test_the_clock_of_a_suspended_incident(moselle: Calendar) -> None:
    """SPEC 6: reported Friday 16:00, suspended 17:00 to Monday 10:00: 1 h counted, 0 h 30 + 1 h suspended, and the
    7 h that are left of 8 end on Monday 10:00 + 7 h = 17:00.
    """
    assert moselle.open_seconds(at("2026-03-06 16:00"), at("2026-03-06 17:00")) == HOUR
    assert moselle.open_seconds(at("2026-03-06 17:00"), at("2026-03-09 10:00")) == 1.5 * HOUR
    assert moselle.after(at("2026-03-09 10:00"), 7 * HOUR) == at("2026-03-09 17:00")


# --- The example of Redon


def test_the_week_of_redon() -> None:
    """Monday to Thursday 4 h 30 + 4 h 30, Friday 4 h 30 + 3 h 30: 36 + 8 = 44 h; 14 July 2026, a Tuesday, takes 9.

    8 h from Friday 10 July 16:00: 1 h until 17:00, then Monday 08:00-12:30 (4 h 30) and 13:30 + 2 h 30 = 16:00.
    """
    day, friday = ((480, 750), (810, 1080)), ((480, 750), (810, 1020))
    redon = Calendar([version((*(day,) * 4, friday, NEVER, NEVER), holidays=("FR", None))])
    assert redon.open_seconds(at("2026-06-01 00:00"), at("2026-06-08 00:00")) == 44 * HOUR
    assert redon.open_seconds(at("2026-07-13 00:00"), at("2026-07-20 00:00")) == 35 * HOUR
    assert redon.after(at("2026-07-10 16:00"), 8 * HOUR) == at("2026-07-13 16:00")


# --- Edges of a slot


def test_slots_are_half_open(moselle: Calendar) -> None:
    """At exactly 09:00 the service is promised, at exactly 17:30 no longer."""
    assert not moselle.is_open(at("2026-03-02 08:59:59"))
    assert moselle.is_open(at("2026-03-02 09:00"))
    assert moselle.is_open(at("2026-03-02 17:29:59"))
    assert not moselle.is_open(at("2026-03-02 17:30"))


def test_an_event_at_exactly_the_end_or_the_start_of_a_day(moselle: Calendar) -> None:
    """Nothing of the day is left at 17:30: 8 h from there, as from the next day's 09:00, end at that day's 17:00."""
    evening, morning = at("2026-03-02 17:30"), at("2026-03-03 09:00")
    assert moselle.open_seconds(evening, morning) == 0
    assert moselle.open_seconds(evening - 1, morning + 1) == 2
    assert moselle.after(evening, 8 * HOUR) == moselle.after(morning, 8 * HOUR) == at("2026-03-03 17:00")
    assert moselle.after(evening, 1) == morning + 1


def test_no_time_at_all(moselle: Calendar) -> None:
    sunday = at("2026-03-01 12:00")
    assert moselle.after(sunday, 0) == sunday
    assert moselle.open_seconds(sunday, sunday) == 0
    assert moselle.open_seconds(utc("2026-01-01"), utc("2026-01-01")) == 0  # where one table ends and the next begins
    assert moselle.open_seconds(at("2026-03-03 12:00"), at("2026-03-02 12:00")) == 0
    assert moselle.openings(at("2026-03-03 12:00"), at("2026-03-02 12:00")) == []


def test_openings_are_cut_to_what_is_asked(moselle: Calendar) -> None:
    assert moselle.openings(at("2026-03-06 17:00"), at("2026-03-09 09:10")) == [
        (at("2026-03-06 17:00"), at("2026-03-06 17:30")),
        (at("2026-03-09 09:00"), at("2026-03-09 09:10")),
    ]
    assert moselle.openings(at("2026-03-06 17:30"), at("2026-03-09 09:00")) == []


# --- Changes of the clock


def test_days_of_23_and_25_hours(always: Calendar) -> None:
    """24/7, the day that loses the hour 02:00-03:00 has 23, the one that has it twice 25."""
    assert always.open_seconds(at("2026-03-29 00:00"), at("2026-03-30 00:00")) == 23 * HOUR
    assert always.open_seconds(at("2026-10-25 00:00"), at("2026-10-26 00:00")) == 25 * HOUR
    assert always.after(at("2026-03-29 00:00"), 24 * HOUR) == at("2026-03-30 01:00")
    assert always.after(at("2026-10-25 00:00"), 24 * HOUR) == at("2026-10-25 23:00")


def test_always_is_one_opening_without_a_seam(always: Calendar) -> None:
    """Neither midnight, nor a change of the clock, nor the new year cuts it."""
    assert always.openings(utc("2025-06-01"), utc("2028-06-01")) == [(utc("2025-06-01"), utc("2028-06-01"))]


@pytest.mark.parametrize(
    ("slot", "day", "expected"),
    [
        # 29 March, at 01:00 UTC, 02:00 becomes 03:00. A skipped time keeps the offset before: 02:30 is 01:30 UTC.
        ((60, 240), "2026-03-29", [("2026-03-29 00:00", "2026-03-29 02:00")]),  # 01:00-04:00 is two hours
        ((150, 240), "2026-03-29", [("2026-03-29 01:30", "2026-03-29 02:00")]),  # 02:30-04:00
        ((60, 150), "2026-03-29", [("2026-03-29 00:00", "2026-03-29 01:30")]),  # 01:00-02:30
        ((150, 195), "2026-03-29", []),  # 02:30 (01:30 UTC) to 03:15 (01:15 UTC): reversed
        ((120, 180), "2026-03-29", []),  # 02:00-03:00: the hour that is not
        # 25 October, at 01:00 UTC, 03:00 becomes 02:00. A time shown twice counts the first time.
        ((60, 240), "2026-10-25", [("2026-10-24 23:00", "2026-10-25 03:00")]),  # 01:00-04:00 is four hours
        ((150, 180), "2026-10-25", [("2026-10-25 00:30", "2026-10-25 02:00")]),  # 02:30-03:00 is an hour and a half
        ((60, 150), "2026-10-25", [("2026-10-24 23:00", "2026-10-25 00:30")]),  # 01:00-02:30 ends the first time
    ],
)
def test_a_slot_over_a_change_of_the_clock(slot: Minutes, day: str, expected: list[tuple[str, str]]) -> None:
    calendar = Calendar([version(((slot,),) * 7)])
    found = calendar.openings(at(f"{day} 00:00"), at(f"{day} 23:00"))
    assert found == [(utc(start), utc(end)) for start, end in expected]


def test_slots_that_a_change_of_the_clock_lays_over_one_another_count_once() -> None:
    """29 March: 00:00-02:30 ends at 01:30 UTC, 03:00-06:00 begins at 01:00 UTC: together 23:00-04:00 UTC."""
    calendar = Calendar([version((((0, 150), (180, 360)),) * 7)])
    assert calendar.openings(at("2026-03-29 00:00"), at("2026-03-30 00:00")) == [
        (utc("2026-03-28 23:00"), utc("2026-03-29 04:00"))
    ]


# --- Zones


@pytest.mark.parametrize(
    ("zone", "place", "offset_h", "holiday"),
    [
        ("America/Martinique", "972", -4, "2026-05-22"),
        ("Indian/Reunion", "974", 4, "2028-12-20"),
        ("Pacific/Noumea", "988", 11, "2026-09-24"),
    ],
)
def test_overseas(zone: str, place: str, offset_h: int, holiday: str) -> None:
    """No summer time there: 09:00-17:30 is the same UTC time all year; its own holiday closes that weekday."""
    calendar = Calendar([version(WEEKDAYS, zone=zone, holidays=("FR", place))])
    for day in ("2026-01-06", "2026-07-07"):
        opening = utc(f"{day} 09:00") - offset_h * HOUR
        assert calendar.openings(opening - 9 * HOUR, opening + 15 * HOUR) == [(opening, opening + int(8.5 * HOUR))]
    assert calendar.open_seconds(at(f"{holiday} 00:00", zone), at(f"{holiday} 23:00", zone)) == 0


def test_the_new_year_of_a_zone_far_from_utc() -> None:
    """Noumea's 1 January begins on 31 December at 13:00 UTC: closed for the holiday, while the 31st was open."""
    calendar = Calendar([version(ALWAYS, zone="Pacific/Noumea", holidays=("FR", "988"))])
    assert calendar.openings(utc("2026-12-30"), utc("2027-01-02")) == [
        (utc("2026-12-30"), utc("2026-12-31 13:00")),
        (utc("2027-01-01 13:00"), utc("2027-01-02")),
    ]


# --- Versions, closings, openings


def test_a_version_begins_with_its_local_day() -> None:
    """Until Tuesday 30 June 09:00-17:30 (two days: 17 h), from Wednesday 1 July 08:00-18:00 (three days: 30 h)."""
    longer = version((((480, 1080),),) * 5 + (NEVER,) * 2, start=date(2026, 7, 1))
    calendar = Calendar([version(WEEKDAYS), longer])
    assert calendar.open_seconds(at("2026-06-29 00:00"), at("2026-07-06 00:00")) == (2 * 8.5 + 3 * 10) * HOUR
    assert calendar.after(at("2026-06-30 17:00"), HOUR) == at("2026-07-01 08:30")


def test_before_a_first_version_that_has_a_date_nothing_is_open() -> None:
    calendar = Calendar([version(ALWAYS, start=date(2026, 7, 1))])
    assert calendar.openings(at("2026-06-01 00:00"), at("2026-07-02 00:00")) == [
        (at("2026-07-01 00:00"), at("2026-07-02 00:00"))
    ]
    assert calendar.after(at("2020-01-01 00:00"), HOUR) == at("2026-07-01 01:00")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Paris ends 30 June at 22:00 UTC, Réunion begins 1 July at 20:00 UTC the day before: two hours belong to both.
        ("Europe/Paris", "Indian/Reunion", [("2026-06-30", "2026-07-02")]),
        # Réunion ends at 20:00 UTC, Paris begins at 22:00 UTC: two hours belong to neither.
        ("Indian/Reunion", "Europe/Paris", [("2026-06-30", "2026-06-30 20:00"), ("2026-06-30 22:00", "2026-07-02")]),
    ],
)
def test_versions_in_two_zones_each_keep_their_days(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    calendar = Calendar([version(ALWAYS, zone=before), version(ALWAYS, zone=after, start=date(2026, 7, 1))])
    found = calendar.openings(utc("2026-06-30"), utc("2026-07-02"))
    assert found == [(utc(start), utc(end)) for start, end in expected]


def test_an_exceptional_closing_includes_both_of_its_days() -> None:
    """Monday 3 to Tuesday 4 August, and Friday 7: Wednesday and Thursday are left of the week."""
    closed = ((date(2026, 8, 3), date(2026, 8, 4)), (date(2026, 8, 7), date(2026, 8, 7)))
    calendar = Calendar([version(WEEKDAYS, closed=closed)])
    assert calendar.open_seconds(at("2026-08-03 00:00"), at("2026-08-10 00:00")) == 2 * 8.5 * HOUR
    assert calendar.after(at("2026-08-03 09:00"), 1) == at("2026-08-05 09:00:01")


def test_a_closing_over_the_new_year() -> None:
    closed = ((date(2026, 12, 24), date(2027, 1, 3)),)
    calendar = Calendar([version(WEEKDAYS, closed=closed)])
    assert calendar.after(at("2026-12-23 17:30"), 1) == at("2027-01-04 09:00:01")


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 7, 14),  # a holiday
        date(2026, 3, 1),  # a Sunday
        date(2026, 8, 4),  # within a closing
        date(2026, 3, 3),  # an ordinary Tuesday, whose slots it replaces
    ],
)
def test_an_exceptional_opening_wins_over_everything(day: date) -> None:
    closed = ((date(2026, 8, 3), date(2026, 8, 7)),)
    calendar = Calendar([version(WEEKDAYS, holidays=("FR", None), closed=closed, opened=((day, ((600, 720),)),))])
    assert calendar.openings(at(f"{day} 00:00"), at(f"{day} 23:59")) == [(at(f"{day} 10:00"), at(f"{day} 12:00"))]


def test_versions_out_of_order_are_refused() -> None:
    first, second = version(ALWAYS), version(ALWAYS, start=date(2026, 7, 1))
    for wrong in ([second, first], [second, second], [first, first]):
        with pytest.raises(ValueError, match="follow one another"):
            Calendar(wrong)


# --- What never comes, and what is far away


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar([]),
        Calendar([version((NEVER,) * 7, holidays=("FR", None))]),
        Calendar([version(ALWAYS), version((NEVER,) * 7, start=date(2026, 1, 1))]),
        Calendar([version(ALWAYS, closed=((date(2026, 1, 1), date.max),))]),
    ],
)
def test_closed_for_ever(calendar: Calendar) -> None:
    assert calendar.after(at("2026-01-01 00:00"), 1) is None
    assert calendar.open_seconds(at("2026-01-01 00:00"), FOREVER) == 0


def test_the_last_opening_of_all_is_found() -> None:
    """Closed for ever, but for ten minutes of 2050."""
    opened = ((date(2050, 5, 5), ((600, 610),)),)
    calendar = Calendar([version((NEVER,) * 7, opened=opened)])
    assert calendar.after(at("2026-01-01 00:00"), 600) == at("2050-05-05 10:10")
    assert calendar.after(at("2026-01-01 00:00"), 601) is None


def test_before_1970_counts_as_well(always: Calendar) -> None:
    assert always.open_seconds(-HOUR, HOUR) == 2 * HOUR
    assert always.after(-3 * HOUR, HOUR) == -2 * HOUR
    assert always.open_seconds(utc("1912-01-01"), utc("1913-01-01")) == 366 * 24 * HOUR


def test_a_calendar_knows_the_years_1900_to_2100(always: Calendar) -> None:
    """In Paris's zone the year 2101 begins at 23:00 UTC: the bound is that of UTC."""
    first, last = utc("1900-01-01"), utc("2101-01-01")
    assert always.openings(-FOREVER, FOREVER) == [(first, last)]
    assert always.open_seconds(-FOREVER, FOREVER) == last - first
    assert always.after(-FOREVER, 1) == first + 1
    assert always.after(last - 1, 1) == last
    for beyond in (last, FOREVER):
        assert always.after(beyond, 1) is None
        assert always.after(beyond, 0) == beyond
        assert not always.is_open(beyond)
    assert not always.is_open(-FOREVER)


def test_threads_that_ask_together_get_the_same_answer() -> None:
    """The loop and the metrics share a calendar; whichever lays a year out, the sum is that of a fresh one."""
    year = at("2026-01-01 00:00"), at("2027-01-01 00:00")
    calendar, together = Calendar([MOSELLE]), Barrier(8)
    answers: list[int] = []

    def ask() -> None:
        together.wait()
        answers.append(calendar.open_seconds(*year))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [252 * 8.5 * HOUR] * 8
