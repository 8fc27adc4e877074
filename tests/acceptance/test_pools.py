"""Foreign techniques that misbehave, under the real daemon: the other pools do not notice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.daemon import ROOT, Daemon, Figures, Installation, until
from tests.acceptance.machine import watched
from tests.acceptance.targets import Targets, tcp

MODULE = "vigie_foreign_under_test"
BAD = ("block", "spin", "stubborn", "silence", "leak", "crash", "leave", "fail", "lie", "nonsense", "garble", "flood")
SMALL_S = 1.0  # beside what the machine does to every process


@pytest.fixture
def foreign(place: Installation) -> dict[str, str]:
    """A distribution as pip would leave it; gives the environment that finds it."""
    folder = place.root / "site"
    info = folder / f"{MODULE}-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "integration" / "probes" / "foreign.py", folder / f"{MODULE}.py")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {MODULE}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[vigie.probes]\nforeign = {MODULE}:PROBE\n")
    return {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}


def bad(*kinds: str) -> list[dict[str, Any]]:
    """A sonde for each way of misbehaving."""
    keys = {"type": "foreign", "interval": "2s", "timeout": "1s", "attempts": 1, "stale_after": "2m"}
    return [{"id": how, "how": how, "size": 40 << 20, **keys} for how in kinds]


def ordinary(world: Targets) -> list[dict[str, Any]]:
    """Four full pools."""
    port = world.answering()
    return [tcp(f"s{n}", port, interval="1s" if n % 2 else "2s") for n in range(200)]


def descendants(pid: int) -> dict[int, str]:
    """The processes below this one: id and instant of start, which together name a process for good."""
    parents: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                told = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = (int(told[1]), told[19])
    found: dict[int, str] = {}
    front = {pid}
    while front:
        front = {child for child, (parent, _) in parents.items() if parent in front}
        found |= {child: parents[child][1] for child in front}
    return found


def left(processes: dict[int, str]) -> list[int]:
    """Those that still run."""
    still = []
    for pid, started in processes.items():
        try:
            told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if told[19] == started and told[0] != "Z":
            still.append(pid)
    return still


def lag(daemon: Daemon) -> float:
    """The worst of the ordinary pools in the last minute."""
    return max(
        value for labels, value in daemon.metrics().series("vigie_pool_lag_seconds") if labels["collectivite"] == "a"
    )


def completed(daemon: Daemon) -> float:
    """Checks of the ordinary pools."""
    series = daemon.metrics().series("vigie_pool_completed_checks_total")
    return sum(value for labels, value in series if labels["collectivite"] == "a")


def test_other_pools_do_not_notice(
    place: Installation, world: Targets, foreign: dict[str, str], figures: Figures
) -> None:
    well = ordinary(world)
    place.write(a=well)
    with watched() as machine, place.running(foreign) as daemon:
        until(lambda: completed(daemon) > 1000, "a thousand checks alone")
        alone = lag(daemon)
        place.write(a=well, z=bad(*BAD))
        assert place.vigie("reload", environment=foreign).returncode == 0
        told = until(lambda: heard_of_all(daemon), "every bad sonde has been tried", 180)
        before = completed(daemon)
        until(lambda: completed(daemon) > before + 1000, "a thousand checks beside them")
        beside = lag(daemon)
        shown = daemon.metrics()
        killed = shown.value("vigie_pool_killed_workers_total", collectivite="z")
        assert killed >= 3
        assert told["silence"] == 2
        assert told["leak"] == 0
        assert {how: status for how, status in told.items() if how not in ("silence", "leak")} == {
            how: 3 for how in BAD if how not in ("silence", "leak")
        }
        page = daemon.get("/")[1]
        # A technique that lost its process is not tried for a while, and then says that: why is in the log as well.
        page += daemon.log()
        for reason in ("bloquait son processus", "SIGSEGV", "code 3", "KeyError", "au lieu d"):
            assert reason in page, reason
        assert "le mot de passe" not in page
        assert all(status == 0 for sonde, status in daemon.statuses().items() if sonde.startswith("a/"))
        assert shown.total("vigie_pool_crashes_total") == 0
        skipped = sum(
            value for labels, value in shown.series("vigie_pool_skipped_checks_total") if labels["collectivite"] == "a"
        )
        assert skipped == 0 or machine.worst_s > SMALL_S
        assert beside < SMALL_S + machine.worst_s
        workers = descendants(daemon.pid)
        assert workers
        assert daemon.stop() == 0
        until(lambda: left(workers) == [], "what was killed has ended")
    figures(
        f"pools: worst lag of 4 ordinary pools {alone * 1000:.0f} ms alone, {beside * 1000:.0f} ms beside {len(BAD)} "
        f"techniques that misbehave, {killed:.0f} workers killed"
    )


def heard_of_all(daemon: Daemon) -> dict[str, float] | None:
    """The status of each bad sonde, once all have had a result that is about themselves."""
    shown = daemon.metrics()
    seen = shown.by_sonde("vigie_sonde_last_result_timestamp_seconds")
    if not {f"z/e/{how}" for how in BAD} <= seen.keys():
        return None
    status = shown.by_sonde("vigie_sonde_status")
    told = {how: status[f"z/e/{how}"] for how in BAD}
    # A place in the pool must have been free for these two once.
    return told if told["silence"] == 2 and told["leak"] == 0 else None


def test_no_worker_outlives_a_daemon_that_was_killed(place: Installation, foreign: dict[str, str]) -> None:
    place.write(a=bad("spin", "block"), b=bad("silence", "stubborn"))
    with place.running(foreign) as daemon:
        workers = until(lambda: _at_least(3, daemon), "workers run")
        daemon.kill()
        until(lambda: left(workers) == [], "no worker is left")


def test_what_a_worker_started_ends_with_it(place: Installation, foreign: dict[str, str]) -> None:
    place.write(a=bad("breed"))
    with place.running(foreign) as daemon:
        family = until(lambda: _at_least(2, daemon), "a grandchild runs")
        until(lambda: left(family) == [], "killed with its parent")
        assert daemon.stop() == 0


def _at_least(count: int, daemon: Daemon) -> dict[int, str] | None:
    found = descendants(daemon.pid)
    return found if len(found) >= count else None
