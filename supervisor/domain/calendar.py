"""Business time: when a service is promised, and the two questions that the rest asks of it (SPEC 4).

How many opening seconds lie between two instants, and at which instant have n of them elapsed? A calendar answers
from tables, one a year of UTC, laid out when first asked for: the sorted openings of the year and their running sum,
which a bisection searches. A year is laid out on its own, so asking about 2019 and 2031 costs two tables and not
twelve. Nothing is locked: a table is complete before it is stored and never changes, and two threads that need the
same one at the same time make it twice, equal.

A calendar knows the years 1900 to 2100, and is closed before and after. The holiday data ends in 2100 too: beyond,
its answers would be wrong without saying so. The bound also ends the search for an opening that never comes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from supervisor.domain.holidays import PublicHolidays
from supervisor.domain.interval import Span, clip, normalise

FIRST_YEAR, LAST_YEAR = 1900, 2100

Minutes = tuple[int, int]  # [from, to) of wall time since midnight; 1440 is the next day's midnight

_DAY = timedelta(days=1)
_MIDNIGHT = 1440


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """The rules of a calendar from a local date on."""

    start: date | None  # first day, in its own zone; None: since ever
    timezone: str  # IANA name
    holidays: tuple[str, str | None] | None  # country and subdivision whose public holidays close; None: none does
    week: tuple[tuple[Minutes, ...], ...]  # slots of each of the seven days, Monday first
    closed: tuple[tuple[date, date], ...]  # first and last day of each exceptional closing, both included
    opened: tuple[tuple[date, tuple[Minutes, ...]], ...]  # days with slots of their own, whatever the rest says


class Calendar:
    """When a service is open, over all versions of its rules. `good_friday` matters in Alsace-Moselle."""

    def __init__(self, versions: Sequence[Version], *, good_friday: bool = False) -> None:
        starts = [version.start or date.min for version in versions]
        if any(later <= earlier for earlier, later in pairwise(starts)):
            raise ValueError("the versions of a calendar follow one another by date")
        places = {version.holidays: _holidays(version.holidays, good_friday) for version in versions}
        ends = [*starts[1:], date.max]
        self._reigns = [
            _Reign(version, places[version.holidays], start, end)
            for version, start, end in zip(versions, starts, ends, strict=False)
        ]
        self._years: dict[int, _Year] = {}

    def openings(self, start: int, end: int) -> list[Span]:
        """The openings within [start, end)."""
        found: list[Span] = []
        for year in range(_year_of(start), _year_of(end - 1) + 1):
            found += self._year(year).openings(start, end)
        return normalise(found)  # what is open over the new year was cut in two there

    def open_seconds(self, start: int, end: int) -> int:
        """How many opening seconds [start, end) holds: two bisections, and one addition for each year between."""
        if start >= end:
            return 0
        first, last = _year_of(start), _year_of(end - 1)
        whole = sum(self._year(year).total for year in range(first, last))
        return whole + self._year(last).before(end) - self._year(first).before(start)

    def after(self, start: int, seconds: int) -> int | None:
        """The earliest instant at which so many opening seconds have elapsed since `start`; None if they never do.

        09:30 and 8 h of a day that ends at 17:30 is 17:30 that day, not 09:00 of the next. No time at all has
        elapsed at `start` itself, open or not.
        """
        if seconds <= 0:
            return start
        first = _year_of(start)
        missing = self._year(first).before(start) + seconds
        for number in range(first, LAST_YEAR + 1):
            year = self._year(number)
            if missing <= year.total:
                return year.reached(missing)
            missing -= year.total
        return None

    def is_open(self, at: int) -> bool:
        """Whether the second that begins at this instant is an opening one."""
        return self.open_seconds(at, at + 1) == 1

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            year = self._years[number] = self._lay_out(number)
        return year

    def _lay_out(self, number: int) -> _Year:
        """The table of the UTC year; no zone is a whole day away from UTC, so one day on either side is enough."""
        first, last = date(number, 1, 1) - _DAY, date(number + 1, 1, 1)
        spans = normalise(span for reign in self._reigns for span in reign.spans(first, last))
        return _Year(clip(spans, _new_year(number), _new_year(number + 1)))


class _Year:
    """The openings of one UTC year, to be searched."""

    __slots__ = ("_ends", "_starts", "_sums", "total")

    def __init__(self, spans: Sequence[Span]) -> None:
        self._starts = array("q", (start for start, _ in spans))
        self._ends = array("q", (end for _, end in spans))
        self._sums = array("q", accumulate(end - start for start, end in spans))  # seconds up to the end of each
        self.total: int = self._sums[-1] if self._sums else 0

    def before(self, at: int) -> int:
        """Opening seconds of the year before an instant; the instant may be outside of it."""
        begun = bisect_right(self._starts, at)
        if begun == 0:
            return 0
        return self._sums[begun - 1] - max(0, self._ends[begun - 1] - at)

    def reached(self, seconds: int) -> int:
        """The earliest instant before which the year has so many opening seconds, at least one and at most all."""
        index = bisect_left(self._sums, seconds)
        return self._ends[index] - (self._sums[index] - seconds)

    def openings(self, start: int, end: int) -> list[Span]:
        """The openings within [start, end)."""
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
        return clip(list(zip(self._starts[first:last], self._ends[first:last], strict=True)), start, end)


class _Reign:
    """A version during its time: the local days from `start` to before `end`."""

    def __init__(self, version: Version, holidays: PublicHolidays | None, start: date, end: date) -> None:
        self._start, self._end = start, end
        self._zone = ZoneInfo(version.timezone)
        self._holidays = holidays
        self._week = version.week
        self._closed = version.closed
        self._opened = dict(version.opened)

    def spans(self, first: date, last: date) -> Iterator[Span]:
        """What the slots of the local days from `first` to `last` become; unsorted, some empty or reversed.

        Only a change of the clock makes a slot empty or reversed: 02:30-03:15 on a day that goes from 02:00 to 03:00.
        """
        day, end = max(first, self._start), min(last + _DAY, self._end)
        closings = [(start, stop) for start, stop in self._closed if start <= last and stop >= first]
        while day < end:
            for start, stop in self._slots(day, closings):
                yield self._instant(day, start), self._instant(day, stop)
            day += _DAY

    def _slots(self, day: date, closings: Sequence[tuple[date, date]]) -> tuple[Minutes, ...]:
        opened = self._opened.get(day)
        if opened is not None:
            return opened
        if any(start <= day <= stop for start, stop in closings):
            return ()
        slots = self._week[day.weekday()]
        if slots and self._holidays is not None and day in self._holidays.of(day.year):
            return ()
        return slots

    def _instant(self, day: date, minutes: int) -> int:
        """When a clock there first shows that time of that day.

        A time that the clock skips in spring is counted with the offset before the change: 02:30 is half an hour
        after 02:00 would have been. Both are what `fold=0`, the default, means.
        """
        if minutes == _MIDNIGHT:
            day, minutes = day + _DAY, 0
        wall = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=self._zone)
        return int(wall.timestamp())


def _holidays(place: tuple[str, str | None] | None, good_friday: bool) -> PublicHolidays | None:
    return None if place is None else PublicHolidays(*place, good_friday=good_friday)


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


_FIRST, _LAST = _new_year(FIRST_YEAR), _new_year(LAST_YEAR + 1) - 1


def _year_of(at: int) -> int:
    """The UTC year of an instant; the first or the last that is known when it is outside of these."""
    return datetime.fromtimestamp(min(max(at, _FIRST), _LAST), UTC).year
