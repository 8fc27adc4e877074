"""How long a sonde that loses its worker processes is left alone."""

from __future__ import annotations

from probes.holdoff import HoldOff


def test_the_pause_doubles_and_is_bounded() -> None:
    holdoff = HoldOff(first_s=30.0, longest_s=900.0)
    pauses = []
    now = 1000.0
    for _ in range(2000):
        holdoff.lost("a", now)
        held = holdoff.held("a", now)
        assert held is not None
        pauses.append(held.left_s)
        now += held.left_s
        assert holdoff.held("a", now) is None, "the pause is half-open: an attempt is made at its end"
    assert pauses[:6] == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0]
    assert pauses[-1] == 900.0


def test_losses_are_counted_by_key() -> None:
    holdoff = HoldOff(first_s=30.0)
    holdoff.lost("a", 0.0)
    holdoff.lost("a", 0.0)
    held = holdoff.held("a", 1.0)
    assert held is not None
    assert held.losses == 2
    assert held.left_s == 59.0
    assert holdoff.held("b", 1.0) is None


def test_a_run_that_ends_well_forgets_all() -> None:
    holdoff = HoldOff(first_s=30.0)
    holdoff.lost("a", 0.0)
    holdoff.lost("a", 0.0)
    holdoff.survived("a")
    assert holdoff.held("a", 0.0) is None
    holdoff.lost("a", 0.0)
    held = holdoff.held("a", 0.0)
    assert held is not None
    assert held.losses == 1
