"""The public holidays of France, as a calendar needs them: the set of days of one year in one place."""

from __future__ import annotations

from datetime import date

# The package's name of each department that has holidays of its own; every other follows the national list, and the
# package refuses the number of a department that it does not know.
_LOCAL = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "6AE": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
_ALSACE_MOSELLE = frozenset({"57", "6AE"})
_FRIDAY = 4


class PublicHolidays:
    """The holidays of one department (None: those of the whole country), each year worked out once.

    Local law of Alsace-Moselle closes on 26 December everywhere, and on Good Friday only in the communes that have a
    Protestant or mixed church: `good_friday` says whether this is one. Elsewhere it changes nothing.
    """

    def __init__(self, country: str, subdivision: str | None, *, good_friday: bool) -> None:
        if country != "FR":
            raise ValueError(f"the holidays of {country} are not known here, only those of FR")
        self._place = _LOCAL.get(subdivision or "")
        self._without_good_friday = self._place in _ALSACE_MOSELLE and not good_friday
        self._years: dict[int, frozenset[date]] = {}

    def of(self, year: int) -> frozenset[date]:
        """The days that are closed in that year; none after 2100, where the data ends."""
        # A year is kept once it is complete: a thread that asks meanwhile works it out again, and finds the same.
        days = self._years.get(year)
        if days is None:
            days = self._years[year] = frozenset(self._listed(year))
        return days

    def _listed(self, year: int) -> list[date]:
        # The package loads every country of the world, 18 MB and 0.1 s: only where a calendar has holidays.
        from holidays import country_holidays

        days = country_holidays("FR", subdiv=self._place, years=year)
        return [day for day in days if not (self._without_good_friday and _is_good_friday(day))]


def _is_good_friday(day: date) -> bool:
    """Easter is from 22 March to 25 April, and no other holiday of these two months is a Friday."""
    return day.month in (3, 4) and day.weekday() == _FRIDAY
