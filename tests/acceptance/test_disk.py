"""A disk that is full, or read-only, under the real daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from probes.heartbeat import token
from tests.acceptance.daemon import ENDS_WITHIN_S, ROOT, Daemon, Installation, until
from tests.acceptance.targets import Targets, tcp


def on_a_small_disk(place: Installation, options: str) -> list[str]:
    """A command before the daemon's that gives it a disk of its own, seen by nobody else, for the database."""
    (place.root / "disk").mkdir()
    place.main["database"] = "disk/vigie.db"
    place.main["control"] = "s"
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"'
    return ["unshare", *rights, "--mount", "sh", "-c", script, "sh", options, str(place.root / "disk")]


def inside(daemon: Daemon, place: Installation) -> Path:
    """That disk, as seen from here."""
    return Path(f"/proc/{daemon.pid}/root{place.root}/disk")


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left on it, for a while."""
    filler = fill(disk)
    yield
    filler.unlink()


def fill(disk: Path) -> Path:
    """Not a byte is left on it; gives the file that takes them."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return filler


READ = """
import json, sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(json.dumps(connection.execute(sys.argv[2]).fetchall()))
connection.close()
"""


def rows(daemon: Daemon, place: Installation, query: str) -> list[list[Any]]:
    """What the database on that disk holds. SQLite resolves links, so it has to be on the inside."""
    spaces = ["--mount"] if os.geteuid() == 0 else ["--mount", "--user", "--preserve-credentials"]
    done = subprocess.run(
        ["nsenter", "--target", str(daemon.pid), *spaces, sys.executable, "-c", READ, str(place.database), query],
        capture_output=True,
        check=True,
    )
    read: list[list[Any]] = json.loads(done.stdout)
    return read


def test_a_full_disk(place: Installation, world: Targets) -> None:
    prefix = on_a_small_disk(place, "size=4m")
    beating = {"id": "sauvegarde", "type": "heartbeat", "every": "24h", "interval": "10m", "attempts": 1}
    sondes = [tcp("un", world.changing(), expect="up"), tcp("deux", world.refusing())]
    place.write(a=sondes, h=[beating])
    with place.start(prefix=prefix) as daemon:
        daemon.wait_ready()
        daemon.wait_statuses({"a/e/un": 0, "a/e/deux": 2})
        path = _path_of(daemon, place)
        with filled(inside(daemon, place)):
            world.says = b"down\n"
            until(lambda: daemon.metrics().value("vigie_store_failing") == 1, "it cannot write")
            status, why = daemon.get("/readyz")
            assert status == 503
            assert "the disk is full" in why
            assert daemon.get("/healthz") == (200, "ok\n")
            daemon.wait_statuses({"a/e/un": 2, "a/e/deux": 2})  # checks and states go on
            world.says = b"up\n"
            daemon.wait_statuses({"a/e/un": 0})
            daemon.wait_checks(6)
            assert daemon.metrics().value("vigie_store_pending") > 0
            status, text = daemon.get(path)
            assert status == 503
            assert "call again" in text
            place.write(a=[*sondes, tcp("trois", world.answering())], h=[beating])
            done = place.vigie("reload")
            assert done.returncode == 2
            assert "cannot be written" in done.stderr
            assert "a/e/trois" not in daemon.statuses()
        until(lambda: daemon.metrics().value("vigie_store_failing") == 0, "it writes again")
        assert daemon.get("/readyz") == (200, "ok\n")
        assert place.vigie("reload").returncode == 0
        daemon.wait_statuses({"a/e/trois": 0})
        assert daemon.get(path) == (200, "ok\n")
        spans = rows(
            daemon,
            place,
            "select status from interval i join sonde s on s.key = i.sonde where s.id = 'a/e/un' order by start",
        )
        shown = [status for (status,) in spans]
        assert ("ok", "critical", "ok") in zip(shown, shown[1:], shown[2:], strict=False)  # what happened meanwhile
        events = rows(daemon, place, "select event, sonde from ledger order by id")
        assert events == [["sonde-added", s] for s in ("a/e/un", "a/e/deux", "h/e/sauvegarde", "a/e/trois")]
        assert rows(daemon, place, "pragma integrity_check") == [["ok"]]
        told = [line for line in daemon.logged() if "cannot be written" in line["message"]]
        assert len(told) <= 4  # not at every attempt
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()


def _path_of(daemon: Daemon, place: Installation) -> str:
    ((key,),) = rows(daemon, place, "select value from meta where key = 'heartbeat_key'")
    return f"/beat/{token(bytes.fromhex(key), 'h/e/sauvegarde', 1)}"


def test_a_disk_that_stays_full_until_the_end(place: Installation, world: Targets) -> None:
    prefix = on_a_small_disk(place, "size=4m")
    place.write(a=[tcp("un", world.answering())])
    with place.start(prefix=prefix) as daemon:
        daemon.wait_ready()
        daemon.wait_statuses({"a/e/un": 0})
        fill(inside(daemon, place))
        until(lambda: daemon.metrics().value("vigie_store_failing") == 1, "it cannot write")
        assert daemon.stop() == 0
        assert "could not be written before the end" in daemon.log()


def test_a_full_disk_at_the_start(place: Installation) -> None:
    prefix = on_a_small_disk(place, "size=8k")
    place.write(a=[tcp("un", 9)])
    with place.start(prefix=prefix) as daemon:
        assert daemon.process.wait(ENDS_WITHIN_S) == 2
        assert "the disk is full" in daemon.log()
        assert "Traceback" not in daemon.log()


def test_a_read_only_disk_at_the_start(place: Installation) -> None:
    prefix = on_a_small_disk(place, "ro")
    place.write(a=[tcp("un", 9)])
    with place.start(prefix=prefix) as daemon:
        assert daemon.process.wait(ENDS_WITHIN_S) == 2
        assert "vigie.db" in daemon.log()
        assert "ead-only" in daemon.log()
        assert "Traceback" not in daemon.log()


def test_a_command_on_a_full_disk_and_an_archive_that_is_read_only(place: Installation) -> None:
    """A command that writes refuses in a line and writes nothing; what is kept on a read-only medium can be read."""
    prefix = on_a_small_disk(place, "size=2m")
    place.write(a=[])
    made = " ".join([*place.command("token", "create"), "--role", "billing", "--name"])
    counted = f"{sys.executable} -m supervisor billing counts --database {place.database} --month 2025-03 --json"
    script = (
        f"set -e; {made} un >/dev/null; cd {place.root}\n"
        "dd if=/dev/zero of=disk/filler bs=4096 2>/dev/null || true\n"
        f"{made} deux >out 2>err && exit 9; cat err >&2; rm disk/filler\n"
        f"mount -o remount,ro disk; exec {counted}\n"
    )
    done = subprocess.run(
        [*prefix, "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=place.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "vigie.db: the disk " in done.stderr  # is full, or reports an error: it cannot even be mapped
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"month": "2025-03", "counts": []}
