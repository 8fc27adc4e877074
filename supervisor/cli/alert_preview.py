"""`vigie alert preview`: what would leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.incidents import numbered
from supervisor.alerts.opening import gathering_of
from supervisor.alerts.preview import Foreseen, Preview
from supervisor.cli.options import config_option
from supervisor.cli.performing import json_option
from supervisor.cli.reading import Books, books
from supervisor.cli.showing import local, say
from supervisor.proof import desk

Row = dict[str, Any]


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
