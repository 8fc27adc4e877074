"""`vigie billing explain`: what the count of a month is made of; `amendments`: who counts more than is subscribed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from supervisor.billing.amendments import amendments
from supervisor.billing.contributions import parse_year
from supervisor.billing.explaining import explain
from supervisor.billing.statement import amendments_json
from supervisor.cli.accounting import ledger, reading
from supervisor.cli.performing import json_option
from supervisor.cli.showing import local, one_line, say, table
from supervisor.domain.counting import MINIMUM, POOL
from supervisor.domain.period import parse_month

Row = dict[str, Any]


@click.command("explain")
@reading
@json_option
@click.argument("collectivite")
@click.option("--month", metavar="MONTH", required=True, help="2026-03.")
def explain_command(config: Path, database: Path | None, as_one_object: bool, collectivite: str, month: str) -> None:
    """Explain the count of MONTH: the sondes, since when each counts, the instant of the peak, and what is billed."""
    asked = parse_month(month)
    with ledger(config, database, collectivite) as (connection, books):
        found = explain(connection, books, collectivite, asked)
    say(found, _explained(found), as_one_object=as_one_object)
    for remark in found["remarks"]:
        click.echo(f"warning: {remark}", err=True)


@click.command("amendments")
@reading
@json_option
@click.option("--year", metavar="YEAR", required=True, help="2026.")
@click.option("--collectivite", metavar="ID", help="One collectivité alone.")
def amendments_command(
    config: Path, database: Path | None, as_one_object: bool, year: str, collectivite: str | None
) -> None:
    """List who counts more sondes in YEAR than the contract subscribes (« avenant à signer »), and what it comes to."""
    with ledger(config, database, collectivite) as (_, books):
        asked = parse_year(year, books)
        found = amendments_json(asked, amendments(books, asked, collectivite), books.zone)
    say(found, _amendments(found["amendments"]), as_one_object=as_one_object)


def _amendments(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        yield "no avenant à signer"
        return
    header = ("COLLECTIVITE", "SINCE", "STILL", "COUNTED", "SUBSCRIBED", "SONDES", "UNIT PRICE", "AMOUNT")
    yield "avenants à signer:"
    yield from table(
        header,
        [
            (
                row["collectivite"],
                local(row["since"]),
                "yes" if row["lasts"] else "no",
                f"{row['counted']} ({row['counted_billed']} billed)",
                f"{row['subscribed']} ({row['subscribed_billed']} billed)",
                str(row["sondes"]),
                row["unit_price"],
                row["amount"],
            )
            for row in rows
        ],
        right=(5, 6, 7),
    )


# --- the explanation, for people


def _explained(found: Row) -> Iterator[str]:
    yield f"{found['collectivite']}, {found['name']} (SIRET {found['siret'] or '-'})"
    state = f"closed, document {found['document']}" if found["document"] else "open"
    yield f"{found['month']}, {state}: from {local(found['start'])} to {local(found['until'])}, {found['elapsed_s']} s"
    yield from _contracts(found)
    for title, lines in (
        ("sondes that count", _sondes(found)),
        ("not counted", _left_out(found["left_out"])),
        ("corrections", _corrections(found["corrections"])),
    ):
        listed = list(lines)
        if listed:
            yield from ("", f"{title}:", *listed)
    yield ""
    yield from _sums(found)


def _contracts(found: Row) -> Iterator[str]:
    for contract in found["contracts"]:
        counts = ", ".join(f"{each['count']} sondes from {each['from']}" for each in contract["sondes"])
        notice = f", letter of leave received on {contract['notice']}" if contract["notice"] else ""
        last = f", last day {contract['last_day']}" if contract["last_day"] else ", renews itself"
        yield f"contract of {contract['start']}{notice}{last}: subscribes {counts or 'no number of sondes'}"
        yield f"  runs in the month: {_times(found, contract['runs']) or 'not at all'}"
    if not found["contracts"]:
        yield "no contract"
    if found["gone"]:
        yield f"its file disappeared from the config on {found['gone']}: no contract runs after that day"
    yield f"basis: {found['basis']}"


def _times(found: Row, spans: Iterable[Row]) -> str:
    """Times within the month; its edges are not said again."""
    return "; ".join(_time(span, found["start"], found["until"]) for span in spans)


def _time(span: Row, start: str, until: str) -> str:
    since = "" if span["from"] == start else f"from {local(span['from'])}"
    to = "" if span["to"] == until else f"to {local(span['to'])}"
    return " ".join(filter(None, (since, to))) or "all the time"


def _sondes(found: Row) -> Iterator[str]:
    if not found["sondes"]:
        return iter(())
    rows = [
        (
            row["sonde"],
            local(row["since"]),
            str(row["seconds"]),
            _times(found, row["spans"]),
            _remark(found, row),
        )
        for row in found["sondes"]
    ]
    return table(("SONDE", "SINCE", "SECONDS", "COUNTS", "REMARK"), rows, right=(2,))


def _remark(found: Row, row: Row) -> str:
    said = [row["ended"]] if row["ended"] else []
    if row["paused"]:
        said.append(f"paused {_times(found, row['paused'])}: counts all the same")
    return "; ".join(said)


def _left_out(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return iter(())
    return table(
        ("SONDE", "FROM", "TO", "WHY"),
        [(row["sonde"], local(row["from"]), local(row["to"]), row["why"]) for row in rows],
    )


def _corrections(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        waits = " (waits for the month to be closed again: vigie close --correct)" if row["waits"] else ""
        yield (
            f"correction {row['id']}{waits}: {row['sonde']} does not count from {local(row['from'])} "
            f"to {local(row['to'])}; {row['author']}, {local(row['entered'])}: {one_line(row['reason'], 200)}"
        )


def _sums(found: Row) -> Iterator[str]:
    peak_at = "" if found["peak_at"] is None else f" at once, first at {local(found['peak_at'])}"
    yield f"peak      {found['peak']}{peak_at}"
    yield f"first     {found['first']}"
    yield f"last      {found['last']}"
    elapsed = f" = {found['sonde_seconds']} sonde-seconds / {found['elapsed_s']} s" if found["elapsed_s"] else ""
    yield f"mean      {found['mean']:.6f}{elapsed}"
    yield f"distinct  {found['distinct']}"
    yield f"billed    {found['billed']}: {_why(found)}"
    due = found["amendment"]
    if due is not None:
        yield (
            f"avenant à signer, since {local(due['since'])}: {due['counted']} sondes counted, {due['subscribed']} "
            f"subscribed; {due['sondes']} × {due['unit_price']} € = {due['amount']} €"
        )


def _why(found: Row) -> str:
    """From the peak to what is billed."""
    if not any(contract["runs"] for contract in found["contracts"]):
        return "no contract runs in the month"
    inside = found["peak_inside"]
    at = "" if found["peak_inside_at"] is None else f", first at {local(found['peak_inside_at'])}"
    needed = -(-inside // POOL)
    least = f", and {MINIMUM} at least" if needed * POOL < MINIMUM else ""
    return f"at most {inside} while the contract runs{at} → {needed} pool{'s' * (needed > 1)} of {POOL}{least}"
