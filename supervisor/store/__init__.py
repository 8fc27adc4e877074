"""The database: the only place where SQL lives.

`Store` owns the threads and the transactions; the queries are plain functions of a connection, one module a subject,
run through `Store.write`, `Store.read` or `open_for_reading`. docs/adr/0003-storage.md says why it is so.
"""

from __future__ import annotations

import importlib
import sys


def _load_sqlite_utils() -> None:
    """Load it as if NumPy were not installed.

    sqlite-utils loads NumPy wherever it finds it, to store its numbers, which nobody here has: 21 MiB in every process
    that opens a database. Only the process that looks at pictures needs it.
    """
    if "numpy" in sys.modules or "sqlite_utils" in sys.modules:
        return
    sys.modules["numpy"] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        importlib.import_module("sqlite_utils")
    finally:
        del sys.modules["numpy"]


_load_sqlite_utils()
