"""Walks and values against a real snmpd: every version and cipher, refusals, restarts, what is shared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.base import Run, Shared, Status
from probes.names import Address, literal
from probes.secret import Secret
from probes.snmp.access import SnmpAccess
from probes.snmp.pysnmp_backend import PysnmpBackend
from probes.snmp.walks import Walks
from probes.snmp.words import Peer, SnmpFailureError, read_oid
from tests.integration.probes.running import PATIENCE_S
from tests.integration.probes.snmpd import COMMUNITY, PASSWORD, STORAGE, USERS, Agent, storage
from tests.own_address import ADDRESS, NEIGHBOUR, kept_port

ENTRY = read_oid(STORAGE)
NAME, SIZE = (*ENTRY, 3), (*ENTRY, 5)
UPTIME = read_oid("1.3.6.1.2.1.1.3.0")
STARTS = read_oid("1.3.6.1.6.3.10.2.1.2.0")  # snmpEngineBoots
MINE = "1.3.6.1.4.1.99999"


@pytest.fixture
def agent(tmp_path: Path, port: int, request: pytest.FixtureRequest) -> Iterator[Agent]:
    """It knows the user that the test asks as, if it knows any such."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    user = parameters.get("access", {}).get("user")
    started = Agent(tmp_path, host=ADDRESS, port=port, **({"user": user} if user in USERS else {}))
    started.set(storage(*({"name": f"/srv/{index}", "size": index, "used": 0} for index in range(1, 31))))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def port() -> Iterator[int]:
    """One that agents find free again when they are started anew."""
    with kept_port() as kept:
        yield kept


@pytest.fixture(params=[Walks, lambda: Walks(PysnmpBackend(), PysnmpBackend())], ids=["own", "pysnmp"])
async def walks(request: pytest.FixtureRequest) -> AsyncIterator[Walks]:
    """Every version by our own backends, then by pysnmp's: they pass the same suite."""
    opened = request.param()
    yield opened
    await opened.close()


def peer(agent: Agent, **access: Any) -> Peer:
    if "user" in access:
        access["version"] = 3
    else:
        access.setdefault("community", Secret(COMMUNITY))
    address = literal(agent.host)
    assert isinstance(address, Address)
    return Peer(address, SnmpAccess(port=agent.port, **access))


def current(timeout_s: float = PATIENCE_S, interval_s: float = 60.0) -> Run:
    return Run(shared=Shared(), at=time.time(), timeout_s=timeout_s, trace=[], interval_s=interval_s)


async def names(walks: Walks, of: Peer, sonde: str = "a", run: Run | None = None) -> list[Any]:
    found = await walks.table(of, (NAME, SIZE), run or current(), sonde)
    return [row[0] for row in found.rows.values()]


ACCESSES = [
    {"version": 1},
    {"version": "2c"},
    {"user": "sha-aes128", "auth": "sha", "privacy": "aes128", **PASSWORD},
    {"user": "sha256-aes128", **PASSWORD},
    {"user": "sha512-aes256", "auth": "sha512", "privacy": "aes256", **PASSWORD},
    {"user": "sha224-aes192", "auth": "sha224", "privacy": "aes192", **PASSWORD},
    {"user": "sha384-aes256-cisco", "auth": "sha384", "privacy": "aes256-cisco", **PASSWORD},
    {"user": "sha512-aes192-cisco", "auth": "sha512", "privacy": "aes192-cisco", **PASSWORD},
    {"user": "sha-aes256", "auth": "sha", "privacy": "aes256", **PASSWORD},  # the key is longer than the digest
    {"user": "sha-aes256-cisco", "auth": "sha", "privacy": "aes256-cisco", **PASSWORD},
    {"user": "md5-aes192", "auth": "md5", "privacy": "aes192", **PASSWORD},
    {"user": "md5-des", "auth": "md5", "privacy": "des", **PASSWORD},
    {"user": "auth-sha256", "auth_password": PASSWORD["auth_password"]},
    {"user": "noauth"},
]


@pytest.mark.parametrize("access", ACCESSES, ids=lambda access: str(access.get("user", access.get("version"))))
async def test_every_way_in(access: dict[str, Any], agent: Agent, walks: Walks) -> None:
    found = await walks.table(peer(agent, **access), (NAME, SIZE), current(), "a", (UPTIME, (*ENTRY, 99, 1)))
    assert list(found.rows.values()) == [(f"/srv/{index}".encode(), index) for index in range(1, 31)]
    assert list(found.rows) == [(index,) for index in range(1, 31)]
    assert isinstance(found.scalars[0], int)
    assert found.scalars[1] is None


