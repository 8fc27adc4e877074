"""An event loop whose time does not pass while the machine is busy with others: a deadline is for what hangs.

Its time is real while it waits for nothing but a timer. What else takes longer than a moment was the machine: the
process was not let run, or computed for long. Servers in the same loop, and all that is said between two ends of it,
are thus always in time, and what a test has hang still ends at its deadline.
"""

from __future__ import annotations

import asyncio
import selectors
import time

MOMENT_S = 0.005


class _Waiting(selectors.DefaultSelector):  # type: ignore[misc,valid-type]  # a name of several classes
    """Waits as usual, and counts the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = time.monotonic()
        self._left_at = self.now

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        begun_at = time.monotonic()
        self.now += min(begun_at - self._left_at, MOMENT_S)
        events: list[tuple[selectors.SelectorKey, int]] = super().select(timeout)
        self._left_at = time.monotonic()
        longest_s = MOMENT_S if events or timeout is None else max(timeout, 0.0)
        self.now += min(self._left_at - begun_at, longest_s)
        return events


class PatientLoop(asyncio.SelectorEventLoop):
    """The loop that the tests of probes and channels run in."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.now
