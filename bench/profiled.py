"""The daemon, with a profiler that two signals switch on and off: `python -m bench.profiled OUT HOW run --config …`.

It is switched from outside, once everything has started and warmed up, so that reading the config is not in it.
"""

from __future__ import annotations

import cProfile
import signal
import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from types import FrameType

from supervisor.cli import main

SWITCH_ON, SWITCH_OFF = signal.SIGUSR1, signal.SIGUSR2
_SAMPLE_EVERY_S = 0.002  # of CPU: idle time costs and shows nothing. Kernels round it up to 4 ms


class Tracing:
    """cProfile: every call is counted, and small functions look dearer than they are."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._profile = cProfile.Profile()

    def on(self, *_: object) -> None:
        """Begin."""
        self._profile.enable()

    def off(self, *_: object) -> None:
        """End, and leave the figures for pstats."""
        self._profile.disable()
        unfinished = self._out.with_suffix(".part")
        self._profile.dump_stats(unfinished)
        unfinished.rename(self._out)


class Sampling:
    """Looks at the main thread every few ms of CPU: nothing is distorted.

    But a look waits for the next Python call: a system call is counted for the line that comes after it.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._own: Counter[str] = Counter()  # where it was
        self._below: Counter[str] = Counter()  # what it was within

    def on(self, *_: object) -> None:
        """Begin."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, _SAMPLE_EVERY_S, _SAMPLE_EVERY_S)

    def off(self, *_: object) -> None:
        """End, and leave the figures as text."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        seen = max(1, self._own.total())
        lines = [f"{seen} samples", "", "own line:"]
        lines += [f"{count / seen:6.1%}  {place}" for place, count in self._own.most_common(50)]
        lines += ["", "function and what it calls:"]
        lines += [f"{count / seen:6.1%}  {place}" for place, count in self._below.most_common(70)]
        _leave(self._out, "\n".join(lines) + "\n")

    def _look(self, _: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self._own[f"{_place(frame)} line {frame.f_lineno}"] += 1
        within: set[str] = set()
        while frame is not None:
            within.add(_place(frame))
            frame = frame.f_back
        self._below.update(within)


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{'/'.join(code.co_filename.split('/')[-2:])}:{code.co_qualname}"


class Holding:
    """tracemalloc from the very start: which lines allocated what the daemon holds once it has settled."""

    def __init__(self, out: Path) -> None:
        self._out = out
        tracemalloc.start()

    def on(self, *_: object) -> None:
        """Nothing to begin."""

    def off(self, *_: object) -> None:
        """Leave what is held as text."""
        snapshot = tracemalloc.take_snapshot()
        lines = []
        for key, most in (("filename", 30), ("lineno", 60)):
            statistics = snapshot.statistics(key)
            lines += [f"{sum(each.size for each in statistics) / 2**20:.1f} MiB held, by {key}:"]
            lines += [f"{each.size / 1024:9.0f} KiB {each.count:8} {_line(each)}" for each in statistics[:most]]
        _leave(self._out, "\n".join(lines) + "\n")


def _line(statistic: tracemalloc.Statistic) -> str:
    frame = statistic.traceback[0]
    return f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno}"


def _leave(out: Path, text: str) -> None:
    unfinished = out.with_suffix(".part")
    unfinished.write_text(text)
    unfinished.rename(out)


HOW: dict[str, type[Tracing | Sampling | Holding]] = {"sample": Sampling, "trace": Tracing, "memory": Holding}


def profiled() -> None:
    """Be `vigie`, ready for the signals."""
    out, how, *arguments = sys.argv[1:]
    profiler = HOW[how](Path(out))
    signal.signal(SWITCH_ON, profiler.on)
    signal.signal(SWITCH_OFF, profiler.off)
    main(arguments)


if __name__ == "__main__":
    profiled()
