"""What was learnt of the pictures of cameras, and who asked for it to be learnt anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from supervisor.store.batch import Reference
from supervisor.store.keys import Keys
from supervisor.store.text import storable


class Learning(NamedTuple):
    """One request to learn a picture anew."""

    sonde: str
    t: int
    author: str
    reason: str


def write(connection: sqlite3.Connection, keys: Keys, references: Iterable[Reference]) -> None:
    """The latest of each camera takes the place of the one before."""
    for reference in references:
        key = keys.sondes[reference.sonde]
        if reference.data is None:
            connection.execute("delete from camera_reference where sonde = ?", [key])
            continue
        connection.execute(
            "insert into camera_reference(sonde, t, state, data) values (?, ?, ?, ?) "
            "on conflict (sonde) do update set t = excluded.t, state = excluded.state, data = excluded.data",
            (key, reference.t, reference.state, reference.data),
        )


def forget(connection: sqlite3.Connection, keys: Keys, sondes: Iterable[str]) -> None:
    """Sondes that are no more."""
    gone = [(keys.sondes[sonde],) for sonde in sondes if sonde in keys.sondes]
    connection.executemany("delete from camera_reference where sonde = ?", gone)


def read(connection: sqlite3.Connection, sonde: str | None = None) -> list[Reference]:
    """Those of all cameras, or of one."""
    rows = connection.execute(
        "select s.id, r.t, r.state, r.data from camera_reference r join sonde s on s.key = r.sonde "
        "where ? is null or s.id = ? order by s.id",
        (sonde, sonde),
    )
    return [Reference(*row) for row in rows]


def learn_anew(connection: sqlite3.Connection, learning: Learning) -> bool:
    """Forget what was learnt, on the record; whether there was anything."""
    connection.execute(
        "insert into camera_learning(sonde, t, author, reason) values (?, ?, ?, ?)",
        (learning.sonde, learning.t, storable(learning.author), storable(learning.reason)),
    )
    gone = connection.execute(
        "delete from camera_reference where sonde = (select key from sonde where id = ?)", [learning.sonde]
    )
    return gone.rowcount > 0


def learnings(connection: sqlite3.Connection) -> list[Learning]:
    """Every request to learn a picture anew, in order."""
    rows = connection.execute("select sonde, t, author, reason from camera_learning order by id")
    return [Learning(*row) for row in rows]
