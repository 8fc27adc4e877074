"""`vigie oncall`: whose turn it is, and who takes one over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from supervisor.acts.oncall import as_json, turn_json
from supervisor.cli.options import config_option
from supervisor.cli.performing import WHEN, Actor, acting, json_option
from supervisor.cli.reading import Books, books
from supervisor.cli.showing import local, one_line, say, say_done, table
from supervisor.domain import wall
from supervisor.domain.oncall import Rota
from supervisor.store.oncall import OnCall, replacements

Row = dict[str, Any]

WEEK_S = 7 * 86_400


@click.group()
def oncall() -> None:
    """Rotas of the config, their turns, and who takes one over."""


@oncall.command("list")
@config_option
@json_option
@click.option("--at", metavar="WHEN", help=f"Who is on call then: {WHEN}")
@click.option("--weeks", type=click.IntRange(1, 104), help="How many weeks to list; 4 by default.")
def list_(config: Path, as_one_object: bool, at: str | None, weeks: int | None) -> None:
    """List the turns that are to come, or the one of an instant; and the replacements."""
    with books(config) as opened:
        start = opened.now if at is None else wall.parse(at, ZoneInfo(opened.configuration.timezone), "at")
        end = start + 1 if at is not None and weeks is None else start + (weeks or 4) * WEEK_S
        rotas = opened.promises.duty.rotas.values()
        rows = [_rota(opened, rota, start, end) for rota in rotas]
        changes = [
            as_json(opened.scene, one) for one in replacements(opened.connection) if one.start < end and start < one.end
        ]
    say({"rotas": rows, "replacements": changes}, _lines(rows, changes), as_one_object=as_one_object)


def _rota(opened: Books, rota: Rota, start: int, end: int) -> Row:
    on_call = OnCall(opened.connection, opened.promises.duty)
    return {
        "rota": rota.name,
        "in_force": rota.in_force(start) == start,
        "missing": [str(who) for who in rota.members if on_call.contact(who) is None],
        "turns": [turn_json(opened.scene, rota.name, turn) for turn in on_call.turns(rota, start, end)],
    }


def _lines(rows: Iterable[Row], changes: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield click.style(f"{row['rota']}{'' if row['in_force'] else ' (out of its hours)'}", bold=True)
        for who in row["missing"]:
            yield f"  {who} is in the rota and no contact any more: the next member takes their turn"
        header = ("from", "until", "who", "replacement")
        yield from table(
            header,
            [
                (local(turn["from"]), local(turn["until"]), _who(turn["contact"]), str(turn["replacement"] or "-"))
                for turn in row["turns"]
            ],
        )
    found = [row for row in changes if row["cancelled"] is None]
    if found:
        yield click.style("replacements", bold=True)
        yield from _table(found)


def _table(rows: Iterable[Row]) -> Iterator[str]:
    header = ("id", "rota", "from", "until", "by", "entered by", "cancelled")
    return table(
        header,
        [
            (
                str(row["id"]),
                row["rota"],
                local(row["from"]),
                local(row["until"]),
                _who(row["contact"]),
                one_line(row["author"]),
                local(row["cancelled"]),
            )
            for row in rows
        ],
    )


def _who(contact: Row | None) -> str:
    return "erased" if contact is None else one_line(f"{contact['collectivite']}/{contact['name']}")


@oncall.command()
@acting
@click.argument("rota")
@click.option("--from", "start", required=True, metavar="WHEN", help=WHEN)
@click.option("--until", required=True, metavar="WHEN", help=WHEN)
@click.option("--by", required=True, metavar="COLLECTIVITE/NAME", help="A contact of the operator.")
def replace(config: Path, author: str | None, as_one_object: bool, rota: str, start: str, until: str, by: str) -> None:
    """Give the turns of ROTA to somebody for a while. Of several that overlap, the latest entered holds."""
    actor = Actor.of(config, author, as_one_object)
    arguments = {"from": actor.instant(start, "from"), "until": actor.instant(until, "until")}
    say_done(actor.perform("oncall.replace", rota=rota, by=by, **arguments), "replacement", _table)


@oncall.command()
@acting
@click.argument("number", type=int, metavar="ID")
def cancel(config: Path, author: str | None, as_one_object: bool, number: int) -> None:
    """Cancel replacement ID; one that has begun holds up to now."""
    say_done(Actor.of(config, author, as_one_object).perform("oncall.cancel", id=number), "replacement", _table)
