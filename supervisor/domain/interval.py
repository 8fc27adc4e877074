"""One algebra of time for calendars, availability, GTI and exclusions: sets of seconds, as spans.

A span is [start, end) in POSIX seconds. Every function takes and gives *sorted, disjoint, non-empty* spans that do
not touch; `normalise` makes such a list of anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]
Spans = Sequence[Span]

FOREVER = 1 << 60  # an end that never comes; later than any instant, and far from overflowing when added to one


def normalise(spans: Iterable[Span]) -> list[Span]:
    """Any spans, overlapping, touching, reversed or empty, as one sorted list of disjoint ones."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def union(*many: Spans) -> list[Span]:
    """What is in any of them."""
    return normalise(span for spans in many for span in spans)


def intersect(left: Spans, right: Spans) -> list[Span]:
    """What is in both, in one pass."""
    common: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            common.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return common


def subtract(left: Spans, right: Spans) -> list[Span]:
    """What is in `left` and not in `right`."""
    rest: list[Span] = []
    j = 0
    for start, end in left:
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < end:
            if right[k][0] > start:
                rest.append((start, right[k][0]))
            start = max(start, right[k][1])
            k += 1
        if start < end:
            rest.append((start, end))
    return rest


def clip(spans: Spans, start: int, end: int) -> list[Span]:
    """What of them is within [start, end)."""
    return [(max(s, start), min(e, end)) for s, e in spans if s < end and e > start and start < end]


def length(spans: Spans) -> int:
    """How many seconds they hold."""
    return sum(end - start for start, end in spans)


def holds(spans: Spans, at: int) -> Span | None:
    """The span that this instant falls into, if any."""
    return next((span for span in spans if span[0] <= at < span[1]), None)
