"""The statement of a period: every service's figures and every GTI line, closed months as they were closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from supervisor.domain.availability import Figures, Verdict
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import Span, normalise, subtract
from supervisor.domain.period import Period
from supervisor.domain.promise import Promises
from supervisor.errors import VigieError
from supervisor.proof import clocks, frozen, reading
from supervisor.proof.clocks import GtiLine
from supervisor.proof.frozen import FrozenMonth, FrozenPart


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceFigures:
    """One service over a period."""

    key: ServiceKey
    name: str
    target: Fraction | None
    figures: Figures

    @property
    def verdict(self) -> Verdict | None:
        """Was the promise kept?"""
        return self.figures.verdict(self.target)


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What `vigie sla` and reports print."""

    period: Period
    zone: ZoneInfo
    until: int  # the end of the period, or now
    services: tuple[ServiceFigures, ...]  # in config order
    gti: tuple[GtiLine, ...]  # by start
    closed: tuple[str, ...] = ()  # months whose figures are final


def span_of(period: Period, zone: ZoneInfo, now: int) -> tuple[int, int]:
    """From the beginning of the period to its end or now; refuses one that has not begun."""
    start, end = period.span(zone)
    if start > now:
        raise VigieError(f"period: {period.name} is in the future; nothing is known of it yet")
    return start, min(end, now)


def state(
    connection: sqlite3.Connection, promises: Promises, period: Period, now: int, collectivite: str | None = None
) -> Statement:
    """The statement of a period: what is closed as it was closed, the rest as the tables have it now.

    A longer period is judged by the target of now, a closed month by its own.
    """
    start, until = span_of(period, promises.zone, now)
    closed = frozen.months(connection, promises.zone, start, until)
    if not any(collectivite == there for month in closed for there, _ in month.parts):
        known(promises, collectivite)
    found = _Found()
    for month in closed:
        for part in frozen.parts(connection, month, collectivite):
            found.add_frozen(month, part, start, until)
    for since, end in _open(period.span(promises.zone), closed):
        for seconds in reading.read(connection, promises, since, min(end, until), collectivite):
            found.add(seconds.promise.key, seconds.promise.name, seconds.figures(promises.exclude))
        found.lines += clocks.lines(connection, promises, since, end, now, collectivite)
    alone = closed[0] if len(closed) == 1 and period.whole_month else None
    return Statement(
        period=period,
        zone=promises.zone,
        until=until,
        services=tuple(found.services(promises, alone)),
        gti=tuple(sorted(found.lines, key=lambda line: (line.start, line.incident, line.service))),
        closed=tuple(month.closing.month for month in closed),
    )


def _open(span: Span, closed: Iterable[FrozenMonth]) -> list[Span]:
    """What of a period is not closed."""
    months = [(month.start, month.end) for month in closed]
    return subtract([span], normalise(months)) if months else [span]


class _Found:
    """Figures added up by service, and lines, from wherever they come."""

    def __init__(self) -> None:
        self.sums: dict[ServiceKey, Figures] = {}
        self.names: dict[ServiceKey, str] = {}
        self.lines: list[GtiLine] = []

    def add(self, key: ServiceKey, name: str, figures: Figures) -> None:
        """One stretch of one service."""
        self.sums[key] = self.sums[key] + figures if key in self.sums else figures
        self.names[key] = name

    def add_frozen(self, month: FrozenMonth, part: FrozenPart, start: int, end: int) -> None:
        """What a closed month has of [start, end)."""
        for service in part.services:
            self.add(service.promise.key, service.promise.name, month.figures(service, start, end))
        self.lines += (line for line in part.lines if start <= line.start < end)

    def services(self, promises: Promises, alone: FrozenMonth | None) -> Iterator[ServiceFigures]:
        """In config order, then what the config has no more. `alone`: the period is this closed month."""
        target = promises.target if alone is None else alone.target
        for key in dict.fromkeys([*promises.services, *self.sums]):
            if key in self.sums:
                now = promises.services.get(key) if alone is None else None
                name = self.names[key] if now is None else now.name
                yield ServiceFigures(key=key, name=name, target=target, figures=self.sums[key])


def known(promises: Promises, collectivite: str | None) -> None:
    """Refuse a collectivité that does not exist."""
    if collectivite is not None and collectivite not in promises.collectivites:
        raise VigieError(f"collectivite: no '{collectivite}' in the config; known: {', '.join(promises.collectivites)}")


# --- as JSON: SPEC 11


def stamp(at: int | None, zone: ZoneInfo) -> str | None:
    """An instant, in the zone of the profile's calendar."""
    return None if at is None else datetime.fromtimestamp(at, zone).isoformat()


def as_json(statement: Statement) -> dict[str, Any]:
    """As `vigie sla --json` prints it."""
    return {
        "period": statement.period.name,
        "until": stamp(statement.until, statement.zone),
        "services": [_service(service) for service in statement.services],
        "gti": [line_json(line, statement.zone) for line in statement.gti],
    }


def _service(service: ServiceFigures) -> dict[str, Any]:
    return {
        "collectivite": service.key[0],
        "service": service.key[1],
        "target": float(service.target) if service.target is not None else None,
        **figures_json(service.figures),
        "verdict": service.verdict,
    }


def figures_json(figures: Figures) -> dict[str, Any]:
    """The four-way ledger and its ratios."""
    return {
        "open_s": figures.open_s,
        "excluded_s": figures.excluded_s,
        "down_s": figures.down_s,
        "unknown_s": figures.unknown_s,
        "kinds": dict(figures.kinds),
        "availability": figures.availability,
        "low": figures.low,
        "high": figures.high,
        "raw_availability": figures.raw_availability,
    }


def line_json(line: GtiLine, zone: ZoneInfo) -> dict[str, Any]:
    """One line of the GTI."""
    return {
        "incident": line.incident,
        "ref": line.ref,
        "sonde": line.sonde,
        "collectivite": line.service[0],
        "service": line.service[1],
        "start": stamp(line.start, zone),
        "deadline": stamp(line.deadline, zone),
        "stopped": stamp(line.stopped, zone),
        "elapsed_s": line.elapsed_s,
        "suspended_s": line.suspended_s,
        "applicable": line.applicable,
        "met": line.met,
    }
