"""From results to states: SPEC 3, the confirmation and validity of one sonde.

`advance` is the whole rule. It is a pure function of the previous state and one result, so that live results,
imported history and (later) what a satellite sends late go through the very same lines.
"""

from __future__ import annotations

from typing import NamedTuple

from probes.base import Status
from supervisor.domain.sonde import FlappingRule

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


class Rules(NamedTuple):
    """What of a sonde's configuration decides its states."""

    attempts: int  # consecutive results that confirm
    stale_after: int  # whole seconds a result holds at most
    flapping: FlappingRule = FlappingRule()
    incident_from: Status = Status.CRITICAL  # an incident opens when it is confirmed at least this

    def trouble(self, state: SondeState | None) -> bool:
        """Is this what incidents are about? A confirmed level, whatever is shown meanwhile: unknown closes nothing."""
        level = state.level if state is not None else None
        return level is not None and level.severity >= self.incident_from.severity


class Finding(NamedTuple):
    """What one result counts as, once reachability has been considered."""

    status: Status
    cause: str = ""
    via: str = ""


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

    @property
    def critical_pending(self) -> bool:
        """Critical results came, too few yet to be believed: what depends on this sonde had better wait."""
        return self.critical_count > 0 and not self.critical_confirmed

    @property
    def pending(self) -> bool:
        """A trouble is being confirmed: check again soon."""
        return self.critical_pending or (self.warning_count > 0 and not self.warning_confirmed)

    def shown(self, at: int) -> Segment:
        """What it shows at this instant: past the validity of its last result, nothing is known."""
        return self.tail[-1] if at < self.until else Segment(self.until, Status.UNKNOWN, NO_DATA)


class Change(NamedTuple):
    """How one result changed a sonde's history: drop all from `trim` on, then add `paint`."""

    sonde: str
    at: int  # instant of the result (or of the removal) that caused it
    trim: int  # what was painted from this instant on is dropped
    paint: tuple[Segment, ...]  # in order; the last one is open: it runs to the state's `until`
    before: Status  # what the sonde showed before
    after: Status  # and now
    message: str = ""  # of the result
    trouble: bool = False  # an incident is called for (see Rules.trouble)
    undone: bool = False  # all that results from `at` on had said is taken back first
    # Of a life that was over at this instant: nothing from then on is touched, what the last segment shows ends there.
    upto: int | None = None


def advance(
    sonde: str, state: SondeState | None, at: int, finding: Finding, rules: Rules, message: str = ""
) -> tuple[SondeState, Change | None]:
    """The state after one more result, and what it changes in the sonde's history, if anything.

    1. A result that comes after the validity of the last one leaves a gap: counts not yet confirmed start again.
    2. The counts move; an unknown result moves none.
    3. The level follows: confirmed critical, else confirmed warning, else ok at an ok; until then it stays.
    4. The present is painted, and what has just been confirmed is dated back to its first result.
    5. What no confirmation can repaint any more is let go.
    """
    if state is not None and _nothing_new(state, at, finding):
        return SondeState(at, at + rules.stale_after, *state[2:]), None
    gap = state is None or at > state.until
    previous = _after_gap(state, at) if gap else state
    assert previous is not None  # _after_gap always gives one  # noqa: S101
    counted = _count(previous, at, finding.status, rules.attempts)
    counted = counted._replace(last_at=at, until=at + rules.stale_after)
    tail, trim = _paint(previous, counted, at, finding)
    counted = _flap(previous, counted, at, rules.flapping)._replace(tail=_prune(tail, counted))
    if gap and state is not None:
        trim = state.until
    if trim is None:
        return counted, None
    before = state.shown(at).status if state is not None else Status.UNKNOWN
    paint = tuple(segment for segment in tail if segment.start >= trim)
    trouble = rules.trouble(counted)
    return counted, Change(sonde, at, trim, paint, before, tail[-1].status, message, trouble)


def _nothing_new(state: SondeState, at: int, finding: Finding) -> bool:
    """The run of the mill, nine results in ten: ok after ok, nothing counted, nothing flapping."""
    return (
        finding.status is Status.OK
        and state.level is Status.OK
        and at <= state.until
        and not state.warning_count
        and not state.changes
        and state.tail[-1].status is Status.OK
    )


