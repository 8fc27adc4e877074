"""The slow calendar of the SLA oracle: SPEC section 4 read literally, with sets of seconds instead of arithmetic.

Written from the text of the SPEC alone, without reading the calendar it is there to check. A set of seconds is a
Python int used as one cell a second: bit n is the second `axis.start + n`. Counting is `bit_count()`, "and", "or" and
"but not" are `&`, `|` and `& ~`: nothing is ever computed from the ends of an interval, so that no half-open boundary
can be got wrong twice in the same way. Public holidays are worked out by hand, from the date of Easter.

What the SPEC leaves open, and the choice made here:

- A wall time that does not exist (02:30 on the day clocks go forward) is read with the offset from before the change
  (RFC 5545, section 3.3.5, and what `zoneinfo` does): 02:30 is then the same instant as 03:30.
- Two slots that meet the same second because of a clock change open it once: a second is open or it is not.
- A day in `open` has the slots written there and no others, whatever its weekday, holidays and closings say.
- The `from` of a version is a day of the calendar itself; before the first version, when it has a date, all is closed.
- Local law: 26 December in the three departments of Alsace-Moselle always, Good Friday there if the collectivité says.
"""

from __future__ import annotations

import calendar as months
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
DAY_S = 86_400
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALSACE_MOSELLE = ("57", "67", "68", "6AE")
FIXED = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
OVERSEAS = {"971": (5, 27), "972": (5, 22), "973": (6, 10), "974": (12, 20), "976": (4, 27)}  # abolition of slavery
PARIS = "Europe/Paris"
# The two profiles that SPEC 4 describes, as it describes them.
PROFILES: dict[str, dict[str, Any]] = {
    "moselle-fibre": {
        "calendar": "service",
        "calendars": {
            "service": {
                "timezone": PARIS,
                "holidays": {"country": "FR", "subdivision": "57"},
                "slots": {"mon-fri": ["09:00-17:30"]},
            }
        },
        "sla": {"target": 0.96, "gti": "8h", "period": "year", "exclude": ["force_majeure", "collectivite"]},
    },
    "redon-agglomeration": {
        "calendar": "service",
        "calendars": {
            "service": {
                "timezone": PARIS,
                "holidays": {"country": "FR"},
                "slots": {"mon-thu": ["08:00-12:30", "13:30-18:00"], "fri": ["08:00-12:30", "13:30-17:00"]},
            }
        },
        "sla": {"target": None, "gti": None, "period": "year", "exclude": []},
    },
}
FAR_S = 1000 * DAY_S  # how far an instant is looked for; beyond, it is "never reached"


@dataclass(frozen=True)
class Axis:
    """The seconds [start, end) that the cells of a set stand for."""

    start: int
    end: int

    def span(self, start: int, end: int | None) -> int:
        """The seconds of [start, end) that are on the axis; without an end, all that follow."""
        first = max(start, self.start) - self.start
        last = (self.end if end is None else min(end, self.end)) - self.start
        return ((1 << (last - first)) - 1) << first if last > first else 0

    def spans(self, pairs: Iterable[tuple[int, int | None]]) -> int:
        """The seconds of any of these."""
        found = 0
        for start, end in pairs:
            found |= self.span(start, end)
        return found

    def first(self, seconds: int) -> int | None:
        """The earliest second of a set."""
        return self.start + (seconds & -seconds).bit_length() - 1 if seconds else None


def chunks(start: int, end: int) -> Iterator[Axis]:
    """[start, end) in pieces of ten days: counts add up, and the cells of a year at once would be slow."""
    while start < end:
        yield Axis(start, min(start + 10 * DAY_S, end))
        start += 10 * DAY_S


def easter(year: int) -> date:
    """Easter Sunday, by the rule of Meeus, Jones and Butcher."""
    century, of_century = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (year % 19 + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def is_holiday(day: date, subdivision: str | None, *, good_friday: bool) -> bool:
    """Whether it is a public holiday of France, of that department, in that commune."""
    after_easter = (day - easter(day.year)).days
    if (day.month, day.day) in FIXED or after_easter in (1, 39, 50):  # Easter Monday, Ascension, Whit Monday
        return True
    if subdivision in ALSACE_MOSELLE:
        return (day.month, day.day) == (12, 26) or (good_friday and after_easter == -2)
    return subdivision in OVERSEAS and OVERSEAS[subdivision] == (day.month, day.day)


def instant(day: date, wall: str, zone: str) -> int:
    """The POSIX second of a wall time of that day, "24:00" being the next midnight; the first of two occurrences."""
    hour, minute = (int(part) for part in wall.split(":"))
    if hour == 24:
        day, hour = day + DAY, 0
    return int(datetime.combine(day, time(hour, minute, fold=0), ZoneInfo(zone)).timestamp())


def local_day(second: int, zone: str) -> date:
    """The date there at that instant."""
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).date()


