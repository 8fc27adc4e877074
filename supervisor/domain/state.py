"""From results to states: SPEC 3, the confirmation and validity of one sonde.

`advance` is the whole rule. It is a pure function of the previous state and one result, so that live results,
imported history and (later) what a satellite sends late go through the very same lines.
"""

from __future__ import annotations

from typing import NamedTuple

from probes.base import Status

# Causes of time that is `unknown`. Stored for ever: never change a string.
CHECK_FAILED = "check failed"  # the check itself could not tell
UNREACHABLE = "unreachable"  # an ancestor was critical
ISOLATED = "supervisor isolated"  # every canary failed: Vigie is cut off
UNCONFIRMED = "unconfirmed"  # results came, but none gave the sonde a first state yet
NO_DATA = "no data"  # a gap: never stored, it is the absence of an interval


class Segment(NamedTuple):
    """A stretch of one state; it ends where the next begins, the last one at the state's `until`."""

    start: int  # POSIX seconds
    status: Status
    cause: str = ""  # why it is unknown; "" otherwise
    via: str = ""  # with UNREACHABLE: the critical ancestor


class SondeState(NamedTuple):
    """All that is known of a sonde between two results. A NamedTuple because one is built at every result."""

    last_at: int  # instant of the last result
    until: int  # the last result holds on [last_at, until)
    level: Status | None = None  # confirmed level (ok, warning, critical); None: it never had a state
    warning_count: int = 0  # consecutive results at least warning, saturating at the confirmation
    warning_since: int = 0  # instant of the first of them
    warning_confirmed: bool = False
    critical_count: int = 0  # likewise, at least critical
    critical_since: int = 0
    critical_confirmed: bool = False
    # The recent past as painted, back to the earliest first result that is still to be confirmed: what dating back
    # may repaint. The last segment is the present one.
    tail: tuple[Segment, ...] = ()
    changes: tuple[int, ...] = ()  # instants of the latest changes of level, for flapping
    flapping: bool = False


class Change(NamedTuple):
    """How one result changed a sonde's history: drop all from `trim` on, then add `paint`."""

    sonde: str
    at: int  # instant of the result (or of the removal) that caused it
    trim: int  # what was painted from this instant on is dropped
    paint: tuple[Segment, ...]  # in order; the last one is open: it runs to the state's `until`
    before: Status  # what the sonde showed before
    after: Status  # and now
    message: str = ""  # of the result
