"""Public holidays against the law, and the years and departments of which the package has its own idea."""

from __future__ import annotations

import sys
from datetime import date
from subprocess import run

import pytest
from holidays import country_holidays

from supervisor.domain.holidays import PublicHolidays
from tests.oracle_calendar import ALSACE_MOSELLE, EASTER, legal_holidays


@pytest.mark.parametrize("subdivision", [None, "35", "2A", "75C", "69M", "973", "974", "976"])
@pytest.mark.parametrize("good_friday", [False, True])
def test_national_and_overseas_holidays_are_those_of_the_law(subdivision: str | None, good_friday: bool) -> None:
    holidays = PublicHolidays("FR", subdivision, good_friday=good_friday)
    for year in EASTER:
        assert holidays.of(year) == legal_holidays(year, subdivision, good_friday=good_friday)


@pytest.mark.parametrize("subdivision", ALSACE_MOSELLE)
def test_alsace_moselle_adds_26_december_and_good_friday_where_it_is_said(subdivision: str) -> None:
    for year in EASTER:
        without = PublicHolidays("FR", subdivision, good_friday=False).of(year)
        assert without == legal_holidays(year) | {date(year, 12, 26)}
        with_it = PublicHolidays("FR", subdivision, good_friday=True).of(year)
        assert with_it - without == {day for day in with_it if (EASTER[year] - day).days == 2}
        assert with_it == legal_holidays(year, subdivision, good_friday=True)


@pytest.mark.parametrize(
    ("subdivision", "day"),
    [
        ("971", date(2026, 5, 27)),  # Guadeloupe
        ("972", date(2026, 5, 22)),  # Martinique
        ("977", date(2026, 10, 9)),  # Saint-Barthélemy
        ("978", date(2026, 5, 28)),  # Saint-Martin
        ("986", date(2026, 7, 29)),  # Wallis-et-Futuna
        ("987", date(2026, 11, 20)),  # Polynésie française
        ("988", date(2026, 9, 24)),  # Nouvelle-Calédonie
    ],
)
def test_a_territory_has_its_own_day(subdivision: str, day: date) -> None:
    days = PublicHolidays("FR", subdivision, good_friday=False).of(2026)
    assert day in days
    assert days > legal_holidays(2026)


@pytest.mark.parametrize(("subdivision", "place"), [(None, None), ("57", "57"), ("67", "6AE")])
def test_what_is_worked_out_here_is_what_the_package_has(subdivision: str | None, place: str | None) -> None:
    """It always lists Good Friday in Alsace-Moselle. From 2008 on: it omits three Whit Mondays that were worked."""
    ours = PublicHolidays("FR", subdivision, good_friday=True)
    for year in range(2008, 2101):
        assert ours.of(year) == set(country_holidays("FR", subdiv=place, years=year)), year


def test_saint_pierre_et_miquelon_has_the_national_days() -> None:
    assert PublicHolidays("FR", "975", good_friday=False).of(2026) == legal_holidays(2026)


def test_a_year_is_worked_out_once() -> None:
    holidays = PublicHolidays("FR", None, good_friday=False)
    assert holidays.of(2026) is holidays.of(2026)
    assert holidays.of(2027) != holidays.of(2026)


def test_after_the_data_ends_there_is_no_holiday() -> None:
    assert PublicHolidays("FR", "57", good_friday=True).of(2101) == frozenset()


def test_another_country_is_refused() -> None:
    with pytest.raises(ValueError, match="BE"):
        PublicHolidays("BE", None, good_friday=False)


def test_a_calendar_of_the_mainland_does_not_load_the_package() -> None:
    program = (
        "import sys\n"
        "from supervisor.domain.calendar import Calendar, Version\n"
        "moselle = Version(start=None, timezone='Europe/Paris', holidays=('FR', '57'), closed=(), opened=(),\n"
        "                  week=(((0, 1440),),) * 7)\n"
        "assert Calendar([moselle]).open_seconds(1_770_000_000, 1_770_000_060) == 60\n"
        "sys.exit('holidays' in sys.modules)\n"
    )
    assert run([sys.executable, "-c", program], check=False).returncode == 0