def as_date(value: Any) -> date:
    """A date, written as text or not."""
    return value if isinstance(value, date) else date.fromisoformat(value)


class Calendar:
    """A calendar as the configuration writes it, as one collectivité lives it."""

    def __init__(self, written: Any, *, good_friday: bool = False) -> None:
        self.versions: list[dict[str, Any]] = written if isinstance(written, list) else [written]
        self._good_friday = good_friday
        self._known: dict[Axis, int] = {}

    def open(self, axis: Axis) -> int:
        """The opening seconds."""
        if axis not in self._known:
            self._known[axis] = axis.spans(self.slots(axis))
        return self._known[axis]

    def slots(self, axis: Axis) -> Iterator[tuple[int, int]]:
        """Every slot of every day that may touch the axis: no zone is a whole day away from UTC."""
        day = local_day(axis.start, "UTC") - 2 * DAY
        while day <= local_day(axis.end, "UTC") + 2 * DAY:
            for version in self._in_force(day):
                zone = version.get("timezone", PARIS)
                for slot in self._of_day(version, day):
                    start, end = slot.split("-")
                    yield instant(day, start, zone), instant(day, end, zone)
            day += DAY

    def edges(self, start: int, end: int) -> list[int]:
        """Every instant of [start, end) at which a slot begins or ends."""
        return sorted({edge for edge in chain(*self.slots(Axis(start, end))) if start <= edge < end})

    def _in_force(self, day: date) -> list[dict[str, Any]]:
        """The last version begun by that day, if any."""
        return [v for v in self.versions if "from" not in v or as_date(v["from"]) <= day][-1:]

    def _of_day(self, version: dict[str, Any], day: date) -> list[str]:
        for opening in version.get("open", ()):
            if as_date(opening["date"]) == day:
                return list(opening["slots"])
        holidays = version.get("holidays")
        if holidays and is_holiday(day, holidays.get("subdivision"), good_friday=self._good_friday):
            return []
        for closing in version.get("closed", ()):
            first, last = (closing["from"], closing["to"]) if isinstance(closing, dict) else (closing, closing)
            if as_date(first) <= day <= as_date(last):
                return []
        weekday = WEEK[day.weekday()]
        return [slot for days, slots in version["slots"].items() if weekday in _named(days) for slot in slots]


def _named(days: str) -> list[str]:
    """`mon-fri` or `mon,wed` as days."""
    found: list[str] = []
    for part in days.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        found += WEEK[WEEK.index(first) : WEEK.index(last or first) + 1]
    return found


def opening_seconds(calendar: Calendar, start: int, end: int, but: Sequence[tuple[int, int | None]] = ()) -> int:
    """Opening seconds of [start, end), those of `but` left out."""
    return sum((calendar.open(axis) & ~axis.spans(but)).bit_count() for axis in chunks(start, end))


def elapses_at(calendar: Calendar, start: int, count: int, but: Sequence[tuple[int, int | None]] = ()) -> int | None:
    """The earliest instant at which so many opening seconds, those of `but` left out, have elapsed."""
    if count == 0:
        return start
    nothing_counts_from = min((first for first, end in but if end is None), default=start + FAR_S)
    for axis in chunks(start, nothing_counts_from):
        counting = calendar.open(axis) & ~axis.spans(but)
        if counting.bit_count() >= count:
            # The smallest n such that the first n cells hold that many.
            cells = range(axis.end - axis.start + 1)
            return axis.start + bisect_left(cells, count, key=partial(_in_the_first, counting))
        count -= counting.bit_count()
    return None


def _in_the_first(seconds: int, cells: int) -> int:
    return (seconds & ((1 << cells) - 1)).bit_count()


def period(text: str, zone: str) -> tuple[int, int]:
    """The instants [start, end) of `2026-03`, `2026-Q1`, `2026-H1`, `2026` or `2026-03-01..2026-03-15`."""
    if ".." in text:
        first, last = (as_date(part) for part in text.split(".."))
        return instant(first, "00:00", zone), instant(last, "00:00", zone)
    year, _, part = text.partition("-")
    size = {"": 12, "H": 6, "Q": 3}.get(part[:1], 1)  # in months
    begins = (int(part.lstrip("HQ") or 1) - 1) * size + 1
    ends = begins + size - 1
    last = date(int(year), ends, months.monthrange(int(year), ends)[1]) + DAY
    return instant(date(int(year), begins, 1), "00:00", zone), instant(last, "00:00", zone)
