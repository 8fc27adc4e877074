"""When a contract ends: 002 art. 10 and 11, first year firm, two months' notice, a started year due in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from supervisor.errors import VigieError

_NOTICE_MONTHS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Leave:
    """How a letter of leave ends a contract."""

    start: date  # first day of the contract
    received: date  # day the letter was received
    notice_from: date  # first day of the notice
    notice_to: date  # last day of the notice
    first_year_ends: date  # last day of the year that is firm
    fixed_end: date | None = None  # last day, where the contract ended by itself or by an earlier letter already

    @property
    def last_day(self) -> date:
        """Last day of the contract, included."""
        left = max(self.notice_to, self.first_year_ends)
        return left if self.fixed_end is None else min(left, self.fixed_end)

    @property
    def due(self) -> int:
        """The last calendar year that is owed, in full: that which the last day is in."""
        return self.last_day.year

    @property
    def why(self) -> str:
        """Which of the dates is the last day, and by which rule."""
        notice = "two months' notice from the 1st of the month after the letter"
        dates = f"{self.notice_from} to {self.notice_to}"
        if self.fixed_end == self.last_day:
            return f"the contract ends on {self.fixed_end} already; {notice} would be {dates}"
        if self.first_year_ends > self.notice_to:
            return f"the first year is firm, it ends on {self.first_year_ends}; {notice}: {dates}"
        return f"{notice}: {dates}; the first year, which is firm, is over on {self.first_year_ends}"


def leave(start: date, received: date, end: date | None = None) -> Leave:
    """What a letter received that day does to a contract; refused before its first day, and after its last one."""
    if received < start:
        raise VigieError(f"received: {received} is before the contract begins, {start}: there is nothing to leave yet")
    if end is not None and received > end:
        raise VigieError(f"received: {received} is after the contract ended, {end}: there is nothing to leave any more")
    first = _first_of_month(received, 1)
    return Leave(
        start=start,
        received=received,
        notice_from=first,
        notice_to=_first_of_month(first, _NOTICE_MONTHS) - timedelta(days=1),
        first_year_ends=_year_after(start) - timedelta(days=1),
        fixed_end=end,
    )


def last_day(start: date, end: date | None, notice: date | None) -> date | None:
    """The last day of a contract, included; None while it renews itself.

    The notice of two months runs from the first of the month after the letter was received (15 March -> 31 May), and
    the contract does not end before its first year does.
    """
    if end is not None or notice is None:
        return end
    return leave(start, notice).last_day


def _first_of_month(day: date, later: int) -> date:
    """The first day of the month that is so many months later."""
    months = day.year * 12 + day.month - 1 + later
    return date(months // 12, months % 12 + 1, 1)


def _year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return date(day.year + 1, 3, 1)
