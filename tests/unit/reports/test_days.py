"""Days and unknown time, put together again from the lines of an explanation."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.explain import Counted, Line
from supervisor.domain.period import midnight, parse
from supervisor.domain.rule import Truth
from supervisor.proof.explaining import Explained, Reason
from supervisor.reports import strip
from supervisor.reports.days import Day, DayState, days, unknowns
from tests.unit.reports.samples import HOUR, ZONE, at
from tests.unit.reports.test_wording import plain

MARCH = parse("2026-03")


def line(start: int, end: int, counted: Counted | None) -> Line:
    """A stretch of 24/7 opening time, or of closing time."""
    is_open = counted is not None
    return Line(start, end, is_open, Truth.UP, (), counted, (), end - start if is_open else 0)


def test_a_day_is_local_and_has_23_hours_in_spring() -> None:
    """The clocks change on 29 March 2026: up all the time is 31 days of 24 h but one of 23 h."""
    start, end = MARCH.span(ZONE)
    found = days([line(start, end, "up")], MARCH, ZONE, end)
    assert [day.up_s // HOUR for day in found] == [24] * 28 + [23] + [24] * 2


def test_a_line_over_midnight_is_of_both_days() -> None:
    found = days([line(at(3, 2, 23), at(3, 4, 1), "down")], MARCH, ZONE, at(4, 1))
    assert [day.down_s // HOUR for day in found[:5]] == [0, 1, 24, 1, 0]


@given(st.lists(st.tuples(st.integers(1, 300_000), st.sampled_from(["up", "down", "excluded", "unknown", None]))))
def test_the_days_add_up_to_the_lines(stretches: list[tuple[int, Counted | None]]) -> None:
    start, end = MARCH.span(ZONE)
    lines, now = [], start
    for length, counted in stretches:
        until = min(now + length, end)
        if now < until:
            lines.append(line(now, until, counted))
        now = until
    found = days(lines, MARCH, ZONE, now)
    for counted in ("up", "down", "excluded", "unknown"):
        assert sum(getattr(day, f"{counted}_s") for day in found) == sum(
            each.open_s for each in lines if each.counted == counted
        )
    assert all(day.coming == (midnight(day.date, ZONE) >= now) for day in found)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        ({}, DayState.CLOSED),
        ({"coming": True}, DayState.COMING),
        ({"up_s": 9}, DayState.AVAILABLE),
        ({"up_s": 9, "excluded_s": 1}, DayState.SPARED),
        ({"up_s": 9, "excluded_s": 1, "down_s": 1}, DayState.INTERRUPTED),
        ({"up_s": 9, "excluded_s": 1, "unknown_s": 1}, DayState.PARTLY),
        ({"up_s": 9, "down_s": 1, "unknown_s": 1}, DayState.INTERRUPTED),
        ({"down_s": 1, "unknown_s": 9}, DayState.DOWN),
        ({"up_s": 9, "unknown_s": 1}, DayState.PARTLY),
        ({"unknown_s": 9, "excluded_s": 1}, DayState.UNMEASURED),
        ({"excluded_s": 9}, DayState.EXCLUDED),
    ],
)
def test_what_is_said_of_a_day(seconds: dict[str, int], state: DayState) -> None:
    assert Day(date=date(2026, 3, 2), **seconds).state is state


def reason(cause: str, status: Status = Status.UNKNOWN, via: tuple[str, ...] = ()) -> Reason:
    """One sonde's."""
    return Reason(sonde="exemple/web/site", status=status, cause=cause, via=via, message="")


def test_unknown_time_by_cause_longest_first() -> None:
    """A critical sonde beside an unknown one is no cause of its being unknown."""
    told = [
        Explained(line=line(0, 10, "unknown"), reasons=(reason("no data"),), windows=()),
        Explained(line=line(20, 50, "unknown"), reasons=(reason("", Status.CRITICAL), reason("no data")), windows=()),
        Explained(line=line(60, 160, "unknown"), reasons=(reason("unreachable", via=("a/b/c",)),), windows=()),
        Explained(line=line(160, 165, "unknown"), reasons=(), windows=()),
        Explained(line=line(165, 999, "down"), reasons=(reason("no data"),), windows=()),
    ]
    assert [(each.causes, each.via, each.seconds, each.stretches) for each in unknowns(told)] == [
        (("unreachable",), ("a/b/c",), 100, ((60, 160),)),
        (("no data",), (), 40, ((20, 50), (0, 10))),
        ((), (), 5, ((160, 165),)),
    ]


