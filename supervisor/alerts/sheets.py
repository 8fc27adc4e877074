"""The incidents that a look at what is due has to do with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from supervisor.domain.promise import Promises
from supervisor.proof import desk
from supervisor.store import enquiries

if TYPE_CHECKING:
    from sqlite3 import Connection


class Sheets:
    """Each is read once: hundreds of people may be told of the same thousands of incidents."""

    def __init__(self, connection: Connection, promises: Promises, now: int) -> None:
        self._connection = connection
        self._promises = promises
        self._now = now
        self._known: dict[int, desk.Sheet] = {}

    def of(self, numbers: Iterable[int]) -> Mapping[int, desk.Sheet]:
        """At least those."""
        missing = [enquiries.of_id(self._connection, one) for one in sorted({*numbers} - self._known.keys())]
        if missing:
            found = desk.sheets(self._connection, self._promises, self._now, missing)
            self._known.update((sheet.incident.id, sheet) for sheet in found)
        return self._known
