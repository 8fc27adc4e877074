"""The order in which ways are tried."""

from __future__ import annotations

from supervisor.alerts.turns import REST_S, Turns


def test_one_that_failed_comes_last_for_a_while_and_is_never_left_out() -> None:
    now = [1000.0]
    turns = Turns(["a", "b", "c"], lambda: now[0])
    assert turns.order() == ["a", "b", "c"]
    turns.failed("a")
    assert turns.order() == ["b", "c", "a"]
    turns.failed("b")
    turns.failed("c")
    assert turns.order() == ["a", "b", "c"]  # all of them failed: as configured
    turns.worked("b")
    assert turns.order() == ["b", "a", "c"]
    now[0] += REST_S
    assert turns.order() == ["a", "b", "c"]


def test_the_only_one_is_always_tried() -> None:
    turns = Turns(["a"], lambda: 0.0)
    turns.failed("a")
    assert turns.order() == ["a"]
