"""Trouble that a standstill of the loop may have made: doubted, not for ever. docs/adr/0005-ancestors-first.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from probes.base import Status
from supervisor.domain.sonde import CANARY_OWNER
from supervisor.domain.state import UNREACHABLE
from supervisor.engine.cycle import MOST_DOUBTS
from supervisor.engine.engine import Engine
from tests.unit.builders import sonde
from tests.unit.engine.stage import Stage, World, went_critical

FAILS_AT = 100.0
Act = tuple[float, Callable[[Engine], None]]


def failing(*names: str) -> World:
    """These fail from an instant on."""
    return lambda name, now: Status.CRITICAL if name in names and now >= FAILS_AT else Status.OK


def stalls(stage: Stage, first: float, last: float, seconds: float, every: float) -> list[Act]:
    """The loop does not turn for so long, again and again."""
    count = int((last - first) / every)
    return [(first + index * every, lambda _: stage.loop.skip(seconds)) for index in range(count)]


@pytest.mark.parametrize("attempts", [1, 3])
@pytest.mark.parametrize(
    ("timeout_s", "seconds", "every"),
    [(1.0, 0.5, 1.0), (10.0, 2.5, 5.0)],
    ids=["half of each second", "half of the time"],
)
def test_an_outage_is_told_on_a_machine_that_always_stands_still(
    attempts: int, timeout_s: float, seconds: float, every: float
) -> None:
    probed = sonde("a/e/s", attempts=attempts, timeout_s=timeout_s)

    def world(name: str, now: float) -> Status:
        """It answers within a tenth of its time, then not at all."""
        stage.takes[name] = timeout_s * 0.1 if now < FAILS_AT else timeout_s * 2
        return Status.OK

    stage = Stage(world, [probed], [])
    stage.play(FAILS_AT + 400, *stalls(stage, 30, FAILS_AT + 390, seconds, every))
    assert {status for at, _, status in stage.results if at < FAILS_AT - 1} == {Status.OK}
    found = [(at, status) for at, _, status in stage.results if at >= FAILS_AT]
    assert [status for _, status in found[:MOST_DOUBTS]] == [Status.UNKNOWN] * MOST_DOUBTS
    assert {status for _, status in found[MOST_DOUBTS:]} == {Status.CRITICAL}
    told = [change for change in stage.changes if change.after is Status.CRITICAL]
    assert len(told) == 1, "once, and it stays so"
    most_s = 60 + (MOST_DOUBTS + attempts) * (probed.retry_every_s + 2 * timeout_s)
    assert told[0].at - stage.start < FAILS_AT + most_s


def test_an_outage_that_is_known_stays_one() -> None:
    """It is not looked at twice either: there are fifty such behind a dead link, on a machine that is slow enough."""
    parent, child = sonde("a/e/link", attempts=1), sonde("a/e/s", attempts=1, parent="a/e/link")
    stage = Stage(failing(parent.id, child.id), [parent, child], [])
    stage.takes = {parent.id: 4.0, child.id: 4.0}
    stage.play(600, *stalls(stage, 250, 590, 2.5, 3.0))
    late = [(name, status) for at, name, status in stage.results if at > 250]
    assert {status for _, status in late} == {Status.CRITICAL}
    assert went_critical(stage.changes) == [parent.id]
    state = stage.judge.state(child.id)
    assert state is not None
    assert state.tail[-1].cause == UNREACHABLE
    for name in (parent.id, child.id):
        assert len([at for at in stage.started[name] if 250 < at < 590]) <= 7


@pytest.mark.parametrize("cause", ["parent", "canary"])
def test_what_depends_on_one_in_doubt_waits_for_its_next_check(cause: str) -> None:
    above = sonde(
        f"{CANARY_OWNER}/e/net" if cause == "canary" else "a/e/net", attempts=1, interval_s=3600, stale_after_s=7200
    )
    child = sonde("a/e/s", attempts=1, parent=None if cause == "canary" else above.id)
    canaries = [above] if cause == "canary" else []
    stage = Stage(failing(above.id, child.id), [child] if canaries else [above, child], canaries)
    stage.takes = {above.id: 4.0, child.id: 0.01}
    looks: list[float] = []

    def world(name: str, now: float) -> Status:
        if name == above.id and now >= FAILS_AT and len(looks) < 2:
            looks.append(now)
            stage.loop.call_later(1.0, stage.loop.skip, 2.5)
        return failing(above.id, child.id)(name, now)

    stage.world = world
    stage.play(FAILS_AT + 200)
    assert len(looks) == 2
    assert went_critical(stage.changes) == [above.id]
    assert [status for at, name, status in stage.results if name == above.id and at >= FAILS_AT][:2] == [
        Status.UNKNOWN,
        Status.CRITICAL,
    ]


@pytest.mark.parametrize("seconds", [5.0, 300.0], ids=["while its parent is looked at", "and longer than it waits"])
def test_what_waits_for_its_parent_when_time_breaks_is_not_judged_alone(seconds: float) -> None:
    parent = sonde("a/e/net", attempts=1, interval_s=3600, stale_after_s=7200)
    child = sonde("a/e/s", attempts=1, parent=parent.id)
    stage = Stage(failing(parent.id, child.id), [parent, child], [])
    stage.takes = {parent.id: 4.0}
    looks: list[float] = []

    def world(name: str, now: float) -> Status:
        if name == parent.id and now >= FAILS_AT and not looks:
            looks.append(now)
            stage.loop.call_later(1.0, stage.loop.skip, seconds)
        return failing(parent.id, child.id)(name, now)

    stage.world = world
    stage.play(FAILS_AT + seconds + 200)
    assert looks
    assert went_critical(stage.changes) == [parent.id]
    first = next(status for at, name, status in stage.results if name == child.id and at >= FAILS_AT)
    assert first is Status.UNKNOWN


@pytest.mark.parametrize("held", [False, True], ids=["while it is checked", "while it waits for its parent"])
def test_a_clock_set_back_dates_nothing_in_the_future(held: bool) -> None:
    """A result of the hour to come would have all those of that hour refused, as older than it."""
    parent = sonde("a/e/net", attempts=1, interval_s=3600, stale_after_s=7200)
    child = sonde("a/e/s", attempts=1, parent=parent.id)
    stage = Stage(failing(child.id), [parent, child], [])
    stage.takes = {parent.id if held else child.id: 4.0}
    steps: list[float] = []

    def step() -> None:
        stage.clock.offset -= 3600

    def world(name: str, now: float) -> Status:
        if now >= FAILS_AT and not steps and name == (parent if held else child).id:
            steps.append(now)
            stage.loop.call_later(1.0, step)
        return Status.CRITICAL if name == child.id and (steps or now >= FAILS_AT) else Status.OK

    stage.world = world
    stage.play(FAILS_AT + 300)
    assert len(stage.rewound) == 1
    state = stage.judge.state(child.id)
    assert state is not None
    assert stage.now - 60 < state.last_at - stage.start <= stage.now
    assert state.level is Status.CRITICAL


@pytest.mark.parametrize("fate", ["removed", "paused"])
def test_a_sonde_that_goes_while_the_loop_stands_still_is_not_looked_at_again(fate: str) -> None:
    probed, other = sonde("a/e/s", attempts=1), sonde("a/e/o")
    stage = Stage(failing(probed.id), [probed, other], [])
    stage.takes[probed.id] = 4.0
    gone: list[float] = []

    def leave(engine: Engine) -> None:
        stage.loop.skip(2.5)
        if fate == "paused":
            engine.change([sonde("a/e/s", attempts=1, paused=True)])
            return
        engine.remove([probed.id])
        stage.judge.configure({other.id: other}, [])

    def world(name: str, now: float) -> Status:
        if name == probed.id and now >= FAILS_AT and not gone:
            gone.append(now)
            stage.loop.call_later(1.0, leave, engine_of[0])
        return failing(probed.id)(name, now)

    engine_of: list[Engine] = []
    stage.world = world
    engine = stage.play(FAILS_AT + 200, (1.0, engine_of.append))
    assert [at for at in stage.started[probed.id] if at >= FAILS_AT] == gone
    assert Status.CRITICAL not in {status for _, _, status in stage.results}
    assert not sum(pool.crashes for pool in engine.pools)
