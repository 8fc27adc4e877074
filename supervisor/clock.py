"""The clocks, read at the edges only: everything below takes time as an argument."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the engine reads."""

    def wall(self) -> float:
        """POSIX seconds, as the machine believes them."""

    def monotonic(self) -> float:
        """Seconds that never go back, on the event loop's own scale."""


class SystemClock:
    """The machine's clocks. CLOCK_MONOTONIC stands still while the machine is suspended, the wall clock does not."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()
