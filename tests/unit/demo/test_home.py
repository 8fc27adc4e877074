"""The demo's directory: it takes none that holds something else, and forgets on demand."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from supervisor.demo.home import Home
from supervisor.demo.run import free_port
from supervisor.errors import VigieError


def test_a_directory_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    for fresh in (False, True):
        with pytest.raises(VigieError, match="holds other things than a demo"):
            Home(tmp_path).prepare(fresh=fresh)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_directory_is_kept_between_runs_unless_a_fresh_start_is_asked_for(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "b")
    home.prepare(fresh=False)
    database = home.write("vigie.db", b"history")
    home.prepare(fresh=False)
    assert database.read_bytes() == b"history"
    home.prepare(fresh=True)
    assert not database.exists()
    home.prepare(fresh=False)  # and it is a demo's directory still


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VigieError, match="cannot hold the demo"):
        Home(tmp_path / "file" / "demo").prepare(fresh=False)


def test_a_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.write("certificats/key.pem", b"x", secret=True).stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port([port, 0]) not in (port, 0)
        with pytest.raises(VigieError, match=f"{port} is taken or not allowed"):
            free_port([port])
