"""The GTI of the SLA oracle: SPEC section 6 from its text alone, every count made one second at a time.

What the SPEC leaves open, and the choice made here:

A. "Announced before its start" is strict: a maintenance announced at the very second it starts is late.
B. Whether trouble is "during maintenance" is asked at the confirming instant, of each service by itself: a line of a
   service waits for the end of that service's maintenance, the lines of the others do not. Maintenances that touch or
   overlap are one. The incident opens with its first line; if none ever starts there is no incident.
C. "The first instant from its end on when the sonde is critical" is a second it shows critical, not one of a gap or of
   an `unknown` result, of the same trouble: before the first result below critical.
D. 30 minutes run from the first result below critical (or the removal) to the start of the new line, the end of a
   maintenance if that is what delayed it. Trouble that opened nothing restores nothing.
E. Results come before steps of the same second: a step at the confirming instant finds its line, one at the recovery
   finds it stopped.
F. A step acts on every line of the latest opening that has started by then.
G. A cause is the incident's, so it holds for all its lines, whenever it is said; the last one said counts.
H. A reported incident stops at the first intervention, `restored` or `close`. No maintenance delays it. It has a line
   for each service the event holds for, as an exclusion would: without `service` each of its collectivité, and on
   the operator's those that use it.
I. A suspension that is open when the clock stops ends there: the deadline goes on as if resumed then.
J. `restored` on a detected incident that is restored already is journal only. Without a GTI, lines are listed with
   neither deadline nor judgement.
K. Not judged (Illegal): a step after `close`; `restored` or `close` while the sonde is or was last known critical.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle_sla_calendar import Axis, elapses_at, opening_seconds
from tests.oracle_sla_history import Illegal, Life, Line, Service, World, duration, second_of

REOPENS_WITHIN_S = 30 * 60
STEPS = ("acknowledge", "intervention", "suspend", "resume", "restored", "cause", "close")


@dataclass
class Clock:
    """One line: the clock of one service, for one opening of one incident."""

    service: Service
    start: int
    recovers: int | None  # comes back by itself, or by a person's word
    intervened: int | None = None
    suspensions: list[tuple[int, int | None]] = field(default_factory=list)

    @property
    def stopped(self) -> int | None:
        """The instant it stopped; None: it runs."""
        return self.recovers if self.intervened is None else self.intervened

    def hears(self, kind: str, t: int) -> None:
        """What a person did at t, while it ran; after the stop, the journal alone hears."""
        if t < self.start or (self.stopped is not None and t >= self.stopped):
            return
        suspended = bool(self.suspensions) and self.suspensions[-1][1] is None
        if kind == "suspend" and not suspended:
            self.suspensions.append((t, None))
        if kind in ("resume", "intervention") and suspended:
            self.suspensions[-1] = (self.suspensions[-1][0], t)
        if kind == "intervention":
            self.intervened = t
        if kind in ("restored", "close"):
            self.recovers = t


@dataclass
class Opening:
    """One opening or reopening."""

    at: int
    clocks: list[Clock]
    life: Life | None = None  # of the sonde that failed; None: a person reported it
    restored: int | None = None


@dataclass
class Incident:
    """One cause of trouble."""

    sonde: str | None
    ref: str | None
    openings: list[Opening]
    closed: int | None = None
    cause: str | None = None

    def reopens(self, at: int) -> bool:
        """Whether trouble that opens at that instant is the same one again."""
        restored = self.openings[-1].restored
        return self.closed is None and restored is not None and at - restored <= REOPENS_WITHIN_S

    def step(self, step: Line) -> None:
        """A person did something."""
        t, kind, latest = second_of(step["t"]), step["event"], self.openings[-1]
        if self.closed is not None:
            raise Illegal(f"a step after the close: {step}")
        if kind in ("restored", "close") and latest.life is not None:
            if latest.restored is None or t < latest.restored or latest.life.is_critical(t):
                raise Illegal(f"the sonde is critical: {step}")
            kind = "journal" if kind == "restored" else kind
        if kind == "cause":
            self.cause = step["cause"]
        if kind == "close":
            self.closed = t
        for clock in latest.clocks:
            clock.hears(kind, t)


def gti_lines(
    world: World, found: dict[str, list[Life]], lines: Sequence[Line], period: tuple[int, int], now: int
) -> list[dict[str, Any]]:
    """The lines that start in the period, by start; instants are POSIX seconds, incidents are numbered."""
    told = [
        _line(world, number, incident, clock, now)
        for number, incident in enumerate(incidents(world, found, lines, now))
        for opening in incident.openings
        for clock in opening.clocks
        if period[0] <= clock.start < period[1] and clock.start <= now
    ]
    return sorted(told, key=lambda line: int(line["start"]))


def incidents(world: World, found: dict[str, list[Life]], lines: Sequence[Line], now: int) -> list[Incident]:
    """Every incident, with all that happened to it."""
    every = _reported(world, lines)
    maintenance = announced(world, lines)
    for sonde, its_lives in found.items():
        happened: list[tuple[int, Opening | Line]] = []
        for life in its_lives:
            happened += [(opening.at, opening) for opening in _openings(world, life, maintenance, now)]
        steps = [line for line in lines if line.get("event") in STEPS and line.get("sonde") == sonde]
        happened += [(second_of(step["t"]), step) for step in steps]
        latest: Incident | None = None
        for at, what in sorted(happened, key=lambda pair: (pair[0], not isinstance(pair[1], Opening))):
            if isinstance(what, Opening):
                if latest is not None and latest.reopens(at):
                    latest.openings.append(what)
                else:
                    latest = Incident(sonde, None, [what])
                    every.append(latest)
            elif latest is None or not latest.openings[-1].clocks:
                raise Illegal(f"a step before any line: {what}")
            else:
                latest.step(what)
    return every


def _reported(world: World, lines: Sequence[Line]) -> list[Incident]:
    by_ref: dict[str, Incident] = {}
    for line in lines:
        if line.get("event") == "incident":
            t, touched = second_of(line["t"]), world.touched(line)
            if line["ref"] in by_ref:
                raise Illegal(f"a repeated ref: {line}")
            clocks = [Clock(service, t, None) for service in world.services if service.name in touched]
            by_ref[line["ref"]] = Incident(None, line["ref"], [Opening(t, clocks)])
        elif line.get("event") in STEPS and "ref" in line:
            if line["ref"] not in by_ref or not by_ref[line["ref"]].openings[-1].clocks:
                raise Illegal(f"a step before any line: {line}")
            by_ref[line["ref"]].step(line)
    return list(by_ref.values())


def announced(world: World, lines: Iterable[Line]) -> dict[str, list[tuple[int, int]]]:
    """The maintenances of each service that were announced before their start."""
    found: dict[str, list[tuple[int, int]]] = {service.name: [] for service in world.services}
    for line in lines:
        if line.get("event") == "maintenance" and second_of(line["t"]) < second_of(line["start"]):
            for service in world.touched(line):
                found[service].append((second_of(line["start"]), second_of(line["end"])))
    return found


def _openings(world: World, life: Life, maintenance: dict[str, list[tuple[int, int]]], now: int) -> Iterator[Opening]:
    counting = [s for s in world.services if s.name == life.service or life.sonde in s.uses]
    for confirmed in life.confirmed:
        recovers = life.recovers(confirmed)
        # Every second of this trouble at which the sonde is critical, as far as is known.
        axis = Axis(confirmed, min(now + 1, recovers) if recovers is not None else now + 1)
        critical = life.cells(axis, "critical")
        clocks = []
        for service in counting:
            start = axis.first(critical & ~axis.spans(maintenance[service.name]))
            if start is not None:
                clocks.append(Clock(service, start, recovers))
        if clocks or not counting:
            at = min((clock.start for clock in clocks), default=confirmed)
            yield Opening(at, clocks, life, recovers)


def _line(world: World, number: int, incident: Incident, clock: Clock, now: int) -> dict[str, Any]:
    gti = None if world.sla["gti"] is None else int(duration(world.sla["gti"]))
    until = now if clock.stopped is None else clock.stopped
    pauses: list[tuple[int, int | None]] = [
        (start, clock.stopped if end is None else end) for start, end in clock.suspensions
    ]
    elapsed = opening_seconds(clock.service.calendar, clock.start, until, pauses)
    applicable = incident.cause != "collectivite"
    judged = applicable and gti is not None and clock.stopped is not None
    return {
        "incident": number,
        "ref": incident.ref,
        "sonde": incident.sonde,
        "collectivite": clock.service.collectivite,
        "service": clock.service.id,
        "start": clock.start,
        "deadline": None if gti is None else elapses_at(clock.service.calendar, clock.start, gti, pauses),
        "stopped": clock.stopped,
        "elapsed_s": elapsed,
        "suspended_s": opening_seconds(clock.service.calendar, clock.start, until) - elapsed,
        "applicable": applicable,
        "met": elapsed <= gti if judged and gti is not None else None,
    }
