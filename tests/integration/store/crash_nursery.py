"""Raises writers and kills them: `python -m tests.integration.store.crash_nursery DIRECTORY ROUNDS SEED`.

A process of its own, without threads when it forks, so that a round costs milliseconds and not the start of an
interpreter. Each writer opens the database, then writes batch after batch and says so through a pipe; at a random
moment it gets SIGKILL. What it said was written must be there, whole, and nothing of any other batch but whole ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from pathlib import Path

from supervisor.store.connection import open_for_reading
from supervisor.store.recorder import Recorder
from supervisor.store.retention import Retention
from supervisor.store.store import Store
from supervisor.store.upkeep import Upkeep
from tests.integration.store.contents import EVERY_S, VERSION, batches, numbered

NEW_DATABASE_EVERY = 8  # rounds: so that creation is interrupted too


def write_until_killed(database: Path, pipe: int) -> None:
    """The writer: every batch through a recorder, then its number into the pipe; roll-ups now and then."""

    async def work() -> None:
        store = Store.open(database, version=VERSION)
        number = store.read_now(batches)
        recorder = Recorder(store, now=lambda: number * EVERY_S)
        upkeep = Upkeep(store, Retention(samples_s=172800, quarters_s=1209600, hours_s=7948800, days_s=158112000))
        while True:
            batch = numbered(number)
            recorder.note_changes(batch.changes)
            recorder.note_ledger(batch.ledger)
            for beat, (sonde, kept) in zip(batch.beats, batch.states.items(), strict=True):
                recorder.note_beat(beat)
                recorder.note_result(sonde, batch.samples[0].result, None, kept.state)
            await recorder.flush()
            number += 1
            os.write(pipe, number.to_bytes(4, "little"))
            if number % 5 == 0:
                await upkeep.run(number * EVERY_S)

    asyncio.run(work())


def killed_once(database: Path, batches_said: int, delay_s: float) -> int:
    """Raise a writer, kill it so long after it said so many times that a batch was written; the number of the last."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            write_until_killed(database, writing)
        finally:
            os._exit(70)  # reached only by an exception, whose trace is on standard error
    os.close(writing)
    said = b""
    while len(said) < 4 * batches_said and (piece := os.read(reading, 4)):
        said += piece
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    while piece := os.read(reading, 1 << 16):
        said += piece
    os.close(reading)
    _, outcome = os.waitpid(child, 0)
    if not os.WIFSIGNALED(outcome):
        raise AssertionError("the writer ended by itself")
    return int.from_bytes(said[-4:], "little")


def look(database: Path, *, recover: bool) -> int:
    """How many batches are there. Half of the time without the clean close that would tidy up before the next kill."""
    if recover:
        with Store.open(database, version=VERSION) as store:
            return store.read_now(batches)
    try:
        with open_for_reading(database, VERSION) as connection:
            return batches(connection)
    except sqlite3.Error as error:
        raise AssertionError(f"unreadable after a kill: {error}") from error


def main(directory: Path, rounds: int, seed: int) -> None:
    """All rounds; tells what happened in one line of JSON."""
    rnd = random.Random(seed)
    database = directory / "vigie.db"
    acknowledged, kept, in_flight = 0, 0, 0
    for turn in range(rounds):
        if turn % NEW_DATABASE_EVERY == 0:
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            kept = 0
        # Very early for some, so that opening and migrating are hit as well; others wrote, however slow the machine is.
        early = rnd.random() < 0.5
        said = killed_once(database, 0 if early else rnd.randint(1, 20), rnd.uniform(0, 0.03 if early else 0.01))
        acknowledged += max(said - kept, 0)
        before = max(said, kept)
        # Killed before there is a schema: only opening it as a writer does can tell that nothing is missing.
        kept = look(database, recover=before == 0 or turn % 2 == 0)
        if not before <= kept <= before + 1:
            raise AssertionError(f"round {turn}: {before} acknowledged, {kept} there")
        in_flight += kept - before
    print(json.dumps({"rounds": rounds, "acknowledged": acknowledged, "whole_but_unacknowledged": in_flight}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
