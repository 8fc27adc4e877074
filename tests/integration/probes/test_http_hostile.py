"""`http` against servers that lie, drip, flood and hang: every bound holds, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from pathlib import Path
from typing import Any

import pytest

from probes import http
from probes.base import Shared, Status
from tests.integration.probes.authority import leaf, root
from tests.integration.probes.hostile import (
    Handler,
    Listening,
    answering,
    endless,
    listening,
    nobody_listening,
    response,
    silent,
)
from tests.integration.probes.running import Runner, measured, shared, until

__all__ = ["shared"]

OK = b"HTTP/1.1 200 OK\r\n"
MIB = 1024 * 1024


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(http.PROBE, shared)


def url(server: Listening, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.port}/"


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def idle(server: Listening) -> None:
    """Wait until the server has no connection left: the probe kept none."""
    async with asyncio.timeout(5):
        await server.idle.wait()


LONG = b"a" * 10_000
CASES: dict[str, tuple[Handler, str]] = {
    "garbage": (answering(b"SSH-2.0-OpenSSH_9.2\r\n" * 20), "réponse illisible (HTTP mal formé)"),
    "binary": (answering(bytes(range(256)) * 8), "réponse illisible (HTTP mal formé)"),
    "nothing": (answering(), "connexion fermée sans réponse"),
    "half a head": (answering(OK + b"Content-Le"), "connexion fermée sans réponse"),
    "giant header": (answering(OK + b"X: " + LONG + b"\r\n\r\n"), "en-têtes de réponse trop longs"),
    "giant header name": (answering(OK + LONG + b": 1\r\n\r\n"), "en-têtes de réponse trop longs"),
    "giant reason": (answering(b"HTTP/1.1 200 " + LONG + b"\r\n\r\n"), "en-têtes de réponse trop longs"),
    "many headers": (answering(OK + b"X: 1\r\n" * 1000 + b"\r\n"), "en-têtes de réponse trop longs"),
    "endless headers": (endless(OK, b"X-Flood: 1\r\n" * 100), "en-têtes de réponse trop longs"),
    "endless header": (endless(OK + b"X: ", b"a" * 65536), "en-têtes de réponse trop longs"),
    "endless 1xx": (endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50), "réponses provisoires (1xx) sans fin"),
    "too short": (
        answering(OK + b"Content-Length: 100\r\n\r\nabc"),
        "réponse incomplète ou mal formée (3 octets reçus)",
    ),
    "bad length": (answering(OK + b"Content-Length: -5\r\n\r\nabc"), "réponse illisible (HTTP mal formé)"),
    "bad chunk": (
        answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
        "réponse illisible (HTTP mal formé)",
    ),
    "half a chunk": (
        answering(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
        "réponse incomplète ou mal formée (2 octets reçus)",
    ),
    "not gzip": (answering(response(b"plain", Content_Encoding="gzip")), "décompression de la réponse impossible"),
    "half gzip": (
        answering(response(gzip.compress(b"x" * 999)[:-12], Content_Encoding="gzip")),
        "réponse compressée incomplète",
    ),
    "unasked encoding": (answering(response(b"x", Content_Encoding="br")), "encodage de réponse non demandé"),
    "nowhere": (
        answering(response(status="302 Found", Location="http://[bad/")),
        "redirection vers une adresse invalide : http://[bad/",
    ),
    "nowhere in bytes": (
        answering(b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/\r\nContent-Length: 0\r\n\r\n"),
        "redirection vers une adresse invalide : http://··/",
    ),
    "another protocol": (
        answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\nhello"),
        "réponse HTTP 101 (attendu 200-299)",
    ),
    "no content, with one": (
        answering(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n"),
        "réponse HTTP 304 (attendu 200-299)",
    ),
    "HTTP/2": (answering(b"\0\0\x12\x04\0\0\0\0\0" + bytes(18)), "réponse illisible (HTTP mal formé)"),
    "a status of its own": (answering(b"HTTP/1.1 999 No\r\n\r\n"), "réponse HTTP 999 (attendu 200-299)"),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_is_said_of_a_broken_answer(run: Runner, case: str) -> None:
    handler, message = CASES[case]
    async with listening(handler) as server:
        result = await run(url=url(server))
        assert (result.status, result.message) == (Status.CRITICAL, message)
        assert server.connections == 1  # never asked again behind our back
        await idle(server)


async def test_a_bad_chunk_after_good_ones(run: Runner) -> None:
    async with listening(endless(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", b"zz\r\n")) as server:
        result = await run(url=url(server))
        # Which one it is depends on whether the head and the chunk came in the same segment.
        assert result.message in (
            "réponse incomplète ou mal formée (2 octets reçus)",
            "réponse incomplète ou mal formée (0 octets reçus)",
            "réponse illisible (HTTP mal formé)",
        )


async def test_a_reset_is_told(run: Runner) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)  # what remains unread makes the kernel answer the rest with a reset

    async with listening(reset) as server:
        result = await run(url=url(server))
        assert result.status is Status.CRITICAL
        assert result.message in (f"connexion réinitialisée (port {server.port})", "connexion fermée sans réponse")
        assert server.connections == 1


@pytest.mark.parametrize(
    "handler",
    [
        endless(OK + b"\r\n", b"x" * 65536),
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        answering(response(b"x" * (2 * MIB))),
        answering(response(gzip.compress(b"x" * (200 * MIB), 1), Content_Encoding="gzip")),
        answering(response(zlib.compress(b"x" * (20 * MIB)), Content_Encoding="deflate")),
    ],
    ids=["endless", "endless chunks", "long", "gzip bomb", "deflate bomb"],
)
async def test_a_body_beyond_the_bound_is_read_in_part(run: Runner, handler: Handler) -> None:
    async with listening(handler) as server:
        result = await run(url=url(server), contains="xxx")
        assert result.status is Status.WARNING
        assert result.message == "réponse de plus de 1 Mio, lue en partie"
        assert measured(result)["body_bytes"] == MIB
        await idle(server)


async def test_members_of_gzip_that_hold_nothing_have_an_end(run: Runner) -> None:
    async with listening(endless(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 1000)) as server:
        result = await run(url=url(server))
        assert result.message == "réponse de plus de 1 Mio, lue en partie"


@pytest.mark.parametrize("wrapping", [15, -15], ids=["zlib", "bare"])
async def test_both_kinds_of_deflate(run: Runner, wrapping: int) -> None:
    body = zlib.compress(b"bonjour" * 9, wbits=wrapping)
    async with listening(answering(response(body, Content_Encoding="deflate"))) as server:
        assert (await run(url=url(server), contains="bonjourbonjour")).status is Status.OK


@pytest.mark.parametrize(
    ("handler", "stage"),
    [
        (silent(), "attente de la réponse HTTP"),
        (silent(OK + b"Content-Le"), "attente de la réponse HTTP"),
        (silent(OK + b"Content-Length: 10\r\n\r\nabc"), "lecture de la réponse HTTP"),
    ],
)
async def test_silence_is_cut_at_the_deadline(run: Runner, handler: Handler, stage: str) -> None:
    async with listening(handler) as server:
        result = await run(url=url(server), timeout_s=0.2)
        assert (result.status, result.message) == (Status.CRITICAL, f"pas de réponse en 200 ms ({stage})")
        await idle(server)


async def test_a_slow_drip_is_cut_at_the_deadline(run: Runner) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with listening(drip) as server:
        result = await run(url=url(server), timeout_s=0.2)
        assert result.message == "pas de réponse en 200 ms (lecture de la réponse HTTP)"
        await idle(server)


async def test_silence_in_the_tls_handshake(run: Runner) -> None:
    async with listening(silent()) as server:
        result = await run(url=url(server, "https"), timeout_s=0.2)
        assert result.message == f"pas de réponse en 200 ms (connexion à 127.0.0.1:{server.port})"
        await idle(server)


async def test_a_peer_that_never_ends_tls_is_not_waited_for(run: Runner, tmp_path: Path) -> None:
    """asyncio would keep the connection half a minute after the check, waiting for the server's goodbye."""
    authority = root()
    certificate, key = leaf(authority, "127.0.0.1").write(tmp_path, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"bonjour"))
        await asyncio.Event().wait()

    (tmp_path / "ca.pem").write_bytes(authority.pem)
    before = descriptors()
    async with listening(hold, context) as server:
        result = await run(url=url(server, "https"), ca=str(tmp_path / "ca.pem"))
        assert result.status is Status.OK
        await until(lambda: descriptors() <= before + 2)  # the server's two ends


