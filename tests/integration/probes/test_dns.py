"""`dns` against dnsmasq, and against resolvers that lie."""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.base import Result, Shared, Status
from probes.dns import PROBE
from probes.resolvers import SystemResolvers
from tests.integration.probes.namespace import Namespace
from tests.integration.probes.one_run import measured, one_run
from tests.integration.probes.running import PATIENCE_S
from tests.own_address import ADDRESS, NEIGHBOUR, kept_port

LONG = "v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(15)) + " -all"
RECORDS = (
    *(f"--host-record=mairie.test,192.0.2.{n},300" for n in (1, 2)),
    "--host-record=mairie.test,2001:db8::1",
    "--host-record=xn--mairie-chteau-qeb.test,192.0.2.9",
    "--cname=www.mairie.test,mairie.test",
    "--mx-host=mairie.test,mail.mairie.test,10",
    "--mx-host=mairie.test,secours.mairie.test,20",
    "--srv-host=_sip._tcp.mairie.test,pabx.mairie.test,5060,5,1",
    "--txt-record=mairie.test,v=spf1 -all",
    *(f"--txt-record=long.test,{n} {LONG}" for n in range(3)),
    "--txt-record=mairie.test,verification=1",
    "--txt-record=twice.test,v=spf1 -all",
    "--txt-record=twice.test,v=spf1 include:relais.test -all",
    "--host-record=7.2.0.192.liste.test,127.0.0.2",
    f"--host-record=7.{'0.' * 23}8.b.d.0.1.0.0.2.liste.test,127.0.0.4",
    "--host-record=7.2.0.192.fatiguee.test,127.255.255.254",
    "--host-record=7.2.0.192.vendue.test,203.0.113.9",
    "--caa-record=mairie.test,0,issue,letsencrypt.org",
    "--auth-zone=zone.test",
    f"--auth-server=ns1.zone.test,{NEIGHBOUR}",
    "--auth-soa=2026010101,hostmaster.zone.test,7200,3600,1209600",
)


@pytest.fixture(scope="module")
def dnsmasq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server, with its port."""
    program = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.fail("these tests need dnsmasq: apt-get install dnsmasq-base")
    log = tmp_path_factory.mktemp("dnsmasq") / "log"
    options = (
        f"--listen-address={ADDRESS},{NEIGHBOUR}",
        "--bind-interfaces",
        "--no-resolv",
        "--no-hosts",
        "--local=/test/",
    )
    with kept_port() as port, log.open("wb") as output:  # dnsmasq cannot be given port 0
        server = subprocess.Popen(
            [program, "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--user=", f"--port={port}",
             *options, *RECORDS],
            stdout=output, stderr=output,
        )  # fmt: skip
        try:
            assert answering(server, port), f"dnsmasq does not start: {log.read_text()}"
            yield f"{ADDRESS}:{port}"
        finally:
            server.terminate()
            server.wait()


def answering(server: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it came up, waiting for it."""
    ends_at = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < ends_at:
        with socket.socket() as probe:
            if probe.connect_ex((ADDRESS, port)) == 0:
                return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("record", "name", "answers"),
    [
        ("A", "mairie.test", "192.0.2.1, 192.0.2.2"),
        ("A", "Mairie.TEST.", "192.0.2.1, 192.0.2.2"),
        ("A", "www.mairie.test", "192.0.2.1, 192.0.2.2"),
        ("A", "mairie-château.test", "192.0.2.9"),
        ("AAAA", "mairie.test", "2001:db8::1"),
        ("CNAME", "www.mairie.test", "mairie.test"),
        ("MX", "mairie.test", "10 mail.mairie.test, 20 secours.mairie.test"),
        ("SRV", "_sip._tcp.mairie.test", "5 1 5060 pabx.mairie.test"),
        ("TXT", "mairie.test", "v=spf1 -all, verification=1"),
        ("CAA", "mairie.test", '0 issue "letsencrypt.org"'),
        ("PTR", "192.0.2.9", "xn--mairie-chteau-qeb.test"),
    ],
)
async def test_records(dnsmasq: str, record: str, name: str, answers: str) -> None:
    result = await one_run(PROBE, name, resolver=dnsmasq, record=record)
    assert (result.status, result.message) == (Status.OK, f"{record} de {name} : {answers}")
    assert set(measured(result)) == set(PROBE.measures)


