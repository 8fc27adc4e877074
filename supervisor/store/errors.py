"""What the database refuses or cannot do, in words that a person can act on."""

from __future__ import annotations

import sqlite3

from supervisor.errors import VigieError

_SAID = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the disk or the file is read-only",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_BUSY: "another program holds it locked",
    sqlite3.SQLITE_LOCKED: "another program holds it locked",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; see the rights of the file and of its directory",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a backup, or save what can be saved with `sqlite3 FILE .recover`",
    sqlite3.SQLITE_NOTADB: "it is not an SQLite database",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_NOMEM: "memory is short",
}


class StoreError(VigieError):
    """The database cannot be opened, or cannot be written now."""


def explain(error: BaseException) -> str:
    """One English phrase: what a person should know of this error of SQLite or of the system."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    code = getattr(error, "sqlite_errorcode", None)
    said = _SAID.get(code & 0xFF) if code is not None else None  # the low byte is the kind, the rest the detail
    return f"{said} ({error})" if said else f"{type(error).__name__}: {error}"
