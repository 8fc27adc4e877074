"""Maintenance and exclusions: time that counts otherwise, on the record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from supervisor.domain.interval import FOREVER
from supervisor.domain.maintenance import Exclusion, Maintenance, exclusion_windows, maintenance_windows
from supervisor.domain.promise import Promises, Window
from supervisor.store.text import storable

_MAINTENANCE = (
    "collectivite, services, start, end, nature, author, announced_at, source, series, prolongs, "
    "cancelled_at, cancelled_by, cancel_reason, digest"
)
_EXCLUSION = (
    "collectivite, service, start, end, kind, reason, author, entered_at, source, "
    "revoked_at, revoked_by, revoke_reason, digest"
)


def plan(connection: sqlite3.Connection, entry: Maintenance) -> int:
    """Enter a maintenance; gives its number, 0 if its digest is there already."""
    services = None if entry.services is None else json.dumps(list(entry.services))
    cursor = connection.execute(
        f"insert into maintenance ({_MAINTENANCE}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, null, ?) "  # noqa: S608
        "on conflict (digest) do nothing",
        (
            entry.collectivite,
            services,
            entry.start,
            entry.end,
            storable(entry.nature),
            storable(entry.author),
            entry.announced_at,
            entry.source,
            entry.series,
            entry.prolongs,
            entry.digest,
        ),
    )
    return (cursor.lastrowid or 0) if cursor.rowcount else 0


def cancel(connection: sqlite3.Connection, number: int, at: int, author: str, reason: str) -> None:
    """On the record: it holds up to now, if it has begun."""
    connection.execute(
        "update maintenance set cancelled_at = ?, cancelled_by = ?, cancel_reason = ? "
        "where id = ? and cancelled_at is null",
        (at, storable(author), storable(reason), number),
    )


def exclude(connection: sqlite3.Connection, entry: Exclusion) -> int:
    """Enter an exclusion; gives its number, 0 if its digest is there already."""
    cursor = connection.execute(
        f"insert into exclusion ({_EXCLUSION}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, null, ?) "  # noqa: S608
        "on conflict (digest) do nothing",
        (
            entry.collectivite,
            entry.service,
            entry.start,
            entry.end,
            entry.kind,
            storable(entry.reason),
            storable(entry.author),
            entry.entered_at,
            entry.source,
            entry.digest,
        ),
    )
    return (cursor.lastrowid or 0) if cursor.rowcount else 0


def revoke(connection: sqlite3.Connection, number: int, at: int, author: str, reason: str) -> None:
    """On the record: it holds no more, as if it never had."""
    connection.execute(
        "update exclusion set revoked_at = ?, revoked_by = ?, revoke_reason = ? where id = ? and revoked_at is null",
        (at, storable(author), storable(reason), number),
    )


def maintenances(connection: sqlite3.Connection, start: int = -FOREVER, end: int = FOREVER) -> list[Maintenance]:
    """Those that touch [start, end), cancelled and late ones too, by start."""
    rows = connection.execute(
        f"select id, {_MAINTENANCE} from maintenance where end > ? and start < ? order by start, id",  # noqa: S608
        (start, end),
    )
    return [_maintenance(row) for row in rows]


def whole(connection: sqlite3.Connection, entries: Iterable[Maintenance]) -> list[Maintenance]:
    """These, with all that prolongs one of them and what they prolong."""
    rows = connection.execute("select id, prolongs from maintenance where prolongs is not null order by id")
    links = [(int(one), int(other)) for one, other in rows]
    numbers = {entry.id for entry in entries}
    for one, other in reversed(links):  # what prolongs another has a higher number: upwards, then down again
        numbers |= {other} if one in numbers else set()
    for one, other in links:
        numbers |= {one} if other in numbers else set()
    found = connection.execute(
        f"select id, {_MAINTENANCE} from maintenance where id in (select value from json_each(?)) order by start, id",  # noqa: S608
        [json.dumps(sorted(numbers))],
    )
    return [_maintenance(row) for row in found]


def _maintenance(row: Sequence[Any]) -> Maintenance:
    values = dict(zip(["id", *_MAINTENANCE.split(", ")], row, strict=True))
    services = values.pop("services")
    return Maintenance(services=None if services is None else tuple(json.loads(services)), **values)


def exclusions(connection: sqlite3.Connection, start: int = -FOREVER, end: int = FOREVER) -> list[Exclusion]:
    """Those that touch [start, end), revoked ones too, by start."""
    rows = connection.execute(
        f"select id, {_EXCLUSION} from exclusion where end > ? and start < ? order by start, id",  # noqa: S608
        (start, end),
    )
    columns = ["id", *_EXCLUSION.split(", ")]
    return [Exclusion(**dict(zip(columns, row, strict=True))) for row in rows]


def read(
    connection: sqlite3.Connection, promises: Promises, start: int, end: int, as_of: int = FOREVER
) -> list[Window]:
    """All time within [start, end) that counts otherwise, exclusions as the record was at an instant."""
    return [
        *maintenance_windows(maintenances(connection, start, end), promises),
        *exclusion_windows(exclusions(connection, start, end), promises, as_of),
    ]
