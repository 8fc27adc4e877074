"""Sondes that come and go: the lines of a history about one collectivité, with instants as POSIX seconds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SIZES = (0, 1, 2, 49, 50, 51, 99, 100, 101, 149, 150, 151, 200, 201, 250)
HOUR_S = 3600

Written = dict[str, Any]


@dataclass(frozen=True)
class Edges:
    """The instants that matter, in order."""

    instants: tuple[int, ...]

    def between(self, first: int, last: int) -> Edges:
        """Those from the first to before the last, both of which become part of them."""
        inside = tuple(instant for instant in self.instants if first < instant < last)
        return Edges((first, *inside, last))

    def moment(self, rng: random.Random) -> int:
        """Some second before the last; often exactly at an edge, or a second beside."""
        first, last = self.instants[0], self.instants[-1]
        some = rng.choice([rng.choice(self.instants), rng.choice(self.instants), rng.randrange(first, last)])
        some += rng.choice([0, 0, 0, 0, -1, 1, rng.randrange(24) * HOUR_S])
        return min(max(some, first), last - rng.choice([1, HOUR_S]))


@dataclass
class Sondes:
    """The sondes of a collectivité as far as they were told of."""

    rng: random.Random
    collectivite: str
    edges: Edges
    lines: list[Written] = field(default_factory=list)
    there: dict[str, bool] = field(default_factory=dict)  # and whether it is billable
    renamed: int = 0

    def say(self, t: int, event: str, name: str, **more: Any) -> None:
        """One line."""
        self.lines.append({"t": t, "event": f"sonde-{event}", "sonde": f"{self.collectivite}/e/{name}", **more})

    def add(self, t: int, name: str, billable: bool | None = None) -> None:
        """It comes, billable most of the time, or changes."""
        if billable is None:
            billable = self.rng.random() < 0.97
        said = {} if billable and self.rng.random() < 0.3 else {"billable": billable}
        self.say(t, "added", name, **said)
        self.there[name] = billable

    def remove(self, t: int, name: str) -> None:
        """It goes, if it was there."""
        self.say(t, "removed", name)
        self.there.pop(name, None)

    def some(self, most: int) -> list[str]:
        """A few of those that are there."""
        return self.rng.sample(list(self.there), min(len(self.there), self.rng.randint(1, most)))

    # --- what may happen in an instant

    def resize(self, t: int) -> None:
        """As many as that, near the edge of a pool."""
        size = self.rng.choice(SIZES)
        for name in list(self.there)[size:]:
            self.remove(t, name)
        for number in range(250):
            if len(self.there) < size and f"x{number}" not in self.there:
                self.add(t, f"x{number}")

    def blip(self, t: int) -> None:
        """More than that, for a second or an hour."""
        last = self.edges.instants[-1] - 1
        names = [f"b{number}" for number in range(self.rng.choice([1, 2, 50, 51]))]
        for name in names:
            self.add(t, name)
        for name in names:
            self.remove(min(t + self.rng.choice([1, HOUR_S]), last), name)

    def rename(self, t: int) -> None:
        """Some under other names in the same instant, in any order of the lines."""
        olds = self.some(30)
        news = [f"r{self.renamed + number}" for number in range(len(olds))]
        self.renamed += len(olds)
        acts: list[Callable[[], None]] = [lambda name=name: self.remove(t, name) for name in olds]  # type: ignore[misc]
        acts += [lambda name=name: self.add(t, name) for name in news]  # type: ignore[misc]
        if self.rng.random() < 0.5:
            self.rng.shuffle(acts)
        for act in acts:
            act()

    def flip(self, t: int) -> None:
        """Some become billable, or no longer are."""
        for name in self.some(20):
            self.add(t, name, not self.there[name])

    def bounce(self, t: int) -> None:
        """Some go and come, or come and go, in one instant."""
        for name in self.some(3):
            self.remove(t, name)
            self.add(t, name)
        self.add(t, "z0")
        self.remove(t, "z0")

    def noise(self, t: int) -> None:
        """What changes nothing: results, an addition of what is there, a removal of what is not."""
        for name in self.some(3):
            self.add(t, name, self.there[name])
        self.say(t, "removed", "never")
        self.lines.append(
            {"t": t, "sonde": f"{self.collectivite}/e/heard", "status": self.rng.choice(["ok", "critical"])}
        )

    def correct(self, t: int) -> None:
        """Some were never meant to be counted, over windows that overlap each other and the edges of months."""
        for name in [*self.some(60), "never"]:
            start, end = sorted((self.edges.moment(self.rng), self.edges.moment(self.rng)))
            if self.rng.random() < 0.9:
                end = min(end, t)
            if start < end:
                window = {"from": start, "to": end}
                self.say(t, "correction", name, **window, author="A. Dupont", reason="ajoutée par erreur")


def churn(rng: random.Random, collectivite: str, edges: Edges, quiet: bool) -> tuple[list[Written], list[str]]:
    """The lines of a file about a collectivité, and the sondes it leaves; a quiet one adds little to a file before."""
    sondes = Sondes(rng, collectivite, edges)
    acts = [sondes.resize] * 4 + [sondes.rename, sondes.flip, sondes.correct] * 2
    acts += [sondes.blip, sondes.bounce, sondes.noise]
    most = rng.choice([0, 1, 2] if quiet else [0, 3, 6, 12, 20])
    instants = [edges.moment(rng) for _ in range(most)]
    instants += rng.sample(instants, min(len(instants), 2))  # two things in one instant
    for instant in sorted(instants):
        rng.choice(acts)(instant)
    return sondes.lines, list(sondes.there)
