"""The engine on virtual time: cadence, pools, ancestors first, breaks in time, reload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from probes.base import Status
from supervisor.domain.state import UNREACHABLE
from supervisor.engine.pool import SIZE
from tests.unit.builders import sonde
from tests.unit.engine.stage import Stage, went_critical


def well(_: str, __: float) -> Status:
    return Status.OK


def gaps(instants: list[float]) -> list[float]:
    return [b - a for a, b in pairwise(instants)]


def test_cadence_is_regular_without_drift_or_overlap() -> None:
    """A check that lasts 7 s every 60 s starts every 60 s, an hour long."""
    stage = Stage(well, [sonde("a/e/s")], [])
    stage.takes["a/e/s"] = 7.0
    stage.play(3700)
    assert len(stage.started["a/e/s"]) in (61, 62, 63)
    assert all(gap == pytest.approx(60, abs=0.21) for gap in gaps(stage.started["a/e/s"])[1:])
    assert stage.overlaps == 0


def test_a_technique_is_told_the_interval_of_its_sonde() -> None:
    """How long what a neighbour read may serve it too."""
    stage = Stage(well, [sonde("a/e/often", interval_s=30), sonde("a/e/seldom", interval_s=300)], [])
    stage.play(400)
    assert stage.intervals == {"a/e/often": 30, "a/e/seldom": 300}


def test_a_check_longer_than_its_interval_never_overlaps_itself_and_is_counted() -> None:
    stage = Stage(well, [sonde("a/e/s", interval_s=10, timeout_s=100)], [])
    stage.takes["a/e/s"] = 25.0
    engine = stage.play(300)
    assert stage.overlaps == 0
    assert len(stage.started["a/e/s"]) == pytest.approx(10, abs=1)
    assert sum(pool.completed for pool in engine.pools) >= 9


def test_start_is_spread_over_the_first_minute() -> None:
    """6,000 sondes: 100 a second on average; no second starts twice that, at the start or later."""
    sondes = [sonde(f"c{i % 60}/e{i // 60}/s") for i in range(6000)]
    stage = Stage(well, sondes, [])
    stage.play(125)
    seconds = Counter(int(instant) for instants in stage.started.values() for instant in instants)
    assert max(seconds.values()) < 200
    assert min(seconds[s] for s in range(1, 120)) > 40


def test_trouble_is_checked_again_at_the_retry_cadence_until_it_is_confirmed() -> None:
    """attempts 3, retry 20 s: confirmed 40 s after the first failure, then back to every 60 s."""
    stage = Stage(lambda _, now: Status.CRITICAL if now >= 100 else Status.OK, [sonde("a/e/s")], [])
    stage.play(400)
    failing = [t for t, _, status in stage.results if status is Status.CRITICAL]
    assert gaps(failing)[:2] == pytest.approx([20, 20], abs=1.01)
    assert all(gap <= 61 for gap in gaps(failing)[2:])
    critical = [c for c in stage.changes if c.after is Status.CRITICAL]
    assert len(critical) == 1
    assert critical[0].trim - stage.start == pytest.approx(failing[0], abs=1)
    assert critical[0].at - critical[0].trim == pytest.approx(40, abs=1.01)


def test_a_slow_pool_waits_alone() -> None:
    """100 sondes of one commune hang for 30 s: its two pools lag, the neighbour's does not move."""
    slow = [sonde(f"lente/e/s{i}", timeout_s=30) for i in range(100)]
    quick = [sonde(f"vive/e/s{i}") for i in range(50)]
    stage = Stage(well, slow + quick, [], concurrency=10)
    stage.takes = {s.id: 40.0 for s in slow}
    engine = stage.play(300)
    now = stage.clock.monotonic()
    lag = {pool.name: pool.lag(now) for pool in engine.pools}
    assert lag["vive/1"] < 0.25
    assert lag["lente/1"] > 30
    assert lag["lente/2"] > 30


