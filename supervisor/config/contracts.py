"""What a collectivité subscribed, from when to when (SPEC 8)."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from probes.settings import settings
from supervisor.config.fields import Day, as_day
from supervisor.config.scalars import Trap
from supervisor.config.wording import say
from supervisor.domain.contract import last_day
from supervisor.domain.tariff_amounts import MOST
from supervisor.domain.wall import YEARS

_SONDES = {
    "anyOf": [
        {"type": "integer", "minimum": 1},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "from": {"type": "string", "format": "date"},
                    "count": {"type": "integer", "minimum": 1},
                },
                "required": ["from", "count"],
                "additionalProperties": False,
            },
        },
    ]
}


@settings
class Subscription:
    """How many sondes are subscribed from a day on."""

    start: Day = Field(alias="from")
    """First day."""
    count: int = Field(ge=1, le=1_000_000)
    """Sondes subscribed."""


def _listed(value: Any) -> Any:
    if isinstance(value, list | tuple | Trap):
        return value
    raise ValueError(f"expected a number or a list of {{from: …, count: …}}, found {say(value)}")


@settings
class Contract:
    """A contract: local days of the profile's calendar zone, the last one included."""

    start: Day
    """First day."""
    end: Day | None = None
    """Last day, included; without it the contract renews itself every year."""
    notice: Day | None = None
    """Day the letter of leave was received: sets the end by the rule of the convention."""
    sondes: Annotated[tuple[Subscription, ...], BeforeValidator(_listed), WithJsonSchema(_SONDES)] = ()
    """Sondes subscribed: a number, or numbers by date."""
    offer: str | None = None
    """Offer of the profile's tariff; its only one without it, if it has only one."""
    options: tuple[str, ...] = ()
    """Options chosen, or the package, where the offer has some."""
    units: dict[str, Annotated[int, Field(ge=0, le=MOST)]] = Field(default_factory=dict)
    """How many of each line, where the offer is paid by unit."""
    audit: Day | None = None
    """Day the audit's report was delivered, where the offer is one or takes one off."""

    @model_validator(mode="before")
    @classmethod
    def _one_count(cls, value: Any) -> Any:
        """`sondes: 100` is 100 from the first day on."""
        if not isinstance(value, dict) or not isinstance(value.get("sondes"), int):
            return value
        start = as_day(value.get("start"))
        # Without a first day that is one, the mistake is `start` alone.
        counts = [{"from": start, "count": value["sondes"]}] if isinstance(start, date) and start.year in YEARS else []
        return {**value, "sondes": counts}

    @model_validator(mode="after")
    def _dates(self) -> Contract:
        if self.end is not None and self.notice is not None:
            raise ValueError("'end' and 'notice' are both given, keep one: a notice sets the end by itself")
        for name, day in (("end", self.end), ("notice", self.notice)):
            if day is not None and day < self.start:
                raise ValueError(f"'{name}' {day} is before 'start' {self.start}, correct one of them")
        return self

    @model_validator(mode="after")
    def _counts(self) -> Contract:
        if self.sondes and self.sondes[0].start != self.start:
            raise ValueError(f"the first count of 'sondes' begins with the contract, write from: {self.start}")
        for earlier, later in pairwise(self.sondes):
            if later.start <= earlier.start:
                raise ValueError(f"the count from {later.start} does not follow that of {earlier.start}, sort them")
        return self


def _contracts(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _in_sequence(contracts: tuple[Contract, ...]) -> tuple[Contract, ...]:
    for earlier, later in pairwise(contracts):
        last = last_day(earlier.start, earlier.end, earlier.notice)
        if last is None:
            raise ValueError(
                f"the contract of {later.start} begins before that of {earlier.start} ends, give it an end"
            )
        if last >= later.start:
            raise ValueError(
                f"the contract of {later.start} begins before that of {earlier.start} ends, on {last}; "
                "begin it on the day after, or correct the end"
            )
    return contracts


# One contract, or several one after the other.
Contracts = Annotated[tuple[Contract, ...], BeforeValidator(_contracts), AfterValidator(_in_sequence)]
