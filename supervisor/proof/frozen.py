"""A closed month, read back: its inputs as they were frozen, and the figures of any part of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.domain.availability import KINDS, Figures
from supervisor.domain.calendar import Calendar
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import Spans, clip, intersect, length
from supervisor.domain.period import local_day
from supervisor.domain.promise import Promise, Promises, Window
from supervisor.domain.rule import Member, Piece, Rule, runs
from supervisor.errors import VigieError
from supervisor.proof.clocks import GtiLine
from supervisor.proof.reading import Seconds
from supervisor.store import closings
from supervisor.store.closings import Closing

# What is stored can have been altered into anything: all that reading it may stumble over.
TROUBLE = (ValueError, KeyError, TypeError, AttributeError, IndexError)


_ADVICE = "`vigie close --verify` names what was altered, a backup from before has it as it was"


class Unreadable(VigieError):
    """A closing is not what `closing` writes: it was altered."""


class RecordedCalendar(Calendar):
    """A calendar as it was when the month was closed: the openings written down then, and nothing outside of them."""

    def __init__(self, spans: Spans) -> None:
        super().__init__([])
        self._spans = spans

    def openings(self, start: int, end: int) -> list[tuple[int, int]]:
        return clip(self._spans, start, end)

    def open_seconds(self, start: int, end: int) -> int:
        return length(clip(self._spans, start, end))

    def after(self, start: int, seconds: int) -> int | None:
        if seconds <= 0:
            return start
        for since, until in self._spans:
            here = max(0, until - max(since, start))
            if here >= seconds:
                return until - (here - seconds)
            seconds -= here
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenService:
    """One service of a closed month."""

    promise: Promise
    members: tuple[Member, ...]
    windows: tuple[Window, ...]
    figures: Figures  # of the whole month, as frozen

    def seconds(self, start: int, end: int) -> Seconds:
        """Its seconds of a part of the month, from the frozen inputs alone."""
        promise = self.promise
        return Seconds(
            promise=promise,
            start=start,
            end=end,
            opening=intersect(promise.calendar.openings(start, end), promise.bounds),
            members=self.members,
            windows=tuple(window for window in self.windows if window.start < end and window.end > start),
            runs=tuple(runs(promise.rule, self.members, start, end, unreachable_is_down=promise.unreachable_is_down)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenPart:
    """One collectivité in a closed month."""

    collectivite: str
    name: str
    services: tuple[FrozenService, ...]  # in config order
    lines: tuple[GtiLine, ...]  # of the GTI that start in the month
    sondes: Mapping[str, str | None]  # of the config then: the service each counted for
    warned: frozenset[str]  # sondes whose incidents opened at a warning


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenMonth:
    """What a closing has for all collectivités."""

    closing: Closing
    start: int
    end: int
    zone: ZoneInfo
    target: Fraction | None
    gti_s: int | None
    period: str
    exclude: tuple[str, ...]
    calendars: Mapping[str, Calendar]
    parts: tuple[tuple[str, str], ...]  # collectivité and digest of its part

    def figures(self, service: FrozenService, start: int, end: int) -> Figures:
        """Of a part of the month; those of all of it are the frozen ones."""
        if start <= self.start and end >= self.end:
            return service.figures
        return service.seconds(max(start, self.start), min(end, self.end)).figures(self.exclude)

    def promises(self, parts: Iterable[FrozenPart]) -> Promises:
        """What was promised then."""
        parts = list(parts)
        return Promises(
            zone=self.zone,
            target=self.target,
            gti_s=self.gti_s,
            period=self.period,
            exclude=self.exclude,
            services={service.promise.key: service.promise for part in parts for service in part.services},
            collectivites={part.collectivite: part.name for part in parts},
            operators=frozenset(),
            sondes={sonde: service for part in parts for sonde, service in part.sondes.items()},
            warned=frozenset(sonde for part in parts for sonde in part.warned),
        )


def months(connection: sqlite3.Connection, zone: ZoneInfo, start: int, end: int) -> list[FrozenMonth]:
    """The closed months that [start, end) touches, in order, each as its latest version has it."""
    if start >= end:
        return []
    first, last = local_day(start, zone), local_day(end - 1, zone)
    return [month(closing) for closing in closings.latest(connection, f"{first:%Y-%m}", f"{last:%Y-%m}")]


def parts(connection: sqlite3.Connection, month: FrozenMonth, collectivite: str | None = None) -> Iterator[FrozenPart]:
    """Its collectivités (or one of them), one at a time."""
    for found in closings.parts(connection, month.closing.id, collectivite):
        yield part(found.body, month)


# --- from the JSON that `closing` writes


def month(closing: Closing) -> FrozenMonth:
    """What a head says."""
    try:
        return _month(closing, json.loads(closing.head))
    except TROUBLE as error:
        raise Unreadable(f"closing of {closing.month}: it cannot be read ({error!r}); {_ADVICE}") from error


def part(body: str, month: FrozenMonth) -> FrozenPart:
    """What the body of a part says."""
    try:
        return _part(json.loads(body), month)
    except TROUBLE as error:
        name = month.closing.month
        raise Unreadable(f"closing of {name}: a part of it cannot be read ({error!r}); {_ADVICE}") from error


def _month(closing: Closing, head: Mapping[str, Any]) -> FrozenMonth:
    return FrozenMonth(
        closing=closing,
        start=head["start"],
        end=head["end"],
        zone=ZoneInfo(head["zone"]),
        target=None if head["target"] is None else Fraction(head["target"]),
        gti_s=head["gti_s"],
        period=head["period"],
        exclude=tuple(head["exclude"]),
        calendars={name: RecordedCalendar(_spans(spans)) for name, spans in head["calendars"].items()},
        parts=tuple((collectivite, digest) for collectivite, digest in head["parts"]),
    )


def _part(found: Mapping[str, Any], month: FrozenMonth) -> FrozenPart:
    collectivite, sondes = found["collectivite"], found["sondes"]
    return FrozenPart(
        collectivite=collectivite,
        name=found["name"],
        services=tuple(_service(collectivite, service, sondes, month) for service in found["services"]),
        lines=tuple(_line(line) for line in found["gti"]),
        sondes=sondes,
        warned=frozenset(found["warned"]),
    )


def _service(
    collectivite: str, found: Mapping[str, Any], sondes: Mapping[str, str | None], month: FrozenMonth
) -> FrozenService:
    key = (collectivite, found["service"])
    promise = Promise(
        key=key,
        name=found["name"],
        rule=Rule(need=found["need"]),
        calendar=month.calendars[found["calendar"]],
        calendar_name=found["calendar"],
        bounds=_spans(found["bounds"]),
        own=tuple(sonde for sonde, service in sondes.items() if service == key[1]),
        uses=tuple(found["uses"]),
        unreachable_is_down=found["unreachable_is_down"],
    )
    figures = found["figures"]
    return FrozenService(
        promise=promise,
        members=tuple(_member(member) for member in found["members"]),
        windows=tuple(Window(services=frozenset([key]), **window) for window in found["windows"]),
        figures=replace(Figures(**figures), kinds={kind: figures["kinds"][kind] for kind in KINDS}),
    )


def _member(found: Mapping[str, Any]) -> Member:
    return Member(
        sonde=found["sonde"],
        spans=_spans(found["spans"]),
        pieces=[Piece(start, end, Status(status), cause) for start, end, status, cause in found["pieces"]],
    )


def _line(found: Mapping[str, Any]) -> GtiLine:
    collectivite, service = found["service"]
    key: ServiceKey = (collectivite, service)
    suspensions = tuple((since, until) for since, until in found["suspensions"])
    return GtiLine(**{**found, "service": key, "suspensions": suspensions})


def _spans(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(start, end) for start, end in found]