def test_checks_go_on_in_a_pool_that_rests_between_them() -> None:
    """Its first check, and one every ten minutes: while it is under way nothing has ended for long, and all is well."""
    stage = Stage(well, [sonde("a/e/s", interval_s=600)], [])
    stage.takes["a/e/s"] = 5.0
    seen: list[bool] = []
    looks = ((float(second), lambda engine: seen.append(engine.advancing(60.0))) for second in range(1400))
    stage.play(1400, *looks)
    assert len(stage.started["a/e/s"]) >= 3
    assert seen == [True] * 1400


def test_checks_that_all_hang_are_seen_a_minute_after_they_began() -> None:
    stage = Stage(well, [sonde(f"a/e/s{i}", interval_s=60, timeout_s=600) for i in range(50)], [], concurrency=5)
    stage.takes = {f"a/e/s{i}": 500.0 for i in range(50)}
    seen: dict[int, bool] = {}
    looks = (
        (float(second), lambda engine, second=second: seen.update({second: engine.advancing(60.0)}))
        for second in range(300)
    )
    stage.play(300, *looks)
    begun = min(at for instants in stage.started.values() for at in instants)
    assert [second for second, going in seen.items() if going] == list(range(int(begun + 60) + 1))


def test_pools_hold_fifty_and_the_unbilled_apart() -> None:
    sondes = [sonde(f"a/e/s{i}") for i in range(SIZE + 1)] + [sonde("a/e/libre", billable=False)]
    engine = Stage(well, sondes, []).play(1)
    assert {pool.name: pool.occupancy for pool in engine.pools} == {
        "a/1": SIZE,
        "a/2": 1,
        "a/hors-facturation-1": 1,
    }


LINK = sonde("a/routeur/lien")
BEHIND = [sonde(f"a/web{i}/site", parent="a/routeur/lien", attempts=1 + i % 3) for i in range(80)]


@pytest.mark.parametrize("dies_at", [100.0, 103.0, 111.0, 127.0, 148.0])
def test_one_dead_link_raises_one_alarm_not_eighty(dies_at: float) -> None:
    """The link dies; whatever sees it first, only the link goes critical (uptime-kuma#1089, centreon#6471)."""
    dead = lambda _, now: Status.CRITICAL if now >= dies_at else Status.OK  # noqa: E731
    stage = Stage(dead, [LINK, *BEHIND], [])
    stage.play(600)
    assert went_critical(stage.changes) == ["a/routeur/lien"]
    for child in BEHIND:
        state = stage.judge.state(child.id)
        assert state is not None
        assert (state.tail[-1].cause, state.tail[-1].via) == (UNREACHABLE, "a/routeur/lien")


def test_a_child_that_fails_alone_is_believed_once_its_link_was_looked_at() -> None:
    """The link is well: its re-check delays the child's alarm by the time of one check, and a second."""

    def world(name: str, now: float) -> Status:
        return Status.CRITICAL if name == "a/web0/site" and now >= 100 else Status.OK

    stage = Stage(world, [LINK, BEHIND[0]], [])
    stage.play(300)
    assert went_critical(stage.changes) == ["a/web0/site"]
    first = min(t for t, name, status in stage.results if status is Status.CRITICAL)
    assert any(first < t <= first + 2 for t, name, _ in stage.results if name == "a/routeur/lien")


def test_recovery_looks_at_the_children_again_within_seconds() -> None:
    dead = lambda _, now: Status.CRITICAL if 100 <= now < 400 else Status.OK  # noqa: E731
    stage = Stage(dead, [LINK, *BEHIND], [])
    stage.play(700)
    back = next(t for t, name, status in stage.results if name == LINK.id and t > 400 and status is Status.OK)
    for child in BEHIND:
        assert any(back <= t <= back + 12 for t, name, _ in stage.results if name == child.id), child.id
    assert went_critical(stage.changes) == ["a/routeur/lien"]


