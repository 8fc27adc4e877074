"""An event loop whose time jumps to the next timer: minutes of schedule in milliseconds, the same at every run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Nothing real may be awaited in it: no socket, no thread."""

    def __init__(self) -> None:
        super().__init__()
        self._virtual = 1000.0

    def time(self) -> float:
        return self._virtual

    def skip(self, seconds: float) -> None:
        """Time passes without the loop running: the process was stopped."""
        self._virtual += seconds

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready and scheduled:
            self._virtual = max(self._virtual, scheduled[0].when())
        super()._run_once()  # type: ignore[misc]


class VirtualClock:
    """The clock of a VirtualLoop; its wall clock can be stepped."""

    def __init__(self, loop: VirtualLoop, wall_at_start: float = 1_780_000_000.0) -> None:
        self._loop = loop
        self.offset = wall_at_start - loop.time()

    def wall(self) -> float:
        return self._loop.time() + self.offset

    def monotonic(self) -> float:
        return self._loop.time()


def run(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end and close the loop."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main)
