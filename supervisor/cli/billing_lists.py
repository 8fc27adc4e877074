"""`vigie billing counts|contributions`: what is counted, and what is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from supervisor.billing.amendments import amendments
from supervisor.billing.books import Books
from supervisor.billing.contributions import Call, contributions, parse_year
from supervisor.billing.counts import CountLine, counts, left_out
from supervisor.billing.statement import contributions_json, counts_json, total
from supervisor.cli.accounting import ledger, reading
from supervisor.cli.billing_files import Form, call_forms, count_forms, letters
from supervisor.cli.showing import table
from supervisor.domain.money import show
from supervisor.domain.period import parse_month
from supervisor.errors import VigieError
from supervisor.reports.billing_table import calls_french, calls_machine, counts_french, counts_machine


@click.command("counts")
@reading
@click.option("--month", metavar="MONTH", required=True, help="2026-03.")
@click.option("--collectivite", metavar="ID", help="One collectivité alone.")
@count_forms
def counts_command(config: Path, database: Path | None, month: str, collectivite: str | None, form: Form) -> None:
    """Print how many sondes each collectivité had in MONTH, and how many are billed."""
    asked = parse_month(month)
    with ledger(config, database, collectivite) as (connection, books):
        lines = counts(connection, books, asked, collectivite)
        remarks = [*left_out(connection, books, asked, collectivite)]
    remarks += [line.warning for line in lines if line.warning is not None]
    if not form.give(
        lambda: counts_json(month, lines), lambda: counts_french(asked, lines), lambda: counts_machine(lines)
    ):
        for text in _counts(lines):
            click.echo(text)
    for remark in remarks:
        click.echo(f"warning: {remark}", err=True)


def _counts(lines: Iterable[CountLine]) -> Iterator[str]:
    header = ("COLLECTIVITE", "SIRET", "PEAK", "FIRST", "LAST", "MEAN", "DISTINCT", "BILLED", "POOLS")
    rows = [
        (
            line.collectivite,
            line.siret or "-",
            str(line.peak),
            str(line.first),
            str(line.last),
            f"{float(line.mean):.2f}",
            str(line.distinct),
            str(line.billed),
            str(line.pools),
        )
        for line in lines
    ]
    return table(header, rows, right=range(2, 9))


@click.command("contributions")
@reading
@click.option("--year", metavar="YEAR", required=True, help="2026.")
@click.option("--collectivite", metavar="ID", help="One collectivité alone.")
@call_forms
def contributions_command(config: Path, database: Path | None, year: str, collectivite: str | None, form: Form) -> None:
    """Print the calls for contribution of YEAR that are dated by now."""
    with ledger(config, database, collectivite) as (connection, books):
        asked = parse_year(year, books)
        calls = contributions(connection, books, asked, collectivite)
        remarks = list(_to_sign(books, asked, collectivite))
        written = letters(connection, books, asked, collectivite, form.output) if form.as_pdf else ()
        for path in written:
            click.echo(path)
    if not form.as_pdf and not form.give(
        lambda: contributions_json(asked, calls), lambda: calls_french(asked, calls), lambda: calls_machine(calls)
    ):
        for text in _calls(calls):
            click.echo(text)
    for remark in remarks:
        click.echo(f"warning: {remark}", err=True)


def _to_sign(books: Books, year: int, only: str | None) -> Iterator[str]:
    """Amendments to be signed, but for those that a later subscription covered."""
    try:
        found = amendments(books, year, only)
    except VigieError as error:  # a price that nobody set: the calls need it from 1 July on only
        yield f"amendments: {error}"
        return
    for each in found:
        over = each.excess
        if over.sondes:
            yield (
                f"{each.collectivite}: avenant à signer: {over.counted} sondes are counted "
                f"({over.counted_billed} billed), {over.subscribed} subscribed; it comes to {show(each.amount)} €"
            )


def _calls(calls: list[Call]) -> Iterator[str]:
    header = ("COLLECTIVITE", "SIRET", "DATE", "KIND", "SONDES", "UNIT PRICE", "AMOUNT", "DOCUMENT")
    rows = [
        (
            call.collectivite,
            call.siret or "-",
            call.date.isoformat(),
            str(call.kind),
            "-" if call.sondes is None else str(call.sondes),
            "-" if call.unit_price is None else show(call.unit_price),
            show(call.amount),
            call.document or "open",
        )
        for call in calls
    ]
    yield from table(header, rows, right=(4, 5, 6))
    yield f"total: {total(calls)} €"
