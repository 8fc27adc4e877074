"""Confirmed trouble of each sonde, from its confirmation to the first result below: what incidents are told from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from supervisor.domain.incident import Spell
from supervisor.domain.interval import FOREVER
from supervisor.domain.sonde import CANARY_OWNER
from supervisor.domain.state import Change
from supervisor.store.keys import Keys


def write(connection: sqlite3.Connection, keys: Keys, changes: Sequence[Change]) -> dict[str, int]:
    """Follow the changes; gives the sondes whose spells are others now, and from which instant on.

    After each change a spell is open exactly if the change says there is trouble: whatever was missed (a rule that the
    config changed) is made good by the next one.
    """
    owned = [change for change in changes if not change.sonde.startswith(f"{CANARY_OWNER}/")]
    lasting = _lasting(connection, {keys.sondes[change.sonde] for change in owned})
    touched: dict[str, int] = {}
    for change in owned:
        key = keys.sondes[change.sonde]
        if change.upto is None:
            moved = _follow(connection, key, change, lasting)
        else:
            moved = _correct(connection, key, change, change.upto)
        if moved:
            touched[change.sonde] = min(change.at, touched.get(change.sonde, change.at))
    return touched


def _lasting(connection: sqlite3.Connection, sondes: set[int]) -> set[int]:
    rows = connection.execute(
        "select sonde from spell where end is null and sonde in (select value from json_each(?))",
        [json.dumps(sorted(sondes))],
    )
    return {key for (key,) in rows}


def _follow(connection: sqlite3.Connection, key: int, change: Change, lasting: set[int]) -> bool:
    """One change of the present; was it one of spells?"""
    moved = change.undone and _undo(connection, key, change.at, lasting)
    if change.trouble and key not in lasting:
        connection.execute("insert or replace into spell values (?, ?, null)", (key, change.at))
        lasting.add(key)
    elif not change.trouble and key in lasting:
        _end(connection, key, change.at)
        lasting.discard(key)
    else:
        return moved
    return True


def _undo(connection: sqlite3.Connection, key: int, at: int, lasting: set[int]) -> bool:
    """What results from `at` on had said of this sonde is taken back: spells they began, ends they gave."""
    began = connection.execute("delete from spell where sonde = ? and start >= ?", (key, at)).rowcount
    ended = connection.execute("update spell set end = null where sonde = ? and end >= ?", (key, at)).rowcount
    if ended:
        lasting.add(key)
    elif began:
        rows = connection.execute("select 1 from spell where sonde = ? and end is null", [key]).fetchall()
        (lasting.add if rows else lasting.discard)(key)
    return bool(began or ended)


def _end(connection: sqlite3.Connection, key: int, at: int) -> None:
    """A spell that would end where it began was none."""
    connection.execute("delete from spell where sonde = ? and end is null and start >= ?", (key, at))
    connection.execute("update spell set end = ? where sonde = ? and end is null", (at, key))


def _correct(connection: sqlite3.Connection, key: int, change: Change, upto: int) -> bool:
    """One change of a life that a removal ended at `upto`, where a spell that lasts ends; was it one of spells?"""
    of_life = {"sonde": key, "at": change.at, "upto": upto}
    moved = 0
    if change.undone:
        moved += connection.execute(
            "delete from spell where sonde = :sonde and start >= :at and start < :upto", of_life
        ).rowcount
        moved += connection.execute(
            "update spell set end = :upto where sonde = :sonde and start < :at and end >= :at and end < :upto", of_life
        ).rowcount
    reaching = "sonde = :sonde and start < :upto and end = :upto"
    lasts = connection.execute(f"select 1 from spell where {reaching}", of_life).fetchone()  # noqa: S608
    if change.trouble and not lasts and change.at < upto:
        moved += connection.execute("insert into spell values (:sonde, :at, :upto)", of_life).rowcount
    elif not change.trouble and lasts:
        moved += connection.execute(f"update spell set end = :at where {reaching}", of_life).rowcount  # noqa: S608
    return bool(moved)


def of(connection: sqlite3.Connection, sonde: str, since: int = -FOREVER) -> list[Spell]:
    """The spells of one sonde (that began at `since` or later)."""
    rows = connection.execute(
        "select p.start, p.end from spell p join sonde s on s.key = p.sonde where s.id = ? and p.start >= ? "
        "order by p.start",
        (sonde, since),
    )
    return [Spell(start, end) for start, end in rows]


def sondes_within(connection: sqlite3.Connection, start: int, end: int) -> list[str]:
    """The sondes that were in trouble at some instant of [start, end)."""
    rows = connection.execute(
        "select distinct s.id from spell p join sonde s on s.key = p.sonde "
        "where p.start < ? and ifnull(p.end, ?) > ? order by s.id",
        (end, end, start),
    )
    return [sonde for (sonde,) in rows]


def lasting(connection: sqlite3.Connection) -> list[str]:
    """The sondes that are in trouble."""
    rows = connection.execute("select s.id from spell p join sonde s on s.key = p.sonde where p.end is null")
    return [sonde for (sonde,) in rows]


def untell(connection: sqlite3.Connection, keys: Keys, sondes: Iterable[str]) -> None:
    """Note that the incidents of these are to be told again."""
    connection.executemany(
        "insert or ignore into untold values (?)", [(keys.sondes[sonde],) for sonde in sondes if sonde in keys.sondes]
    )


def untold(connection: sqlite3.Connection, most: int) -> list[str]:
    """Sondes whose incidents are to be told again, some of them."""
    rows = connection.execute(
        "select s.id from untold u join sonde s on s.key = u.sonde order by u.sonde limit ?", [most]
    )
    return [sonde for (sonde,) in rows]


def told(connection: sqlite3.Connection, sondes: Iterable[str]) -> None:
    """They have been."""
    connection.executemany(
        "delete from untold where sonde = (select key from sonde where id = ?)", [(sonde,) for sonde in sondes]
    )
