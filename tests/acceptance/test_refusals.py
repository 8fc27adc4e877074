"""What the daemon refuses: exit status 2, one message on standard error, nothing on standard output, nothing done."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
from contextlib import closing
from subprocess import CompletedProcess

import pytest

from tests.acceptance.daemon import Installation, until
from tests.acceptance.targets import tcp


def refused(done: CompletedProcess[str]) -> str:
    """The message of a refusal."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
    return done.stderr


def test_a_second_process_on_the_same_database(place: Installation) -> None:
    place.write(a=[tcp("un", 9)])
    with place.running() as daemon:
        assert f"in use by process {daemon.pid};" in refused(place.vigie("run"))
        # The refused one took neither the control socket nor its file away.
        assert daemon.status() is not None
        assert daemon.stop() == 0
    with place.running() as daemon:
        assert daemon.stop() == 0


def test_a_database_of_a_newer_version(place: Installation) -> None:
    place.write(a=[tcp("un", 9)])
    with place.running() as daemon:
        daemon.stop()
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute("update meta set value = '9.1' where key = 'version'")
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('vigie', 'm999_future', 'now')"
        )
    before = place.database.read_bytes()
    said = refused(place.vigie("run"))
    assert "written by Vigie 9.1, newer than this one" in said
    assert "m999_future" in said
    assert place.database.read_bytes() == before
    line = json.dumps({"t": "2026-03-02T09:00:00+01:00", "sonde": "a/e/un", "status": "ok"})
    (place.root / "h.jsonl").write_text(line)
    assert "newer than this one" in refused(place.vigie("history", "import", "h.jsonl"))
    assert place.database.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"not a database, but longer than a header of SQLite would be" * 50, "not an SQLite", id="text"),
        pytest.param(None, "cannot be opened", id="directory"),
    ],
)
def test_a_file_that_is_no_database(place: Installation, content: bytes | None, expected: str) -> None:
    place.write(a=[])
    if content is None:
        place.database.mkdir()
    else:
        place.database.write_bytes(content)
    said = refused(place.vigie("run"))
    assert str(place.database) in said
    assert expected in said or "directory" in said
    if content is not None:
        assert place.database.read_bytes() == content


def test_a_damaged_database(place: Installation) -> None:
    place.write(a=[tcp(f"s{n}", 9) for n in range(200)])
    with place.running() as daemon:
        daemon.stop()
    whole = place.database.read_bytes()
    place.database.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert str(place.database) in refused(place.vigie("run"))


def test_a_database_of_somebody_else(place: Installation) -> None:
    place.write(a=[])
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute("create table accounts(id integer)")
    assert "not one of Vigie's (it holds accounts" in refused(place.vigie("run"))


def test_a_directory_that_is_missing(place: Installation) -> None:
    place.main["database"] = "missing/vigie.db"
    place.write(a=[])
    assert "missing/vigie.db" in refused(place.vigie("run"))


