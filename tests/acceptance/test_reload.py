"""Reload, by command and by signal: only what differs is touched, and what is wrong changes nothing."""

from __future__ import annotations

import signal
from typing import Any

from supervisor.control import ask
from tests.acceptance.daemon import Daemon, Installation, integrity, until
from tests.acceptance.targets import Targets, tcp
from tests.acceptance.test_life import late


def reloaded(place: Installation) -> str:
    """`vigie reload`, which must succeed."""
    done = place.vigie("reload")
    assert done.returncode == 0, done.stderr
    return done.stdout


def reread(place: Installation) -> None:
    """What `vigie reload` asks of the daemon, without its process: where many follow one another."""
    assert ask(place.control, {"command": "reload"}) is not None


def grids(daemon: Daemon) -> dict[str, float]:
    """When each sonde was last checked."""
    return daemon.metrics().by_sonde("vigie_sonde_last_result_timestamp_seconds")


def test_only_what_differs_is_touched(place: Installation, world: Targets) -> None:
    up, down = world.answering(), world.refusing()
    kept = [tcp("reste", down), tcp("autre", up), tcp("change", down), tcp("pause", up)]
    place.write(a=[*kept, tcp("part", down)], b=[tcp("loin", up)])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/reste": 2, "a/e/autre": 0, "a/e/change": 2, "a/e/part": 2, "b/e/loin": 0})
        before = until(lambda: _all_written(place, 6), "all are on disk")
        kept[2]["port"] = up
        kept[3]["paused"] = True
        place.write(a=[*kept, tcp("arrive", up)], c=[tcp("neuf", up)])
        assert "2 sondes added, 2 removed, 2 changed" in reloaded(place)
        daemon.wait_statuses({"a/e/change": 0, "a/e/arrive": 0, "c/e/neuf": 0, "a/e/reste": 2, "a/e/autre": 0})
        shown = daemon.metrics()
        assert shown.by_sonde("vigie_sonde_status").keys() == {
            "a/e/reste", "a/e/autre", "a/e/change", "a/e/pause", "a/e/arrive", "c/e/neuf"
        }  # fmt: skip
        assert "part" not in shown.text
        assert "loin" not in shown.text
        assert shown.value("vigie_config_reloads_total") == 1
        assert {labels["pool"] for labels, _ in shown.series("vigie_pool_occupancy")} == {"a/1", "c/1"}
        daemon.wait_statuses({"a/e/pause": 3})  # what is not checked any more is not known
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
    integrity(place)
    after = place.intervals()
    for sonde in ("a/e/reste", "a/e/autre"):
        assert [row for row in after if row[0] == sonde] == [row for row in before if row[0] == sonde]
    (gone,) = {row[0] for row in place.ledger() if row[1] == "sonde-removed"}
    removals = [row for row in place.ledger() if row[1] == "sonde-removed"]
    assert gone == removals[0][0]  # one reload is one instant
    assert {row[2] for row in removals} == {"a/e/part", "b/e/loin"}
    assert [row[2] for row in after if row[2] is None and row[0] in ("a/e/part", "b/e/loin")] == []
    changed = [row for row in place.ledger() if row[1] == "sonde-changed"]
    assert [(row[2], row[4]) for row in changed] == [("a/e/pause", 1)]
    assert place.rows("select count(*) from state x join sonde s on s.key = x.sonde where s.id = 'a/e/part'") == [(0,)]


def test_phases_do_not_move(place: Installation, world: Targets) -> None:
    up = world.answering()
    kept = [tcp(f"s{n}", up, interval="4s") for n in range(6)]
    place.write(a=kept)
    with place.running() as daemon:
        until(lambda: len(grids(daemon)) == 6, "all checked")
        first, lag = grids(daemon), late(daemon)
        for turn in range(5):
            place.write(a=[*kept, *(tcp(f"n{turn}-{n}", up, interval="4s") for n in range(30))])
            reread(place)
        until(lambda: all(at > first[sonde] + 4 for sonde, at in grids(daemon).items() if sonde in first), "two rounds")
        again, shown = grids(daemon), daemon.metrics()
        # To the second, which an instant is told to, and to what the machine made the checks wait.
        within = 1 + max(lag, late(daemon))
        moved = {sonde: (again[sonde] - at + within) % 4 > 2 * within for sonde, at in first.items()}
        assert moved == dict.fromkeys(first, False)
        assert shown.total("vigie_pool_skipped_checks_total") == 0


