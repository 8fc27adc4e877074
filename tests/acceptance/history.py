"""Imports in the test's own process, into a database in a file: thousands of them in seconds."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from probes import registry
from probes.base import Result, Status
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.domain.board import Board
from supervisor.domain.judge import Judge
from supervisor.importing import Import
from supervisor.record import Record
from supervisor.store import states
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store
from tests.acceptance.daemon import Installation

START = 1_770_000_000  # the second 0 of the histories

# Not the journals: what is in them that no ancestor can overrule any more depends on when they were last written.
TABLES = {
    "interval": "select s.id, start, end, status, cause, via, message from interval x",
    "coverage": "select s.id, last_at, until from coverage x",
    "state": "select s.id, json from state x",
    "spell": "select s.id, start, end from spell x",
}

Line = dict[str, Any]


def stamp(second: int) -> str:
    """That second of a history, as a file has it."""
    return datetime.fromtimestamp(START + second, UTC).isoformat()


def result(second: int, sonde: str, status: str, **more: object) -> Line:
    """A line of a file."""
    return {"t": stamp(second), "sonde": sonde, "status": status, **more}


def event(second: int, kind: str, sonde: str, **more: object) -> Line:
    """A line of a file."""
    return {"t": stamp(second), "event": kind, "sonde": sonde, **more}


def encode(lines: Iterable[Line]) -> bytes:
    """The file."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def configured(place: Installation) -> Configuration:
    """The configuration of a place."""
    return load(place.config, registry.load())


class Past:
    """One database, into which files are imported; every import is a process of its own, as with the command."""

    def __init__(self, configuration: Configuration, directory: Path, now: int = START + 1_000_000) -> None:
        self._configuration = configuration
        self._promises = promises_of(configuration)
        self._path = Path(tempfile.mkdtemp(dir=directory)) / "past.db"
        self._now = now

    def take(self, *files: Sequence[Line]) -> list[dict[str, int]]:
        """Import these files, one after the other; gives what each import says it did."""
        return [asyncio.run(self._import(encode(file))) for file in files]

    async def _import(self, content: bytes) -> dict[str, int]:
        async def lines() -> AsyncIterator[bytes]:
            for line in content.splitlines(keepends=True):
                yield line

        async def progress(_doing: str, _done: int, _total: int) -> None:
            return

        with Store.open(self._path, version="1") as store:
            record, recorder = await self._record(store)
            importing = Import(self._configuration, self._promises, store, record, recorder)
            checked = await importing.read(lines(), "file", self._now, progress)
            return (await importing.apply(checked, self._now, progress)).as_dict()

    async def _record(self, store: Store) -> tuple[Record, Recorder]:
        judge = Judge(self._configuration.flapping)
        judge.configure(self._configuration.sondes, self._configuration.canaries)
        judge.restore(await store.read(states.load))
        recorder = Recorder(store, now=time.time)
        recorder.promises = self._promises
        return Record(judge, Board(judge), recorder), recorder

    def live(self, lines: Iterable[Line], flush_every: int) -> None:
        """The same results as checks would bring them; a sonde is removed as by a reload."""

        async def run() -> None:
            with Store.open(self._path, version="1") as store:
                record, recorder = await self._record(store)
                for number, line in enumerate(lines):
                    sonde = self._configuration.sondes[line["sonde"]]
                    at = int(datetime.fromisoformat(line["t"]).timestamp())
                    if "status" in line:
                        record.take(sonde, at, Result(Status(line["status"]), line.get("message", "")))
                    elif line["event"] == "sonde-removed":
                        record.end(sonde.id, at)
                    if number % flush_every == 0:
                        await recorder.flush()
                await recorder.flush()

        asyncio.run(run())

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the database holds, save measurements and numbers."""

        def read(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
            named = {name: f"{query} join sonde s on s.key = x.sonde order by 1, 2" for name, query in TABLES.items()}
            named["incident"] = (
                "select sonde, spell, opened_at, restored_at, closed_at, cause from incident "
                "where void_at is null order by sonde, spell"
            )
            named["ledger"] = "select t, event, sonde, billable, service, source from ledger order by id"
            return {name: connection.execute(query).fetchall() for name, query in named.items()}

        with Store.open(self._path, version="1") as store:
            return store.read_now(read)

    def painted(self, horizon: int) -> dict[str, list[tuple[str, str]]]:
        """Status and cause of every second of every sonde that has a history."""
        tables = self.tables()
        ends = {sonde: known_until for sonde, _, known_until in tables["coverage"]}
        cells: dict[str, list[tuple[str, str]]] = {}
        for sonde, start, end, status, cause, _via, _message in tables["interval"]:
            seconds = cells.setdefault(sonde, [("unknown", "no data")] * horizon)
            stop = ends[sonde] if end is None else end
            for second in range(start - START, min(stop - START, horizon)):
                assert seconds[second] == ("unknown", "no data"), "two intervals at once"
                seconds[second] = (status, cause)
        return cells
