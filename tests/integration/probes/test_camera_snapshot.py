"""`camera` by its still picture: nginx with a password, digests, and servers that give anything but a picture."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from email.utils import formatdate
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image

from probes.base import Shared, Status
from probes.camera.check import PROBE
from probes.secret import Secret
from tests.integration.probes.hostile import Handler, answering, endless, listening, response, silent
from tests.integration.probes.nginx import reserve, serving
from tests.integration.probes.running import Runner, measured, shared

__all__ = ["shared"]

PASSWORD = "tres secret é"
LOGIN = {"user": "vigie", "password": Secret(PASSWORD)}


@cache
def jpeg(level: int = -1) -> bytes:
    """Noise of a fixed seed, or all of one level."""
    pixels = np.full((240, 320), max(level, 0), dtype=np.uint8)
    if level < 0:
        pixels = np.random.default_rng(1).integers(0, 255, pixels.shape, dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=80)
    return written.getvalue()


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(PROBE, shared)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nginx: a picture that wants a login, one that does not, and a page for it."""
    directory = tmp_path_factory.mktemp("web")
    (directory / "image.jpg").write_bytes(jpeg())
    (directory / "noire.jpg").write_bytes(jpeg(0))
    (directory / "login.html").write_text("<html><form>Mot de passe</form></html>")
    said = subprocess.run(
        ["openssl", "passwd", "-apr1", "-stdin"], input=PASSWORD, capture_output=True, text=True, check=True
    )
    (directory / "users").write_text(f"vigie:{said.stdout}")
    sock = reserve()
    port = sock.getsockname()[1]
    servers = f"""server {{ listen 127.0.0.1:{port}; root {directory}; types {{ image/jpeg jpg; text/html html; }}
        location /private/ {{ auth_basic "camera"; auth_basic_user_file {directory}/users; alias {directory}/; }}
        location /moved.jpg {{ return 302 /login.html; }}
        location /closed.jpg {{ return 403; }} }}"""
    with serving(directory, [sock], servers):
        yield port


async def test_a_picture(run: Runner, web: int) -> None:
    result = await run(url=f"http://{{address}}:{web}/image.jpg")
    assert result.status is Status.OK, result.message
    assert result.message.startswith("en ligne, image reçue, première réponse en ")
    assert {"answer_seconds", "picture_seconds", "age_seconds"} == set(measured(result))
    assert measured(result)["age_seconds"] >= 0


async def test_a_black_one(run: Runner, web: int) -> None:
    result = await run(url=f"http://{{address}}:{web}/noire.jpg", picture=True, timeout_s=60)
    assert (result.status, result.message.startswith("image noire")) == (Status.CRITICAL, True), result.message
    assert (await run(url=f"http://{{address}}:{web}/noire.jpg")).status is Status.OK  # nobody looks at it


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("login.html", "page web au lieu d'une image (page de connexion ?) : vérifier le chemin"),
        ("rien.jpg", "image introuvable (404) : vérifier le chemin ou le canal"),
        ("closed.jpg", "accès interdit (403) : vérifier les droits de l'utilisateur"),
        ("moved.jpg", "redirection 302 vers http://127.0.0.1:"),
        ("private/image.jpg", "identifiants demandés par la caméra : il en faut dans login"),
    ],
)
async def test_the_port_answers_and_there_is_no_picture(run: Runner, web: int, path: str, message: str) -> None:
    result = await run(url=f"http://{{address}}:{web}/{path}")
    assert (result.status, result.message[: len(message)]) == (Status.CRITICAL, message)


async def test_basic_authentication(run: Runner, web: int) -> None:
    url = f"http://{{address}}:{web}/private/image.jpg"
    assert (await run(url=url, login=LOGIN, basic_in_clear=True)).status is Status.OK
    unasked = await run(url=url, login=LOGIN)
    assert (unasked.status, unasked.message[:24]) == (Status.UNKNOWN, "mot de passe non envoyé ")
    wrong = await run(url=url, login={**LOGIN, "password": Secret("autre")}, basic_in_clear=True)
    assert wrong.status is Status.CRITICAL
    assert wrong.message == "identifiants refusés : vérifier l'utilisateur et le mot de passe"
    assert not any("autre" in line for line in run.trace)


