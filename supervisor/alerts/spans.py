"""Days and stretches of time to come, as people in France write them down: with the day, never "demain"."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from supervisor.alerts.hours import hour
from supervisor.french import DAYS, MONTHS, NBSP, ordinal


def day(at: int, now: int, zone: ZoneInfo) -> str:
    """ "mardi 10 mars", with its year if it is another."""
    local = datetime.fromtimestamp(at, zone).date()
    return f"{DAYS[local.weekday()]} {_dated(local, now, zone)}"


def day_of_month(at: int, now: int, zone: ZoneInfo) -> str:
    """What follows "le": "12 décembre"."""
    return _dated(datetime.fromtimestamp(at, zone).date(), now, zone)


def at_hour(at: int, now: int, zone: ZoneInfo) -> str:
    """ "mardi 10 mars à 9 h"."""
    return f"{day(at, now, zone)} à{NBSP}{hour(at, zone)}"


def stretch(start: int, end: int, now: int, zone: ZoneInfo) -> str:
    """ "mardi 10 mars de 8 h à 12 h"; over a midnight "du mardi 10 mars à 22 h au mercredi 11 mars à 2 h"."""
    first, last = day(start, now, zone), day(end, now, zone)
    if first == last:
        return f"{first} de {hour(start, zone)} à{NBSP}{hour(end, zone)}"
    return f"du {first} à{NBSP}{hour(start, zone)} au {last} à{NBSP}{hour(end, zone)}"


def _dated(local: date, now: int, zone: ZoneInfo) -> str:
    year = "" if local.year == datetime.fromtimestamp(now, zone).year else f"{NBSP}{local.year}"
    return f"{ordinal(local.day)}{NBSP}{MONTHS[local.month - 1]}{year}"
