"""The sections of a report on availability: figures, days, exclusions, unknown time, budget."""

from __future__ import annotations

from supervisor.domain.availability import KINDS
from supervisor.domain.period import local_day
from supervisor.domain.state import CHECK_FAILED, ISOLATED, NO_DATA, UNCONFIRMED, UNREACHABLE
from supervisor.reports import strip
from supervisor.reports.data import ExcludedTime, Report, ServiceReport
from supervisor.reports.days import Unknown
from supervisor.reports.sheet import Cell, Section, Table, Tone, cell
from supervisor.reports.verdict import WORDS
from supervisor.reports.wording import (
    KIND_NAMES,
    NONE,
    count,
    date_of,
    decimals_for,
    duration,
    during,
    listing,
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
        "déduites. La fourchette dit entre quelles valeurs elle se trouve selon que le temps non mesuré est compté en "
        "panne ou disponible ; c’est sur elle que l’engagement est jugé.",
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
        caption="Décompte du temps de service : disponible, en panne, exclu et non mesuré s’y ajoutent",
        header=("Service", "Temps de service", "Disponible", "En panne", "Exclu", "Non mesuré"),
        rows=tuple(rows),
        numbers=(1, 2, 3, 4, 5),
        widths=(2.8, 1.5, 1.5, 1.5, 1.5, 1.5),
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
        return "Aucune nature d’exclusion n’est déduite du calcul."
    out = listing([KIND_NAMES[kind] for kind in KINDS if kind in exclude])
    rest = listing([KIND_NAMES[kind] for kind in KINDS if kind not in exclude])
    kept = f" ; non déduit : {rest}, le service y compte comme mesuré" if rest else ""
    return f"Déduit du calcul : {out}{kept}."


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


def exclusions(report: Report) -> Section:
    """The maintenance and the exclusions that counted."""
    title = "Maintenances et exclusions"
    if not report.excluded:
        return Section(title=title, paragraphs=("Aucune maintenance annoncée ni exclusion sur cette période.",))
    table = Table(
        caption="Maintenances et exclusions retenues",
        header=("Nature", "Quand", "Motif", "Services", "Effet"),
        rows=tuple(_exclusion(report, each) for each in report.excluded),
        widths=(1.7, 2.5, 2.8, 2.4, 1.4),
    )
    return Section(title=title, tables=(table,))


def _exclusion(report: Report, each: ExcludedTime) -> tuple[Cell, ...]:
    window = each.window
    entered = date_of(local_day(window.entered_at, report.zone))
    told = f"annoncée le {entered}" if window.kind == "maintenance" else f"saisie le {entered}"
    every = len(each.services) == len(report.services) > 1
    return (
        cell(KIND_NAMES[window.kind].capitalize()),
        cell(stretch(window.start, window.end, report.zone)),
        cell(window.text, f"{window.author}, {told}" if window.author else told.capitalize()),
        cell("tous" if every else listing(each.services)),
        cell("déduite" if each.deducted else "non déduite"),
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
    behind = listing([quoted(short(sonde, report.collectivite)) for sonde in each.via])
    return listing(
        [
            f"{_UNKNOWN[cause]} derrière {behind}" if cause == UNREACHABLE and behind else _UNKNOWN.get(cause, cause)
            for cause in each.causes
        ]
    )


def short(sonde: str, collectivite: str) -> str:
    """As people of that collectivité know it."""
    return sonde.removeprefix(f"{collectivite}/")


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
        f"Sur la période jugée ({name}), l’engagement permet à chaque service un temps de panne limité. "
        + ("Situation à la fin de ce rapport, si le reste de la période est mesuré en entier." if going_on else ""),
    )
    table = Table(
        caption=f"Temps de panne permis, {name}",
        header=("Service", "Permis", "Utilisé", "Reste", *(["Rythme"] if going_on else [])),
        rows=tuple(rows),
        numbers=(1, 2, 3, *([4] if going_on else [])),
        widths=(3.2, 1.6, 1.6, 1.6, *([1.8] if going_on else [])),
    )
    notes = ("Rythme : part du temps de panne permis qui serait utilisée si la suite ressemblait au début.",)
    return Section(
        title="Temps de panne encore permis" if going_on else "Temps de panne permis",
        paragraphs=tuple(typeset(text.strip()) for text in paragraphs),
        tables=(table,),
        notes=tuple(map(typeset, notes)) if going_on else (),
    )


def _pace(burn: float | None) -> str:
    return NONE if burn is None else percent(burn, 0)
