"""What is checked in one run, and for how long it is watched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from bench.check import Check
from bench.targets import Targets

# 40 % link (3 packets, the default), 15 % http, 10 % https, 20 % tcp, 15 % dns, in an order that spreads them.
MIX = (
    *("link3", "http", "link3", "tcp", "link3", "dns", "https", "link3", "tcp", "link3"),
    *("http", "link3", "dns", "tcp", "link3", "https", "http", "link3", "dns", "tcp"),
)
# Communes are not equal, nor their pools full.
_SIZES = (50, 46, 48, 50, 47, 49)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """So many checks of these kinds, each so often."""

    name: str
    kinds: tuple[str, ...]  # taken in turn
    sondes: int
    interval_s: int
    warm_rounds: float  # checks of every sonde before anything is measured
    window_s: float  # watched for so long

    @property
    def expected_rate(self) -> float:
        """Checks a second, if all are done."""
        return self.sondes / self.interval_s

    def communes(self, targets: Targets) -> Iterator[list[Check]]:
        """The checks, commune by commune; both systems get exactly these."""
        checks = (targets.check(kind, number) for number, kind in enumerate(islice(cycle(self.kinds), self.sondes)))
        for size in cycle(_SIZES):
            commune = list(islice(checks, size))
            if not commune:
                return
            yield commune


def single(kind: str, sondes: int, interval_s: int, window_s: float) -> Scenario:
    """One kind alone."""
    return Scenario(name=kind, kinds=(kind,), sondes=sondes, interval_s=interval_s, warm_rounds=1.5, window_s=window_s)


def mix(sondes: int, interval_s: int, window_s: float) -> Scenario:
    """The kinds of a real installation together; memory is read when every sonde has had two checks."""
    return Scenario(
        name=f"mix-{sondes}", kinds=MIX, sondes=sondes, interval_s=interval_s, warm_rounds=2, window_s=window_s
    )