def test_cut_off_supervisor_accuses_nobody() -> None:
    """Everything fails at once, the canaries too: it is Vigie that is cut off (uptime-kuma#774)."""
    canaries = [sonde(f"vigie/canaries/c{i}", interval_s=20, attempts=2, retry_every_s=5) for i in range(2)]
    links = [sonde(f"a/r{i}/lien", attempts=1 + i % 3) for i in range(20)]
    dead = lambda _, now: Status.CRITICAL if 100 <= now < 300 else Status.OK  # noqa: E731
    stage = Stage(dead, links, canaries)
    stage.play(500)
    assert not [name for name in went_critical(stage.changes) if not name.startswith("vigie/")]
    assert not stage.judge.isolated(int(stage.clock.wall()))


def test_a_suspended_machine_makes_unknown_not_alarms() -> None:
    """The wall clock jumps by 8 h beside the monotonic one; what was under way, and fails, proves nothing."""
    stage = Stage(well, [sonde(f"a/e/s{i}", attempts=1) for i in range(50)], [])
    stage.takes = {f"a/e/s{i}": 5.0 for i in range(50)}
    fell = 0.0

    def world(_: str, now: float) -> Status:
        return Status.CRITICAL if 95 <= now < 101 else Status.OK

    stage.world = world

    def suspend(_: object) -> None:
        nonlocal fell
        stage.clock.offset += 8 * 3600
        fell = stage.now

    stage.play(300, (100.0, suspend))
    assert fell
    # Those that began before 95 s are over at 100; those from 95 to 100 s were under way and are unknown.
    assert went_critical(stage.changes) == []
    assert [s for _, _, s in stage.results].count(Status.UNKNOWN) > 0


def test_a_stopped_process_catches_up_without_a_burst() -> None:
    """SIGSTOP for ten minutes: everything is late at once, and starts again spread over a minute."""
    sondes = [sonde(f"c{i % 20}/e{i // 20}/s") for i in range(1000)]
    stage = Stage(well, sondes, [])
    engine = stage.play(800, (100.0, lambda _: stage.loop.skip(600)))
    after = [t for instants in stage.started.values() for t in instants if t > 700]
    seconds = Counter(int(t) for t in after)
    assert max(seconds.values()) < 50  # 1,000 over 60 s: 17 a second on average
    assert sum(pool.skipped for pool in engine.pools) >= 1000


def stand_still(stage: Stage, seconds: float) -> Callable[[object], None]:
    """An act: the loop does not turn for so long."""
    return lambda _: stage.loop.skip(seconds)


def fails_later(status: Status, timeout_s: float = 10.0) -> tuple[Stage, float]:
    """One sonde with one attempt whose checks last 2 s, and when the first of those begins that finds this."""
    probed = sonde("a/e/s", attempts=1, timeout_s=timeout_s)
    rehearsal = Stage(well, [probed], [])
    rehearsal.play(120)
    begins = rehearsal.started[probed.id][-1]
    stage = Stage(lambda _, now: status if now >= begins - 1 else Status.OK, [probed], [])
    stage.takes[probed.id] = 2.0
    return stage, begins


@pytest.mark.parametrize(
    ("stands_s", "timeout_s", "status", "again"),
    [
        pytest.param(1.2, 60.0, Status.CRITICAL, True, id="a second of a long timeout"),
        pytest.param(0.8, 60.0, Status.CRITICAL, False, id="less of it"),
        pytest.param(0.9, 2.5, Status.CRITICAL, True, id="a quarter of a short one"),
        pytest.param(0.5, 2.5, Status.CRITICAL, False, id="less of that"),
        pytest.param(2.5, 10.0, Status.OK, False, id="nothing was wrong"),
    ],
)
def test_trouble_found_across_a_standstill_is_looked_for_again(
    stands_s: float, timeout_s: float, status: Status, again: bool
) -> None:
    stage, begins = fails_later(status, timeout_s)
    stage.play(begins + 10, (begins + 1, stand_still(stage, stands_s)))
    starts = [at for at in stage.started["a/e/s"] if at >= begins - 1]
    assert [(at, found) for at, _, found in stage.results if at >= begins - 1] == [(int(starts[-1]), status)]
    assert len(starts) == 1 + again


