"""Names against the system's own resolver, and what its failures say of the target."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from probes import names
from probes.base import Status
from probes.names import Address, NameFailureError, Names, literal
from tests.integration.probes.running import PATIENCE_S, until


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", Address(socket.AF_INET, "192.0.2.1")),
        ("2001:DB8:0:0::1", Address(socket.AF_INET6, "2001:db8::1")),
        ("mairie.fr", None),
        ("192.0.2", None),
        ("", None),
        ("fe80::1%eth0", None),
    ],
)
def test_literals(text: str, address: Address | None) -> None:
    assert literal(text) == address


def test_sockets_want_a_scope_only_for_ipv6() -> None:
    assert Address(socket.AF_INET, "192.0.2.1").at(80) == ("192.0.2.1", 80)
    assert Address(socket.AF_INET6, "fe80::1", 3).at(80) == ("fe80::1", 80, 0, 3)


@pytest.fixture
async def resolver() -> AsyncIterator[Names]:
    made = Names.open()
    yield made
    await made.close()


async def test_an_address_needs_no_thread(resolver: Names) -> None:
    before = set(threading.enumerate())  # some of them may end meanwhile
    assert await resolver.find("192.0.2.1", "any", 1) == [Address(socket.AF_INET, "192.0.2.1")]
    assert set(threading.enumerate()) <= before


async def test_hosts_file(resolver: Names) -> None:
    assert Address(socket.AF_INET, "127.0.0.1") in await resolver.find("localhost", "ipv4", PATIENCE_S)


async def test_a_link_local_address_keeps_its_interface(resolver: Names) -> None:
    (address,) = await resolver.find("fe80::1%lo", "any", PATIENCE_S)
    assert address == Address(socket.AF_INET6, "fe80::1", socket.if_nametoindex("lo"))


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), Status.CRITICAL, "nom inconnu du DNS : mairie.fr"),
        (socket.gaierror(socket.EAI_NODATA, ""), Status.CRITICAL, "le nom mairie.fr n'a pas d'adresse IPv6"),
        (
            socket.gaierror(socket.EAI_AGAIN, ""),
            Status.UNKNOWN,
            "résolution du nom mairie.fr impossible (résolveur du superviseur)",
        ),
        (UnicodeError("label too long"), Status.UNKNOWN, "nom impossible à résoudre : mairie.fr"),
    ],
)
async def test_failures(
    resolver: Names, monkeypatch: pytest.MonkeyPatch, error: Exception, status: Status, message: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(NameFailureError) as raised:
        await resolver.find("mairie.fr", "ipv6", PATIENCE_S)
    assert (raised.value.status, raised.value.message) == (status, message)


class SlowResolver:
    """The system's resolver, made to wait for the test."""

    def __init__(self) -> None:
        self.answer_now = threading.Event()
        self.asked: list[str] = []

    def __call__(self, name: str, *arguments: object, **options: object) -> list[object]:
        self.asked.append(name)
        self.answer_now.wait(PATIENCE_S)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowResolver]:
    made = SlowResolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.answer_now.set()


async def test_one_lookup_serves_all_who_wait_and_those_who_come_after(resolver: Names, slow: SlowResolver) -> None:
    waiting = [asyncio.create_task(resolver.find("mairie.fr", "any", PATIENCE_S)) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    slow.answer_now.set()
    found = await asyncio.gather(*waiting[1:])
    assert found == [[Address(socket.AF_INET, "192.0.2.1")]] * 4
    assert await resolver.find("mairie.fr", "any", PATIENCE_S) == found[0]
    assert slow.asked == ["mairie.fr"]


async def test_an_answer_is_asked_again_after_a_while(
    resolver: Names, slow: SlowResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "KEEP_S", 0.0)
    slow.answer_now.set()
    for _ in range(2):
        await resolver.find("mairie.fr", "any", PATIENCE_S)
    assert slow.asked == ["mairie.fr"] * 2


async def test_a_resolver_that_hangs_is_not_the_targets_fault_and_holds_few_threads(
    resolver: Names, slow: SlowResolver
) -> None:
    async def fail(name: str) -> NameFailureError:
        with pytest.raises(NameFailureError) as raised:
            await resolver.find(name, "any", 0.1)
        return raised.value

    failures = await asyncio.gather(*(fail(f"commune-{n}.fr") for n in range(40)))
    assert {failure.status for failure in failures} == {Status.UNKNOWN}
    assert failures[0].message == "résolution du nom commune-0.fr : pas de réponse du résolveur"
    await until(lambda: len(slow.asked) >= names.WORKERS)  # each by a thread of its own, which begins when it may
    assert len(slow.asked) == names.WORKERS


async def test_an_answer_that_comes_when_all_is_closed_is_dropped(slow: SlowResolver) -> None:
    resolver = Names.open()
    waiting = asyncio.create_task(resolver.find("mairie.fr", "any", PATIENCE_S))
    await asyncio.sleep(0)
    waiting.cancel()
    await resolver.close()
    slow.answer_now.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
