"""When a contract ends: 002 art. 8, first year firm, two months' notice."""

from __future__ import annotations

from datetime import date, timedelta


def last_day(start: date, end: date | None, notice: date | None) -> date | None:
    """The last day of a contract, included; None while it renews itself.

    The notice of two months runs from the first of the month after the letter was received (15 March -> 31 May), and
    the contract does not end before its first year does.
    """
    if end is not None or notice is None:
        return end
    months = notice.year * 12 + notice.month - 1 + 3  # the month after the letter, and two more
    left = date(months // 12, months % 12 + 1, 1) - timedelta(days=1)
    return max(left, _year_after(start) - timedelta(days=1))


def _year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return date(day.year + 1, 3, 1)
