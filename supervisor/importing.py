"""One import, in the daemon or in a command of its own: read all, apply in slices, end what is left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from supervisor.config.configuration import Configuration
from supervisor.history import LINE_BYTES, History, Reader, Replay, Summary, leftovers
from supervisor.record import Record
from supervisor.store import intervals, ledger
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store

# Lines checked between two breaths of the event loop: about 10 ms.
BREATH = 2000

Progress = Callable[[str, int, int], Awaitable[None]]  # what is being done, lines done, lines in all (0: not known)


class Import:
    """Imports one file into the tables that live results are written to."""

    def __init__(self, configuration: Configuration, store: Store, record: Record, recorder: Recorder) -> None:
        self._configuration = configuration
        self._store = store
        self._record = record
        self._recorder = recorder

    async def read(self, lines: AsyncIterator[bytes], name: str, now: int, progress: Progress) -> History:
        """Check the whole file; BadLine names the first line that is wrong."""
        reader = Reader(name, self._configuration.collectivites, now)
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

    async def apply(self, history: History, now: int, progress: Progress) -> Summary:
        """Apply a file that is right. What each slice did is on disk before the next begins."""
        existing = await self._store.read(lambda connection: list(ledger.events(connection)))
        ended = await self._store.read(intervals.ends)
        self._record.knows((event.digest for event in existing if event.digest is not None), ended)
        replay = Replay(history, self._record, existing)
        for done in replay.slices():
            await self._recorder.flush()
            await progress("importing", done, len(history))
        self._record.enter_all(leftovers(replay.standing(), self._configuration.sondes, now))
        await self._recorder.flush()
        return replay.summary
