"""The main file, `vigie.yaml`, as it is written."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from probes.secret import Secret
from probes.settings import Ratio, Seconds, settings
from supervisor.config.alerting import Alerting
from supervisor.config.collectivites import Pieces
from supervisor.config.fields import Name, at_least
from supervisor.config.prices import OfferPriceEntry
from supervisor.config.wording import say

Kind = Literal["maintenance", "force_majeure", "collectivite", "third_party"]
Named = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]  # read piece by piece


@settings
class Sla:
    """What is promised."""

    target: Ratio | None = None
    """Availability promised of each service: 0.96 or 96 %; null: none is."""
    gti: Seconds | None = None
    """Garantie de temps d'intervention, in opening time: 8h; null: none is."""
    period: Literal["month", "quarter", "half-year", "year"] = "year"
    """The period the promise is judged on."""
    exclude: tuple[Kind, ...] = ()
    """Kinds of excluded time that are left out of the figure."""


@settings
class Billing:
    """How contributions are called."""

    basis: Literal["subscribed", "measured", "highest"] = "subscribed"
    """What the contract subscribes, what the ledger counts, or the larger of the two."""
    prices: tuple[OfferPriceEntry, ...] = ()
    """Prices laid over those of the profile: what it does not publish, or a new deliberation."""


@settings
class Flapping:
    """When a sonde changes too often."""

    changes: int = Field(default=6, ge=2, le=1000)
    """So many changes of level…"""
    within: Annotated[Seconds, at_least(60)] = 3600.0
    """…within this time."""


@settings
class Retention:
    """How long measurements are kept; states are kept for ever."""

    samples: Annotated[Seconds, at_least(600)] = 7200.0
    """As measured."""
    quarters: Annotated[Seconds, at_least(86400)] = 7 * 86400.0
    """Rolled up by quarter of an hour."""
    hours: Annotated[Seconds, at_least(86400)] = 60 * 86400.0
    """Rolled up by hour."""
    days: Annotated[Seconds, at_least(86400)] = 1100 * 86400.0
    """Rolled up by day."""


@settings
class Pools:
    """How a pool of 50 sondes runs."""

    concurrency: int = Field(default=25, ge=1, le=1000)
    """Checks of one pool that run at the same time."""


@settings
class Listen:
    """Where pages, API and metrics are served."""

    host: str
    """Address to listen on."""
    port: int
    """TCP port; 0 lets the system choose."""


def _listen(value: Any) -> Any:
    if isinstance(value, Listen):
        return value
    match = (
        re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})", value) if isinstance(value, str) else None
    )
    if match is None or int(match[2]) > 65535:
        raise ValueError(f'{say(value)} is not where to listen, write it like 127.0.0.1:8080 or "[::1]:8080"')
    return Listen(host=match[1].strip("[]"), port=int(match[2]))


def _path(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("a path is not empty")
    return text


PathText = Annotated[str, AfterValidator(_path)]


@settings
class MainFile:
    """The whole installation."""

    organisation: Name
    """Name of the operator, for pages, mails and reports."""
    profile: str
    """Ready-made calendars, SLA and catalogue: a file of profiles/ beside this one, or one that Vigie ships."""
    database: PathText = "vigie.db"
    """Database, relative to this file."""
    control: PathText | None = None
    """Unix socket of the running daemon, relative to this file; beside the database without it."""
    listen: Annotated[
        Listen, BeforeValidator(_listen), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8080"]})
    ] = Listen(host="127.0.0.1", port=8080)
    """Where pages, API and metrics are served."""
    include: tuple[PathText, ...] = ("collectivites/*.yaml",)
    """The collectivités' files: patterns relative to this file."""
    sla: Named = Field(default_factory=dict)
    """What is promised, where it differs from the profile."""
    billing: Billing = Billing()
    """How contributions are called."""
    calendars: Named = Field(default_factory=dict)
    """Calendars beside the profile's own; one of the same name wins over it."""
    templates: Named = Field(default_factory=dict)
    """Templates beside the profile's own; one of the same name wins over it."""
    canaries: Pieces = ()
    """Reference targets of the supervisor itself."""
    flapping: Flapping = Flapping()
    """When a sonde changes too often."""
    retention: Retention = Retention()
    """How long measurements are kept."""
    pools: Pools = Pools()
    """How a pool of 50 sondes runs."""
    alerts: Alerting = Alerting()
    """By what alerts leave."""
    metrics_token: Secret | None = None
    """Bearer token that lets a Prometheus on another machine read /metrics; without it, loopback alone may."""
