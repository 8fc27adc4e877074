"""The seconds behind the figures, interval by interval, so that nobody has to believe them.

The lines tile the time: nothing is left out, a night says that it does not count. `explain` cuts at every opening
and closing, for checking by hand with a calendar; `fold` joins again what only nights separate, for reading.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from operator import itemgetter
from typing import Generic, Literal, NamedTuple, TypeVar

from probes.base import Status
from supervisor.domain.availability import KINDS, require_covered, spans_by_kind
from supervisor.domain.interval import Spans
from supervisor.domain.rule import Member, Run, Truth

Counted = Literal["up", "down", "excluded", "unknown"]
_COUNTED: Mapping[Truth, Counted] = {Truth.UP: "up", Truth.DOWN: "down", Truth.UNKNOWN: "unknown"}


class Cause(NamedTuple):
    """A sonde that took part and was not available."""

    sonde: str
    status: Status  # critical or unknown
    cause: str  # why it is unknown; "" otherwise


class Line(NamedTuple):
    """A stretch of which the same can be said from end to end."""

    start: int
    end: int
    open: bool  # opening time; in a folded line: some of it is
    truth: Truth  # of the service by its rule, whether it counts or not
    kinds: tuple[str, ...]  # the kinds of exclusion it is under, in the order of KINDS, left out of the figure or not
    counted: Counted | None  # None: not opening time
    causes: tuple[Cause, ...]  # in the order of the members
    open_s: int  # how many of its seconds are opening time: what is added up


def explain(
    opening: Spans,
    runs: Sequence[Run],
    windows: Mapping[str, Spans],
    exclude: Collection[str],
    members: Sequence[Member] = (),
) -> list[Line]:
    """Every second that `measure` was given, each in one line that is wholly opening time or wholly not.

    The first four arguments are those of `measure`, and the sums of `open_s` are its figures; `members`, those that
    `runs` was given, say why. Neighbours differ.
    """
    require_covered(opening, runs)
    if not runs:
        return []
    start, end = runs[0].start, runs[-1].end
    opened = _Track((since, until, True) for since, until in opening)
    truths = _Track(runs)
    kinds = {
        kind: _Track((since, until, True) for since, until in spans)
        for kind, spans in spans_by_kind(windows, exclude).items()
    }
    causes = _Track(_causes(members, start, end))
    edges = chain(opened.edges(), truths.edges(), causes.edges(), *(track.edges() for track in kinds.values()))
    cuts = sorted({edge for edge in edges if start < edge < end})
    lines = []
    for since, until in pairwise([start, *cuts, end]):
        under = tuple(kind for kind in KINDS if kinds[kind].at(since))
        truth = truths.at(since) or Truth.UNKNOWN
        is_open = opened.at(since) is True
        counted = _counted(truth, under, exclude) if is_open else None
        open_s = until - since if is_open else 0
        lines.append(Line(since, until, is_open, truth, under, counted, causes.at(since) or (), open_s))
    return _joined(lines, lambda line: line[2:7])


def fold(lines: Iterable[Line]) -> list[Line]:
    """The same time, nights folded into the lines around them that say the same: an outage from Friday to Monday is
    one line, with the opening seconds that it counts for."""
    return _joined(lines, lambda line: (line.truth, line.kinds, line.causes))


def _counted(truth: Truth, kinds: tuple[str, ...], exclude: Collection[str]) -> Counted:
    return "excluded" if any(kind in exclude for kind in kinds) else _COUNTED[truth]


def _joined(lines: Iterable[Line], says: Callable[[Line], object]) -> list[Line]:
    joined: list[Line] = []
    for line in lines:
        if joined and says(joined[-1]) == says(line):
            last = joined[-1]
            joined[-1] = last._replace(
                end=line.end,
                open=last.open or line.open,
                counted=last.counted or line.counted,
                open_s=last.open_s + line.open_s,
            )
        else:
            joined.append(line)
    return joined


def _causes(members: Sequence[Member], start: int, end: int) -> Iterator[tuple[int, int, tuple[Cause, ...]]]:
    """Which sondes were not available, from each change of that to the next."""
    changes: list[tuple[int, int, Cause | None]] = []  # instant, which member, None: it is well again, or gone
    for rank, member in enumerate(members):
        for piece in member.shown(start, end):
            if piece.status in (Status.CRITICAL, Status.UNKNOWN):
                changes.append((piece.start, rank, Cause(member.sonde, piece.status, piece.cause)))
                changes.append((piece.end, rank, None))
    # The end of one piece comes before the start of the next at the same instant: they were added in that order.
    changes.sort(key=itemgetter(0))
    ill: dict[int, Cause] = {}
    now = start
    for at, rank, cause in changes:
        if at > now:
            yield now, at, tuple(ill[each] for each in sorted(ill))
            now = at
        if cause is None:
            del ill[rank]
        else:
            ill[rank] = cause


_T = TypeVar("_T")


class _Track(Generic[_T]):
    """Stretches of time that each say something, asked from left to right."""

    def __init__(self, stretches: Iterable[tuple[int, int, _T]]) -> None:
        self._stretches = list(stretches)
        self._i = 0

    def edges(self) -> Iterator[int]:
        """Where what it says may change."""
        for since, until, _ in self._stretches:
            yield since
            yield until

    def at(self, instant: int) -> _T | None:
        """What it says at an instant that is no earlier than the last one asked; None between stretches."""
        while self._i < len(self._stretches) and self._stretches[self._i][1] <= instant:
            self._i += 1
        if self._i < len(self._stretches) and self._stretches[self._i][0] <= instant:
            return self._stretches[self._i][2]
        return None