def test_sighup_reloads(place: Installation, world: Targets) -> None:
    up = world.answering()
    place.write(a=[tcp("un", up)])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/un": 0})
        place.write(a=[tcp("deux", up)])
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_statuses({"a/e/deux": 0})
        assert daemon.statuses().keys() == {"a/e/deux"}
        place.config.write_text(place.config.read_text().replace('"profile"', '"profil"'))
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: "vigie.yaml:1: profil" in daemon.log(), "the mistake in the log")
        assert daemon.metrics().value("vigie_config_refused_reloads_total") == 1
        assert daemon.statuses().keys() == {"a/e/deux"}
        assert daemon.get("/readyz")[0] == 200
        for _ in range(20):  # a storm of them is as one
            daemon.process.send_signal(signal.SIGHUP)
        place.write(a=[tcp("trois", up)])
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_statuses({"a/e/trois": 0})
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()


def test_a_broken_file_changes_nothing_and_says_so(place: Installation, world: Targets) -> None:
    up = world.answering()
    place.write(a=[tcp("un", up), tcp("deux", up)], b=[tcp("trois", up)])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/un": 0, "a/e/deux": 0, "b/e/trois": 0})
        ledger = place.ledger()
        place.write(a=[tcp("un", 70000)], b=[tcp("trois", up, intervall="3s"), tcp("quatre", up)])
        done = place.vigie("reload")
        assert done.returncode == 2
        assert done.stdout == ""
        assert "a.yaml:" in done.stderr
        assert "b.yaml:" in done.stderr
        assert "intervall" in done.stderr
        assert "the one that runs stays" in done.stderr
        daemon.wait_checks(6)
        assert daemon.statuses() == {"a/e/un": 0, "a/e/deux": 0, "b/e/trois": 0}
        assert place.ledger() == ledger
        for file in (place.root / "collectivites").iterdir():
            file.unlink()
        place.config.unlink()
        assert place.vigie("reload").returncode == 2
        daemon.wait_checks(6)
        assert daemon.stop() == 0
    assert place.ledger() == ledger


def test_a_rename_is_one_instant_and_never_peaks(place: Installation, world: Targets) -> None:
    up = world.answering()
    place.write(a=[tcp(f"avant-{n}", up) for n in range(50)])
    with place.running() as daemon:
        until(lambda: len(grids(daemon)) == 50, "all checked")
        place.write(a=[tcp(f"apres-{n}", up) for n in range(50)])
        assert "50 sondes added, 50 removed, 0 changed" in reloaded(place)
        shown = daemon.metrics()
        assert [value for _, value in shown.series("vigie_pool_occupancy")] == [50]
        until(lambda: len(grids(daemon)) == 50, "all checked again")
        assert daemon.stop() == 0
    integrity(place)
    present, by_instant = 0, []
    for instant in sorted({row[0] for row in place.ledger()}):
        for row in place.ledger():
            if row[0] == instant:
                present += 1 if row[1] == "sonde-added" else -1
        by_instant.append(present)
    assert by_instant == [50, 50]


def test_a_sonde_that_comes_back_starts_new(place: Installation, world: Targets) -> None:
    up, down = world.answering(), world.refusing()
    place.write(a=[tcp("reste", up), tcp("mal", down)])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/mal": 2})
        place.write(a=[tcp("reste", up)])
        reloaded(place)
        ended = place.rows("select max(end), min(ifnull(end, 0)) from interval i join sonde s on s.key = i.sonde "
                           "where s.id = 'a/e/mal'")[0]  # fmt: skip
        assert ended[1] > 0
        place.write(a=[tcp("reste", up), tcp("mal", down, attempts=100, interval="3s")])
        reloaded(place)
        assert daemon.statuses()["a/e/mal"] == 3  # of results of its own, none of before
        place.write(a=[tcp("reste", up), tcp("mal", down, attempts=2, interval="3s")])
        reloaded(place)
        daemon.wait_statuses({"a/e/mal": 2})
        assert daemon.stop() == 0
    integrity(place)
    spans = [row for row in place.intervals() if row[0] == "a/e/mal"]
    second = [row for row in spans if row[1] >= ended[0]]
    assert second[0][3] == "critical"
    assert place.rows("select count(*) from ledger where sonde = 'a/e/mal'") == [(3,)]
    until_at = place.rows("select last_at from coverage c join sonde s on s.key = c.sonde where s.id = 'a/e/mal'")
    assert until_at[0][0] > second[0][1]


