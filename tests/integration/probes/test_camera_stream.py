"""`camera` against GStreamer's RTSP server: every way to log in, to be refused, and to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from probes.base import Shared, Status
from probes.camera import stream
from probes.camera.check import PROBE
from probes.secret import Secret
from tests.integration.probes.rtsp_server import PASSWORD, USER, serving
from tests.integration.probes.running import PATIENCE_S, Runner, measured, shared

__all__ = ["shared"]

LOGIN = {"user": USER, "password": Secret(PASSWORD)}


class Servers(NamedTuple):
    """The port of each."""

    none: int
    basic: int
    digest: int
    tls: int
    ca: Path


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    directory = tmp_path_factory.mktemp("rtsp")
    authority = trustme.CA()
    pem, ca = directory / "server.pem", directory / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    issued = authority.issue_cert("localhost", "127.0.0.1")
    pem.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    with ExitStack() as stack:
        ports = [stack.enter_context(serving(who)) for who in ("none", "basic", "digest")]
        yield Servers(*ports, stack.enter_context(serving("digest", str(pem))), ca)


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(PROBE, shared)


def at(port: int, path: str = "h264", scheme: str = "rtsp") -> dict[str, Any]:
    """The URL of a stream."""
    return {"url": f"{scheme}://{{address}}:{port}/{path}"}


async def test_a_stream_that_plays(run: Runner, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_FAREWELL_S", PATIENCE_S)
    result = await run(**at(servers.none))
    assert result.status is Status.OK, result.message
    assert result.message.startswith("en ligne, flux H264, première réponse en ")
    assert set(measured(result)) == {"answer_seconds", "picture_seconds"}
    assert run.trace == ["OPTIONS: 200", "DESCRIBE: 200", "SETUP: 200", "PLAY: 200", "TEARDOWN: 200"]


async def test_described_alone(run: Runner, servers: Servers) -> None:
    result = await run(**at(servers.none), media=False)
    assert result.status is Status.OK, result.message
    assert set(measured(result)) == {"answer_seconds"}
    assert run.trace == ["OPTIONS: 200", "DESCRIBE: 200"]


@pytest.mark.parametrize("path", ["h264", "h265"])
async def test_a_picture_of_it(run: Runner, servers: Servers, path: str) -> None:
    result = await run(**at(servers.none, path), picture=True, timeout_s=60)
    states = {dict(m.labels)["state"]: m.value for m in result.measurements if m.name == "state"}
    assert sum(states.values()) == 1, result.message
    assert states["noire"] == 0
    assert len(states) == 8
    assert any("bytes of a key picture" in line for line in run.trace)


async def test_a_black_picture_is_critical(run: Runner, servers: Servers) -> None:
    result = await run(**at(servers.none, "black"), picture=True, timeout_s=60)
    assert (result.status, result.message.startswith("image noire")) == (Status.CRITICAL, True), result.message
    mild = await run(**at(servers.none, "black"), picture={"on": True, "faults": {"noire": "warning"}}, timeout_s=60)
    assert mild.status is Status.WARNING
    none = await run(**at(servers.none, "black"), picture={"on": True, "faults": {"noire": "ignore"}}, timeout_s=60)
    assert (none.status, "image noire" in none.message) == (Status.OK, True)


async def test_pictures_of_another_codec_are_not_looked_at(run: Runner, servers: Servers) -> None:
    result = await run(**at(servers.none, "jpeg"))
    assert (result.status, "flux JPEG" in result.message) == (Status.OK, True)
    result = await run(**at(servers.none, "jpeg"), picture=True)
    assert result.status is Status.UNKNOWN
    assert result.message == "image non examinée : codec non pris en charge (H.264, H.265 ou image fixe)"


@pytest.mark.parametrize(
    ("path", "message"),
    [("nope", "flux introuvable (404) : vérifier le chemin ou le canal"), ("sound", "flux sans vidéo")],
)
async def test_the_port_answers_and_there_is_no_video(run: Runner, servers: Servers, path: str, message: str) -> None:
    result = await run(**at(servers.none, path))
    assert result.status is Status.CRITICAL
    assert result.message.startswith(message)


@pytest.mark.parametrize(("who", "options"), [("digest", {}), ("basic", {"basic_in_clear": True})])
async def test_who_logs_in(run: Runner, servers: Servers, who: str, options: dict[str, Any]) -> None:
    place = at(getattr(servers, who))
    assert (await run(**place, login=LOGIN, **options)).status is Status.OK
    wrong = await run(**place, login={**LOGIN, "password": Secret("autre")}, **options)
    assert wrong.status is Status.CRITICAL
    assert wrong.message == "identifiants refusés : vérifier l'utilisateur et le mot de passe"
    nobody = await run(**place)
    assert nobody.status is Status.CRITICAL
    assert nobody.message == "identifiants demandés par la caméra : il en faut dans login"


async def test_a_password_does_not_go_in_clear_unasked(run: Runner, servers: Servers) -> None:
    result = await run(**at(servers.basic), login=LOGIN)
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("mot de passe non envoyé : ")


async def test_under_tls(run: Runner, servers: Servers) -> None:
    place = at(servers.tls, scheme="rtsps")
    assert (await run(**place, login=LOGIN, ca=str(servers.ca))).status is Status.OK
    assert (await run(**place, login=LOGIN, verify=False)).status is Status.OK
    refused = await run(**place, login=LOGIN)
    assert (refused.status, "autorité inconnue" in refused.message) == (Status.CRITICAL, True)
    clear = await run(**at(servers.none, scheme="rtsps"))
    assert clear.status is Status.CRITICAL


async def test_thresholds(run: Runner, servers: Servers) -> None:
    result = await run(**at(servers.none), answer={"warning": 1e-9})
    assert (result.status, result.message.startswith("première réponse en ")) == (Status.WARNING, True)
