"""`vigie exclusion`: add and revoke; list and show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.exclusions import as_json, numbered
from supervisor.cli.options import config_option
from supervisor.cli.performing import WHEN, Actor, acting, json_option
from supervisor.cli.reading import books
from supervisor.cli.showing import concerns, fields, local, one_line, say, say_done, table
from supervisor.domain.availability import KINDS
from supervisor.proof.statement import known
from supervisor.store import windows

Row = dict[str, Any]


@click.group()
def exclusion() -> None:
    """Time that is left out of the figures, or shown apart."""


_CORRECTION = click.option(
    "--correction", is_flag=True, help="In a closed month too: counts once that is corrected (`vigie close --correct`)."
)


@exclusion.command()
@acting
@click.option("--collectivite", required=True, metavar="ID")
@click.option("--service", metavar="ID", help="All of its services otherwise.")
@click.option("--start", required=True, metavar="WHEN", help=WHEN)
@click.option("--end", required=True, metavar="WHEN", help=WHEN)
@click.option("--kind", required=True, type=click.Choice(KINDS))
@click.option("--reason", required=True, help="Why.")
@_CORRECTION
def add(
    config: Path,
    author: str | None,
    as_one_object: bool,
    collectivite: str,
    service: str | None,
    start: str,
    end: str,
    kind: str,
    reason: str,
    correction: bool,
) -> None:
    """Exclude time, also after the fact until its month is closed."""
    actor = Actor.of(config, author, as_one_object)
    answer = actor.perform(
        "exclusion.add",
        collectivite=collectivite,
        service=service,
        start=actor.instant(start, "start"),
        end=actor.instant(end, "end"),
        kind=kind,
        reason=reason,
        correction=correction or None,
    )
    say_done(answer, "exclusion", _table)


@exclusion.command()
@acting
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why.")
@_CORRECTION
def revoke(config: Path, author: str | None, as_one_object: bool, number: int, reason: str, correction: bool) -> None:
    """Revoke exclusion NUMBER: it counts no more, and stays on the record."""
    actor = Actor.of(config, author, as_one_object)
    say_done(
        actor.perform("exclusion.revoke", id=number, reason=reason, correction=correction or None), "exclusion", _table
    )


# --- reading


@exclusion.command("list")
@config_option
@json_option
@click.option("--collectivite", metavar="ID", help="Those of one collectivité, and of what it uses.")
@click.option("--all", "every", is_flag=True, help="Revoked ones too.")
@click.option("--period", metavar="PERIOD", help="Those that touch 2026-03, 2026-Q1, 2026…")
def list_(config: Path, as_one_object: bool, collectivite: str | None, every: bool, period: str | None) -> None:
    """List the exclusions by start; by default those that hold."""
    with books(config) as opened:
        known(opened.promises, collectivite)
        rows = [as_json(opened.scene, entry) for entry in windows.exclusions(opened.connection, *opened.span(period))]
    rows = [row for row in rows if (every or row["state"] == "holds") and concerns(row, collectivite)]
    say({"exclusions": rows}, _table(rows), as_one_object=as_one_object)


def _table(rows: Iterable[Row]) -> Iterator[str]:
    header = ("number", "state", "kind", "start", "end", "collectivité", "service", "reason", "author")
    return table(
        header,
        [
            (
                str(row["id"]),
                row["state"],
                row["kind"],
                local(row["start"]),
                local(row["end"]),
                row["collectivite"],
                row["service"] or "all",
                one_line(row["reason"]),
                row["author"],
            )
            for row in rows
        ],
    )


@exclusion.command()
@config_option
@json_option
@click.argument("number", type=int)
def show(config: Path, as_one_object: bool, number: int) -> None:
    """Show exclusion NUMBER."""
    with books(config) as opened:
        row = as_json(opened.scene, numbered(opened.scene, number))
    say(row, fields(row), as_one_object=as_one_object)
