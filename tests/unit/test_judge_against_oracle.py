"""The judge against an independent oracle that paints SPEC 3 literally, one cell a second."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle_states import NO_DATA, Line, SondeSpec, timelines
from tests.unit.builders import painted
from tests.unit.state_histories import HORIZON, History, configured, histories, lives, take

Cells = dict[tuple[str, int], tuple[str, str]]


def judged(specs: list[SondeSpec], lines: list[Line], canaries: tuple[str, ...]) -> Cells:
    """Status and cause of every second that is known, as the judge paints them."""
    judge = configured(specs, canaries)
    changes = [change for line in lines for change in take(judge, line)]
    states = {spec.id: judge.state(spec.id) for spec in specs}
    return painted(changes, {sonde: state.until if state is not None else 0 for sonde, state in states.items()})


def check(specs: list[SondeSpec], told: list[Line], arrived: list[Line], canaries: tuple[str, ...]) -> None:
    """The judge, told in the one order, paints what the oracle, told in the other, does."""
    expected = timelines(specs, told, HORIZON, canaries)
    found = judged(specs, arrived, canaries)
    for spec in specs:
        assert [found.get((spec.id, t), NO_DATA) for t in range(HORIZON)] == expected[spec.id], spec.id


@settings(max_examples=600, deadline=None)
@given(histories())
def test_judge_paints_what_the_oracle_paints(history: History) -> None:
    specs, lines, canaries = history
    check(specs, lines, lines, canaries)


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_results_may_arrive_late_from_other_sondes(history, random) -> None:  # type: ignore[no-untyped-def]
    """A check that takes long is judged after later ones of other sondes: by a few seconds, nothing changes."""
    specs, lines, canaries = history
    last: dict[str, float] = {}
    keyed = []
    for line in lines:
        arrival = max(line.t + random.uniform(0, 8), last.get(line.sonde, 0.0))  # one sonde's results stay in order
        last[line.sonde] = arrival
        keyed.append((arrival, line))
    shuffled = [line for _, line in sorted(keyed, key=lambda pair: pair[0])]
    check(specs, lines, shuffled, canaries)


@settings(max_examples=600, deadline=None)
@given(lives())
def test_lives_that_are_over_are_judged_with_hindsight_too(history: History) -> None:
    specs, lines, canaries = history
    check(specs, lines, lines, canaries)


def test_the_very_first_result_may_arrive_late_too() -> None:
    canary = "vigie/canaries/c"
    specs = [SondeSpec("a/e/s", 1, 20, None), SondeSpec(canary, 1, 20, None)]
    told = [Line(0, canary, "critical"), *(Line(t, "a/e/s", "ok") for t in range(4))]
    check(specs, told, [*told[1:], told[0]], (canary,))
