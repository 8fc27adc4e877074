"""Heartbeats that call the real daemon, and `vigie probe`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.daemon import Installation, until
from tests.acceptance.targets import Targets, tcp

BACKUP = {"id": "sauvegarde", "type": "heartbeat", "every": "24h", "interval": "10m", "attempts": 1}
ID = "a/e/sauvegarde"


def probe(place: Installation, sonde: str) -> dict[str, Any]:
    """`vigie probe SONDE --json`."""
    done = place.vigie("probe", sonde, "--json")
    assert (done.returncode, done.stderr) == (0, ""), done
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def address(place: Installation, sonde: str = ID) -> str:
    """The path to call."""
    (line,) = [str(line) for line in probe(place, sonde)["trace"] if "/beat/" in line]
    return line[line.index("/beat/") :].partition("?")[0]


def test_calls_are_heard_at_once(place: Installation) -> None:
    place.write(a=[BACKUP, {**BACKUP, "id": "autre"}])
    before = place.vigie("probe", ID)
    assert before.returncode == 0
    assert "never run here" in before.stdout
    assert not place.database.exists()
    with place.running() as daemon:
        path = address(place)
        assert path != address(place, "a/e/autre")
        assert daemon.statuses()[ID] == 3
        assert daemon.get(f"{path}?exit=0&size=12%20Go&duration=75&message=fini") == (200, "ok\n")
        daemon.wait_statuses({ID: 0})
        assert daemon.get(f"{path}?exit=1", method="POST") == (200, "ok\n")
        daemon.wait_statuses({ID: 2})
        assert "le traitement a fini avec le code 1" in daemon.get("/")[1]
        assert daemon.get(path) == (200, "ok\n")
        daemon.wait_statuses({ID: 0})
        assert daemon.statuses()["a/e/autre"] == 3

        assert daemon.get("/beat/aaaaaaaaaaaaaaaaaaaaaaaaaa")[0] == 404
        assert daemon.get("/beat/")[0] == 404
        assert daemon.get(path.upper())[0] == 404
        assert daemon.get(f"{path}/x")[0] == 404
        assert daemon.get("/beat/%00%ff%22")[0] == 404
        assert daemon.get(path, method="DELETE")[0] == 405
        for garbage in ("exit=one", "exit=", "size=-1", "size=1e999", "duration=nan", "duration=-5", "exit=1&evil=2",
                        "exit=99999999999999999999", "size=9999999999999999999999", "exit=%D9%A1"):  # fmt: skip
            status, text = daemon.get(f"{path}?{garbage}")
            assert status == (200 if garbage == "exit=" else 400), garbage
            assert len(text) < 200
        assert daemon.get("/beat/aaaaaaaaaaaaaaaaaaaaaaaaaa?exit=one")[0] == 404  # says nothing of who exists
        assert daemon.get(f"{path}?message=%EF%BF%BF%00%0A%1B[2J")[0] == 200
        told = probe(place, ID)
        assert told["status"] == "ok"
        assert any("call" in line and "message=" in line for line in told["trace"])
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
        assert path.removeprefix("/beat/") not in daemon.log()


def test_a_call_that_was_answered_is_on_disk(place: Installation) -> None:
    place.write(a=[BACKUP])
    with place.running() as daemon:
        path = address(place)
        for number in range(5):
            assert daemon.get(f"{path}?size={number}&message=numero%20{number}")[0] == 200
        daemon.kill()
    assert place.rows("select size_bytes, message from beat order by id") == [(n, f"numero {n}") for n in range(5)]
    with place.running() as daemon:
        assert address(place) == path
        daemon.get(path)
        daemon.wait_statuses({ID: 0})
        daemon.kill()
    assert probe(place, ID)["status"] == "ok"


def test_a_token_that_leaked_is_voided_by_a_reload(place: Installation) -> None:
    place.write(a=[BACKUP])
    with place.running() as daemon:
        path = address(place)
        assert daemon.get(path)[0] == 200
        place.write(a=[{**BACKUP, "generation": 2}])
        assert place.vigie("reload").returncode == 0
        assert daemon.get(path)[0] == 404
        assert daemon.get(address(place))[0] == 200
        daemon.wait_statuses({ID: 0})
        place.write(a=[])
        assert place.vigie("reload").returncode == 0
        assert daemon.get(path)[0] == 404
        assert daemon.stop() == 0


def certificate(root: Path) -> Path:
    """A certificate of a month."""
    openssl = shutil.which("openssl")
    assert openssl is not None
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
         "-subj", "/CN=rgs.exemple.fr", "-keyout", root / "key.pem", "-out", root / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return root / "cert.pem"


@pytest.mark.parametrize("kind", ["tcp", "http", "tls", "dns", "link", "certificate", "heartbeat"])
def test_one_run_of_each_type_is_shown(place: Installation, world: Targets, kind: str) -> None:
    port = world.answering()
    settings: dict[str, dict[str, Any]] = {
        "tcp": {"port": port},
        "http": {"url": f"http://127.0.0.1:{port}/"},
        "tls": {"port": port},
        "dns": {"resolver": f"127.0.0.1:{port}", "name": "exemple.fr", "timeout": "1s"},
        "link": {"packets": 1, "timeout": "1s"},
        "certificate": {"path": str(certificate(place.root))},
        "heartbeat": {"every": "1h"},
    }
    place.write(a=[{"id": "s", "type": kind, **settings[kind]}])
    told = probe(place, "a/e/s")
    assert (told["sonde"], told["type"]) == ("a/e/s", kind)
    assert told["status"] in ("ok", "warning", "critical", "unknown")
    assert told["message"]
    assert "\n" not in told["message"]
    assert "erreur interne" not in told["message"]
    assert told["duration_s"] >= 0
    text = place.vigie("probe", "a/e/s")
    assert (text.returncode, text.stderr) == (0, "")
    assert text.stdout.startswith(f"a/e/s ({kind}, 127.0.0.1)\n")
    assert text.stdout.splitlines()[-1].startswith(f"{told['status']}: ")
    assert not place.database.exists()


def test_a_probe_while_the_daemon_runs(place: Installation, world: Targets) -> None:
    place.main["canaries"] = [{**tcp("nord", world.answering()), "address": "127.0.0.1"}]
    place.write(a=[tcp("un", world.refusing())])
    with place.running() as daemon:
        until(lambda: daemon.checks() > 2, "checks go on")
        assert probe(place, "a/e/un")["status"] == "critical"
        assert probe(place, "vigie/canaries/nord")["status"] == "ok"
        assert daemon.stop() == 0
