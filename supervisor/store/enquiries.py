"""What people ask the register, and what an act has to know before it is done."""

from __future__ import annotations

import sqlite3

from supervisor.domain.interval import FOREVER
from supervisor.domain.state import UNREACHABLE
from supervisor.store import incidents
from supervisor.store.incidents import Incident

NEAR = 200  # numbers that a mistyped one is compared with: the latest


def shown(connection: sqlite3.Connection, sonde: str, at: int) -> str | None:
    """The status that a sonde showed at an instant; None: no data."""
    row = connection.execute(
        "select i.status, ifnull(i.end, c.until) from sonde s join interval i on i.sonde = s.key "
        "left join coverage c on c.sonde = s.key where s.id = ? and i.start <= ? order by i.start desc limit 1",
        (sonde, at),
    ).fetchone()
    return str(row[0]) if row is not None and row[1] is not None and at < row[1] else None


def hidden_behind(connection: sqlite3.Connection, sonde: str, start: int, end: int) -> list[tuple[str, int, int]]:
    """The sondes that were unreachable via this one within [start, end), and from when to when, by start."""
    rows = connection.execute(
        "select s.id, max(i.start, :start), min(ifnull(i.end, c.until), :end) as over "
        "from sonde s cross join interval i left join coverage c on c.sonde = s.key "
        "where i.sonde = s.key and i.via = :via and i.cause = :unreachable "
        "and i.start < :end and ifnull(i.end, c.until) > :start "
        # As for intervals at large: one search a sonde, not a reading of its whole life.
        "and i.start >= ifnull((select max(start) from interval where sonde = s.key and start <= :start), :start) "
        "order by 2, 1",
        {"via": sonde, "unreachable": UNREACHABLE, "start": start, "end": end},
    )
    return list(rows)


def not_closed(connection: sqlite3.Connection) -> list[Incident]:
    """The incidents that people still have to do with."""
    return incidents.read(connection, "closed_at is null and void_at is null")


def touching(connection: sqlite3.Connection, start: int, end: int) -> list[Incident]:
    """The incidents that were open at some instant of [start, end), closed and void ones too."""
    return incidents.read(
        connection,
        "opened_at < ? and (opened_at >= ? or coalesce(restored_at, closed_at, void_at, ?) > ?)",
        (end, start, FOREVER, start),
    )


def of_id(connection: sqlite3.Connection, number: int) -> Incident:
    """The incident that another one refers to."""
    return incidents.read(connection, "id = ?", [number])[0]


def merged_into(connection: sqlite3.Connection, incident: Incident) -> list[str]:
    """The numbers of the reports that were merged into this incident."""
    return [other.number for other in incidents.read(connection, "merged_into = ?", [incident.id])]


def numbers(connection: sqlite3.Connection, table: str) -> list[str]:
    """The latest numbers given in the register of incidents, or of requests."""
    rows = connection.execute(f"select number from {table} order by id desc limit ?", [NEAR])  # noqa: S608  our names
    return [number for (number,) in rows]


def next_maintenance(connection: sqlite3.Connection) -> int:
    """The number that the next maintenance gets: none was ever deleted."""
    found: int = connection.execute("select ifnull(max(id), 0) + 1 from maintenance").fetchone()[0]
    return found
