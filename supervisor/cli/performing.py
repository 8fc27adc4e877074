"""How a command has an act done: by the daemon that runs, or here when none does."""

from __future__ import annotations

import json
import os
import pwd
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from probes import registry
from supervisor.acts.performing import perform
from supervisor.cli.options import config_option
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.control import ask
from supervisor.domain import wall
from supervisor.errors import VigieError
from supervisor.store.connection import saying_why
from supervisor.store.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])

WHEN = "2026-03-02T09:00 (local time) or 2026-03-02T09:00+01:00."

author_option = click.option("--author", help="Who does it; your login name by default.")
at_option = click.option("--at", metavar="WHEN", help=f"When it happened, if not now: {WHEN}")
json_option = click.option("--json", "as_one_object", is_flag=True, help="Print one JSON object.")


def acting(command: Command) -> Command:
    """The options that every act takes."""
    return reduce(lambda made, option: option(made), (json_option, author_option, config_option), command)


def closing(command: Command) -> Command:
    """The options of what makes figures final: a month, the calls of a year."""
    options = (
        click.option(
            "--verify", "verifies", is_flag=True, help="Write nothing: name what is wrong with what is closed."
        ),
        click.option("--reason", help="Why it is corrected."),
        click.option("--correct", is_flag=True, help="Put what is closed right, beside the old version, which stays."),
    )
    return reduce(lambda made, option: option(made), options, command)


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Whoever gives the command, and where."""

    configuration: Configuration
    author: str
    as_one_object: bool

    @classmethod
    def of(cls, config: Path, author: str | None, as_one_object: bool) -> Actor:
        """From the options that every act takes."""
        return cls(configuration=load(config, registry.load()), author=_author(author), as_one_object=as_one_object)

    @property
    def zone(self) -> ZoneInfo:
        """Of local times."""
        return ZoneInfo(self.configuration.timezone)

    def instant(self, text: str | None, key: str) -> str | None:
        """An instant as people write it, with its offset."""
        return None if text is None else datetime.fromtimestamp(wall.parse(text, self.zone, key), self.zone).isoformat()

    def perform(self, act: str, **arguments: Any) -> dict[str, Any] | None:
        """Have it done; gives the answer, or prints it as JSON and gives None."""
        said = {key: value for key, value in arguments.items() if value is not None}
        request = {"act": act, "author": self.author, **said}
        answer = ask(self.configuration.control, {"command": "act", **request})
        if answer is None:
            answer = self._here(request)
        if self.as_one_object:
            click.echo(json.dumps(answer, ensure_ascii=False))
            return None
        for remark in answer["remarks"]:
            click.echo(f"note: {remark}", err=True)
        return answer

    def _here(self, request: dict[str, Any]) -> dict[str, Any]:
        """No daemon runs: take the database's lock and do it here."""
        promises, database = promises_of(self.configuration), self.configuration.database
        with saying_why(database), Store.open(database, version=version("vigie")) as store:
            now = int(time.time())
            return store.write_now(lambda connection: perform(connection, promises, now, request, self.configuration))


def _author(given: str | None) -> str:
    """Who does it: on the record for ever, so never nobody."""
    name = given if given is not None else os.environ.get("SUDO_USER") or _login()
    if not name.strip():
        raise VigieError("--author: a name is expected")
    return name.strip()


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise VigieError(f"user {os.getuid()} has no login name; say who you are with --author") from None
