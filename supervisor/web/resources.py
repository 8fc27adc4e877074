"""What the API offers, as data: its routes, and what describes them, are both made from this."""

from __future__ import annotations

from dataclasses import dataclass

ROOT = "/api/v1"

JSON, CSV, MACHINE = "json", "csv", "csv-machine"
TYPES = {JSON: "application/json", CSV: "text/csv", MACHINE: "text/csv"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One word of a question."""

    name: str
    meaning: str
    example: str
    pattern: str
    required: bool = True


MONTH = Parameter(
    name="month", meaning="A calendar month, in local time.", example="2026-03", pattern="^[0-9]{4}-[0-9]{2}$"
)
YEAR = Parameter(name="year", meaning="A calendar year, in local time.", example="2026", pattern="^[0-9]{4}$")
THIS_ONE = Parameter(
    name="collectivite", meaning="The id of a collectivité.", example="exemple", pattern="^[a-z0-9-]+$"
)
ONLY = Parameter(
    name="collectivite",
    meaning="One collectivité alone.",
    example=THIS_ONE.example,
    pattern=THIS_ONE.pattern,
    required=False,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One address."""

    name: str  # the command of `vigie billing` that prints the same
    summary: str
    meaning: str
    schema: str  # of its JSON, in supervisor.web.schemas
    parameters: tuple[Parameter, ...]
    forms: tuple[str, ...] = (JSON,)
    file: str = ""  # what a CSV of it is saved as, before the period

    @property
    def path(self) -> str:
        """Below the root."""
        return f"/billing/{self.name}"

    @property
    def types(self) -> tuple[str, ...]:
        """What may be asked for with `Accept`."""
        return tuple(dict.fromkeys(TYPES[form] for form in self.forms))


RESOURCES = (
    Resource(
        name="counts",
        summary="Sondes of a month",
        meaning="How many sondes each collectivité but the operator had in a month, and how many of them are billed. "
        "A closed month is answered as it was frozen.",
        schema="Counts",
        parameters=(MONTH, ONLY),
        forms=(JSON, CSV, MACHINE),
        file="sondes",
    ),
    Resource(
        name="contributions",
        summary="Calls for contribution of a year",
        meaning="The calls of a year that are dated by now. A closed call is answered as it was frozen.",
        schema="Contributions",
        parameters=(YEAR, ONLY),
        forms=(JSON, CSV, MACHINE),
        file="appels",
    ),
    Resource(
        name="amendments",
        summary="Amendments to sign",
        meaning="Who had more sondes in a year than the contract subscribes, and what they would come to.",
        schema="Amendments",
        parameters=(YEAR, ONLY),
    ),
    Resource(
        name="explain",
        summary="What a count is made of",
        meaning="The count of one collectivité and month, and all that it is made of: contracts, sondes and since "
        "when, the instant of the peak, corrections.",
        schema="Explanation",
        parameters=(THIS_ONE, MONTH),
    ),
)