async def test_cancelled_runs_leave_nothing(run: Runner) -> None:
    async with listening(silent(OK + b"Content-Length: 10\r\n\r\nabc")) as server:
        await run(url=url(server), timeout_s=0.1)
        tasks = len(asyncio.all_tasks())
        running = [asyncio.create_task(run(url=url(server))) for _ in range(20)]
        await until(lambda: server.open == 20)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await idle(server)
        await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_what_is_sent(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head + await reader.readexactly(11))
        writer.write(response(b"{}"))

    monkeypatch.setenv("KEY", "clef")
    async with listening(record) as server:
        result = await run(
            url=url(server) + "form?a=1",
            method="POST",
            body="nom=Müller",
            headers={"X-Key": {"env": "KEY"}, "Content-Type": "application/x-www-form-urlencoded"},
        )
        assert result.status is Status.OK
        assert seen == [
            b"POST /form?a=1 HTTP/1.1\r\n"
            + f"Host: 127.0.0.1:{server.port}\r\n".encode()
            + b"User-Agent: Vigie\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nX-Key: clef\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
            + "nom=Müller".encode()
        ]


async def test_a_body_is_not_sent_to_another_site(run: Runner) -> None:
    async with listening(answering(response())) as other:
        moved = response(status="307 Temporary Redirect", Location=url(other))
        async with listening(answering(moved)) as server:
            result = await run(url=url(server), method="POST", body="secret")
            assert result.status is Status.CRITICAL
            assert result.message == f"redirection d'un envoi de données vers un autre site : {url(other)}"
            assert other.connections == 0