# --- the drawing


def month(**states: dict[str, int]) -> list[Day]:
    """March 2026, every day up but these: d5={"down_s": 1}."""
    return [
        Day(date=date(2026, 3, n), **states.get(f"d{n}", {"up_s": 9}))  # type: ignore[arg-type]
        for n in range(1, 32)
    ]


def letters(svg: str) -> str:
    """What the cells show, in order."""
    return "".join(re.findall(r">([DPNMIEXF])</text></g>", svg))


def test_every_state_has_its_own_letter_and_shape() -> None:
    states = [{"up_s": 1}, {"up_s": 1, "down_s": 1}, {"down_s": 1}, {"up_s": 1, "unknown_s": 1}, {"unknown_s": 1}]
    states += [{"up_s": 1, "excluded_s": 1}, {"excluded_s": 1}, {}]
    drawn = strip.figure("Site", "en mars 2026", [Day(date=date(2026, 3, 2), **each) for each in states])
    assert letters(drawn.svg) == "DPNMIEXF"
    shapes = re.findall(r"<g transform=[^>]*>(.*?)<text", drawn.svg)
    assert len({re.sub(r'(fill|stroke)="[^"]*"', "", shape) for shape in shapes}) == 8


def test_the_words_of_a_drawing_say_which_days_were_not_well() -> None:
    found = month(d3={"up_s": 1, "down_s": 1}, d17={"up_s": 1, "down_s": 1}, d1={"unknown_s": 1}, d8={})
    assert plain(strip.figure("Site", "en mars 2026", found).alt) == (
        "Site, jour par jour, en mars 2026 : 27 jours disponibles ; 2 jours de panne partielle (les 3 et 17 mars) ; "
        "1 jour inconnu (le 1er mars) ; 1 jour fermé."
    )


def test_a_day_of_which_an_outage_is_excluded_is_not_called_available() -> None:
    found = month(d19={"up_s": 5, "excluded_s": 4}, d20={"excluded_s": 9})
    assert plain(strip.figure("Site", "en mars 2026", found).alt) == (
        "Site, jour par jour, en mars 2026 : 29 jours disponibles ; 1 jour exclu en partie (le 19 mars) ; "
        "1 jour entièrement exclu (le 20 mars)."
    )
    assert [plain(key.text) for key in strip.legend(found)][1:] == [
        "E : en partie exclu du calcul, disponible le reste du temps",
        "X : entièrement exclu du calcul",
    ]


def test_long_lists_of_days_are_cut() -> None:
    found = [Day(date=date(2026, 1, 1) + timedelta(days=n), down_s=1) for n in range(100)]
    alt = plain(strip.figure("Site", "en 2026", found).alt)
    assert "100 jours de panne complète (les 1er, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 et 12 janvier et 88 de plus)" in alt


def test_a_drawing_is_xml_whatever_its_length() -> None:
    for length in (1, 7, 31, 32, 365, 366):
        found = [Day(date=date(2024, 1, 1) + timedelta(days=n), up_s=1) for n in range(length)]
        drawn = strip.figure("<Site> & Cie", "en 2024", found)
        root = ElementTree.fromstring(drawn.svg)
        assert root.attrib["viewBox"] == f"0 0 {drawn.width} {drawn.height}"
        assert letters(drawn.svg) == "D" * length


def test_cells_stay_inside_the_drawing() -> None:
    for length in (31, 366):
        found = [Day(date=date(2024, 3, 3) + timedelta(days=n), up_s=1) for n in range(length)]
        drawn = strip.figure("Site", "", found)
        for x, y in re.findall(r'translate\((\d+) (\d+)\)"><circle', drawn.svg):
            assert 10 <= int(x) <= drawn.width - 10
            assert 10 <= int(y) <= drawn.height - 10


def test_the_legend_explains_what_is_shown_and_nothing_else() -> None:
    keys = strip.legend(month(d3={"down_s": 1}, d4={"coming": 1}))
    assert [plain(key.text)[:3] for key in keys] == ["D :", "N :"]
