"""What people do about the incidents of a random history, placed where the oracle says that it is legal.

Often in the very second of a result, of an opening hour or of the end of a maintenance, and often once it is too late.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle_sla_calendar import DAY_S
from tests.oracle_sla_gti import Incident, incidents
from tests.oracle_sla_history import Illegal, Life, World, lives, second_of

Line = dict[str, Any]
Lives = dict[str, list[Life]]

STEPS = ["acknowledge", "intervention", "cause", "restored", "close", *["suspend"] * 3, *["resume"] * 2]
CAUSES = ["collectivite", "collectivite", "third_party", "force_majeure", "operator"]


def written(rng: random.Random, second: int) -> str:
    """An instant as a file may have it, in any zone."""
    zone = rng.choice([UTC, ZoneInfo("Europe/Paris"), ZoneInfo("Pacific/Noumea")])
    text = datetime.fromtimestamp(second, zone).isoformat()
    return text.replace("+00:00", "Z") if rng.random() < 0.5 else text


@dataclass
class People:
    """Those who act on the incidents of one history."""

    rng: random.Random
    world: World
    lines: list[Line]
    instants: list[int]  # edges that they like to act at
    now: int

    def act(self) -> list[Line]:
        """The history with steps on some of its incidents, in order of time."""
        self._sort()
        found = lives(self.world, self.lines, self.now)
        some = [each for each in incidents(self.world, found, self.lines, self.now) if each.openings[-1].clocks]
        for incident in self.rng.sample(some, min(len(some), self.rng.randint(0, 8))):
            for second in sorted(self._near(incident) for _ in range(self.rng.randint(1, 6))):
                self._step(found, incident, second)
        return self.lines

    def _sort(self) -> None:
        self.lines.sort(key=lambda line: second_of(line["t"]))

    def _near(self, incident: Incident) -> int:
        """An instant in or around the life of an incident, often one at which something happens."""
        opening = self.rng.choice(incident.openings)
        ends = min(self.now, opening.restored + 1800 if opening.restored is not None else opening.at + 3 * DAY_S)
        edges = [*self.instants, *(second_of(line["t"]) for line in self.lines if _thing(line) == incident.sonde)]
        edges += [*(clock.start for clock in opening.clocks), *([opening.restored] if opening.restored else [])]
        edges = [opening.at, *(second for second in edges if opening.at <= second <= ends)]
        edges += [self.rng.randint(opening.at, ends) for _ in range(1 + len(edges) // 2)]
        return self.rng.choice(edges)

    def _step(self, found: Lives, incident: Incident, second: int) -> None:
        kind = self.rng.choice(STEPS)
        step: Line = {"event": kind, **({"ref": incident.ref} if incident.ref else {"sonde": incident.sonde})}
        if kind == "suspend":
            step["reason"] = f"Accès {len(self.lines)}"  # an event is known by its content
        if kind == "cause":
            step["cause"] = self.rng.choice(CAUSES)
        if any(step.items() <= line.items() and second_of(line["t"]) == second for line in self.lines):
            return
        before = list(self.lines)
        self.lines.append({"t": written(self.rng, second), **step, "author": self.rng.choice(["Ana", "Luc"])})
        self._sort()
        if not self._legal(found, incident, second):
            self.lines = before

    def _legal(self, found: Lives, about: Incident, second: int) -> bool:
        """Legal in the end, and at that second too, when what an ancestor would hide was not known yet."""
        spec = self.world.specs.get(about.sonde or "")
        try:
            acted_on = _acted_on(self.world, found, self.lines, about, second, self.now)
            if spec is None or spec.parent is None:
                return bool(acted_on)
            known = [line for line in self.lines if second_of(line["t"]) <= second]
            return bool(acted_on) and acted_on == _acted_on(
                self.world, lives(self.world, known, second), known, about, second, second
            )
        except Illegal:
            return False


def _acted_on(
    place: World, found: Lives, lines: list[Line], about: Incident, second: int, now: int
) -> list[tuple[str, int]]:
    """The lines that a step of that second acts on."""
    alone = {about.sonde: found.get(about.sonde, [])} if about.sonde is not None else {}
    concerning = [
        line for line in lines if line.get("event") == "maintenance" or _thing(line) == (about.ref or about.sonde)
    ]
    openings = [
        opening
        for incident in incidents(place, alone, concerning, now)
        for opening in incident.openings
        if opening.at <= second
    ]
    latest = max(openings, key=lambda opening: opening.at, default=None)
    return [(clock.service.name, clock.start) for clock in latest.clocks if clock.start <= second] if latest else []


def _thing(line: Line) -> str | None:
    thing: str | None = line.get("ref") or line.get("sonde")
    return thing
