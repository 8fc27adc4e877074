"""`vigie alert list|retry|drop|preview`: what leaves, what did not arrive, what would leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.alerts import as_json
from supervisor.acts.incidents import numbered
from supervisor.alerts.opening import gathering_of
from supervisor.alerts.preview import Foreseen, Preview
from supervisor.cli.options import config_option
from supervisor.cli.performing import Actor, acting, json_option
from supervisor.cli.reading import Books, books
from supervisor.cli.showing import local, one_line, say, say_done, table
from supervisor.proof import desk
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


@click.command()
@config_option
@json_option
@click.argument("incident")
def preview(config: Path, as_one_object: bool, incident: str) -> None:
    """Print every message that INCIDENT makes leave, to whom, when and why; and who gets none, and why.

    Contacts and channels are those of now: of an incident that is over, it says what it would make leave today.
    """
    with books(config) as opened:
        found = numbered(opened.scene, incident, "incident")
        sheet = desk.sheet(opened.connection, opened.promises, opened.now, found)
        gathering = gathering_of(opened.configuration, opened.promises)
        foreseen = list(Preview(opened.connection, gathering, sheet, opened.now).foresee())
        rows = [_row(opened, each) for each in foreseen]
    say({"incident": incident, "events": rows}, _lines(rows), as_one_object=as_one_object)


def _row(opened: Books, foreseen: Foreseen) -> Row:
    return {
        "event": foreseen.kind,
        "percent": foreseen.percent,
        "at": opened.scene.stamp(foreseen.at),
        "step": foreseen.step or None,
        "messages": [
            {
                "contact": each.contact.name,
                "collectivite": each.contact.collectivite,
                "channel": each.channel,
                "to": each.address,
                "from": opened.scene.stamp(each.not_before),
                "subject": each.words.subject or None,
                "text": each.words.text,
            }
            for each in foreseen.leaving
        ],
        "silent": [
            {
                "contact": each.contact.name,
                "collectivite": each.contact.collectivite,
                "channel": each.channel,
                "why": each.why,
            }
            for each in foreseen.silent
        ],
    }


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        percent = f" {row['percent']} %" if row["percent"] is not None else ""
        step = f" step for {row['step']}" if row["step"] else ""
        yield click.style(f"{row['event']}{percent} {local(row['at'])}{step}", bold=True)
        for each in row["messages"]:
            later = f", not before {local(each['from'])}" if row["at"] not in (None, each["from"]) else ""
            yield f"  {each['channel']} to {each['contact']} ({each['collectivite']}) {each['to']}{later}"
            if each["subject"]:
                yield f"    {each['subject']}"
            for line in filter(None, each["text"].splitlines()):
                yield f"    {line}"
        for each in row["silent"]:
            yield f"  nothing by {each['channel']} to {each['contact']} ({each['collectivite']}): {each['why']}"


COMMANDS = (list_, retry, drop, preview)
