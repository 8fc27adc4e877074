"""The whole numbers that stand for sonde ids and shapes of measurements in every row."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable

_MOST_A_DAY = 100  # new shapes of one sonde: snapshots that come and go make some twenty
_DAY_S = 86400

log = logging.getLogger(__name__)

# The measurements of a row of numbers, in order: name and labels.
Shape = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


class Keys:
    """Known in memory to the writer alone. What a transaction adds counts only once it is committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.sondes: dict[str, int] = dict(connection.execute("select id, key from sonde"))
        self._shapes: dict[Shape, int] = {
            read_shape(names): key for key, names in connection.execute("select id, names from shape")
        }
        self._grown: dict[str, tuple[int, int]] = {}  # by sonde: a day, and the shapes that it made that day
        self._new_sondes: list[str] = []
        self._new_shapes: list[Shape] = []

    def learn(self, connection: sqlite3.Connection, sondes: Iterable[str]) -> None:
        """Give a number to those that have none."""
        for sonde in sondes:
            if sonde not in self.sondes:
                cursor = connection.execute("insert into sonde(id) values (?)", [sonde])
                self._new_sondes.append(sonde)
                self.sondes[sonde] = cursor.lastrowid or 0

    def shape(self, connection: sqlite3.Connection, shape: Shape, sonde: str, t: int) -> int | None:
        """The number of a shape, given now if need be; None when the sonde makes too many.

        Shapes are kept for ever, here too, and what a target names (volumes, rows) is in them: one that calls them
        otherwise at each check would fill the memory within days.
        """
        key = self._shapes.get(shape)
        if key is None:
            if any(labels for _, labels in shape) and not self._may_grow(sonde, t // _DAY_S):
                return None
            cursor = connection.execute("insert into shape(names) values (?)", [write_shape(shape)])
            self._new_shapes.append(shape)
            key = self._shapes[shape] = cursor.lastrowid or 0
        return key

    def _may_grow(self, sonde: str, day: int) -> bool:
        known, made = self._grown.get(sonde, (day, 0))
        made = made + 1 if known == day else 1
        self._grown[sonde] = day, made
        if made == _MOST_A_DAY + 1:
            log.warning("%s names what it measures otherwise at each check: measurements left out today", sonde)
        return made <= _MOST_A_DAY

    def settle(self) -> None:
        """The transaction is committed."""
        self._new_sondes.clear()
        self._new_shapes.clear()

    def undo(self) -> None:
        """The transaction is rolled back: its numbers will be given to others."""
        for sonde in self._new_sondes:
            del self.sondes[sonde]
        for shape in self._new_shapes:
            del self._shapes[shape]
        self.settle()


def write_shape(shape: Shape) -> str:
    """As stored; ASCII, so that whatever text a label holds can be."""
    return json.dumps([[name, labels] if labels else [name] for name, labels in shape], separators=(",", ":"))


def read_shape(names: str) -> Shape:
    """Back from what is stored."""
    return tuple(
        (str(name), tuple((str(key), str(value)) for key, value in (labels[0] if labels else ())))
        for name, *labels in json.loads(names)
    )
