"""Imported events, known by their content."""

from __future__ import annotations

import sqlite3


def entered(connection: sqlite3.Connection) -> set[str]:
    """The digests of everything that people entered through files."""
    rows = connection.execute(
        "select digest from maintenance where digest is not null "
        "union all select digest from exclusion where digest is not null "
        "union all select digest from incident where digest is not null "
        "union all select digest from correction where digest is not null "
        "union all select digest from journal where digest is not null and digest not like 'auto:%'"
    )
    return {digest for (digest,) in rows}


def refs(connection: sqlite3.Connection) -> dict[str, str]:
    """The digest of each incident that a file reported, by its ref."""
    return dict(connection.execute("select ref, ifnull(digest, '') from incident where ref is not null"))
