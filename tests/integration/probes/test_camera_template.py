"""The templates of cameras, with cameras whose port answers and which are broken all the same."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from probes import registry, runner
from probes.base import Result, Run, Shared, Status
from probes.camera.settings import CameraSettings
from supervisor.config.loader import load
from tests.integration.probes.hostile import Handler, answering, listening, response
from tests.integration.probes.rtsp_talk import encoded, framed, packets, playing, reply, talking
from tests.integration.probes.running import shared
from tests.integration.probes.test_camera_hostile import sending
from tests.integration.probes.test_camera_snapshot import jpeg
from tests.unit.config.places import install

__all__ = ["shared"]


async def looked_at(place: Path, shared: Shared, url: str, image: str = "off") -> Result:
    """What the video sonde of the template finds."""
    probes = registry.load()
    given = {"flux": url, "image": image == "on"}
    equipment = {"id": "cam", "address": "127.0.0.1", "template": "camera-autre", "with": given}
    commune = {"collectivite": "exemple", "name": "Commune d'Exemple", "equipment": [equipment]}
    sonde = load(install(place, exemple=json.dumps(commune)), probes).sondes["exemple/cam/video"]
    assert sonde.timeout_s == 20.0
    current = Run(shared=shared, at=time.time(), timeout_s=60.0 if image == "on" else 2.0)
    return await runner.run(probes["camera"], sonde.target, sonde.settings, current)


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (talking(sending(framed(packets(encoded())[0]))), Status.OK),
        (talking(DESCRIBE=reply(0, "404 Not Found")), Status.CRITICAL),
        (talking(sdp=b"v=0\r\n"), Status.CRITICAL),
        (talking(), Status.CRITICAL),
    ],
    ids=["video", "no-stream", "no-video", "nothing-comes"],
)
async def test_a_stream(tmp_path: Path, shared: Shared, handler: Handler, status: Status) -> None:
    async with listening(handler) as server:
        result = await looked_at(tmp_path, shared, f"rtsp://{{address}}:{server.port}/flux")
    assert result.status is status, result.message


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (answering(response(jpeg(), Content_Type="image/jpeg")), Status.OK),
        (answering(response(b"<form>", Content_Type="text/html")), Status.CRITICAL),
        (answering(response(b"{}", Content_Type="application/json")), Status.CRITICAL),
    ],
    ids=["picture", "login", "json"],
)
async def test_a_still_picture(tmp_path: Path, shared: Shared, handler: Handler, status: Status) -> None:
    async with listening(handler) as server:
        result = await looked_at(tmp_path, shared, f"http://{{address}}:{server.port}/image.jpg")
    assert result.status is status, result.message


async def test_a_stream_that_plays_and_shows_nothing(tmp_path: Path, shared: Shared) -> None:
    async with listening(talking(playing(encoded(level=0)))) as server:
        url = f"rtsp://{{address}}:{server.port}/flux"
        assert (await looked_at(tmp_path, shared, url)).status is Status.OK
        result = await looked_at(tmp_path, shared, url, image="on")
    assert (result.status, result.message[:11]) == (Status.CRITICAL, "image noire"), result.message


def test_each_make_is_one_line(tmp_path: Path) -> None:
    equipment = {"id": "cam", "address": "192.0.2.7", "template": "camera", "with": {"marque": "hikvision", "canal": 2}}
    commune = {"collectivite": "exemple", "name": "Commune d'Exemple", "equipment": [equipment]}
    found = load(install(tmp_path, exemple=json.dumps(commune)), registry.load()).sondes["exemple/cam/video"].settings
    assert isinstance(found, CameraSettings)
    assert found.location("192.0.2.7").geturl() == "rtsp://192.0.2.7/Streaming/Channels/201"
    assert not found.picture.on
