"""Who is on call: turns that follow one another at the same local time, and whoever takes one over. SPEC 7."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from supervisor.domain import wall
from supervisor.domain.calendar import Calendar

_SPAN_S = 40 * 86_400  # a calendar's opening is looked for this far at a time


class Who(NamedTuple):
    """A contact, as the config names one: "syndicat/Alice"."""

    collectivite: str
    name: str

    @classmethod
    def parse(cls, written: str) -> Who:
        """From that form."""
        owner, _, name = written.partition("/")
        return cls(owner, name)

    def __str__(self) -> str:
        return f"{self.collectivite}/{self.name}"


class Replacement(NamedTuple):
    """Somebody takes over what is left of turns, from one instant to another."""

    id: int
    rota: str
    start: int
    end: int
    contact: int
    author: str
    entered_at: int
    cancelled_at: int | None
    cancelled_by: str | None

    @property
    def held(self) -> tuple[int, int] | None:
        """When it holds: not before it was entered, not once it is cancelled; None: never."""
        start, end = max(self.start, self.entered_at), self.end
        if self.cancelled_at is not None:
            end = min(end, self.cancelled_at)
        return (start, end) if start < end else None


class Turn(NamedTuple):
    """Who is on call, from when to when."""

    contact: int
    since: int
    until: int
    replacement: int | None  # by which; None: it is the member's own turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Rota:
    """People who are on call in turn. Hand-overs are at one wall time, the days on which clocks change too."""

    name: str
    members: tuple[Who, ...]
    first: date  # of the first member's first turn
    days: int  # of a turn
    minutes: int  # of wall time since midnight: when a turn begins
    zone: ZoneInfo
    calendar: Calendar | None = None  # None: in force at any hour
    outside: bool = False  # in force while the calendar is closed, rather than while it is open

    def begins(self, number: int) -> int:
        """When that turn does, counted from 0."""
        day = self.first + timedelta(days=number * self.days)
        return wall.first(datetime.combine(day, time(self.minutes // 60, self.minutes % 60)), self.zone)

    def number(self, at: int) -> int:
        """The turn of an instant; below 0 before the first."""
        found = (wall.shown(at, self.zone).date() - self.first).days // self.days
        return found if self.begins(found) <= at else found - 1

    def in_force(self, at: int) -> int | None:
        """That instant if the rota is in force then, else the first after it at which it is; None: never again."""
        if self.calendar is None or self.calendar.is_open(at) is not self.outside:
            return at
        if not self.outside:
            opens = self.calendar.after(at, 1)
            return None if opens is None else opens - 1
        spans = self.calendar.openings(at, at + _SPAN_S)
        return spans[0][1]


def turn(rota: Rota, members: Sequence[int | None], replacements: Sequence[Replacement], at: int) -> Turn | None:
    """Who is on call at an instant; None: nobody.

    `members`: the contact that each member of the rota is, None for one who is there no more; the next one takes that
    turn. `replacements`: those of this rota whose contact is still there. Of several the latest entered holds.
    """
    spans = [(span, one) for one in replacements if (span := one.held) is not None]

    def holder(instant: int) -> tuple[int, int, int | None] | None:
        """Who, in which turn, by which replacement."""
        taken = max((one for (start, end), one in spans if start <= instant < end), default=None)
        if taken is not None:
            return taken.contact, -1, taken.id
        number = rota.number(instant)
        if number < 0:
            return None
        order = [members[(number + index) % len(members)] for index in range(len(members))]
        found = next((one for one in order if one is not None), None)
        return None if found is None else (found, number, None)

    held = holder(at)
    if held is None:
        return None
    edges = {edge for span, _ in spans for edge in span}
    since, until = _before(rota, edges, at), _after(rota, edges, at)
    while holder(since - 1) == held:
        since = _before(rota, edges, since - 1)
    while holder(until) == held:
        until = _after(rota, edges, until)
    return Turn(held[0], since, until, held[2])


def _before(rota: Rota, edges: set[int], at: int) -> int:
    """The last instant up to this one at which somebody else may have taken over."""
    return max([rota.begins(rota.number(at)), *(edge for edge in edges if edge <= at)])


def _after(rota: Rota, edges: set[int], at: int) -> int:
    """The first one after it."""
    return min([rota.begins(rota.number(at) + 1), *(edge for edge in edges if edge > at)])


def turns(
    rota: Rota, members: Sequence[int | None], replacements: Sequence[Replacement], start: int, end: int
) -> Iterator[Turn]:
    """Those that touch [start, end), in order; nothing for time that is nobody's."""
    edges = {edge for one in replacements if (held := one.held) is not None for edge in held}
    at = start
    while at < end:
        found = turn(rota, members, replacements, at)
        if found is not None:
            yield found
        at = _after(rota, edges, at) if found is None else found.until
