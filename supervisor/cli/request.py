"""`vigie request`: requests other than incidents, and when they are due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.requests import as_json, numbered
from supervisor.cli.options import config_option
from supervisor.cli.performing import Actor, acting, at_option, json_option
from supervisor.cli.reading import books
from supervisor.cli.showing import fields, local, one_line, say, say_done, table
from supervisor.domain.interval import FOREVER
from supervisor.domain.request import KINDS
from supervisor.proof.statement import known
from supervisor.store import requests

Row = dict[str, Any]


@click.group()
def request() -> None:
    """Requests other than incidents: administrative ones, and services to be put into production."""


@request.command()
@acting
@at_option
@click.option("--collectivite", required=True, metavar="ID")
@click.option("--service", metavar="ID", help="The service it is about.")
@click.option("--kind", required=True, type=click.Choice(KINDS))
@click.option("--message", required=True, help="What is asked for.")
@click.option("--complete", is_flag=True, help="The file of the production came with it.")
def add(
    config: Path,
    author: str | None,
    as_one_object: bool,
    at: str | None,
    collectivite: str,
    service: str | None,
    kind: str,
    message: str,
    complete: bool,
) -> None:
    """Enter a request. Due within a week; a production, within a month of its complete file."""
    actor = Actor.of(config, author, as_one_object)
    answer = actor.perform(
        "request.add",
        collectivite=collectivite,
        service=service,
        kind=kind,
        message=message,
        complete=complete,
        at=actor.instant(at, "at"),
    )
    say_done(answer, "request", _table)


@request.command()
@acting
@at_option
@click.argument("number")
def complete(config: Path, author: str | None, as_one_object: bool, at: str | None, number: str) -> None:
    """The file of NUMBER is complete: its month begins."""
    actor = Actor.of(config, author, as_one_object)
    say_done(actor.perform("request.complete", number=number, at=actor.instant(at, "at")), "request", _table)


@request.command()
@acting
@at_option
@click.argument("number")
@click.option("--text", required=True, help="The answer.")
def answer(config: Path, author: str | None, as_one_object: bool, at: str | None, number: str, text: str) -> None:
    """NUMBER is answered, or what it asked for is done."""
    actor = Actor.of(config, author, as_one_object)
    say_done(actor.perform("request.answer", number=number, text=text, at=actor.instant(at, "at")), "request", _table)


# --- reading


@request.command("list")
@config_option
@json_option
@click.option("--collectivite", metavar="ID")
@click.option("--all", "every", is_flag=True, help="Answered ones too.")
def list_(config: Path, as_one_object: bool, collectivite: str | None, every: bool) -> None:
    """List the requests to be answered: late ones first, then by due date."""
    with books(config) as opened:
        known(opened.promises, collectivite)
        zone = opened.promises.zone
        found = requests.read(opened.connection, collectivite, answered=every)
        ranks = ("late", "open", "incomplete", "answered late", "answered")
        found.sort(key=lambda one: (ranks.index(one.state(zone, opened.now)), one.due(zone) or FOREVER, one.number))
        rows = [as_json(opened.scene, one) for one in found]
    say({"requests": rows}, _table(rows), as_one_object=as_one_object)


def _table(rows: Iterable[Row]) -> Iterator[str]:
    header = ("number", "state", "due", "received", "kind", "collectivité", "service", "message")
    return table(
        header,
        [
            (
                row["number"],
                row["state"],
                local(row["due"]),
                local(row["received"]),
                row["kind"],
                row["collectivite"],
                row["service"] or "-",
                one_line(row["message"]),
            )
            for row in rows
        ],
    )


@request.command()
@config_option
@json_option
@click.argument("number")
def show(config: Path, as_one_object: bool, number: str) -> None:
    """Show NUMBER."""
    with books(config) as opened:
        row = as_json(opened.scene, numbered(opened.scene, number))
    say(row, fields(row), as_one_object=as_one_object)
