"""Wall time: what a clock in the mairie shows, and the instants that may mean."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from supervisor.errors import VigieError

YEARS = range(1970, 2101)  # what calendars and POSIX seconds both know
LAST = 4_133_980_800  # the end of them, in UTC


def readings(wall: datetime, zone: ZoneInfo) -> tuple[int, ...]:
    """The instants at which a clock there shows that: one; two in an hour that comes twice, none in a skipped one."""
    instants = {_instant(wall, zone, fold): None for fold in (0, 1)}
    return tuple(at for at in instants if shown(at, zone) == wall.replace(microsecond=0))


def first(wall: datetime, zone: ZoneInfo) -> int:
    """When a clock there first shows that; a time it skips is counted with the offset before the change.

    As calendars do: what recurs, and what is due a week later, has to happen on the days of the change too.
    """
    return _instant(wall, zone, 0)


def shown(at: int, zone: ZoneInfo) -> datetime:
    """What a clock there shows at an instant."""
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)


def said(at: int, zone: ZoneInfo) -> str:
    """An instant, to a person there; with the zone's own letters, which tell the two hours of autumn apart."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def parse(text: str, zone: ZoneInfo, key: str) -> int:
    """An instant as a person writes it: with its offset, or in local time where that says one thing only."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in YEARS or len(text) < len("2026-03-02T09:00"):
        raise VigieError(
            f"{key}: '{text[:60]}' is not an instant; write 2026-03-02T09:00 ({zone.key}) or 2026-03-02T09:00+01:00"
        )
    if moment.tzinfo is not None:
        return int(moment.timestamp() // 1)
    found = readings(moment, zone)
    if len(found) == 1:
        return found[0]
    happens = "comes twice" if found else "does not exist"
    either, other = (datetime.fromtimestamp(_instant(moment, zone, fold), zone).isoformat() for fold in (0, 1))
    raise VigieError(
        f"{key}: {text} {happens} in {zone.key}, where clocks change that night; write {either} or {other}"
    )


def _instant(wall: datetime, zone: ZoneInfo, fold: int) -> int:
    return int(wall.replace(tzinfo=zone, fold=fold).timestamp() // 1)
