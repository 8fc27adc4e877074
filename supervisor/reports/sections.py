"""The sections of a report on availability: figures, days, unknown time, budget."""

from __future__ import annotations

from supervisor.domain.availability import KINDS
from supervisor.domain.state import CHECK_FAILED, ISOLATED, NO_DATA, UNCONFIRMED, UNREACHABLE
from supervisor.reports import strip
from supervisor.reports.data import Report, ServiceReport
from supervisor.reports.days import Unknown
from supervisor.reports.sheet import Cell, Section, Table, Tone, cell
from supervisor.reports.verdict import WORDS
from supervisor.reports.wording import (
    KIND_NAMES,
    KINDS_TOLD,
    NONE,
    count,
    decimals_for,
    duration,
    during,
    listing,
    of,
    of_period,
    percent,
    period,
    quoted,
    stretch,
    typeset,
)

_MOST_STRETCHES = 3
_UNKNOWN = {
    NO_DATA: "aucune mesure reçue",
    CHECK_FAILED: "contrôle impossible",
    UNREACHABLE: "injoignable",
    ISOLATED: "supervision coupée du réseau",
    UNCONFIRMED: "premier état pas encore confirmé",
}


def availability(report: Report) -> Section:
    """What was measured, with and without exclusions."""
    paragraphs = (
        "La disponibilité est la part du temps de service mesuré pendant laquelle le service fonctionnait, exclusions "
        "déduites. La fourchette donne ses valeurs extrêmes, selon que le temps non mesuré est compté en panne ou "
        "disponible ; c’est sur elle que l’engagement est jugé.",
    )
    tables = [_ratios(report), _ledger(report)]
    if any(any(service.figures.kinds.values()) for service in report.services):
        tables.append(_kinds(report))
    return Section(
        title="Disponibilité des services",
        paragraphs=tuple(map(typeset, paragraphs)),
        tables=tuple(tables),
        notes=(typeset(_deducted(report)),),
    )


def _ratios(report: Report) -> Table:
    decimals = decimals_for(report.terms.target)
    rows = []
    for service in report.services:
        figures = service.figures
        between = (percent(figures.low, decimals), "à", percent(figures.high, decimals))
        rows.append(
            (
                cell(service.shown.name),
                cell(percent(figures.availability, decimals)),
                cell(" ".join(between) if figures.low is not None else NONE),
                cell(percent(figures.raw_availability, decimals)),
                _verdict(service),
            )
        )
    return Table(
        caption=f"Disponibilité {during(report.period)}",
        header=("Service", "Disponibilité", "Fourchette", "Sans aucune exclusion", "Engagement"),
        rows=tuple(rows),
        numbers=(1, 2, 3),
        widths=(3.2, 1.8, 2.3, 1.6, 1.7),
    )


def _verdict(service: ServiceReport) -> Cell:
    if not service.promised:
        return cell("hors période", tone=Tone.PLAIN)
    found = service.shown.verdict
    if found is None:
        return cell("aucun taux promis", tone=Tone.PLAIN)
    words, tone = WORDS[found]
    return cell(words, tone=tone)


def _ledger(report: Report) -> Table:
    rows = []
    for service in report.services:
        figures = service.figures
        seconds = (figures.open_s, figures.up_s, figures.down_s, figures.excluded_s, figures.unknown_s)
        rows.append((cell(service.shown.name), *(cell(duration(each)) for each in seconds)))
    return Table(
        caption=typeset("Temps de service : somme du temps disponible, en panne, exclu et non mesuré"),
        header=("Service", "Temps de service", "Disponible", "En panne", "Exclu", "Non mesuré"),
        rows=tuple(rows),
        numbers=(1, 2, 3, 4, 5),
        widths=(2.4, 1.3, 2.2, 1.7, 1.5, 1.7),
    )


def _kinds(report: Report) -> Table:
    shown = [kind for kind in KINDS if any(service.figures.kinds[kind] for service in report.services)]
    rows = tuple(
        (cell(service.shown.name), *(cell(duration(service.figures.kinds[kind])) for kind in shown))
        for service in report.services
        if any(service.figures.kinds.values())
    )
    return Table(
        caption="Temps de service sous maintenance ou exclusion, par nature",
        header=("Service", *(KIND_NAMES[kind].capitalize() for kind in shown)),
        rows=rows,
        numbers=tuple(range(1, len(shown) + 1)),
        widths=(2.8, *(1.8 for _ in shown)),
    )


