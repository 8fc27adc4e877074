"""The inputs of a closed month against the tables as they are now: the third question of `verifying`.

The tables are read exactly as for a closing, under what was promised then and without the steps that people entered
since. No input depends on a calendar, so those that were recorded will do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from supervisor.domain.interval import FOREVER, Span, Spans, clip, subtract
from supervisor.domain.promise import Promises, Window
from supervisor.domain.rule import Member, Piece
from supervisor.proof import clocks, frozen, reading
from supervisor.proof.clocks import GtiLine
from supervisor.proof.frozen import FrozenMonth, FrozenPart, FrozenService
from supervisor.proof.reading import Seconds
from supervisor.proof.statement import stamp
from supervisor.store import windows


class Finding(NamedTuple):
    """Something that is not as it was."""

    about: str  # a collectivité, "collectivite/service", a sonde, "exclusion 3", an incident; or "closing", the row
    what: str
    went_on: bool = False  # as things do after a closing: nothing was altered


def compare(connection: sqlite3.Connection, month: FrozenMonth, readable: Collection[str]) -> Iterator[Finding]:
    """What differs, for those of its collectivités whose parts can be read."""
    lines: list[GtiLine] = []
    promises = month.promises(_noting(lines, connection, month, readable))
    says = _Says(month)
    services: dict[str, FrozenService] = {}
    owner = ""
    for seconds in reading.read(connection, promises, month.start, month.end, as_of=month.closing.closed_at):
        if seconds.promise.key[0] != owner:
            owner = seconds.promise.key[0]
            services = {s.promise.key[1]: s for part in frozen.parts(connection, month, owner) for s in part.services}
        yield from _service(services[seconds.promise.key[1]], seconds, says)
    yield from _lines(lines, _lines_now(connection, promises, month), says)
    yield from _awaiting(connection, month)


def _awaiting(connection: sqlite3.Connection, month: FrozenMonth) -> Iterator[Finding]:
    """What people entered for a correction, until it takes it in."""
    closed_at = month.closing.closed_at
    for entry in windows.exclusions(connection, month.start, month.end):
        if entry.held(closed_at) is not entry.effective:
            what = "entered" if entry.effective else "revoked"
            yield Finding(f"exclusion {entry.id}", f"{what} since the month was closed: a correction takes it in", True)


def _noting(
    lines: list[GtiLine], connection: sqlite3.Connection, month: FrozenMonth, readable: Iterable[str]
) -> Iterator[FrozenPart]:
    """The parts, one at a time; what is too large to keep them all is read again later."""
    for collectivite in readable:
        for part in frozen.parts(connection, month, collectivite):
            lines += part.lines
            yield part


def _lines_now(connection: sqlite3.Connection, promises: Promises, month: FrozenMonth) -> list[GtiLine]:
    closed_at = month.closing.closed_at
    return clocks.lines(connection, promises, month.start, month.end, closed_at, entered_by=closed_at)


class _Says:
    """Puts things as a person can find them."""

    def __init__(self, month: FrozenMonth) -> None:
        self.month = month
        self._zone: ZoneInfo = month.zone

    def at(self, instant: int | None) -> str:
        return stamp(instant, self._zone) or "never"

    def span(self, span: Span) -> str:
        return f"from {self.at(span[0])} to {self.at(span[1])}"

    def within(self, span: Span) -> tuple[int, int]:
        """What of a window concerns the month: a maintenance that goes on may still be cut short after it."""
        return max(span[0], self.month.start), min(span[1], self.month.end)

    @staticmethod
    def piece(piece: Piece) -> str:
        return f"{piece.status} ({piece.cause})" if piece.cause else str(piece.status)


# --- intervals, participation, windows


def _service(was: FrozenService, now: Seconds, says: _Says) -> Iterator[Finding]:
    before = {member.sonde: member for member in was.members}
    after = {member.sonde: member for member in now.members}
    name = "/".join(was.promise.key)
    for sonde in sorted(before.keys() | after.keys()):
        old, new = before.get(sonde), after.get(sonde)
        then: Spans = old.spans if old is not None else ()
        today: Spans = new.spans if new is not None else ()
        for span in subtract(then, today):
            yield Finding(sonde, f"takes part in {name} {says.span(span)} in the closing, not in the ledger now")
        for span in subtract(today, then):
            yield Finding(sonde, f"takes part in {name} {says.span(span)} in the ledger now, not in the closing")
        if old is not None and new is not None:
            again = Member(sonde=sonde, spans=old.spans, pieces=new.pieces)
            for span, one, other in _differences(*(list(m.shown(now.start, now.end)) for m in (old, again))):
                yield Finding(
                    sonde,
                    f"{says.span(span)}: {says.piece(one)} in the closing, {says.piece(other)} in the intervals now",
                )
    yield from _windows(was.windows, now.windows, says)


def _differences(one: Sequence[Piece], other: Sequence[Piece]) -> Iterator[tuple[Span, Piece, Piece]]:
    """Where two histories of the same time say something else, each stretch of the same two things once."""
    i = j = 0
    found: tuple[Span, Piece, Piece] | None = None
    while i < len(one) and j < len(other):
        left, right = one[i], other[j]
        start, end = max(left.start, right.start), min(left.end, right.end)
        if left[2:] != right[2:]:
            if found is not None and found[0][1] == start and found[1][2:] == left[2:] and found[2][2:] == right[2:]:
                found = ((found[0][0], end), left, right)
            else:
                if found is not None:
                    yield found
                found = ((start, end), left, right)
        i += left.end == end
        j += right.end == end
    if found is not None:
        yield found


def _windows(was: Iterable[Window], now: Iterable[Window], says: _Says) -> Iterator[Finding]:
    before = {window.id: window for window in was}
    after = {window.id: window for window in now}
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            yield Finding(name, "holds in the closing; now it is gone, revoked, or holds for other services or times")
            continue
        old_span, new_span = says.within((old.start, old.end)), says.within((new.start, new.end))
        for what, one, other in (
            ("time", says.span(old_span), says.span(new_span)),
            ("kind", old.kind, new.kind),
            ("text", old.text, new.text),
            ("author", old.author, new.author),
            ("entry", says.at(old.entered_at), says.at(new.entered_at)),
        ):
            if one != other:
                yield Finding(name, f"{what}: {one} in the closing, {other} now")
    for name, new in after.items():
        if name not in before:
            span = says.span(says.within((new.start, new.end)))
            yield Finding(name, f"{new.kind} {span} is not in the closing: entered, or made to hold, since")


# --- the GTI


def _lines(was: Iterable[GtiLine], now: Iterable[GtiLine], says: _Says) -> Iterator[Finding]:
    before = {(line.incident, line.service, line.start): line for line in was}
    after = {(line.incident, line.service, line.start): line for line in now}
    for key, old in before.items():
        new = after.get(key)
        if new is None:
            yield Finding(old.incident, f"{_clock(old, says)} is in the closing, and not told by the tables now")
        else:
            yield from _line(old, new, says)
    for key, new in after.items():
        if key not in before:
            yield Finding(new.incident, f"{_clock(new, says)} is told by the tables now, and not in the closing")


def _clock(line: GtiLine, says: _Says) -> str:
    return f"its GTI for {'/'.join(line.service)} from {says.at(line.start)}"


def _line(old: GtiLine, new: GtiLine, says: _Says) -> Iterator[Finding]:
    """A clock that ran when the month was closed is compared up to the end of the month, one that had stopped whole."""
    clock, end = _clock(old, says), says.month.end
    facts = [("cause", old.cause or "none", new.cause or "none"), ("sonde", old.sonde or "", new.sonde or "")]
    if old.stopped is None and (new.stopped is None or new.stopped >= end):
        if new.stopped is not None:
            yield Finding(old.incident, f"{clock} ran when the month was closed, until {says.at(new.stopped)}", True)
        facts.append(("suspensions", _suspended(old, end, says), _suspended(new, end, says)))
    else:
        facts.append(("stop", says.at(old.stopped), says.at(new.stopped)))
        facts.append(("suspensions", _suspended(old, None, says), _suspended(new, None, says)))
    for what, one, other in facts:
        if one != other:
            yield Finding(old.incident, f"{clock}: {what}: {one} in the closing, {other} by the tables now")


def _suspended(line: GtiLine, end: int | None, says: _Says) -> str:
    spans: list[Span] = [(since, FOREVER if until is None else until) for since, until in line.suspensions]
    if end is not None:
        spans = clip(spans, line.start, end)
    return ", ".join(f"from {says.at(s)} to {says.at(e if e < FOREVER else None)}" for s, e in spans) or "none"
