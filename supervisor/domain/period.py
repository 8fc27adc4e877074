"""Periods of local dates: the months, quarters and years that figures are given for."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from supervisor.domain.interval import Span
from supervisor.domain.wall import YEARS
from supervisor.errors import VigieError

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_PART = re.compile(r"(\d{4})-(Q[1-4]|H[12])", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_EXPECTED = "write 2026-03, 2026-Q1, 2026-H1, 2026 or 2026-03-01..2026-03-15 (end excluded)"


class Period(NamedTuple):
    """Local days from `first` to before `end`, in the zone of the profile's calendar."""

    name: str  # as asked for
    first: date
    end: date  # excluded

    def span(self, zone: ZoneInfo) -> Span:
        """As instants."""
        return midnight(self.first, zone), midnight(self.end, zone)

    def pieces(self) -> list[Period]:
        """The calendar months it touches, each cut to it."""
        found, day = [], self.first
        while day < self.end:
            following = month_of(day).end
            found.append(Period(f"{day:%Y-%m}", day, min(following, self.end)))
            day = following
        return found

    @property
    def whole_month(self) -> bool:
        """Is it one calendar month, from its first day to its last?"""
        return self.first.day == 1 and self.end == month_of(self.first).end


def parse(text: str) -> Period:
    """A period as it is written; VigieError if it is not one."""
    try:
        found = _dates(text)
    except ValueError:
        found = None
    if found is None:
        raise VigieError(f"period: '{text}' is not a period; {_EXPECTED}")
    first, end = found
    if first.year < YEARS[0]:
        raise VigieError(f"period: '{text}' begins before {YEARS[0]}, when nothing was counted")
    if first >= end:
        raise VigieError(f"period: '{text}' ends before it begins; the end is excluded and comes second")
    return Period(text, first, end)


def parse_month(text: str) -> Period:
    """A calendar month as it is written; VigieError if it is not one."""
    try:
        month = parse(text) if _MONTH.fullmatch(text) else None
    except VigieError:
        month = None
    if month is None:
        raise VigieError(f"month: '{text}' is not a month; write 2026-03")
    return month


def _dates(text: str) -> tuple[date, date] | None:
    if match := _MONTH.fullmatch(text):
        return _months(int(match[1]), int(match[2]), 1)
    if match := _PART.fullmatch(text):
        length = 3 if match[2][0] == "Q" else 6
        return _months(int(match[1]), 1 + length * (int(match[2][1]) - 1), length)
    if _YEAR.fullmatch(text):
        return _months(int(text), 1, 12)
    first, dots, end = text.partition("..")
    return (date.fromisoformat(first), date.fromisoformat(end)) if dots else None


def _months(year: int, month: int, length: int) -> tuple[date, date]:
    months = year * 12 + month - 1 + length
    return date(year, month, 1), date(months // 12, months % 12 + 1, 1)


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    first, end = _months(day.year, day.month, 1)
    return Period(f"{day:%Y-%m}", first, end)


def containing(day: date, length: str) -> Period:
    """The month, quarter, half-year or year (as the config writes them) that a day is in."""
    months = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}[length]
    first, end = _months(day.year, 1 + (day.month - 1) // months * months, months)
    part = (day.month - 1) // months + 1
    names = {"month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{part}", "half-year": f"{day.year}-H{part}"}
    return Period(names.get(length, f"{day.year}"), first, end)


def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant a local day begins."""
    return int(datetime.combine(day, time(), zone).timestamp())


def local_day(at: int, zone: ZoneInfo) -> date:
    """The local day of an instant."""
    return datetime.fromtimestamp(at, zone).date()


def day_after(day: date) -> date:
    """The next day."""
    return day + timedelta(days=1)