def _after_gap(state: SondeState | None, at: int) -> SondeState:
    if state is None:
        return SondeState(at, at)
    if not state.warning_confirmed:
        state = state._replace(warning_count=0)
    if not state.critical_confirmed:
        state = state._replace(critical_count=0)
    return state._replace(tail=())


def _count(state: SondeState, at: int, status: Status, attempts: int) -> SondeState:
    if status is Status.UNKNOWN:
        return state
    count, since, confirmed = state.warning_count, state.warning_since, state.warning_confirmed
    warning = _one_more(count, since, confirmed, at, attempts) if status is not Status.OK else (0, 0, False)
    count, since, confirmed = state.critical_count, state.critical_since, state.critical_confirmed
    critical = _one_more(count, since, confirmed, at, attempts) if status is Status.CRITICAL else (0, 0, False)
    level = state.level
    if critical[2]:
        level = Status.CRITICAL
    elif warning[2]:
        level = Status.WARNING
    elif status is Status.OK:
        level = Status.OK
    return SondeState(
        at, at, level, *warning, *critical, tail=state.tail, changes=state.changes, flapping=state.flapping
    )


def _one_more(count: int, since: int, confirmed: bool, at: int, attempts: int) -> tuple[int, int, bool]:
    if confirmed:
        return count, since, True
    return count + 1, since if count else at, count + 1 >= attempts


def _paint(
    previous: SondeState, state: SondeState, at: int, finding: Finding
) -> tuple[tuple[Segment, ...], int | None]:
    """The tail with the present added and confirmations dated back; and from where it differs, if it does."""
    if finding.status is Status.UNKNOWN:
        present = Segment(at, Status.UNKNOWN, finding.cause, finding.via)
    elif state.level is None:
        present = Segment(at, Status.UNKNOWN, UNCONFIRMED)
    else:
        present = Segment(at, state.level)
    tail, trim = previous.tail, None
    if not tail or tail[-1][1:] != present[1:]:
        tail, trim = (*tail, present), at
    if state.warning_confirmed and not previous.warning_confirmed:
        tail, trim = _repaint(tail, state.warning_since, Status.WARNING), state.warning_since
    if state.critical_confirmed and not previous.critical_confirmed:
        tail = _repaint(tail, state.critical_since, Status.CRITICAL)
        trim = state.critical_since if trim is None else min(trim, state.critical_since)
    return tail, trim


def _repaint(tail: tuple[Segment, ...], since: int, level: Status) -> tuple[Segment, ...]:
    """Give `level` to the tail from `since` on, save the time that unknown results held."""
    painted: list[Segment] = []
    for index, segment in enumerate(tail):
        end = tail[index + 1].start if index + 1 < len(tail) else None
        held = segment.status is Status.UNKNOWN and segment.cause != UNCONFIRMED
        if held or (end is not None and end <= since):
            pieces = [segment]
        elif segment.start >= since:
            pieces = [Segment(segment.start, level)]
        else:
            pieces = [segment, Segment(since, level)]
        for piece in pieces:
            # Equal neighbours are one stretch, but never across `since`: the store drops all from there on.
            if not painted or painted[-1][1:] != piece[1:] or piece.start == since:
                painted.append(piece)
    return tuple(painted)


def _prune(tail: tuple[Segment, ...], state: SondeState) -> tuple[Segment, ...]:
    firsts = []
    if state.warning_count and not state.warning_confirmed:
        firsts.append(state.warning_since)
    if state.critical_pending:
        firsts.append(state.critical_since)
    if not firsts:
        return tail[-1:]
    first = min(firsts)
    keep = 0
    while keep + 1 < len(tail) and tail[keep + 1].start <= first:
        keep += 1
    return tail[keep:]


def _flap(previous: SondeState, state: SondeState, at: int, rule: FlappingRule) -> SondeState:
    """Count the passages between ok and not ok; those of the last `within_s` decide."""
    passed = previous.level is not None and (previous.level is Status.OK) != (state.level is Status.OK)
    if not passed and not state.changes:
        return state
    recent = tuple(instant for instant in state.changes if instant > at - rule.within_s)
    if passed:
        recent = (*recent, at)[-rule.changes :]
    flapping = len(recent) >= rule.changes or (state.flapping and len(recent) > rule.changes // 2)
    return state._replace(changes=recent, flapping=flapping)
