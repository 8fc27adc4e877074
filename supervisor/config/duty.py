"""On-call rotas and escalation, as the section `alerts` of the main file has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from probes.settings import Seconds, settings
from supervisor.config.calendars import DAYS
from supervisor.config.fields import Day, Id, at_least, plain_duration, some
from supervisor.config.wording import say

_DAY_S = 86_400
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _time(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # read before
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{say(value)} is not a time of day, write it like "09:00"')
    return int(match[1]) * 60 + int(match[2])


def _contact(value: str) -> str:
    owner, slash, name = value.partition("/")
    if not slash or not owner or not name.strip():
        raise ValueError(f"'{value}' is not a contact, write it like syndicat/Alice")
    return f"{owner}/{name.strip()}"


def _whole_days(value: float) -> float:
    if value % _DAY_S or value > 366 * _DAY_S:
        raise ValueError(f"{plain_duration(value)} is not a number of days or weeks, write it like 1d or 1w")
    return value


ContactName = Annotated[str, AfterValidator(_contact)]
TimeOfDay = Annotated[
    int, BeforeValidator(_time), WithJsonSchema({"type": "string", "pattern": _TIME.pattern, "examples": ["09:00"]})
]


@settings
class Handover:
    """When a turn begins."""

    at: TimeOfDay
    """Time of day, in the zone of the profile's calendar."""
    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = None
    """Day of the week, of turns of whole weeks: that of `from`, which is then held against it."""


@settings
class Rota:
    """People who are on call in turn."""

    name: Id
    """What steps and commands call it."""
    members: Annotated[tuple[ContactName, ...], AfterValidator(some)]
    """Contacts of the operator, as collectivite/Name, in the order of their turns."""
    start: Day = Field(alias="from")
    """Day on which the first turn of the first member begins."""
    handover: Handover
    """When turns begin."""
    every: Annotated[Seconds, at_least(_DAY_S), AfterValidator(_whole_days)] = 7.0 * _DAY_S
    """How long a turn is: days or weeks."""
    during: str | None = None
    """Calendar: the rota is in force while it is open."""
    outside: str | None = None
    """Calendar: the rota is in force while it is closed, at nights and on holidays."""

    @property
    def days(self) -> int:
        """Of a turn."""
        return int(self.every) // _DAY_S

    @model_validator(mode="after")
    def _agrees(self) -> Rota:
        if self.during is not None and self.outside is not None:
            raise ValueError("'during' and 'outside' exclude one another, write one of them")
        day = self.handover.day
        if day is None:
            return self
        if self.days % 7:
            raise ValueError(f"turns of {self.days} days begin on any day of the week, leave handover.day out")
        if DAYS[self.start.weekday()] != day:
            right = self.start + timedelta(days=(DAYS.index(day) - self.start.weekday()) % 7)
            raise ValueError(f"'from' {self.start} is a {DAYS[self.start.weekday()]}, write {right} or another day")
        return self


@settings
class Step:
    """Who is told while nobody takes an incident in charge."""

    tell: Annotated[tuple[str, ...], AfterValidator(some)]
    """Rotas by their name, contacts of the operator as collectivite/Name."""
    after: Seconds | None = None
    """How long after the opening; 0m: with it."""
    at: Literal["breach"] | None = None
    """Instead of `after`: when the time to intervene has run out."""
    time: Literal["wall", "business"] = "wall"
    """Whether `after` is real time, or opening time of the services touched, as their GTI."""
    by: tuple[Literal["mail", "sms"], ...] = ()
    """Channels; without it every one that reaches them."""
    severity: Literal["warning", "critical"] = "critical"
    """From which severity of an incident on."""

    @model_validator(mode="after")
    def _when(self) -> Step:
        if (self.after is None) == (self.at is None):
            raise ValueError("a step has either 'after' or 'at: breach', write one of them")
        if self.at is not None and self.time != "wall":
            raise ValueError("a breach is counted in opening time already, leave 'time' out")
        return self


class Timed(Protocol):
    """When a step is taken."""

    @property
    def after(self) -> float | None:
        """How long after the opening; None: at the breach."""

    @property
    def time(self) -> str:
        """Whether that is real or opening time."""


def misordered(steps: Iterable[Timed]) -> str | None:
    """What to say of steps that stand behind later ones; the next step is who is told when nobody of one is reached."""
    for earlier, later in pairwise(steps):
        if later.after is not None and (
            earlier.after is None or (earlier.time == later.time and later.after < earlier.after)
        ):
            before = "at: breach" if earlier.after is None else f"after: {plain_duration(earlier.after)}"
            when = f"after {plain_duration(later.after)}" if later.after else "that is taken at once"
            return f"the step {when} comes behind '{before}', exchange them"
    return None


def in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps whose order is that of their delays."""
    wrong = misordered(steps)
    if wrong is not None:
        raise ValueError(wrong)
    return steps


def twice(names: Sequence[str], what: str = "name") -> str | None:
    """What to say of a name that is there again."""
    again = next((name for name in names if names.count(name) > 1), None)
    other = "one" if what == "name" else "name"
    return None if again is None else f"the {what} '{again}' is given twice, choose another {other}"


def apart(rotas: tuple[Rota, ...]) -> tuple[Rota, ...]:
    """One of each name."""
    wrong = twice([rota.name for rota in rotas], "rota")
    if wrong is not None:
        raise ValueError(wrong)
    return rotas


def targets(steps: tuple[Step, ...]) -> Iterator[tuple[str, ...]]:
    """Whom each step tells, written in one way."""
    for step in steps:
        yield tuple(dict.fromkeys(_contact(one) if "/" in one else one for one in step.tell))
