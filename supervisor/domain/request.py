"""Requests other than incidents, and when they are due: calendar time (002 art. 7)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from supervisor.domain import wall
from supervisor.domain.calendar import Calendar

ADMINISTRATIVE = "administrative"  # answered within a week
PRODUCTION = "production"  # a service put into production, within a month of the complete file
REMINDED_DAYS = 2
_SOUGHT_S = 30 * 86_400  # longer than anybody is closed
KINDS = (ADMINISTRATIVE, PRODUCTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One line of the register of requests."""

    id: int = 0  # given by the database
    number: str  # DEM-2026-000012
    collectivite: str
    service: str | None
    kind: str
    message: str
    author: str
    received_at: int
    complete_at: int | None = None  # when the file was complete, of a production
    completed_by: str | None = None
    answered_at: int | None = None
    answered_by: str | None = None
    answer: str | None = None
    entered_at: int

    def due(self, zone: ZoneInfo) -> int | None:
        """A week after it was received, or a month after its file was complete, at the same local time.

        A month after 31 January is the last day of February. None: the file is not complete yet.
        """
        if self.kind == ADMINISTRATIVE:
            return wall.first(wall.shown(self.received_at, zone) + timedelta(days=7), zone)
        if self.complete_at is None:
            return None
        begun = wall.shown(self.complete_at, zone)
        year, month = begun.year + begun.month // 12, begun.month % 12 + 1
        day = min(begun.day, monthrange(year, month)[1])
        return wall.first(begun.replace(year=year, month=month, day=day), zone)

    def remind_at(self, zone: ZoneInfo, calendar: Calendar | None) -> int:
        """When it is due within two opening days: the opening of the last but one before the day it is due on.

        Without a calendar that opens, two days.
        """
        due = self.due(zone)
        if due is None:
            return 0
        day = wall.first(wall.shown(due, zone).replace(hour=0, minute=0, second=0), zone)
        openings = [] if calendar is None else calendar.openings(day - _SOUGHT_S, day)
        opens = {wall.shown(start, zone).date(): start for start, _ in reversed(openings)}
        days = sorted(opens)
        return opens[days[-REMINDED_DAYS]] if len(days) >= REMINDED_DAYS else due - REMINDED_DAYS * 86_400

    def state(self, zone: ZoneInfo, now: int) -> str:
        """Where it stands: an answer at the very instant it is due is in time."""
        due = self.due(zone)
        if self.answered_at is not None:
            return "answered late" if due is not None and self.answered_at > due else "answered"
        if due is None:
            return "incomplete"
        return "late" if now > due else "open"
