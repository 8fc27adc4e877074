"""What agents that are broken, slow or hostile bring a walk to: a failure that says why, in time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from probes.base import Run, Shared, Status
from probes.names import Address, literal
from probes.secret import Secret
from probes.snmp.access import SnmpAccess
from probes.snmp.community_backend import CommunityBackend
from probes.snmp.pysnmp_backend import PysnmpBackend
from probes.snmp.walks import Table, Walks
from probes.snmp.words import Peer, SnmpFailureError
from tests.integration.probes.fake_agent import Handler, Request, agent, integer, tlv
from tests.integration.probes.namespace import Namespace
from tests.integration.probes.snmpd import COMMUNITY

COLUMN = (1, 3, 6, 1, 4, 1, 99999, 1)
END = tlv(0x82, b"")


@pytest.fixture(params=[CommunityBackend, PysnmpBackend], ids=["own", "pysnmp"])
async def walks(request: pytest.FixtureRequest) -> AsyncIterator[Walks]:
    """Versions 1 and 2c by either backend: they pass the same suite. Version 3 is always pysnmp's."""
    opened = Walks(request.param())
    yield opened
    await opened.close()


def peer(port: int, host: str = "127.0.0.1", **access: Any) -> Peer:
    address = literal(host)
    assert isinstance(address, Address)
    return Peer(address, SnmpAccess(port=port, community=Secret(COMMUNITY), **access))


async def walk(walks: Walks, of: Peer, timeout_s: float = 5.0, *columns: tuple[int, ...]) -> Table:
    run = Run(shared=Shared(), at=time.time(), timeout_s=timeout_s)
    return await walks.table(of, columns or (COLUMN,), run, "a")


async def failure(walks: Walks, handler: Handler, timeout_s: float = 5.0) -> SnmpFailureError:
    async with agent(handler) as port:
        with pytest.raises(SnmpFailureError) as raised:
            await walk(walks, peer(port), timeout_s)
    return raised.value


def rows(request: Request, last: int, limit: int = 1000) -> list[tuple[tuple[int, ...], bytes]]:
    """A table of `last` rows, as an honest agent would go on with it."""
    found: list[tuple[tuple[int, ...], bytes]] = []
    places = [oid[len(COLUMN)] if len(oid) > len(COLUMN) else 0 for oid in request.oids]
    for step in range(1, max(1, request.repetitions) + 1):
        for oid, place in zip(request.oids, places, strict=True):
            row = place + step
            column = oid[: len(COLUMN)]
            found.append(((*column, row), integer(row)) if row <= last else (column, END))
    return found[:limit]


async def test_answers_cut_anywhere(walks: Walks) -> None:
    """An agent fits what it can in a datagram: rows come in halves."""
    other = (*COLUMN[:-1], 2)

    def stingy(request: Request) -> Sequence[bytes]:
        return [request.answer(*rows(request, 12, limit=3))]

    async with agent(stingy) as port:
        table = await walk(walks, peer(port), 5.0, COLUMN, other)
    assert table.rows == {(row,): (row, row) for row in range(1, 13)}


async def test_too_big_is_asked_again_in_smaller_parts(walks: Walks) -> None:
    asked = []

    def narrow(request: Request) -> Sequence[bytes]:
        asked.append(request.repetitions)
        return [request.answer(error=1) if request.repetitions > 3 else request.answer(*rows(request, 5))]

    async with agent(narrow) as port:
        table = await walk(walks, peer(port))
    assert len(table.rows) == 5
    assert asked == [10, 5, 2, 2, 2]


async def test_the_second_walk_takes_one_request(walks: Walks) -> None:
    asked = []

    def honest(request: Request) -> Sequence[bytes]:
        asked.append(request.repetitions)
        return [request.answer(*rows(request, 13))]

    async with agent(honest) as port:
        for _ in range(2):
            assert len((await walk(walks, peer(port))).rows) == 13
    assert asked == [10, 10, 14]


async def test_a_lost_datagram_is_no_finding(walks: Walks) -> None:
    seen = []

    def lossy(request: Request) -> Sequence[bytes]:
        seen.append(request.id)
        return [] if len(seen) == 1 else [request.answer(*rows(request, 1))]

    async with agent(lossy) as port:
        assert len((await walk(walks, peer(port), 2.0)).rows) == 1
    assert len(seen) == 2


async def test_an_agent_that_goes_round_in_circles(walks: Walks) -> None:
    found = await failure(
        walks, lambda request: [request.answer(((*COLUMN, 1), integer(1)), ((*COLUMN, 1), integer(1)))]
    )
    assert found.message == "agent SNMP incohérent : il tourne en rond après 1.3.6.1.4.1.99999.1.1"