@pytest.mark.parametrize(
    ("record", "answer"),
    [("NS", "ns1.zone.test"), ("SOA", "ns1.zone.test hostmaster.zone.test 2026010101 7200 3600 1209600 600")],
)
async def test_an_authoritative_server(dnsmasq: str, record: str, answer: str) -> None:
    result = await one_run(PROBE, "zone.test", resolver=dnsmasq.replace(ADDRESS, NEIGHBOUR), record=record)
    assert (result.status, result.message) == (Status.OK, f"{record} de zone.test : {answer}")


async def test_measurements(dnsmasq: str) -> None:
    result = await one_run(PROBE, "mairie.test", resolver=dnsmasq)
    values = measured(result)
    assert 0 < values["response_seconds"] <= result.duration_s
    assert (values["answers_count"], values["ttl_seconds"]) == (2, 300)


async def test_what_does_not_fit_in_a_datagram_comes_over_tcp(dnsmasq: str) -> None:
    result = await one_run(PROBE, "long.test", resolver=dnsmasq, record="TXT", expect=[f"2 {LONG}"])
    assert result.status is Status.OK, result
    assert measured(result)["answers_count"] == 3


@pytest.mark.parametrize(
    ("settings", "status", "message"),
    [
        ({"expect": ["192.0.2.1"]}, "ok", "A de mairie.test : 192.0.2.1, 192.0.2.2"),
        ({"expect": ["192.0.2.2", "192.0.2.1"], "exactly": True}, "ok", "A de mairie.test : 192.0.2.1, 192.0.2.2"),
        ({"expect": ["192.0.2.1"], "exactly": True}, "critical", "A de mairie.test : 192.0.2.2 en trop"),
        (
            {"expect": ["192.0.2.3"]},
            "critical",
            "A de mairie.test : 192.0.2.3 absent (reçu 192.0.2.1, 192.0.2.2)",
        ),
        ({"record": "MX", "expect": ["mail.mairie.test"]}, "ok", None),
        ({"record": "MX", "expect": ["MAIL.mairie.test.", "20 secours.mairie.test"], "exactly": True}, "ok", None),
        ({"record": "MX", "expect": ["20 mail.mairie.test"]}, "critical", None),
        ({"record": "TXT", "regex": "^v=spf1 .*[-~]all$"}, "ok", None),
        ({"record": "MX", "regex": r"\.mairie\.test$"}, "ok", None),  # both
        (
            {"record": "TXT", "regex": "^v=DMARC1"},
            "critical",
            "TXT de mairie.test : motif « ^v=DMARC1 » absent (reçu v=spf1 -all, verification=1)",
        ),
        (
            {"name": "twice.test", "record": "TXT", "regex": "^v=spf1 "},
            "critical",
            "TXT de twice.test : motif « ^v=spf1  » présent dans 2 réponses au lieu d'une",
        ),
        (
            {"authenticated": True},
            "critical",
            "A de mairie.test : réponse non authentifiée par le résolveur (DNSSEC)",
        ),
        ({"record": "NS"}, "critical", "aucun enregistrement NS de mairie.test"),
        ({"name": "absent.test"}, "critical", "nom inconnu du DNS : absent.test"),
    ],
)
async def test_expectations(dnsmasq: str, settings: dict[str, Any], status: str, message: str | None) -> None:
    result = await one_run(PROBE, "mairie.test", resolver=dnsmasq, **settings)
    assert result.status == status, result
    assert message is None or result.message == message