def _deducted(report: Report) -> str:
    exclude = report.terms.exclude
    if not exclude:
        return "Rien n’est déduit du calcul : tout le temps de service compte tel qu’il a été mesuré."
    out = listing([KINDS_TOLD[kind] for kind in KINDS if kind in exclude])
    rest = listing([KINDS_TOLD[kind] for kind in KINDS if kind not in exclude])
    kept = f" N’en sont pas déduits : {rest} ; ce temps compte tel qu’il a été mesuré." if rest else ""
    return f"Sont déduits du calcul : {out}.{kept}"


def days(report: Report) -> Section:
    """A drawing for each service."""
    when = during(report.period)
    shown = report.promised
    return Section(
        title="Jour par jour",
        figures=tuple(strip.figure(service.shown.name, when, service.days) for service in shown),
        legend=strip.legend([day for service in shown for day in service.days]),
        paragraphs=() if shown else ("Aucun temps de service sur cette période.",),
    )


def unknown(report: Report) -> Section:
    """What was not measured, and why."""
    title = "Temps non mesuré"
    blind = [service for service in report.services if service.unknowns]
    if not blind:
        said = "Tout le temps de service a été mesuré." if report.promised else "Aucun temps de service à mesurer."
        return Section(title=title, paragraphs=(said,))
    rows = [
        (
            cell(service.shown.name),
            cell(_cause(report, each)),
            cell(duration(each.seconds)),
            cell(*_stretches(report, each)),
        )
        for service in blind
        for each in service.unknowns
    ]
    table = Table(
        caption="Temps non mesuré, par cause",
        header=("Service", "Cause", "Temps de service", "Quand"),
        rows=tuple(rows),
        numbers=(2,),
        widths=(2.6, 2.4, 1.5, 3.8),
    )
    said = "Le temps non mesuré n’est compté ni disponible ni en panne ; il élargit la fourchette."
    return Section(title=title, paragraphs=(typeset(said),), tables=(table,))


def _cause(report: Report, each: Unknown) -> str:
    if not each.causes:
        return "aucune sonde ne mesurait ce service"
    broken = listing([platform(report, sonde) or quoted(report.short(sonde)) for sonde in each.via])
    behind = f", {broken} étant en panne" if broken else ""
    return listing([f"{_UNKNOWN.get(cause, cause)}{behind * (cause == UNREACHABLE)}" for cause in each.causes])


def platform(report: Report, sonde: str) -> str:
    """What a sonde of another collectivité checks; "" for one of their own."""
    owner = report.owner(sonde)
    return "" if owner is None else f"la plateforme commune {of(owner)} ({sonde.partition('/')[2]})"


def _stretches(report: Report, each: Unknown) -> list[str]:
    shown = [stretch(start, end, report.zone) for start, end in each.stretches[:_MOST_STRETCHES]]
    more = len(each.stretches) - len(shown)
    return [*shown, *([f"et {count(more, 'autre période', 'autres périodes')}, plus courtes"] if more else [])]


def budget(report: Report) -> Section | None:
    """The downtime that the target still allows; None where nothing is promised."""
    counted = [(service, service.budget) for service in report.services if service.budget is not None]
    if not counted:
        return None
    going_on = report.until < report.judged.span(report.zone)[1]
    rows = []
    for service, left in counted:
        pace = [cell(_pace(left.burn))] if going_on else []
        seconds = (left.total_s, left.spent_s, left.left_s)
        rows.append((cell(service.shown.name), *(cell(duration(each)) for each in seconds), *pace))
    name = period(report.judged)
    paragraphs = (
        f"Sur la période jugée ({name}), l’engagement laisse à chaque service un temps de panne limité. "
        + (
            f"Le tableau dit ce qu’il en reste {_when(report)}, à supposer que la suite soit toute mesurée."
            if going_on
            else ""
        ),
    )
    table = Table(
        caption=f"Temps de panne permis, {name}",
        header=("Service", "Permis", "Utilisé", "Reste", *(["Rythme"] if going_on else [])),
        rows=tuple(rows),
        numbers=(1, 2, 3, *([4] if going_on else [])),
        widths=(2.8, 2.0, 1.7, 2.0, *([1.1] if going_on else [])),
    )
    notes = ("Rythme : part du temps de panne permis qui serait utilisée si la suite ressemblait au début.",)
    return Section(
        title="Temps de panne encore permis" if going_on else "Temps de panne permis",
        paragraphs=tuple(typeset(text.strip()) for text in paragraphs),
        tables=(table,),
        notes=tuple(map(typeset, notes)) if going_on else (),
    )


def _when(report: Report) -> str:
    """As of when the rest of the budget is told."""
    return "à ce jour" if report.running else f"à la fin {of_period(report.period)}"


def _pace(burn: float | None) -> str:
    return NONE if burn is None else percent(burn, 0)
