"""`vigie close`: a month's figures and counts become final; `--verify`: all that is closed is what it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.billing import verifying
from supervisor.billing.books import read
from supervisor.cli import billing_close
from supervisor.cli.accounting import laid_over
from supervisor.cli.performing import Actor, acting, closing
from supervisor.cli.reading import books
from supervisor.errors import VigieError
from supervisor.proof.statement import stamp
from supervisor.proof.verifying import Verified, right, verify
from supervisor.store import bills, closings


@click.command()
@acting
@click.option("--month", metavar="MONTH", help="2026-03. With --verify, all closed months by default.")
@closing
@click.pass_context
def close(
    context: click.Context,
    config: Path,
    author: str | None,
    as_one_object: bool,
    month: str | None,
    correct: bool,
    reason: str | None,
    verifies: bool,
) -> None:
    """Close MONTH: its figures and its counts of sondes, with all that they are made of, are frozen and chained to the
    closing before.

    With --verify, the chains are checked, the figures are computed again from what was frozen, and what was frozen is
    compared with the tables, calls for contribution included; the exit status is 1 if anything is wrong.
    """
    if verifies:
        if correct or reason is not None or author is not None:
            raise click.UsageError("--verify writes nothing: leave out --correct, --reason and --author")
        if not _verify(config, month, as_one_object):
            context.exit(1)
        return
    if month is None:
        raise click.MissingParameter(ctx=context, param_hint="--month", param_type="option")
    actor = Actor.of(config, author, as_one_object)
    answer = actor.perform("month.close", month=month, correct=correct, reason=reason)
    if answer is not None:
        made = answer["closing"]
        click.echo(f"{made['month']} version {made['version']}: closed: {made['services']} services, {_gti(made)}")
        click.echo(f"digest: {made['digest']}")
        counts = made["counts"]
        if counts["documents"]:
            click.echo(f"counts of sondes: documents: {counts['documents']}, the last with digest {counts['digest']}")


def _gti(made: dict[str, Any]) -> str:
    return f"{made['lines']} GTI lines, {made['running']} of which run on"


def _verify(config: Path, month: str | None, as_one_object: bool) -> bool:
    """Print what is found; is all well?"""
    with books(config) as opened:
        closed = [name for name, _, _ in closings.closed_months(opened.connection, opened.promises.zone)]
        if month is not None and month not in closed:
            raise VigieError(f"month: {month} is not closed; closed: {', '.join(closed) or 'none'}")
        found = list(verify(opened.connection, month))
        known = read(opened.connection, opened.now, laid_over(opened.configuration))
        documents = list(verifying.verify(opened.connection, known, None if month is None else bills.MONTH, month))
        zone = opened.promises.zone
    well = right(found) and verifying.right(documents)
    if as_one_object:
        answer = {
            "right": well,
            "closings": [_json(one, stamp(one.closing.closed_at, zone)) for one in found],
            "bills": [billing_close.as_json(one, zone) for one in documents],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
        return well
    if not found:
        click.echo("no month is closed")
    for one in found:
        for line in _lines(one, stamp(one.closing.closed_at, zone) or ""):
            click.echo(line)
    for line in billing_close.lines(documents):
        click.echo(line)
    return well


def _lines(one: Verified, closed: str) -> Iterator[str]:
    name = f"{one.closing.month} version {one.closing.version}"
    if not one.findings:
        yield (
            f"{name}: right: {one.services} services, {one.lines} GTI lines, closed {closed} by {one.closing.author}, "
            f"digest {one.closing.digest}"
        )
    for finding in one.findings:
        yield f"{name}: {finding.about}: {finding.what}"
    for note in one.notes:
        yield f"{name}: note: {note.about}: {note.what}"


def _json(one: Verified, closed: str | None) -> dict[str, Any]:
    return {
        "month": one.closing.month,
        "version": one.closing.version,
        "closed": closed,
        "author": one.closing.author,
        "reason": one.closing.reason or None,
        "services": one.services,
        "lines": one.lines,
        "digest": one.closing.digest,
        "findings": [{"about": finding.about, "what": finding.what} for finding in one.findings],
        "notes": [{"about": note.about, "what": note.what} for note in one.notes],
    }
