"""`tls` against servers that really speak TLS, straight away or after STARTTLS."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from probes import tls
from probes.base import Shared, Status
from tests.integration.probes.authority import DAY, NOW, Identity, intermediate, leaf, root
from tests.integration.probes.hostile import Handler, Listening, listening, silent
from tests.integration.probes.running import Runner, measured, shared, until

__all__ = ["shared"]


class Trusted:
    """An authority, its file, and servers that show what it issued."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = root()
        self.between = intermediate(self.root)
        self.ca = str(directory / "ca.pem")
        Path(self.ca).write_bytes(self.root.pem)

    def context(self, identity: Identity, *, whole_chain: bool = True) -> ssl.SSLContext:
        certificate, key = identity.write(self.directory, "server", whole_chain=whole_chain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    @asynccontextmanager
    async def serving(self, identity: Identity, *, whole_chain: bool = True) -> AsyncIterator[Listening]:
        async with listening(silent(), self.context(identity, whole_chain=whole_chain)) as server:
            yield server


@pytest.fixture
def trusted(tmp_path: Path) -> Trusted:
    return Trusted(tmp_path)


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(tls.PROBE, shared)


async def idle(server: Listening) -> None:
    async with asyncio.timeout(5):
        await server.idle.wait()


async def test_a_good_chain(run: Runner, trusted: Trusted) -> None:
    async with trusted.serving(leaf(trusted.between, "127.0.0.1")) as server:
        result = await run(port=server.port, ca=trusted.ca)
        assert (result.status, result.message) == (Status.OK, "TLSv1.3, certificat valable encore 90 j")
        values = measured(result)
        assert values["expiry_seconds"] == pytest.approx(90 * 86400, abs=3600)
        assert values["handshake_seconds"] > 0
        assert run.trace[0] == "shown: 127.0.0.1, issued by Intermédiaire d'essai"
        await idle(server)


@pytest.mark.parametrize(
    ("days", "status", "message"),
    [
        (20, Status.WARNING, "certificat « 127.0.0.1 » : expiration dans 20 j (seuil 21 j)"),
        (5, Status.CRITICAL, "certificat « 127.0.0.1 » : expiration dans 5 j (seuil 7 j)"),
    ],
)
async def test_near_its_end(run: Runner, trusted: Trusted, days: int, status: Status, message: str) -> None:
    async with trusted.serving(leaf(trusted.between, "127.0.0.1", end=NOW + days * DAY)) as server:
        result = await run(port=server.port, ca=trusted.ca, at=NOW.timestamp())
        assert (result.status, result.message) == (status, message)


@pytest.mark.parametrize("verify", [True, False])
async def test_expired_says_since_when_once(run: Runner, trusted: Trusted, verify: bool) -> None:
    late = leaf(trusted.between, "127.0.0.1", start=NOW - 30 * DAY, end=NOW - 3 * DAY)
    async with trusted.serving(late) as server:
        result = await run(port=server.port, ca=trusted.ca, verify=verify, at=NOW.timestamp())
        assert result.status is Status.CRITICAL
        assert result.message == "certificat « 127.0.0.1 » expiré depuis 3 j"
        assert measured(result)["expiry_seconds"] == -3 * 86400


async def test_not_yet_valid(run: Runner, trusted: Trusted) -> None:
    early = leaf(trusted.between, "127.0.0.1", start=NOW + 2 * DAY)
    async with trusted.serving(early) as server:
        result = await run(port=server.port, ca=trusted.ca)
        start = (NOW + 2 * DAY).strftime("%d/%m/%Y")
        assert (result.status, result.message) == (
            Status.CRITICAL,
            f"certificat « 127.0.0.1 » valable seulement à partir du {start}",
        )


async def test_the_earliest_of_the_chain_counts(run: Runner, trusted: Trusted) -> None:
    """An intermediate that ends before the server's own certificate is what breaks first."""
    near = leaf(trusted.between, "127.0.0.1", end=NOW + 400 * DAY)
    far = Identity(near.certificate, near.key, (leaf(trusted.root, "Voisin", end=NOW + 10 * DAY).certificate,))
    async with trusted.serving(far) as server:
        result = await run(port=server.port, verify=False, at=NOW.timestamp())
        assert result.message == "certificat « Voisin » : expiration dans 10 j (seuil 21 j)"
        assert measured(result)["expiry_seconds"] == 10 * 86400


async def test_another_name(run: Runner, trusted: Trusted) -> None:
    async with trusted.serving(leaf(trusted.between, "www.exemple.fr")) as server:
        result = await run(port=server.port, ca=trusted.ca)
        assert (result.status, result.message) == (
            Status.CRITICAL,
            "le certificat n'est pas au nom de 127.0.0.1",
        )
        assert measured(result)["expiry_seconds"] > 0  # read all the same
        assert (await run(port=server.port, ca=trusted.ca, host="www.exemple.fr")).status is Status.OK
        assert (await run(port=server.port, ca=trusted.ca, verify=False)).status is Status.OK


async def test_a_missing_intermediate_is_told_from_an_unknown_authority(run: Runner, trusted: Trusted) -> None:
    public = leaf(trusted.between, "127.0.0.1", names_its_issuer=True)
    async with trusted.serving(public, whole_chain=False) as server:
        result = await run(port=server.port, ca=trusted.ca)
        assert result.message == (
            "certificat intermédiaire manquant : le serveur n'envoie pas celui de « Intermédiaire d'essai »"
        )
    stranger = root("Racine privée")
    async with trusted.serving(leaf(intermediate(stranger, "Intermédiaire privé"), "127.0.0.1")) as server:
        result = await run(port=server.port, ca=trusted.ca)
        assert result.message == "autorité inconnue : « Racine privée »"
    async with trusted.serving(leaf(None, "127.0.0.1")) as server:
        result = await run(port=server.port, ca=trusted.ca)
        assert result.message == "certificat auto-signé"


async def test_the_version_chosen_must_be_recent_enough(run: Runner, trusted: Trusted) -> None:
    context = trusted.context(leaf(trusted.between, "127.0.0.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with listening(silent(), context) as server:
        assert (await run(port=server.port, ca=trusted.ca)).status is Status.OK
        result = await run(port=server.port, ca=trusted.ca, minimum="TLSv1.3")
        assert (result.status, result.message) == (Status.CRITICAL, "protocole TLSv1.2 (minimum TLSv1.3)")


async def test_a_slow_handshake(run: Runner, trusted: Trusted) -> None:
    async with trusted.serving(leaf(trusted.between, "127.0.0.1")) as server:
        result = await run(port=server.port, ca=trusted.ca, handshake={"warning": "0.0001 ms"})
        assert result.status is Status.WARNING
        assert result.message.startswith("négociation TLS en ")


async def test_what_is_not_tls(run: Runner) -> None:
    async with listening(silent(b"220 bonjour\r\n" * 10)) as server:
        result = await run(port=server.port)
        assert (result.status, result.message) == (Status.CRITICAL, "réponse qui n'est pas du TLS")
        await idle(server)

    async def leave(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write_eof()
        await reader.read()

    async with listening(leave) as server:
        result = await run(port=server.port)
        assert result.message == "connexion fermée pendant la négociation TLS"
    result = await run(port=1)
    assert (result.status, result.message) == (Status.CRITICAL, "connexion refusée (port 1)")


async def test_silence_and_floods(run: Runner) -> None:
    async with listening(silent()) as server:
        result = await run(port=server.port, timeout_s=0.2)
        assert (result.status, result.message) == (Status.CRITICAL, "pas de réponse en 200 ms (négociation TLS)")
        await idle(server)
        result = await run(port=server.port, starttls="smtp", timeout_s=0.2)
        assert result.message == "pas de réponse en 200 ms (dialogue SMTP avant TLS)"
        await idle(server)

    # A handshake record that announces a message of 16 MB, and records that carry it for ever.
    record = b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + bytes(16380)

    async def flood(reader: Reader, writer: Writer) -> None:
        await reader.read(1024)
        while True:
            writer.write(record)
            await writer.drain()

    async with listening(flood) as server:
        result = await run(port=server.port)
        assert result.status is Status.CRITICAL
        assert result.message.startswith("négociation TLS")
        await idle(server)


async def test_names_that_lead_nowhere(run: Runner) -> None:
    result = await run(address="absent.invalid")
    assert result.status in (Status.CRITICAL, Status.UNKNOWN)  # as the machine's resolver has it, see `names`
    assert "absent.invalid" in result.message
    result = await run(family="ipv6")
    assert (result.status, result.message) == (Status.UNKNOWN, "127.0.0.1 n'est pas une adresse IPv6")
    result = await run(ca="/nonexistent.pem")
    assert result.status is Status.UNKNOWN


# What each server says, and what it waits for before it says the next thing.
Dialogue = tuple[bytes, tuple[tuple[bytes, bytes], ...]]
LDAP_REQUEST = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
LDAP_SUCCESS = bytes.fromhex("300c02010178070a010004000400")
DIALOGUES: dict[str, Dialogue] = {
    "smtp": (
        b"220-bonjour\r\n220 mx.exemple.fr ESMTP\r\n",
        (
            (b"EHLO vigie.invalid\r\n", b"250-mx.exemple.fr\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n"),
            (b"STARTTLS\r\n", b"220 go\r\n"),
        ),
    ),
    "imap": (b"* OK IMAP4rev1\r\n", ((b"a1 STARTTLS\r\n", b"* note\r\na1 OK begin\r\n"),)),
    "pop3": (b"+OK POP3\r\n", ((b"STLS\r\n", b"+OK begin\r\n"),)),
    "ftp": (b"220-Bonjour\r\n free text\r\n220 ready\r\n", ((b"AUTH TLS\r\n", b"234 go\r\n"),)),
    "ldap": (b"", ((LDAP_REQUEST, LDAP_SUCCESS),)),
    "postgres": (b"", ((bytes.fromhex("0000000804d2162f"), b"S"),)),
}


def starting_tls(dialogue: Dialogue, context: ssl.SSLContext) -> Handler:
    greeting, turns = dialogue

    async def handler(reader: Reader, writer: Writer) -> None:
        writer.write(greeting)
        for asked, answer in turns:
            assert await reader.readexactly(len(asked)) == asked
            writer.write(answer)
        await writer.drain()
        await writer.start_tls(context)
        await reader.read()

    return handler


@pytest.mark.parametrize("protocol", DIALOGUES)
async def test_starttls(run: Runner, trusted: Trusted, protocol: str) -> None:
    context = trusted.context(leaf(trusted.between, "127.0.0.1"))
    async with listening(starting_tls(DIALOGUES[protocol], context)) as server:
        result = await run(port=server.port, starttls=protocol, ca=trusted.ca)
        assert (result.status, result.message) == (Status.OK, "TLSv1.3, certificat valable encore 90 j")
        refused = await run(port=server.port, starttls=protocol)
        assert refused.status is Status.CRITICAL
        assert measured(refused)["expiry_seconds"] > 0


@pytest.mark.parametrize(
    ("protocol", "said", "message"),
    [
        ("smtp", b"554 no\r\n", "SMTP : STARTTLS refusé, réponse « 554 no »"),
        ("smtp", b"220 a\r\n250 b\r\n", "SMTP : STARTTLS n'est pas proposé"),
        ("smtp", b"220-a\r\n" * 200, "SMTP : réponse trop longue"),
        ("smtp", b"x" * 10000, "SMTP : ligne trop longue"),
        ("imap", b"* BYE\r\n", "IMAP : STARTTLS refusé, réponse « * BYE »"),
        ("imap", b"* OK\r\na1 NO\r\n", "IMAP : STARTTLS refusé, réponse « a1 NO »"),
        ("imap", b"* OK\r\n" * 200, "IMAP : réponse trop longue"),
        ("pop3", b"-ERR\r\n", "POP3 : STARTTLS refusé, réponse « -ERR »"),
        ("ftp", b"220 a\r\n502 b\r\n", "FTP : STARTTLS refusé, réponse « 502 b »"),
        ("ldap", bytes.fromhex("300c02010178070a013404000400"), "LDAP : STARTTLS refusé"),
        ("ldap", b"HTTP/1.1 400 Bad Request\r\n", "LDAP : réponse illisible"),
        ("ldap", b"\x30\x84\xff\xff\xff\xff", "LDAP : réponse illisible"),
        ("postgres", b"N", "PostgreSQL : TLS refusé"),
        ("postgres", b"E", "PostgreSQL : réponse illisible"),
    ],
)
async def test_servers_that_do_not_go_over(run: Runner, protocol: str, said: bytes, message: str) -> None:
    async with listening(silent(said)) as server:
        result = await run(port=server.port, starttls=protocol)
        assert (result.status, result.message) == (Status.CRITICAL, message)
        await idle(server)


async def test_a_server_that_leaves_before_tls(run: Runner) -> None:
    async def leave(reader: Reader, writer: Writer) -> None:
        writer.write(b"220 bonj")

    async with listening(leave) as server:
        result = await run(port=server.port, starttls="smtp")
        assert result.status is Status.CRITICAL
        assert result.message in ("SMTP : connexion fermée avant TLS", f"connexion réinitialisée (port {server.port})")


async def test_cancelled_runs_leave_nothing(run: Runner) -> None:
    async with listening(silent()) as server:
        running = [asyncio.create_task(run(port=server.port)) for _ in range(10)]
        await until(lambda: server.open == 10)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await idle(server)
