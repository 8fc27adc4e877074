"""How many sondes are counted, and how many billed: from the ledger alone. SPEC 8, 002 annexe 2 art. 3.

A *life* is the time over which a sonde counts: present and billable, paused or not, less what a correction took out.
Lines of one instant take effect together, so that a rename, removed and added in one reload, never peaks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, Protocol

from supervisor.domain.interval import FOREVER, Span, Spans, clip, normalise, subtract
from supervisor.domain.ledger import Correction

POOL = 50  # sondes: « des pools additionnels de 50 sondes »
MINIMUM = 100  # sondes: « un forfait minimal de 100 sondes »


def billed(count: int) -> int:
    """What is billed of so many sondes under a contract: whole pools, and never fewer than the minimum."""
    return max(MINIMUM, POOL * -(-count // POOL))


class Edge(Protocol):
    """What counting reads of a line of the ledger."""

    @property
    def sonde(self) -> str:
        """Which sonde."""

    @property
    def t(self) -> int:
        """From when on."""

    @property
    def counts(self) -> bool:
        """Is it there and billable?"""


def lives(events: Iterable[Edge], corrections: Iterable[Correction] = ()) -> dict[str, list[Span]]:
    """When each sonde counts, from the lines of the ledger given in order of (t, line)."""
    edges: dict[str, dict[int, bool]] = {}
    for event in events:
        # The last line of an instant is the one that holds from it on.
        edges.setdefault(event.sonde, {})[event.t] = event.counts
    taken_out: dict[str, list[Span]] = {}
    for correction in corrections:
        taken_out.setdefault(correction.sonde, []).append((correction.start, correction.end))
    found = {}
    for sonde, changing in edges.items():
        instants = [*changing.items(), (FOREVER, False)]
        spans = normalise((start, end) for (start, counts), (end, _) in pairwise(instants) if counts)
        found[sonde] = subtract(spans, normalise(taken_out.get(sonde, ())))
    return found


class Peak(NamedTuple):
    """The most sondes at once."""

    most: int
    at: int | None  # the first instant of it; None where there was no time to count


class Census:
    """The sondes of one collectivité, counted."""

    def __init__(self, lives: Mapping[str, Spans]) -> None:
        self.lives = lives
        deltas: Counter[int] = Counter()
        for spans in lives.values():
            for start, end in spans:
                deltas[start] += 1
                deltas[end] -= 1
        self._instants: list[int] = []
        self._counts: list[int] = []
        count = 0
        for instant, delta in sorted(deltas.items()):
            if delta:
                count += delta
                self._instants.append(instant)
                self._counts.append(count)

    def at(self, instant: int) -> int:
        """How many count at this instant."""
        index = bisect_right(self._instants, instant)
        return self._counts[index - 1] if index else 0

    def edges(self, start: int, end: int) -> list[int]:
        """The instants within [start, end) at which the number changes."""
        return self._instants[bisect_left(self._instants, start) : bisect_left(self._instants, end)]

    def peak(self, spans: Spans) -> Peak:
        """The most at once within these spans."""
        found = Peak(0, None)
        for start, end in spans:
            for instant in (start, *self.edges(start + 1, end)):
                here = self.at(instant)
                if found.at is None or here > found.most:
                    found = Peak(here, instant)
        return found

    def seconds(self, start: int, end: int) -> int:
        """Sonde-seconds over [start, end)."""
        edges = [start, *self.edges(start + 1, end), end]
        return sum(self.at(since) * (until - since) for since, until in pairwise(edges))

    def distinct(self, start: int, end: int) -> int:
        """How many count for more than zero time of [start, end)."""
        return sum(any(s < end and e > start for s, e in spans) for spans in self.lives.values())

    def within(self, start: int, end: int) -> dict[str, list[Span]]:
        """The sondes that count for more than zero time of [start, end), and when; in order of their ids."""
        cut = {sonde: clip(self.lives[sonde], start, end) for sonde in sorted(self.lives)}
        return {sonde: spans for sonde, spans in cut.items() if spans}

    def present(self, instant: int) -> dict[str, int]:
        """The sondes that count at this instant, and since when each does without a break: the oldest first."""
        since = {sonde: start for sonde, spans in self.lives.items() for start, end in spans if start <= instant < end}
        return dict(sorted(since.items(), key=lambda item: (item[1], item[0])))


class MonthCount(NamedTuple):
    """What billing reads of one collectivité and one month."""

    anywhere: Peak  # the most at once, whatever the contract
    first: int  # at its first instant
    last: int  # just before its end, or now
    mean: Fraction  # sonde-seconds over real seconds, up to now
    distinct: int  # that counted for more than zero time
    under_contract: bool  # does a contract run at any instant of the month?
    inside: Peak  # the most at once while a contract ran

    @property
    def peak(self) -> int:
        """Most at once."""
        return self.anywhere.most

    @property
    def billed(self) -> int:
        """Sondes billed: nothing without a contract."""
        return billed(self.inside.most) if self.under_contract else 0


def count(census: Census, contract: Spans, start: int, end: int, now: int) -> MonthCount:
    """Count the month [start, end), up to now; `contract`: when one runs."""
    until = max(start, min(end, now))
    elapsed = until - start
    # At the second that has begun what there is now counts, and for no time yet: `peak` is never below `last`.
    begun = min(end, until + 1)
    return MonthCount(
        anywhere=census.peak([(start, begun)]),
        first=census.at(start),
        # A month that goes on stops with what there is now: what was just removed is gone.
        last=census.at(end - 1 if now >= end else until),
        mean=Fraction(census.seconds(start, until), elapsed) if elapsed else Fraction(census.at(start)),
        distinct=census.distinct(start, until) if elapsed else 0,
        under_contract=bool(clip(contract, start, end)),
        inside=census.peak(clip(contract, start, begun)),
    )
