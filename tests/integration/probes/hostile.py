"""Small servers that say exactly what a test wants, however wrong."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listening:
    """A server in the test's own loop, and what it saw."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.requests: list[bytes] = []
        self.open = 0
        self.idle = asyncio.Event()  # set while no connection is open
        self.idle.set()


@contextlib.asynccontextmanager
async def listening(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listening]:
    """Run `handler` for each connection; on leaving, every one of them is over."""
    seen = Listening()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        seen.connections += 1
        seen.open += 1
        seen.idle.clear()
        try:
            await handler(reader, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the probe left, or the test is over
        finally:
            tasks.discard(task)
            writer.transport.abort()
            seen.open -= 1
            if not seen.open:
                seen.idle.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await server.wait_closed()
        async with asyncio.timeout(5):
            await seen.idle.wait()


@contextlib.contextmanager
def nobody_listening() -> Iterator[int]:
    """A port that is taken, so that nobody else can listen there, and on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def answering(*parts: bytes) -> Handler:
    """Read a request's head, then send these bytes and close."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.write_eof()
        await reader.read()  # until the probe has left: a reset would take away what it has not read yet

    return handler


def endless(head: bytes, chunk: bytes) -> Handler:
    """Send `head`, then `chunk` for as long as anybody reads."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(chunk)
            await writer.drain()

    return handler


def silent(*parts: bytes) -> Handler:
    """Send these bytes, then keep the connection open and say nothing."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
        while await reader.read(65536):
            pass

    return handler


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
