"""`tcp` against real servers, polite and hostile."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from probes.base import Run, Shared, Status, Target
from probes.names import Address, Names
from probes.runner import run
from probes.tcp import PROBE
from tests.integration.probes.one_run import measured, one_run

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """The port of a server that treats each connection so, and closes it."""
    open_now: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        try:
            await handler(reader, writer)
        except OSError:
            pass  # the probe left
        finally:
            writer.transport.abort()
            open_now.discard(writer)

    server = await asyncio.start_server(connected, host, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in list(open_now):
            writer.transport.abort()
        await server.wait_closed()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.exemple.fr ESMTP\r\n")
    await reader.read()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you said " + await reader.readline())
    await reader.read()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_connected(host: str) -> None:
    async with serving(silent, host) as port:
        result = await one_run(PROBE, host, port=port)
    assert result.status is Status.OK, result
    assert result.message.endswith(f"(port {port})")
    assert set(measured(result)) == {"connect_seconds"}


async def test_a_bare_connection_leaves_nothing_in_time_wait() -> None:
    seen = asyncio.Event()

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with pytest.raises(ConnectionResetError):
            await reader.read()
        seen.set()

    async with serving(reset) as port:
        assert (await one_run(PROBE, "127.0.0.1", port=port)).status is Status.OK
        await asyncio.wait_for(seen.wait(), 5)


async def test_a_conversation_is_closed_politely() -> None:
    said = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"ready\n")
        said.set_result(await reader.read())  # to the end, without a reset

    async with serving(listen) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, send=r"QUIT\r\n", expect="ready")
        assert result.status is Status.OK
        assert await asyncio.wait_for(said, 5) == b"QUIT\r\n"


async def test_an_expected_banner() -> None:
    async with serving(banner) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect=r"^220 \S+ ESMTP")
    assert result.status is Status.OK
    assert set(measured(result)) == set(PROBE.measures)


async def test_a_question_and_its_answer() -> None:
    async with serving(echo) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, send=r"d\xc3\xa9j\xc3\xa0\n", expect="you said déjà")
    assert result.status is Status.OK, result


async def test_another_answer() -> None:
    async def farewell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 go\x1b[2J away\r\n")
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with serving(farewell) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="^220 ")
    assert (result.status, result.message) == (Status.CRITICAL, "réponse inattendue : « 554 go·[2J away·· »")
    assert set(measured(result)) == {"connect_seconds"}


async def test_closed_without_a_word() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        await reader.read()

    async with serving(close) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="^220 ")
    assert (result.status, result.message) == (Status.CRITICAL, f"connexion fermée sans réponse (port {port})")


async def test_reset_in_the_middle() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async with serving(reset) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="^220 ")
    assert (result.status, result.message) == (Status.CRITICAL, f"connexion réinitialisée (port {port})")


async def test_refused() -> None:
    with socket.socket() as holder:  # bound, so that nobody else listens there; not listening, so that it refuses
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        result = await one_run(PROBE, "127.0.0.1", port=port)
    assert (result.status, result.message) == (Status.CRITICAL, f"connexion refusée (port {port})")
    assert not result.measurements


async def test_silence_ends_at_the_deadline() -> None:
    async with serving(silent) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="^220 ", timeout_s=0.1)
    assert result.status is Status.CRITICAL
    assert result.message == f"pas de réponse en 100 ms (réponse attendue du port {port})"


async def test_an_endless_answer_is_cut() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with serving(flood) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="never", max_bytes=2048)
    assert result.status is Status.CRITICAL
    assert result.message == f"réponse attendue absente des 2 Kio lus : « {'x' * 60}… »"


async def test_an_answer_byte_by_byte_is_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.tcp._READS", 5)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0)

    async with serving(drip) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="never")
    assert result.status is Status.CRITICAL
    assert result.message.startswith("réponse inattendue : « x")


async def test_a_pattern_that_an_answer_makes_explode_is_given_up() -> None:
    async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"a" * 60 + b"!")
        await reader.read()

    async with serving(bomb) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="^(a+)+$")
    assert result.status is Status.UNKNOWN
    assert result.message == "motif « ^(a+)+$ » trop coûteux : abandonné après 200 ms"


async def test_searches_that_are_each_bearable_are_given_up_together() -> None:
    """An answer that comes byte by byte is searched a thousand times."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"a" * 18 + b"!")
        while not reader.at_eof():
            await asyncio.sleep(0)
            writer.write(b"x")

    async with serving(drip) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="^(a+)+$")
    assert result.status is Status.UNKNOWN
    assert result.message == "motif « ^(a+)+$ » trop coûteux : abandonné après 200 ms"


async def test_a_slow_banner_is_read_whole() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"220 ready":
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()

    async with serving(slow) as port:
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="^220 ready$")
    assert result.status is Status.OK


async def test_thresholds() -> None:
    async with serving(banner) as port:
        limits: dict[str, Any] = {"connect_time": {"warning": "0.001 ms"}, "response_time": {"critical": "0.001 ms"}}
        result = await one_run(PROBE, "127.0.0.1", port=port, expect="220", **limits)
    assert result.status is Status.CRITICAL
    assert result.message.startswith("délai de réponse ")
    assert " ; délai de connexion " in result.message


class _Names(Names):
    """A resolver that knows one name with several addresses."""

    async def find(self, name: str, family: str, timeout_s: float) -> list[Address]:
        return [Address(socket.AF_INET, host) for host in ("127.0.0.9", "127.0.0.8", "127.0.0.1")]


async def test_the_next_address_of_a_name_is_tried() -> None:
    shared = Shared()
    shared._open[Names] = _Names()
    async with serving(silent) as port:
        current = Run(shared=shared, at=0.0, timeout_s=5.0, trace=[])
        target = Target(sonde="commune/equipement/sonde", address="exemple.fr")
        result = await run(PROBE, target, PROBE.settings(port=port), current)
    await shared.close()
    assert result.status is Status.OK
    assert current.trace is not None
    assert [line.partition(":")[0] for line in current.trace[:2]] == ["127.0.0.9", "127.0.0.8"]


async def test_an_address_that_swallows_leaves_time_for_the_next() -> None:
    """A listener whose queue is full drops what comes: the same silence as a firewall's."""
    shared = Shared()
    shared._open[Names] = _Names()
    async with serving(silent) as port:
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.9", port))
            full.listen(0)
            for waiting in (first, second):
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.9", port))
            result = await one_run(PROBE, "exemple.fr", shared, port=port, timeout_s=1.5)
    await shared.close()
    assert result.status is Status.OK, result


async def test_a_name_that_does_not_exist() -> None:
    result = await one_run(PROBE, "nom-qui-n-existe.invalid", port=80)
    assert (result.status, result.message) == (Status.CRITICAL, "nom inconnu du DNS : nom-qui-n-existe.invalid")
