"""What a service is, second by second: its rule over the sondes that take part, unknown being a third truth (SPEC 5).

One rule covers all three of the configuration: so many sondes *needed*, of those that take part at that second. It is
up when that many are up, down when that many no longer can be, and unknown in between.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import ClassVar, Final, NamedTuple, Self

from probes.base import Status
from supervisor.domain.interval import Spans, clip
from supervisor.domain.state import NO_DATA, UNREACHABLE


class Truth(StrEnum):
    """What can be said of a service, or of one of its sondes, at a second."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Piece(NamedTuple):
    """One stretch of a sonde's history: what it showed on [start, end)."""

    start: int
    end: int
    status: Status
    cause: str = ""  # why it is unknown; "" otherwise


class Run(NamedTuple):
    """One stretch of a service's history."""

    start: int
    end: int
    truth: Truth


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A sonde that counts for a service, named once among its members."""

    sonde: str
    spans: Spans  # when it takes part
    pieces: Sequence[Piece]  # sorted, disjoint and not empty; where there is none, nothing is known

    def shown(self, start: int, end: int) -> Iterator[Piece]:
        """What it showed within [start, end) while it took part, in order, the gaps filled in as "no data"."""
        pieces = self.pieces
        i = bisect_right(pieces, start, key=_end)  # a month out of years must not cost the years
        for since, until in clip(self.spans, start, end):
            now = since
            while i < len(pieces) and pieces[i].start < until:
                piece = pieces[i]
                if piece.end > since:
                    if piece.start > now:
                        yield Piece(now, piece.start, Status.UNKNOWN, NO_DATA)
                    now = piece.end
                    yield _cut(piece, since, until)
                if piece.end > until:
                    break  # it may go on into the next time that the sonde takes part
                i += 1
            if now < until:
                yield Piece(now, until, Status.UNKNOWN, NO_DATA)


_end = attrgetter("end")


def _cut(piece: Piece, since: int, until: int) -> Piece:
    if piece.start >= since and piece.end <= until:
        return piece
    return piece._replace(start=max(piece.start, since), end=min(piece.end, until))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """How many of the sondes that take part must be up for the service to be."""

    need: int | None  # None: all of them, however many they are at that second

    ALL: ClassVar[Rule]
    ANY: ClassVar[Rule]

    def __post_init__(self) -> None:
        if self.need is not None and self.need < 1:
            raise ValueError(f"a rule needs at least one sonde, not {self.need}")

    @classmethod
    def at_least(cls, k: int) -> Self:
        """Up when k of them are."""
        return cls(need=k)

    def truth(self, taking_part: int, up: int, down: int) -> Truth:
        """What the service is when that many of its sondes take part, are up, and are down; the rest is unknown.

        Fewer taking part than are needed is down: a promise of two servers is not kept by one. But when none takes
        part there is nothing to judge by.
        """
        if not taking_part:
            return Truth.UNKNOWN
        need = taking_part if self.need is None else self.need
        if up >= need:
            return Truth.UP
        return Truth.DOWN if taking_part - down < need else Truth.UNKNOWN


Rule.ALL = Rule(need=None)
Rule.ANY = Rule(need=1)

# A warning is a service that works: it counts as available.
_TRUTHS: Final[Mapping[Status, Truth]] = {
    Status.OK: Truth.UP,
    Status.WARNING: Truth.UP,
    Status.CRITICAL: Truth.DOWN,
    Status.UNKNOWN: Truth.UNKNOWN,
}
# One more sonde that takes part, by what it shows: how (taking part, up, down) grow.
_COUNTS: Final[Mapping[Truth, tuple[int, int, int]]] = {
    Truth.UP: (1, 1, 0),
    Truth.DOWN: (1, 0, 1),
    Truth.UNKNOWN: (1, 0, 0),
}


def runs(rule: Rule, members: Sequence[Member], start: int, end: int, *, unreachable_is_down: bool) -> list[Run]:
    """The service over [start, end): every second is in exactly one run, and neighbours differ.

    `unreachable_is_down`: a sonde behind a critical ancestor counts as down, by the service's choice, and not as
    unknown; time unknown for any other reason stays so.

    One sweep over the edges of all pieces: sorting merges the members, each of which is in order already.
    """
    if start >= end:
        return []
    found: list[Run] = []
    since, shown = start, Truth.UNKNOWN  # of the run that has not ended yet
    now, taking_part, up, down = start, 0, 0, 0
    for at, more_part, more_up, more_down in _edges(members, start, end, unreachable_is_down):
        if at > now:
            truth = rule.truth(taking_part, up, down)
            if truth is not shown:
                if now > since:
                    found.append(Run(since, now, shown))
                since, shown = now, truth
            now = at
        taking_part += more_part
        up += more_up
        down += more_down
    found.append(Run(since, end, shown))
    return found


def _edges(
    members: Sequence[Member], start: int, end: int, unreachable_is_down: bool
) -> list[tuple[int, int, int, int]]:
    """(instant, by how much the sondes that take part, are up, are down become more), by instant."""
    edges = [(end, 0, 0, 0)]  # so that the sweep reaches the end whatever the sondes do
    for member in members:
        for since, until, status, cause in member.shown(start, end):
            truth = _TRUTHS[status]
            if unreachable_is_down and cause == UNREACHABLE and truth is Truth.UNKNOWN:
                truth = Truth.DOWN
            part, up, down = _COUNTS[truth]
            edges.append((since, part, up, down))
            edges.append((until, -part, -up, -down))
    edges.sort()
    return edges
