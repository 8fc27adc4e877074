"""Business time by the minute: what a calendar must answer, found by walking a clock through every minute.

Nothing here knows of sorted spans, sums or bisection, and no rule is shared with `supervisor.domain`: an instant is
found by looking at what a clock in the zone shows, holidays come from the law and a table of Easter Sundays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from supervisor.domain.calendar import Version

MINUTE = 60
DAY = timedelta(days=1)

EASTER = {
    2020: date(2020, 4, 12), 2021: date(2021, 4, 4), 2022: date(2022, 4, 17), 2023: date(2023, 4, 9),
    2024: date(2024, 3, 31), 2025: date(2025, 4, 20), 2026: date(2026, 4, 5), 2027: date(2027, 3, 28),
    2028: date(2028, 4, 16), 2029: date(2029, 4, 1), 2030: date(2030, 4, 21), 2031: date(2031, 4, 13),
    2032: date(2032, 3, 28), 2033: date(2033, 4, 17), 2034: date(2034, 4, 9), 2035: date(2035, 3, 25),
}  # fmt: skip
ALSACE_MOSELLE = ("57", "67", "68", "6AE")
# Code du travail, L3422-2: the end of slavery, by department.
_ABOLITION = {"971": (5, 27), "972": (5, 22), "973": (6, 10), "974": (12, 20), "976": (4, 27)}


def legal_holidays(year: int, subdivision: str | None = None, *, good_friday: bool = False) -> set[date]:
    """Code du travail, L3133-1, L3134-13 (Alsace-Moselle) and L3422-2 (overseas)."""
    easter = EASTER[year]
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    moving = [1, 39, 50]  # Easter Monday, Ascension, Whit Monday
    if subdivision in ALSACE_MOSELLE:
        fixed.append((12, 26))
        moving += [-2] if good_friday else []
    if subdivision in _ABOLITION:
        fixed.append(_ABOLITION[subdivision])
    return {date(year, *day) for day in fixed} | {easter + days * DAY for days in moving}


class Oracle:
    """The opening minutes of a calendar during some days, one by one."""

    def __init__(self, versions: Sequence[Version], first: date, days: int, *, good_friday: bool) -> None:
        self.start = _midnight(first)
        self.end = _midnight(first + days * DAY)
        self._good_friday = good_friday
        self._minutes: set[int] = set()
        for index, version in enumerate(versions):
            following = versions[index + 1].start if index + 1 < len(versions) else None
            clock = _clock(version.timezone, first, days)
            # The first and last of these days only lend the hours that belong to the window in another zone.
            for offset in range(-1, days + 1):
                day = first + offset * DAY
                if (version.start is None or day >= version.start) and (following is None or day < following):
                    self._open(version, day, clock)
        self.minutes = sorted(minute for minute in self._minutes if self.start <= minute < self.end)

    def count(self, start: int, end: int) -> int:
        """Opening seconds of [start, end), within the window."""
        return sum(max(0, min(end, minute + MINUTE) - max(start, minute)) for minute in self.minutes)

    def after(self, start: int, seconds: int) -> int | None:
        """The earliest instant at which so many have elapsed; None when the window does not have as many."""
        for minute in self.minutes:
            here = max(0, minute + MINUTE - max(start, minute))
            if here and seconds <= here:
                return max(start, minute) + seconds
            seconds -= here
        return None

    def _open(self, version: Version, day: date, clock: Mapping[tuple[date, int], int]) -> None:
        for start, end in self._slots(version, day):
            self._minutes.update(range(_shown(clock, day, start), _shown(clock, day, end), MINUTE))

    def _slots(self, version: Version, day: date) -> Sequence[tuple[int, int]]:
        for opened, slots in version.opened:
            if opened == day:
                return slots
        if any(first <= day <= last for first, last in version.closed):
            return ()
        if version.holidays is not None:
            local = legal_holidays(day.year, version.holidays[1], good_friday=self._good_friday)
            if day in local:
                return ()
        return version.week[day.weekday()]


@cache
def _clock(zone: str, first: date, days: int) -> Mapping[tuple[date, int], int]:
    """When a clock of that zone first shows each minute of each day, watched from two days before to two after."""
    shown: dict[tuple[date, int], int] = {}
    for instant in range(_midnight(first - 2 * DAY), _midnight(first + (days + 3) * DAY), MINUTE):
        wall = datetime.fromtimestamp(instant, ZoneInfo(zone))
        shown.setdefault((wall.date(), wall.hour * 60 + wall.minute), instant)
    return shown


def _shown(clock: Mapping[tuple[date, int], int], day: date, minute: int) -> int:
    """A minute that the clock skips comes as long after the last one shown as if nothing had been skipped."""
    if minute == 24 * 60:
        day, minute = day + DAY, 0
    skipped = 0
    while (day, minute) not in clock:
        skipped += 1
        day, minute = (day, minute - 1) if minute else (day - DAY, 24 * 60 - 1)
    return clock[day, minute] + skipped * MINUTE


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
