"""A part of a transaction that may fail by itself."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def apart(connection: sqlite3.Connection, what: str) -> Iterator[None]:
    """A bug in it undoes what it wrote, and says so; the rest of the transaction goes on.

    Not so a disk that fails: nothing of the transaction is written then, and all of it is tried again.
    """
    connection.execute("savepoint apart")
    try:
        yield
    except sqlite3.Error:
        raise
    except Exception:
        log.exception("%s failed", what)
        connection.execute("rollback to apart")
    connection.execute("release apart")
