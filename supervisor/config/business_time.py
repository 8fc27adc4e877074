"""From calendars as they are written to business time that can be counted."""

from __future__ import annotations

from supervisor.config.calendars import CalendarVersion
from supervisor.domain.calendar import Calendar, Version


def calendar_of(versions: tuple[CalendarVersion, ...], *, good_friday: bool) -> Calendar:
    """The calendar of a collectivité whose `good_friday` this is.

    Its tables are its own, so whoever has many services keeps one for each name and `good_friday`.
    """
    return Calendar([_version(written) for written in versions], good_friday=good_friday)


def _version(written: CalendarVersion) -> Version:
    holidays = written.holidays
    return Version(
        start=written.start,
        timezone=written.timezone,
        holidays=None if holidays is None else (holidays.country, holidays.subdivision),
        week=written.slots,
        closed=tuple((closing.start, closing.end) for closing in written.closed),
        opened=tuple((opening.date, opening.slots) for opening in written.open),
    )
