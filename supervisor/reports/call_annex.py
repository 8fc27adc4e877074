"""The annex of a call by sonde: those that are counted, by pools of 50 (002 annexe 2 art. 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from supervisor.domain.contribution import Basis
from supervisor.domain.counting import POOL
from supervisor.reports.call_data import CallReport, Roll
from supervisor.reports.sheet import Section, Table, cell
from supervisor.reports.wording import NBSP, count, date_of, moment, typeset, whole


def annex(report: CallReport) -> Section | None:
    """The sondes, and what they have to do with the amount; of a call that was brought down to nothing, none."""
    roll = report.roll
    if roll is None or not report.call.sondes:
        return None
    return Section(
        title=f"Annexe : sondes comptées au {moment(roll.at, report.account.timezone)}",
        paragraphs=tuple(typeset(words) for words in _said(report, roll)),
        tables=tuple(_pools(report, roll)),
    )


def _said(report: CallReport, roll: Roll) -> Iterator[str]:
    number = len(roll.since)
    counted = count(number, "sonde est comptée", "sondes sont comptées") if number else "aucune sonde n’est comptée"
    if roll.decides and number:
        yield f"Le montant appelé repose sur les sondes comptées à cet instant : {counted}."
    elif report.account.basis == Basis.SUBSCRIBED:
        yield f"Le montant appelé repose sur {_subscribed(report)}. Pour information, à la date de l’appel, {counted}."
    else:
        yield f"À cet instant, {counted}."
    if number:
        yield (
            "Une sonde en pause compte. Les sondes sont données de la plus ancienne à la plus récente ; le nom complet "
            f"de chacune est {report.call.collectivite}/équipement/sonde."
        )


def _subscribed(report: CallReport) -> str:
    if report.standing is None:
        return "les sondes souscrites"
    number = report.standing.subscribed
    if number < 2:
        return "la seule sonde souscrite" if number else "le forfait minimal"
    return f"les {whole(number)}{NBSP}sondes souscrites"


def _pools(report: CallReport, roll: Roll) -> Iterator[Table]:
    sondes = list(roll.since)
    for first in range(0, len(sondes), POOL):
        own = sondes[first : first + POOL]
        yield Table(
            caption=typeset(f"Pool {first // POOL + 1} : {count(len(own), 'sonde', 'sondes')} sur {POOL}"),
            header=("N°", "Équipement", "Sonde", "Comptée depuis le"),
            rows=tuple(
                (cell(str(rank)), *(cell(name) for name in _names(sonde)), cell(_since(report, roll.since[sonde])))
                for rank, sonde in enumerate(own, 1)
            ),
            numbers=(0,),
            widths=(0.7, 3.4, 3.4, 3.6),
        )


def _names(sonde: str) -> Sequence[str]:
    """Equipment and sonde, as they are written in the config."""
    return sonde.split("/")[1:]


def _since(report: CallReport, since: int) -> str:
    """Its life is told from the year of the call on."""
    day = date_of(datetime.fromtimestamp(since, report.account.timezone).date())
    return f"{day} ou avant" if since == report.year_start else day
