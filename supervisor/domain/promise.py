"""What is promised on each service, as the rules of SLA and GTI need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

from supervisor.domain.calendar import Calendar
from supervisor.domain.escalation import Duty
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import Spans
from supervisor.domain.rule import Rule, Truth


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
    parents: Mapping[str, str] = field(default_factory=dict)  # of the sondes that hang behind another one
    equipment: Mapping[str, str] = field(default_factory=dict)  # names, by "collectivite/equipment"
    duty: Duty = field(default_factory=Duty)  # who is called when nobody comes
    calendars: Mapping[tuple[str, bool], Calendar] = field(default_factory=dict)  # of the config, and with Good Friday
    good_friday: frozenset[str] = frozenset()  # collectivités where it is a holiday
    webhooks: frozenset[str] = frozenset()  # programs of the config that may be told

    def calendar(self, collectivite: str, name: str | None) -> Calendar | None:
        """The calendar of that name, as it holds for a collectivité; None: there is none."""
        return None if name is None else self.calendars.get((name, collectivite in self.good_friday))

    def counting(self, sonde: str, service: str | None) -> list[ServiceKey]:
        """The services that count a sonde which itself counts for `service` of its collectivité."""
        own = (sonde.partition("/")[0], service or "")
        return [*([own] if own in self.services else ()), *self._users.get(sonde, ())]

    def concerned(self, collectivite: str, services: Iterable[str] | None) -> frozenset[ServiceKey]:
        """The services that an event holds for: those named (all when none is), and those that use their sondes."""
        named = None if services is None else set(services)
        own = {key for key in self.services if key[0] == collectivite and (named is None or key[1] in named)}
        return frozenset(own | {user for key in own for user in self._dependants.get(key, ())})

    def machine(self, sonde: str) -> str:
        """What people call the equipment of a sonde; its id, once the config does not have it any more."""
        owner, equipment, _ = sonde.split("/", 2)
        return self.equipment.get(f"{owner}/{equipment}", equipment)

    def cut_off(self, sonde: str) -> list[ServiceKey]:
        """The services that cannot be up once this sonde is critical and hides what is behind it; but for its own."""
        below: set[str] = set()
        left = [sonde]
        while left:
            found = self._children.get(left.pop(), ())
            left += [child for child in found if child not in below]
            below.update(found)
        own = set(self.counting(sonde, self.sondes.get(sonde)))
        touched = {key for child in below for key in self.counting(child, self.sondes.get(child))} - own
        gone = below | {sonde}
        return [key for key in self.services if key in touched and self._is_down(key, gone)] if touched else []

    def _is_down(self, key: ServiceKey, gone: Set[str]) -> bool:
        promise = self.services[key]
        members = {*promise.own, *promise.uses}
        down = len(members & gone)
        return promise.rule.truth(len(members), len(members) - down, down) is Truth.DOWN

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for child, parent in self.parents.items():
            found.setdefault(parent, []).append(child)
        return found

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
