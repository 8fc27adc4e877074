"""How long to leave alone what keeps bringing its worker process down."""

from __future__ import annotations

from typing import NamedTuple


class Held(NamedTuple):
    """Why a run is refused for now."""

    losses: int  # worker processes lost in a row
    left_s: float  # before the next attempt


class HoldOff:
    """Counts losses in a row by key (a sonde), and doubles the pause at each one.

    A process start costs a few hundred milliseconds of CPU: a sonde that crashes its worker at every run would pay
    it, and make its pool pay it, at every interval.
    """

    def __init__(self, *, first_s: float = 30.0, longest_s: float = 900.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._lost: dict[str, tuple[int, float]] = {}  # key -> losses in a row, instant of the next attempt

    def lost(self, key: str, now: float) -> None:
        """It brought a process down at `now` (monotonic)."""
        losses = self._lost.get(key, (0, 0.0))[0] + 1
        # The exponent is bounded because 2.0 ** 1024 overflows, and a sonde may crash for months.
        pause_s = min(self._first_s * 2.0 ** min(losses - 1, 30), self._longest_s)
        self._lost[key] = (losses, now + pause_s)

    def held(self, key: str, now: float) -> Held | None:
        """Whether to refuse a run at `now`."""
        losses, until = self._lost.get(key, (0, 0.0))
        return Held(losses, until - now) if now < until else None

    def survived(self, key: str) -> None:
        """A run ended and the process is still there: all is forgotten."""
        self._lost.pop(key, None)
