"""Random histories of a few hours or days, made to fall on the edges: opening hours, holidays, clock changes, windows.

A scenario is a function of its seed alone. What people do about incidents is placed last: see `sla_people.py`.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.acceptance.sla_people import Line, People, written
from tests.acceptance.sla_worlds import KINDS, world
from tests.oracle_sla_calendar import DAY, instant, local_day
from tests.oracle_sla_gti import REOPENS_WITHIN_S
from tests.oracle_sla_history import World, second_of

FIRST_DAYS = (
    "2025-10-25",  # clocks go back on the 26th
    "2026-10-24",
    "2025-12-24",  # Christmas and, in Metz, the 26th
    "2025-12-31",  # New Year: another month, quarter and year
    "2026-03-06",  # an ordinary Friday
    "2026-03-27",  # clocks go forward on the 29th, in Paris
    "2026-03-31",  # the end of a quarter
    "2026-04-02",  # Good Friday on the 3rd, Easter Monday on the 6th
    "2026-04-23",  # clocks go forward at midnight, in Cairo
    "2026-05-13",  # Ascension
    "2026-12-31",
)
STATUSES = {
    "fine": ["ok"] * 8 + ["warning", "unknown"],
    "calm": ["ok"],
    "bad": ["critical"] * 8 + ["unknown", "warning"],
    "worse": ["critical"],
    "poor": ["warning", "warning", "critical", "ok"],
    "blind": ["unknown"] * 3 + ["critical", "ok"],
}


@dataclass(frozen=True)
class Scenario:
    """What is configured, what happened, when it is looked at, and what is asked."""

    seed: int
    world: World
    lines: list[Line]
    now: int
    periods: list[str]


def scenario(seed: int) -> Scenario:
    """The scenario of that seed."""
    rng = random.Random(seed)
    first, days = date.fromisoformat(rng.choice(FIRST_DAYS)), rng.randint(1, 4)
    place = world(rng, first, days)
    begin = instant(first, "00:00", place.zone) + rng.choice([0, rng.randrange(86_400)])
    end = begin + rng.choice([rng.randint(3, 12) * 3600, days * 86_400])
    maker = Maker(rng, place, begin, end)
    maker.happen()
    now = max([end, *(second_of(line["t"]) for line in maker.lines)])
    now += rng.choice([1, rng.randrange(1, 86_400), rng.randrange(1, 40 * 86_400)])
    while now in maker.instants:  # what begins or ends at this very second is nobody's business
        now += 1
    lines = People(rng, place, maker.lines, maker.instants, now).act()
    return Scenario(seed, place, _in_order(rng, lines), now, _periods(rng, place.zone, begin, end, now))


def _periods(rng: random.Random, zone: str, begin: int, end: int, now: int) -> list[str]:
    first, last = local_day(begin, zone), local_day(end, zone)
    cut = first + rng.randint(0, max(0, (last - first).days)) * DAY
    asked = [
        f"{first:%Y-%m}",
        f"{last:%Y-%m}",
        f"{cut}..{cut + rng.randint(1, 3) * DAY}",
        f"{first - DAY}..{cut + DAY}",
    ]
    asked.append(f"{last:%Y}-Q{(last.month + 2) // 3}")
    if rng.random() < 0.1:
        asked += [f"{first:%Y}-H{(first.month + 5) // 6}", f"{last:%Y}"]
    begun = [text for text in dict.fromkeys(asked) if ".." not in text or _begins(text, zone) <= now]
    return rng.sample(begun, min(3, len(begun)))


def _begins(text: str, zone: str) -> int:
    return instant(date.fromisoformat(text.split("..")[0]), "00:00", zone)


@dataclass
class Maker:
    """Makes the lines of one scenario."""

    rng: random.Random
    world: World
    begin: int
    end: int
    lines: list[Line] = field(default_factory=list)
    instants: list[int] = field(default_factory=list)  # edges that other things like to fall on

    def happen(self) -> None:
        """What is planned, then what sondes see, then what people report."""
        for service in self.world.services:
            self.instants += service.calendar.edges(self.begin, self.end)
        for _ in range(self.rng.randint(0, 3)):
            self._maintenance()
        for _ in range(self.rng.randint(0, 3)):
            self._exclusion()
        sondes = list(self.world.specs)
        if self.rng.random() < 0.3:
            sondes.append(f"{self.rng.choice(self.world.collectivites)['collectivite']}/vieux/x")
        for sonde in sondes:
            self._sonde(sonde)
        for number in range(self.rng.randint(0, 2)):
            about = self._about("service")
            self._add(self._moment(), event="incident", ref=f"R{number}", message="En panne", **about)

    # --- instants

    def _moment(self) -> int:
        """Any instant of the history, often one that matters, or its neighbour."""
        if self.instants and self.rng.random() < 0.5:
            return self.rng.choice(self.instants) + self.rng.choice([0, 0, 0, -1, 1])
        return self.rng.randrange(self.begin, self.end)

    def _add(self, second: int, **content: object) -> None:
        by_a_person = "event" in content and "sonde" not in content
        author = {"author": self.rng.choice(["Ana", "Luc"])} if by_a_person else {}
        self.lines.append({"t": written(self.rng, second), **content, **author})

    # --- windows

    def _about(self, key: str) -> Line:
        """A collectivité, and some of its services or all of them without a word."""
        collectivite = self.rng.choice(self.world.collectivites)
        names = [service["id"] for service in collectivite["services"]]
        about: Line = {"collectivite": collectivite["collectivite"]}
        if self.rng.random() < 0.7:
            some = self.rng.sample(names, self.rng.randint(1, len(names)))
            about[key] = some if key == "services" else some[0]
        return about

    def _window(self) -> tuple[int, int]:
        start = self._moment()
        end = start + self.rng.randint(1, 12 * 3600) if self.rng.random() < 0.6 else self._moment()
        start, end = sorted((start, end))
        return start, max(end, start + 1)

    def _maintenance(self) -> None:
        about, (start, end) = self._about("services"), self._window()
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            told = start + self.rng.choice([-86_400, -3600, -60, -1, -1, -1, 0, 1, 600])
            window = {"start": written(self.rng, start), "end": written(self.rng, end)}
            self._add(told, event="maintenance", **about, **window, nature="Mise à jour")
            self.instants += [start, end]
            # Prolonged, now and then from a little before its end.
            start = end - self.rng.choice([0, 0, 0, 60])
            end = start + self.rng.randint(61, 3 * 3600)

    def _exclusion(self) -> None:
        start, end = self._window()
        told = start + self.rng.choice([-3600, 0, 1, end - start, end - start + 86_400])
        kind = self.rng.choice([kind for kind in KINDS if kind != "maintenance"])
        window = {"start": written(self.rng, start), "end": written(self.rng, end)}
        self._add(told, event="exclusion", **self._about("service"), **window, kind=kind, reason="Tempête")
        self.instants += [start, end]

    # --- sondes

    def _sonde(self, sonde: str) -> None:
        """Results; and additions and removals of some."""
        told = self._results(sonde)
        first = told[0] if told else self._moment()
        added = self.rng.random() < 0.3 or (sonde not in self.world.specs and self.rng.random() < 0.8)
        if added:
            self._added(sonde, first - self.rng.choice([0, 1, 60, 3600]))
        elif told and self.rng.random() < 0.2:  # said later than seen: it changes nothing
            self._add(self.rng.choice(told), event="sonde-added", sonde=sonde, billable=True)
        if (told or added) and self.rng.random() < 0.3:
            removed = max(first + 1, self.rng.choice([*told[1:], self._moment()]))
            while any(line["sonde"] == sonde and second_of(line["t"]) == removed for line in self._additions()):
                removed += 1
            self._add(removed, event="sonde-removed", sonde=sonde)
            if self.rng.random() < 0.6:
                self._added(sonde, removed + self.rng.choice([1, 30, 600, 7200]))

    def _additions(self) -> Iterator[Line]:
        return (line for line in self.lines if line.get("event") == "sonde-added")

    def _added(self, sonde: str, second: int) -> None:
        home = next(c for c in self.world.collectivites if c["collectivite"] == sonde.split("/")[0])
        service = {"service": self.rng.choice(home["services"])["id"]} if self.rng.random() < 0.5 else {}
        self._add(second, event="sonde-added", sonde=sonde, billable=self.rng.random() < 0.8, **service)

    def _results(self, sonde: str) -> list[int]:
        """Bursts of results, with gaps between them; gives their instants."""
        spec = self.world.specs.get(sonde)
        stale = spec.stale_after if spec else 150
        told: list[int] = []
        if self.rng.random() < 0.3:
            return self._steady(sonde, stale)
        now = self.begin + self.rng.randint(0, 3 * 3600)
        while now < self.end and len(told) < 60:
            statuses = STATUSES[self.rng.choice(list(STATUSES))]
            step = self.rng.choice([1, 20, max(1, stale // 3), max(1, stale - 1), stale, stale + 1, REOPENS_WITHIN_S])
            for _ in range(self.rng.randint(1, 9)):
                if now >= self.end:
                    break
                self._add(now, sonde=sonde, status=self.rng.choice(statuses))
                told.append(now)
                now += step
            later = [edge for edge in self.instants if edge > now]
            if later and self.rng.random() < 0.3:
                now = self.rng.choice(later[:8])
            else:
                now += self.rng.choice(
                    [0, stale - 1, stale, self.rng.randrange(1, max(2, (self.end - self.begin) // 5))]
                )
        return told

    def _steady(self, sonde: str, stale: int) -> list[int]:
        """A sonde that is nearly always fine, and heard of without a gap: most of its time can be judged."""
        told = list(range(self.begin, self.end, stale))[:150]
        trouble = self.rng.randrange(len(told))
        for number, second in enumerate(told):
            self._add(second, sonde=sonde, status="critical" if 0 <= number - trouble < 4 else "ok")
        return told


def _in_order(rng: random.Random, lines: list[Line]) -> list[Line]:
    """Lines of one second in any order, save that what is about one thing stays in its own."""
    seconds: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        seconds[second_of(line["t"])].append(line)
    return [line for second in sorted(seconds) for line in _shuffled(rng, seconds[second])]


def _shuffled(rng: random.Random, lines: list[Line]) -> Iterator[Line]:
    strands: dict[Any, list[Line]] = defaultdict(list)
    for line in lines:
        strands[line.get("ref"), line.get("sonde"), line.get("event") in (None, "sonde-added", "sonde-removed")].append(
            line
        )
    while strands:
        chosen = rng.choice(list(strands))
        yield strands[chosen].pop(0)
        if not strands[chosen]:
            del strands[chosen]
