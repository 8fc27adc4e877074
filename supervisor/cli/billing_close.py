"""`vigie billing close`: calls for contribution become final documents; `correct`: a line that compensates for one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from supervisor.billing.contributions import parse_year
from supervisor.billing.verifying import VerifiedBill, right, verify
from supervisor.cli.accounting import database_option, ledger
from supervisor.cli.performing import WHEN, Actor, acting, closing
from supervisor.cli.showing import local
from supervisor.proof.statement import stamp
from supervisor.store import bills

Answer = dict[str, Any]


@click.command("close")
@acting
@database_option
@click.option("--year", metavar="YEAR", help="2026. With --verify, all documents of months and years by default.")
@click.option("--collectivite", metavar="ID", help="The calls of one collectivité alone.")
@closing
@click.pass_context
def close(
    context: click.Context,
    config: Path,
    author: str | None,
    as_one_object: bool,
    database: Path | None,
    year: str | None,
    collectivite: str | None,
    correct: bool,
    reason: str | None,
    verifies: bool,
) -> None:
    """Close the calls of YEAR that are dated by now: each becomes a document, frozen with all that it is made of.

    With --verify, the chain of documents is checked, the figures are computed again from what was frozen, and what was
    frozen is compared with the ledger; the exit status is 1 if anything is wrong.
    """
    if verifies:
        if correct or (collectivite, reason, author) != (None, None, None):
            raise click.UsageError(
                "--verify writes nothing and reads all: leave out --collectivite, --correct, --reason and --author"
            )
        if not _verify(config, database, year, as_one_object):
            context.exit(1)
        return
    if database is not None:
        raise click.UsageError("--database is for --verify: what is closed is closed by the config")
    if year is None:
        raise click.MissingParameter(ctx=context, param_hint="--year", param_type="option")
    actor = Actor.of(config, author, as_one_object)
    answer = actor.perform("billing.close", year=year, collectivite=collectivite, correct=correct, reason=reason)
    if answer is not None:
        for line in _closed(answer):
            click.echo(line)


def _closed(answer: Answer) -> Iterator[str]:
    if not answer["closed"]:
        yield f"nothing to close: every call of {answer['year']} that is dated by now is closed"
        return
    for one in answer["closed"]:
        sondes = "" if one["sondes"] is None else f"{one['sondes']} sondes, "
        said = f"{one['number']}: {one['collectivite']}: {one['kind']} of {one['date']}: {sondes}"
        if one["corrects"] is None:
            yield f"{said}{one['amount']} €"
        else:
            yield f"{said}{one['was']} → {one['amount']} €, in the place of {one['corrects']}"
    yield f"total: {answer['total']} €"
    yield f"digest: {answer['digest']}"


@click.command()
@acting
@click.argument("sonde")
@click.option("--from", "since", required=True, metavar="WHEN", help=f"A day, or {WHEN}")
@click.option("--to", "until", required=True, metavar="WHEN", help=f"The end, excluded: a day, or {WHEN}")
@click.option("--reason", required=True, help="Why it does not count.")
@click.option(
    "--correction", is_flag=True, help="In a closed month too: counts once that is corrected (`vigie close --correct`)."
)
def correct(
    config: Path,
    author: str | None,
    as_one_object: bool,
    sonde: str,
    since: str,
    until: str,
    reason: str,
    correction: bool,
) -> None:
    """Put a mistaken addition right: SONDE is not counted from one instant to another. Stays on the record."""
    actor = Actor.of(config, author, as_one_object)
    answer = actor.perform(
        "billing.correct",
        sonde=sonde,
        **{"from": actor.instant(_begun(since), "from"), "to": actor.instant(_begun(until), "to")},
        reason=reason,
        correction=correction or None,
    )
    if answer is not None:
        made = answer["correction"]
        window = f"from {local(made['from'])} to {local(made['to'])}"
        click.echo(f"correction {made['id']}: {made['sonde']} does not count {window}: {made['reason']}")


def _begun(text: str) -> str:
    """A day stands for the instant it begins."""
    return f"{text}T00:00" if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else text


# --- verifying


def _verify(config: Path, database: Path | None, year: str | None, as_one_object: bool) -> bool:
    """Print what is found; is all well?"""
    with ledger(config, database) as (connection, books):
        kind, period = (None, None) if year is None else (bills.CALL, str(parse_year(year, books)))
        found = list(verify(connection, books, kind, period))
    if as_one_object:
        answer = {"right": right(found), "bills": [as_json(one, books.zone) for one in found]}
        click.echo(json.dumps(answer, ensure_ascii=False))
        return right(found)
    if not found:
        click.echo("nothing is closed")
    for line in lines(found):
        click.echo(line)
    return right(found)


def lines(found: Sequence[VerifiedBill]) -> Iterator[str]:
    """What was found, to a person: each thing that is wrong, and where nothing is, a line for a month or a year."""
    of = sorted(found, key=lambda one: (one.bill.period, one.bill.kind))
    for (period, kind), group in groupby(of, lambda one: (one.bill.period, one.bill.kind)):
        documents = list(group)
        if right(documents):
            what = "counts" if kind == bills.MONTH else "calls"
            many = f"{len(documents)} document" + ("s" if len(documents) > 1 else "")
            yield f"{what} of {period}: right: {many}, the last with digest {documents[-1].bill.digest}"
        for one in documents:
            for finding in one.findings:
                yield f"{one.bill.number}: {finding.about}: {finding.what}"
            for note in one.notes:
                yield f"{one.bill.number}: note: {note.about}: {note.what}"


def as_json(one: VerifiedBill, zone: ZoneInfo) -> Answer:
    """One document, to a program."""
    return {
        "number": one.bill.number,
        "kind": one.bill.kind,
        "period": one.bill.period,
        "collectivite": one.bill.collectivite,
        "corrects": one.bill.corrects,
        "closed": stamp(one.bill.closed_at, zone),
        "author": one.bill.author,
        "reason": one.bill.reason or None,
        "digest": one.bill.digest,
        "findings": [{"about": finding.about, "what": finding.what} for finding in one.findings],
        "notes": [{"about": note.about, "what": note.what} for note in one.notes],
    }
