"""Phases, the grid, the agenda."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.engine.schedule import TICK, Agenda, on_grid, phase


def test_phases_spread_evenly() -> None:
    """20,000 sondes over 60 s: 333 a second on average; no second holds 25 % more or less."""
    seconds = Counter(int(phase(f"commune-{i % 300}/equipement-{i // 300}/sonde") * 60) for i in range(20_000))
    assert len(seconds) == 60
    assert max(seconds.values()) < 333 * 1.25
    assert min(seconds.values()) > 333 * 0.75


def test_phase_is_the_same_for_ever() -> None:
    """A phase that moved with a release would fire everything at once on the day of the upgrade."""
    assert phase("exemple/web/site") == pytest.approx(0.0436496, abs=1e-6)


@given(
    after=st.floats(0, 1e9),
    interval=st.floats(1, 1e6),
    fraction=st.floats(0, 1, exclude_max=True),
    offset=st.floats(-1e9, 2e9),
)
def test_grid_is_after_and_within_one_interval(after: float, interval: float, fraction: float, offset: float) -> None:
    due = on_grid(after, interval, fraction, offset)
    assert after < due <= after + interval * (1 + 1e-6) + 1e-3


def test_no_drift() -> None:
    """A thousand checks that each end a little late stay on the grid: 1,000 intervals, not 1,000 and a bit."""
    first = due = on_grid(1000.0, 60, 0.25)
    for _ in range(1000):
        due = on_grid(due + 7.3, 60, 0.25)
    assert due == pytest.approx(first + 60_000)


def test_restart_keeps_the_grid() -> None:
    """Another process has another monotonic origin; anchored to the time of day, the instants are the same."""
    wall = 1_790_000_000.0
    before = on_grid(500.0, 60, 0.4, offset=wall - 500.0) + (wall - 500.0)
    after = on_grid(7.0, 60, 0.4, offset=wall - 7.0) + (wall - 7.0)
    assert before == pytest.approx(after, abs=1e-3)


def test_agenda_starts_together_what_is_due_within_a_tick() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("a", 10.01)
    agenda.put("b", 10.19)
    agenda.put("c", 10.21)
    assert agenda.next_due() == pytest.approx(10.2)
    assert agenda.pop_due(10.1) == []
    assert [name for _, name in agenda.pop_due(10.2)] == ["a", "b"]
    assert [name for _, name in agenda.pop_due(10.4)] == ["c"]
    assert agenda.next_due() is None


def test_agenda_holds_one_date_a_thing() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("a", 10)
    agenda.put("a", 20)  # put replaces
    agenda.advance("a", 30)  # advance only brings nearer
    agenda.put("b", 11)
    agenda.drop("b")
    assert agenda.pop_due(19) == []
    assert [name for _, name in agenda.pop_due(20)] == ["a"]
    assert len(agenda) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 100)), max_size=40))
def test_agenda_against_a_dictionary(moves: list[tuple[int, float]]) -> None:
    agenda: Agenda[int] = Agenda()
    dates: dict[int, float] = {}
    for thing, due in moves:
        agenda.put(thing, due)
        dates[thing] = due
    popped = {thing for _, thing in agenda.pop_due(50.0)}
    assert popped == {thing for thing, due in dates.items() if -(-due // TICK) * TICK <= 50.0 + 1e-6}
