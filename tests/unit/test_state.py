"""SPEC 3, sentence by sentence, on one sonde; the random histories are in test_judge_against_oracle.py."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import FlappingRule
from supervisor.domain.state import Change, Finding, Rules, Segment, SondeState, advance
from tests.unit.builders import painted, sonde

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
NINE = 9 * 3600
ID = "exemple/web/site"


def play(*results: tuple[int, Status], attempts: int = 3, stale_after: int = 150) -> tuple[SondeState, list[Change]]:
    state: SondeState | None = None
    changes = []
    for at, status in results:
        finding = Finding(status, "check failed" if status is UNKNOWN else "")
        state, change = advance(ID, state, at, finding, Rules(attempts, stale_after), f"vu à {at}")
        changes += [change] if change is not None else []
    assert state is not None
    return state, changes


def cells(*results: tuple[int, Status], attempts: int = 3, stale_after: int = 150) -> dict[int, str]:
    state, changes = play(*results, attempts=attempts, stale_after=stale_after)
    return {t: status for (_, t), (status, _) in painted(changes, {ID: state.until}).items()}


def test_the_worked_example() -> None:
    """attempts 3: critical 09:01:00, warning :20, critical :40, critical 09:02:00, critical :20.

    At least warning since 09:01:00, confirmed by the third, 09:01:40 → warning from 09:01:00. Critical in a row since
    09:01:40 (the warning broke that count), confirmed by the third, 09:02:20 → critical from 09:01:40.
    """
    results = [(NINE + 60, CRITICAL), (NINE + 80, WARNING), (NINE + 100, CRITICAL), (NINE + 120, CRITICAL)]
    _, changes = play(*results, (NINE + 140, CRITICAL))
    assert [(c.at - NINE, c.after, c.trim - NINE) for c in changes if c.after is not UNKNOWN] == [
        (100, WARNING, 60),
        (140, CRITICAL, 100),
    ]
    assert changes[-1].message == f"vu à {NINE + 140}"
    now = cells(*results, (NINE + 140, CRITICAL))
    assert [now[NINE + t] for t in (60, 99, 100, 140)] == ["warning", "warning", "critical", "critical"]


def test_recovery_is_immediate() -> None:
    state, changes = play((0, OK), (60, CRITICAL), (80, CRITICAL), (100, CRITICAL), (120, OK))
    assert (changes[-1].at, changes[-1].before, changes[-1].after) == (120, CRITICAL, OK)
    assert state.level is OK
    assert not state.pending


def test_a_result_below_critical_ends_it_and_leaves_the_warning_that_was_confirmed_with_it() -> None:
    state, changes = play((0, CRITICAL), (20, CRITICAL), (40, CRITICAL), (60, WARNING))
    assert state.level is WARNING
    assert changes[-1].paint == (Segment(60, WARNING),)


def test_validity_is_half_open_and_a_next_result_at_its_end_leaves_no_gap() -> None:
    """A result at 0 holds on [0, 150): one at 150 goes on, one at 151 leaves the second 150 unknown."""
    assert cells((0, OK), (150, OK))[149] == "ok"
    assert 150 in cells((0, OK), (150, OK))
    after_gap = cells((0, OK), (151, OK))
    assert (after_gap[149], after_gap.get(150), after_gap[151]) == ("ok", None, "ok")


def test_a_gap_starts_unconfirmed_counts_again_and_keeps_the_level() -> None:
    """Two critical results, a gap, two more: four in all, never three without a gap."""
    state, _ = play((0, OK), (60, CRITICAL), (80, CRITICAL), (300, CRITICAL), (320, CRITICAL))
    assert state.level is OK
    assert (state.critical_count, state.critical_since) == (2, 300)
    confirmed, changes = play((0, CRITICAL), (20, CRITICAL), (40, CRITICAL), (400, CRITICAL))
    assert confirmed.level is CRITICAL
    assert changes[-1].paint == (Segment(400, CRITICAL),)


def test_an_unknown_result_neither_advances_nor_breaks_a_count_and_is_never_repainted() -> None:
    """critical 0, unknown 20, critical 40, critical 60 → critical from 0, but 20–40 stays unknown."""
    now = cells((0, CRITICAL), (20, UNKNOWN), (40, CRITICAL), (60, CRITICAL))
    assert [now[t] for t in (0, 19, 20, 39, 40, 60)] == [
        "critical",
        "critical",
        "unknown",
        "unknown",
        "critical",
        "critical",
    ]


def test_a_sonde_that_never_had_a_state_is_unknown_until_an_ok_or_a_confirmation() -> None:
    assert cells((0, CRITICAL), (20, CRITICAL))[20] == "unknown"
    assert cells((0, CRITICAL), (20, OK))[20] == "ok"
    assert cells((0, WARNING), attempts=1)[0] == "warning"


def test_attempts_lowered_by_a_reload_confirm_at_the_next_result() -> None:
    state, _ = play((0, OK), (60, CRITICAL), (80, CRITICAL), attempts=5)
    after, change = advance(ID, state, 100, Finding(CRITICAL), Rules(2, 150))
    assert after.level is CRITICAL
    assert change is not None
    assert change.trim == 60


def test_flapping_is_marked_once_and_passes() -> None:
    """Six passages within the hour mark it; three or fewer left in the hour clear it."""
    rule = FlappingRule(changes=6, within_s=3600)
    state: SondeState | None = None
    marks = []
    for turn in range(8):
        status = CRITICAL if turn % 2 else OK
        state, _ = advance(ID, state, turn * 60, Finding(status), Rules(1, 4000, rule))
        marks.append(state.flapping)
    # Passages at 60, 120 … 420: the sixth is at 360.
    assert marks == [False] * 6 + [True] * 2
    still, _ = advance(ID, state, 3600 + 190, Finding(CRITICAL), Rules(1, 4000, rule))
    assert still.flapping  # 240, 300, 360 and 420 are left
    over, _ = advance(ID, still, 3600 + 250, Finding(CRITICAL), Rules(1, 4000, rule))
    assert not over.flapping  # 300, 360 and 420


def test_removing_ends_the_state_and_adding_again_starts_new() -> None:
    judge = Judge()
    judge.configure({ID: sonde(ID, attempts=1)}, ())
    judge.observe(ID, 0, CRITICAL)
    (change,) = judge.remove(ID, 100)
    assert (change.trim, change.paint, change.before) == (100, (), CRITICAL)
    assert judge.state(ID) is None
    judge.observe(ID, 110, OK)
    state = judge.state(ID)
    assert state is not None
    assert (state.level, state.tail) == (OK, (Segment(110, OK),))


def test_removing_a_critical_parent_frees_its_children_from_then_on() -> None:
    judge = Judge()
    child = sonde("a/e/child", attempts=1, parent=ID)
    judge.configure({ID: sonde(ID, attempts=1), child.id: child}, ())
    judge.observe(ID, 0, CRITICAL)
    judge.observe(child.id, 10, CRITICAL)
    assert judge.state(child.id).tail[-1].cause == "unreachable"  # type: ignore[union-attr]
    judge.remove(ID, 20)
    judge.observe(child.id, 30, CRITICAL)
    assert judge.state(child.id).level is CRITICAL  # type: ignore[union-attr]


def test_a_clock_set_back_drops_what_was_misdated_and_keeps_the_level() -> None:
    """Results until 1000, the clock goes back to 500: what was painted from 499 on is lived again."""
    judge = Judge()
    judge.configure({ID: sonde(ID)}, ())
    changes = []
    for at in range(0, 1001, 100):
        changes += judge.observe(ID, at, OK) or []
    changes += list(judge.rewind(500))
    changes += judge.observe(ID, 520, CRITICAL) or []
    state = judge.state(ID)
    assert state is not None
    now = painted(changes, {ID: state.until})
    assert now[ID, 498] == ("ok", "")
    assert (ID, 510) not in now
    assert now[ID, 520] == ("ok", "")  # one critical result of three
    assert (ID, 900) not in now


@given(st.lists(st.tuples(st.integers(1, 200), st.sampled_from(list(Status))), max_size=40), st.integers(1, 4))
def test_history_is_painted_once(steps: list[tuple[int, Status]], attempts: int) -> None:
    """Segments of a change are in order, start at `trim` or later, and no two neighbours are equal."""
    at, results = 0, []
    for step, status in steps:
        at += step
        results.append((at, status))
    if not results:
        return
    state, changes = play(*results, attempts=attempts)
    for change in changes:
        starts = [segment.start for segment in change.paint]
        assert starts == sorted(set(starts))
        assert all(start >= change.trim for start in starts)
        assert change.trim <= change.at
        pairs = zip(change.paint, change.paint[1:], strict=False)
        assert all(left[1:] != right[1:] for left, right in pairs)
    assert state.tail[-1].start <= state.last_at < state.until
