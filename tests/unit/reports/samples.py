"""Reports made by hand: what is measured is chosen, what is said of it is tested."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from supervisor.domain.availability import KINDS, Figures, budget
from supervisor.domain.period import containing, parse
from supervisor.domain.promise import Window
from supervisor.proof.clocks import GtiLine
from supervisor.proof.statement import ServiceFigures, Statement
from supervisor.reports.data import ExcludedTime, Report, ServiceReport, Terms
from supervisor.reports.days import Day, Unknown
from supervisor.reports.incidents import IncidentLine
from supervisor.store.closings import Closing

ZONE = ZoneInfo("Europe/Paris")
HOUR = 3600


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """An instant of 2026."""
    return int(datetime(2026, month, day, hour, minute, tzinfo=ZONE).timestamp())


def figures(down_h: float = 0, unknown_h: float = 0, excluded_h: float = 0, open_h: float = 100) -> Figures:
    """A ledger in hours of 100; what is excluded was down otherwise, by force majeure."""
    return Figures(
        open_s=int(open_h * HOUR),
        excluded_s=int(excluded_h * HOUR),
        down_s=int(down_h * HOUR),
        unknown_s=int(unknown_h * HOUR),
        raw_down_s=int((down_h + excluded_h) * HOUR),
        raw_unknown_s=int(unknown_h * HOUR),
        kinds={kind: int(excluded_h * HOUR) if kind == "force_majeure" else 0 for kind in KINDS},
    )


def service(
    name: str = "Messagerie", found: Figures | None = None, target: Fraction | None = Fraction(96, 100)
) -> ServiceReport:
    """One service; its days and unknown time agree with nothing but their own shape."""
    found = figures() if found is None else found
    days = tuple(Day(date=date(2026, 3, 1) + timedelta(days=n), up_s=HOUR) for n in range(31))
    stretch = (at(3, 26, 8), at(3, 27, 12, 30))
    blind = Unknown(causes=("no data",), via=(), seconds=found.unknown_s, stretches=(stretch,))
    return ServiceReport(
        shown=ServiceFigures(key=("exemple", name.lower()), name=name, target=target, figures=found),
        days=days,
        unknowns=(blind,) if found.unknown_s else (),
        budget=budget(target, found, 2200 * HOUR),
    )


def incident(**changes: object) -> IncidentLine:
    """A detected one: 3 March 10:00, suspended for 2 h 30, intervention at 14:15, over at 16:30."""
    clock = GtiLine(
        incident="INC-2026-000002",
        ref=None,
        sonde="exemple/routeur/lien",
        service=("exemple", "messagerie"),
        start=at(3, 3, 10),
        deadline=at(3, 4, 12),
        stopped=at(3, 3, 14, 15),
        elapsed_s=6300,
        suspended_s=9000,
        applicable=True,
        met=True,
        suspensions=((at(3, 3, 11), at(3, 3, 13, 30)),),
        cause=None,
        intervened=True,
        message="100 % de perte",
    )
    return IncidentLine(
        clock=replace(clock, **changes),  # type: ignore[arg-type]
        author="",
        reopened=False,
        acknowledged_at=at(3, 3, 10, 2),
        restored_at=at(3, 3, 16, 30),
        reasons=("accès au local fermé",),
    )


FLOOD = ExcludedTime(
    window=Window(
        id="exclusion 1",
        kind="force_majeure",
        start=at(3, 3, 13),
        end=at(3, 3, 16, 30),
        text="crue de la Moselle",
        author="Jean-Noël Schmitt",
        entered_at=at(3, 6, 11),
    ),
    services=("Messagerie",),
    deducted=True,
    in_service=True,
)


def closing(month: str, closed_at: int, version: int = 1) -> Closing:
    """A month that is closed; what it froze is not looked at."""
    return Closing(
        month=month,
        version=version,
        closed_at=closed_at,
        author="C. Dupont",
        reason="",
        head="",
        previous="",
        digest="",
    )


def report(
    *services: ServiceReport,
    period: str = "2026-03",
    judged_by: str = "year",
    now: int | None = None,
    target: Fraction | None = Fraction(96, 100),
    gti_s: int | None = 8 * HOUR,
    incidents: tuple[IncidentLine, ...] = (),
    excluded: tuple[ExcludedTime, ...] = (),
    closings: tuple[Closing, ...] = (),
    organisation: str = "Syndicat d’essai",
) -> Report:
    """A report of these services, on 2 April 2026 unless said otherwise."""
    asked = parse(period)
    now = at(4, 2, 9, 12) if now is None else now
    ends_at = asked.span(ZONE)[1]
    return Report(
        organisation=organisation,
        collectivite="exemple",
        name="Commune d’Exemple",
        zone=ZONE,
        terms=Terms(target=target, gti_s=gti_s, judged_by=judged_by, exclude=("force_majeure", "collectivite")),
        statement=Statement(
            period=asked,
            zone=ZONE,
            until=min(now, ends_at),
            services=tuple(each.shown for each in services),
            gti=tuple(line.clock for line in incidents),
            closed=tuple(each.month for each in closings),
        ),
        ends_at=ends_at,
        produced_at=now,
        version="1.0",
        judged=containing(asked.pieces()[-1].first, judged_by),
        services=services,
        incidents=incidents,
        excluded=excluded,
        closings=closings,
        names={"exemple": "Commune d’Exemple", "syndicat": "Syndicat d’essai"},
    )