@pytest.mark.parametrize(
    ("access", "message"),
    [
        ({"user": "personne", **PASSWORD}, "utilisateur SNMP inconnu de l'agent"),
        (
            {"user": "sha256-aes128", **PASSWORD, "auth_password": Secret("pas celui-là")},
            "mot de passe ou procédé d'authentification SNMP refusé",
        ),
        (
            {"user": "sha256-aes128", "auth": "sha512", **PASSWORD},
            "mot de passe ou procédé d'authentification SNMP refusé",
        ),
        (
            {"user": "sha256-aes128", "auth_password": PASSWORD["auth_password"]},
            "lecture refusée par l'agent SNMP (erreur 16)",
        ),
    ],
)
async def test_refusals(access: dict[str, Any], message: str, agent: Agent, walks: Walks) -> None:
    with pytest.raises(SnmpFailureError) as failure:
        await names(walks, peer(agent, **access))
    assert (failure.value.status, failure.value.message) == (Status.CRITICAL, message)


@pytest.mark.parametrize(
    ("access", "doubt"),
    [
        ({"community": Secret("une autre")}, "communauté refusée"),
        ({"user": "sha256-aes128", **PASSWORD, "privacy_password": Secret("pas celui-là")}, "chiffrement refusé"),
        ({"user": "sha256-aes128", "privacy": "aes256", **PASSWORD}, "chiffrement refusé"),
    ],
)
async def test_silence(access: dict[str, Any], doubt: str, agent: Agent, walks: Walks) -> None:
    with pytest.raises(SnmpFailureError, match=doubt) as failure:
        await names(walks, peer(agent, **access), run=current(timeout_s=1.0))
    assert failure.value.status is Status.CRITICAL


async def test_one_user_name_with_two_passwords(agent: Agent, walks: Walks) -> None:
    """Each credential set has an engine of its own: the wrong one never spoils the right one."""
    right = peer(agent, user="sha256-aes128", **PASSWORD)
    wrong = peer(agent, user="sha256-aes128", **PASSWORD, auth="sha384")
    for turn in range(3):
        assert len(await names(walks, right, f"right-{turn}", current(interval_s=0))) == 30
        with pytest.raises(SnmpFailureError):
            await names(walks, wrong, f"wrong-{turn}")


@pytest.mark.parametrize("access", [{}, {"user": "sha256-aes128", **PASSWORD}], ids=["2c", "3"])
@pytest.mark.parametrize("state", ["state", "another"], ids=["restarted", "replaced"])
async def test_an_agent_that_comes_back(access: dict[str, Any], state: str, agent: Agent, walks: Walks) -> None:
    """Restarted: version 3 counts its starts. Replaced: another machine took its address, with another identity."""
    target = peer(agent, **access)
    assert len(await names(walks, target)) == 30
    agent.stop()
    with pytest.raises(SnmpFailureError):
        await names(walks, target, run=current(timeout_s=0.5))
    agent.start(state)
    assert len(await names(walks, target)) == 30
    assert await walks.values(target, (STARTS,), PATIENCE_S) == (2 if state == "state" else 1,)


async def test_machines_copied_from_one_image(tmp_path: Path, walks: Walks, port: int) -> None:
    """Clones have one identity and starts that differ, of which pysnmp keeps one: by turns, one cut, all at once."""
    first = Agent(tmp_path / "first", host=ADDRESS, port=port, starts=3)
    first.start()
    second = Agent(tmp_path / "second", host=NEIGHBOUR, port=port, starts=9)
    second.start()
    try:
        for agent in (first, second):
            agent.set(storage({"name": agent.host, "size": 1, "used": 0}))
        peers = [peer(agent, user="sha256-aes128", **PASSWORD) for agent in (first, second)]
        for turn in range(3):
            for of, agent in zip(peers, (first, second), strict=True):
                assert await names(walks, of, str(turn), current(interval_s=0)) == [agent.host.encode()]
        first.stop()
        with pytest.raises(SnmpFailureError):
            await names(walks, peers[0], run=current(timeout_s=0.5, interval_s=0))
        assert await names(walks, peers[1], run=current(interval_s=0)) == [NEIGHBOUR.encode()]
        first.start()
        asked = (names(walks, of, str(turn), current(interval_s=0)) for turn in range(4) for of in peers)
        assert await asyncio.gather(*asked) == [[ADDRESS.encode()], [NEIGHBOUR.encode()]] * 4
    finally:
        first.stop()
        second.stop()


