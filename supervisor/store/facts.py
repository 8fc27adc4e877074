"""What the stories of a sonde's incidents are told from, read from the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from supervisor.domain.incident import Begins, ServiceKey, Spell, Story, line_start, report, tell
from supervisor.domain.interval import FOREVER, Spans
from supervisor.domain.ledger import LedgerEvent
from supervisor.domain.maintenance import by_service, maintenance_windows
from supervisor.domain.participation import Stay, stays
from supervisor.domain.promise import Promises
from supervisor.store import incidents, ledger, spells, windows


class Facts:
    """Reads what is known of sondes, for one configuration and one instant.

    Announced maintenance is read once: there are a few, where sondes are thousands. Steps that people entered after
    `entered_by` are left out: what was told then can be told again.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        promises: Promises,
        now: int,
        since: int = -FOREVER,
        entered_by: int = FOREVER,
    ) -> None:
        self._connection = connection
        self._promises = promises
        self._now = now
        self._entered_by = entered_by
        announced = maintenance_windows(windows.maintenances(connection, since), promises)
        self._announced = by_service(announced)

    def stories(self, sonde: str, since: int = -FOREVER) -> list[Story]:
        """The incidents of a sonde, from the one whose first spell began at `since` on."""
        found = spells.of(self._connection, sonde, since)
        if not found:
            return []
        return tell(found, self._begins(sonde), incidents.steps(self._connection, sonde, since, self._entered_by))

    def reported(self, incident: incidents.Incident) -> Story:
        """The incident that a person reported."""
        steps = incidents.steps_on(self._connection, incident.id, self._entered_by)
        return report(incident.opened_at, incident.services or (), steps)

    def _begins(self, sonde: str) -> Begins:
        there: list[Stay] | None = None

        def begins(spell: Spell) -> Mapping[ServiceKey | None, int]:
            nonlocal there
            if there is None:
                there = self.stays(sonde)
            service = next((stay.service for stay in there if stay.start <= spell.start < stay.end), None)
            starts: dict[ServiceKey | None, int] = {}
            counting: Sequence[ServiceKey | None] = self._promises.counting(sonde, service) or (None,)
            for key in counting:
                start = self._line_start(sonde, spell, key)
                if start is not None:
                    starts[key] = start
            return starts

        return begins

    def _line_start(self, sonde: str, spell: Spell, key: ServiceKey | None) -> int | None:
        announced = self._announced.get(key or (sonde.partition("/")[0], ""), ())
        return line_start(spell, announced, lambda: self._shown(sonde, spell), self._now)

    def stays(self, sonde: str) -> list[Stay]:
        """When it took part in what."""
        connection = self._connection
        events: list[LedgerEvent] = ledger.of(connection, sonde)
        first = connection.execute(
            "select min(i.start) from interval i join sonde s on s.key = i.sonde where s.id = ?", [sonde]
        ).fetchone()[0]
        return stays(events, first, self._promises.sondes.get(sonde))

    def _shown(self, sonde: str, spell: Spell) -> Spans:
        """When it showed its trouble during a spell: not while it was unknown."""
        also = "warning" if sonde in self._promises.warned else "critical"
        rows = self._connection.execute(
            "select i.start, ifnull(i.end, c.until) from interval i join sonde s on s.key = i.sonde "
            "left join coverage c on c.sonde = i.sonde where s.id = ? and i.status in ('critical', ?) "
            "and ifnull(i.end, c.until) > ? and i.start < ? order by i.start",
            (sonde, also, spell.start, spell.end if spell.end is not None else FOREVER),
        )
        return [(max(start, spell.start), end) for start, end in rows]
