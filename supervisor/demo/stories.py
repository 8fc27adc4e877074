"""What happened in the demo before it was started: past.yaml as it is written, and the instants it comes to. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, TypeAdapter, ValidationError, model_validator

from probes.base import Status
from probes.settings import settings
from supervisor.config.fields import Id
from supervisor.domain import wall
from supervisor.domain.calendar import Calendar
from supervisor.domain.incident import StepKind
from supervisor.domain.period import Period, local_day, midnight, month_of
from supervisor.errors import VigieError

E = TypeVar("E", bound=StrEnum)

_FRIDAY = 4
_AROUND = timedelta(days=45)  # before last month and after today: how far a moment may be from its story's day
_WRITTEN = re.compile(r"(?:([+-]\d{1,2}) )?(\d{1,2})h(\d{2})")


class Moment(NamedTuple):
    """A local time, so many working days after the day of the story."""

    days: int
    hour: int
    minute: int


def _moment(value: object) -> object:
    # Written the French way: YAML takes 9:05 for 545.
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError("write 9h05, or +1 9h05 for the working day after that of the story")
    return Moment(int(match[1] or 0), int(match[2]), int(match[3]))


def _one_of(kind: type[E]) -> Callable[[object], object]:
    return lambda value: kind(value) if isinstance(value, str) else value


At = Annotated[Moment, BeforeValidator(_moment)]


@settings
class Trouble:
    """What the checks of a sonde said for a while."""

    sonde: str
    since: At
    until: At | None = None
    """Without it, until the demo is started."""
    status: Annotated[Status, BeforeValidator(_one_of(Status))] = Status.CRITICAL
    says: str


@settings
class Isolation:
    """Vigie itself was cut off: all its canaries failed."""

    since: At
    until: At


@settings
class Call:
    """A person reports an incident."""

    ref: Id
    at: At
    collectivite: str
    service: str
    by: str
    says: str


@settings
class Deed:
    """A step of a person, on the reported incident or on that of the story's first trouble."""

    at: At
    does: Annotated[StepKind, BeforeValidator(_one_of(StepKind))]
    by: str
    says: str = ""


@settings
class Works:
    """A planned maintenance."""

    announced: At
    collectivite: str
    services: tuple[str, ...]
    since: At
    until: At
    weekly: bool = False
    """And every week, with the troubles of the story, up to the end of the running month."""
    nature: str
    by: str


@settings
class Excluded:
    """Time that is left out, entered after the fact."""

    entered: At
    collectivite: str
    service: str
    since: At
    until: At
    kind: Literal["force_majeure", "collectivite", "third_party"]
    reason: str
    by: str


@settings
class Story:
    """Things that belong together."""

    id: Id
    day: int | Literal["friday"]
    """The n-th working day of last month; -1: the last one before today; the first Friday before a working Monday."""
    troubles: tuple[Trouble, ...] = ()
    isolation: Isolation | None = None
    report: Call | None = None
    steps: tuple[Deed, ...] = ()
    maintenance: Works | None = None
    exclusion: Excluded | None = None

    @model_validator(mode="after")
    def _told(self) -> Story:
        if self.day == 0:
            raise ValueError("day: write 1 for the first working day of last month, -1 for the last one before today")
        if self.steps and self.report is None and not self.troubles:
            raise ValueError(f"{self.id}: steps need a report or a trouble to be taken on")
        return self


@settings
class _File:
    stories: tuple[Story, ...]


_FILE: TypeAdapter[_File] = TypeAdapter(_File)


def read(path: Path) -> tuple[Story, ...]:
    """The stories in this file."""
    try:
        return _FILE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8"))).stories
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise VigieError(f"{path}: no stories of the demo: {error}") from None


class Almanac:
    """The working days around last month and today."""

    def __init__(self, calendar: Calendar, zone: ZoneInfo, now: int) -> None:
        self.zone = zone
        today = local_day(now, zone)
        self.month = month_of(today)
        self.last_month: Period = month_of(self.month.first - timedelta(days=1))
        reach = (self.last_month.first - _AROUND, today + _AROUND)
        openings = calendar.openings(*(midnight(day, zone) for day in reach))
        self._days: list[date] = sorted({local_day(start, zone) for start, _ in openings})
        self._today = bisect_left(self._days, today)
        self._first = bisect_left(self._days, self.last_month.first)

    def at(self, story: Story, moment: Moment) -> int:
        """The instant that this is."""
        day = self._days[self._index(story.day) + moment.days]
        return wall.first(datetime.combine(day, time(moment.hour, moment.minute)), self.zone)

    def _index(self, day: int | Literal["friday"]) -> int:
        if day == "friday":
            index = self._first
            while self._days[index].weekday() != _FRIDAY or self._days[index + 1] - self._days[index] != timedelta(3):
                index += 1
            return index
        return self._first + day - 1 if day > 0 else self._today + day
