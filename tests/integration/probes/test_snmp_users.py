"""Version 3 against agents that forge, repeat, forget and refuse: only who knows the password is believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from probes.base import Status
from probes.names import Address, literal
from probes.secret import Secret
from probes.snmp import usm
from probes.snmp.access import SnmpAccess
from probes.snmp.user_backend import UserBackend
from probes.snmp.usm import REPORT, Keys, Message, Stamp
from probes.snmp.wire import OCTETS, RESPONSE, SEQUENCE, element, encode_oid, integer
from probes.snmp.words import ErrorStatusError, Oid, Peer, SnmpFailureError

OID = (1, 3, 6, 1, 4, 1, 99999, 1, 0)
STATISTICS = (1, 3, 6, 1, 6, 3, 15, 1, 1)
NOBODY = Keys("sha256", b"", b"")
ACCESS = SnmpAccess(
    version=3, user="vigie", auth_password=Secret("authentifie"), privacy_password=Secret("chiffre-moi")
)
ENGINE = b"\x80\x00\x1f\x88\x80essai"


def pdu(number: int, value: bytes, oid: Oid = OID, kind: int = RESPONSE, status: int = 0) -> bytes:
    binding = element(SEQUENCE, element(SEQUENCE, encode_oid(oid) + value))
    return element(kind, integer(number) + integer(status) + integer(1 if status else 0) + binding)


class Agent:
    """One that knows the password, and may be told to do otherwise."""

    def __init__(self, engine: bytes = ENGINE, boots: int = 3, seconds: int = 1000) -> None:
        self.stamp = Stamp(engine, boots, seconds)
        self.keys = usm.keys_for(usm.passwords(ACCESS), ACCESS, engine)
        self.heard: list[Message] = []
        self.say: Callable[[Agent, int, Message], Sequence[bytes]] = Agent.honest

    def hear(self, data: bytes) -> Sequence[bytes]:
        number, message = usm.read(data)
        self.heard.append(message)
        if message.stamp.engine != self.stamp.engine:
            return [self.report(number, 4)]
        return self.say(self, number, message)

    def honest(self, number: int, _message: Message) -> Sequence[bytes]:
        return [self.answer(number)]

    def answer(self, number: int, value: int = 42, **more: Any) -> bytes:
        told = {"stamp": self.stamp, "user": b"vigie", "keys": self.keys, "request": number, "status": 0, **more}
        carried = pdu(told["request"], integer(value), status=told["status"])
        return usm.write(number, told["stamp"], told["user"], told["keys"], b"", carried, 99)

    def report(self, number: int, counter: int, keys: Keys = NOBODY, oid: Oid = STATISTICS) -> bytes:
        carried = pdu(number, integer(1), (*oid, counter, 0), kind=REPORT)
        return usm.write(number, self.stamp, b"", keys, b"", carried, 98)


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        assert self._transport is not None
        for said in self._agent.hear(data):
            self._transport.sendto(said, address)


@asynccontextmanager
async def serving(agent: Agent) -> AsyncIterator[Peer]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(agent), local_addr=("127.0.0.1", 0))
    address = literal("127.0.0.1")
    assert isinstance(address, Address)
    access = replace(ACCESS, port=transport.get_extra_info("sockname")[1])
    try:
        yield Peer(address, access)
    finally:
        transport.close()


@pytest.fixture
async def backend() -> AsyncIterator[UserBackend]:
    opened = UserBackend()
    yield opened
    await opened.close()


async def value(backend: UserBackend, peer: Peer, timeout_s: float = 10.0) -> Any:
    ((oid, found),) = await backend.get(peer, (OID,), timeout_s)
    assert oid == OID
    return found


async def failure(backend: UserBackend, peer: Peer, timeout_s: float = 10.0) -> str:
    with pytest.raises(SnmpFailureError) as raised:
        await value(backend, peer, timeout_s)
    assert raised.value.status is Status.CRITICAL
    return raised.value.message


async def test_it_is_met_once_and_then_asked(backend: UserBackend) -> None:
    agent = Agent()
    async with serving(agent) as peer:
        assert [await value(backend, peer) for _ in range(3)] == [42] * 3
    assert [message.stamp.engine for message in agent.heard] == [b"", ENGINE, ENGINE, ENGINE]
    assert all(message.signed and message.encrypted for message in agent.heard[1:])
    assert len({message.salt for message in agent.heard[1:]}) == 3


WRONG = usm.keys_for(usm.passwords(ACCESS)._replace(signing=b"another"), ACCESS, ENGINE)
FORGERIES: dict[str, Callable[[Agent, int], bytes]] = {
    "unsigned": lambda agent, number: agent.answer(number, 666, keys=NOBODY),
    "signed by another": lambda agent, number: agent.answer(number, 666, keys=WRONG),
    "signed and in clear": lambda agent, number: agent.answer(number, 666, keys=agent.keys._replace(ciphering=b"")),
    "of another request": lambda agent, number: agent.answer(number, 666, request=number ^ 1),
    "of another user": lambda agent, number: agent.answer(number, 666, user=b"admin"),
    "of another agent": lambda agent, number: agent.answer(number, 666, stamp=Stamp(b"another one", 3, 1000)),
    "under another number": lambda agent, number: agent.answer(number ^ 1, 666),
    "cut short": lambda agent, number: agent.answer(number, 666)[:40],
    "changed on the way": lambda agent, number: agent.answer(number, 666)[:-1] + b"\0",
    "noise": lambda _agent, _number: bytes(range(256)),
    "version 2c": lambda _agent, number: element(
        SEQUENCE, integer(1) + element(OCTETS, b"public") + pdu(number, integer(666))
    ),
    "a request sent back": lambda agent, _number: agent.heard[-1].data,
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_what_is_forged_is_not_believed(name: str, backend: UserBackend) -> None:
    agent = Agent()
    agent.say = lambda agent, number, _: [FORGERIES[name](agent, number), agent.answer(number)]
    async with serving(agent) as peer:
        assert await value(backend, peer) == 42
        agent.say = lambda agent, number, _: [FORGERIES[name](agent, number)]
        said = await failure(backend, peer, 0.3)
    assert said.startswith(("aucune réponse SNMP", "réponses SNMP illisibles"))


async def test_a_recording_is_not_believed(backend: UserBackend) -> None:
    agent = Agent()
    recorded: list[bytes] = []

    def record(agent: Agent, number: int, _message: Message) -> Sequence[bytes]:
        recorded.append(agent.answer(number, 666 if not recorded else 42))
        return recorded  # the first one comes before each of the others

    agent.say = record
    async with serving(agent) as peer:
        assert [await value(backend, peer) for _ in range(3)] == [666, 42, 42]


@pytest.mark.parametrize(
    ("counter", "message"),
    [
        (1, "niveau de sécurité SNMP refusé par l'agent"),
        (2, "horloge SNMP de l'agent incohérente (démarrages répétés ?)"),
        (3, "utilisateur SNMP inconnu de l'agent"),
        (4, "identité SNMP de l'agent incohérente"),
        (5, "mot de passe ou procédé d'authentification SNMP refusé"),
        (6, "mot de passe ou procédé de chiffrement SNMP refusé"),
        (9, "échange SNMP refusé par l'agent"),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
async def test_refusals_end(counter: int, message: str, signed: bool, backend: UserBackend) -> None:
    agent = Agent()
    keys = agent.keys._replace(ciphering=b"") if signed else NOBODY
    agent.say = lambda agent, number, _: [agent.report(number, counter, keys)]
    async with serving(agent) as peer:
        assert await failure(backend, peer) == message
        assert len(agent.heard) <= 6  # it is not asked for ever
        agent.say = Agent.honest
        assert await value(backend, peer) == 42


async def test_a_context_that_the_agent_does_not_have(backend: UserBackend) -> None:
    agent = Agent()
    agent.say = lambda agent, number, _: [
        usm.write(number, agent.stamp, b"vigie", agent.keys, b"",
                  pdu(number, integer(1), (1, 3, 6, 1, 6, 3, 12, 1, 5, 0), kind=REPORT), 98)
    ]  # fmt: skip
    async with serving(agent) as peer:
        assert await failure(backend, peer) == "contexte SNMP inconnu de l'agent"


@pytest.mark.parametrize(
    ("boots", "seconds"), [(4, 5), (3, 5), (0, 0), (3, 2_000_000)], ids=["restarted", "set back", "forgetful", "ahead"]
)
async def test_an_agent_whose_clock_moved(boots: int, seconds: int, backend: UserBackend) -> None:
    """Restarted, or one of those that cannot count their starts: it says what time it has, and is asked again."""
    agent = Agent()

    def strict(agent: Agent, number: int, message: Message) -> Sequence[bytes]:
        there, here = message.stamp, agent.stamp
        if there.boots != here.boots or abs(there.time - here.time) > 150:
            return [agent.report(number, 2, agent.keys._replace(ciphering=b""))]
        return [agent.answer(number)]

    agent.say = strict
    async with serving(agent) as peer:
        assert await value(backend, peer) == 42
        agent.stamp = Stamp(ENGINE, boots, seconds)
        assert await value(backend, peer) == 42
        assert len(agent.heard) == 4  # the identity was known: it was not asked again


async def test_an_error_of_the_request(backend: UserBackend) -> None:
    agent = Agent()
    agent.say = lambda agent, number, _: [agent.answer(number, status=16)]
    async with serving(agent) as peer:
        with pytest.raises(ErrorStatusError) as raised:
            await value(backend, peer)
    assert (raised.value.code, raised.value.index) == (16, 1)


@pytest.mark.parametrize(
    "stamp", [Stamp(b"", 0, 0), Stamp(b"abc", 0, 0), Stamp(ENGINE, -1, 0), Stamp(ENGINE, 0, 1 << 40)]
)
async def test_an_identity_that_makes_no_sense_is_none(stamp: Stamp, backend: UserBackend) -> None:
    agent = Agent()
    agent.stamp = stamp
    agent.hear = lambda data: [agent.report(usm.read(data)[0], 4)]  # type: ignore[method-assign]
    async with serving(agent) as peer:
        assert (await failure(backend, peer, 0.3)).startswith("aucune réponse SNMP")
