"""`vigie history import`: the past, from a file of lines of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from probes import registry
from supervisor.cli.options import config_option
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.control import ask
from supervisor.domain.board import Board
from supervisor.domain.judge import Judge
from supervisor.errors import VigieError
from supervisor.importing import Import
from supervisor.record import Record
from supervisor.store import states
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store


@click.group()
def history() -> None:
    """The past."""


@history.command("import")
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_(config: Path, file: Path, as_json: bool) -> None:
    """Replay FILE, lines of JSON in order of time, through the same rules into the same tables as live results.

    The same file twice changes nothing; one bad line refuses the whole file. Nobody is alerted.
    """
    configuration = load(config, registry.load())
    try:
        file.open("rb").close()
    except OSError as error:
        raise VigieError(f"{file}: cannot be read: {error.strerror}") from None
    bar = Bar()
    request = {"command": "import", "name": str(file)}
    summary = ask(configuration.control, request, file, lambda p: bar.show(p["doing"], p["done"], p["total"]))
    if summary is None:
        summary = asyncio.run(_import_here(configuration, file, bar))
    bar.clear()
    click.echo(json.dumps(summary) if as_json else _sentence(summary))


async def _import_here(configuration: Configuration, file: Path, bar: Bar) -> dict[str, int]:
    """No daemon runs: take the database's lock and do it here."""

    async def progress(doing: str, done: int, total: int) -> None:
        bar.show(doing, done, total)

    store = Store.open(configuration.database, version=version("vigie"))
    try:
        judge = Judge(configuration.flapping)
        judge.configure(configuration.sondes, configuration.canaries)
        judge.restore(await store.read(states.load))
        recorder = Recorder(store, now=time.time)
        record = Record(judge, Board(judge), recorder)
        promises = recorder.promises = promises_of(configuration)
        importing = Import(configuration, promises, store, record, recorder)
        now = int(time.time())
        checked = await importing.read(_lines(file), str(file), now, progress)
        return (await importing.apply(checked, now, progress)).as_dict()
    finally:
        await store.close()


async def _lines(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as content:
        for line in content:
            yield line


class Bar:
    """A progress bar, when a person is looking."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = 0.0

    def show(self, doing: str, done: int, total: int) -> None:
        """So many lines of so many, at most ten times a second."""
        now = time.monotonic()
        if not self._shown or (now - self._last < 0.1 and done != total):
            return
        self._last = now
        share = done / total if total else 0
        drawn = f"[{'#' * int(30 * share):<30}] {share:4.0%} " if total else ""
        click.echo(f"\r{doing} {drawn}{done:,} lines\x1b[K", nl=False, err=True)

    def clear(self) -> None:
        """Leave the line clean."""
        if self._last:
            click.echo("\r\x1b[K", nl=False, err=True)


def _sentence(summary: dict[str, Any]) -> str:
    return (
        f"{summary['results']} results and {summary['events']} events imported; left out: {summary['skipped']} results "
        f"at or before their sonde's last one, {summary['removed']} of removed sondes, "
        f"{summary['known_events']} events already known"
        + (f"; {summary['absent']} removals of sondes that were not there had no effect" if summary["absent"] else "")
    )