def test_a_standstill_before_a_check_says_nothing_of_it() -> None:
    stage, begins = fails_later(Status.CRITICAL)
    stage.play(begins + 10, (begins - 3, stand_still(stage, 2.5)))
    assert len([at for at in stage.started["a/e/s"] if at >= begins - 1]) == 1
    assert stage.results[-1][2] is Status.CRITICAL


def test_what_stood_still_twice_is_unknown_and_checked_again_soon() -> None:
    stage, begins = fails_later(Status.CRITICAL)
    twice = [(begins + after, stand_still(stage, 2.5)) for after in (1.0, 4.5)]
    stage.play(begins + 30, *twice)
    found = [(at, status) for at, _, status in stage.results if at >= begins - 1]
    assert [status for _, status in found] == [Status.UNKNOWN, Status.CRITICAL]
    assert found[1][0] - begins == pytest.approx(20, abs=1.01)
    assert [c.at - stage.start for c in stage.changes if c.after is Status.CRITICAL] == [found[1][0]]


def test_a_clock_set_back_rewinds() -> None:
    stage = Stage(well, [sonde("a/e/s")], [])

    def step(_: object) -> None:
        stage.clock.offset -= 3600

    stage.play(300, (100.0, step))
    assert len(stage.rewound) == 1
    assert stage.rewound[0] - stage.start == pytest.approx(100 - 3600, abs=2)


def test_reload_applies_the_difference_alone() -> None:
    """200 sondes are added at 90 s: the others keep their instants to the tick."""
    before = [sonde(f"a/e/s{i}") for i in range(100)]
    added = [sonde(f"b/e/s{i}") for i in range(200)]
    alone = Stage(well, before, [])
    alone.play(400)
    stage = Stage(well, before, [])

    def reload(engine) -> None:  # type: ignore[no-untyped-def]
        stage.judge.configure({s.id: s for s in before[1:] + added}, [])
        engine.remove(["a/e/s0"])
        engine.add(added)

    stage.play(400, (90.0, reload))
    for kept in before[1:]:
        assert stage.started[kept.id] == pytest.approx(alone.started[kept.id], abs=0.001)
    assert not [t for t in stage.started["a/e/s0"] if t > 90.1]
    seconds = Counter(int(t) for s in added for t in stage.started[s.id])
    assert max(seconds.values()) < 15  # 200 over 60 s: 3.3 a second


def test_paused_sondes_are_not_checked_and_come_back() -> None:
    stage = Stage(well, [sonde("a/e/s", paused=True)], [])

    def resume(engine) -> None:  # type: ignore[no-untyped-def]
        assert not stage.started["a/e/s"]
        engine.change([sonde("a/e/s")])

    stage.play(200, (100.0, resume))
    assert len(stage.started["a/e/s"]) >= 1


def test_a_dead_root_far_up_raises_one_alarm() -> None:
    """Backbone, link, site: each looks at its own parent first, and waits as long as the whole chain may take."""
    backbone = sonde("a/dorsale/lien", attempts=5)
    link = sonde("a/routeur/lien", parent=backbone.id, attempts=2)
    site = sonde("a/web/site", parent=link.id, attempts=1)
    dead = lambda _, now: Status.CRITICAL if now >= 100 else Status.OK  # noqa: E731
    stage = Stage(dead, [backbone, link, site], [])
    stage.play(600)
    assert went_critical(stage.changes) == [backbone.id]


@pytest.mark.parametrize("dies_at", [100.0, 103.0, 111.0, 127.0, 148.0])
def test_an_ancestor_that_answers_says_nothing_of_those_above_it(dies_at: float) -> None:
    """The machine is still reached (its ping goes another way) while its site's router and its services are down."""
    router = sonde("a/routeur/lien", attempts=3)
    machine = sonde("a/serveur/lien", parent=router.id, attempts=3)
    services = [sonde(f"a/serveur/s{i}", parent=machine.id, attempts=1 + i % 3) for i in range(12)]
    dead = lambda name, now: Status.CRITICAL if now >= dies_at and name != machine.id else Status.OK  # noqa: E731
    stage = Stage(dead, [router, machine, *services], [])
    stage.play(600)
    assert went_critical(stage.changes) == [router.id]
