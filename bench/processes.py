"""Processes as /proc sees them: started by us, stopped by us, and what they used."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MIB = 1024.0  # the kernel counts in kB
_STOP_WITHIN_S = 60.0

T = TypeVar("T")


class BenchError(Exception):
    """The bench cannot go on; the text says why."""


class Process:
    """A program of the bench, with its log in a file; `with` stops it by its pid."""

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
    ) -> None:
        self.name = Path(command[0]).name
        self.log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                pass_fds=pass_fds,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._popen.send_signal(number)

    def wait_for(self, what: Callable[[], T | None], within_s: float, why: str) -> T:
        """The first value that `what` finds, while the process lives."""
        ends_at = time.monotonic() + within_s
        while time.monotonic() < ends_at:
            found = what()
            if found is not None:
                return found
            if self._popen.poll() is not None:
                raise BenchError(f"{self.name} ended with status {self._popen.returncode}:\n{self.tail()}")
            time.sleep(0.1)
        raise BenchError(f"{self.name}: {why} did not happen within {within_s:.0f} s:\n{self.tail()}")

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def stop(self) -> None:
        """Ask it to end; make it end if it does not."""
        if self._popen.poll() is None:
            self._popen.terminate()
        try:
            self._popen.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """What processes hold, in MiB, summed."""

    rss: float
    pss: float  # shared pages counted once, in parts
    peak: float  # the highest RSS so far (a start that costs more than the run shows here)


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time of these processes, their threads, and all their children dead or alive."""
    asked = set(pids)
    total = 0.0
    for pid in _trees(asked):
        with _ending(pid, asked):
            total += _cpu_of(pid)
    return total


def thread_cpu_s(pid: int) -> dict[str, float]:
    """User and system time of each thread, by its name and id."""
    used = {}
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended while we looked
            name, fields = _split(stat.read_text())
            used[f"{name}-{stat.parent.name}"] = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
    return used


def memory(pids: Iterable[int]) -> Memory:
    """What these processes and their children hold now."""
    asked = set(pids)
    rss = pss = peak = 0
    for pid in _trees(asked):
        with _ending(pid, asked):
            status, shared = (_kilobytes(Path(f"/proc/{pid}/{name}")) for name in ("status", "smaps_rollup"))
            rss += status.get("VmRSS", 0)
            peak += status.get("VmHWM", 0)
            pss += shared.get("Pss", 0)
    return Memory(rss=rss / _MIB, pss=pss / _MIB, peak=peak / _MIB)


@dataclass(frozen=True, slots=True)
class Machine:
    """What the whole machine used so far, in CPU seconds."""

    busy_s: float
    stolen_s: float  # taken by the host that lends us its processors

    @classmethod
    def read(cls) -> Machine:
        """As of now."""
        user, nice, system, _idle, _iowait, irq, softirq, stolen = (
            int(value) / _TICKS_PER_S for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        )
        return cls(user + nice + system + irq + softirq, stolen)


@contextlib.contextmanager
def _ending(pid: int, asked: Container[int]) -> Iterator[None]:
    """A child may end while we look; one of those that are measured may not."""
    try:
        yield
    except (FileNotFoundError, ProcessLookupError):
        if pid in asked:
            raise


def _trees(pids: Iterable[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                _, fields = _split((entry / "stat").read_text())
            except OSError:  # it ended while we looked
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, ())
    return found


def _cpu_of(pid: int) -> float:
    _, fields = _split(Path(f"/proc/{pid}/stat").read_text())
    return sum(map(int, fields[11:15])) / _TICKS_PER_S  # utime, stime, and those of children that were waited for


def _split(stat: str) -> tuple[str, list[str]]:
    # The name stands in brackets and may hold spaces and brackets itself.
    name, _, fields = stat.rpartition(")")
    return name.partition("(")[2], fields.split()


def _kilobytes(path: Path) -> dict[str, int]:
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines if words[-1] == "kB"}
