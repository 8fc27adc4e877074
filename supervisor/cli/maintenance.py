"""`vigie maintenance`: plan, prolong, cancel; list and show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.maintenance import as_json, numbered
from supervisor.cli.options import config_option
from supervisor.cli.performing import WHEN, Actor, acting, json_option
from supervisor.cli.reading import books
from supervisor.cli.showing import concerns, fields, local, one_line, say, say_done, table
from supervisor.domain.recurrence import EVERY
from supervisor.proof.statement import known
from supervisor.store import windows

Row = dict[str, Any]


@click.group()
def maintenance() -> None:
    """Planned maintenance: announced before it starts, it counts apart in the figures and opens no incident."""


@maintenance.command()
@acting
@click.option("--collectivite", required=True, metavar="ID")
@click.option("--service", "services", multiple=True, metavar="ID", help="May be given several times; all otherwise.")
@click.option("--start", required=True, metavar="WHEN", help=WHEN)
@click.option("--end", required=True, metavar="WHEN", help=WHEN)
@click.option("--nature", required=True, help="What is done.")
@click.option("--every", type=click.Choice(EVERY), help="Again, at the same local times.")
@click.option("--until", metavar="DATE", help="The last day on which one may begin, with --every.")
def plan(
    config: Path,
    author: str | None,
    as_one_object: bool,
    collectivite: str,
    services: tuple[str, ...],
    start: str,
    end: str,
    nature: str,
    every: str | None,
    until: str | None,
) -> None:
    """Plan a maintenance, or a series of them."""
    actor = Actor.of(config, author, as_one_object)
    answer = actor.perform(
        "maintenance.plan",
        collectivite=collectivite,
        services=list(services) or None,
        start=actor.instant(start, "start"),
        end=actor.instant(end, "end"),
        nature=nature,
        every=every,
        until=until,
    )
    say_done(answer, "maintenance", _table)


@maintenance.command()
@acting
@click.argument("number", type=int)
@click.option("--until", required=True, metavar="WHEN", help=f"Its new end: {WHEN}")
def prolong(config: Path, author: str | None, as_one_object: bool, number: int, until: str) -> None:
    """Prolong maintenance NUMBER: announced before its end, the time added counts apart too."""
    actor = Actor.of(config, author, as_one_object)
    say_done(
        actor.perform("maintenance.prolong", id=number, until=actor.instant(until, "until")), "maintenance", _table
    )


@maintenance.command()
@acting
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why.")
@click.option("--series", is_flag=True, help="All of its series that are still to come, too.")
def cancel(config: Path, author: str | None, as_one_object: bool, number: int, reason: str, series: bool) -> None:
    """Cancel maintenance NUMBER; one that has begun holds up to now."""
    actor = Actor.of(config, author, as_one_object)
    say_done(actor.perform("maintenance.cancel", id=number, reason=reason, series=series), "maintenance", _table)


# --- reading


@maintenance.command("list")
@config_option
@json_option
@click.option("--collectivite", metavar="ID", help="Those of one collectivité, and of what it uses.")
@click.option("--all", "every", is_flag=True, help="Those that are over or cancelled too.")
@click.option("--period", metavar="PERIOD", help="Those that touch 2026-03, 2026-Q1, 2026…")
def list_(config: Path, as_one_object: bool, collectivite: str | None, every: bool, period: str | None) -> None:
    """List the maintenance by start; by default what goes on and what is to come."""
    with books(config) as opened:
        known(opened.promises, collectivite)
        rows = [as_json(opened.scene, entry) for entry in windows.maintenances(opened.connection, *opened.span(period))]
    wanted = ("planned", "under way")
    rows = [row for row in rows if every or period is not None or row["state"] in wanted]
    rows = [row for row in rows if concerns(row, collectivite)]
    say({"maintenance": rows}, _table(rows), as_one_object=as_one_object)


def _table(rows: Iterable[Row]) -> Iterator[str]:
    header = ("number", "state", "start", "end", "collectivité", "services", "nature", "announced", "series")
    return table(
        header,
        [
            (
                str(row["id"]),
                row["state"],
                local(row["start"]),
                local(row["end"]),
                row["collectivite"],
                one_line(", ".join(row["services"] or ["all"])),
                one_line(row["nature"], 40),
                "late" if row["late"] else "in time",
                str(row["series"] or "-"),
            )
            for row in rows
        ],
    )


@maintenance.command()
@config_option
@json_option
@click.argument("number", type=int)
def show(config: Path, as_one_object: bool, number: int) -> None:
    """Show maintenance NUMBER."""
    with books(config) as opened:
        row = as_json(opened.scene, numbered(opened.scene, number))
    say(row, fields(row), as_one_object=as_one_object)
