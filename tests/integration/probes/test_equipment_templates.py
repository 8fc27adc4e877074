"""The templates of machines and of jobs: each with one that works, then with one that answers and does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.base import Result, Shared, Status
from probes.heartbeat import Beat, HeartbeatBook
from tests.integration.probes import authority
from tests.integration.probes.hostile import Handler, answering, listening, response
from tests.integration.probes.running import shared
from tests.integration.probes.snmpd import COMMUNITY, Agent, storage
from tests.integration.probes.templates import RunAll, run_all
from tests.integration.probes.test_interface import ports

__all__ = ["run_all", "shared"]

GIB = 1 << 30
AT = authority.NOW.timestamp()


def telling(reply: bytes, question: int = 1) -> Handler:
    """Say this once `question` bytes were asked."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if question:
            await reader.readexactly(question)
        writer.write(reply)
        writer.write_eof()
        await reader.read()

    return handler


# --- what speaks first, or answers a question


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"SIP/2.0 200 OK\r\n", Status.OK),
        (b"SIP/2.0 401 Unauthorized\r\n", Status.OK),
        (b"SIP/2.0 404 Not Found\r\n", Status.OK),
        (b"SIP/2.0 481 Call/Transaction Does Not Exist\r\n", Status.OK),
        (b"SIP/2.0 503 Service Unavailable\r\n", Status.CRITICAL),
        (b"SIP/2.0 500 Server Internal Error\r\n", Status.CRITICAL),
        (b"SIP/2.0 408 Request Timeout\r\n", Status.CRITICAL),
        (b"SIP/2.0 480 Temporarily Unavailable\r\n", Status.CRITICAL),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Status.CRITICAL),
    ],
)
async def test_telephonie(said: bytes, status: Status, run_all: RunAll) -> None:
    async with listening(telling(said)) as server:
        result = (await run_all("telephonie", "sip", port=server.port, timeout_s=2.0))["sip"]
    assert result.status is status, result.message


def refusal(code: bytes, message: bytes) -> bytes:
    """PostgreSQL's ErrorResponse."""
    body = b"SFATAL\0VFATAL\0C" + code + b"\0M" + message + b"\0\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0", Status.OK),
        (refusal(b"28000", b'no pg_hba.conf entry for host "192.0.2.1"'), Status.OK),
        (refusal(b"53300", b"sorry, too many clients already"), Status.CRITICAL),
        (refusal(b"57P03", b"the database system is starting up"), Status.CRITICAL),
        (
            refusal(b"58000", b'could not open file "global/pg_filenode.map" \0C28'.replace(b"\0", b" ")),
            Status.CRITICAL,
        ),
        (b"N", Status.CRITICAL),
    ],
)
async def test_base_postgresql(said: bytes, status: Status, run_all: RunAll) -> None:
    """What it answers to the beginning of a session, as a server of version 15 does."""
    async with listening(telling(said, 38)) as server:
        result = (await run_all("base-postgresql", "base", port=server.port, timeout_s=2.0))["base"]
    assert result.status is status, result.message


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"\x5b\0\0\0\n10.11.14-MariaDB-0+deb12u2\0\x05\0\0\0", Status.OK),
        (b"\x17\0\0\0\xff\x10\x04Too many connections", Status.CRITICAL),
        (b"\x45\0\0\0\xffi\x04Host '192.0.2.1' is blocked because of many connection errors", Status.CRITICAL),
    ],
)
async def test_base_mariadb(said: bytes, status: Status, run_all: RunAll) -> None:
    async with listening(telling(said, 0)) as server:
        result = (await run_all("base-mariadb", "base", port=server.port, timeout_s=2.0))["base"]
    assert result.status is status, result.message


@pytest.mark.parametrize(
    ("pdu", "status"),
    [
        (b"\x03\x02\x02\x6c", Status.OK),
        (b"\x83\x02", Status.OK),  # it has no such register
        (b"\x83\x04", Status.CRITICAL),  # it failed
        (b"\x83\x0b", Status.CRITICAL),  # the gateway says that nobody answers behind it
    ],
)
@pytest.mark.parametrize("unit", [1, 17])
async def test_gtc_whose_gateway_answers(pdu: bytes, unit: int, status: Status, run_all: RunAll) -> None:
    answer = b"\0\x01\0\0\0" + bytes([len(pdu) + 1, unit]) + pdu
    async with listening(telling(answer, 12)) as server:
        given: dict[str, Any] = {"console": "http://192.0.2.7/", "texte": "x", "modbus": server.port}
        if unit != 1:
            given["unite"] = f"\\x{unit:02x}"
        result = (await run_all("gtc", "automate", timeout_s=2.0, **given))["automate"]
    assert result.status is status, result.message


# --- what is read of machines


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    started = Agent(tmp_path)
    started.start()
    (tmp_path / "communaute").write_text(COMMUNITY, encoding="utf-8")
    yield started
    started.stop()


def access(agent: Agent, tmp_path: Path) -> dict[str, Any]:
    return {"port": agent.port, "community": {"file": str(tmp_path / "communaute")}}


@pytest.mark.parametrize("template", ["switch", "routeur"])
async def test_a_switch_that_answers_and_whose_port_is_down(
    template: str, run_all: RunAll, agent: Agent, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"ports": ["ge-1", "ge-2"], "snmp": access(agent, tmp_path), "debit": 100}
    agent.set(ports("ge-1", "ge-2"))
    assert (await run_all(template, "ports", **given))["ports"].status is Status.OK
    agent.set(ports("ge-1", "ge-2", speed=100))
    assert (await run_all(template, "ports", **given))["ports"].status is Status.WARNING
    agent.set(ports("ge-1", "ge-2", oper=2))
    assert (await run_all(template, "ports", **given))["ports"].status is Status.CRITICAL


