"""`vigie camera`: what is known of the pictures of cameras, and having it learnt anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.cameras import TYPE
from supervisor.cli.options import config_option
from supervisor.cli.performing import Actor, acting, json_option
from supervisor.cli.reading import Books, books
from supervisor.cli.showing import local, one_line, say, table
from supervisor.config.configuration import Configuration
from supervisor.config.wording import near
from supervisor.errors import VigieError
from supervisor.store import references

Row = dict[str, Any]


@click.group()
def camera() -> None:
    """What is known of the pictures of cameras."""


@camera.command()
@acting
@click.argument("sonde")
@click.option("--reason", required=True, help="What was changed on purpose: turned, moved, cleaned, replaced.")
def learn(config: Path, author: str | None, as_one_object: bool, sonde: str, reason: str) -> None:
    """Forget what was learnt of the picture of SONDE: what it shows from now on is what it should show."""
    actor = Actor.of(config, author, as_one_object)
    _refuse(actor.configuration, sonde)
    answer = actor.perform("camera.learn", sonde=sonde, reason=reason)
    if answer is not None:
        click.echo(f"{answer['sonde']}: learnt anew from {local(answer['t'])} on")


def _refuse(configuration: Configuration, sonde: str) -> None:
    cameras = {name: known.settings for name, known in configuration.sondes.items() if known.type == TYPE}
    if sonde not in cameras:
        raise VigieError(f"sonde: '{sonde}' is no camera of the config; {near(sonde, cameras)}")
    if not cameras[sonde].picture.on:
        raise VigieError(f"sonde: the picture of {sonde} is not looked at; `picture: on` would have it looked at")


@camera.command("list")
@config_option
@json_option
def list_(config: Path, as_one_object: bool) -> None:
    """List the cameras whose picture is looked at, and when each was last to be learnt anew."""
    with books(config) as opened:
        rows = list(_rows(opened))
    say({"cameras": rows}, _table(rows), as_one_object=as_one_object)


def _rows(opened: Books) -> Iterator[Row]:
    known = {reference.sonde: reference for reference in references.read(opened.connection)}
    asked = {learning.sonde: learning for learning in references.learnings(opened.connection)}
    for name, sonde in opened.configuration.sondes.items():
        if sonde.type != TYPE or not sonde.settings.picture.on:
            continue
        reference, learning = known.get(name), asked.get(name)
        yield {
            "sonde": name,
            "state": reference.state or None if reference is not None else None,
            "learnt": opened.scene.stamp(reference.t) if reference is not None else None,
            "bytes": len(reference.data or b"") if reference is not None else 0,
            "anew": opened.scene.stamp(learning.t) if learning is not None else None,
            "author": learning.author if learning is not None else None,
            "reason": learning.reason if learning is not None else None,
        }


def _table(rows: list[Row]) -> Iterator[str]:
    header = ("sonde", "state", "learnt up to", "bytes", "learnt anew", "by", "reason")
    cells = [
        [
            row["sonde"],
            row["state"] or "-",
            local(row["learnt"]),
            str(row["bytes"]),
            local(row["anew"]),
            one_line(row["author"] or "-"),
            one_line(row["reason"] or "-"),
        ]
        for row in rows
    ]
    yield from table(header, cells, right=(3,))
