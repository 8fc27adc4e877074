"""The call-ins of heartbeat sondes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from supervisor.store.batch import Beat
from supervisor.store.keys import Keys
from supervisor.store.text import storable

KEPT = 100  # a sonde


def append(connection: sqlite3.Connection, keys: Keys, beats: Iterable[Beat]) -> None:
    """Add call-ins, and let the oldest of their sondes go."""
    rows = [(keys.sondes[beat.sonde], *beat[1:5], storable(beat.message)) for beat in beats]
    connection.executemany(
        "insert into beat(sonde, t, exit_code, size_bytes, duration_s, message) values (?, ?, ?, ?, ?, ?)", rows
    )
    connection.executemany(
        "delete from beat where sonde = :sonde and id <= "
        "(select id from beat where sonde = :sonde order by id desc limit 1 offset :kept)",
        [{"sonde": key, "kept": KEPT} for key in {row[0] for row in rows}],
    )


def latest(connection: sqlite3.Connection) -> dict[str, Beat]:
    """The last call-in of every sonde that ever called."""
    rows = connection.execute(
        "select s.id, b.t, b.exit_code, b.size_bytes, b.duration_s, b.message "
        "from (select max(id) as id from beat group by sonde) l join beat b on b.id = l.id "
        "join sonde s on s.key = b.sonde"
    )
    return {row[0]: Beat(*row) for row in rows}


def of_sonde(connection: sqlite3.Connection, sonde: str) -> list[Beat]:
    """The call-ins of one sonde that are kept, oldest first."""
    rows = connection.execute(
        "select s.id, b.t, b.exit_code, b.size_bytes, b.duration_s, b.message "
        "from beat b join sonde s on s.key = b.sonde where s.id = ? order by b.id",
        [sonde],
    )
    return [Beat(*row) for row in rows]
