"""The open database: its lock, the thread that writes, the thread that reads."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlite_utils import Database

from supervisor.store.apply import apply
from supervisor.store.batch import Batch
from supervisor.store.connection import PATIENCE_MS, open_for_writing, read_only, saying_why
from supervisor.store.errors import StoreError
from supervisor.store.keys import Keys
from supervisor.store.lock import DatabaseLock

T = TypeVar("T")

# The write-ahead log is taken back into the database whenever it grew by so much: 1,000 pages, as SQLite's default.
CHECKPOINT_BYTES = 4 << 20


class Store:
    """One per process and database. Its methods may be called from any thread, its coroutines from any loop.

    A query is a function of a connection. It must not keep the connection, a cursor or a generator on it.
    """

    def __init__(self, path: Path, lock: DatabaseLock) -> None:
        self.path = path
        self._lock = lock
        self._wal = path.with_name(f"{path.name}-wal")
        self._checkpoint_at = CHECKPOINT_BYTES
        # A connection is bound to the thread that opened it: one thread each, for life.
        self._writing = ThreadPoolExecutor(1, "vigie-store-writer")
        self._reading = ThreadPoolExecutor(1, "vigie-store-reader")
        self._writer: Database
        self._reader: Database
        self._keys: Keys
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, version: str) -> Self:
        """Take the lock, look at what the file is, bring it up to date. `version` is that of this Vigie.

        Raises StoreError, and leaves the file as it was, if it is in use, not ours, newer, damaged or not writable.
        """
        path = path.resolve()  # two names of one database share one lock
        lock = DatabaseLock(path)
        store = cls(path, lock)
        try:
            store._writing.submit(store._open_writer, version).result()
            store._reading.submit(store._open_reader).result()
        except BaseException:
            store.close_now()
            raise
        return store

    def _open_writer(self, version: str) -> None:
        self._writer = open_for_writing(self.path, version)
        with saying_why(self.path):
            self._keys = Keys(self._writer.conn)

    def _open_reader(self) -> None:
        with saying_why(self.path):
            self._reader = read_only(self.path)

    # --- writing

    async def write(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` in one immediate transaction of the writer: all of it, or nothing and the exception.

        Whether it was done is unknown to a caller that is cancelled meanwhile: shield it if that matters.
        """
        return await asyncio.wrap_future(self._submit_write(query))

    def write_now(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The same for a command without an event loop."""
        return self._submit_write(query).result()

    async def record(self, batch: Batch) -> None:
        """Write a batch, whole or not at all."""
        await self.write(lambda connection: apply(connection, self._keys, batch))

    def record_now(self, batch: Batch) -> None:
        """The same for a command without an event loop."""
        self.write_now(lambda connection: apply(connection, self._keys, batch))

    def _submit_write(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        future = self._submit(self._writing, lambda: self._transaction(query))
        # After the answer, not before: nobody waits for the checkpoint but the next writer.
        self._submit(self._writing, self._tidy)
        return future

    def _transaction(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._writer.conn
        connection.execute("begin immediate")
        try:
            outcome = query(connection)
            if not connection.in_transaction:
                raise RuntimeError("a query of the store may neither commit nor roll back")
            connection.execute("commit")
        except BaseException:
            self._keys.undo()
            if connection.in_transaction:  # SQLite may have rolled back by itself: disk full, I/O error
                connection.execute("rollback")
            raise
        self._keys.settle()
        return outcome

    def _tidy(self) -> None:
        """Keep the write-ahead log short. Without waiting: if a reader is in the way, the next one will do."""
        with contextlib.suppress(OSError, sqlite3.Error):  # what failed is still in the log, and reported by a write
            size = self._wal.stat().st_size
            erased = self._writer.conn.execute("pragma secure_delete").fetchone() == (1,)
            if erased and size:  # somebody was to be forgotten for good: the log still holds them
                self._checkpoint(0)
                if not self._wal.stat().st_size:
                    self._writer.conn.execute("pragma secure_delete = fast")
            elif size >= self._checkpoint_at:
                self._checkpoint(0)
                self._checkpoint_at = self._wal.stat().st_size + CHECKPOINT_BYTES

    def _checkpoint(self, patience_ms: int) -> None:
        connection = self._writer.conn
        connection.execute(f"pragma busy_timeout = {patience_ms}")
        try:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        finally:
            connection.execute(f"pragma busy_timeout = {PATIENCE_MS}")

    # --- reading

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` on one instant of the database, in the reader's thread."""
        return await asyncio.wrap_future(self._submit(self._reading, lambda: self._snapshot(query)))

    def read_now(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The same for a command without an event loop."""
        return self._submit(self._reading, lambda: self._snapshot(query)).result()

    def _snapshot(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._reader.conn
        connection.execute("begin")
        try:
            return query(connection)
        finally:
            connection.execute("rollback")

    # --- the end

    async def close(self) -> None:
        """What was asked to be written is written, readers are interrupted, the log is taken back, the lock freed."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """The same for a command without an event loop."""
        if self._closed:
            return
        self._closed = True
        last_read = self._reading.submit(self._close_reader)
        while not wait([last_read], timeout=0.05).done:
            if hasattr(self, "_reader"):
                self._reader.conn.interrupt()  # again and again: it stops only the statement that runs
        self._writing.submit(self._close_writer).result()
        self._reading.shutdown()
        self._writing.shutdown()
        self._lock.release()

    def _close_reader(self) -> None:
        if hasattr(self, "_reader"):
            self._reader.close()

    def _close_writer(self) -> None:
        if not hasattr(self, "_writer"):
            return
        with contextlib.suppress(sqlite3.Error):  # a full disk: all is safe in the log
            self._checkpoint(PATIENCE_MS)
        self._writer.close()

    def _submit(self, executor: ThreadPoolExecutor, job: Callable[[], T]) -> Future[T]:
        if self._closed:
            raise StoreError(f"{self.path}: closed")
        return executor.submit(job)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_now()
