"""What the bench runs, in which order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.detection import Rule
from bench.kinds import KINDS
from bench.measure import Row, prometheus_row, vigie_row
from bench.scenario import Scenario, mix, single
from bench.targets import Targets, serving

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A scenario, and what is looked at besides Vigie's own figures."""

    scenario: Scenario
    prometheus: bool
    break_one: Rule | None = None


def full(*, prometheus: bool) -> list[Step]:
    """Every row of the table: most of an hour."""
    steps = _singles(prometheus, share=1.0, interval_s=10, window_s=25)
    steps.append(Step(scenario=mix(1000, 60, 60), prometheus=False))
    steps.append(Step(scenario=mix(5000, 60, 60), prometheus=prometheus, break_one=Rule()))
    steps.append(Step(scenario=mix(20000, 60, 60), prometheus=False))
    return steps


def quick(*, prometheus: bool) -> list[Step]:
    """The same at a shorter interval, for a first idea."""
    steps = _singles(prometheus, share=0.5, interval_s=5, window_s=10)
    fast = Rule(interval_s=10, retry_every_s=3)
    steps.append(Step(scenario=mix(1500, 15, 15), prometheus=prometheus, break_one=fast))
    return steps


def _singles(prometheus: bool, *, share: float, interval_s: int, window_s: float) -> list[Step]:
    return [
        Step(
            scenario=single(name, int(kind.sondes * share), interval_s, window_s),
            prometheus=prometheus and kind.exporter is not None,
        )
        for name, kind in KINDS.items()
    ]


def run(steps: list[Step], say: Say, repeat: int = 1) -> Iterator[Row]:
    """Each step alone on the machine: Vigie first, then Prometheus, on the same targets; so many times in turn."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, serving(_made(Path(name, "targets"))) as targets:
        for step in steps:
            for turn in range(repeat):
                yield from _step(_made(Path(name, f"{step.scenario.name}-{turn}")), step, targets, say)


def _step(directory: Path, step: Step, targets: Targets, say: Say) -> Iterator[Row]:
    scenario = step.scenario
    say(f"{scenario.name}: {scenario.sondes} checks every {scenario.interval_s} s, Vigie…")
    yield vigie_row(_made(directory / "vigie"), scenario, targets, break_one=step.break_one)
    if step.prometheus:
        say(f"{scenario.name}: the same, Prometheus…")
        yield prometheus_row(directory / "prometheus", scenario, targets)


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
