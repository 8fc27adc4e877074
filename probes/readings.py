"""What is read of a host once and serves several sondes: a walk of its agent, the metrics of its exporter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from probes.base import Run

K = TypeVar("K")
T = TypeVar("T")

SHARE = 0.9  # of the run's time: silence must be told before the deadline cuts the run
_REUSED_S = 300.0  # a reading is never shared for longer, whatever the interval
_KEPT_S = 900.0  # what nobody asked for so long is forgotten: years of reloads leave hosts behind


@dataclass(slots=True)
class _Reading(Generic[T]):
    """A reading in progress or done."""

    task: asyncio.Task[T]
    started_s: float
    given: set[str] = field(default_factory=set)  # sondes that saw it


class Readings(Generic[K, T]):
    """A reading serves each sonde once: sharing saves the host and us a reading, but a retry, or the next run, always
    sees something new."""

    def __init__(self, forgotten: Callable[[K], object] = lambda _: None) -> None:
        self._readings: dict[K, _Reading[T]] = {}
        self._forgotten = forgotten  # told of each key that nobody asks for any more
        self._swept_s = time.monotonic()

    async def close(self) -> None:
        """End what is in progress."""
        tasks = [reading.task for reading in self._readings.values()]
        self._readings.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def get(self, key: K, run: Run, sonde: str, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `read` gives: from a reading of this interval that the sonde has not seen, or from a new one."""
        reading = self._shared(key, sonde, min(run.interval_s * SHARE, _REUSED_S))
        if reading is None:
            self._sweep()
            task = asyncio.create_task(read())
            task.add_done_callback(_heard)
            reading = self._readings[key] = _Reading(task, time.monotonic())
        else:
            run.note("what another sonde read of this host is used")
        reading.given.add(sonde)
        # Shielded: one run that is cancelled must not end the reading that others wait for.
        found = await asyncio.shield(reading.task)
        if run.trace is not None:
            run.note(f"read {time.monotonic() - reading.started_s:.3f} s after the reading began")
        return found

    def _shared(self, key: K, sonde: str, reused_s: float) -> _Reading[T] | None:
        reading = self._readings.get(key)
        if reading is None or sonde in reading.given or time.monotonic() - reading.started_s > reused_s:
            return None
        if reading.task.done() and (reading.task.cancelled() or reading.task.exception() is not None):
            return None  # whoever comes later tries for itself
        return reading

    def _sweep(self) -> None:
        now = time.monotonic()
        if now - self._swept_s < _KEPT_S:
            return
        self._swept_s = now
        old = [key for key, one in self._readings.items() if now - one.started_s > _KEPT_S and one.task.done()]
        for key in old:
            del self._readings[key]
            self._forgotten(key)


def _heard(task: asyncio.Task[Any]) -> None:
    # Those who waited may all have been cancelled: asyncio would then complain that nobody looked at the error.
    if not task.cancelled():
        task.exception()
