"""Notices that time did not pass as it should: a suspended machine, a stopped process, a stepped clock.

What was being checked across such a break proves nothing: a connection that died in its sleep is not an outage.
"""

from __future__ import annotations

from typing import NamedTuple

from supervisor.clock import Clock

# The engine looks at the clocks at least once a second; NTP slews, it does not step, below half a second.
TOLERANCE_S = 2.0
LOOK_EVERY_S = 1.0


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
        self.breaks = 0

    def look(self) -> Break | None:
        """To be called at least every `LOOK_EVERY_S`, and before a result is believed."""
        now = self._clock.monotonic()
        offset = self._clock.wall() - now
        paused, self._looked = now - self._looked - LOOK_EVERY_S, now
        stepped = offset - self._offset
        if paused <= TOLERANCE_S and abs(stepped) <= TOLERANCE_S:
            # Follow a slewing clock, so that hours of small corrections never add up to a step.
            self._offset = offset
            return None
        self._offset = offset
        self.breaks += 1
        return Break(max(paused, 0.0), stepped if abs(stepped) > TOLERANCE_S else 0.0)
