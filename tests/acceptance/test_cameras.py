"""A camera under the real daemon: what is learnt of its picture survives, is learnt anew, and is never the picture."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.acceptance.daemon import Daemon, Installation, until

ID = "a/e/video"


def jpeg(level: int | None = None) -> bytes:
    """A scene of a fixed seed with the noise of any sensor, or all of one level."""
    generator = np.random.default_rng()
    if level is None:
        scene = np.kron(np.random.default_rng(7).integers(40, 200, (30, 40)), np.ones((16, 16)))
        pixels = (scene + generator.normal(0, 4, scene.shape)).clip(0, 255).astype(np.uint8)
    else:
        pixels = np.full((480, 640), level, dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=85)
    return written.getvalue()


class Camera:
    """One that gives a still picture."""

    def __init__(self) -> None:
        self.level: int | None = None
        self.given: list[bytes] = []
        self.port = 0


@contextmanager
def camera() -> Iterator[Camera]:
    made = Camera()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = jpeg(made.level)
            made.given.append(data)
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sonde(port: int, picture: Any = True) -> dict[str, Any]:
    """The camera's; whoever looks at its picture is a process of its own, and may be slow to start."""
    return {
        "id": "video", "type": "camera", "url": f"http://127.0.0.1:{port}/", "picture": picture, "interval": "5s",
        "attempts": 1, "timeout": "5s", "retry_every": "1s",
    }  # fmt: skip


def pieces(pictures: list[bytes]) -> set[bytes]:
    """Parts of each, from where they differ from any other JPEG."""
    return {data[start : start + 16] for data in pictures for start in range(1024, len(data) - 16, 1021)}


def state(daemon: Daemon) -> str:
    """What the picture shows, by the metrics."""
    return next((s["state"] for s, value in daemon.metrics().series("vigie_camera_state") if value == 1), "")


def known(place: Installation) -> list[tuple[Any, ...]]:
    """What is kept of it."""
    return place.rows("select s.id, r.t, length(r.data) from camera_reference r join sonde s on s.key = r.sonde")


def test_what_is_learnt_survives_is_learnt_anew_and_is_no_picture(place: Installation) -> None:
    with camera() as eye:
        place.write(a=[sonde(eye.port)])
        refused = place.vigie("camera", "learn", "a/e/vide", "--reason", "x")
        assert (refused.returncode, "did you mean 'a/e/video'?" in refused.stderr) == (2, True)
        with place.running() as daemon:
            until(lambda: state(daemon), "a picture was looked at")
            eye.level = 0
            until(lambda: state(daemon) == "noire", "it is black")
            daemon.wait_statuses({ID: 2})
            assert daemon.stop() == 0
            assert "Traceback" not in daemon.log()
        (before,) = known(place)
        assert 0 < before[2] <= 16 * 1024

        listed = json.loads(place.vigie("camera", "list", "--json").stdout)["cameras"]
        assert [(row["sonde"], row["bytes"], row["anew"]) for row in listed] == [(ID, before[2], None)]
        told = place.vigie("probe", ID)
        assert f"{before[2]} bytes were learnt of this picture" in told.stdout
        assert "image noire" in told.stdout
        assert known(place) == [before]  # `vigie probe` records nothing

        with place.running() as daemon:
            until(lambda: state(daemon) == "noire", "it still is")
            done = place.vigie("camera", "learn", ID, "--reason", "réorientée", "--author", "Jeanne", "--json")
            assert done.returncode == 0, done.stderr
            answer = json.loads(done.stdout)
            assert answer["sonde"] == ID
            assert "noted in the journal of " in answer["remarks"][-1]
            number = answer["remarks"][-1].split()[5].rstrip(";")
            story = place.vigie("incident", "show", number).stdout
            assert "Jeanne, référence de l'image réapprise : réorientée" in story
            eye.level = None
            until(lambda: state(daemon) not in ("", "noire"), "it shows something again")
            until(lambda: known(place) != [], "it was learnt anew, and written")

            place.write(a=[sonde(eye.port, picture=False)])
            assert place.vigie("reload").returncode == 0
            until(lambda: known(place) == [], "nobody looks: nothing is kept")
            refused = place.vigie("camera", "learn", ID, "--reason", "x")
            assert (refused.returncode, "is not looked at" in refused.stderr) == (2, True)
            assert daemon.stop() == 0
            assert "Traceback" not in daemon.log()
        assert place.rows("select sonde, author, reason from camera_learning") == [(ID, "Jeanne", "réorientée")]
        shown = (told.stdout + story).encode("utf-8", "surrogateescape")
        written = [path.read_bytes() for path in place.root.rglob("*") if path.is_file()]
        assert len(eye.given) > 4
        for piece in pieces(eye.given):
            assert all(piece not in data for data in [*written, shown])


def test_learnt_anew_without_a_daemon(place: Installation) -> None:
    with camera() as eye:
        place.write(a=[sonde(eye.port)])
        done = place.vigie("camera", "learn", ID, "--reason", "remplacée", "--author", "Paul")
        assert (done.returncode, done.stdout[: len(ID)]) == (0, ID), done.stderr
        assert "nothing had been learnt of" in done.stderr
        listed = place.vigie("camera", "list")
        assert "remplacée" in listed.stdout
        assert "Paul" in listed.stdout


@pytest.mark.parametrize("statement", ["update camera_learning set reason = ''", "delete from camera_learning"])
def test_the_record_is_append_only(place: Installation, statement: str) -> None:
    with camera() as eye:
        place.write(a=[sonde(eye.port)])
        assert place.vigie("camera", "learn", ID, "--reason", "x", "--author", "y").returncode == 0
    connection = sqlite3.connect(place.database)
    try:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    finally:
        connection.close()
