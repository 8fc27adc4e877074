"""The clock of the garantie de temps d'intervention: opening seconds until a person intervenes. SPEC 6."""

from __future__ import annotations

from typing import NamedTuple

from supervisor.domain.calendar import Calendar
from supervisor.domain.incident import Line

WARNINGS = (50, 75, 90)  # percent of the target


class Clock(NamedTuple):
    """What the clock of a line shows."""

    elapsed_s: int  # opening seconds to the stop or now, suspensions left out
    suspended_s: int  # opening seconds suspended
    deadline: int | None  # None: none is promised, it is never reached, or a suspension that is open delays it
    met: bool | None  # None: it runs, nothing is promised, or it does not apply


class Milestone(NamedTuple):
    """Something that alerts are about: so much of the target is used up."""

    percent: int  # of WARNINGS; 100: the target is exceeded
    at: int


def clock(line: Line, calendar: Calendar, target_s: int | None, now: int, *, applicable: bool = True) -> Clock:
    """What it shows at `now`, or showed when it stopped."""
    end = line.stop if line.stop is not None else max(now, line.start)
    suspended = 0
    for since, until in line.suspensions:
        suspended += calendar.open_seconds(since, until if until is not None else max(end, since))
    elapsed = calendar.open_seconds(line.start, end) - suspended
    if target_s is None:
        return Clock(elapsed, suspended, None, None)
    met = elapsed <= target_s if applicable and line.stop is not None else None
    return Clock(elapsed, suspended, reach(line, calendar, target_s), met)


def reach(line: Line, calendar: Calendar, seconds: int) -> int | None:
    """The earliest instant at which that many unsuspended opening seconds have elapsed, were it to run on."""
    cursor = line.start
    for since, until in line.suspensions:
        before = calendar.open_seconds(cursor, since)
        if before >= seconds:
            break
        seconds -= before
        if until is None:
            return None
        cursor = until
    return calendar.after(cursor, seconds)


def milestones(line: Line, calendar: Calendar, target_s: int, now: int) -> list[Milestone]:
    """Those reached up to `now` while it ran. A breach is the first second beyond the target: 8 h 00 is kept."""
    reached = []
    for percent in (*WARNINGS, 100):
        seconds = -(-target_s * percent // 100) if percent < 100 else target_s + 1
        at = reach(line, calendar, seconds)
        if at is None or at > now or (line.stop is not None and at > line.stop):
            break
        reached.append(Milestone(percent, at))
    return reached


def next_milestone(line: Line, calendar: Calendar, target_s: int, now: int) -> Milestone | None:
    """The next one, were it to run on; None while suspended, once stopped or exceeded."""
    if line.stop is not None:
        return None
    for percent in (*WARNINGS, 100):
        seconds = -(-target_s * percent // 100) if percent < 100 else target_s + 1
        at = reach(line, calendar, seconds)
        if at is not None and at > now:
            return Milestone(percent, at)
    return None