async def test_a_server_whose_disk_is_full_while_its_agent_answers(
    run_all: RunAll, agent: Agent, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"snmp": access(agent, tmp_path), "libre_critique": "8 %"}
    agent.set(storage({"name": "/", "size": 1000, "used": 500}))
    assert (await run_all("serveur", "volumes", **given))["volumes"].status is Status.OK
    agent.set(storage({"name": "/", "size": 1000, "used": 925}))
    assert (await run_all("serveur", "volumes", **given))["volumes"].status is Status.CRITICAL


@pytest.mark.parametrize(("free", "status"), [("5e10", Status.OK), ("9e9", Status.WARNING), ("1e9", Status.CRITICAL)])
async def test_a_server_whose_disk_is_full_while_its_exporter_answers(
    free: str, status: Status, run_all: RunAll
) -> None:
    volume = 'windows_logical_disk_{}_bytes{{volume="C:"}} {}\n'
    said = f"# TYPE x gauge\n{volume.format('size', '1e11')}{volume.format('free', free)}"
    async with listening(answering(response(said.encode()))) as server:
        given = {"exportateur": f"http://{{address}}:{server.port}/metrics"}
        result = (await run_all("serveur", "disques", **given))["disques"]
    assert result.status is status, result.message


async def test_a_certificate_that_is_still_there_and_is_over(run_all: RunAll, tmp_path: Path) -> None:
    trusted = authority.root()
    for name, life in (("longue", 400), ("courte", 10)):
        identity = authority.leaf(trusted, "maire.exemple.fr", end=authority.NOW + life * authority.DAY)
        identity.write(tmp_path, name)
    given = {"fichiers": str(tmp_path / "longue.pem")}
    assert (await run_all("certificats-rgs", "expiration", **given))["expiration"].status is Status.OK
    given = {"fichiers": str(tmp_path / "*.pem")}
    assert (await run_all("certificats-rgs", "expiration", **given))["expiration"].status is Status.CRITICAL


# --- what calls in


class Calls:
    """A job that calls, as the web server would hear it."""

    def __init__(self, run_all: RunAll, shared: Shared, template: str, sonde: str, **given: Any) -> None:
        self._run = run_all
        self._book = shared.use(HeartbeatBook)
        self._template, self._sonde, self._given = template, sonde, given

    async def __call__(self, **said: Any) -> Result:
        """What a call `ago` seconds ago amounts to."""
        ago = said.pop("ago", 60.0)
        self._book.record(f"exemple/essai/{self._sonde}", Beat(AT - ago, **said))
        return (await self._run(self._template, self._sonde, **self._given))[self._sonde]


SAVED = {"exit_code": 0, "size_bytes": 20 * 10**9, "duration_s": 3600.0}


@pytest.mark.parametrize(
    ("profile", "template", "more"),
    [("moselle-fibre", "sauvegarde", {"quota": "40 Go"}), ("mairie-connectee", "sauvegarde-40-go", {})],
)
async def test_a_backup(profile: str, template: str, more: dict[str, Any], run_all: RunAll, shared: Shared) -> None:
    given = {"taille": "10 Go", "duree": "4h", "reserves": [24], **more}
    call = Calls(run_all, shared, template, "sauvegarde", profile=profile, **given)
    assert (await call(**SAVED)).status is Status.OK
    for worse, status in (
        ({"exit_code": 1}, Status.CRITICAL),
        ({"exit_code": 24}, Status.WARNING),
        ({"size_bytes": 0}, Status.CRITICAL),
        ({"size_bytes": 9 * 10**9}, Status.CRITICAL),
        ({"size_bytes": 33 * 10**9}, Status.WARNING),  # 82 % of 40 Go
        ({"size_bytes": 39 * 10**9}, Status.CRITICAL),
        ({"duration_s": 5 * 3600.0}, Status.WARNING),
        ({"ago": 31 * 3600.0}, Status.CRITICAL),
        ({"size_bytes": None}, Status.UNKNOWN),
    ):
        result = await call(**{**SAVED, **worse})
        assert result.status is status, (worse, result.message)


async def test_a_backup_of_which_nothing_is_known_but_that_it_ended(run_all: RunAll, shared: Shared) -> None:
    call = Calls(run_all, shared, "sauvegarde", "sauvegarde")
    assert (await call()).status is Status.OK
    assert (await call(exit_code=24)).status is Status.CRITICAL
    assert (await call(size_bytes=0)).status is Status.CRITICAL


@pytest.mark.parametrize(
    ("profile", "template", "more"),
    [("moselle-fibre", "partage-de-fichiers", {"quota": "5 Go"}), ("mairie-connectee", "partage-de-fichiers-5-go", {})],
)
async def test_a_share_that_is_full(
    profile: str, template: str, more: dict[str, Any], run_all: RunAll, shared: Shared
) -> None:
    call = Calls(run_all, shared, template, "espace", profile=profile, domaine="partage.exemple.fr", **more)
    assert (await call(size_bytes=3 * 10**9)).status is Status.OK
    assert (await call(size_bytes=49 * 10**8)).status is Status.CRITICAL


@pytest.mark.parametrize(("code", "status"), [(0, Status.OK), (1, Status.WARNING), (2, Status.CRITICAL)])
async def test_antivirus(code: int, status: Status, run_all: RunAll, shared: Shared) -> None:
    call = Calls(run_all, shared, "antivirus", "bases")
    assert (await call(exit_code=code)).status is status
    assert (await call(exit_code=code, ago=40 * 3600.0)).status is Status.CRITICAL
