"""The section of a report on the maintenance and the exclusions that held, and what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from supervisor.domain.period import local_day
from supervisor.reports.data import ExcludedTime, Report
from supervisor.reports.sheet import Cell, Section, Table, cell
from supervisor.reports.wording import KIND_NAMES, between, count, date_of, listing, stretch

_OUTSIDE = "hors du temps de service"


def exclusions(report: Report) -> Section:
    """The maintenance and the exclusions of the period; what recurs without touching service time in one line."""
    title = "Maintenances et exclusions"
    if not report.excluded:
        return Section(title=title, paragraphs=("Aucune maintenance annoncée ni exclusion sur cette période.",))
    table = Table(
        caption="Maintenances et exclusions retenues",
        header=("Nature", "Quand", "Motif", "Services", "Effet"),
        rows=tuple(_row(report, alike) for alike in _grouped(report.excluded)),
        widths=(1.7, 2.5, 2.8, 2.4, 1.4),
    )
    return Section(title=title, tables=(table,))


def _grouped(excluded: Iterable[ExcludedTime]) -> list[list[ExcludedTime]]:
    """By their first start. A weekly night of a year would be fifty-two lines that say nothing happened."""
    found: dict[object, list[ExcludedTime]] = {}
    for each in excluded:
        window = each.window
        same = (window.kind, window.text, window.author, window.entered_at, each.services)
        found.setdefault((window.id, window.start) if each.in_service else same, []).append(each)
    return list(found.values())


def _row(report: Report, alike: Sequence[ExcludedTime]) -> tuple[Cell, ...]:
    each = alike[0]
    window = each.window
    entered = date_of(local_day(window.entered_at, report.zone))
    told = f"annoncée le {entered}" if window.kind == "maintenance" else f"saisie le {entered}"
    every = len(each.services) == len(report.services) > 1
    return (
        cell(KIND_NAMES[window.kind].capitalize()),
        cell(_when(report, alike), "" if each.in_service else _OUTSIDE),
        cell(window.text, f"{window.author}, {told}" if window.author else told.capitalize()),
        cell("tous" if every else listing(each.services)),
        cell("sans effet" if not each.in_service else "déduite" if each.deducted else "non déduite"),
    )


def _when(report: Report, alike: Sequence[ExcludedTime]) -> str:
    first, last = alike[0].window, alike[-1].window
    if len(alike) == 1:
        return stretch(first.start, first.end, report.zone)
    days = local_day(first.start, report.zone), local_day(last.end - 1, report.zone)
    when = between(*days) if days[0] < days[1] else f"le {date_of(days[0])}"
    return f"{count(len(alike), 'fois', 'fois')}, {when}"
