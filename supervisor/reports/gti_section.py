"""The section of a report on incidents: each with its clock."""

from __future__ import annotations

from supervisor.reports.data import Report
from supervisor.reports.incidents import IncidentLine
from supervisor.reports.sections import platform
from supervisor.reports.sheet import Cell, Section, Table, Tone, cell
from supervisor.reports.wording import CAUSES, duration, instant, listing, quoted, typeset


def incidents(report: Report) -> Section:
    """Each incident that began in the period, by start."""
    title = "Incidents et garantie de temps d’intervention (GTI)"
    if not report.incidents:
        return Section(title=title, paragraphs=("Aucun incident n’a commencé pendant cette période.",))
    target_s = report.terms.gti_s
    promised = (
        "Aucun délai d’intervention n’est promis ; les temps sont donnés pour information."
        if target_s is None
        else "Le délai court en temps de service, du début de l’incident jusqu’à ce qu’une personne intervienne ou "
        f"que le service revienne de lui-même. La garantie est tenue s’il ne dépasse pas {duration(target_s)}. Le "
        "temps d’une suspension motivée (l’attente d’un accès au site, par exemple) n’est pas compté."
    )
    table = Table(
        caption="Incidents, dans l’ordre de leur début",
        header=("Incident", "Début", "Suite donnée", "Temps écoulé", "GTI"),
        rows=tuple(_row(report, line) for line in report.incidents),
        widths=(3.0, 2.0, 2.2, 2.1, 1.5),
    )
    return Section(title=title, paragraphs=(typeset(promised),), tables=(table,))


def _row(report: Report, line: IncidentLine) -> tuple[Cell, ...]:
    clock, zone = line.clock, report.zone
    seen = f"vu le {instant(line.acknowledged_at, zone)}" if line.acknowledged_at is not None else "pas marqué « vu »"
    start = f"rouvert le {instant(clock.start, zone)}" if line.reopened else instant(clock.start, zone)
    return (
        cell(
            clock.incident, _service(report, line), _origin(report, line), quoted(clock.message) * bool(clock.message)
        ),
        cell(start, seen),
        cell(*_outcome(report, line)),
        cell(*_elapsed(report, line)),
        _verdict(report, line),
    )


def _service(report: Report, line: IncidentLine) -> str:
    names = {service.shown.key: service.shown.name for service in report.services}
    return names.get(line.clock.service, line.clock.service[1])


def _origin(report: Report, line: IncidentLine) -> str:
    clock = line.clock
    if clock.sonde is not None:
        shared = platform(report, clock.sonde)
        return f"constaté sur {shared}" if shared else f"constaté par la sonde {report.short(clock.sonde)}"
    ref = f" (réf. {clock.ref})" if clock.ref is not None else ""
    return f"signalé par {line.author}{ref}" if line.author else f"signalé par une personne{ref}"


def _outcome(report: Report, line: IncidentLine) -> list[str]:
    clock, zone = line.clock, report.zone
    if clock.stopped is None:
        return ["intervention attendue"]
    if not clock.intervened:
        return [f"rétabli sans intervention le {instant(clock.stopped, zone)}"]
    over = f"rétabli le {instant(line.restored_at, zone)}" if line.restored_at is not None else "pas encore rétabli"
    return [f"intervention le {instant(clock.stopped, zone)}", over]


def _elapsed(report: Report, line: IncidentLine) -> list[str]:
    clock, target_s = line.clock, report.terms.gti_s
    shown = [duration(clock.elapsed_s) + (f" sur {duration(target_s)}" if target_s is not None else "")]
    if clock.suspensions:
        why = f" ({listing(line.reasons)})" if line.reasons else ""
        shown.append(f"suspendu {duration(clock.suspended_s)}{why}")
    if clock.deadline is not None:
        shown.append(f"échéance le {instant(clock.deadline, report.zone)}")
    elif target_s is not None and clock.suspensions and clock.suspensions[-1][1] is None:
        shown.append("échéance suspendue")
    return shown


def _verdict(report: Report, line: IncidentLine) -> Cell:
    clock, target_s = line.clock, report.terms.gti_s
    cause = f"cause : {CAUSES[clock.cause]}" if clock.cause is not None else ""
    if not clock.applicable:
        words, tone = "non applicable", Tone.PLAIN
    elif clock.met is not None:
        words, tone = ("tenue", Tone.GOOD) if clock.met else ("non tenue", Tone.BAD)
    elif target_s is None:
        words, tone = "aucun délai promis", Tone.PLAIN
    elif clock.elapsed_s > target_s:
        words, tone = "en cours, délai dépassé", Tone.BAD
    else:
        words, tone = "en cours", Tone.UNSURE
    return cell(words, cause, tone=tone)
