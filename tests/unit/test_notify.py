"""What the service manager hears, on real sockets."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from supervisor.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A listening manager, and the NOTIFY_SOCKET it hands out."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.settimeout(5)
        if request.param == "path":
            address = str(tmp_path / "notify")
            listener.bind(address)
        else:
            listener.bind("")  # the kernel chooses a free abstract name
            address = "@" + listener.getsockname()[1:].decode()
        yield address, listener


def heard(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def test_the_life_of_a_daemon(manager: tuple[str, socket.socket]) -> None:
    address, listener = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    assert notifier.ready("12 sondes")
    assert heard(listener) == ["READY=1", "STATUS=12 sondes"]
    assert notifier.status("13 sondes")
    assert heard(listener) == ["STATUS=13 sondes"]
    assert notifier.alive()
    assert heard(listener) == ["WATCHDOG=1"]
    assert notifier.stopping("flushing")
    assert heard(listener) == ["STOPPING=1", "STATUS=flushing"]


def test_a_reload_says_its_instant(manager: tuple[str, socket.socket]) -> None:
    address, listener = manager
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    Notifier.from_environment({"NOTIFY_SOCKET": address}).reloading("reading the config")
    first, instant, status = heard(listener)
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert (first, status) == ("RELOADING=1", "STATUS=reading the config")
    key, _, usec = instant.partition("=")
    assert key == "MONOTONIC_USEC"
    assert before <= int(usec) <= after


def test_a_status_cannot_add_assignments(manager: tuple[str, socket.socket]) -> None:
    address, listener = manager
    Notifier.from_environment({"NOTIFY_SOCKET": address}).status("broken\nREADY=1\r\nMAINPID=1")
    assert heard(listener) == ["STATUS=broken READY=1 MAINPID=1"]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_manager_nothing_happens(environ: dict[str, str]) -> None:
    notifier = Notifier.from_environment(environ)
    assert not notifier.ready("12 sondes")
    assert not notifier.alive()
    assert notifier.watchdog_s is None


def test_a_manager_that_is_gone_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert not notifier.ready("12 sondes")
    assert "READY=1" in caplog.text


def test_a_manager_that_does_not_read_never_blocks_the_watchdog(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(address)
        notifier = Notifier(address)
        while notifier.alive():  # until its queue is full; a call that waited would never return
            pass
        assert not notifier.status("12 sondes")


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({}, None),
    ],
)
def test_how_often_the_watchdog_is_to_be_fed(environ: dict[str, str], watchdog_s: float | None) -> None:
    assert Notifier.from_environment({"NOTIFY_SOCKET": "@x", **environ}).watchdog_s == watchdog_s
