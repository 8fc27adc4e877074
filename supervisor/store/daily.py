"""What was used of volumes, day by day: the measurements of `disk` sondes, whatever they were read from."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from supervisor.domain.forecast import Day
from supervisor.store.keys import read_shape
from supervisor.store.rollup import TIERS

_QUARTER, _, _DAY = TIERS
_LABEL, _SIZE, _FREE = "mount", "size_bytes", "free_bytes"
_TRIPLE = struct.Struct("<3d")  # min, mean, max
_ASKED = 500  # variables in one statement

# Of each volume in a row of numbers: its name, where its size is, where what is free of it is.
Layout = tuple[tuple[str, int, int], ...]


class Volume(NamedTuple):
    """A volume as its roll-ups tell it."""

    size_bytes: float  # the latest
    days: list[Day]


class Seen(NamedTuple):
    """A volume as it was lately."""

    size_bytes: float
    used_bytes: float


class Layouts:
    """How to read the rows of numbers. Shapes are never changed nor removed: each is read once."""

    def __init__(self) -> None:
        self._known: dict[int, Layout] = {}
        self._last = 0

    def learn(self, connection: sqlite3.Connection) -> None:
        """Take in the shapes that are new."""
        for shape, names in connection.execute("select id, names from shape where id > ? order by id", [self._last]):
            layout = _layout(names) if _FREE in names else ()
            if layout:
                self._known[shape] = layout
            self._last = shape

    def of(self, shape: int) -> Layout:
        """The volumes in rows of that shape."""
        return self._known.get(shape, ())


def _layout(names: str) -> Layout:
    at: dict[str, dict[str, int]] = {}
    for index, (name, labels) in enumerate(read_shape(names)):
        mount = dict(labels).get(_LABEL)
        if mount is not None:
            at.setdefault(mount, {}).setdefault(name, index)
    return tuple((mount, it[_SIZE], it[_FREE]) for mount, it in at.items() if _SIZE in it and _FREE in it)


def keys(connection: sqlite3.Connection, sondes: Iterable[str]) -> dict[int, str]:
    """The sondes that ever had a result, by their number."""
    found = {}
    for sonde in sondes:
        row = connection.execute("select key from sonde where id = ?", [sonde]).fetchone()
        if row is not None:
            found[row[0]] = sonde
    return found


def volumes(
    connection: sqlite3.Connection, layouts: Layouts, sondes: Sequence[int], start: int, end: int
) -> dict[int, dict[str, Volume]]:
    """The volumes of these sondes by name, over the whole days of [start, end)."""
    layouts.learn(connection)
    found: dict[int, dict[str, Volume]] = {}
    seconds = _DAY.seconds
    for first in range(0, len(sondes), _ASKED):
        asked = sondes[first : first + _ASKED]
        # A statement a day: the key of the table begins with the day (see the schema).
        query = (
            f"select sonde, shape, n, data from {_DAY.table} "  # noqa: S608
            f"where start = ? and sonde in ({','.join('?' * len(asked))})"
        )
        for day in range(start // seconds * seconds, end, seconds):
            rows: dict[tuple[int, str], list[tuple[int, float, Day]]] = {}
            for sonde, shape, n, data in connection.execute(query, [day, *asked]):
                for mount, size, free in layouts.of(shape):
                    rows.setdefault((sonde, mount), []).append((n, *_read(day, data, size, free)))
            for (sonde, mount), parts in rows.items():
                last, whole = _merged(parts)
                known = found.setdefault(sonde, {})
                days = known[mount].days if mount in known else []
                days.append(whole)
                known[mount] = Volume(last, days)
    return found


def _read(day: int, data: bytes, size: int, free: int) -> tuple[float, Day]:
    _, size_mean, size_max = _TRIPLE.unpack_from(data, size * _TRIPLE.size)
    low, mean, high = _TRIPLE.unpack_from(data, free * _TRIPLE.size)
    return size_max, Day(day + _DAY.seconds / 2, size_mean - high, size_mean - mean, size_mean - low)


def _merged(parts: list[tuple[int, float, Day]]) -> tuple[float, Day]:
    """A day in which a sonde measured now this set of volumes, now that one."""
    if len(parts) == 1:
        return parts[0][1:]
    total = sum(n for n, _, _ in parts)
    days = [day for _, _, day in parts]
    mean = sum(n * day.mean for n, _, day in parts) / total
    return max(size for _, size, _ in parts), Day(
        days[0].at, min(day.low for day in days), mean, max(day.high for day in days)
    )


def latest(
    connection: sqlite3.Connection, layouts: Layouts, sonde: int, now: int, within_s: int = 86400
) -> dict[str, Seen]:
    """The volumes of a sonde as of its last quarter of an hour that has any."""
    layouts.learn(connection)
    seconds = _QUARTER.seconds
    query = f"select shape, data from {_QUARTER.table} where start = ? and sonde = ?"  # noqa: S608
    for quarter in range(now // seconds * seconds, now - within_s, -seconds):
        seen: dict[str, Seen] = {}
        for shape, data in connection.execute(query, (quarter, sonde)):
            for mount, size, free in layouts.of(shape):
                size_max, day = _read(quarter, data, size, free)
                seen[mount] = Seen(size_max, day.mean)
        if seen:
            return seen
    return {}
