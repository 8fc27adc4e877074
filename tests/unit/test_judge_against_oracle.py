"""The judge against an independent oracle that paints SPEC 3 literally, one cell a second."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.judge import Judge
from supervisor.domain.state import Change
from tests.oracle_states import Line, SondeSpec, timelines
from tests.unit.builders import painted, sonde

HORIZON = 140
STATUSES = st.sampled_from(["ok", "ok", "warning", "critical", "critical", "unknown"])


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[SondeSpec], list[Line], tuple[str, ...]]:
    """A small tree of sondes, perhaps canaries, and results in order of time."""
    size = draw(st.integers(1, 5))
    specs = []
    for index in range(size):
        above = [f"a/e/s{i}" for i in range(index)]
        parent = draw(st.sampled_from([None, *above]))
        specs.append(SondeSpec(f"a/e/s{index}", draw(st.integers(1, 3)), draw(st.integers(3, 25)), parent))
    canaries = tuple(f"vigie/canaries/c{i}" for i in range(draw(st.integers(0, 2))))
    specs += [SondeSpec(c, draw(st.integers(1, 2)), draw(st.integers(5, 30)), None) for c in canaries]
    names = [spec.id for spec in specs]
    lines, now = [], 0
    for step in draw(st.lists(st.integers(0, 6), max_size=50)):
        now = min(now + step, HORIZON - 1)
        lines.append(Line(now, draw(st.sampled_from(names)), draw(STATUSES)))
    return specs, lines, canaries


def judged(specs: list[SondeSpec], lines: list[Line], canaries: tuple[str, ...]) -> list[Change]:
    judge = Judge()
    made = {
        s.id: sonde(s.id, attempts=s.attempts, stale_after_s=s.stale_after, parent=s.parent)
        for s in specs
        if s.id not in canaries
    }
    judge.configure(
        made, [sonde(s.id, attempts=s.attempts, stale_after_s=s.stale_after) for s in specs if s.id in canaries]
    )
    changes: list[Change] = []
    until: dict[str, int] = {}
    for line in lines:
        changes += judge.observe(line.sonde, line.t, Status(line.status)) or []
    for spec in specs:
        state = judge.state(spec.id)
        until[spec.id] = state.until if state is not None else 0
    return painted(changes, until)


@settings(max_examples=600, deadline=None)
@given(histories())
def test_judge_paints_what_the_oracle_paints(history: tuple[list[SondeSpec], list[Line], tuple[str, ...]]) -> None:
    specs, lines, canaries = history
    expected = timelines(specs, lines, HORIZON, canaries)
    found = judged(specs, lines, canaries)
    for spec in specs:
        assert [found.get((spec.id, t), ("unknown", "no data")) for t in range(HORIZON)] == expected[spec.id], spec.id


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
    expected = timelines(specs, lines, HORIZON, canaries)
    found = judged(specs, shuffled, canaries)
    for spec in specs:
        assert [found.get((spec.id, t), ("unknown", "no data")) for t in range(HORIZON)] == expected[spec.id], spec.id
