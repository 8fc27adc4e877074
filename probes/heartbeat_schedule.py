"""When a heartbeat is expected: local times of given days, as instants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema

from probes.settings import settings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _days(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(sorted({day for part in value.split(",") for day in _span(part.strip(), value)}))


def _span(part: str, whole: str) -> Iterator[int]:
    first, dash, last = (name.strip().lower() for name in part.partition("-"))
    if first not in _DAYS or (dash and last not in _DAYS):
        raise ValueError(f"'{whole}' is not days; write them like mon, mon-sat or mon,wed,fri")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    if end < start:
        raise ValueError(f"'{whole}': a span of days goes forward in the week; write {first}-sun,mon-{last}")
    yield from range(start, end + 1)


def _times(value: Any) -> Any:
    for time in value if isinstance(value, list | tuple) else (value,):
        if not isinstance(time, str) or not _CLOCK.fullmatch(time):
            raise ValueError(f"'{time}' is not a time of day; write it between quotes, like \"02:30\"")
    return tuple(sorted(value)) if isinstance(value, list | tuple) else (value,)


def _zone(value: Any) -> Any:
    try:
        return ZoneInfo(value).key
    except (TypeError, ValueError, OSError, KeyError):  # all that ZoneInfo says to a bad name
        raise ValueError(f"'{value}' is not a time zone; write it like Europe/Paris") from None


@settings
class Schedule:
    """The times at which a call is expected."""

    days: Annotated[
        tuple[Annotated[int, Field(ge=0, le=6)], ...], BeforeValidator(_days), WithJsonSchema({"type": "string"})
    ] = (0, 1, 2, 3, 4, 5, 6)
    """Days of the week: `mon-sat`, `mon,wed`; default every day."""
    at: Annotated[
        tuple[str, ...],
        BeforeValidator(_times),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ]
    """Time of day, or a list of them: "02:30"."""
    timezone: Annotated[str, BeforeValidator(_zone)] = "Europe/Paris"
    """Time zone that those times are in."""


def expected(schedule: Schedule, at: float) -> float:
    """The latest expected instant that is not after `at`."""
    # Eight days back hold at least one that is past, whatever the days chosen.
    return max(instant for instant in _around(schedule, at) if instant <= at)


def _around(schedule: Schedule, at: float) -> Iterator[float]:
    zone = ZoneInfo(schedule.timezone)
    today = datetime.fromtimestamp(at, zone).date()
    for ago in range(9):
        day = today - timedelta(days=ago)
        if day.weekday() in schedule.days:
            for time in schedule.at:
                yield _instant(day, time, zone)


def _instant(day: date, time: str, zone: ZoneInfo) -> float:
    # A wall time that occurs twice means its first occurrence; one that is skipped in spring means the instant it
    # would have had without the change, an hour later on the wall: cron runs the job about then. Both are fold=0.
    hour, minute = time.split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone).timestamp()
