"""`vigie token`: the keys of programs that read the API."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.tokens import as_json
from supervisor.cli.options import config_option
from supervisor.cli.performing import Actor, acting, json_option
from supervisor.cli.reading import books
from supervisor.cli.showing import local, one_line, say, say_done, table
from supervisor.store import tokens

Row = dict[str, Any]


@click.group()
def token() -> None:
    """Keys of programs that read the API."""


@token.command()
@acting
@click.option("--role", required=True, type=click.Choice(tokens.ROLES), help="What it may read.")
@click.option("--name", required=True, help="The program that will hold it.")
def create(config: Path, author: str | None, as_one_object: bool, role: str, name: str) -> None:
    """Make a key, and print its secret: this once, it is kept nowhere.

    The secret stays in this process; what is sent and kept is its digest. Interrupted before it is printed, it is
    lost: revoke the token, make another one.
    """
    secret = tokens.PREFIX + secrets.token_urlsafe(32)
    actor = Actor.of(config, author, as_one_object=False)
    answer = actor.perform("token.create", role=role, name=name, digest=tokens.digest(secret.encode()))
    if answer is not None:
        if not as_one_object:
            click.echo(f"note: token {answer['token']['id']}; its secret is shown this once", err=True)
        say({"token": answer["token"], "secret": secret}, [secret], as_one_object=as_one_object)


@token.command()
@acting
@click.argument("number", type=int, metavar="ID")
def revoke(config: Path, author: str | None, as_one_object: bool, number: int) -> None:
    """Token ID opens nothing any more, from now on."""
    say_done(Actor.of(config, author, as_one_object).perform("token.revoke", id=number), "token", _table)


@token.command("list")
@config_option
@json_option
@click.option("--all", "every", is_flag=True, help="Revoked ones too.")
def list_(config: Path, as_one_object: bool, every: bool) -> None:
    """List the tokens; their secrets are kept nowhere."""
    with books(config) as opened:
        found = [one for one in tokens.every(opened.connection) if every or one.revoked_at is None]
        rows = [as_json(opened.scene, one) for one in found]
    say({"tokens": rows}, _table(rows), as_one_object=as_one_object)


def _table(rows: Iterable[Row]) -> Iterator[str]:
    header = ("id", "state", "role", "created", "author", "revoked", "revoked by", "name")
    return table(
        header,
        [
            (
                str(row["id"]),
                row["state"],
                row["role"],
                local(row["created"]),
                one_line(row["author"]),
                local(row["revoked"]),
                one_line(row["revoked_by"] or "-"),
                one_line(row["name"]),
            )
            for row in rows
        ],
    )
