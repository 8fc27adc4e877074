"""`camera` against servers that are nobody's idea of a camera."""

from __future__ import annotations

import asyncio
import itertools
from asyncio import StreamReader, StreamWriter
from typing import Any

import pytest

from probes.base import Shared, Status
from probes.camera.check import PROBE
from probes.camera.darkroom import Darkroom
from probes.secret import Secret
from tests.integration.probes.hostile import Handler, Listening, answering, endless, listening, nobody_listening, silent
from tests.integration.probes.rtsp_talk import Media, encoded, framed, packet, packets, playing, reply, talking
from tests.integration.probes.running import Runner, measured, shared

__all__ = ["shared"]

LOGIN = {"user": "vigie", "password": Secret("tres-secret")}


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(PROBE, shared)


def at(server: Listening, path: str = "flux") -> dict[str, Any]:
    """The URL of a stream."""
    return {"url": f"rtsp://{{address}}:{server.port}/{path}"}


async def said_by(run: Runner, handler: Handler, **settings: Any) -> tuple[Status, str]:
    """What a session with this server finds."""
    async with listening(handler) as server:
        result = await run(timeout_s=settings.pop("timeout_s", 5.0), **at(server), **settings)
        return result.status, result.message


def refusing(method: str, status: str) -> Handler:
    """Everything goes well but for that."""
    return talking(**{method: reply(0, status)})


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (refusing("DESCRIBE", "403 Forbidden"), "accès interdit (403) : vérifier les droits de l'utilisateur"),
        (refusing("DESCRIBE", "404 Not Found"), "flux introuvable (404) : vérifier le chemin ou le canal"),
        (refusing("DESCRIBE", "500 Oops"), "erreur de la caméra (500 à DESCRIBE)"),
        (refusing("DESCRIBE", "503 Service Unavailable"), "caméra saturée ou en panne (503)"),
        (refusing("SETUP", "453 Not Enough Bandwidth"), "caméra saturée (453) : trop de lecteurs du flux"),
        (refusing("SETUP", "461 Unsupported Transport"), "vidéo par TCP refusée par la caméra (461)"),
        (refusing("PLAY", "454 Session Not Found"), "session perdue par la caméra (454)"),
        (refusing("PLAY", "299"), "flux sans image : aucune vidéo lisible en "),
        (refusing("PLAY", "100 Wait"), "réponse inattendue (100 à PLAY)"),
        (talking(sdp=b"<html>"), "flux sans vidéo : vérifier le chemin"),
        (talking(sdp=b"m=video 0 RTP/AVP 999\r\n"), "flux sans vidéo : vérifier le chemin"),
        (talking(OPTIONS=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "réponse HTTP au lieu de RTSP : vérifier le port"),
        (talking(OPTIONS=b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "réponse qui n'est pas du RTSP : vérifier le port"),
        (talking(OPTIONS=b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n"), "réponse trop longue ou mal formée ("),
        (
            talking(OPTIONS=b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
            "réponse trop longue ou mal formée (",
        ),
        (talking(OPTIONS=b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * 100 + b"\r\n"), "en-têtes sans fin ("),
        (talking(OPTIONS=b"RTSP/1.0 200 OK\r\na: " + b"b" * 10000 + b"\r\n\r\n"), "ligne trop longue ("),
        (talking(OPTIONS=reply(7) * 100), "messages RTSP sans fin ("),
        (talking(OPTIONS=b"\r\n" * 100), "messages RTSP sans fin ("),
        (talking(OPTIONS=b"OPTIONS * RTSP/1.0\r\n\r\n" * 100), "messages RTSP sans fin ("),
        (answering(), "connexion fermée par le serveur (attente de la réponse à OPTIONS)"),
        (refusing("DESCRIBE", "401 Unauthorized"), "identifiants demandés par la caméra : il en faut dans login"),
    ],
)
async def test_what_is_no_camera(run: Runner, handler: Handler, message: str) -> None:
    status, said = await said_by(run, handler, timeout_s=2.0)
    assert (status, said[: len(message)]) == (Status.CRITICAL, message)


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
async def test_silence_is_told_with_what_was_awaited(run: Runner, method: str) -> None:
    status, said = await said_by(run, talking(**{method: None}), timeout_s=0.3)
    assert status is Status.CRITICAL
    assert said == f"pas de réponse en 300 ms (attente de la réponse à {method})"
    assert (await said_by(run, silent(), timeout_s=0.3))[0] is Status.CRITICAL


async def test_endless_words_end(run: Runner) -> None:
    assert (await said_by(run, endless(b"", b"RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n")))[1].startswith(
        "messages RTSP sans fin"
    )
    assert (await said_by(run, endless(b"", framed(b"") * 1000)))[1].startswith("flux sans fin")
    assert (await said_by(run, endless(b"RTSP/1.0 200 OK\r\n", b"a" * 4096)))[1].startswith("ligne trop longue")


def sending(*parts: bytes, then: bool = True) -> Media:
    """These bytes, then nothing; or the end of the connection."""

    async def media(writer: StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if not then:
            writer.close()

    return media


def again(make: Any) -> Media:
    """What `make` gives for each number, for as long as anybody reads."""

    async def media(writer: StreamWriter) -> None:
        for number in itertools.count():
            writer.write(b"".join(make(number * 50 + index) for index in range(50)))
            await writer.drain()
            await asyncio.sleep(0)  # a drain that need not wait does not let others run

    return media


KEY = encoded()
CUT = [framed(data) for data in packets(KEY)]
SLICE = b"\x41" + b"slice" * 20  # a part of a picture that depends on another


@pytest.mark.parametrize(
    ("media", "message"),
    [
        (sending(), "flux sans image : aucune vidéo lisible en "),
        (sending(framed(b"short"), framed(b"\xff" * 500)), "flux sans image : aucune vidéo lisible en "),
        (sending(framed(packet(b"x" * 50, 1, number=97))), "flux sans image : aucune vidéo lisible en "),
        (sending(framed(packet(KEY[:100], 1), 5)), "flux sans image : aucune vidéo lisible en "),
        (sending(*CUT[:-1]), "flux sans image : paquets reçus, mais aucune vidéo lisible en "),
        (sending(*CUT[:3], *CUT[4:]), "flux sans image : paquets reçus, mais aucune vidéo lisible en "),
        (again(lambda n: framed(packet(b"\xff" * 99, n % 65536))), "flux sans "),
        (again(lambda n: framed(packet(b"\x7c\x05" + b"x" * 60000, n % 65536))), "flux sans "),
        (again(lambda n: framed(packet(b"\x78\xff\xff" + b"x" * 9, n % 65536))), "flux sans "),
        (again(lambda n: framed(b"")), "flux sans fin (attente de la vidéo)"),
        (sending(*CUT[:5], then=False), "connexion fermée par le serveur (attente de la vidéo)"),
        (sending(*CUT[:5], b"$\0\xff", then=False), "connexion fermée par le serveur (attente de la vidéo)"),
        (sending(b"junk\r\n\r\n"), "réponse qui n'est pas du RTSP : vérifier le port"),
    ],
    ids=[
        "nothing", "no-rtp", "other-number", "other-channel", "no-end", "hole", "garbage", "endless-part", "bad-sizes",
        "empty", "closed", "closed-in-a-packet", "junk",
    ],
)  # fmt: skip
async def test_media_that_give_no_picture(run: Runner, media: Media, message: str) -> None:
    status, said = await said_by(run, talking(media), picture=True, timeout_s=1.0)
    assert (status, said[: len(message)]) == (Status.CRITICAL, message)


async def test_one_packet_is_enough_without_picture(run: Runner) -> None:
    async with listening(talking(sending(CUT[0]))) as server:
        result = await run(**at(server))
        assert result.status is Status.OK, result.message
        assert "picture_seconds" in measured(result)


async def test_key_pictures_that_are_far_apart_are_no_fault_of_the_stream(run: Runner) -> None:
    async def media(writer: StreamWriter) -> None:
        for number in range(20):
            writer.write(framed(packet(SLICE, number, marker=True, time=number)))

    status, said = await said_by(run, talking(media), picture=True, timeout_s=1.0)
    assert status is Status.UNKNOWN
    assert said.startswith("image non examinée : pas d'image clé en ")


async def test_what_is_not_video_inside_is_critical(run: Runner) -> None:
    """The packets are whole, and libav finds no picture in them."""
    false = b"\0\0\0\1\x67" + b"\x42\xc0\x1e" * 9 + b"\0\0\0\1\x68\xce" + b"\0\0\0\1\x65" + bytes(range(1, 200))
    status, said = await said_by(run, talking(playing(false)), picture=True, timeout_s=60)
    assert (status, said) == (Status.CRITICAL, "flux vidéo indéchiffrable : aucune image n'en sort")


async def test_a_picture_that_is_cut_short_is_not_judged(run: Runner) -> None:
    status, said = await said_by(run, talking(playing(KEY[: len(KEY) // 2])), picture=True, timeout_s=60)
    assert (status, said) == (Status.CRITICAL, "flux vidéo indéchiffrable : aucune image n'en sort")


async def test_a_picture_too_large_for_anybody_is_not_decoded(run: Runner, shared: Shared) -> None:
    """16,000 by 16,000 in a kilobyte: 400 MB once decoded."""
    bomb = bytes.fromhex("0000000167640034acb403e803e9a84000000300400000030083c60c65800000000168ebccb22c")
    bomb += b"\0\0\1\x65\x88\x84" + bytes(range(200)) * 5
    status, said = await said_by(run, talking(playing(bomb)), picture=True, timeout_s=60)
    assert status is Status.CRITICAL
    assert said == "flux vidéo indéchiffrable : aucune image n'en sort"
    assert shared.use(Darkroom).lost == 0


async def test_a_stream_that_drips(run: Runner) -> None:
    async def media(writer: StreamWriter) -> None:
        for byte in b"".join(CUT):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.001)

    status, said = await said_by(run, talking(media), picture=True, timeout_s=1.0)
    assert status is Status.CRITICAL
    assert said.startswith("flux sans image")


async def test_redirections(run: Runner) -> None:
    async with listening(talking(sending(CUT[0]))) as there:
        moved = reply(0, "302 Moved", Location=f"rtsp://127.0.0.1:{there.port}/la")
        async with listening(talking(DESCRIBE=moved)) as here:
            assert (await run(**at(here))).status is Status.OK
            assert there.connections == 1
    for location, message in (
        ("rtsp://192.0.2.1/flux", "redirection vers un autre serveur, non suivie"),
        ("http://127.0.0.1/flux", "redirection vers un autre serveur, non suivie"),
        ("rtsp://u:p@127.0.0.1/flux", "redirection vers une adresse invalide"),
        ("rtsp://127.0.0.1:99999/", "redirection vers une adresse invalide"),
        ("/again", "plus de 3 redirections"),
        ("", "redirection vers une adresse invalide"),
    ):
        handler = talking(DESCRIBE=reply(0, "301 Moved", Location=location))
        assert await said_by(run, handler, login=LOGIN) == (Status.CRITICAL, message), location


async def test_a_camera_that_asks_for_the_password_in_every_way(run: Runner) -> None:
    """The strongest is taken, nothing but digests is ever said, and it gives up."""
    heard: list[bytes] = []

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        for number in itertools.count(1):
            head = await reader.readuntil(b"\r\n\r\n")
            heard.append(head)
            writer.write(
                f"RTSP/1.0 401 Who\r\nCSeq: {number}\r\n"
                'WWW-Authenticate: Basic realm="x"\r\n'
                'WWW-Authenticate: Digest realm="x", nonce="n", algorithm=MD5, stale=true\r\n'
                'WWW-Authenticate: Digest realm="x", nonce="n", algorithm=SHA-256, qop="auth"\r\n\r\n'.encode()
            )

    status, said = await said_by(run, handler, login=LOGIN)
    assert (status, said) == (Status.CRITICAL, "identifiants refusés : vérifier l'utilisateur et le mot de passe")
    assert len(heard) == 4  # OPTIONS, without, with, and once more because the nonce was said to be stale
    assert b"Authorization" not in heard[1]
    assert all(b"algorithm=SHA-256" in head for head in heard[2:])
    assert not any(b"tres-secret" in head or b"Basic" in head for head in heard)


@pytest.mark.parametrize("value", ["Negotiate", "Digest", "Digest nonce=x, algorithm=SHA-512", "Bearer", "", '"', "="])
async def test_ways_to_log_in_that_are_not_known(run: Runner, value: str) -> None:
    status, said = await said_by(run, talking(DESCRIBE=reply(0, "401 Who", WWW_Authenticate=value)), login=LOGIN)
    assert (status, said) == (Status.CRITICAL, "authentification demandée d'une manière inconnue")


async def test_nobody_there(run: Runner) -> None:
    with nobody_listening() as port:
        result = await run(url=f"rtsp://{{address}}:{port}/flux")
    assert (result.status, result.message) == (Status.CRITICAL, f"connexion refusée (port {port})")


async def test_the_session_is_ended_whatever_was_found(run: Runner) -> None:
    """Cameras give few sessions: one that is not ended is kept for minutes."""
    ended: list[bytes] = []

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        inner = talking()
        feed = asyncio.StreamReader()
        task = asyncio.ensure_future(inner(feed, writer))
        try:
            while data := await reader.read(4096):
                if b"TEARDOWN" in data:
                    ended.append(data)
                feed.feed_data(data)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async with listening(handler) as server:
        assert (await run(**at(server), timeout_s=0.5)).status is Status.CRITICAL
        await server.idle.wait()
    assert len(ended) == 1
    assert b"Session: 4242\r\n" in ended[0]
