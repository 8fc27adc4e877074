"""The verdict of a report in one sentence, and what else a hurried reader must not miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from supervisor.domain.availability import Verdict
from supervisor.domain.period import Period, local_day, parse
from supervisor.reports.data import Report, ServiceReport
from supervisor.reports.incidents import IncidentLine
from supervisor.reports.sheet import Tone
from supervisor.reports.wording import (
    JUDGED_ON,
    NBSP,
    count,
    date_of,
    day_and_time,
    decimals_for,
    duration,
    during,
    listing,
    percent,
    period,
    target,
    typeset,
)
from supervisor.store.closings import Closing

# Of one service, in a cell.
WORDS = {
    Verdict.MET: ("tenu", Tone.GOOD),
    Verdict.MISSED: ("non tenu", Tone.BAD),
    Verdict.UNDETERMINED: ("indéterminé", Tone.UNSURE),
}
_MOST_NAMES = 5
_EVERY = {1: "mensuel", 3: "trimestriel", 6: "semestriel", 12: "annuel"}


def verdict(report: Report) -> tuple[Tone, str]:
    """What a mayor asks first."""
    tone, text = _verdict(report)
    return tone, typeset(text)


def _verdict(report: Report) -> tuple[Tone, str]:
    share, judged = report.terms.target, report.promised
    if not report.services:
        return Tone.PLAIN, "Aucun service n’est suivi pour cette collectivité."
    if not judged:
        return Tone.PLAIN, "Aucun temps de service sur cette période : aucun engagement n’y court."
    if share is None:
        return Tone.PLAIN, "Aucun taux n’est promis : ce rapport donne les disponibilités mesurées, sans verdict."
    missed, open_question = report.with_verdict(Verdict.MISSED), report.with_verdict(Verdict.UNDETERMINED)
    when = scope(report)
    if missed:
        names = _names([_missed(service, share) for service in missed])
        return Tone.BAD, f"Engagement non tenu{when} pour {_share_of(missed, judged)} : {names}."
    if open_question:
        names = _names([_unsure(service) for service in open_question])
        return Tone.UNSURE, f"Engagement indéterminé{when} pour {_share_of(open_question, judged)} : {names}."
    return Tone.GOOD, f"Engagement tenu{when} : {_all_met(report, share)}."


def scope(report: Report) -> str:
    """Where in time a verdict stands, after its first words."""
    if report.running:
        return " à ce jour"
    return "" if report.binding else f" {during(report.period)}"


def _all_met(report: Report, share: Fraction) -> str:
    judged = report.promised
    without = ", exclusions déduites" if any(service.figures.excluded_s for service in judged) else ""
    kept = f"disponible{{}} au moins {target(share)} du temps de service{without}"
    if len(judged) == 1:
        return f"le service « {judged[0].shown.name} » a été {kept.format('')}"
    return f"les {count(len(judged), 'service a', 'services ont')} été {kept.format('s')}"


def _share_of(some: Sequence[ServiceReport], judged: Sequence[ServiceReport]) -> str:
    if len(judged) == 1:
        return "le seul service suivi"
    if len(some) == len(judged):
        return f"les {count(len(judged), 'service', 'services')}"
    return f"{count(len(some), 'service', 'services')} sur {len(judged)}"


def _missed(service: ServiceReport, share: Fraction) -> str:
    reached = percent(service.figures.availability, decimals_for(share))
    return f"{service.shown.name} ({reached} pour {target(share)} promis)"


def _unsure(service: ServiceReport) -> str:
    figures = service.figures
    if not figures.judged_s:
        return f"{service.shown.name} (tout son temps de service est exclu)"
    if not figures.measured_s:
        return f"{service.shown.name} (rien n’a été mesuré)"
    return f"{service.shown.name} ({unmeasured(service)} du temps n’a pas été mesuré)"


def unmeasured(service: ServiceReport) -> str:
    """How much of what was to be judged was not measured."""
    figures = service.figures
    share = figures.unknown_s / figures.judged_s if figures.judged_s else 0.0
    return percent(share) if share >= 0.0001 or not share else f"moins de {percent(0.0001)}"


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    if more > 0:
        return listing([*names[:_MOST_NAMES], count(more, "autre", "autres")])
    return listing(names)


# --- beside the verdict


def facts(report: Report) -> tuple[str, ...]:
    """What the verdict is worth, and whether people came in time."""
    return (*map(typeset, _unsettled(report)), *standing(report), *map(typeset, _gti(report)))


def standing(report: Report) -> tuple[str, ...]:
    """Whether the period is over, judged and final."""
    return tuple(map(typeset, _standing(report)))


def _unsettled(report: Report) -> Iterator[str]:
    """What a verdict of "non tenu" leaves unsaid: the services that nobody can judge."""
    open_question = report.with_verdict(Verdict.UNDETERMINED)
    if open_question and report.with_verdict(Verdict.MISSED):
        yield f"Engagement indéterminé pour {_names([_unsure(service) for service in open_question])}."


def _standing(report: Report) -> Iterator[str]:
    if report.running:
        minute = report.until // 60 * 60  # as the colophon says it; the data have the second
        yield f"Période en cours : chiffres arrêtés au {day_and_time(minute, report.zone)}."
    if report.terms.target is not None and not report.binding:
        judged = JUDGED_ON[report.terms.judged_by]
        every = _EVERY.get(_months(report.period))
        which = period(report.judged).removeprefix(f"année{NBSP}")
        yield f"Suivi{f' {every}' if every else ''} : l’engagement se juge sur {judged} ({which})."
    yield from _closed(report)


def _closed(report: Report) -> Iterator[str]:
    """Which figures are final, and since when."""
    when = [_closed_on(closing, report) for closing in report.closings]
    if len(when) == 1 and report.period.whole_month:
        yield f"Mois {when[0]} : ces chiffres sont définitifs."
    elif when:
        names = [f"{period(parse(month))} ({said})" for month, said in zip(report.statement.closed, when, strict=True)]
        yield f"Mois dont les chiffres sont définitifs : {listing(names)}."


def _closed_on(closing: Closing, report: Report) -> str:
    """A correction is the next version of a closing."""
    day = date_of(local_day(closing.closed_at, report.zone))
    return f"clos le {day}" if closing.version == 1 else f"clos, version {closing.version} du {day}"


def _months(asked: Period) -> int:
    """How many whole months it is; 0 if it is not."""
    pieces = asked.pieces()
    return len(pieces) if all(piece.whole_month for piece in pieces) else 0


def _gti(report: Report) -> Iterator[str]:
    if report.terms.gti_s is None or not report.promised:
        return
    tally = Tally.of(report.incidents)
    within = f"Garantie de temps d’intervention (GTI, {duration(report.terms.gti_s)} de temps de service)"
    yield f"{within} : {tally.said}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How the clocks of some incidents stand."""

    met: int
    missed: int
    running: int
    not_applicable: int

    @classmethod
    def of(cls, lines: Sequence[IncidentLine]) -> Tally:
        """Count them."""
        clocks = [line.clock for line in lines]
        return cls(
            met=sum(clock.met is True for clock in clocks),
            missed=sum(clock.met is False for clock in clocks),
            running=sum(clock.applicable and clock.stopped is None for clock in clocks),
            not_applicable=sum(not clock.applicable for clock in clocks),
        )

    @property
    def said(self) -> str:
        """In words."""
        parts = []
        if self.missed:
            parts.append(f"non tenue {self.missed} fois sur {self.met + self.missed}")
        elif self.met:
            parts.append("tenue " + (f"les {self.met} fois" if self.met > 1 else "la seule fois où elle a joué"))
        if self.running:
            parts.append(f"en cours {self.running} fois")
        if self.not_applicable:
            parts.append(f"non applicable {self.not_applicable} fois")
        return ", ".join(parts) or "aucun incident"
