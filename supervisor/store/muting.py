"""Until when maintenance mutes what it touches, however late it was announced. SPEC 6."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from functools import cached_property

from supervisor.domain.incident import ServiceKey
from supervisor.domain.promise import Promises
from supervisor.store import windows
from supervisor.store.incidents import Incident


class Muting:
    """The maintenance of one instant."""

    def __init__(self, connection: sqlite3.Connection, promises: Promises, now: int) -> None:
        self._connection = connection
        self._promises = promises
        self._now = now

    @property
    def any(self) -> bool:
        """Is anything maintained?"""
        return bool(self._ends)

    def until(self, incident: Incident, services: Iterable[ServiceKey]) -> int:
        """When the first of the services that it touches is out of maintenance; 0 when one of them is in none."""
        touched = set(services) or {(incident.collectivite, "")}
        return min(self._ends.get(key, 0) for key in touched)

    @cached_property
    def _ends(self) -> Mapping[ServiceKey, int]:
        found: dict[ServiceKey, int] = {}
        for entry in windows.maintenances(self._connection, self._now, self._now + 1):
            end = entry.end if entry.cancelled_at is None else min(entry.end, entry.cancelled_at)
            services = self._promises.concerned(entry.collectivite, entry.services)
            if entry.services is None:  # also what counts for no service
                services |= {(entry.collectivite, "")}
            for key in services if end > self._now else ():
                found[key] = max(end, found.get(key, 0))
        return found
