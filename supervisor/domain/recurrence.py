"""What happens again and again at the same local time: maintenance on the first Tuesday night, every month's 5th."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from supervisor.domain import wall
from supervisor.domain.interval import Span
from supervisor.errors import VigieError

EVERY = ("day", "week", "month")
MOST = 366  # occurrences of one series: a year of days


def occurrences(span: Span, every: str, until: date, zone: ZoneInfo) -> list[Span]:
    """The span, then the same wall times every day, week or month, up to the local day `until` included.

    Refused by name: a day that a month does not have, an occurrence that the change of the clock leaves no time or
    that begins before the one before it has ended, more than `MOST` of them.
    """
    begins, ends = (wall.shown(at, zone) for at in span)
    if until < begins.date():
        raise VigieError(f"until: {until} is before the first occurrence, on {begins:%Y-%m-%d}")
    nights = ends.date() - begins.date()
    found = [span]
    for day in _days(begins.date(), every, until):
        start = wall.first(datetime.combine(day, begins.time()), zone)
        end = wall.first(datetime.combine(day + nights, ends.time()), zone)
        if end <= start:
            raise VigieError(f"every: on {day} clocks go forward and leave the occurrence no time; choose other hours")
        if start < found[-1][1]:
            raise VigieError(f"every: the occurrence of {day} would begin before the one before it has ended")
        found.append((start, end))
        if len(found) > MOST:
            raise VigieError(f"until: more than {MOST} occurrences up to {until}; plan a year at most")
    return found


def _days(first: date, every: str, until: date) -> Iterator[date]:
    if every != "month":
        step = timedelta(days=7 if every == "week" else 1)
        day = first + step
        while day <= until:
            yield day
            day += step
        return
    days, missing = [], []
    months = first.year * 12 + first.month  # of the next one, from 0
    while (months // 12, months % 12 + 1, first.day) <= (until.year, until.month, until.day):
        year, month = months // 12, months % 12 + 1
        try:
            days.append(date(year, month, first.day))
        except ValueError:
            missing.append(f"{year}-{month:02d}-{first.day}")
        months += 1
    if missing:
        listed = ", ".join(missing[:12])
        raise VigieError(
            f"every: there is no {listed}: begin on a day that every month has, or plan the others by hand"
        )
    yield from days
