"""`vigie contact`: who is told, and how. They live in the database; the config seeds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import click

from supervisor.acts.contacts import as_json, written
from supervisor.cli.options import config_option
from supervisor.cli.performing import Actor, Command, acting, json_option
from supervisor.cli.reading import books
from supervisor.cli.showing import one_line, say, say_done, table
from supervisor.config.contacts import contacts_of
from supervisor.domain.contact import Seed
from supervisor.proof.statement import known
from supervisor.store import contacts

Row = dict[str, Any]

SEVERITY = click.Choice(["warning", "critical", "none"])


@click.group()
def contact() -> None:
    """People who are told of trouble: they live in the database, the config seeds them."""


def _fields(command: Command) -> Command:
    """The options that say how somebody is told."""
    options: tuple[Callable[[Command], Command], ...] = (
        click.option("--email", metavar="ADDRESS", help="Mail address; '' takes it away."),
        click.option("--phone", metavar="NUMBER", help="Like +33600000001; '' takes it away."),
        click.option("--mail", type=SEVERITY, help="Told by mail from this severity on."),
        click.option("--sms", type=SEVERITY, help="Told by SMS from this severity on."),
        click.option("--webhook", metavar="NAME", help="Webhook of the config; '' takes it away."),
        click.option("--post", type=SEVERITY, help="Told by webhook from this severity on."),
        click.option("--hours", metavar="CALENDAR", help="Told within these hours alone; '' at any hour."),
        click.option("--about", metavar="WORDS", help="Told of these alone, like incidents,pool; none; '' as usual."),
    )
    return reduce(lambda made, option: option(made), reversed(options), command)


def _given(**fields: str | None) -> dict[str, str | None]:
    severities = ("mail", "sms", "post")
    return {key: "" if key in severities and value == "none" else value for key, value in fields.items()}


@contact.command()
@acting
@click.option("--collectivite", required=True, metavar="ID")
@click.option("--name", required=True, help="Name, or function.")
@_fields
def add(
    config: Path, author: str | None, as_one_object: bool, collectivite: str, name: str, **fields: str | None
) -> None:
    """Enter somebody who is to be told."""
    actor = Actor.of(config, author, as_one_object)
    say_done(actor.perform("contact.add", collectivite=collectivite, name=name, **_given(**fields)), "contact", _table)


@contact.command()
@acting
@click.argument("number", type=int, metavar="ID")
@click.option("--name", help="Name, or function.")
@_fields
def edit(
    config: Path, author: str | None, as_one_object: bool, number: int, name: str | None, **fields: str | None
) -> None:
    """Change what is known of contact ID."""
    actor = Actor.of(config, author, as_one_object)
    say_done(actor.perform("contact.edit", id=number, name=name, **_given(**fields)), "contact", _table)


@contact.command()
@acting
@click.argument("number", type=int, metavar="ID")
def confirm(config: Path, author: str | None, as_one_object: bool, number: int) -> None:
    """Keep contact ID for three years more: they answered, or said so otherwise."""
    say_done(Actor.of(config, author, as_one_object).perform("contact.confirm", id=number), "contact", _table)


@contact.command()
@acting
@click.argument("number", type=int, metavar="ID")
def erase(config: Path, author: str | None, as_one_object: bool, number: int) -> None:
    """Forget contact ID for good: nothing of the person stays in the database."""
    answer = Actor.of(config, author, as_one_object).perform("contact.erase", id=number)
    if answer is not None:
        click.echo(f"contact {number} is erased")


@contact.command("list")
@config_option
@json_option
@click.option("--collectivite", metavar="ID")
def list_(config: Path, as_one_object: bool, collectivite: str | None) -> None:
    """List the contacts; those without a number are in the config, and taken up when it next takes effect."""
    with books(config) as opened:
        known(opened.promises, collectivite)
        rows = [as_json(opened.scene, one) for one in contacts.every(opened.connection, collectivite)]
        waiting = contacts.unseen(opened.connection, contacts_of(opened.configuration))
        rows += [_waiting(one) for one in waiting if collectivite in (None, one.collectivite)]
    say({"contacts": rows}, _table(rows), as_one_object=as_one_object)


def _waiting(one: Seed) -> Row:
    return {
        "id": None,
        **written(one),
        "seen": None,
        "kept_until": None,
        "warned": None,
        "created": None,
        "created_by": None,
        "changed": None,
        "changed_by": None,
    }


def _post(row: Row) -> str:
    """ "journal (warning)"."""
    severity = row["alerts"]["webhook"]
    return (row["webhook"] or "-") + (f" ({severity})" if severity else "")


def _table(rows: Iterable[Row]) -> Iterator[str]:
    header = (
        "id",
        "collectivité",
        "mail from",
        "SMS from",
        "webhook",
        "hours",
        "about",
        "kept until",
        "email",
        "phone",
        "name",
    )
    return table(
        header,
        [
            (
                str(row["id"] or "-"),
                row["collectivite"],
                row["alerts"]["mail"] or "-",
                row["alerts"]["sms"] or "-",
                _post(row),
                row["hours"] or "-",
                "-" if row["about"] is None else ",".join(row["about"]) or "none",
                (row["kept_until"] or "-")[:10],
                row["email"] or "-",
                row["phone"] or "-",
                one_line(row["name"]),
            )
            for row in rows
        ],
    )
