"""Three-valued rules over the sondes that take part."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given

from probes.base import Status
from supervisor.domain.rule import Member, Piece, Rule, Run, Truth, runs
from supervisor.domain.state import CHECK_FAILED, ISOLATED, NO_DATA, UNREACHABLE
from tests.oracle_availability import END, PROPERTY, START, Case, cases, truth_at

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
UP, DOWN, NOT_KNOWN = Truth.UP, Truth.DOWN, Truth.UNKNOWN


def showing(*statuses: Status, cause: str = "") -> list[Member]:
    """Sondes that show one status each, from 0 to 100."""
    return [
        Member(sonde=f"a/e/{rank}", spans=[(0, 100)], pieces=[Piece(0, 100, status, cause)])
        for rank, status in enumerate(statuses)
    ]


def truth(rule: Rule, *statuses: Status) -> Truth:
    """What the rule says of sondes that never change."""
    (run,) = runs(rule, showing(*statuses), 0, 100, unreachable_is_down=False)
    assert run[:2] == (0, 100)
    return run.truth


@pytest.mark.parametrize(
    ("statuses", "all_", "any_", "two"),
    [
        ((OK, OK, OK), UP, UP, UP),
        ((OK, WARNING), UP, UP, UP),
        ((OK, CRITICAL), DOWN, UP, DOWN),
        ((OK, UNKNOWN), NOT_KNOWN, UP, NOT_KNOWN),
        ((CRITICAL, UNKNOWN), DOWN, NOT_KNOWN, DOWN),
        ((CRITICAL, CRITICAL), DOWN, DOWN, DOWN),
        ((UNKNOWN, UNKNOWN), NOT_KNOWN, NOT_KNOWN, NOT_KNOWN),
        ((OK, OK, CRITICAL), DOWN, UP, UP),
        ((OK, OK, UNKNOWN), NOT_KNOWN, UP, UP),
        ((OK, CRITICAL, UNKNOWN), DOWN, UP, NOT_KNOWN),
        ((CRITICAL, CRITICAL, UNKNOWN), DOWN, NOT_KNOWN, DOWN),
        ((OK,), UP, UP, DOWN),
        ((UNKNOWN,), NOT_KNOWN, NOT_KNOWN, DOWN),
        ((), NOT_KNOWN, NOT_KNOWN, NOT_KNOWN),
    ],
)
def test_truths(statuses: tuple[Status, ...], all_: Truth, any_: Truth, two: Truth) -> None:
    """The last column is `at_least: 2`: one sonde taking part is fewer than two, so down; none is unknown."""
    assert truth(Rule.ALL, *statuses) is all_
    assert truth(Rule.ANY, *statuses) is any_
    assert truth(Rule.at_least(2), *statuses) is two


def test_a_rule_of_no_sonde_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one sonde, not 0"):
        Rule.at_least(0)


def test_only_sondes_that_take_part_count() -> None:
    """A second server is added at 20 and critical, removed at 40, and added again at 60 in a life of its own."""
    first = Member(sonde="a/e/1", spans=[(10, 90)], pieces=[Piece(0, 100, OK)])
    second = Member(sonde="a/e/2", spans=[(20, 40), (60, 80)], pieces=[Piece(0, 70, CRITICAL), Piece(70, 100, OK)])
    found = runs(Rule.ALL, [first, second], 0, 100, unreachable_is_down=False)
    assert found == [
        Run(0, 10, NOT_KNOWN),  # none takes part
        Run(10, 20, UP),
        Run(20, 40, DOWN),
        Run(40, 60, UP),
        Run(60, 70, DOWN),
        Run(70, 90, UP),
        Run(90, 100, NOT_KNOWN),
    ]


def test_at_least_two_is_down_until_the_second_sonde_is_added() -> None:
    first = Member(sonde="a/e/1", spans=[(10, 100)], pieces=[Piece(0, 100, OK)])
    second = Member(sonde="a/e/2", spans=[(50, 100)], pieces=[Piece(0, 100, OK)])
    found = runs(Rule.at_least(2), [first, second], 0, 100, unreachable_is_down=False)
    assert found == [Run(0, 10, NOT_KNOWN), Run(10, 50, DOWN), Run(50, 100, UP)]


def test_time_without_a_piece_is_unknown() -> None:
    member = Member(sonde="a/e/1", spans=[(0, 100)], pieces=[Piece(10, 20, OK), Piece(30, 40, OK)])
    found = runs(Rule.ALL, [member], 0, 100, unreachable_is_down=False)
    assert [run.truth for run in found] == [NOT_KNOWN, UP, NOT_KNOWN, UP, NOT_KNOWN]
    assert [run.start for run in found] == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("cause", [UNREACHABLE, ISOLATED, CHECK_FAILED, NO_DATA])
def test_unreachable_counts_as_down_where_the_service_says_so(cause: str) -> None:
    """No other unknown does: an isolated supervisor must not put its communes down."""
    members = showing(UNKNOWN, cause=cause)
    assert runs(Rule.ALL, members, 0, 100, unreachable_is_down=False) == [Run(0, 100, NOT_KNOWN)]
    expected = DOWN if cause == UNREACHABLE else NOT_KNOWN
    assert runs(Rule.ALL, members, 0, 100, unreachable_is_down=True) == [Run(0, 100, expected)]


def test_unreachable_sonde_does_not_put_a_service_down_that_another_holds_up() -> None:
    members = [*showing(UNKNOWN, cause=UNREACHABLE), *showing(OK)]
    assert runs(Rule.ANY, members, 0, 100, unreachable_is_down=True) == [Run(0, 100, UP)]


def test_no_time_has_no_runs() -> None:
    assert runs(Rule.ALL, showing(OK), 50, 50, unreachable_is_down=False) == []
    assert runs(Rule.ALL, showing(OK), 50, 40, unreachable_is_down=False) == []


def test_a_change_at_the_first_second_or_at_the_end_leaves_no_empty_run() -> None:
    member = Member(sonde="a/e/1", spans=[(0, 100)], pieces=[Piece(0, 10, CRITICAL), Piece(10, 20, OK)])
    assert runs(Rule.ALL, [member], 10, 20, unreachable_is_down=False) == [Run(10, 20, UP)]
    assert runs(Rule.ALL, [member], 0, 10, unreachable_is_down=False) == [Run(0, 10, DOWN)]


def test_what_is_shown_is_cut_to_taking_part_with_its_gaps() -> None:
    member = Member(
        sonde="a/e/1",
        spans=[(5, 15), (20, 30)],
        pieces=[Piece(0, 8, OK), Piece(10, 25, UNKNOWN, UNREACHABLE), Piece(25, 50, OK)],
    )
    assert list(member.shown(0, 28)) == [
        Piece(5, 8, OK),
        Piece(8, 10, UNKNOWN, NO_DATA),
        Piece(10, 15, UNKNOWN, UNREACHABLE),
        Piece(20, 25, UNKNOWN, UNREACHABLE),
        Piece(25, 28, OK),
    ]


def test_what_ends_as_the_sonde_comes_back_is_not_shown() -> None:
    """Removed at 10, added again at 20: neither a piece that ends at 20 nor one of the meantime leaves a trace."""
    pieces = [Piece(0, 12, OK), Piece(12, 14, CRITICAL), Piece(14, 20, OK), Piece(20, 30, WARNING)]
    member = Member(sonde="a/e/1", spans=[(0, 10), (20, 30)], pieces=pieces)
    assert list(member.shown(0, 30)) == [Piece(0, 10, OK), Piece(20, 30, WARNING)]
    going_on = Member(sonde="a/e/1", spans=[(0, 10), (20, 30)], pieces=[Piece(0, 20, OK), Piece(20, 30, WARNING)])
    assert list(going_on.shown(0, 30)) == [Piece(0, 10, OK), Piece(20, 30, WARNING)]


@PROPERTY
@given(cases())
def test_runs_are_what_each_second_is(case: Case) -> None:
    found = runs(case.rule, case.members, START, END, unreachable_is_down=case.unreachable_is_down)
    by_second = [run.truth for run in found for _ in range(run.start, run.end)]
    assert by_second == [
        truth_at(case.rule, case.members, second, case.unreachable_is_down) for second in range(START, END)
    ]
    assert (found[0].start, found[-1].end) == (START, END)
    assert all(left.end == right.start and left.truth is not right.truth for left, right in pairwise(found))
