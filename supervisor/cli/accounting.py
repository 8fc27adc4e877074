"""What the commands of billing start from: the ledger of the database, and the config where it differs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import click

from probes import registry
from supervisor.billing.books import Books, read
from supervisor.cli.options import config_option
from supervisor.config.configuration import Configuration
from supervisor.config.loader import database_path, load
from supervisor.control import ask
from supervisor.errors import ConfigError
from supervisor.store.connection import nothing_yet, open_for_reading

_PATIENCE_S = 5.0  # with a daemon that is asked whether it runs

Command = TypeVar("Command", bound=Callable[..., Any])

database_option = click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read this database alone, without any config: the ledger suffices.",
)


def reading(command: Command) -> Command:
    """The options of every command that reads the ledger."""
    return config_option(database_option(command))


def laid_over(configuration: Configuration) -> Configuration | None:
    """The config, to be read over the ledger; None while a daemon runs, which wrote there what it loaded."""
    try:
        running = ask(configuration.control, {"command": "status"}, within_s=_PATIENCE_S) is not None
    except TimeoutError:
        running = True  # busy, or stopped: its ledger can be read all the same
    return None if running else configuration


@contextmanager
def ledger(config: Path, database: Path | None, only: str | None = None) -> Iterator[tuple[sqlite3.Connection, Books]]:
    """Open it (for one collectivité `only`), as of now; a daemon may go on writing meanwhile.

    What the daemon that runs has not loaded does not hold yet. Where none runs, the config on disk is read as if it
    took effect now. A config that is gone, or refused, cannot take effect: then the ledger alone speaks.
    """
    configuration = None
    if database is None:
        try:
            configuration = load(config, registry.load())
        except ConfigError as error:
            database = database_path(config)
            if not database.exists():
                raise
            click.echo(f"warning: the config is refused, the ledger of {database} is read alone:\n{error}", err=True)
        else:
            database = configuration.database
            configuration = laid_over(configuration)
    # A contract alone, before Vigie ever ran, calls for its contribution too.
    with there(database) if configuration is not None else open_for_reading(database, version("vigie")) as connection:
        yield connection, read(connection, int(time.time()), configuration, only=only)


def there(database: Path) -> AbstractContextManager[sqlite3.Connection]:
    """The database, to be read; one that holds nothing before Vigie ever ran."""
    return open_for_reading(database, version("vigie")) if database.exists() else nothing_yet()