@pytest.mark.parametrize(
    ("address", "blocklist", "status", "message"),
    [
        ("192.0.2.7", "liste.test", "critical", "192.0.2.7 inscrite sur la liste liste.test (127.0.0.2)"),
        ("192.0.2.8", "liste.test", "ok", "192.0.2.8 absente de la liste liste.test"),
        ("2001:db8::7", "liste.test", "critical", "2001:db8::7 inscrite sur la liste liste.test (127.0.0.4)"),
        ("2001:db8::8", "liste.test", "ok", "2001:db8::8 absente de la liste liste.test"),
        ("127.0.0.1", "liste.test", "ok", "127.0.0.1 absente de la liste liste.test"),
        (
            "192.0.2.7",
            "fatiguee.test",
            "unknown",
            "la liste fatiguee.test refuse de répondre au résolveur (127.255.255.254)",
        ),
        ("192.0.2.7", "vendue.test", "unknown", "vendue.test ne répond pas comme une liste (203.0.113.9)"),
        ("192.0.2.7", "ailleurs.invalid", "unknown", "la liste ailleurs.invalid n'a pas pu répondre (REFUSED)"),
    ],
)
async def test_blocklists(dnsmasq: str, address: str, blocklist: str, status: str, message: str) -> None:
    result = await one_run(PROBE, address, resolver=dnsmasq, blocklist=blocklist)
    assert (result.status, result.message) == (status, message)


async def test_a_blocklist_that_is_silent_says_nothing_of_the_address() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        resolver = f"127.0.0.1:{deaf.getsockname()[1]}"
        result = await one_run(PROBE, "192.0.2.7", resolver=resolver, blocklist="liste.test", timeout_s=0.3)
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("pas de réponse sur la liste liste.test (réponse du résolveur ")
    gone = await one_run(PROBE, "192.0.2.7", resolver=resolver, blocklist="liste.test")
    assert gone.status is Status.UNKNOWN
    named = await one_run(PROBE, "absent.invalid", resolver=resolver, blocklist="liste.test")
    assert (named.status, named.message) == (Status.UNKNOWN, "nom inconnu du DNS : absent.invalid")
    long = ".".join(["a" * 60] * 4)  # a name by itself, and none behind an address of IPv6
    unasked = await one_run(PROBE, "2001:db8::1", resolver=resolver, blocklist=long)
    assert unasked.status is Status.UNKNOWN
    assert unasked.message.startswith("ce n'est pas un nom de domaine : 1.0.0.0.")


async def test_thresholds(dnsmasq: str) -> None:
    result = await one_run(PROBE, "mairie.test", resolver=dnsmasq, response_time={"warning": "0.001 ms"})
    assert result.status is Status.WARNING
    assert result.message.startswith("délai de réponse ")


@pytest.mark.parametrize("address", ["192.0.2.1", "a..b"])
async def test_nothing_to_ask(address: str) -> None:
    result = await one_run(PROBE, address, resolver="127.0.0.1")
    assert result.status is Status.UNKNOWN


# --- resolvers that lie

Answer = Callable[[bytes], list[bytes]]


def to(query: bytes, *, flags: int = 0x8180, count: int = 0, body: bytes = b"") -> bytes:
    """A reply to this query."""
    return query[:2] + struct.pack("!5H", flags, 1, count, 0, 0) + query[12:] + body


GOOD = b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"  # A 192.0.2.1, TTL 300


