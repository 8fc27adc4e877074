"""The public holidays of France, as a calendar needs them: the set of days of one year in one place.

The eleven days of the Code du travail (L3133-1) and the two of Alsace-Moselle (L3134-13) are worked out here: the
package that knows the days of every territory loads all countries of the world with them, 18 MB and 0.1 s. It is asked
for the territories overseas, which have days of their own.
"""

from __future__ import annotations

from datetime import date, timedelta

# The package's name of each territory overseas that has days of its own.
_OVERSEAS = {
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
_ALSACE_MOSELLE = frozenset({"57", "67", "68", "6AE"})
_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
_LAST_YEAR = 2100  # where the package's data ends, for all alike


class PublicHolidays:
    """The holidays of one department (None: those of the whole country), each year worked out once.

    Local law of Alsace-Moselle closes on 26 December everywhere, and on Good Friday only in the communes that have a
    Protestant or mixed church: `good_friday` says whether this is one. Elsewhere it changes nothing.
    """

    def __init__(self, country: str, subdivision: str | None, *, good_friday: bool) -> None:
        if country != "FR":
            raise ValueError(f"the holidays of {country} are not known here, only those of FR")
        self._overseas = _OVERSEAS.get(subdivision or "")
        self._alsace_moselle = subdivision in _ALSACE_MOSELLE
        self._good_friday = good_friday
        self._years: dict[int, frozenset[date]] = {}

    def of(self, year: int) -> frozenset[date]:
        """The days that are closed in that year; none after 2100, where the data ends."""
        # A year is kept once it is complete: a thread that asks meanwhile works it out again, and finds the same.
        days = self._years.get(year)
        if days is None:
            days = self._years[year] = frozenset(self._listed(year))
        return days

    def _listed(self, year: int) -> list[date]:
        if year > _LAST_YEAR:
            return []
        if self._overseas is not None:
            from holidays import country_holidays  # only here: see above

            return list(country_holidays("FR", subdiv=self._overseas, years=year))
        easter = easter_sunday(year)
        days = [date(year, month, day) for month, day in _FIXED]
        days += [easter + timedelta(days=after) for after in _AFTER_EASTER]
        if self._alsace_moselle:
            days.append(date(year, 12, 26))
            if self._good_friday:
                days.append(easter - timedelta(days=2))
        return days


def easter_sunday(year: int) -> date:
    """Easter in the Gregorian calendar, by the anonymous method of 1876 (Meeus/Jones/Butcher)."""
    golden, (century, year_of) = year % 19, divmod(year, 100)
    leaps, rest = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - shift + 15) % 30
    weekday = (32 + 2 * rest + 2 * (year_of // 4) - epact - year_of % 4) % 7
    correction = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)