async def test_a_table_without_end(walks: Walks) -> None:
    found = await failure(walks, lambda request: [request.answer(*rows(request, 1 << 30))], 30.0)
    assert found.message == "table SNMP de plus de 2000 lignes"


async def test_an_empty_answer(walks: Walks) -> None:
    assert (await failure(walks, lambda request: [request.answer()])).message == "réponse SNMP vide"


@pytest.mark.parametrize("code", [1, 2, 5, 13, 99])
async def test_errors(code: int, walks: Walks) -> None:
    found = await failure(walks, lambda request: [request.answer(error=code)])
    assert found.message == f"lecture refusée par l'agent SNMP (erreur {code})"


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30" * 1000,
        b"\x30\x80" * 500,
        bytes(65000),
        tlv(0x30, integer(1) + tlv(4, b"x")),
        tlv(0x30, integer(7) + tlv(4, b"x") + tlv(0xA2, b"")),
    ],
    ids=["empty", "http", "length", "nested", "indefinite", "zeros", "cut", "version"],
)
async def test_noise(noise: bytes, walks: Walks, caplog: pytest.LogCaptureFixture) -> None:
    found = await failure(walks, lambda request: [noise], 0.4)
    assert found.status is Status.CRITICAL
    assert found.message.startswith(("réponses SNMP illisibles (port ", "aucune réponse SNMP du port "))
    assert caplog.records == []  # each would be a traceback, three times a check


async def test_noise_before_the_answer(walks: Walks) -> None:
    def noisy(request: Request) -> Sequence[bytes]:
        return [b"\x30\x03\x02\x01", request.answer(*rows(request, 9), identifier=request.id + 1),
                request.answer(*rows(request, 2))]  # fmt: skip

    async with agent(noisy) as port:
        assert len((await walk(walks, peer(port))).rows) == 2


def beyond(request: Request) -> Sequence[bytes]:
    """Some agents send a size beyond 2^31 as a positive INTEGER, which has no such value."""
    return [request.answer(((*COLUMN, 1), integer(3 << 30)), ((*COLUMN, 2), END))]


async def test_a_number_out_of_its_range_is_read() -> None:
    walks = Walks()
    async with agent(beyond) as port:
        table = await walk(walks, peer(port))
    await walks.close()
    assert table.rows == {(1,): (3 << 30,)}


async def test_pysnmp_does_not_read_it_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """Asked by itself: the deadline of a walk may come before pysnmp gives up, on a busy machine."""
    backend = PysnmpBackend()
    async with agent(beyond) as port:
        with pytest.raises(SnmpFailureError, match="réponses SNMP illisibles"):
            await backend.next(peer(port), (COLUMN,), 2, 0.3)
    await backend.close()
    assert caplog.records == []


async def test_another_machine_that_answers_in_its_place(walks: Walks) -> None:
    """The right identifier, from another port."""

    async with agent(lambda request: []) as port:
        with pytest.raises(SnmpFailureError, match="aucune réponse"):
            await walk(walks, peer(port), 0.5)


async def test_over_ipv6(walks: Walks) -> None:
    async with agent(lambda request: [request.answer(*rows(request, 3))], "::1") as port:
        assert len((await walk(walks, peer(port, "::1"))).rows) == 3


async def test_floats_of_net_snmp(walks: Walks) -> None:
    values = [
        tlv(0x44, bytes.fromhex("9f780442c80000")),
        tlv(0x44, bytes.fromhex("9f7908405e000000000000")),
        tlv(0x44, b"\1"),
    ]

    def floats(request: Request) -> Sequence[bytes]:
        return [request.answer(*((oid, value) for oid, value in zip(request.oids, values, strict=True)))]

    async with agent(floats) as port:
        oids = tuple((*COLUMN, number) for number in range(3))
        assert await walks.values(peer(port), oids, 5) == (100.0, 120.0, b"\1")


def test_no_route_says_nothing_of_the_agent() -> None:
    namespace = Namespace()

    async def scenario() -> SnmpFailureError:
        walks = Walks()
        try:
            with pytest.raises(SnmpFailureError) as raised:
                await walk(walks, peer(161, "192.0.2.1"), 1.0)
            return raised.value
        finally:
            await walks.close()

    try:
        found = namespace.play(scenario)
    finally:
        namespace.close()
    assert (found.status, found.message) == (Status.UNKNOWN, "réseau injoignable depuis le superviseur")
