"""Whoever can reach the daemon's doors may do as he pleases: checks go on, and nothing secret is told."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.acceptance.daemon import Daemon, Installation, until
from tests.acceptance.targets import Targets, tcp

CLIENTS = 400
DESCRIPTORS = 1024
PASSWORD = "motDePasse+très/secret=1234"
Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def many_descriptors() -> Iterator[None]:
    """Room for the sockets of so many clients in this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def open_files(daemon: Daemon) -> int:
    """Descriptors of the daemon."""
    return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))


async def metrics(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A polite scrape."""
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: v\r\nConnection: close\r\n\r\n")
    await reader.read()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """No HTTP at all."""
    writer.write(random.Random(7).randbytes(5000))
    await reader.read()


async def huge_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A header that does not end."""
    writer.write(b"GET / HTTP/1.1\r\nX-Endless: ")
    for _ in range(50):
        writer.write(b"x" * 10_000)
        await writer.drain()
    await reader.read()


async def huge_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A form larger than any call."""
    writer.write(
        b"POST /beat/aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: v\r\nContent-Length: 100000000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    for _ in range(50):
        writer.write(b"a=" + b"x" * 10_000 + b"&")
        await writer.drain()
    await reader.read()


async def half_open(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins, and stays."""
    writer.write(b"GET /metrics HT")
    await asyncio.sleep(600)


async def command_garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What no command of ours sends."""
    for said in (b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"{}\n", b'{"command": []}\n', b'{"command": "shutdown"}\n'):
        writer.write(said)
    await reader.read()


async def endless_command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A line that does not end."""
    for _ in range(300):
        writer.write(b"x" * 10_000)
        await writer.drain()
    await reader.read()


async def broken_import(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A history that stops in the middle of a line, of somebody who leaves."""
    writer.write(b'{"command": "import", "name": "h"}\n{"t": "2026-03-0')
    await writer.drain()


async def keep_at_it(
    connect: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]], do: Attack
) -> None:
    """Again and again."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await connect()
            try:
                await do(reader, writer)
            finally:
                writer.transport.abort()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def storm(place: Installation, daemon: Daemon) -> AsyncIterator[None]:
    """All of them at once, for as long as the block lasts."""
    over_tcp = lambda: asyncio.open_connection("127.0.0.1", daemon.port)  # noqa: E731
    over_unix = lambda: asyncio.open_unix_connection(place.control)  # noqa: E731
    tcp_attacks = [metrics, garbage, huge_header, huge_body, half_open]
    unix_attacks = [command_garbage, endless_command, broken_import, half_open]
    clients = [keep_at_it(over_tcp, tcp_attacks[n % 5]) for n in range(CLIENTS * 3 // 4)]
    clients += [keep_at_it(over_unix, unix_attacks[n % 4]) for n in range(CLIENTS // 4)]
    tasks = [asyncio.create_task(client) for client in clients]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def completed(daemon: Daemon) -> float:
    """Checks so far, through the door that everybody else is hammering."""
    return daemon.metrics().total("vigie_checks_total")


async def test_checks_go_on_in_a_storm(place: Installation, world: Targets) -> None:
    port = world.answering()
    place.write(a=[tcp(f"s{n}", port) for n in range(50)])
    with many_descriptors(), place.running() as daemon:
        await asyncio.to_thread(until, lambda: set(daemon.statuses().values()) == {0.0}, "all well")
        quiet = open_files(daemon)
        async with storm(place, daemon):
            for _ in range(3):
                before = await asyncio.to_thread(completed, daemon)
                await asyncio.to_thread(until, lambda b=before: completed(daemon) > b + 100, "checks go on", 90)
            done = await asyncio.to_thread(place.vigie, "reload")
            assert done.returncode == 0, done.stderr
        await asyncio.to_thread(until, lambda: open_files(daemon) <= quiet + 5, "what they held is given back")
        assert daemon.get("/readyz") == (200, "ok\n")
        await asyncio.to_thread(until, lambda: set(daemon.statuses().values()) == {0.0}, "all well")
        # Unless the machine did not let it run for seconds, all of its checks count.
        seen = {"ok"} if daemon.metrics().value("vigie_time_breaks_total") == 0 else {"ok", "unknown"}
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
        assert "Unhandled" not in daemon.log()
    assert {row[3] for row in place.intervals()} <= seen


def test_connections_that_stay_open_raise_no_false_alarm(place: Installation, world: Targets) -> None:
    port = world.answering()
    place.write(a=[tcp(f"s{n}", port) for n in range(50)])
    few = ["sh", "-c", f'ulimit -S -n {DESCRIPTORS} && exec "$@"', "sh"]  # as systemd does by default
    with many_descriptors(), place.start(prefix=few) as daemon, contextlib.ExitStack() as held:
        daemon.wait_ready()
        until(lambda: set(daemon.statuses().values()) == {0.0}, "all well")
        for _ in range(DESCRIPTORS + 200):
            client = held.enter_context(socket.socket())
            client.setblocking(False)  # the last ones are not accepted
            client.connect_ex(("127.0.0.1", daemon.port))
        covered = "select min(last_at) from coverage"
        before = place.rows(covered)[0][0]
        until(lambda: place.rows(covered)[0][0] > before + 6, "checks go on")
        held.close()
        until(lambda: daemon.get("/readyz") == (200, "ok\n"), "it answers again")
        until(lambda: set(daemon.statuses().values()) == {0.0}, "all well again")
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
    # Without a descriptor left nothing can be checked, which says nothing of the targets.
    assert {row[3] for row in place.intervals()} <= {"ok", "unknown"}


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that gives back, everywhere it can, what it was told."""
    head = await reader.readuntil(b"\r\n\r\n")
    login = next((line[14:].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"authorization:")), b"")
    clear = base64.b64decode(login.partition(b" ")[2])
    body = b"\n".join([login, clear, head])
    writer.write(
        b"HTTP/1.1 500 " + login + b" " + clear.decode().encode("latin-1", "replace") + b"\r\nX-Echo: " + login
        + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n" + body
    )  # fmt: skip
    await writer.drain()


def test_a_password_is_told_nowhere(place: Installation, world: Targets) -> None:
    port = world.serve(echo)
    url = f"http://127.0.0.1:{port}/"
    login = {"user": "sonde", "password": {"env": "SITE_PASSWORD"}}
    common = {"type": "http", "url": url, "interval": "1s", "attempts": 1, "basic": login}
    place.write(
        a=[
            {"id": "statut", **common},
            {"id": "corps", **common, "status": "100-599", "contains": "absent"},
            {"id": "json", **common, "status": "100-599", "json": {"a": 1}},
            {"id": "entete", **common, "status": "100-599", "response_headers": {"X-Echo": "^absent"}},
        ]
    )
    environment = {"SITE_PASSWORD": PASSWORD}
    encoded = base64.b64encode(f"sonde:{PASSWORD}".encode()).decode()
    with place.start(environment, arguments=["--log-level", "debug"]) as daemon:
        daemon.wait_ready()
        daemon.wait_statuses({f"a/e/{name}": 2 for name in ("statut", "corps", "json", "entete")})
        told = [daemon.get("/")[1], daemon.get("/metrics")[1]]
        probed = [
            place.vigie("probe", f"a/e/{n}", environment=environment) for n in ("statut", "corps", "json", "entete")
        ]
        told += [text for done in probed for text in (done.stdout, done.stderr)]
        assert daemon.stop() == 0
        told.append(daemon.log())
    told.append(json.dumps(place.history(), ensure_ascii=False))
    told.append(place.database.read_bytes().decode("latin-1"))
    for text in told:
        assert PASSWORD not in text
        assert encoded not in text
        assert PASSWORD.encode().decode("latin-1") not in text
