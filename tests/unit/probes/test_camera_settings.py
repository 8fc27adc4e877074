"""What may be written of a camera, and where it is looked for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.camera.settings import CameraSettings, port_of
from probes.camera.vendors import PATHS
from probes.secret import Secret


def read(**written: Any) -> CameraSettings:
    return TypeAdapter(CameraSettings).validate_python(written)


URL = "rtsp://{address}/flux"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({}, "write either vendor: axis, bosch, "),
        ({"vendor": "axis", "url": URL}, "write either vendor"),
        ({"vendor": "acme"}, "'axis'"),
        ({"vendor": "reolink", "source": "snapshot"}, "no still picture is known of reolink"),
        ({"url": URL, "channel": 2}, "go with vendor"),
        ({"url": URL, "stream": "sub"}, "go with vendor"),
        ({"vendor": "axis", "channel": 0}, "greater than or equal to 1"),
        ({"url": "ftp://x/"}, "is not an rtsp, rtsps, http or https URL; write it like rtsp://{address}/flux"),
        ({"url": "rtsp:///flux"}, "is not an rtsp"),
        ({"url": "rtsp://x:99999/"}, "is not a URL"),
        ({"url": "rtsp://x:0/"}, "a port that does not exist"),
        ({"url": "rtsp://x/a b"}, "is not an rtsp"),
        ({"url": "rtsp://x/\r\nA: b"}, "is not an rtsp"),
        ({"url": "rtsp://admin:1234@{address}/"}, "a URL holds no login; write login: {user, password}"),
        ({"url": 12}, "a URL is a text"),
        ({"url": "rtsp://{adress}/flux"}, "only {address} stands for something; write it like rtsp://{address}/flux"),
        ({"url": URL, "age": {"warning": "5min"}}, "'age' is that of a still picture; remove it, or write"),
        ({"vendor": "axis", "age": {"warning": "5min"}}, "write source: snapshot"),
        ({"url": "HTTP://{address}/image.jpg", "media": False}, "remove media: off"),
        ({"vendor": "axis", "source": "snapshot", "media": False}, "remove media: off"),
        ({"url": URL, "media": False, "picture": True}, "remove media: off, or write picture: off"),
        ({"url": URL, "login": {"user": "a", "password": "secret"}}, "never written in the config"),
        ({"url": URL, "picture": {"faults": {}}}, "looking at pictures is never implied"),
        ({"url": URL, "picture": {"on": True, "faults": {"floue": "warning"}}}, "unexpected_keyword"),
        ({"url": URL, "picture": {"on": True, "faults": {"noire": "ok"}}}, "'ignore'"),
        ({"url": URL, "picture": 1}, "picture"),
    ],
)
def test_refused(written: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        read(**written)
    assert words in str(refusal.value)


def test_pictures_are_not_looked_at_unless_it_is_said() -> None:
    assert read(url=URL).picture.on is False
    assert read(url=URL, picture=False).picture.on is False
    assert read(url=URL, picture=True).picture.on is True
    assert read(url=URL, picture={"on": True, "faults": {"figee": "ignore"}}).picture.faults.figee == "ignore"


@pytest.mark.parametrize(
    ("vendor", "rtsp", "snapshot"),
    [
        ("axis", "/axis-media/media.amp?camera=2", "/axis-cgi/jpg/image.cgi?camera=2"),
        ("bosch", "/rtsp_tunnel?h26x=4&line=2&inst=1", "/snap.jpg?JpegCam=2"),
        ("dahua", "/cam/realmonitor?channel=2&subtype=0", "/cgi-bin/snapshot.cgi?channel=2"),
        ("hanwha", "/1/profile2/media.smp", "/stw-cgi/video.cgi?msubmenu=snapshot&action=view&Profile=1&Channel=1"),
        ("hikvision", "/Streaming/Channels/201", "/ISAPI/Streaming/channels/201/picture"),
        ("reolink", "/h264Preview_02_main", None),
        ("uniview", "/unicast/c2/s0/live", None),
        ("vivotek", "/live2s1.sdp", "/cgi-bin/viewer/video.jpg?channel=1&streamid=0"),
    ],
)
def test_where_each_make_is_looked_for(vendor: str, rtsp: str, snapshot: str | None) -> None:
    assert read(vendor=vendor, channel=2).location("192.0.2.7").geturl() == f"rtsp://192.0.2.7{rtsp}"
    if snapshot is not None:
        found = read(vendor=vendor, channel=2, source="snapshot").location("192.0.2.7")
        assert found.geturl() == f"http://192.0.2.7{snapshot}"


@pytest.mark.parametrize("vendor", PATHS)
def test_the_lighter_stream_is_another_one(vendor: str) -> None:
    assert read(vendor=vendor).location("x") != read(vendor=vendor, stream="sub").location("x")
    assert read(vendor=vendor).location("x") != read(vendor=vendor, channel=2).location("x")


def test_addresses_and_ports() -> None:
    assert read(url=URL).location("2001:db8::1").geturl() == "rtsp://[2001:db8::1]/flux"
    assert port_of(read(url=URL).location("x")) == 554
    assert port_of(read(url="rtsps://x/").location("")) == 322
    assert port_of(read(url="http://x/").location("")) == 80
    assert port_of(read(url="https://x:8443/").location("")) == 8443
    assert read(url=URL).needs_address
    assert read(vendor="axis").needs_address
    assert not read(url="rtsp://cam.exemple.fr/").needs_address


def test_the_password_is_not_shown() -> None:
    settings = read(url=URL, login={"user": "a", "password": Secret("tres-secret")})
    assert "tres-secret" not in repr(settings)