async def test_views_that_hide_the_table(tmp_path: Path, walks: Walks) -> None:
    hidden = Agent(tmp_path, allowed=".1.3.6.1.2.1.1")
    hidden.set(storage({"name": "/", "size": 1, "used": 0}))
    hidden.start()
    try:
        assert await names(walks, peer(hidden)) == []
        assert await names(walks, peer(hidden, version=1)) == []
    finally:
        hidden.stop()


async def test_values_of_every_kind(agent: Agent, walks: Walks) -> None:
    agent.set(
        {
            f"{MINE}.1.0": ("integer", -5),
            f"{MINE}.2.0": ("counter64", 1 << 40),
            f"{MINE}.3.0": ("string", "déjà"),
            f"{MINE}.4.0": ("ipaddress", "192.0.2.7"),
            f"{MINE}.5.0": ("objectid", ".1.3.6.1"),
            f"{MINE}.6.0": ("gauge", 4_000_000_000),
            f"{MINE}.7.0": ("octet", "00 FF 10"),
        }
    )
    oids = tuple(read_oid(f"{MINE}.{number}.0") for number in (1, 2, 3, 4, 5, 6, 7, 8, 1))
    found = await walks.values(peer(agent), oids, PATIENCE_S)
    assert found == (
        -5,
        1 << 40,
        "déjà".encode(),
        b"192.0.2.7",
        (1, 3, 6, 1),
        4_000_000_000,
        b"\x00\xff\x10",
        None,
        -5,
    )


async def test_version_1_refuses_a_request_for_one_value(agent: Agent, walks: Walks) -> None:
    """noSuchName says which one; the others are asked again."""
    missing = read_oid(f"{MINE}.9.0")
    found = await walks.values(peer(agent, version=1), (missing, UPTIME, (*missing, 1)), PATIENCE_S)
    assert found[0] is None
    assert isinstance(found[1], int)
    assert found[2] is None


async def test_sondes_of_a_host_share_a_walk_and_none_sees_it_twice(agent: Agent, walks: Walks) -> None:
    first, of_b, second, again_b, of_c = [
        await walks.table(peer(agent), (NAME,), current(), sonde) for sonde in ("a", "b", "a", "b", "c")
    ]
    assert of_b is first
    assert second is not first
    assert again_b is second
    assert of_c is second


async def test_a_walk_in_progress_is_shared_too(agent: Agent, walks: Walks) -> None:
    found = await asyncio.gather(*(walks.table(peer(agent), (NAME,), current(), sonde) for sonde in "abcd"))
    assert len({id(table) for table in found}) == 1


async def test_what_is_older_than_the_interval_is_not_shared(agent: Agent, walks: Walks) -> None:
    first = await walks.table(peer(agent), (NAME,), current(), "a")
    assert await walks.table(peer(agent), (NAME,), current(interval_s=0), "b") is not first


async def test_a_run_that_is_cancelled_does_not_end_the_walk_of_others(agent: Agent, walks: Walks) -> None:
    first = asyncio.create_task(walks.table(peer(agent), (NAME,), current(), "a"))
    second = asyncio.create_task(walks.table(peer(agent), (NAME,), current(), "b"))
    await asyncio.sleep(0)
    first.cancel()
    assert len((await second).rows) == 30
    assert first.cancelled() or first.cancelling()


async def test_a_walk_that_failed_is_not_given_to_those_who_come_later(agent: Agent, walks: Walks) -> None:
    agent.stop()
    with pytest.raises(SnmpFailureError):
        await names(walks, peer(agent), "a", current(timeout_s=0.5))
    agent.start()
    assert len(await names(walks, peer(agent), "b")) == 30


async def test_closing_ends_what_is_in_progress(agent: Agent) -> None:
    opened = Walks()
    waiting = asyncio.create_task(opened.table(peer(agent), (NAME,), current(), "a"))
    await asyncio.sleep(0)
    await opened.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
