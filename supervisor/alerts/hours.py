"""Instants and durations as people in France say them; `brief` as an SMS says them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from supervisor.french import DAYS, MONTHS, NBSP, ordinal


def hour(at: int, zone: ZoneInfo) -> str:
    """ "17 h 25", "9 h", "0 h 05"; of an hour that a night has twice, which one: "2 h 30 (heure d'été)"."""
    local = datetime.fromtimestamp(at, zone)
    said = f"{local.hour}{NBSP}h" + (f"{NBSP}{local.minute:02d}" if local.minute else "")
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return said
    return f"{said} (heure {'d’hiver' if local.fold else 'd’été'})"


def moment(at: int, now: int, zone: ZoneInfo) -> str:
    """What follows "depuis": "17 h 25", "hier à 17 h 25", "vendredi 6 mars à 17 h 25", with its year if another."""
    day, today = _days(at, now, zone)
    if day == today:
        return hour(at, zone)
    if abs(day - today) == timedelta(days=1):
        return f"{'hier' if day < today else 'demain'} à{NBSP}{hour(at, zone)}"
    year = "" if day.year == today.year else f"{NBSP}{day.year}"
    return f"{DAYS[day.weekday()]} {ordinal(day.day)}{NBSP}{MONTHS[day.month - 1]}{year} à{NBSP}{hour(at, zone)}"


def dated(at: int, now: int, zone: ZoneInfo) -> str:
    """What follows "commencé": "à 17 h 25", "hier à 17 h 25"."""
    day, today = _days(at, now, zone)
    return f"à{NBSP}{hour(at, zone)}" if day == today else moment(at, now, zone)


def lasting(seconds: int) -> str:
    """ "moins d'une minute", "24 min", "2 h 05", "3 jours et 4 h"."""
    minutes = seconds // 60
    if minutes < 1:
        return f"moins d’une{NBSP}minute"
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}{NBSP}h" + (f"{NBSP}{minutes:02d}" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{days}{NBSP}jours" + (f" et {hours}{NBSP}h" if hours else "")


def brief(at: int, now: int, zone: ZoneInfo) -> str:
    """In few letters: "17h25", "hier 17h25", "ven. 6/3 17h25", "6/3/2025 17h25"."""
    local = datetime.fromtimestamp(at, zone)
    day, today = _days(at, now, zone)
    clock = f"{local.hour}h" + (f"{local.minute:02d}" if local.minute else "")
    if day == today:
        return clock
    if abs(day - today) == timedelta(days=1):
        return f"{'hier' if day < today else 'demain'} {clock}"
    if day.year != today.year:
        return f"{day.day}/{day.month}/{day.year} {clock}"
    return f"{DAYS[day.weekday()][:3]}. {day.day}/{day.month} {clock}"


def brief_lasting(seconds: int) -> str:
    """ "<1 min", "24 min", "2h05", "3 j 4h"."""
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min" if minutes >= 1 else "moins d'1 min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h{minutes:02d}" if minutes else f"{hours}h"
    days, hours = divmod(hours, 24)
    return f"{days} j {hours}h" if hours else f"{days} j"


def _days(at: int, now: int, zone: ZoneInfo) -> tuple[date, date]:
    return datetime.fromtimestamp(at, zone).date(), datetime.fromtimestamp(now, zone).date()