def test_a_sonde_removed_while_it_is_checked(place: Installation, world: Targets) -> None:
    silent = [
        tcp(f"muet-{n}", world.silent(), expect="x", interval="10s", timeout="2s", retry_every="1s", attempts=3)
        for n in range(20)
    ]
    place.write(a=silent)
    with place.running() as daemon:
        daemon.wait_checks(1)
        for turn in range(6):
            place.write(a=silent[: 20 - 3 * turn])
            reread(place)
            place.write(a=silent)
            reread(place)
        daemon.wait_checks(5)
        assert daemon.metrics().total("vigie_pool_crashes_total") == 0
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
    integrity(place)


def test_pausing_and_resuming(place: Installation, world: Targets) -> None:
    up = world.answering()
    place.write(a=[tcp("un", up), tcp("deux", up, paused=True)])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/un": 0})
        assert daemon.statuses()["a/e/deux"] == 3
        place.write(a=[tcp("un", up, paused=True), tcp("deux", up)])
        reloaded(place)
        daemon.wait_statuses({"a/e/un": 3, "a/e/deux": 0})
        # What was known before the pause ended: the pause is a gap.
        assert "a/e/un" not in daemon.metrics().by_sonde("vigie_sonde_up")
        place.write(a=[tcp("un", up), tcp("deux", up)])
        reloaded(place)
        daemon.wait_statuses({"a/e/un": 0})
        assert daemon.metrics().total("vigie_pool_occupancy") == 2  # paused or not
        assert daemon.stop() == 0
    spans = [row for row in place.intervals() if row[0] == "a/e/un"]
    assert len(spans) == 2
    assert spans[0][2] < spans[1][1]
    assert {row[1] for row in place.ledger()} == {"sonde-added", "sonde-changed"}


def canary(name: str, port: int) -> dict[str, Any]:
    """A reference target of Vigie itself."""
    return {**tcp(name, port), "address": "127.0.0.1"}


def test_canaries(place: Installation, world: Targets) -> None:
    up, down, changing = world.answering(), world.refusing(), world.changing()
    place.main["canaries"] = [canary("nord", up), canary("sud", down)]
    place.write(a=[tcp("un", changing, expect="up"), tcp("mal", down)])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/un": 0, "a/e/mal": 2, "vigie/canaries/nord": 0, "vigie/canaries/sud": 2})
        assert daemon.metrics().value("vigie_isolated") == 0
        place.main["canaries"] = [canary("nord", down), canary("sud", down)]
        place.write(a=[tcp("un", changing, expect="up"), tcp("mal", down)])
        reloaded(place)
        until(lambda: daemon.metrics().value("vigie_isolated") == 1, "isolated")
        daemon.wait_statuses({"a/e/un": 3, "a/e/mal": 3})
        world.says = b"down\n"
        daemon.wait_checks(6)
        assert "Vigie est coupée du réseau" in daemon.get("/")[1]
        assert daemon.statuses()["a/e/un"] == 3
        place.main["canaries"] = [canary("ouest", up)]
        place.write(a=[tcp("un", changing, expect="up"), tcp("mal", down)])
        reloaded(place)
        daemon.wait_statuses({"a/e/un": 2, "a/e/mal": 2, "vigie/canaries/ouest": 0})
        assert "nord" not in daemon.metrics().text
        place.main["canaries"] = []
        place.write(a=[tcp("un", changing, expect="up"), tcp("mal", down)])
        reloaded(place)
        assert "vigie/canaries" not in daemon.metrics().text
        assert daemon.metrics().value("vigie_isolated") == 0
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
    integrity(place)
    assert {row[4] for row in place.intervals() if row[0] == "a/e/un"} == {"", "supervisor isolated"}
    assert all(not row[2].startswith("vigie/") for row in place.ledger())


def test_what_waits_for_a_restart_is_said(place: Installation) -> None:
    place.write(a=[])
    with place.running() as daemon:
        place.main["database"] = "autre.db"
        place.write(a=[])
        done = place.vigie("reload")
        assert done.returncode == 0
        assert "`database` waits for a restart" in done.stderr
        assert not (place.root / "autre.db").exists()
        assert daemon.stop() == 0


def _all_written(place: Installation, sondes: int) -> list[tuple[Any, ...]] | None:
    spans = place.intervals()
    return spans if len({row[0] for row in spans}) == sondes else None
