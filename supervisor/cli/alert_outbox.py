"""`vigie alert list|retry|drop`: what leaves, and what did not arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.alerts import as_json
from supervisor.cli.options import config_option
from supervisor.cli.performing import Actor, acting, json_option
from supervisor.cli.reading import books
from supervisor.cli.showing import local, one_line, say, say_done, table
from supervisor.store import channels, outbox

Row = dict[str, Any]

WEEK_S = 7 * 86_400


@click.command("list")
@config_option
@json_option
@click.option("--all", "every", is_flag=True, help="What arrived within the last week too.")
def list_(config: Path, as_one_object: bool, every: bool) -> None:
    """List the messages that wait, those that nobody got, and the channels that fail."""
    with books(config) as opened:
        connection = opened.connection
        found = (
            outbox.undelivered_or_since(connection, opened.now - WEEK_S) if every else outbox.undelivered(connection)
        )
        rows = [as_json(opened.scene, message) for message in found]
        failing = [
            {"channel": name, "since": opened.scene.stamp(since), "works_from": opened.scene.stamp(works_from)}
            for name, since, works_from in channels.failing(connection)
        ]
    say({"failing": failing, "messages": rows}, [*_failing(failing), *_table(rows)], as_one_object=as_one_object)


@click.command()
@acting
@click.argument("number", type=int, metavar="ID")
def retry(config: Path, author: str | None, as_one_object: bool, number: int) -> None:
    """Try message ID again, now."""
    say_done(Actor.of(config, author, as_one_object).perform("alert.retry", id=number), "message", _table)


@click.command()
@acting
@click.argument("number", type=int, metavar="ID")
def drop(config: Path, author: str | None, as_one_object: bool, number: int) -> None:
    """Message ID is not tried any more."""
    say_done(Actor.of(config, author, as_one_object).perform("alert.drop", id=number), "message", _table)


def _failing(channels: Iterable[Row]) -> Iterator[str]:
    for row in channels:
        again = row["works_from"] is not None and f"messages leave again since {local(row['works_from'])}"
        yield f"{row['channel']} fails since {local(row['since'])}: {again or 'nothing leaves by it'}"


def _table(rows: Iterable[Row]) -> Iterator[str]:
    header = ("id", "state", "made", "tries", "next", "by", "to", "subject", "why")
    return table(
        header,
        [
            (
                str(row["id"]),
                row["state"],
                local(row["made"]),
                str(row["attempts"]),
                local(row["next"]),
                row["channel"],
                row["to"],
                one_line(row["subject"] or row["text"], 50),
                row["failure"] or row["receipt"] or "",
            )
            for row in rows
        ],
        right=(3,),
    )
