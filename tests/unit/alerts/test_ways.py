"""The order in which ways are tried."""

from __future__ import annotations

from supervisor.alerts.ways import REST_S, Ways


def test_one_that_failed_comes_last_for_a_while_and_is_never_left_out() -> None:
    now = [1000.0]
    ways = Ways(["a", "b", "c"], lambda: now[0])
    assert ways.order() == ["a", "b", "c"]
    ways.failed("a")
    assert ways.order() == ["b", "c", "a"]
    ways.failed("b")
    ways.failed("c")
    assert ways.order() == ["a", "b", "c"]  # all of them failed: as configured
    ways.worked("b")
    assert ways.order() == ["b", "a", "c"]
    now[0] += REST_S
    assert ways.order() == ["a", "b", "c"]


def test_the_only_one_is_always_tried() -> None:
    ways = Ways(["a"], lambda: 0.0)
    ways.failed("a")
    assert ways.order() == ["a"]
