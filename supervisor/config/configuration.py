"""The configuration once it is right: everything resolved, nothing left to look up in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from probes.secret import Secret
from supervisor.config.alerting import Alerting
from supervisor.config.calendars import CalendarVersion
from supervisor.config.collectivites import AtLeast, Chorus, Contact, Site
from supervisor.config.contracts import Contract
from supervisor.config.main_file import Listen, Sla
from supervisor.domain.sonde import FlappingRule, Sonde
from supervisor.domain.tariff import Tariff
from supervisor.errors import Mistake


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueEntry:
    """A service that the profile's convention names."""

    id: str
    name: str  # in French
    article: str  # where the convention names it
    template: str | None  # what checks it, where today's techniques can


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """The ready-made settings of one operator."""

    name: str
    title: str
    source: str  # the convention
    calendar: str  # name of the calendar services are promised on
    help_desk: str  # name of the calendar people answer on
    catalogue: Mapping[str, CatalogueEntry]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceSettings:
    """A service of a collectivité."""

    id: str
    name: str  # in French
    rule: str | AtLeast  # "all", "any" or at least k
    uses: tuple[str, ...]  # sondes of the operator that count too
    since: date | None  # None: the contract's start
    calendar: str  # name in `Configuration.calendars`
    when_unreachable: str  # "unknown" or "down"


@dataclass(frozen=True, kw_only=True, slots=True)
class Equipment:
    """A machine of a collectivité."""

    id: str
    name: str
    address: str  # "" when it has none
    site: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Collectivite:
    """A collectivité, but for its sondes."""

    id: str
    name: str
    operator: bool
    insee: str | None
    siret: str | None
    chorus: Mapping[int, Chorus]  # by year
    population: int | None
    location: tuple[float, float] | None  # latitude, longitude
    good_friday: bool
    calendar: str  # name in `Configuration.calendars`
    contracts: tuple[Contract, ...]
    contacts: tuple[Contact, ...]
    services: Mapping[str, ServiceSettings]  # in config order
    sites: Mapping[str, Site]
    equipment: Mapping[str, Equipment]


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionSettings:
    """How long measurements are kept, in seconds."""

    samples_s: int
    quarters_s: int
    hours_s: int
    days_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """One installation."""

    path: Path  # the main file
    organisation: str
    profile: Profile
    database: Path
    control: Path  # Unix socket
    listen: Listen
    sla: Sla  # the profile's, with what the main file changes
    billing_basis: str
    tariff: Tariff  # the profile's, with the prices of the main file
    calendars: Mapping[str, tuple[CalendarVersion, ...]]
    collectivites: Mapping[str, Collectivite]  # in config order
    sondes: Mapping[str, Sonde]  # in config order
    canaries: tuple[Sonde, ...]
    flapping: FlappingRule
    retention: RetentionSettings
    concurrency: int  # checks of one pool at the same time
    alerts: Alerting  # by what messages leave
    metrics_token: Secret | None  # lets other machines read the metrics
    warnings: tuple[Mistake, ...]  # accepted, but worth a look

    @property
    def timezone(self) -> str:
        """The zone of local dates (periods, contracts, months): that of the profile's calendar."""
        return self.calendars[self.profile.calendar][-1].timezone
