"""A command that the daemon has no room for is said again, and only that."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from supervisor import control

BUSY = {"error": "the daemon serves too many commands now; try again", "status": 1, "busy": True}


@contextmanager
def answering(path: Path, answers: list[dict[str, Any]]) -> Iterator[list[bytes]]:
    """A daemon that gives these answers in turn, the last one for ever; and what it was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client, client.makefile("rb") as said:
                    asked.append(said.readline())
                    client.sendall(json.dumps(answers[min(len(asked), len(answers)) - 1]).encode() + b"\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "BUSY_PAUSE_S", 0.0)


def test_said_again_until_there_is_room(tmp_path: Path) -> None:
    with answering(tmp_path / "s", [BUSY, BUSY, {"done": {"reloaded": 1}}]) as asked:
        assert control.ask(tmp_path / "s", {"command": "reload"}) == {"reloaded": 1}
    assert asked == [b'{"command": "reload"}\n'] * 3


def test_given_up_at_last(tmp_path: Path) -> None:
    with answering(tmp_path / "s", [BUSY]) as asked, pytest.raises(control.Refused, match="too many") as refused:
        control.ask(tmp_path / "s", {"command": "reload"})
    assert (len(asked), refused.value.status) == (control.BUSY_TRIES, 1)


def test_no_other_refusal_is_said_again(tmp_path: Path) -> None:
    with answering(tmp_path / "s", [{"error": "no", "status": 2}]) as asked, pytest.raises(control.Refused):
        control.ask(tmp_path / "s", {"command": "reload"})
    assert len(asked) == 1
