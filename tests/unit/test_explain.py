"""The seconds behind the figures."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given

from probes.base import Status
from supervisor.domain.availability import KINDS, Figures, measure
from supervisor.domain.explain import Cause, Line, explain, fold
from supervisor.domain.rule import Member, Piece, Rule, Run, Truth, runs
from supervisor.domain.state import NO_DATA, UNREACHABLE
from tests.oracle_availability import END, PROPERTY, START, Case, cases, found_at

H, DAY = 3600, 86_400
EXCLUDE = ("force_majeure", "collectivite")
UP, DOWN, UNKNOWN = Truth.UP, Truth.DOWN, Truth.UNKNOWN
SLOTS = [(day * DAY + 9 * H, day * DAY + 17 * H) for day in (0, 3)]  # a Friday and a Monday
FAILING = Cause("a/e/s", Status.CRITICAL, "")


def weekend() -> list[Line]:
    """Critical from Friday 16 h to Monday 10 h."""
    member = Member(
        sonde="a/e/s",
        spans=[(0, 4 * DAY)],
        pieces=[
            Piece(0, 16 * H, Status.OK),
            Piece(16 * H, 3 * DAY + 10 * H, Status.CRITICAL),
            Piece(3 * DAY + 10 * H, 4 * DAY, Status.OK),
        ],
    )
    found = runs(Rule.ALL, [member], 0, 4 * DAY, unreachable_is_down=False)
    return explain(SLOTS, found, {}, EXCLUDE, [member])


def test_lines_are_cut_at_opening_and_closing() -> None:
    """Down 16 h to 17 h on Friday and 9 h to 10 h on Monday: what counts is 1 h + 1 h; the weekend is said not to."""
    assert weekend() == [
        Line(0, 9 * H, False, UP, (), None, (), 0),
        Line(9 * H, 16 * H, True, UP, (), "up", (), 7 * H),
        Line(16 * H, 17 * H, True, DOWN, (), "down", (FAILING,), H),
        Line(17 * H, 3 * DAY + 9 * H, False, DOWN, (), None, (FAILING,), 0),
        Line(3 * DAY + 9 * H, 3 * DAY + 10 * H, True, DOWN, (), "down", (FAILING,), H),
        Line(3 * DAY + 10 * H, 3 * DAY + 17 * H, True, UP, (), "up", (), 7 * H),
        Line(3 * DAY + 17 * H, 4 * DAY, False, UP, (), None, (), 0),
    ]


def test_folded_an_outage_over_a_weekend_is_one_line() -> None:
    assert fold(weekend()) == [
        Line(0, 16 * H, True, UP, (), "up", (), 7 * H),
        Line(16 * H, 3 * DAY + 10 * H, True, DOWN, (), "down", (FAILING,), 2 * H),
        Line(3 * DAY + 10 * H, 4 * DAY, True, UP, (), "up", (), 7 * H),
    ]


def test_an_outage_of_the_night_alone_is_told_and_not_counted() -> None:
    found = [Run(0, 20 * H, UP), Run(20 * H, 22 * H, DOWN), Run(22 * H, DAY, UP)]
    lines = fold(explain([(9 * H, 17 * H)], found, {}, EXCLUDE))
    assert [(line.start, line.truth, line.counted, line.open_s) for line in lines] == [
        (0, UP, "up", 8 * H),
        (20 * H, DOWN, None, 0),
        (22 * H, UP, None, 0),
    ]


def test_kinds_are_named_whether_or_not_they_are_excluded() -> None:
    """Maintenance [20, 60) counts as it is, force majeure [40, 80) is left out, together [40, 60) is left out."""
    windows = {"force_majeure": [(40, 80)], "maintenance": [(20, 60)]}
    lines = explain([(0, 100)], [Run(0, 100, DOWN)], windows, EXCLUDE)
    assert [(line.start, line.kinds, line.counted) for line in lines] == [
        (0, (), "down"),
        (20, ("maintenance",), "down"),
        (40, ("maintenance", "force_majeure"), "excluded"),
        (60, ("force_majeure",), "excluded"),
        (80, (), "down"),
    ]


def test_causes_name_each_sonde_and_why() -> None:
    """`any` of two: one is unreachable, then both are of no use, then the second is no longer part of it."""
    members = [
        Member(sonde="a/e/1", spans=[(0, 40)], pieces=[Piece(10, 40, Status.UNKNOWN, UNREACHABLE)]),
        Member(sonde="a/e/2", spans=[(0, 30)], pieces=[Piece(0, 20, Status.WARNING), Piece(20, 40, Status.CRITICAL)]),
    ]
    found = runs(Rule.ANY, members, 0, 50, unreachable_is_down=True)
    lines = explain([(0, 50)], found, {}, EXCLUDE, members)
    no_data, unreachable = (Cause("a/e/1", Status.UNKNOWN, why) for why in (NO_DATA, UNREACHABLE))
    assert [(line.start, line.truth, line.causes) for line in lines] == [
        (0, UP, (no_data,)),
        (10, UP, (unreachable,)),
        (20, DOWN, (unreachable, Cause("a/e/2", Status.CRITICAL, ""))),
        (30, DOWN, (unreachable,)),
        (40, UNKNOWN, ()),
    ]


def test_no_time_has_no_lines_and_uncovered_time_is_refused() -> None:
    assert explain([], [], {}, EXCLUDE) == []
    with pytest.raises(ValueError, match="beyond the runs"):
        explain([(0, 100)], [Run(0, 50, UP)], {}, EXCLUDE)


def summed(lines: list[Line]) -> tuple[int, Counter[str], dict[str, int]]:
    """Open seconds: all, by what they count as, by kind."""
    counted: Counter[str] = Counter()
    for line in lines:
        if line.counted is not None:
            counted[line.counted] += line.open_s
    kinds = {kind: sum(line.open_s for line in lines if kind in line.kinds) for kind in KINDS}
    return sum(line.open_s for line in lines), counted, kinds


def explained(case: Case) -> tuple[list[Line], Figures]:
    """Lines and figures of a random case."""
    found = runs(case.rule, case.members, START, END, unreachable_is_down=case.unreachable_is_down)
    lines = explain(case.opening, found, case.windows, case.exclude, case.members)
    return lines, measure(case.opening, found, case.windows, case.exclude)


@PROPERTY
@given(cases())
def test_sums_of_the_lines_are_the_figures(case: Case) -> None:
    lines, figures = explained(case)
    for each in (lines, fold(lines)):
        open_s, counted, kinds = summed(each)
        assert open_s == figures.open_s
        assert counted["up"] == figures.up_s
        assert counted["down"] == figures.down_s
        assert counted["unknown"] == figures.unknown_s
        assert counted["excluded"] == figures.excluded_s
        assert kinds == dict(figures.kinds)
        assert sum(line.open_s for line in each if line.truth is DOWN) == figures.raw_down_s
        assert sum(line.open_s for line in each if line.truth is UNKNOWN) == figures.raw_unknown_s


@PROPERTY
@given(cases())
def test_lines_tile_the_time_and_neighbours_differ(case: Case) -> None:
    lines, _ = explained(case)
    for each in (lines, fold(lines)):
        assert (each[0].start, each[-1].end) == (START, END)
        assert all(left.end == right.start for left, right in pairwise(each))
    for line in lines:
        assert line.open_s == (line.end - line.start if line.open else 0)
        assert (line.counted is None) == (not line.open)
    assert all(left[2:7] != right[2:7] for left, right in pairwise(lines))
    assert all((left[3:5], left[6]) != (right[3:5], right[6]) for left, right in pairwise(fold(lines)))


@PROPERTY
@given(cases())
def test_causes_are_what_each_sonde_showed_at_each_second(case: Case) -> None:
    lines, _ = explained(case)
    for line in lines:
        for second in range(line.start, line.end):
            expected = [
                (member.sonde, *found)
                for member in case.members
                if (found := found_at(member, second)) is not None and found[0] in (Status.CRITICAL, Status.UNKNOWN)
            ]
            assert list(line.causes) == expected
