"""A stretch of time in which a system is watched: what it used, what it completed, what the rest of the machine did."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench.processes import Machine, cpu_s

_SLICES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """CPU over a stretch of time."""

    seconds: float
    cpu_s: float
    slices_cpu: tuple[float, ...]  # CPU seconds per second, slice by slice: how steady the figure is
    others: float  # processors kept busy by everything else: targets, the bench, neighbours of ours
    stolen: float  # processors that the host took away

    def cpu_ms(self, checks: float) -> float:
        """CPU milliseconds for each of so many completed checks."""
        return self.cpu_s / checks * 1000 if checks else float("nan")

    @property
    def spread(self) -> float:
        """How far the slices lie apart, as a share of the whole."""
        mean = self.cpu_s / self.seconds
        return (max(self.slices_cpu) - min(self.slices_cpu)) / mean if mean else 0.0


def watch(pids: Sequence[int], seconds: float) -> Window:
    """Watch these processes for so long; nobody asks them anything meanwhile."""
    marks = [(time.monotonic(), cpu_s(pids))]
    before = Machine.read()
    for _ in range(_SLICES):
        time.sleep(seconds / _SLICES)
        marks.append((time.monotonic(), cpu_s(pids)))
    after = Machine.read()
    (start, first), (end, last) = marks[0], marks[-1]
    return Window(
        seconds=end - start,
        cpu_s=last - first,
        slices_cpu=tuple((c1 - c0) / (t1 - t0) for (t0, c0), (t1, c1) in pairwise(marks)),
        others=max(0.0, (after.busy_s - before.busy_s - (last - first)) / (end - start)),
        stolen=(after.stolen_s - before.stolen_s) / (end - start),
    )


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    system = os.uname()
    return {
        "processors": os.cpu_count(),
        "model": ", ".join(sorted(models)) or "unknown",
        "kernel": f"{system.sysname} {system.release.partition('-')[0]} {system.machine}",
        "load_before": os.getloadavg()[0],
    }
