"""The four-way ledger and its figures: worked numbers, and a count second by second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.availability import KINDS, ZERO, Budget, Figures, Verdict, budget, measure
from supervisor.domain.interval import clip
from supervisor.domain.rule import Member, Piece, Rule, Run, Truth, runs
from tests.oracle_availability import END, PROPERTY, START, Case, cases, count
from tests.oracle_availability import KINDS as SPEC_KINDS

TARGET = Fraction("0.96")
EXCLUDE = ("force_majeure", "collectivite")
H = 3600


def figures(open_s: int, *, excluded_s: int = 0, down_s: int = 0, unknown_s: int = 0) -> Figures:
    """Figures whose raw side does not matter."""
    return replace(ZERO, open_s=open_s, excluded_s=excluded_s, down_s=down_s, unknown_s=unknown_s)


def measured(case: Case, start: int = START, end: int = END) -> Figures:
    """The figures of a part of a random case, from its pieces on."""
    found = runs(case.rule, case.members, start, end, unreachable_is_down=case.unreachable_is_down)
    return measure(clip(case.opening, start, end), found, case.windows, case.exclude)


def test_kinds_are_those_of_the_spec() -> None:
    assert KINDS == SPEC_KINDS


def test_one_outage_in_a_day() -> None:
    """Open 9 h to 17 h 30: 30,600 s. Down 9 h to 10 h and, while closed, from 20 h on: D = 3,600.
    1 − 3,600 / 30,600 = 0.88235…"""
    day = [Run(0, 9 * H, Truth.UP), Run(9 * H, 10 * H, Truth.DOWN), Run(10 * H, 20 * H, Truth.UP)]
    found = measure([(9 * H, 17 * H + 1800)], [*day, Run(20 * H, 24 * H, Truth.DOWN)], {}, EXCLUDE)
    assert (found.open_s, found.up_s, found.down_s, found.unknown_s, found.excluded_s) == (30600, 27000, 3600, 0, 0)
    assert found.availability == found.low == found.high == found.raw_availability == pytest.approx(1 - 3600 / 30600)
    assert found.coverage == 1
    assert found.verdict(TARGET) is Verdict.MISSED


def test_an_event_at_exactly_closing_time_counts_nothing() -> None:
    """17:30 is no opening second any more: down from 17:30:00 is 0 s, from 17:29:59 it is 1 s."""
    closing = 17 * H + 1800
    for since, down_s in ((closing, 0), (closing - 1, 1)):
        day = [Run(0, since, Truth.UP), Run(since, 24 * H, Truth.DOWN)]
        assert measure([(9 * H, closing)], day, {}, EXCLUDE).down_s == down_s


def test_an_all_unknown_month_is_not_measured() -> None:
    """22 days of 30,600 s = 673,200 s, all unknown: 1 − 0 / 0 is null, the bounds are 0 and 1."""
    days = [(day * 24 * H + 9 * H, day * 24 * H + 17 * H + 1800) for day in range(22)]
    found = measure(days, [Run(0, 30 * 24 * H, Truth.UNKNOWN)], {}, EXCLUDE)
    assert (found.open_s, found.unknown_s, found.raw_unknown_s) == (673200, 673200, 673200)
    assert found.availability is None
    assert found.raw_availability is None
    assert (found.low, found.high, found.coverage) == (0, 1, 0)
    assert found.verdict(TARGET) is Verdict.UNDETERMINED


def test_nothing_left_to_measure() -> None:
    """Closed all month, or all of it excluded: |O| − |E| = 0, so not even bounds."""
    closed = measure([], [Run(0, 100, Truth.UP)], {}, EXCLUDE)
    excluded = measure([(10, 20)], [Run(0, 100, Truth.DOWN)], {"force_majeure": [(0, 100)]}, EXCLUDE)
    assert (closed.open_s, excluded.open_s, excluded.excluded_s, excluded.down_s) == (0, 10, 10, 0)
    for found in (closed, excluded):
        assert (found.availability, found.low, found.high, found.coverage) == (None, None, None, None)
        assert found.verdict(TARGET) is Verdict.UNDETERMINED
        assert found.verdict(None) is None
    assert excluded.raw_availability == 0


def test_overlapping_exclusions_are_counted_once() -> None:
    """Maintenance [100, 300), force majeure [200, 400): each kind is 200 s, together 300 s, not 400.
    Down [150, 450): 300 s raw, of which [400, 450) is left: D = 50 of 1,000 − 300 = 700 s. 1 − 50 / 700 = 0.92857…"""
    found = measure(
        [(0, 1000)],
        [Run(0, 150, Truth.UP), Run(150, 450, Truth.DOWN), Run(450, 1000, Truth.UP)],
        {"maintenance": [(100, 300)], "force_majeure": [(200, 400)]},
        {"maintenance", "force_majeure"},
    )
    assert found.kinds == {"maintenance": 200, "force_majeure": 200, "collectivite": 0, "third_party": 0}
    assert (found.excluded_s, found.down_s, found.raw_down_s) == (300, 50, 300)
    assert found.availability == pytest.approx(1 - 50 / 700)
    assert found.raw_availability == pytest.approx(1 - 300 / 1000)


def test_a_kind_that_is_not_excluded_stays_what_it_is() -> None:
    """The same with Moselle Fibre's kinds: maintenance is printed, and its downtime counts.
    E = [200, 400), D = [150, 200) + [400, 450) = 100 s of 800."""
    found = measure(
        [(0, 1000)],
        [Run(0, 150, Truth.UP), Run(150, 450, Truth.DOWN), Run(450, 1000, Truth.UP)],
        {"maintenance": [(100, 300)], "force_majeure": [(200, 400)]},
        EXCLUDE,
    )
    assert (found.kinds["maintenance"], found.excluded_s, found.down_s) == (200, 200, 100)


def test_windows_that_overlap_within_a_kind_are_joined() -> None:
    found = measure([(0, 100)], [Run(0, 100, Truth.UP)], {"collectivite": [(10, 30), (20, 40)]}, EXCLUDE)
    assert (found.kinds["collectivite"], found.excluded_s) == (30, 30)


def test_excluded_wins_over_unknown() -> None:
    """Unknown [0, 50), excluded [25, 75): U = 25, E = 50 of 100; 25 s measured of 50, all up."""
    found = measure(
        [(0, 100)], [Run(0, 50, Truth.UNKNOWN), Run(50, 100, Truth.UP)], {"collectivite": [(25, 75)]}, EXCLUDE
    )
    assert (found.unknown_s, found.raw_unknown_s, found.excluded_s, found.up_s) == (25, 50, 50, 25)
    assert (found.availability, found.low, found.high, found.coverage) == (1, 0.5, 1, 0.5)
    assert found.raw.low == 0.5


def test_a_service_that_starts_and_a_contract_that_ends_mid_month() -> None:
    """Four days open 9 h to 17 h; `since` the second at noon, the contract's end before the fourth: 5 h + 8 h.
    The outage of the first day, 9 h to 17 h, is not the contract's; that of the third, 10 h to 11 h, is.
    1 − 1 / 13 = 0.923…"""
    opening = [(24 * H + 12 * H, 24 * H + 17 * H), (48 * H + 9 * H, 48 * H + 17 * H)]
    member = Member(
        sonde="a/e/s",
        spans=[(0, 96 * H)],
        pieces=[
            Piece(0, 18 * H, Status.CRITICAL),
            Piece(18 * H, 58 * H, Status.OK),
            Piece(58 * H, 59 * H, Status.CRITICAL),
            Piece(59 * H, 96 * H, Status.WARNING),
        ],
    )
    case_runs = runs(Rule.ALL, [member], 0, 96 * H, unreachable_is_down=False)
    found = measure(opening, case_runs, {}, EXCLUDE)
    assert (found.open_s, found.down_s, found.unknown_s) == (13 * H, H, 0)
    assert found.availability == pytest.approx(1 - 1 / 13)


def test_verdict_at_exactly_the_target_and_one_second_beyond() -> None:
    """D / O = 4,000 / 100,000: 1 − 0.04 = 0.96 is met; 4,001 is 0.95999, missed."""
    assert figures(100_000, down_s=4000).verdict(TARGET) is Verdict.MET
    assert figures(100_000, down_s=4000).availability == 0.96
    assert figures(100_000, down_s=4001).verdict(TARGET) is Verdict.MISSED


def test_verdict_does_not_suffer_from_rounding() -> None:
    """One second of 10¹⁷ too many: both ratios are the same float, and yet one is missed."""
    open_s = 10**17
    met, missed = figures(open_s, down_s=open_s // 25), figures(open_s, down_s=open_s // 25 + 1)
    assert met.availability == missed.availability
    assert (met.verdict(TARGET), missed.verdict(TARGET)) == (Verdict.MET, Verdict.MISSED)


def test_unknown_time_leaves_the_verdict_open_only_where_it_decides() -> None:
    """O = 1,000, target 0.96: 40 s may be lost. D + U = 40 is met whatever U was; D = 41 missed; between, open."""
    assert figures(1000, down_s=10, unknown_s=30).verdict(TARGET) is Verdict.MET
    assert figures(1000, down_s=10, unknown_s=31).verdict(TARGET) is Verdict.UNDETERMINED
    assert figures(1000, down_s=40, unknown_s=500).verdict(TARGET) is Verdict.UNDETERMINED
    assert figures(1000, down_s=41, unknown_s=500).verdict(TARGET) is Verdict.MISSED


def test_opening_time_that_no_run_covers_is_refused_rather_than_called_up() -> None:
    for covered in ([], [Run(0, 99, Truth.UP)], [Run(1, 100, Truth.UP)]):
        with pytest.raises(ValueError, match="beyond the runs"):
            measure([(0, 100)], covered, {}, EXCLUDE)


@pytest.mark.parametrize(("windows", "exclude"), [({"greve": [(0, 1)]}, ()), ({}, ("greve",))])
def test_a_kind_that_does_not_exist_is_refused(windows: dict[str, list[tuple[int, int]]], exclude: list[str]) -> None:
    with pytest.raises(ValueError, match="no such kind of exclusion: greve"):
        measure([(0, 1)], [Run(0, 1, Truth.UP)], windows, exclude)


def test_budget_of_a_year() -> None:
    """Whole year 1,000,000 s open; so far 500,000, of which 20,000 excluded and 30,000 unknown, 9,000 down.
    Total 4 % of 950,000 = 38,000; left 29,000. Share spent 9,000 / 38,000, share elapsed 450,000 / 950,000:
    burn = (9,000 × 950,000) / (38,000 × 450,000) = 0.5."""
    so_far = figures(500_000, excluded_s=20_000, unknown_s=30_000, down_s=9_000)
    assert budget(TARGET, so_far, 1_000_000) == Budget(total_s=38_000, spent_s=9_000, left_s=29_000, burn=0.5)


def test_budget_overspent_unstarted_or_without_slack() -> None:
    """4 % of 1,015 s is 40.6: whole seconds, rounded down, since 41 would miss the target."""
    spent = budget(TARGET, figures(500, down_s=50), 1015)
    assert spent == Budget(total_s=40, spent_s=50, left_s=-10, burn=2.5)
    assert budget(TARGET, ZERO, 1000) == Budget(total_s=40, spent_s=0, left_s=40, burn=None)
    assert budget(Fraction(1), figures(500), 1000) == Budget(total_s=0, spent_s=0, left_s=0, burn=None)
    assert budget(None, figures(500), 1000) is None


@PROPERTY
@given(st.integers(1, 10**8), st.fractions(0, Fraction("0.1")))
def test_budget_is_the_verdict_of_the_finished_period(whole: int, lost: Fraction) -> None:
    """At the end of the period something is left, or nothing exactly, where the target is met."""
    down_s = int(lost * whole)
    done = figures(whole, down_s=down_s)
    remaining = budget(TARGET, done, whole)
    assert remaining is not None
    assert (remaining.left_s >= 0) == (done.verdict(TARGET) is Verdict.MET)
    assert (remaining.burn is not None and remaining.burn <= 1) == (done.verdict(TARGET) is Verdict.MET)


@PROPERTY
@given(cases())
def test_figures_are_the_count_of_seconds(case: Case) -> None:
    found, counted = measured(case), count(case)
    assert {name: getattr(found, name) for name in counted} == counted


@PROPERTY
@given(cases(), st.integers(START, END))
def test_splitting_the_period_anywhere_adds_up(case: Case, at: int) -> None:
    assert measured(case, START, at) + measured(case, at, END) == measured(case)
    assert sum((measured(case, second, second + 1) for second in range(START, END)), ZERO) == measured(case)


@PROPERTY
@given(cases())
def test_the_four_add_up_and_the_bounds_hold(case: Case) -> None:
    found = measured(case)
    for each in (found, found.raw):
        assert each.up_s + each.down_s + each.excluded_s + each.unknown_s == each.open_s
        assert min(each.up_s, each.down_s, each.excluded_s, each.unknown_s) >= 0
        if each.availability is not None:
            assert each.low is not None
            assert each.high is not None
            assert each.low <= each.availability <= each.high
        assert (each.low is None) == (each.high is None) == (each.open_s == each.excluded_s)


@PROPERTY
@given(cases(), st.data())
def test_losing_sight_of_a_second_never_raises_low_nor_lowers_high(case: Case, data: st.DataObject) -> None:
    if not case.members:
        return
    rank = data.draw(st.integers(0, len(case.members) - 1))
    at = data.draw(st.integers(START, END - 1))
    blind = list(case.members)
    blind[rank] = replace(blind[rank], pieces=_without(blind[rank].pieces, at))
    before, after = measured(case), measured(replace(case, members=blind))
    assert (before.open_s, before.excluded_s) == (after.open_s, after.excluded_s)
    assert after.up_s <= before.up_s
    assert after.down_s <= before.down_s
    if before.low is not None and after.low is not None and before.high is not None and after.high is not None:
        assert after.low <= before.low
        assert after.high >= before.high


@PROPERTY
@given(cases(), st.fractions(0, 1))
def test_verdict_is_what_no_filling_in_of_the_unknown_can_change(case: Case, target: Fraction) -> None:
    """Try every share of the unknown time as down: always at least the target, never, or sometimes."""
    found = measured(case)
    if not found.judged_s:
        return
    kept = {(found.judged_s - found.down_s - lost) >= target * found.judged_s for lost in range(found.unknown_s + 1)}
    expected = Verdict.UNDETERMINED if len(kept) == 2 else Verdict.MET if True in kept else Verdict.MISSED
    assert found.verdict(target) is expected


def _without(pieces: Sequence[Piece], at: int) -> list[Piece]:
    """The pieces with a hole of one second."""
    return [
        part
        for piece in pieces
        for part in (piece._replace(end=min(piece.end, at)), piece._replace(start=max(piece.start, at + 1)))
        if part.start < part.end
    ]
