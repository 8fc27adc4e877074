"""How far the ledger was written at some moment.

Its tables are append-only, so that their numbers rise with the order of entry: what a closed document was made of is
there for ever, up to here. Instants would not do: an import enters what happened long ago.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from supervisor.domain.interval import FOREVER


class Position(NamedTuple):
    """The number of the last line of each table of the ledger, by the name of the table."""

    ledger: int = FOREVER
    correction: int = FOREVER
    account: int = FOREVER
    tariff: int = FOREVER


def here(connection: sqlite3.Connection) -> Position:
    """How far it is written now."""
    last = (connection.execute(f"select ifnull(max(id), 0) from {table}") for table in Position._fields)  # noqa: S608
    return Position(*(row.fetchone()[0] for row in last))
