"""The clock of the GTI: SPEC 6, with the arithmetic of its examples."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from supervisor.domain.calendar import Calendar, Version
from supervisor.domain.gti import Milestone, clock, milestones, next_milestone, reach
from supervisor.domain.incident import Line

PARIS = ZoneInfo("Europe/Paris")
H = 3600


def at(text: str) -> int:
    """A local instant of Paris."""
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp())


def moselle(*, good_friday: bool = False) -> Calendar:
    """Monday to Friday, 9:00 to 17:30, out of public holidays."""
    version = Version(
        start=None,
        timezone="Europe/Paris",
        holidays=("FR", "57"),
        week=(((540, 1050),),) * 5 + ((),) * 2,
        closed=(),
        opened=(),
    )
    return Calendar([version], good_friday=good_friday)


def line(start: str, stop: str | None = None, *suspensions: tuple[str, str | None]) -> Line:
    """A line by local times."""
    return Line(
        service=("exemple", "internet"),
        start=at(start),
        stop=None if stop is None else at(stop),
        suspensions=tuple((at(since), None if until is None else at(until)) for since, until in suspensions),
    )


NOW = at("2026-06-01T12:00")


def test_the_example_of_the_spec() -> None:
    """Friday 6 March 16:00, suspended 17:00 to Monday 10:00, intervention 11:00.

    elapsed: Friday 16:00-17:00 (1 h) + Monday 10:00-11:00 (1 h) = 2 h; suspended: Friday 17:00-17:30 (30 min) + Monday
    9:00-10:00 (1 h) = 1 h 30; deadline: 1 h used on Friday, 7 h left from Monday 10:00 on = Monday 17:00.
    """
    shown = clock(
        line("2026-03-06T16:00", "2026-03-09T11:00", ("2026-03-06T17:00", "2026-03-09T10:00")), moselle(), 8 * H, NOW
    )
    assert shown == (2 * H, 5400, at("2026-03-09T17:00"), True)


def test_an_untouched_outage_of_three_days_that_heals_by_itself_is_missed() -> None:
    """Tuesday 10 March 15:00 to Friday 13 March 10:00: 2 h 30 + 2 x 8 h 30 + 1 h = 20 h 30, more than 8 h."""
    shown = clock(line("2026-03-10T15:00", "2026-03-13T10:00"), moselle(), 8 * H, NOW)
    assert shown == (20 * H + 1800, 0, at("2026-03-11T14:30"), False)


def test_exactly_eight_hours_are_kept() -> None:
    """Monday 9:30 + 8 h = 17:30: intervening on Tuesday at 9:00 has used 8 h 00, at 9:00:01 a second more."""
    assert clock(line("2026-03-02T09:30", "2026-03-03T09:00"), moselle(), 8 * H, NOW).met is True
    assert clock(line("2026-03-02T09:30", "2026-03-03T09:00:01"), moselle(), 8 * H, NOW).met is False


def test_begun_at_half_past_five_sharp_counts_from_the_next_morning() -> None:
    """Slots are half-open: 17:30 is closed. Tuesday 9:00 + 8 h = 17:00."""
    shown = clock(line("2026-03-02T17:30", "2026-03-03T09:10"), moselle(), 8 * H, NOW)
    assert shown == (600, 0, at("2026-03-03T17:00"), True)


def test_across_a_holiday() -> None:
    """Thursday 2 April 2026 16:00 + 8 h: 1 h 30 on Thursday; with Good Friday and Easter Monday, Tuesday 15:30."""
    begun = line("2026-04-02T16:00", "2026-04-07T15:30")
    assert clock(begun, moselle(good_friday=True), 8 * H, NOW) == (8 * H, 0, at("2026-04-07T15:30"), True)
    assert reach(begun, moselle(), 8 * H) == at("2026-04-03T15:30")


def test_running() -> None:
    """Monday 10:00, now noon: 2 h, and met is not known while it runs, even beyond the deadline."""
    running = line("2026-03-02T10:00")
    assert clock(running, moselle(), 8 * H, at("2026-03-02T12:00")) == (2 * H, 0, at("2026-03-03T09:30"), None)
    assert clock(running, moselle(), 8 * H, at("2026-03-05T12:00")).met is None


def test_the_deadline_waits_for_the_end_of_a_suspension_unless_it_has_passed() -> None:
    suspended = line("2026-03-02T10:00", None, ("2026-03-02T12:00", None))
    assert clock(suspended, moselle(), 8 * H, NOW).deadline is None
    late = line("2026-03-02T10:00", None, ("2026-03-03T11:00", None))
    assert clock(late, moselle(), 8 * H, NOW).deadline == at("2026-03-03T09:30")
    sharp = line("2026-03-02T10:00", None, ("2026-03-03T09:30", None))
    assert clock(sharp, moselle(), 8 * H, NOW).deadline == at("2026-03-03T09:30")


def test_nothing_promised_or_not_applicable() -> None:
    stopped = line("2026-03-02T10:00", "2026-03-02T11:00")
    assert clock(stopped, moselle(), None, NOW) == (H, 0, None, None)
    shown = clock(stopped, moselle(), 8 * H, NOW, applicable=False)
    assert (shown.elapsed_s, shown.deadline, shown.met) == (H, at("2026-03-03T09:30"), None)


def test_milestones() -> None:
    """Monday 9:00, target 8 h: 4 h at 13:00, 6 h at 15:00, 7 h 12 at 16:12; the breach is a second beyond 17:00."""
    expected = [
        Milestone(50, at("2026-03-02T13:00")),
        Milestone(75, at("2026-03-02T15:00")),
        Milestone(90, at("2026-03-02T16:12")),
        Milestone(100, at("2026-03-02T17:00:01")),
    ]
    assert milestones(line("2026-03-02T09:00"), moselle(), 8 * H, NOW) == expected
    assert milestones(line("2026-03-02T09:00", "2026-03-02T15:30"), moselle(), 8 * H, NOW) == expected[:2]
    assert milestones(line("2026-03-02T09:00"), moselle(), 8 * H, at("2026-03-02T14:59")) == expected[:1]
    running = line("2026-03-02T09:00")
    assert next_milestone(running, moselle(), 8 * H, at("2026-03-02T13:00")) == expected[1]
    assert next_milestone(running, moselle(), 8 * H, NOW) is None


def test_a_target_reached_at_closing_time_is_exceeded_only_in_the_morning() -> None:
    """Monday 9:30 + 8 h = 17:30, closing time: kept all night long, exceeded on Tuesday at 9:00:01."""
    reached = milestones(line("2026-03-02T09:30"), moselle(), 8 * H, at("2026-03-03T09:00"))
    assert [milestone.percent for milestone in reached] == [50, 75, 90]
    reached = milestones(line("2026-03-02T09:30"), moselle(), 8 * H, NOW)
    assert reached[-1] == (100, at("2026-03-03T09:00:01"))
