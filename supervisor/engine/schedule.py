"""Who is due when. Pure but for the heap it keeps: time is an argument, in seconds of the monotonic clock.

Checks start on a coarse grid: at low rates the wake-up costs more than the check (0.1-0.2 ms against 0.05), so what
is due within the same `TICK` starts together. Each sonde has a phase of its own within its interval, drawn from its
id: the same after a restart or a reload, whatever else was added, so that 20,000 sondes never fire together.
"""

from __future__ import annotations

import heapq
import math
from hashlib import blake2b
from itertools import count
from typing import Generic, TypeVar

TICK = 0.2
# A sonde that was never checked, or whose interval is hours, is first checked within this time.
FIRST_WITHIN_S = 60.0

T = TypeVar("T")


def phase(sonde_id: str) -> float:
    """Where in its interval this sonde is checked: a fraction, even over sondes and stable for ever."""
    return int.from_bytes(blake2b(sonde_id.encode(), digest_size=6).digest()) / 2**48


def on_grid(after: float, interval_s: float, fraction: float, offset: float = 0.0) -> float:
    """The first regular instant of a sonde strictly after `after`.

    `offset` (wall clock minus monotonic, at the start of the process) anchors the grid to the time of day, so that
    a restart does not move it; it is read once, so that a stepped clock does not move it either.
    """
    shift = fraction * interval_s - offset
    turns = math.floor((after - shift) / interval_s) + 1
    due = shift + turns * interval_s
    return due if due > after else due + interval_s  # floating point may land exactly on `after`


def tick_of(due: float) -> int:
    """The tick a due instant belongs to: the first one not before it."""
    return math.ceil(due / TICK - 1e-9)


class Agenda(Generic[T]):
    """Things by the tick they are due at. A thing has one date; giving it another replaces the first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, T]] = []
        self._date: dict[T, int] = {}  # the valid entry of each: others in the heap are stale and skipped
        self._order = count()

    def __len__(self) -> int:
        return len(self._date)

    def put(self, thing: T, due: float) -> None:
        """It is due then, and not at whatever was set before."""
        tick = tick_of(due)
        if self._date.get(thing) == tick:
            return
        self._date[thing] = tick
        heapq.heappush(self._heap, (tick, next(self._order), thing))

    def advance(self, thing: T, due: float) -> None:
        """It is due then at the latest."""
        date = self._date.get(thing)
        if date is None or tick_of(due) < date:
            self.put(thing, due)

    def drop(self, thing: T) -> None:
        """It is not due any more."""
        self._date.pop(thing, None)

    def next_due(self) -> float | None:
        """When something is due next."""
        self._discard_stale()
        return self._heap[0][0] * TICK if self._heap else None

    def pop_due(self, now: float) -> list[tuple[float, T]]:
        """What is due by now, each with the instant it was due at, and take it out."""
        limit = math.floor(now / TICK + 1e-9)
        due: list[tuple[float, T]] = []
        while self._heap and self._heap[0][0] <= limit:
            tick, _, thing = heapq.heappop(self._heap)
            if self._date.get(thing) == tick:
                del self._date[thing]
                due.append((tick * TICK, thing))
        return due

    def _discard_stale(self) -> None:
        while self._heap and self._date.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
