"""What is promised on each service, as the rules of SLA and GTI need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

from supervisor.domain.calendar import Calendar
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import Spans
from supervisor.domain.rule import Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """One service of one collectivité."""

    key: ServiceKey
    name: str  # in French
    rule: Rule
    calendar: Calendar
    calendar_name: str  # as the config names it, with what distinguishes it
    bounds: Spans  # when it is promised: contract and `since`
    own: tuple[str, ...]  # sondes of the config that count for it by their `service`
    uses: tuple[str, ...]  # sondes of shared platforms that count too
    unreachable_is_down: bool


@dataclass(frozen=True, kw_only=True)
class Promises:
    """All of them, in config order."""

    zone: ZoneInfo  # of periods, contracts and numbers
    target: Fraction | None  # availability
    gti_s: int | None  # opening seconds
    period: str  # month, quarter, half-year or year: what is judged
    exclude: tuple[str, ...]  # kinds of time left out of the figure
    services: Mapping[ServiceKey, Promise]
    collectivites: Mapping[str, str]  # names, in config order
    operators: frozenset[str]
    sondes: Mapping[str, str | None]  # of the config: the service each counts for
    warned: frozenset[str]  # sondes whose incidents open at a warning

    def counting(self, sonde: str, service: str | None) -> list[ServiceKey]:
        """The services that count a sonde which itself counts for `service` of its collectivité."""
        own = (sonde.partition("/")[0], service or "")
        return [*([own] if own in self.services else ()), *self._users.get(sonde, ())]

    def concerned(self, collectivite: str, services: Iterable[str] | None) -> frozenset[ServiceKey]:
        """The services that an event holds for: those named (all when none is), and those that use their sondes."""
        named = None if services is None else set(services)
        own = {key for key in self.services if key[0] == collectivite and (named is None or key[1] in named)}
        return frozenset(own | {user for key in own for user in self._dependants.get(key, ())})

    @cached_property
    def _users(self) -> dict[str, list[ServiceKey]]:
        users: dict[str, list[ServiceKey]] = {}
        for key, promise in self.services.items():
            for sonde in promise.uses:
                users.setdefault(sonde, []).append(key)
        return users

    @cached_property
    def _dependants(self) -> dict[ServiceKey, set[ServiceKey]]:
        """By service of an operator: the services that use one of its sondes."""
        found: dict[ServiceKey, set[ServiceKey]] = {}
        for sonde, users in self._users.items():
            service = self.sondes.get(sonde)
            if service is not None:
                found.setdefault((sonde.partition("/")[0], service), set()).update(users)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Time under one kind of exclusion, as it holds for some services."""

    id: str  # "maintenance 12", "exclusion 3": what a person finds it by
    kind: str
    start: int
    end: int
    services: frozenset[ServiceKey] = field(default_factory=frozenset)
    text: str = ""  # nature or reason
    author: str = ""
    entered_at: int = 0