class Liar(asyncio.DatagramProtocol):
    """Sends what it is told to for each query."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.queries: list[bytes] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.queries.append(data)
        for message in self.answer(data):
            self.transport.sendto(message, addr)


async def lied_to(answer: Answer, *, timeout_s: float = PATIENCE_S, **settings: Any) -> tuple[Result, list[bytes]]:
    """A run against a liar, and the queries that it saw."""
    loop = asyncio.get_running_loop()
    transport, liar = await loop.create_datagram_endpoint(lambda: Liar(answer), local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    try:
        result = await one_run(PROBE, "mairie.test", resolver=f"127.0.0.1:{port}", timeout_s=timeout_s, **settings)
    finally:
        transport.close()
    return result, liar.queries


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (2, "le résolveur n'a pas pu répondre (SERVFAIL)"),
        (5, "question refusée par le résolveur (REFUSED)"),
        (11, "le résolveur n'a pas pu répondre (11)"),
    ],
)
async def test_refusals(code: int, message: str) -> None:
    result, _ = await lied_to(lambda query: [to(query, flags=0x8180 | code)])
    assert (result.status, result.message) == (Status.CRITICAL, message)


async def test_an_answer_that_the_resolver_verified() -> None:
    result, (query,) = await lied_to(lambda query: [to(query, flags=0x81A0, count=1, body=GOOD)], authenticated=True)
    assert (result.status, result.message) == (Status.OK, "A de mairie.test : 192.0.2.1")
    assert query[2:4] == b"\x01\x20"  # asked to say so
    result, (query,) = await lied_to(lambda query: [to(query, flags=0x81A0, count=1, body=GOOD)])
    assert query[2:4] == b"\x01\x00"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xc0\x0c\0\1\0\1", b"\xc0\x1d\0\1\0\1\0\0\0\0\0\4\1\2\3\4", b"\xc0\x0c\0\1\0\1\0\0\0\0\0\3\1\2\3"],
    ids=["absent", "cut short", "compression loop", "address of three bytes"],
)
async def test_unreadable(body: bytes) -> None:
    result, _ = await lied_to(lambda query: [to(query, count=1, body=body)])
    assert result.status is Status.CRITICAL
    assert result.message.startswith("réponse illisible du résolveur 127.0.0.1:")


async def test_what_answers_something_else_is_passed_over() -> None:
    def answer(query: bytes) -> list[bytes]:
        other = bytes((query[0] ^ 1,)) + query[1:]
        bad = GOOD[:-1] + b"\x66"
        return [b"", b"garbage", query, to(other, count=1, body=bad), to(query, count=1, body=GOOD)]

    result, _ = await lied_to(answer)
    assert (result.status, result.message) == (Status.OK, "A de mairie.test : 192.0.2.1")


async def test_a_flood_of_other_answers_ends_the_run() -> None:
    result, _ = await lied_to(lambda query: [b"garbage"] * 150)
    assert (result.status, result.message[:19]) == (Status.CRITICAL, "réponse illisible d")


async def test_an_answer_from_somewhere_else_is_not_heard() -> None:
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as real,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger,
    ):
        real.setblocking(False)
        real.bind(("127.0.0.1", 0))
        port = real.getsockname()[1]
        run = asyncio.create_task(one_run(PROBE, "mairie.test", resolver=f"127.0.0.1:{port}"))
        query, asker = await loop.sock_recvfrom(real, 512)
        forger.sendto(to(query, count=1, body=GOOD[:-1] + b"\x66"), asker)
        real.sendto(to(query, count=1, body=GOOD), asker)
        result = await run
    assert result.message == "A de mairie.test : 192.0.2.1"


async def test_identifiers_and_ports_are_drawn_anew() -> None:
    loop = asyncio.get_running_loop()
    seen = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setblocking(False)
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        for _ in range(20):
            run = asyncio.create_task(one_run(PROBE, "mairie.test", resolver=f"127.0.0.1:{port}"))
            query, asker = await loop.sock_recvfrom(server, 512)
            server.sendto(to(query, count=1, body=GOOD), asker)
            assert (await run).status is Status.OK
            seen.add((query[:2], asker[1]))
    assert len({identifier for identifier, _ in seen}) > 15
    assert len({port for _, port in seen}) > 15


async def test_a_lost_question_is_asked_again() -> None:
    asked: list[bytes] = []

    def answer(query: bytes) -> list[bytes]:
        asked.append(query)
        return [to(query, count=1, body=GOOD)] if len(asked) == 2 else []

    result, queries = await lied_to(answer, timeout_s=0.6)
    assert result.status is Status.OK
    assert queries[0] == queries[1]


async def test_silence_ends_at_the_deadline() -> None:
    result, queries = await lied_to(lambda query: [], timeout_s=0.15)
    assert result.status is Status.CRITICAL
    assert result.message.startswith("pas de réponse en 150 ms (réponse du résolveur 127.0.0.1:")
    assert len(queries) == 2


async def test_nobody_listens() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        holder.connect(("127.0.0.2", 9))  # a socket connected elsewhere refuses what comes from us
        result = await one_run(PROBE, "mairie.test", resolver=f"127.0.0.1:{port}")
    assert result.status is Status.CRITICAL
    assert result.message == f"résolveur 127.0.0.1:{port} : connexion refusée (port {port})"


# --- truncated, then TCP


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (lambda query: [to(query, count=1, body=GOOD)], "A de mairie.test : 192.0.2.1"),
        (lambda query: [to(query, flags=0x8380)], "réponse illisible"),
        (lambda query: [b"\0\0" + to(query)[2:] if query[:2] != b"\0\0" else b""], "réponse illisible"),
        (lambda query: [], "réponse illisible"),
    ],
    ids=["answered", "truncated again", "another identifier", "closed"],
)
async def test_tcp_after_truncation(reply: Answer, message: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        for answer in reply(await reader.readexactly(size)):
            whole = struct.pack("!H", len(answer)) + answer
            for at in range(0, len(whole), 7):  # in pieces
                writer.write(whole[at : at + 7])
                await writer.drain()
        writer.close()

    with kept_port() as port:
        server = await asyncio.start_server(serve, ADDRESS, port)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Liar(lambda query: [to(query, flags=0x8380)]), local_addr=(ADDRESS, port)
        )
        try:
            result = await one_run(PROBE, "mairie.test", resolver=f"{ADDRESS}:{port}")
        finally:
            transport.close()
            server.close()
            await server.wait_closed()
    assert result.message.startswith(message)


# --- the machine's own resolvers


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


def test_our_own_resolvers_in_turn(namespace: Namespace, tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# ours\nsearch exemple.fr\nnameserver nonsense\nnameserver 127.0.0.3\nnameserver 127.0.0.2\n")

    async def scenario() -> Result:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Liar(lambda query: [to(query, count=1, body=GOOD)]), local_addr=("127.0.0.2", 53)
        )
        shared = Shared()
        shared.provide(SystemResolvers(path))
        try:
            return await one_run(PROBE, "mairie.test", shared)  # 127.0.0.3 refuses
        finally:
            transport.close()
            await shared.close()

    result = namespace.play(scenario)
    assert (result.status, result.message) == (Status.OK, "A de mairie.test : 192.0.2.1")


@pytest.mark.parametrize("content", ["", "nameserver 127.0.0.2\nnameserver 127.0.0.3\n"])
def test_our_own_resolvers_silent_say_nothing_of_the_target(namespace: Namespace, tmp_path: Path, content: str) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(content)

    async def scenario() -> Result:
        shared, resolvers = Shared(), SystemResolvers(path)
        await resolvers.addresses()  # a thread reads the file: what is timed here is the silence
        shared.provide(resolvers)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.2", 53))
            result = await one_run(PROBE, "mairie.test", shared, timeout_s=0.3)
        await shared.close()
        return result

    result = namespace.play(scenario)
    assert (result.status, result.message) == (Status.UNKNOWN, "aucun résolveur du superviseur ne répond")


async def test_the_file_is_read_again_and_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "resolv.conf"
    resolvers = SystemResolvers(path)
    assert [address.host for address in await resolvers.addresses()] == ["127.0.0.1"]
    path.write_text("nameserver 2001:DB8::53\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n")
    assert [address.host for address in await resolvers.addresses()] == ["127.0.0.1"]
    monkeypatch.setattr("probes.resolvers._KEEP_S", 0.0)
    resolvers = SystemResolvers(path)
    assert [a.host for a in await resolvers.addresses()] == ["2001:db8::53", "192.0.2.1", "192.0.2.2"]
    path.write_text("nameserver 192.0.2.7\n")
    assert [address.host for address in await resolvers.addresses()] == ["192.0.2.7"]
