"""The recorder on a real database, with a real program that holds it locked."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probes.base import Result, Status
from supervisor.domain.state import Finding, Segment, SondeState
from supervisor.domain.topology import Entry
from supervisor.store import states
from supervisor.store.errors import StoreError
from supervisor.store.recorder import Recorder
from supervisor.store.retention import Retention
from supervisor.store.store import Store
from supervisor.store.upkeep import Upkeep
from tests.integration.store.contents import EVERY_S, SONDES, VERSION, batches, found, numbered
from tests.integration.store.disk_scenarios import note, until

NEVER_S = 3600.0
NOW = 1_800_000_000
OK = Result(Status.OK, "tout va bien", (), 0.1)
STATE = SondeState(NOW, NOW + 150, Status.OK, tail=(Segment(NOW, Status.OK),))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path / "vigie.db", version=VERSION)
    yield opened
    await opened.close()


def whole(recorder: Recorder, number: int) -> None:
    """Note all of a numbered batch."""
    batch = numbered(number)
    note(recorder, batch)
    for beat in batch.beats:
        recorder.note_beat(beat)


async def test_flush_is_a_barrier(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    for number in range(3):
        whole(recorder, number)
    assert recorder.pending == 3 * 20 * 4 + 2 * 20
    await recorder.flush()
    assert recorder.pending == 0
    assert recorder.last_flush_at == NOW
    assert await store.read(batches) == 3


async def test_what_is_noted_during_a_flush_waits_for_the_next(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    whole(recorder, 0)
    first = asyncio.create_task(recorder.flush())
    await asyncio.sleep(0)
    whole(recorder, 1)
    await asyncio.gather(first, recorder.flush(), recorder.flush())
    assert await store.read(batches) == 2


async def test_urgent_things_are_on_disk_at_once_and_together(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW, flush_every_s=NEVER_S)
    running = asyncio.create_task(recorder.run())
    flushes = 0
    for number in range(3):
        await asyncio.sleep(0)
        whole(recorder, number)
        recorder.urgent()
    await until(lambda: recorder.pending == 0)
    flushes = await store.read(lambda c: c.execute("select count(*) from sample_block").fetchone()[0])
    running.cancel()
    assert await store.read(batches) == 3
    assert flushes == 1


async def test_it_flushes_by_itself(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW, flush_every_s=0.05)
    running = asyncio.create_task(recorder.run())
    whole(recorder, 0)
    await until(lambda: recorder.pending == 0)
    running.cancel()
    assert await store.read(batches) == 1


async def test_states_are_rewritten_only_when_more_than_the_coverage_moved(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    later = STATE._replace(last_at=NOW + 60, until=NOW + 210)
    recorder.note_result("a/r/x", OK, None, STATE)
    await recorder.flush()
    await store.write(lambda c: c.execute("update state set json = '{}'").rowcount)  # to see whether it is rewritten
    recorder.note_result("a/r/x", OK, STATE, later)
    await recorder.flush()
    assert (await store.read(states.load))["a/r/x"][0] == SondeState(NOW + 60, NOW + 210)
    changed = later._replace(warning_count=1)
    recorder.note_result("a/r/x", OK, later, changed)
    await recorder.flush()
    assert (await store.read(states.load))["a/r/x"][0] == changed


async def test_a_journal_is_kept_and_then_emptied(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    journal = [Entry(None, NOW, Status.CRITICAL, "refus", Finding(Status.CRITICAL))]
    recorder.note_result("a/r/x", OK, None, STATE, journal)
    journal.append(journal[0])  # what the judge does later is not in this batch
    await recorder.flush()
    assert (await store.read(states.load))["a/r/x"] == (STATE, journal[:1])
    recorder.note_result("a/r/x", OK, STATE, STATE)
    await recorder.flush()
    assert (await store.read(states.load))["a/r/x"] == (STATE, [])


async def test_a_removed_sonde_leaves_no_state(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    recorder.note_result("a/r/x", OK, None, STATE)
    recorder.note_result("a/r/y", OK, None, STATE)
    await recorder.flush()
    recorder.note_removed("a/r/x")
    await recorder.flush()
    assert set(await store.read(states.load)) == {"a/r/y"}


async def test_a_database_locked_by_another_program_costs_nothing(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    recorder = Recorder(store, now=lambda: NOW, flush_every_s=0.05)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("begin immediate")
    running = asyncio.create_task(recorder.run())
    whole(recorder, 0)
    await until(lambda: recorder.failing is not None)
    assert recorder.failing is not None
    assert "another program holds it locked" in recorder.failing
    attempt = asyncio.create_task(recorder.flush())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    whole(recorder, 1)  # while an attempt that will fail is under way
    with pytest.raises(StoreError, match="cannot be written: another program holds it locked"):
        await attempt
    assert recorder.pending > 0
    other.execute("rollback")
    other.close()
    await until(lambda: recorder.failing is None)
    whole(recorder, 2)
    await recorder.flush()
    running.cancel()
    assert await store.read(batches) == 3
    assert recorder.dropped_samples == 0
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_a_cancelled_flush_loses_nothing(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    whole(recorder, 0)
    impatient = asyncio.create_task(recorder.flush())
    await asyncio.sleep(0)
    impatient.cancel()
    whole(recorder, 1)
    await recorder.flush()
    assert await store.read(batches) == 2


async def test_flushes_go_on_during_the_housework(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    for number in range(100):
        whole(recorder, number)
        await recorder.flush()
    keep = Retention(samples_s=600, quarters_s=3600, hours_s=86400, days_s=86400)
    working = asyncio.create_task(Upkeep(store, keep).run(100 * EVERY_S))
    number = 100
    while not working.done():
        whole(recorder, number)
        number += 1
        await recorder.flush()
    await working
    assert number > 100
    there = await store.read(found)
    assert len(there.ledger) == number
    # Of the quarters complete at 6,000 - 180 s, those that end within the last hour: [1800, 5400).
    assert there.rolled_up == (5400 - 1800) // EVERY_S * len(SONDES)
    assert min(there.samples) * EVERY_S == 5400, "samples older than ten minutes are gone, once rolled up"


async def test_housework_on_a_locked_database_says_so_and_goes_on_later(store: Store) -> None:
    recorder = Recorder(store, now=lambda: NOW)
    for number in range(40):
        whole(recorder, number)
    await recorder.flush()
    upkeep = Upkeep(store, Retention(samples_s=172800, quarters_s=1209600, hours_s=7948800, days_s=158112000))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreError, match="another program holds it locked"):
        await upkeep.run(40 * EVERY_S)
    other.execute("rollback")
    other.close()
    await upkeep.run(40 * EVERY_S)
    assert (await store.read(found)).rolled_up == 1800 // EVERY_S * len(SONDES)
