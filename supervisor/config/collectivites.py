"""A collectivité as its file is written, but for its equipment (see `equipment`)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from probes.settings import Flag, settings
from supervisor.config.contracts import Contracts
from supervisor.config.fields import Day, Email, Id, Insee, Location, Name, Phone, Siret, TenantId
from supervisor.config.wording import say

Severity = Literal["warning", "critical"]
About = Literal[
    "incidents",
    "gti",
    "maintenance",
    "forecast",
    "pool",
    "request",
    "isolation",
    "flapping",
    "channel",
    "turn",
    "contact",
]


@settings
class Chorus:
    """What Chorus Pro needs on the calls of one year (002 art. 5)."""

    service: Name | None = None
    """Code service."""
    engagement: Name | None = None
    """Numéro d'engagement."""


@settings
class Alerts:
    """From which severity on a contact is told, by channel."""

    mail: Severity | None = None
    """By mail."""
    sms: Severity | None = None
    """By SMS."""
    webhook: Severity | None = None
    """By webhook."""


@settings
class Contact:
    """A person of the collectivité; seeds the database, where contacts live from then on."""

    name: Name
    """Name, or function."""
    email: Email | None = None
    """Mail address."""
    phone: Phone | None = None
    """Telephone number in E.164, between quotes: "+33600000001"."""
    webhook: Id | None = None
    """Name of one of `alerts.webhooks`: a program that is told in the contact's place."""
    alerts: Alerts = Field(default_factory=Alerts)
    """From which severity on the contact is told, by channel."""
    hours: str | None = None
    """Name of a calendar: outside of it nothing leaves but alarms and the end of what was told; without it any hour."""
    about: tuple[About, ...] | None = None
    """What the contact is told of; without it, incidents and maintenance, and the operator's contacts everything."""

    @model_validator(mode="after")
    def _reachable(self) -> Contact:
        if self.email is None and self.phone is None and self.webhook is None:
            raise ValueError("a contact without mail address, telephone or webhook cannot be told anything, give one")
        if self.alerts.mail is not None and self.email is None:
            raise ValueError("'alerts' asks for mail, add 'email'")
        if self.alerts.sms is not None and self.phone is None:
            raise ValueError("'alerts' asks for SMS, add 'phone'")
        if self.alerts.webhook is not None and self.webhook is None:
            raise ValueError("'alerts' asks for a webhook, add 'webhook'")
        return self


@settings
class AtLeast:
    """A service that is up as long as `k` of its sondes are."""

    k: int


def _rule(value: Any) -> Any:
    if value in ("all", "any") or isinstance(value, AtLeast):
        return value
    if isinstance(value, dict) and set(value) == {"at_least"}:
        k = value["at_least"]
        if isinstance(k, int) and not isinstance(k, bool) and k >= 1:
            return AtLeast(k=k)
        raise ValueError(f"at_least: {say(k)} is not a number of sondes, write a whole number from 1 on")
    raise ValueError(f"{say(value)} is not a rule, write all, any or {{at_least: 2}}")


Rule = Annotated[
    Literal["all", "any"] | AtLeast,
    BeforeValidator(_rule),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["all", "any"]},
                {
                    "type": "object",
                    "properties": {"at_least": {"type": "integer", "minimum": 1}},
                    "required": ["at_least"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


@settings
class Service:
    """What the SLA is promised on: sondes and a rule."""

    id: Id
    """Id, unique in the collectivité; one of the profile's catalogue brings its name."""
    name: Name | None = None
    """Name in French, for pages and reports."""
    rule: Rule = "all"
    """When it is down: all (one sonde is enough), any (only when all are), {at_least: k}."""
    uses: tuple[str, ...] = ()
    """Sondes of the operator's shared platforms that count too, as collectivite/equipment/sonde."""
    since: Day | None = None
    """First day it is promised; the contract's start without it."""
    calendar: str | None = None
    """Name of a calendar; the collectivité's without it."""
    when_unreachable: Literal["unknown", "down"] = "unknown"
    """What it is while its sondes cannot be reached."""


@settings
class Site:
    """A place of the collectivité: mairie, école, stade."""

    id: Id
    """Id, unique in the collectivité."""
    name: Name
    """Name in French, for the map."""
    location: Location | None = None
    """Latitude and longitude."""
    parent: str | None = None
    """The link it hangs behind: parent of its equipment that names none."""


def _year(text: str) -> str:
    if not re.fullmatch(r"20[0-9]{2}", text):
        raise ValueError(f"'{text}' is not a year, write it like 2026")
    return text


# Everything below the equipment is read piece by piece, so that one mistake does not hide the next.
Pieces = Annotated[tuple[Any, ...], WithJsonSchema({"type": "array"})]
ByYear = Annotated[
    dict[Annotated[str, AfterValidator(_year)], Chorus],
    WithJsonSchema({"type": "object", "patternProperties": {"^20[0-9]{2}$": {"type": "object"}}}),
]


@settings
class CollectiviteFile:
    """One collectivité: what it is, what it subscribed, whom to tell, and what is supervised."""

    collectivite: TenantId
    """Stable id."""
    operator: Flag = False
    """True for the syndicat itself: never billed, owner of the shared platforms."""
    name: Name
    """Name in French."""
    insee: Insee | None = None
    """INSEE code of the commune, between quotes."""
    siret: Siret | None = None
    """SIRET, between quotes: billing needs it."""
    chorus: ByYear = Field(default_factory=dict)
    """Code service and numéro d'engagement, by year."""
    population: int | None = Field(default=None, ge=0)
    """Inhabitants."""
    location: Location | None = None
    """Latitude and longitude, for the map."""
    good_friday: Flag = False
    """In Alsace-Moselle: the commune has a Protestant or mixed church, so Good Friday is a holiday."""
    calendar: str | None = None
    """Name of a calendar; the profile's without it."""
    contract: Contracts = ()
    """The contract, or several one after the other."""
    contacts: tuple[Contact, ...] = ()
    """People to tell."""
    services: tuple[Service, ...] = ()
    """Services the SLA is promised on."""
    sites: tuple[Site, ...] = ()
    """Places, for the map."""
    equipment: Pieces = ()
    """Machines, and the sondes that look at them."""
