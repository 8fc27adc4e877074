"""Connections: the one that writes, and those that only read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from supervisor.store.errors import StoreError, explain
from supervisor.store.lock import give_to_owner_of_directory
from supervisor.store.migrations import MIGRATIONS, refuse_unknown

WAL_LIMIT_BYTES = 16 << 20
# How long the writer waits for another program that locks the database: nobody should, so the recorder's retries do
# the rest.
PATIENCE_MS = 500

# FULL, not NORMAL: NORMAL would let a power cut take back what was acknowledged since the last checkpoint (a minute
# of states, a ledger line, later an alert). It costs one fsync a flush, every few seconds, in the writer's thread.
# Checkpoints are asked for by the store itself, between two transactions. `secure_delete` is compiled in on Debian:
# FAST spares the rewriting of every page that retention frees.
_WRITER = f"""
pragma synchronous = full;
pragma foreign_keys = on;
pragma busy_timeout = {PATIENCE_MS};
pragma wal_autocheckpoint = 0;
pragma journal_size_limit = {WAL_LIMIT_BYTES};
pragma secure_delete = fast;
pragma temp_store = memory;
"""


def open_for_writing(path: Path, version: str) -> Database:
    """The one connection that writes and checkpoints; the caller holds the lock. Brings the schema up to date.

    1. A missing (or empty) file is created, readable by its owner alone: SQLite gives its -wal and -shm the same mode.
    2. What it holds is looked at through a read-only connection: a database that is refused is left untouched.
    3. All missing migrations and the version are one transaction: a crash leaves the old schema or the new one.
    """
    with saying_why(path):
        _create(path)
        try:
            _look(path, version)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            _roll_back(path)
            _look(path, version)
        database = _connect(path, "rw")
        try:
            database.enable_wal()
            database.conn.executescript(_WRITER)
            _migrate(database, version)
        except BaseException:
            database.close()
            raise
        return database


@contextmanager
def open_for_reading(path: Path, version: str) -> Iterator[sqlite3.Connection]:
    """A connection for a command that only reads; needs no lock, and sees one instant of the database."""
    with saying_why(path):
        database = read_only(path)
    try:
        with saying_why(path):
            refuse_unknown(database, path, version)
            if MIGRATIONS.pending(database):
                raise StoreError(f"{path}: of an older version; start `vigie run` once, it brings it up to date")
            database.conn.execute("begin")
        yield database.conn
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {explain(error)}") from error
    finally:
        database.close()


@contextmanager
def nothing_yet() -> Iterator[sqlite3.Connection]:
    """A database that holds nothing, in memory: for what is asked before Vigie ever ran."""
    database = Database(memory=True, execute_plugins=False)
    try:
        MIGRATIONS.apply(database)
        yield database.conn
    finally:
        database.close()


def read_only(path: Path) -> Database:
    """A connection that can neither write nor checkpoint: one checkpointing connection is the rule (docs/adr/0003)."""
    database = _connect(path, "ro&immutable=1" if _archived(path) else "ro")
    database.conn.execute("pragma query_only = on")
    database.conn.execute("pragma temp_store = memory")
    return database


def _archived(path: Path) -> bool:
    """Is it where nobody can write, like an archive? Then SQLite could not make the files that readers share.

    Nor does anybody write, so that it can be read as it lies: whoever does has a log beside it.
    """
    log = path.with_name(f"{path.name}-wal")
    return path.is_file() and not log.exists() and not os.access(path.parent, os.W_OK)


@contextmanager
def saying_why(path: Path) -> Iterator[None]:
    """Turn what SQLite or the system says of this file into a StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: {explain(error)}") from error


def _look(path: Path, version: str) -> None:
    reader = _connect(path, "ro")
    try:
        refuse_unknown(reader, path, version)
    finally:
        reader.close()


def _roll_back(path: Path) -> None:
    """Take back what a kill left half done before there was a write-ahead log: no reader may."""
    database = _connect(path, "rw")
    try:
        database.table_names()  # whoever reads first and may write does it
    finally:
        database.close()


def _create(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        give_to_owner_of_directory(descriptor, path)
    finally:
        os.close(descriptor)


def _connect(path: Path, mode: str) -> Database:
    # isolation_level None: transactions begin and end where the code says so, never by themselves.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
    try:
        # Plugins could change the behaviour of a connection; recursive triggers make REPLACE obey the ledger's.
        return Database(connection, execute_plugins=False, recursive_triggers=True)
    except BaseException:
        connection.close()
        raise


def _migrate(database: Database, version: str) -> None:
    connection = database.conn
    connection.execute("begin immediate")
    try:
        if MIGRATIONS.pending(database):
            MIGRATIONS.apply(database)
        connection.execute(
            "insert into meta values ('version', ?) on conflict (key) do update set value = excluded.value "
            "where value <> excluded.value",
            [version],
        )
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
