"""The life of the daemon: start, what it shows, stop, start again."""

from __future__ import annotations

import itertools
import subprocess
import time

from supervisor.engine.schedule import FIRST_WITHIN_S, on_grid, phase
from tests.acceptance.daemon import ENDS_WITHIN_S, Daemon, Installation, integrity, until
from tests.acceptance.targets import Targets, tcp

EVERY_S = 10


def late(daemon: Daemon) -> float:
    """The longest that a check of the last minute waited for the machine."""
    return max(value for _, value in daemon.metrics().series("vigie_pool_lag_seconds"))


def test_it_starts_shows_itself_and_stops(place: Installation, world: Targets) -> None:
    place.write(a=[tcp("bien", world.answering()), tcp("mal", world.refusing()), tcp("arret", 9, paused=True)])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/bien": 0, "a/e/mal": 2, "a/e/arret": 3})
        assert daemon.get("/healthz") == (200, "ok\n")
        assert daemon.get("/readyz") == (200, "ok\n")
        status, page = daemon.get("/")
        assert status == 200
        assert "e/mal" in page
        assert "connexion refusée" in page
        assert daemon.get("/nowhere")[0] == 404
        shown = daemon.metrics()
        assert shown.value("vigie_pool_occupancy", pool="a/1") == 3
        assert shown.value("vigie_billable_sondes", collectivite="a") == 3
        assert "a/e/arret" not in shown.by_sonde("vigie_sonde_up")
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=shown.text, capture_output=True, text=True, check=False
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
        seen = daemon.metrics().by_sonde("vigie_sonde_last_result_timestamp_seconds")
        assert daemon.stop() == 0
        assert not place.control.exists()
        assert "Traceback" not in daemon.log()
    integrity(place)
    covered = dict(place.rows("select s.id, last_at from coverage c join sonde s on s.key = c.sonde"))
    assert covered.keys() == {"a/e/bien", "a/e/mal"}
    assert all(covered[sonde] >= at for sonde, at in seen.items())


def test_sigint_ends_it_as_well(place: Installation) -> None:
    place.write(a=[])
    with place.running() as daemon:
        daemon.process.send_signal(2)
        assert daemon.process.wait(ENDS_WITHIN_S) == 0


def test_a_proxy_does_not_open_the_metrics_and_a_token_does(place: Installation) -> None:
    place.main["metrics_token"] = {"env": "METRICS_TOKEN"}
    place.write(a=[])
    with place.running({"METRICS_TOKEN": "s3cret-of-prometheus"}) as daemon:
        assert daemon.get("/metrics")[0] == 200
        for header in ("X-Forwarded-For", "Forwarded"):
            via = {header: "for=192.0.2.1" if header == "Forwarded" else "192.0.2.1"}
            refused = daemon.get("/metrics", via)
            assert refused[0] == 404
            assert refused == daemon.get("/nowhere", via)
            for wrong in ("Bearer wrong", "Bearer", "Basic s3cret-of-prometheus", "Bearer s3cret-of-prometheus x"):
                assert daemon.get("/metrics", {**via, "Authorization": wrong})[0] == 404
            assert daemon.get("/metrics", {**via, "Authorization": "Bearer s3cret-of-prometheus"})[0] == 200
        assert daemon.get("/healthz", {"X-Forwarded-For": "192.0.2.1"})[0] == 200
        assert daemon.stop() == 0
        assert "s3cret-of-prometheus" not in daemon.log()


def test_a_restart_keeps_states_and_phases_and_counts_nothing_while_stopped(
    place: Installation, world: Targets
) -> None:
    slow = {"interval": f"{EVERY_S}s", "stale_after": f"{EVERY_S}s"}
    well, broken = world.answering(), world.refusing()
    place.write(a=[tcp(f"s{n}", broken if n % 2 else well, **slow) for n in range(6)])
    wanted = {f"a/e/s{n}": 2 if n % 2 else 0 for n in range(6)}
    with place.running() as daemon:
        daemon.wait_statuses(wanted)
        first = daemon.metrics().by_sonde("vigie_sonde_last_result_timestamp_seconds")
        lag = late(daemon)
        assert daemon.stop() == 0
    coverage = dict(place.rows("select s.id, until from coverage c join sonde s on s.key = c.sonde"))
    before = place.intervals()
    until(lambda: time.time() > max(coverage.values()) + 2, "what was known is stale")
    with place.running() as daemon:
        started = daemon.metrics().value("vigie_start_timestamp_seconds")
        daemon.wait_statuses(wanted)
        again = daemon.metrics().by_sonde("vigie_sonde_last_result_timestamp_seconds")
        # To the second, which an instant is told to, and to what the machine made the checks wait.
        within = 1 + max(lag, late(daemon))
        assert daemon.stop() == 0
    integrity(place)
    moved = {sonde: (again[sonde] - at + within) % EVERY_S > 2 * within for sonde, at in first.items()}
    assert moved == dict.fromkeys(wanted, False)
    after = place.intervals()
    for sonde, known_until in coverage.items():
        mine = [row for row in after if row[0] == sonde]
        assert [row[2] for row in mine if row[1] < known_until][-1] == known_until
        assert mine[-1][1] >= int(started)  # nothing is painted between the two lives
        assert mine[-1][3] == ("critical" if wanted[sonde] else "ok")
        assert [row[1] for row in mine if row[1] < known_until] == [row[1] for row in before if row[0] == sonde]
    assert [row[1] for row in place.ledger()] == ["sonde-added"] * 6


def at_once_and_not_again(sonde: str) -> bool:
    """Is it checked for the first time within two seconds, and by its interval not for an hour?"""
    now = time.time()
    return phase(sonde) * FIRST_WITHIN_S < 2 and on_grid(now, 12 * 3600, phase(sonde)) > now + 3600


def test_states_are_shown_at_once_after_a_restart(place: Installation, world: Targets) -> None:
    soon = next(name for name in (f"s{n}" for n in itertools.count()) if at_once_and_not_again(f"a/e/{name}"))
    place.write(a=[tcp(soon, world.refusing(), interval="12h")])
    with place.running() as daemon:
        daemon.wait_statuses({f"a/e/{soon}": 2})
        assert daemon.stop() == 0
    with place.running() as daemon:
        assert daemon.statuses() == {f"a/e/{soon}": 2}
        assert daemon.checks() == 0
