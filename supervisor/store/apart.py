"""A part of a transaction that may fail by itself."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

# What SQLite says of a bug of ours: a row that the tables refuse, a value that they cannot hold, a wrong call.
OF_BUGS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)


@contextmanager
def apart(connection: sqlite3.Connection, what: str) -> Iterator[None]:
    """A bug in it undoes what it wrote, and says so; the rest of the transaction goes on.

    Not so a disk that fails: nothing of the transaction is written then, and all of it is tried again. To try a bug
    again would keep all that comes after from the disk.
    """
    connection.execute("savepoint apart")
    try:
        yield
    except Exception as error:
        if isinstance(error, sqlite3.Error) and not isinstance(error, OF_BUGS):
            raise
        log.exception("%s failed", what)
        connection.execute("rollback to apart")
    connection.execute("release apart")
