"""The report of one collectivité over a period, as figures: all that page, PDF and tables are worded from."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from zoneinfo import ZoneInfo

from supervisor.domain.availability import Budget, Figures, Verdict, budget
from supervisor.domain.explain import Line, fold
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import clip
from supervisor.domain.period import Period, containing
from supervisor.domain.promise import Promises, Window
from supervisor.proof import frozen
from supervisor.proof.clocks import GtiLine
from supervisor.proof.explaining import Explained, History, Stretch, annotated, histories
from supervisor.proof.standing import whole_open_s
from supervisor.proof.statement import ServiceFigures, Statement, state
from supervisor.reports.days import Day, Unknown, days, unknowns
from supervisor.reports.incidents import IncidentLine, incident_lines
from supervisor.store.closings import Closing


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What is promised: of now, or of a closed month as it was promised then."""

    target: Fraction | None
    gti_s: int | None
    judged_by: str  # month, quarter, half-year or year
    exclude: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceReport:
    """One service over the period."""

    shown: ServiceFigures
    days: tuple[Day, ...]
    unknowns: tuple[Unknown, ...]
    budget: Budget | None  # of the period that is judged, as of the end of the report

    @property
    def figures(self) -> Figures:
        """Its four-way ledger."""
        return self.shown.figures

    @property
    def promised(self) -> bool:
        """Has it any opening time here? Without, there is nothing to judge."""
        return self.figures.open_s > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ExcludedTime:
    """One maintenance or exclusion that held for services of this collectivité."""

    window: Window
    services: tuple[str, ...]  # their names
    deducted: bool  # left out of the figures
    in_service: bool  # it touches opening time of one of them; otherwise it changed nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One collectivité over a period."""

    organisation: str
    collectivite: str
    name: str
    zone: ZoneInfo
    terms: Terms
    statement: Statement  # of this collectivité alone
    ends_at: int  # of the period
    produced_at: int
    version: str  # of Vigie
    judged: Period  # the period that the contract judges, of which the report's last day is
    services: tuple[ServiceReport, ...]
    incidents: tuple[IncidentLine, ...]
    excluded: tuple[ExcludedTime, ...]  # by start
    closings: tuple[Closing, ...]  # of the months that are closed, in their order
    names: Mapping[str, str]  # of all collectivités: one may own a platform that this one's services use

    @property
    def period(self) -> Period:
        """The one asked for."""
        return self.statement.period

    @property
    def until(self) -> int:
        """The end of the period, or the instant of the report."""
        return self.statement.until

    @property
    def running(self) -> bool:
        """Is there more of it to come?"""
        return self.until < self.ends_at

    @property
    def binding(self) -> bool:
        """Is it exactly the period that the contract judges?"""
        return (self.period.first, self.period.end) == (self.judged.first, self.judged.end)

    def short(self, sonde: str) -> str:
        """A sonde as people of this collectivité know it."""
        return sonde.removeprefix(f"{self.collectivite}/")

    def owner(self, sonde: str) -> str | None:
        """The name of the collectivité whose shared platform the sonde checks; None: it is their own."""
        owner = sonde.partition("/")[0]
        return None if owner == self.collectivite else self.names.get(owner, owner)

    @property
    def promised(self) -> tuple[ServiceReport, ...]:
        """The services that there is something to say of."""
        return tuple(service for service in self.services if service.promised)

    @property
    def slim(self) -> Report:
        """Without its days and unknown stretches: hundreds of these are kept at once."""
        return replace(self, services=tuple(replace(each, days=(), unknowns=()) for each in self.services))

    def with_verdict(self, verdict: Verdict) -> tuple[ServiceReport, ...]:
        """The services that were judged so."""
        return tuple(service for service in self.promised if service.shown.verdict is verdict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What reports are made from."""

    connection: sqlite3.Connection
    promises: Promises
    organisation: str
    version: str
    now: int


def reports(source: Source, period: Period, collectivite: str | None = None) -> Iterator[Report]:
    """One after the other, in config order; those that the config has no more come last.

    Figures and clocks of all are read once; then one collectivité at a time is in memory.
    """
    yield from _Maker(source, period, collectivite).reports()


class _Maker:
    def __init__(self, source: Source, period: Period, collectivite: str | None) -> None:
        connection, promises, now = source.connection, source.promises, source.now
        self._source, self._period = source, period
        self._statement = state(connection, promises, period, now, collectivite)
        self._figures: dict[str, list[ServiceFigures]] = defaultdict(list)
        for service in self._statement.services:
            self._figures[service.key[0]].append(service)
        self._clocks: dict[str, list[GtiLine]] = defaultdict(list)
        for line in self._statement.gti:
            self._clocks[line.service[0]].append(line)
        every = [*promises.collectivites, *self._figures] if collectivite is None else [collectivite]
        self._collectivites = list(dict.fromkeys(every))
        start = period.span(self._statement.zone)[0]
        self._closed = frozen.months(connection, self._statement.zone, start, self._statement.until)
        self._terms, self._departed = self._promised()
        self._names = {**self._departed, **promises.collectivites}
        self._judged = containing(period.pieces()[-1].first, self._terms.judged_by)
        self._so_far = self._of_judged(collectivite)

    def reports(self) -> Iterator[Report]:
        source = self._source
        found = histories(source.connection, source.promises, self._period, source.now, self._collectivites)
        for collectivite, history in found:
            yield self._report(collectivite, history)

    def _promised(self) -> tuple[Terms, Mapping[str, str]]:
        """The terms, and the names of the collectivités that the config has no more."""
        promises, connection, closed = self._source.promises, self._source.connection, self._closed
        names = {
            part.collectivite: part.name
            for month in closed
            for departed in self._collectivites
            if departed not in promises.collectivites
            for part in frozen.parts(connection, month, departed)
        }
        terms = closed[0] if len(closed) == 1 and self._period.whole_month else promises
        return Terms(target=terms.target, gti_s=terms.gti_s, judged_by=terms.period, exclude=terms.exclude), names

    def _of_judged(self, collectivite: str | None) -> Mapping[ServiceKey, Figures]:
        """The figures of the period that the contract judges, up to the end of the report; none if it is longer."""
        judged, period = self._judged, self._period
        if self._terms.target is None or period.first < judged.first:
            return {}
        statement = self._statement
        if judged.first != period.first:
            cut = _up_to_end(judged, period)
            statement = state(self._source.connection, self._source.promises, cut, self._source.now, collectivite)
        return {service.key: service.figures for service in statement.services}

    def _report(self, collectivite: str, history: History) -> Report:
        source, statement = self._source, self._statement
        own = replace(
            statement,
            services=tuple(self._figures[collectivite]),
            gti=tuple(self._clocks[collectivite]),
        )
        names = {service.key: service.name for service in own.services}
        return Report(
            organisation=source.organisation,
            collectivite=collectivite,
            name=self._names.get(collectivite, collectivite),
            zone=statement.zone,
            terms=self._terms,
            statement=own,
            ends_at=self._period.span(statement.zone)[1],
            produced_at=source.now,
            version=source.version,
            judged=self._judged,
            services=tuple(self._service(service, history.get(service.key, [])) for service in own.services),
            incidents=incident_lines(source.connection, source.promises, source.now, own.gti),
            excluded=tuple(_excluded(names, history)),
            closings=tuple(month.closing for month in self._closed),
            names=self._names,
        )

    def _service(self, shown: ServiceFigures, stretches: Sequence[Stretch]) -> ServiceReport:
        statement = self._statement
        every: list[Line] = []
        blind: list[Explained] = []
        for stretch in stretches:
            lines = stretch.lines()
            every += lines
            unknown = [line for line in fold(lines) if line.counted == "unknown"]
            if unknown:
                blind += annotated(self._source.connection, stretch, unknown)
        return ServiceReport(
            shown=shown,
            days=days(every, self._period, statement.zone, statement.until),
            unknowns=unknowns(blind),
            budget=self._budget(shown.key),
        )

    def _budget(self, key: ServiceKey) -> Budget | None:
        promises = self._source.promises
        if key not in promises.services or key not in self._so_far:
            return None
        return budget(self._terms.target, self._so_far[key], whole_open_s(promises, key, self._judged))


def _up_to_end(judged: Period, period: Period) -> Period:
    """The judged period up to the end of the report's."""
    end = min(judged.end, period.end)
    return judged if end == judged.end else Period(f"{judged.first}..{end}", judged.first, end)


def _excluded(names: Mapping[ServiceKey, str], history: History) -> Iterator[ExcludedTime]:
    """Every window once, with the services that it held for."""
    windows: dict[tuple[str, int, int], Window] = {}
    services: dict[tuple[str, int, int], list[str]] = {}
    deducted: dict[tuple[str, int, int], bool] = {}
    in_service: dict[tuple[str, int, int], bool] = {}
    for key, stretches in history.items():
        for stretch in stretches:
            for window in stretch.seconds.windows:
                mark = (window.id, window.start, window.end)
                windows.setdefault(mark, window)
                deducted[mark] = deducted.get(mark, False) or window.kind in stretch.exclude
                touched = bool(clip(stretch.seconds.opening, window.start, window.end))
                in_service[mark] = in_service.get(mark, False) or touched
                held = services.setdefault(mark, [])
                if names.get(key, key[1]) not in held:
                    held.append(names.get(key, key[1]))
    for mark, window in sorted(windows.items(), key=lambda item: (item[1].start, item[0])):
        yield ExcludedTime(
            window=window,
            services=tuple(services[mark]),
            deducted=deducted[mark],
            in_service=in_service[mark],
        )
