"""Instants and durations as people say them: midnight, New Year, the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts.hours import brief, brief_lasting, dated, lasting, moment
from tests.unit.alerts.wordings import PARIS, at, plain_spaces


@pytest.mark.parametrize(
    ("when", "now", "mail", "sms"),
    [
        ("03-06 17:25", "03-06 17:25", "17 h 25", "17h25"),
        ("03-06 09:00", "03-06 23:59", "9 h", "9h"),
        ("03-06 00:05", "03-06 00:06", "0 h 05", "0h05"),
        ("03-06 23:59", "03-07 00:00", "hier à 23 h 59", "hier 23h59"),
        ("03-07 08:00", "03-06 20:00", "demain à 8 h", "demain 8h"),
        ("03-06 17:25", "03-09 09:00", "vendredi 6 mars à 17 h 25", "ven. 6/3 17h25"),
        ("05-01 12:00", "05-04 12:00", "vendredi 1er mai à 12 h", "ven. 1/5 12h"),
        ("2025-12-31 23:50", "01-01 00:10", "hier à 23 h 50", "hier 23h50"),
        ("2025-12-24 10:00", "01-02 08:00", "mercredi 24 décembre 2025 à 10 h", "24/12/2025 10h"),
        ("03-28 17:00", "03-29 17:00", "hier à 17 h", "hier 17h"),  # 23 hours ago
        ("10-24 17:00", "10-25 17:00", "hier à 17 h", "hier 17h"),  # 25
    ],
)
def test_an_instant_as_seen_from_another(when: str, now: str, mail: str, sms: str) -> None:
    assert plain_spaces(moment(at(when), at(now), PARIS)) == mail
    assert brief(at(when), at(now), PARIS) == sms


def test_after_a_verb_today_takes_a_preposition_and_other_days_none() -> None:
    assert plain_spaces(dated(at("03-06 17:25"), at("03-06 18:00"), PARIS)) == "à 17 h 25"
    assert plain_spaces(dated(at("03-06 17:25"), at("03-07 18:00"), PARIS)) == "hier à 17 h 25"


def test_an_hour_that_a_night_has_twice_says_which_one() -> None:
    first = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())
    assert plain_spaces(moment(first, first, PARIS)) == "2 h 30 (heure d’été)"
    assert plain_spaces(moment(first + 3600, first, PARIS)) == "2 h 30 (heure d’hiver)"
    assert plain_spaces(moment(first + 7200, first, PARIS)) == "3 h 30"


@pytest.mark.parametrize(
    ("seconds", "mail", "sms"),
    [
        (-5, "moins d’une minute", "moins d'1 min"),
        (59, "moins d’une minute", "moins d'1 min"),
        (60, "1 min", "1 min"),
        (3599, "59 min", "59 min"),
        (3600, "1 h", "1h"),
        (7500, "2 h 05", "2h05"),
        (48 * 3600 - 1, "47 h 59", "47h59"),
        (48 * 3600, "2 jours", "2 j"),
        (76 * 3600, "3 jours et 4 h", "3 j 4h"),
    ],
)
def test_a_duration(seconds: int, mail: str, sms: str) -> None:
    assert plain_spaces(lasting(seconds)) == mail
    assert brief_lasting(seconds) == sms


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_an_hour_never_breaks_over_two_lines(when: int, now: int) -> None:
    said = moment(when, now, PARIS)
    assert " h" not in said
    assert "h " not in said
