"""One import, in the daemon or in a command of its own: read all, rehearse, apply in slices, tell, end what is left."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable

from supervisor.billing.effect import settled, terms
from supervisor.config.configuration import Configuration
from supervisor.domain.incident import Spell
from supervisor.domain.judge import Judge
from supervisor.domain.maintenance import Maintenance
from supervisor.domain.promise import Promises
from supervisor.history.lines import History, Known
from supervisor.history.reader import LINE_BYTES, Reader
from supervisor.history.rehearsal import Rehearsal
from supervisor.history.replay import Replay, Summary, leftovers
from supervisor.record import Record
from supervisor.store import closings, digests, intervals, ledger, spells, states, windows
from supervisor.store.recorder import Recorder
from supervisor.store.register import tell_untold
from supervisor.store.store import Store

# Lines checked between two breaths of the event loop: about 10 ms.
BREATH = 2000

Progress = Callable[[str, int, int], Awaitable[None]]  # what is being done, lines done, lines in all (0: not known)


class Import:
    """Imports one file into the tables that live results are written to."""

    def __init__(
        self, configuration: Configuration, promises: Promises, store: Store, record: Record, recorder: Recorder
    ) -> None:
        self._configuration = configuration
        self._promises = promises
        self._store = store
        self._record = record
        self._recorder = recorder
        self._reader: Reader | None = None

    async def read(self, lines: AsyncIterator[bytes], name: str, now: int, progress: Progress) -> History:
        """Check the whole file; BadLine names the first line that is wrong."""
        reader = self._reader = Reader(name, await self._store.read(self._known), now)
        done = 0
        try:
            async for line in lines:
                reader.feed(line)
                done += 1
                if done % BREATH == 0:
                    await progress("reading", done, 0)
                    await asyncio.sleep(0)
        except ValueError:  # a line beyond the limit of asyncio's stream, which is larger than the reader's
            reader.feed(b"?" * (LINE_BYTES + 1))
        return reader.history

    def _known(self, connection: sqlite3.Connection) -> Known:
        return Known(
            services={c.id: tuple(c.services) for c in self._configuration.collectivites.values()},
            refs=digests.refs(connection),
            digests=digests.entered(connection),
            closed=[(start, end) for _, start, end in closings.closed_months(connection, self._promises.zone)],
        )

    async def apply(self, history: History, now: int, progress: Progress) -> Summary:
        """Apply a file that is right. What each slice did is on disk before the next begins."""
        await self._recorder.flush()
        await self._rehearse(history)
        existing = await self._store.read(lambda connection: list(ledger.events(connection)))
        known = {event.digest for event in existing if event.digest is not None}
        known |= await self._store.read(digests.entered)
        self._record.knows(known, await self._store.read(intervals.ends))
        replay = Replay(history, self._record, existing, await self._store.read(intervals.starts))
        for done in replay.slices():
            await self._recorder.flush()
            await progress("importing", done, len(history))
        await self.tell(now)
        self._record.enter_all(leftovers(replay.standing(), self._configuration.sondes, now))
        self._recorder.note_accounts(*settled(await self._store.read(terms), self._configuration, now))
        await self._recorder.flush()
        return replay.summary

    async def tell(self, now: int) -> None:
        """Tell the incidents of what was imported, now or by an import that was cut short."""
        while await self._store.write(lambda connection: tell_untold(connection, self._promises, now)):
            pass

    async def _rehearse(self, history: History) -> None:
        """Refuse a file that takes a step on an incident that is not there."""
        if not history.stepped or self._reader is None:
            return
        sondes = self._configuration.sondes
        concerned: set[str] = set()
        for sonde in history.stepped:
            above: str | None = sonde
            while above is not None and above not in concerned:
                concerned.add(above)
                above = sondes[above].parent if above in sondes else None
        judge = Judge(self._configuration.flapping)
        judge.configure({sonde: sondes[sonde] for sonde in concerned if sonde in sondes}, ())

        def facts(connection: sqlite3.Connection) -> tuple[dict[str, list[Spell]], list[Maintenance]]:
            known = states.load(connection)
            judge.restore({sonde: known[sonde] for sonde in concerned & known.keys()})
            return {sonde: spells.of(connection, sonde) for sonde in concerned}, windows.maintenances(connection)

        past, announced = await self._store.read(facts)
        rehearsal = Rehearsal(judge, self._promises, past, announced)
        await asyncio.to_thread(rehearsal.play, history, concerned, self._reader.bad)
