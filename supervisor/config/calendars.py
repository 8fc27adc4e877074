"""Calendars as they are written: when a service is promised (SPEC 4)."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from probes.settings import settings
from supervisor.config.fields import Day
from supervisor.config.wording import near

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SLOT = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
# The departments (and Alsace, the Lyon metropolis, Paris), as ISO 3166-2:FR writes them.
_SUBDIVISION = re.compile(r"0[1-9]|[1-8][0-9]|9[0-5]|2A|2B|97[1-8]|98[678]|6AE|69M|75C")

Minutes = tuple[int, int]  # [from, to) in minutes of wall time since midnight: 24:00 is 1440


def _slot(value: Any) -> Any:
    if isinstance(value, tuple):
        return value
    match = _SLOT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a slot is written like "09:00-17:30"')
    hours = [int(part) for part in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if end > 1440:
        raise ValueError(f"'{value}' ends after midnight, write at most 24:00")
    if start >= end:
        raise ValueError(f"'{value}' ends before it begins; over midnight, write one slot for each of the two days")
    return start, end


def _in_order(slots: tuple[Minutes, ...]) -> tuple[Minutes, ...]:
    ordered = sorted(slots)
    for earlier, later in pairwise(ordered):
        if later[0] < earlier[1]:
            raise ValueError(f"the slots {_say(earlier)} and {_say(later)} overlap, make one of them")
    return tuple(ordered)


def _say(slot: Minutes) -> str:
    return "-".join(f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in slot)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Listing the zones reads hundreds of files: only to help.
        raise ValueError(f"there is no time zone '{name}', {near(name, available_timezones())}") from None
    return name


def _subdivision(code: str) -> str:
    if not _SUBDIVISION.fullmatch(code):
        raise ValueError(f"there is no subdivision '{code}', write the number of a department like \"57\"")
    return code


def _period(value: Any) -> Any:
    """One day alone is a period of one day."""
    return {"from": value, "to": value} if isinstance(value, date | str) else value


Slot = Annotated[
    Minutes, BeforeValidator(_slot), WithJsonSchema({"type": "string", "examples": ["09:00-17:30", "00:00-24:00"]})
]
Slots = Annotated[tuple[Slot, ...], AfterValidator(_in_order)]


@settings
class Holidays:
    """Which public holidays close."""

    country: Literal["FR"]
    """Country, ISO 3166."""
    subdivision: Annotated[str, AfterValidator(_subdivision)] | None = None
    """Department, for local holidays: "57" adds those of Alsace-Moselle."""


@settings
class Closing:
    """Days without service."""

    start: Day = Field(alias="from")
    """First day."""
    end: Day = Field(alias="to")
    """Last day, included."""

    @model_validator(mode="after")
    def _ordered(self) -> Closing:
        if self.end < self.start:
            raise ValueError(f"'to' {self.end} is before 'from' {self.start}, exchange them")
        return self

    def __str__(self) -> str:
        return str(self.start) if self.start == self.end else f"{self.start} to {self.end}"


@settings
class Opening:
    """A day that has slots of its own, whatever its weekday, holidays and closings say."""

    date: Day
    """The day."""
    slots: Slots
    """When it is open."""


_DATE = {"type": "string", "format": "date"}
_CLOSING = {
    "anyOf": [
        _DATE,
        {
            "type": "object",
            "properties": {"from": _DATE, "to": _DATE},
            "required": ["from", "to"],
            "additionalProperties": False,
        },
    ]
}


def _week(value: Any) -> Any:
    """`{mon-thu: [...], fri: [...]}` as the slots of each of the seven days."""
    if not isinstance(value, dict):
        return value
    week: list[list[Any]] = [[] for _ in DAYS]
    for words, slots in value.items():
        if not isinstance(slots, list):
            raise ValueError(f'{words}: expected a list of slots like ["09:00-12:00", "14:00-17:30"]')
        for day in _days(words):
            week[day].extend(slots)
    return week


def _days(words: str) -> list[int]:
    days: list[int] = []
    for word in words.replace(" ", "").split(","):
        first, _, last = word.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"'{words}' is not a day, write mon, mon-fri or mon,wed")
        low, high = DAYS.index(first), DAYS.index(last or first)
        if low > high:
            raise ValueError(f"'{word}' goes backwards, a week runs from mon to sun")
        days.extend(range(low, high + 1))
    return days


def _never_empty(week: tuple[tuple[Minutes, ...], ...]) -> tuple[tuple[Minutes, ...], ...]:
    """A calendar without slots would promise nothing, and nothing could ever be late."""
    if not any(week):
        raise ValueError(
            'a calendar without slots is never open, write at least one like {mon-fri: ["09:00-17:30"]}; '
            "to close for a while use 'closed'"
        )
    return week


Week = Annotated[
    tuple[Slots, Slots, Slots, Slots, Slots, Slots, Slots],
    BeforeValidator(_week),
    AfterValidator(_never_empty),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": "^(mon|tue|wed|thu|fri|sat|sun)([-,](mon|tue|wed|thu|fri|sat|sun))*$"},
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "examples": [{"mon-fri": ["09:00-12:00", "14:00-17:30"]}],
        }
    ),
]


def _apart(closed: tuple[Closing, ...]) -> tuple[Closing, ...]:
    for earlier, later in pairwise(sorted(closed, key=lambda closing: closing.start)):
        if later.start <= earlier.end:
            raise ValueError(f"the closings {earlier} and {later} overlap, make one of them")
    return closed


def _once_a_day(opened: tuple[Opening, ...]) -> tuple[Opening, ...]:
    for earlier, later in pairwise(sorted(opened, key=lambda opening: opening.date)):
        if later.date == earlier.date:
            raise ValueError(f"{later.date} is written twice, put all its slots in one entry")
    return opened


@settings
class CalendarVersion:
    """When a service is open, from a date on."""

    start: Day | None = Field(default=None, alias="from")
    """First day of this version; without it, since ever."""
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Paris"
    """Zone of the wall times, a name of the IANA database."""
    holidays: Holidays | None = None
    """Public holidays that close; null when they do not."""
    slots: Week
    """Weekly opening: days and their slots."""
    closed: Annotated[
        tuple[Annotated[Closing, BeforeValidator(_period), WithJsonSchema(_CLOSING)], ...], AfterValidator(_apart)
    ] = ()
    """Exceptional closings: days, or from and to."""
    open: Annotated[tuple[Opening, ...], AfterValidator(_once_a_day)] = ()
    """Exceptional openings."""


def _in_sequence(versions: tuple[CalendarVersion, ...]) -> tuple[CalendarVersion, ...]:
    if not versions:
        raise ValueError("a calendar has at least one version")
    for earlier, later in pairwise(versions):
        if later.start is None:
            raise ValueError("only the first version goes without 'from', add a date to the others")
        if earlier.start is not None and later.start <= earlier.start:
            raise ValueError(f"the version from {later.start} does not follow that of {earlier.start}, sort them")
    return versions


def _versions(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


# A calendar: one version, or several by date.
Calendar = Annotated[tuple[CalendarVersion, ...], BeforeValidator(_versions), AfterValidator(_in_sequence)]
