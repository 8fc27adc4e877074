"""Calendars of the profiles and of a main file, from YAML to counted seconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from probes.base import Probe
from supervisor.config.business_time import calendar_of
from supervisor.config.loader import load
from supervisor.domain.calendar import Calendar
from tests.unit.config.places import MAIN, install

HOUR = 3600

VERSIONS = """\
calendars:
  permanence:
    - {slots: {mon-fri: ["09:00-12:00", "14:00-17:00"]}, holidays: {country: FR}}
    - from: 2026-07-01
      timezone: Indian/Reunion
      slots: {sat: ["20:00-24:00"], sun: ["00:00-06:00"]}
      closed: [{from: 2026-08-01, to: 2026-08-03}]
      open: [{date: 2026-08-02, slots: ["10:00-11:00"]}]
"""


def calendar(
    directory: Path, probes: Mapping[str, Probe], name: str, *, main: str = MAIN, good_friday: bool = False
) -> Calendar:
    return calendar_of(load(install(directory, main=main), probes).calendars[name], good_friday=good_friday)


def at(text: str, zone: str = "Europe/Paris") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(("good_friday", "end"), [(True, "2026-04-07 15:30"), (False, "2026-04-03 15:30")])
def test_eight_hours_before_easter_with_moselle_fibre(
    good_friday: bool, end: str, tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    """Thursday 16:00-17:30 is 1 h 30; 09:00 + 6 h 30 = 15:30 of Friday, or of Tuesday when Good Friday closes."""
    service = calendar(tmp_path, probes, "service", good_friday=good_friday)
    assert service.after(at("2026-04-02 16:00"), 8 * HOUR) == at(end)


@pytest.mark.parametrize(
    ("profile", "name", "hours"),
    [
        ("moselle-fibre", "service", 5 * 8.5),
        ("moselle-fibre", "assistance", 5 * 6.5),
        ("redon-agglomeration", None, 44),
        ("cdg47", "always", 7 * 24),
    ],
)
def test_the_ordinary_week_of_a_profile(
    profile: str, name: str | None, hours: float, tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    """1 to 7 June 2026, without a holiday: 5 x 8 h 30; 5 x (3 h + 3 h 30); 4 x 9 h + 8 h; 7 x 24 h."""
    configuration = load(install(tmp_path, main=MAIN.replace("moselle-fibre", profile)), probes)
    versions = configuration.calendars[name or configuration.profile.calendar]
    week = at("2026-06-01 00:00"), at("2026-06-08 00:00")
    assert calendar_of(versions, good_friday=False).open_seconds(*week) == hours * HOUR


def test_every_key_of_a_calendar_counts(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    permanence = calendar(tmp_path, probes, "permanence", main=MAIN + VERSIONS)
    # Thursday 14 May 2026 is Ascension, a national holiday; Friday has its two slots.
    assert permanence.openings(at("2026-05-14 00:00"), at("2026-05-16 00:00")) == [
        (at("2026-05-15 09:00"), at("2026-05-15 12:00")),
        (at("2026-05-15 14:00"), at("2026-05-15 17:00")),
    ]
    # Saturday 4 July 20:00 to Sunday 06:00, on the clock of La Réunion, is one opening over midnight.
    assert permanence.openings(at("2026-07-01 00:00"), at("2026-07-10 00:00")) == [
        (at("2026-07-04 20:00", "Indian/Reunion"), at("2026-07-05 06:00", "Indian/Reunion"))
    ]
    # The closing takes the week-end of 1 August, the exceptional opening gives one hour of its Sunday back.
    assert permanence.openings(at("2026-07-27 00:00"), at("2026-08-07 00:00")) == [
        (at("2026-08-02 10:00", "Indian/Reunion"), at("2026-08-02 11:00", "Indian/Reunion"))
    ]
