"""Reports as CSV: for a French spreadsheet (semicolons, decimal commas, BOM), or for a program.

Two tables: one line a service, and one line a clock of the GTI.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from supervisor.domain.availability import KINDS
from supervisor.proof.statement import as_json
from supervisor.reports.data import Report
from supervisor.reports.spreadsheet import french, machine, text
from supervisor.reports.verdict import WORDS
from supervisor.reports.wording import CAUSES, KIND_NAMES, period

_SECONDS = {
    "open_s": "Temps de service (s)",
    "excluded_s": "Exclu (s)",
    "down_s": "En panne (s)",
    "unknown_s": "Non mesuré (s)",
}
_SHARES = {
    "availability": "Disponibilité (%)",
    "low": "Borne basse (%)",
    "high": "Borne haute (%)",
    "raw_availability": "Sans aucune exclusion (%)",
}
_INSTANTS = {"start": "Début", "deadline": "Échéance", "stopped": "Fin du décompte"}


def services(reports: Iterable[Report]) -> bytes:
    """One line a service, for a French spreadsheet."""
    header = (
        "Collectivité",
        "Nom",
        "Service",
        "Intitulé",
        "Période",
        "Arrêté au",
        "Taux promis (%)",
        *_SECONDS.values(),
        *(f"{name.capitalize()} (s)" for name in KIND_NAMES.values()),
        *_SHARES.values(),
        "Engagement",
    )
    return french(header, (row for report in reports for row in _services(report)))


def clocks(reports: Iterable[Report]) -> bytes:
    """One line a clock of the GTI, for a French spreadsheet."""
    header = (
        "Collectivité",
        "Nom",
        "Service",
        "Incident",
        "Référence",
        "Sonde",
        *_INSTANTS.values(),
        "Temps écoulé (s)",
        "Suspendu (s)",
        "GTI",
        "Cause",
        "Constat",
    )
    return french(header, (row for report in reports for row in _clocks(report)))


def services_machine(reports: Iterable[Report]) -> bytes:
    """One line a service, in the words of `vigie sla --json`, each kind in a column of its own."""
    kinds = [f"kinds_{kind}" for kind in KINDS]
    header = ("period", "until", "collectivite", "service", "target", *_SECONDS, *kinds, *_SHARES, "verdict")
    rows = []
    for said in (as_json(report.statement) for report in reports):
        for service in said["services"]:
            each = {**service, **{f"kinds_{kind}": service["kinds"][kind] for kind in KINDS}}
            rows.append([said["period"], said["until"], *(each[name] for name in header[2:])])
    return machine(header, rows)


def clocks_machine(reports: Iterable[Report]) -> bytes:
    """One line a clock, in the words of `vigie sla --json`."""
    named = ("incident", "ref", "sonde", "collectivite", "service", *_INSTANTS)
    header = (*named, "elapsed_s", "suspended_s", "applicable", "met")
    lines = [line for report in reports for line in as_json(report.statement)["gti"]]
    return machine(header, ([line[name] for name in header] for line in lines))


# --- French


def _services(report: Report) -> Iterator[list[str]]:
    for each in report.services:
        figures, found = each.figures, each.shown.verdict
        verdict = WORDS[found][0] if found is not None and each.promised else ""
        yield [
            report.collectivite,
            text(report.name),
            each.shown.key[1],
            text(each.shown.name),
            period(report.period),
            _instant(report, report.until),
            _share(float(each.shown.target) if each.shown.target is not None else None),
            *(str(getattr(figures, name)) for name in _SECONDS),
            *(str(figures.kinds[kind]) for kind in KIND_NAMES),
            *(_share(getattr(figures, name)) for name in _SHARES),
            verdict,
        ]


def _clocks(report: Report) -> Iterator[list[str]]:
    for line in report.incidents:
        clock = line.clock
        yield [
            report.collectivite,
            text(report.name),
            clock.service[1],
            clock.incident,
            text(clock.ref or ""),
            clock.sonde or "",
            *(_instant(report, getattr(clock, name)) for name in _INSTANTS),
            str(clock.elapsed_s),
            str(clock.suspended_s),
            _gti(clock.applicable, clock.met, clock.stopped),
            CAUSES[clock.cause] if clock.cause is not None else "",
            text(clock.message),
        ]


def _gti(applicable: bool, met: bool | None, stopped: int | None) -> str:
    if not applicable:
        return "non applicable"
    if met is not None:
        return "tenue" if met else "non tenue"
    return "en cours" if stopped is None else ""


def _share(ratio: float | None) -> str:
    """In percent, cut and not rounded, as everywhere."""
    if ratio is None:
        return ""
    cut = (Decimal(repr(ratio)) * 100).quantize(Decimal("0.000001"), ROUND_FLOOR)
    return f"{cut:f}".replace(".", ",")


def _instant(report: Report, at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, report.zone).strftime("%d/%m/%Y %H:%M:%S")
