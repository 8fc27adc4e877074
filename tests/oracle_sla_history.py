"""What the SLA oracle makes of a configuration and a file of history: services, and the life of every sonde.

Written from the text of the SPEC alone. States come from `tests/oracle_states.py`, one cell a second, one life of one
sonde at a time: a removal ends a life, an addition starts a new one. What an ancestor hides is worked out here, since
it outlives both.

What the SPEC leaves open, and the choice made here:

- Lines of one second take effect together: what a removal ends has no result of that second, what an addition starts
  has them, wherever they stand in the file.
- Removing a sonde that was never added and had no result has no effect, whether the config has it or not: its next
  result starts it.
- `sonde-added` with a service: the life counts for that service, from its very start even when results came before.
  Without one: for the service the config gives the sonde, for none if the config does not have it.
- A sonde that the config does not have has the defaults: 3 attempts, 150 s, no parent. What is left of it ends at the
  import.
- A service that `uses` a sonde counts every life of it, whatever service that life was added to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from typing import Any

from tests.oracle_sla_calendar import DAY, Axis, Calendar, as_date, instant
from tests.oracle_states import CHECK_FAILED, SondeSpec, confirmations, timelines
from tests.oracle_states import Line as Result

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}

Line = Mapping[str, Any]
Run = tuple[int, int]  # seconds [start, end)


class Illegal(Exception):
    """The history holds what the SPEC refuses, or leaves so open that this oracle does not judge it."""


@dataclass(frozen=True)
class Service:
    """What the SLA is promised on."""

    collectivite: str
    id: str
    rule: Any
    uses: tuple[str, ...]
    calendar: Calendar
    down_when_unreachable: bool
    promised: tuple[tuple[int, int | None], ...]  # since, and every contract

    @property
    def name(self) -> str:
        """Its full id."""
        return f"{self.collectivite}/{self.id}"


@dataclass
class Life:
    """One sonde, from the earlier of its addition and its first result until its removal."""

    sonde: str
    start: int
    service: str | None  # full id
    end: int | None = None  # None: it is still there
    results: list[tuple[int, str]] = field(default_factory=list)  # as they count: "unreachable" is one more status
    runs: dict[str, list[Run]] = field(default_factory=dict)  # ok, warning, critical, unknown, unreachable
    confirmed: list[int] = field(default_factory=list)  # instants at which critical was confirmed

    def cells(self, axis: Axis, *statuses: str) -> int:
        """The seconds of the life that have one of these."""
        shown = axis.spans(run for status in statuses for run in self.runs.get(status, ()))
        return shown & axis.span(self.start, self.end)

    def is_critical(self, second: int) -> bool:
        """Whether it shows critical in that second."""
        return bool(self.cells(Axis(second, second + 1), "critical"))

    def recovers(self, after: int) -> int | None:
        """The first result below critical after an instant, or its removal."""
        better = (t for t, status in self.results if t > after and status in ("ok", "warning"))
        return next(better, self.end)


@dataclass(frozen=True)
class World:
    """A configuration: the main file, the profile and the collectivités' files, as they are written."""

    main: dict[str, Any]
    profile: dict[str, Any]
    collectivites: tuple[dict[str, Any], ...]  # in config order

    @property
    def sla(self) -> dict[str, Any]:
        """What is promised."""
        return {**self.profile["sla"], **self.main.get("sla", {})}

    @property
    def zone(self) -> str:
        """Where dates are dates: the zone of the profile's calendar."""
        return str(Calendar(self._written(self.profile["calendar"])).versions[0].get("timezone", "Europe/Paris"))

    def _written(self, calendar: str) -> Any:
        return {**self.profile["calendars"], **self.main.get("calendars", {})}[calendar]

    @cached_property
    def services(self) -> list[Service]:
        """Every service in config order."""
        return [
            self._service(collectivite, service)
            for collectivite in self.collectivites
            for service in collectivite.get("services", ())
        ]

    def _service(self, collectivite: dict[str, Any], service: dict[str, Any]) -> Service:
        name = service.get("calendar") or collectivite.get("calendar") or self.profile["calendar"]
        contracts = collectivite.get("contract", [])
        promised = [self._days(c["start"], c.get("end")) for c in contracts if isinstance(contracts, list)]
        if isinstance(contracts, dict):
            promised = [self._days(contracts["start"], contracts.get("end"))]
        since = self._days(service["since"], None)[0] if "since" in service else None
        if not contracts:
            promised = [(since if since is not None else 0, None)]
        elif since is not None:
            promised = [(max(start, since), end) for start, end in promised]
        return Service(
            collectivite=collectivite["collectivite"],
            id=service["id"],
            rule=service.get("rule", "all"),
            uses=tuple(service.get("uses", ())),
            calendar=Calendar(self._written(name), good_friday=collectivite.get("good_friday", False)),
            down_when_unreachable=service.get("when_unreachable") == "down",
            promised=tuple(promised),
        )

    def _days(self, first: Any, last: Any) -> tuple[int, int | None]:
        end = None if last is None else instant(as_date(last) + DAY, "00:00", self.zone)
        return instant(as_date(first), "00:00", self.zone), end

    @cached_property
    def specs(self) -> dict[str, SondeSpec]:
        """The sondes of the config."""
        return {spec.id: spec for spec, _ in self._sondes()}

    @cached_property
    def service_of(self) -> dict[str, str | None]:
        """The service the config gives each sonde."""
        return {spec.id: service for spec, service in self._sondes()}

    def _sondes(self) -> Iterator[tuple[SondeSpec, str | None]]:
        for collectivite in self.collectivites:
            home = collectivite["collectivite"]
            links = {
                machine["id"]: f"{home}/{machine['id']}/{sonde['id']}"
                for machine in collectivite.get("equipment", ())
                for sonde in reversed(machine["sondes"])
                if sonde["type"] == "link"
            }
            for machine in collectivite.get("equipment", ()):
                for sonde in machine["sondes"]:
                    service = sonde.get("service", machine.get("service"))
                    yield _spec(home, machine, sonde, links), f"{home}/{service}" if service else None

    def touched(self, event: Line) -> set[str]:
        """The services an event holds for."""
        home = event["collectivite"]
        named = event.get("services") or ([event["service"]] if event.get("service") else None)
        touched = {s.name for s in self.services if s.collectivite == home and (named is None or s.id in named)}
        # "One on an operator's service holds for every service that `uses` a sonde of it."
        shared = {sonde for sonde, service in self.service_of.items() if service in touched}
        return touched | {s.name for s in self.services if shared & set(s.uses)}


