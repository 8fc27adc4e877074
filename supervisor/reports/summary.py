"""All collectivités over a period on one sheet: what the syndicat's committee reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supervisor.domain.availability import Verdict
from supervisor.reports.data import Report, ServiceReport
from supervisor.reports.sheet import Cell, Section, Sheet, Table, Tone, cell
from supervisor.reports.telling import colophon
from supervisor.reports.verdict import Tally, scope, standing, verdict
from supervisor.reports.wording import DASH, NBSP, NONE, count, decimals_for, during, percent, period, target, typeset

_ORDER = (Tone.BAD, Tone.UNSURE, Tone.GOOD, Tone.PLAIN)
_WORDS = {Tone.BAD: "non tenu", Tone.UNSURE: "indéterminé", Tone.GOOD: "tenu", Tone.PLAIN: "sans objet"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One collectivité, once its report has been let go."""

    name: str
    tone: Tone
    services: int
    missed: int
    undetermined: int
    worst: str  # the service that was least available, and how available it was
    gti: Tally


def line(report: Report) -> Line:
    """What the summary keeps of a report."""
    return Line(
        name=report.name,
        tone=verdict(report)[0],
        services=len(report.promised),
        missed=len(report.with_verdict(Verdict.MISSED)),
        undetermined=len(report.with_verdict(Verdict.UNDETERMINED)),
        worst=_worst(report),
        gti=Tally.of(report.incidents),
    )


def _worst(report: Report) -> str:
    measured = [(service.figures.availability, service) for service in report.promised]
    known = [(ratio, service) for ratio, service in measured if ratio is not None]
    if not known:
        return NONE
    ratio, service = min(known, key=_first)
    return f"{percent(ratio, decimals_for(report.terms.target))} ({service.shown.name})"


def _first(pair: tuple[float, ServiceReport]) -> float:
    return pair[0]


def summarise(sample: Report, lines: Sequence[Line]) -> Sheet:
    """The sheet; `sample`: any of the reports, for what they have in common."""
    tone, sentence = _verdict(sample, lines)
    rows = sorted(lines, key=lambda one: _ORDER.index(one.tone))  # else in config order
    unkept = any(one.tone in (Tone.BAD, Tone.UNSURE) for one in lines)
    order = ", celles dont l’engagement n’est pas tenu en premier" if unkept else ""
    table = Table(
        caption=f"Collectivités {during(sample.period)}{order}",
        header=("Collectivité", "Engagement", "Services", "Le moins disponible", "Garantie d’intervention"),
        rows=tuple(_row(one) for one in rows),
        numbers=(2,),
        widths=(3.0, 2.2, 1.1, 3.2, 2.2),
    )
    return Sheet(
        title=f"Synthèse des disponibilités {DASH}{NBSP}{period(sample.period)}",
        organisation=typeset(sample.organisation),
        subject=f"Toutes les collectivités ({len(lines)})",
        tone=tone,
        verdict=typeset(sentence),
        facts=standing(sample),
        sections=(Section(title="Collectivité par collectivité", tables=(table,)),),
        colophon=colophon(sample.version, sample.produced_at, sample.zone),
    )


def _verdict(sample: Report, lines: Sequence[Line]) -> tuple[Tone, str]:
    share = sample.terms.target
    judged = [one for one in lines if one.tone is not Tone.PLAIN]
    if share is None:
        return Tone.PLAIN, "Aucun taux n’est promis : cette synthèse donne les disponibilités mesurées, sans verdict."
    if not judged:
        return Tone.PLAIN, "Aucun engagement ne court sur cette période."
    missed = sum(one.missed > 0 for one in judged)
    unsure = sum(one.tone is Tone.UNSURE for one in judged)
    of_all, when = f"sur {len(judged)}", scope(sample)
    if missed:
        also = f" ; indéterminé pour {count(unsure, 'autre', 'autres')}" if unsure else ""
        return (
            Tone.BAD,
            f"Engagement non tenu{when} pour {count(missed, 'collectivité', 'collectivités')} {of_all}{also}.",
        )
    if unsure:
        said = count(unsure, "collectivité", "collectivités")
        return Tone.UNSURE, f"Engagement indéterminé{when} pour {said} {of_all}, tenu pour les autres."
    every = count(len(judged), "collectivité", "collectivités")
    return Tone.GOOD, f"Engagement tenu{when} : {every}, {target(share)} de disponibilité ou plus pour chaque service."


def _row(one: Line) -> tuple[Cell, ...]:
    details = []
    if one.missed:
        details.append(f"pour {count(one.missed, 'service', 'services')}")
    if one.undetermined:
        rest = "indéterminé " if one.missed else ""
        details.append(f"{rest}pour {count(one.undetermined, 'service', 'services')}")
    return (
        cell(one.name),
        cell(_WORDS[one.tone], *details, tone=one.tone),
        cell(str(one.services)),
        cell(one.worst),
        cell(one.gti.said),
    )
