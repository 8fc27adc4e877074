"""Notices that time did not pass as it should: a suspended machine, a stopped process, a stepped clock.

What was being checked across such a break proves nothing: a connection that died in its sleep is not an outage. Of a
shorter standstill, what went well is believed; what failed may be the standstill's own doing (docs/adr/0005).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from supervisor.clock import Clock

# NTP slews, it does not step, below half a second.
STEP_S = 2.0
# The process did not run for longer than this: a break. Shorter, a standstill.
PAUSE_S = 3.0
# The engine looks at the clocks at least so often, and that much of a gap between two looks is as it should be.
LOOK_EVERY_S = 0.2
# Less is a busy loop, no standstill. The latest so many are remembered: 22 s of a loop that has nothing else.
BUSY_S = 0.02
REMEMBERED = 100


class Break(NamedTuple):
    """One break in time."""

    paused_s: float  # the process did not run for so long (stopped, starved, or its loop was blocked)
    stepped_s: float  # the wall clock moved by so much beside the monotonic one: suspension or step; < 0: set back


class Continuity:
    """Counts the breaks; a check that sees another count at its end than at its start is worth nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looked = clock.monotonic()
        self._offset = clock.wall() - self._looked
        self._standstills: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)  # when each ended, how long it was
        self.breaks = 0

    def look(self) -> Break | None:
        """To be called at least every `LOOK_EVERY_S`, and before a result is believed."""
        now = self._clock.monotonic()
        offset = self._clock.wall() - now
        paused, self._looked = now - self._looked - LOOK_EVERY_S, now
        stepped = offset - self._offset
        if paused > BUSY_S:
            self._standstills.append((now, paused))
        if paused <= PAUSE_S - LOOK_EVERY_S and abs(stepped) <= STEP_S:
            # Follow a slewing clock, so that hours of small corrections never add up to a step.
            self._offset = offset
            return None
        self._offset = offset
        self.breaks += 1
        return Break(max(paused, 0.0), stepped if abs(stepped) > STEP_S else 0.0)

    def stood_still(self, since: float, for_s: float) -> bool:
        """Did the process not run, or its loop not turn, for so long at once since this monotonic instant?"""
        return any(ended_at > since and lasted_s >= for_s for ended_at, lasted_s in self._standstills)