def _spec(home: str, machine: dict[str, Any], sonde: dict[str, Any], links: dict[str, str]) -> SondeSpec:
    interval = sonde.get("interval", "60s")
    stale = duration(sonde["stale_after"]) if "stale_after" in sonde else duration(interval) * Fraction(5, 2)
    parent = machine.get("parent")
    if "parent" in sonde:
        parent = sonde["parent"]
    elif sonde["type"] != "link" and machine["id"] in links:
        parent = links[machine["id"]]
    if parent is not None:
        parent = {1: links.get(parent), 2: f"{home}/{parent}"}.get(parent.count("/") + 1, parent)
    return SondeSpec(f"{home}/{machine['id']}/{sonde['id']}", sonde.get("attempts", 3), int(stale), parent)


def duration(text: str) -> Fraction:
    """`90s`, `5min`, `8h` in seconds."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return Fraction(number) * UNITS[text[len(number) :]]


def second_of(text: str) -> int:
    """The whole second of an instant, truncated."""
    return int(datetime.fromisoformat(text).timestamp())


def lives(world: World, lines: Iterable[Line], imported_at: int) -> dict[str, list[Life]]:
    """Every life of every sonde, painted; ancestors before those below them."""
    told: dict[str, list[Line]] = {}
    for line in lines:
        if "sonde" in line and line.get("event", "sonde-added") in ("sonde-added", "sonde-removed"):
            told.setdefault(line["sonde"], []).append(line)
    found: dict[str, list[Life]] = {}
    for sonde in sorted(told, key=lambda name: len(_chain(world, name))):
        found[sonde] = list(_lives_of(world, sonde, told[sonde]))
        if sonde not in world.specs and found[sonde] and found[sonde][-1].end is None:
            found[sonde][-1].end = imported_at
        for life in found[sonde]:
            _live(world, life, [found.get(ancestor, []) for ancestor in _chain(world, sonde)])
    return found


def _chain(world: World, sonde: str) -> list[str]:
    chain: list[str] = []
    parent = world.specs[sonde].parent if sonde in world.specs else None
    while parent is not None:
        chain.append(parent)
        parent = world.specs[parent].parent
    return chain


def _lives_of(world: World, sonde: str, told: list[Line]) -> Iterator[Life]:
    here: Life | None = None
    removed = False
    for t, together in groupby(told, key=lambda line: second_of(line["t"])):
        lines = list(together)
        added = [line for line in lines if line.get("event") == "sonde-added"]
        gone = any(line.get("event") == "sonde-removed" for line in lines)
        results = [line["status"] for line in lines if "event" not in line]
        if gone and added:
            raise Illegal(f"{sonde} is added and removed in one second")
        if gone and here is not None:
            here.end = t
            yield here
            here, removed = None, True
        # "A result after a removal does not bring it back."
        if here is None and (added or (results and not removed)):
            here = Life(sonde, t, world.service_of.get(sonde))
        if here is not None:
            for line in added:
                here.service = f"{sonde.split('/')[0]}/{line['service']}" if line.get("service") else here.service
            here.results += [(t, status) for status in results[:1]]  # the others are "at its last one": skipped
    if here is not None:
        yield here


def _live(world: World, life: Life, ancestors: list[list[Life]]) -> None:
    """Hide what an ancestor hides, then paint the life."""
    life.results = [
        (t, "unreachable" if any(a.is_critical(t) for each in ancestors for a in each) else status)
        for t, status in life.results
    ]
    if not life.results:
        return
    spec = world.specs.get(life.sonde, SondeSpec(life.sonde, 3, 150, None))
    alone = [SondeSpec(life.sonde, spec.attempts, spec.stale_after, None)]
    first, last = life.results[0][0], life.results[-1][0]
    told = [Result(t - first, life.sonde, s if s != "unreachable" else "unknown") for t, s in life.results]
    horizon = last - first + spec.stale_after
    cells = timelines(alone, told, horizon)[life.sonde]
    ends = [t for t, _ in life.results[1:]] + [first + horizon]
    for (t, status), end in zip(life.results, ends, strict=True):
        second = t
        for cell, same in groupby(cells[t - first : end - first]):
            length = len(list(same))
            hidden = status == "unreachable" and cell == CHECK_FAILED
            life.runs.setdefault("unreachable" if hidden else cell[0], []).append((second, second + length))
            second += length
    confirmed = confirmations(alone, told, horizon)
    life.confirmed = [first + confirming for _, level, _, confirming in confirmed if level == "critical"]
