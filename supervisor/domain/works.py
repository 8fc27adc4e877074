"""A maintenance as people are told of it: one piece of work with all that prolongs it, and what is to be said next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from supervisor.domain.interval import Span
from supervisor.domain.maintenance import Maintenance

PLANNED, CHANGED, CANCELLED, BEGUN, ENDED = "planned", "changed", "cancelled", "begun", "ended"
SOON_S = 900  # what was told so shortly before it begins needs no second message that it does
OLD_S = 86_400  # what ended so long before anybody could say so is no news


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """Its entries: the first, then what prolongs it."""

    entries: tuple[Maintenance, ...]

    @property
    def name(self) -> str:
        """What its lines are found by."""
        return f"maintenance {self.entries[0].id}"

    @property
    def series(self) -> str | None:
        """The name of the series that it is one of."""
        first = self.entries[0]
        return None if first.series is None else series_name(first.series)

    @property
    def span(self) -> Span | None:
        """From when to when; None when nothing of it takes place."""
        ends = [(e.start, e.end if e.cancelled_at is None else min(e.end, e.cancelled_at)) for e in self.entries]
        held = [(start, end) for start, end in ends if start < end]
        return (held[0][0], max(end for _, end in held)) if held else None

    @property
    def reason(self) -> str:
        """Why the last of what was cancelled was."""
        given = [(e.cancelled_at, e.cancel_reason or "") for e in self.entries if e.cancelled_at is not None]
        return max(given)[1] if given else ""


class Said(NamedTuple):
    """What was told of it last."""

    word: str
    at: int
    span: Span


def series_name(number: int) -> str:
    """What the lines of a series are found by."""
    return f"series {number}"


def works(entries: Iterable[Maintenance]) -> list[Work]:
    """The pieces of work of these entries, by start; one that prolongs an unknown entry stands alone."""
    found: dict[int, list[Maintenance]] = {}
    root: dict[int, int] = {}
    for entry in sorted(entries, key=lambda entry: entry.id):  # what prolongs another was entered later
        root[entry.id] = entry.id if entry.prolongs is None else root.get(entry.prolongs, entry.id)
        found.setdefault(root[entry.id], []).append(entry)
    made = [Work(entries=tuple(sorted(chain, key=lambda entry: (entry.start, entry.id)))) for chain in found.values()]
    return sorted(made, key=lambda work: (work.entries[0].start, work.entries[0].id))


def next_word(work: Work, last: Said | None, now: int, *, hushed: bool = False) -> str | None:
    """What is to be said now. `hushed`: that its whole series is cancelled was said.

    Nothing is said of what is over when it is entered, nor when it ended too long ago.
    """
    if last is not None and last.word == CANCELLED:
        return None
    span = work.span
    if span is None:
        return CANCELLED if last is not None and not hushed else None
    start, end = span
    if last is None:
        return None if end <= now else PLANNED if start > now else BEGUN
    if last.word == ENDED:
        return CHANGED if end > max(now, last.span[1]) else None
    if end <= now:
        return ENDED if now - end <= OLD_S else None
    if span != last.span:
        return CHANGED
    begins = last.word != BEGUN and start <= now and last.at <= start - SOON_S
    return BEGUN if begins else None
