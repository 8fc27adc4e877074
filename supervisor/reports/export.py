"""A report as data: the words of `vigie sla --json` where they are the same thing, and what only a report has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supervisor.proof.statement import as_json, line_json, stamp
from supervisor.reports.data import ExcludedTime, Report, ServiceReport
from supervisor.reports.days import Day
from supervisor.reports.incidents import IncidentLine


def export_one(reports: Sequence[Report]) -> dict[str, Any]:
    """The only one of them, in full."""
    (report,) = reports
    zone, terms = report.zone, report.terms
    said = as_json(report.statement)
    return {
        "period": said["period"],
        "until": said["until"],
        "produced": stamp(report.produced_at, zone),
        "version": report.version,
        "organisation": report.organisation,
        "collectivite": report.collectivite,
        "name": report.name,
        "target": float(terms.target) if terms.target is not None else None,
        "gti_s": terms.gti_s,
        "exclude": list(terms.exclude),
        "judged_period": report.judged.name,
        "binding": report.binding,
        "running": report.running,
        "closed": list(report.statement.closed),
        "closings": [
            {"month": each.month, "version": each.version, "closed": stamp(each.closed_at, zone)}
            for each in report.closings
        ],
        "services": [
            {**figures, **_service(service, report)}
            for figures, service in zip(said["services"], report.services, strict=True)
        ],
        "gti": [
            {**line, **_incident(incident, report)}
            for line, incident in zip(said["gti"], report.incidents, strict=True)
        ],
        "exclusions": [_excluded(each, report) for each in report.excluded],
    }


def export_all(reports: Sequence[Report]) -> dict[str, Any]:
    """All of them in one object: `vigie sla --json` with the names of the collectivités."""
    said = [as_json(report.statement) for report in reports]
    first = reports[0]
    lines = [line for report in reports for line in report.statement.gti]
    return {
        "period": said[0]["period"],
        "until": said[0]["until"],
        "produced": stamp(first.produced_at, first.zone),
        "version": first.version,
        "organisation": first.organisation,
        "collectivites": [{"collectivite": report.collectivite, "name": report.name} for report in reports],
        "services": [service for each in said for service in each["services"]],
        "gti": [line_json(line, first.zone) for line in sorted(lines, key=lambda line: (line.start, line.incident))],
    }


def _service(service: ServiceReport, report: Report) -> dict[str, Any]:
    left = service.budget
    return {
        "name": service.shown.name,
        "up_s": service.figures.up_s,
        "budget": None
        if left is None
        else {"total_s": left.total_s, "spent_s": left.spent_s, "left_s": left.left_s, "burn": left.burn},
        "days": [_day(day) for day in service.days],
        "unknown": [
            {
                "causes": list(each.causes),
                "via": list(each.via),
                "seconds": each.seconds,
                "stretches": [[stamp(start, report.zone), stamp(end, report.zone)] for start, end in each.stretches],
            }
            for each in service.unknowns
        ],
    }


def _day(day: Day) -> dict[str, Any]:
    return {
        "date": day.date.isoformat(),
        "state": str(day.state),
        "open_s": day.open_s,
        "excluded_s": day.excluded_s,
        "down_s": day.down_s,
        "unknown_s": day.unknown_s,
    }


def _incident(line: IncidentLine, report: Report) -> dict[str, Any]:
    zone, clock = report.zone, line.clock
    return {
        "message": clock.message,
        "author": line.author or None,
        "reopened": line.reopened,
        "acknowledged": stamp(line.acknowledged_at, zone),
        "intervened": clock.intervened,
        "restored": stamp(line.restored_at, zone),
        "cause": clock.cause,
        "suspensions": [{"start": stamp(since, zone), "end": stamp(until, zone)} for since, until in clock.suspensions],
        "reasons": list(line.reasons),
    }


def _excluded(each: ExcludedTime, report: Report) -> dict[str, Any]:
    window, zone = each.window, report.zone
    return {
        "id": window.id,
        "kind": window.kind,
        "start": stamp(window.start, zone),
        "end": stamp(window.end, zone),
        "text": window.text,
        "author": window.author,
        "entered": stamp(window.entered_at, zone),
        "services": list(each.services),
        "deducted": each.deducted,
        "in_service": each.in_service,
    }
