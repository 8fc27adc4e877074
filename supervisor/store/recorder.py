"""From the event loop to the database: collects what happens, writes it every few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping

from probes.base import Result
from supervisor.domain.account import AccountLine
from supervisor.domain.contact import Seed
from supervisor.domain.ledger import LedgerEvent
from supervisor.domain.promise import Promises
from supervisor.domain.state import Change, SondeState
from supervisor.domain.topology import Entry
from supervisor.store.accounts import TariffLine
from supervisor.store.batch import Batch, Beat, Coverage, Entered, Kept, Reference, Sample
from supervisor.store.errors import StoreError, explain
from supervisor.store.store import Store

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 5.0
URGENT_WITHIN_S = 0.1  # a little time for what comes together, and a little to write it: 0.2 s in all
RETRY_AFTER_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
# What is held of measurements while the disk cannot take them: ten minutes of 20,000 sondes, about 150 MB.
MAX_SAMPLES = 200_000


class Recorder:
    """Everything the loop notes is in memory at once and on disk at the next flush; nothing here waits but `flush`.

    When a flush fails, all of it is kept, what comes after is added to it, and it is tried again until it succeeds:
    states, history and ledger are never given up. Only measurements are, beyond `max_samples`, oldest first.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], float],
        flush_every_s: float = FLUSH_EVERY_S,
        max_samples: int = MAX_SAMPLES,
    ) -> None:
        self._store = store
        self._now = now
        self._flush_every_s = flush_every_s
        self._max_samples = max_samples
        self._batch = Batch()  # noted since the flush under way, or the last one
        self._writing: asyncio.Task[None] | None = None
        self._in_flight = 0
        self._urgent = asyncio.Event()
        # Sondes whose journal on disk is not empty: to be emptied once it is in memory.
        self._with_journal: set[str] = set()
        self.failing: str | None = None  # why the database cannot be written now
        self.version = 0  # of what the register of incidents is told from: one more at each flush that changed it
        self._moved = asyncio.Event()
        self.flapping: set[str] | None = None  # sondes that change too often; None: nobody is told
        self.promises: Promises | None = None  # of the config in force: what incidents are told by
        self.dropped_samples = 0  # measurements given up since the start
        self.last_flush_at: float | None = None  # POSIX seconds
        self.last_flush_s = 0.0  # how long it took

    @property
    def pending(self) -> int:
        """How many things are noted and not yet on disk."""
        return len(self._batch) + self._in_flight

    # --- noting: called by the loop, at every result

    def note_result(
        self,
        sonde: str,
        result: Result,
        before: SondeState | None,
        after: SondeState,
        journal: Iterable[Entry] = (),
    ) -> None:
        """A result was judged: `before` it the sonde's state was that, now it is `after`."""
        batch = self._batch
        batch.coverage[sonde] = Coverage(after.last_at, after.until)
        # The two instants of coverage lead the tuple. A journal counts as changed whenever there is one.
        if before is None or journal or before[2:] != after[2:] or sonde in self._with_journal:
            self.note_state(sonde, after, journal)
        batch.samples.append(Sample(after.last_at, sonde, result))
        if len(batch.samples) > self._max_samples:
            batch.samples.popleft()
            self.dropped_samples += 1

    def note_state(
        self, sonde: str, state: SondeState, journal: Iterable[Entry] = (), *, imported: bool = False
    ) -> None:
        """The sonde's state is another one, through no result of its own: what it depends on changed."""
        self._note_flapping(sonde, flapping=state.flapping and not imported)
        kept = Kept(state, tuple(journal))
        self._batch.coverage[sonde] = Coverage(state.last_at, state.until)
        self._batch.states[sonde] = kept
        (self._with_journal.add if kept.journal else self._with_journal.discard)(sonde)

    def _note_flapping(self, sonde: str, *, flapping: bool) -> None:
        if self.flapping is not None:
            (self.flapping.add if flapping else self.flapping.discard)(sonde)

    def note_changes(self, changes: Iterable[Change], *, imported: bool = False) -> None:
        """History changed."""
        changes = list(changes)
        self._batch.changes.extend(changes)
        if imported:
            self._batch.imported.update(change.sonde for change in changes)

    def note_entered(self, facts: Iterable[Entered]) -> None:
        """What people entered, as an imported file has it."""
        self._batch.entered.extend(facts)

    def note_due(self, sondes: Mapping[str, int], reports: Iterable[int]) -> None:
        """Time alone changes these incidents: a maintenance ended, so much of the GTI is used up."""
        self._batch.due |= sondes
        self._batch.due_reports.update(reports)

    def note_removed(self, sonde: str) -> None:
        """The sonde is gone, its state too; the change that ends its history is noted besides."""
        self._batch.forget(sonde)
        self._note_flapping(sonde, flapping=False)
        self._with_journal.discard(sonde)

    def note_ledger(self, events: Iterable[LedgerEvent]) -> None:
        """Sondes were added, changed or removed."""
        self._batch.ledger.extend(events)

    def note_accounts(self, accounts: Iterable[AccountLine], tariffs: Iterable[TariffLine]) -> None:
        """Contracts, or what they are billed by, changed."""
        self._batch.accounts.extend(accounts)
        self._batch.tariffs.extend(tariffs)

    def note_contacts(self, seeds: Iterable[Seed]) -> None:
        """The config names these; those that are known, or were erased, stay as they are."""
        self._batch.contacts.extend(seeds)

    def note_beat(self, beat: Beat) -> None:
        """A heartbeat called in."""
        self._batch.beats.append(beat)

    def note_reference(self, reference: Reference) -> None:
        """More was learnt of a camera's picture, or all of it is to be forgotten."""
        self._batch.references[reference.sonde] = reference

    def urgent(self) -> None:
        """What was noted should be on disk within 0.2 s, together with what comes in the meantime."""
        self._urgent.set()

    # --- the register of incidents

    def moved(self) -> None:
        """What incidents are told from is another: by this recorder's flushes, or by an act of a person."""
        self.version += 1
        self._moved.set()

    async def changed(self, version: int, within_s: float) -> None:
        """Wait until the version is another than this one, or so long."""
        self._moved.clear()
        if self.version == version:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._moved.wait()

    # --- writing

    async def run(self) -> None:
        """Flush for as long as the process lives; to be cancelled after a last `flush`."""
        failures = 0  # in a row
        while True:
            await self._pause(failures)
            self._urgent.clear()
            await self._flush_once()
            failures = failures + 1 if self.failing is not None else 0

    async def _pause(self, failures: int) -> None:
        if failures:
            await asyncio.sleep(RETRY_AFTER_S[min(failures, len(RETRY_AFTER_S)) - 1])
            return
        try:
            async with asyncio.timeout(self._flush_every_s):
                await self._urgent.wait()
        except TimeoutError:
            return
        await asyncio.sleep(URGENT_WITHIN_S)

    async def flush(self) -> None:
        """Return once everything noted up to this call is on disk; StoreError if it cannot be written now.

        One attempt, at once, even between two retries.
        """
        while self._writing is not None:
            await asyncio.shield(self._writing)  # it began before this call: it may lack the latest
        await self._flush_once()
        if self.failing is not None:
            raise StoreError(f"{self._store.path}: cannot be written: {self.failing}")

    async def _flush_once(self) -> None:
        if self._writing is None:
            if not self._batch and self.failing is None:
                return
            self._writing = asyncio.create_task(self._write())
        await asyncio.shield(self._writing)  # the outcome must be noted, whoever is cancelled meanwhile

    async def _write(self) -> None:
        """One attempt: the batch is taken out, and put back in front of what came meanwhile if it fails."""
        batch, self._batch = self._batch, Batch()
        batch.at = int(self._now())
        batch.promises = self.promises
        batch.flapping = None if self.flapping is None else frozenset(self.flapping)
        self._in_flight = len(batch)
        started = time.perf_counter()
        try:
            await self._store.record(batch)
        except Exception as error:  # noqa: BLE001  whatever it is, nothing may be lost; the next attempt tells
            batch.absorb(self._batch)
            self._batch = batch
            self._trim_samples()
            self._failed(error)
        else:
            if batch.changes or batch.entered or batch.due or batch.due_reports:
                self.moved()
            self.last_flush_at = self._now()
            self.last_flush_s = time.perf_counter() - started
            self._recovered()
        finally:
            self._in_flight = 0
            self._writing = None

    def _trim_samples(self) -> None:
        while len(self._batch.samples) > self._max_samples:
            self._batch.samples.popleft()
            self.dropped_samples += 1

    def _failed(self, error: Exception) -> None:
        reason = explain(error)
        if self.failing != reason:  # once, not at every attempt
            bug = not isinstance(error, sqlite3.Error | StoreError)
            log.error("the database cannot be written, what is new is kept in memory: %s", reason, exc_info=bug)
        self.failing = reason

    def _recovered(self) -> None:
        if self.failing is not None:
            log.warning("the database is written again; %d measurements were given up so far", self.dropped_samples)
        self.failing = None
