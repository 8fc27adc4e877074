"""What a disk can do to the database: `python -m tests.integration.store.disk_scenarios NAME`, inside a mount
namespace of its own, as root. Tells what it saw in one line of JSON; the test judges.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor.store import states
from supervisor.store.batch import Batch, Beat
from supervisor.store.connection import open_for_reading
from supervisor.store.errors import StoreError
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store
from tests.integration.store.contents import EVERY_S, SONDES, VERSION, numbered

MAX_SAMPLES = 300
PATIENCE_S = 60.0
NEWCOMER = "commune/nouvelle/sonde"


def tmpfs(size: str) -> Path:
    """A small disk of our own, gone with the namespace."""
    directory = Path(tempfile.mkdtemp())
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", directory], check=True)
    return directory


def fill(directory: Path) -> Path:
    """Take every byte that is left."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def note(recorder: Recorder, batch: Batch) -> None:
    """Hand a batch to the recorder as the application would."""
    recorder.note_changes(batch.changes)
    recorder.note_ledger(batch.ledger)
    for sample, (sonde, kept) in zip(batch.samples, batch.states.items(), strict=True):
        recorder.note_result(sonde, sample.result, None, kept.state)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it, but not for ever."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  a condition of another task
            await asyncio.sleep(0.02)


async def refused(recorder: Recorder) -> str:
    """The words of a flush that fails; "" if it succeeds."""
    try:
        await recorder.flush()
    except StoreError as error:
        return str(error)
    return ""


async def outage(store: Store, begin: Callable[[], None], end: Callable[[], None]) -> dict[str, Any]:
    """Five batches, trouble during the next forty, then five more."""
    recorder = Recorder(store, now=lambda: 0.0, flush_every_s=0.2, max_samples=MAX_SAMPLES)
    running = asyncio.create_task(recorder.run())
    for number in range(5):
        note(recorder, numbered(number))
        await recorder.flush()
    begin()
    # A sonde first seen in a transaction that fails: the number it got there is not its number.
    recorder.note_beat(Beat(NEWCOMER, 0))
    number, words = 5, Counter[str]()
    while number < 45:
        note(recorder, numbered(number))
        number += 1
        words[await refused(recorder)] += 1
    failing, pending = recorder.failing, recorder.pending
    loaded = len(await store.read(states.load))
    end()
    await until(lambda: recorder.failing is None)  # by itself: nobody calls flush
    for last in range(number, number + 5):
        note(recorder, numbered(last))
    await recorder.flush()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return {
        "words": words,
        "failing": failing,
        "pending": pending,
        "read_meanwhile": loaded,
        "dropped_samples": recorder.dropped_samples,
        "left": recorder.pending,
        **await store.read(summary),
    }


def summary(connection: Any) -> dict[str, Any]:
    """What is in the database."""

    def one(query: str) -> Any:
        return connection.execute(query).fetchone()[0]

    return {
        "ledger": one("select count(*) from ledger"),
        "newcomer": one(f"select count(*) from beat join sonde on key = sonde where sonde.id = '{NEWCOMER}'"),
        "intervals": one("select count(*) from interval"),
        "last": one(f"select min(last_at) / {EVERY_S} from coverage"),
        "samples": one("select count(*) from sample"),
        "latest_sample": one(f"select max(t) / {EVERY_S} from sample"),
        "integrity": one("pragma integrity_check"),
        "foreign": len(connection.execute("pragma foreign_key_check").fetchall()),
    }


def full() -> dict[str, Any]:
    """The disk fills up under a running daemon, is freed, and is full again at the next start."""
    disk = tmpfs("2m")
    path = disk / "vigie.db"
    ballast: list[Path] = []
    with Store.open(path, version=VERSION) as store:
        seen = asyncio.run(outage(store, lambda: ballast.append(fill(disk)), lambda: ballast.pop().unlink()))
        held = fill(disk)
    seen["opened_on_a_full_disk"] = _words(lambda: Store.open(path, version=VERSION).close_now())
    seen["created_on_a_full_disk"] = _words(lambda: Store.open(disk / "new.db", version=VERSION).close_now())
    held.unlink()
    with Store.open(path, version=VERSION) as store:
        seen["after"] = store.read_now(summary)
    with Store.open(disk / "new.db", version=VERSION) as store:
        store.record_now(numbered(0))
    return seen


def faulty() -> dict[str, Any]:
    """Every write beyond the present size of the files fails, as on a dying disk, then the disk is replaced."""
    path = Path(tempfile.mkdtemp()) / "vigie.db"
    with Store.open(path, version=VERSION) as store:

        def limit(size: int) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        return asyncio.run(outage(store, lambda: limit(4096), lambda: limit(resource.RLIM_INFINITY)))


def read_only() -> dict[str, Any]:
    """The disk is read-only when the daemon starts."""
    disk = tmpfs("8m")
    path = disk / "vigie.db"
    with Store.open(path, version=VERSION) as store:
        store.record_now(numbered(0))
    before = path.read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    seen: dict[str, Any] = {
        "opened": _words(lambda: Store.open(path, version=VERSION).close_now()),
        "created": _words(lambda: Store.open(disk / "new.db", version=VERSION).close_now()),
        "untouched": path.read_bytes() == before,
    }
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    with Store.open(path, version=VERSION) as store:
        seen["after"] = store.read_now(summary)
    return seen


def started_by_root() -> dict[str, Any]:
    """Root's commands create and recover a database that belongs to another user, whose daemon must still start."""
    disk = tmpfs("8m")
    os.chown(disk, 4242, 4243)
    path = disk / "vigie.db"
    with Store.open(path, version=VERSION) as store:
        store.record_now(numbered(0))
        owners = {file.name: [file.stat().st_uid, file.stat().st_gid] for file in disk.iterdir()}
    with open_for_reading(path, VERSION):
        owners |= {f"read {file.name}": [file.stat().st_uid, file.stat().st_gid] for file in disk.iterdir()}
    return {"owners": owners, "sondes": len(SONDES)}


def _words(action: Callable[[], None]) -> str:
    try:
        action()
    except StoreError as error:
        return str(error)
    return ""


SCENARIOS = {"full": full, "faulty": faulty, "read_only": read_only, "started_by_root": started_by_root}

if __name__ == "__main__":
    print(json.dumps(SCENARIOS[sys.argv[1]]()))  # noqa: T201
