"""Histories for the judge, drawn by hypothesis, and what it makes of them."""

from __future__ import annotations

from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.judge import Judge
from supervisor.domain.state import Change
from tests.oracle_states import Line, SondeSpec
from tests.unit.builders import sonde

HORIZON = 140
STATUSES = st.sampled_from(["ok", "ok", "warning", "critical", "critical", "unknown"])

History = tuple[list[SondeSpec], list[Line], tuple[str, ...]]


@st.composite
def histories(draw: st.DrawFn) -> History:
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


@st.composite
def lives(draw: st.DrawFn) -> History:
    """Sondes that come and go below one that often fails and takes long to be believed.

    The removal of a sonde is at no second of a result of it, save the first of its next life.
    """
    size = draw(st.integers(2, 4))
    specs = [SondeSpec("a/e/s0", 3, draw(st.integers(8, 25)), None)]
    for index in range(1, size):
        parent = f"a/e/s{draw(st.integers(0, index - 1))}"
        specs.append(SondeSpec(f"a/e/s{index}", draw(st.integers(1, 2)), draw(st.integers(3, 25)), parent))
    canaries = ("vigie/canaries/c",) if draw(st.booleans()) else ()
    specs += [SondeSpec(c, 2, 20, None) for c in canaries]
    last: dict[str, int] = {}
    lines, now = [], 0
    for step in draw(st.lists(st.integers(0, 4), min_size=10, max_size=60)):
        now = min(now + step, HORIZON - 1)
        name = draw(st.sampled_from(["a/e/s0", *(spec.id for spec in specs)]))
        removed = draw(st.integers(0, 4)) == 0 and last.get(name, now) < now and name not in canaries
        lines.append(Line(now, name, "removed" if removed else draw(STATUSES)))
        last[name] = now
    return specs, lines, canaries


def configured(specs: list[SondeSpec], canaries: tuple[str, ...]) -> Judge:
    """A judge of these sondes."""
    judge = Judge()
    made = {s.id: sonde(s.id, attempts=s.attempts, stale_after_s=s.stale_after, parent=s.parent) for s in specs}
    judge.configure({name: made[name] for name in made if name not in canaries}, [made[name] for name in canaries])
    return judge


def take(judge: Judge, line: Line) -> list[Change]:
    """What one line changes."""
    if line.status == "removed":
        return judge.remove(line.sonde, line.t)
    return judge.observe(line.sonde, line.t, Status(line.status)) or []