def test_a_port_in_use(place: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place.main["listen"] = f"127.0.0.1:{port}"
        place.write(a=[tcp("un", 9)])
        assert f"listen: 127.0.0.1:{port} cannot be opened" in refused(place.vigie("run"))
    assert not place.control.exists()


def test_a_control_socket_that_cannot_be_opened(place: Installation) -> None:
    place.main["control"] = "c" * 120
    place.write(a=[])
    assert "control: a Unix socket has a path of at most 107 bytes" in refused(place.vigie("run"))
    place.main["control"] = "missing/s"
    place.write(a=[])
    assert "the control socket cannot be opened" in refused(place.vigie("run"))


def test_the_socket_of_a_daemon_that_was_killed_is_replaced(place: Installation) -> None:
    place.write(a=[])
    with place.running() as daemon:
        daemon.kill()
    assert place.control.is_socket()
    with place.running() as daemon:
        assert daemon.stop() == 0


def test_what_stands_where_the_control_socket_goes_is_not_thrown_away(place: Installation) -> None:
    place.write(a=[])
    place.control.write_text("precious")
    assert str(place.control) in refused(place.vigie("run"))
    assert place.control.read_text() == "precious"
    place.control.unlink()
    place.control.mkdir()
    assert str(place.control) in refused(place.vigie("run"))


def test_a_config_that_cannot_be_read(place: Installation) -> None:
    assert str(place.config.name) in refused(place.vigie("run"))
    place.config.mkdir()
    assert str(place.config.name) in refused(place.vigie("run"))
    place.config.rmdir()
    place.config.write_bytes(b"organisation: \xff\xfe")
    assert f"{place.config.name}:1" in refused(place.vigie("run"))
    place.write(a=[])
    (place.root / "collectivites" / "b.yaml").symlink_to(place.root / "nowhere")
    assert "b.yaml" in refused(place.vigie("run"))
    assert not place.database.exists()


WRONG = """\
collectivite: exemple
name: Commune d'Exemple
inse: "57001"
population: 2 355
services:
  - {id: internet, name: Accès Internet, rule: most}
equipment:
  - id: routeur
    address: 127.0.0.11
    parent: nulle-part/lien
    sondes:
      - {id: lien, type: lnik}
      - {id: site, type: tcp, port: 70000}
      - {id: lent, type: tcp, port: 80, interval: 10s, timeout: 20s}
      - {id: vite, type: tcp, port: 80, interval: 1}
      - {id: vite, type: tcp, port: 80, paused: maybe}
  - id: web
    id: web
    address: 127.0.0.12
    sondes:
      - {id: page, type: http, url: "ftp://exemple.fr/", service: courriel}
"""


@pytest.mark.parametrize("command", [("check",), ("run",), ("probe", "exemple/web/page")])
def test_ten_mistakes_are_said_in_one_go_each_with_its_line(place: Installation, command: tuple[str, ...]) -> None:
    place.main["databse"] = "vigie.db"
    place.write()
    (place.root / "collectivites" / "exemple.yaml").write_text(WRONG)
    said = refused(place.vigie(*command)).splitlines()
    places = [re.match(r"(?:collectivites/exemple|vigie)\.yaml:\d+: ", line) for line in said]
    assert None not in places, said
    lines = {int(line.split(":")[1]) for line in said if line.startswith("collectivites/exemple.yaml:")}
    assert {3, 4, 6, 10, 12, 13, 14, 16, 18, 21} <= lines, said
    assert any(line.startswith("vigie.yaml:") and "databse" in line for line in said)
    assert not place.database.exists()


def test_a_reload_without_a_daemon(place: Installation) -> None:
    place.write(a=[])
    assert "no daemon listens on" in refused(place.vigie("reload"))
    # A daemon that was killed leaves its socket behind.
    with place.running() as daemon:
        daemon.kill()
    assert place.control.exists()
    assert "no daemon listens on" in refused(place.vigie("reload"))
    with place.running() as daemon:
        assert daemon.stop() == 0


def test_arguments_that_make_no_sense(place: Installation) -> None:
    place.write(a=[tcp("un", 9)])
    assert "no sonde 'a/e/deux'" in refused(place.vigie("probe", "a/e/deux"))
    assert "missing.jsonl" in refused(place.vigie("history", "import", "missing.jsonl"))
    assert "--log-level" in refused(place.vigie("run", "--log-level", "loud"))
    assert "No such command" in refused(place.vigie("fly"))


def test_a_log_collector_that_died_does_not_hold_the_daemon(place: Installation) -> None:
    place.write(a=[tcp("un", 9)])
    reading, writing = os.pipe()
    os.close(reading)  # a log collector that died
    with place.start(errors=writing) as daemon:
        os.close(writing)
        daemon.wait_ready()
        until(lambda: daemon.checks() > 1, "checks go on")
        assert daemon.stop() == 0