def digesting(algorithm: str, qop: str) -> Handler:
    """Asks for a digest, and computes it on its own from the words of RFC 7616 and RFC 2069."""
    name = "md5" if algorithm in ("", "MD5") else "sha256"

    def hashed(text: str) -> str:
        return hashlib.new(name, text.encode()).hexdigest()

    def right(head: str) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', head.partition("Authorization: Digest ")[2].partition("\r\n")[0]))
        who, what = hashed(f"vigie:caméra, 1:{PASSWORD}"), hashed(f"GET:{said.get('uri')}")
        middle = f"{said.get('nc')}:{said.get('cnonce')}:{said.get('qop')}:" if qop else ""
        return said.get("response") == hashed(f"{who}:n0:{middle}{what}") and said.get("uri") == "/i.jpg?c=1&s=a%20b"

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if right(head):
            writer.write(response(jpeg(), Content_Type="image/jpeg"))
            return
        extra = (f", algorithm={algorithm}" if algorithm else "") + (f', qop="{qop}"' if qop else "")
        challenge = f'Basic realm="x", Digest realm="caméra, 1", nonce="n0"{extra}'
        writer.write(response(status="401 Who", WWW_Authenticate=challenge))

    return handler


@pytest.mark.parametrize("algorithm", ["", "MD5", "SHA-256"])
@pytest.mark.parametrize("qop", ["", "auth", "auth-int,auth"])
async def test_digest_authentication(run: Runner, algorithm: str, qop: str) -> None:
    async with listening(digesting(algorithm, qop)) as server:
        url = f"http://{{address}}:{server.port}/i.jpg?c=1&s=a%20b"
        assert (await run(url=url, login=LOGIN)).status is Status.OK
        assert server.connections == 2
        wrong = await run(url=url, login={**LOGIN, "password": Secret("autre")})
        assert wrong.message == "identifiants refusés : vérifier l'utilisateur et le mot de passe"
        assert server.connections == 4


GOOD = response(jpeg(), Content_Type="image/jpeg")


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (answering(response(b"", Content_Type="image/jpeg")), "réponse vide au lieu d'une image"),
        (answering(response(b"\x89PNG" + bytes(99))), "réponse qui n'est pas une image JPEG"),
        (answering(response(jpeg()[:-500])), "image incomplète"),
        (answering(GOOD[:-500]), "réponse incomplète ou mal formée ("),
        (answering(response(jpeg(), "503 Busy")), "caméra saturée ou en panne (503)"),
        (answering(response(jpeg(), "500 Oops")), "erreur de la caméra (500)"),
        (answering(response(jpeg(), Content_Type="text/html; charset=utf-8")), "page web au lieu d'une image"),
        (answering(response(b"--x", Content_Type="multipart/x-mixed-replace; boundary=x")), "flux continu au lieu"),
        (answering(b"SSH-2.0-x\r\n\r\n"), "réponse illisible (HTTP mal formé)"),
        (answering(), "connexion fermée sans réponse"),
        (silent(), "pas de réponse en 500 ms (attente de la réponse HTTP)"),
        (silent(GOOD[:-500]), "pas de réponse en 500 ms (lecture de la réponse HTTP)"),
        (endless(b"HTTP/1.1 200 OK\r\n\r\n", jpeg() * 9), "image de plus de 8 Mio"),
    ],
    ids=["empty", "png", "cut", "lost", "503", "500", "html", "mjpeg", "ssh", "closed", "silent", "slow", "endless"],
)
async def test_what_is_no_picture(run: Runner, handler: Handler, message: str) -> None:
    async with listening(handler) as server:
        timeout_s = 0.5 if message.startswith("pas de") else 20.0
        result = await run(url=f"http://{{address}}:{server.port}/", timeout_s=timeout_s)
    assert (result.status, result.message[: len(message)]) == (Status.CRITICAL, message)


@pytest.mark.parametrize(("value", "age"), [(formatdate(1.7e9, usegmt=True), 3600.0), ("hier", None), ("", None)])
async def test_the_age_of_a_picture(run: Runner, value: str, age: float | None) -> None:
    headers: dict[str, Any] = {"Content_Type": "image/jpeg", "Last_Modified": value}
    headers["Date"] = formatdate(1.7e9 + 3600, usegmt=True)
    async with listening(answering(response(jpeg(), **headers))) as server:
        result = await run(url=f"http://{{address}}:{server.port}/", age={"warning": 600.0})
    assert measured(result).get("age_seconds") == age
    assert result.message.startswith("image prise il y a 60 min" if age else "en ligne")
    assert result.status is (Status.WARNING if age else Status.OK)
