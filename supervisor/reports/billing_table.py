"""Counts and calls as CSV, one line a collectivité and one line a call. After the SIRET: what Chorus Pro asks for
besides, the code service and the n° d'engagement of that year (002 art. 5).

For a French spreadsheet, or for a program: then in the words of `vigie billing … --json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from supervisor.billing.contributions import Call
from supervisor.billing.counts import CountLine
from supervisor.billing.statement import CALL_FIELDS, COUNT_FIELDS, call_json, count_json
from supervisor.domain.account import Codes
from supervisor.domain.contribution import Kind
from supervisor.domain.money import show
from supervisor.domain.period import Period
from supervisor.reports.spreadsheet import french, identifier, machine, number, text
from supervisor.reports.wording import period

KINDS = {Kind.ANNUAL: "annuel", Kind.ADDITIONAL: "complémentaire"}

_WHOSE = ("Collectivité", "Nom", "SIRET", "Code service", "N° d’engagement")
_CODES = ("service", "engagement")


def counts_french(month: Period, lines: Iterable[CountLine]) -> bytes:
    """The counts of a month, for a French spreadsheet."""
    header = (
        *_WHOSE,
        "Mois",
        "Sondes au plus",
        "Sondes au début",
        "Sondes à la fin",
        "Sondes en moyenne",
        "Sondes différentes",
        "Sondes facturées",
        "Pools de 50 facturés",
        "Document",
    )
    return french(header, (_count(month, line) for line in lines))


def counts_machine(lines: Iterable[CountLine]) -> bytes:
    """The counts of a month, for a program."""
    return _machine(COUNT_FIELDS, ((count_json(line), line.codes) for line in lines))


def calls_french(year: int, calls: Iterable[Call]) -> bytes:
    """The calls of a year, for a French spreadsheet."""
    header = (
        *_WHOSE,
        "Année",
        "Date de l’appel",
        "Nature de l’appel",
        "Offre",
        "Sondes",
        "Prix unitaire HT (€)",
        "Montant HT (€)",
        "Document",
    )
    return french(header, (_call(year, call) for call in calls))


def calls_machine(calls: Iterable[Call]) -> bytes:
    """The calls of a year, for a program."""
    return _machine(CALL_FIELDS, ((call_json(call), call.codes) for call in calls))


def _count(month: Period, line: CountLine) -> list[str]:
    return [
        *_whose(line),
        period(month),
        str(line.peak),
        str(line.first),
        str(line.last),
        number(line.mean),
        str(line.distinct),
        str(line.billed),
        str(line.pools),
        identifier(line.document),
    ]


def _call(year: int, call: Call) -> list[str]:
    return [
        *_whose(call),
        str(year),
        call.date.strftime("%d/%m/%Y"),
        KINDS[call.kind],
        identifier(call.offer),
        "" if call.sondes is None else str(call.sondes),
        "" if call.unit_price is None else _euros(call.unit_price),
        _euros(call.amount),
        identifier(call.document),
    ]


def _whose(said: CountLine | Call) -> tuple[str, ...]:
    codes = said.codes
    return (
        identifier(said.collectivite),
        text(said.name),
        identifier(said.siret),
        identifier(codes.service),
        identifier(codes.engagement),
    )


def _euros(amount: Decimal) -> str:
    return show(amount).replace(".", ",")


def _machine(fields: Sequence[str], rows: Iterable[tuple[Mapping[str, Any], Codes]]) -> bytes:
    after = fields.index("siret") + 1
    header = (*fields[:after], *_CODES, *fields[after:])
    said = ({**row, "service": codes.service, "engagement": codes.engagement} for row, codes in rows)
    return machine(header, ([row[name] for name in header] for row in said))