async def test_hostile_text_in_a_message_is_harmless(run: Runner) -> None:
    location = "http://exemple.invalid/" + "\x1b[2J<script>" * 50
    async with listening(answering(response(b"", status="302 Found", Location=location))) as server:
        result = await run(url=url(server), redirect="refuse")
        assert result.message.isprintable()
        assert len(result.message) < 200


async def test_an_odd_charset_costs_nothing(run: Runner) -> None:
    """Python's punycode decoder takes minutes on a megabyte; a page may ask for it."""
    body = b"a" * 1000_000
    handler = answering(response(body, Content_Type="text/html; charset=punycode"))
    async with listening(handler) as server:
        result = await run(url=url(server), contains="aaa")
        assert result.status is Status.OK


async def test_a_pattern_that_a_page_makes_explode_is_given_up(run: Runner) -> None:
    """It would keep every other check waiting, for minutes."""
    body = b"<returncode>SUCCESS</returncode>" * 30_000
    bomb = "a" * 60 + "!"
    async with listening(answering(response(body, X_Long=bomb))) as server:
        pattern = r"SUCCESS[\s\S]*<version>[0-9]+\.[0-9]+</version>"
        result = await run(url=url(server), regex=pattern, response_headers={"X-Long": "^(a+)+$"})
    assert (result.status, result.message) == (
        Status.UNKNOWN,
        "en-tête X-Long : motif « ^(a+)+$ » trop coûteux : abandonné après 200 ms ; "
        f"motif « {pattern} » trop coûteux : abandonné après 200 ms",
    )


@pytest.mark.parametrize("said", ["NaN", "-Infinity", "1e999", "9" * 400, '"nan"', '"1e999"', '""', "null", "{}"])
async def test_numbers_that_make_no_sense(run: Runner, said: str) -> None:
    async with listening(answering(response(f'\ufeff{{"a": {said}}}'.encode()))) as server:
        result = await run(url=url(server), json_numbers={"a": {"above": {"critical": 1}}})
    assert result.status is Status.CRITICAL
    assert result.message.startswith("JSON : « a » vaut ")
    assert result.message.endswith(" au lieu d'un nombre")
    assert "json_value" not in measured(result)


async def test_json_without_bottom(run: Runner) -> None:
    async with listening(answering(response(b"[" * 100_000))) as server:
        assert (await run(url=url(server), json={"a": 1})).message == "réponse qui n'est pas du JSON"


async def _proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A forward proxy that wants a login, tunnels CONNECT and relays the rest."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b"Proxy-Authorization: Basic bWFpcmllOmNsZWY=" not in head:
        writer.write(response(status="407 Proxy Authentication Required"))
        return
    method, target, _ = head.split(b" ", 2)
    place = target if method == b"CONNECT" else target.split(b"/")[2]
    host, _, port = place.decode().partition(":")
    try:
        upstream_reader, upstream = await asyncio.open_connection(host, int(port))
    except OSError:
        writer.write(response(status="502 Bad Gateway"))
        return
    if method == b"CONNECT":
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        upstream.write(head)
    await asyncio.gather(_pump(upstream_reader, writer), _pump(reader, upstream))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except OSError:
        pass
    finally:
        writer.close()


async def test_through_a_proxy(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "clef")
    login = {"user": "mairie", "password": {"env": "KEY"}}
    authority = root()
    certificate, key = leaf(authority, "127.0.0.1").write(tmp_path, "server")
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    ca = str(tmp_path / "ca.pem")
    async with (
        listening(answering(response(b"bonjour"))) as plain,
        listening(answering(response(b"bonjour")), context) as secure,
        listening(_proxy) as proxy,
    ):
        through: dict[str, Any] = {"proxy": url(proxy), "proxy_login": login}
        assert (await run(url=url(plain), contains="bonjour", **through)).status is Status.OK
        tunnelled = await run(url=url(secure, "https"), contains="bonjour", ca=ca, **through)
        assert tunnelled.status is Status.OK
        assert measured(tunnelled)["certificate_expiry_seconds"] > 0
        refused = await run(url=url(secure, "https"), ca=ca, proxy=url(proxy))
        assert (refused.status, refused.message) == (Status.UNKNOWN, "le proxy refuse la demande (réponse 407)")
        dead = await run(url="https://127.0.0.1:1/", **through)
        assert dead.status is Status.CRITICAL
        assert dead.message == "le proxy n'atteint pas le serveur (réponse 502)"
    with nobody_listening() as port:
        gone = await run(url="http://127.0.0.1:1/", proxy=f"http://127.0.0.1:{port}/", proxy_login=login)
    assert gone.status is Status.UNKNOWN
    assert gone.message == f"proxy injoignable : connexion refusée (port {port})"
