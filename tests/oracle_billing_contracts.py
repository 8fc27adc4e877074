"""What the billing oracle makes of local days and contracts: walked day by day, slow and obviously right.

Written from the text of the SPEC alone. What it leaves open, and the choice made here:

- The first year of a contract that starts on 29 February ends on the 28th of the next: the day before 1 March.
- Several contracts are taken as they are written: none runs while another does.
- A contract whose collectivité went away ends that day; one that would only start later never runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
QUARTER_S = 900  # no zone of these years is off the quarters of an hour


def local_day(zone: str, instant: int) -> date:
    """The date there."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone)).date()


def begins(zone: str, day: date) -> int:
    """The first instant that has this date there: every quarter of an hour of three days is looked at."""
    before = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 86_400
    return next(t for t in range(before, before + 3 * 86_400, QUARTER_S) if local_day(zone, t) >= day)


def days_of_month(month: str) -> list[date]:
    """`2026-03`: its 31 days."""
    day = date.fromisoformat(f"{month}-01")
    return [day + n * DAY for n in range(31) if (day + n * DAY).month == day.month]


def left(start: date, letter: date) -> date:
    """The last day of a contract whose letter of leave was received that day (002 art. 11).

    Two months' notice from the 1st of the month after the letter, and never before the first year ends.
    """
    first_of_months = 0
    day = letter
    while first_of_months < 3:  # where the notice starts, one month later, two months later
        day += DAY
        first_of_months += day.day == 1
    noticed = day - DAY
    day = start + DAY
    while day.year == start.year or (day.month, day.day) < (start.month, start.day):
        day += DAY
    return max(noticed, day - DAY)


@dataclass(frozen=True)
class Contract:
    """One contract: local days, the last one included."""

    start: date
    end: date | None
    counts: tuple[tuple[date, int], ...]  # sondes subscribed, from which day on

    def runs(self, day: date) -> bool:
        """Whether it holds on that day."""
        return self.start <= day and (self.end is None or day <= self.end)

    def subscribed(self, day: date) -> int:
        """The latest number that has begun by then; none is none."""
        found = 0
        for start, count in self.counts:
            if start <= day:
                found = count
        return found

    def edges(self) -> Iterator[date]:
        """Every day on which something begins or is over."""
        yield self.start
        if self.end is not None:
            yield self.end + DAY
        yield from (start for start, _ in self.counts)


def contracts(account: Mapping[str, Any], gone: date | None) -> list[Contract]:
    """The contracts of a collectivité as its file has them, cut where the file went away."""
    written = account.get("contract", [])
    found = [_contract(each) for each in (written if isinstance(written, list) else [written])]
    if gone is None:
        return found
    return [
        Contract(each.start, gone if each.end is None else min(each.end, gone), each.counts)
        for each in found
        if each.start <= gone
    ]


def _contract(written: Mapping[str, Any]) -> Contract:
    start = date.fromisoformat(written["start"])
    end = date.fromisoformat(written["end"]) if "end" in written else None
    if "notice" in written:
        end = left(start, date.fromisoformat(written["notice"]))
    counts = written.get("sondes", [])
    if isinstance(counts, int):
        counts = [{"from": written["start"], "count": counts}]
    return Contract(start, end, tuple((date.fromisoformat(each["from"]), each["count"]) for each in counts))
