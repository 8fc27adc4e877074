"""Targets on loopback for the real daemon: one that answers, one that refuses, one that is silent, one that changes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 60.0  # the thread may have to wait for the machine
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Targets:
    """Servers in a thread with an event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="targets")
        self._servers: list[asyncio.AbstractServer] = []
        self._held: list[socket.socket] = []
        self._connections: set[asyncio.StreamWriter] = set()
        self.says = b"up\n"  # what `changing` answers

    def start(self) -> None:
        """Run the loop."""
        self._thread.start()

    def close(self) -> None:
        """Stop everything."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for held in self._held:
            held.close()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        for writer in list(self._connections):
            writer.transport.abort()
        await asyncio.sleep(0)

    def serve(self, handler: Serve, port: int = 0) -> int:
        """A server; gives its port."""

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._connections.add(writer)
            try:
                with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                    await handler(reader, writer)
            finally:
                self._connections.discard(writer)
                writer.close()

        async def listen() -> int:
            server = await asyncio.start_server(one, "127.0.0.1", port, backlog=4096)
            self._servers.append(server)
            return int(server.sockets[0].getsockname()[1])

        return asyncio.run_coroutine_threadsafe(listen(), self._loop).result(PATIENCE_S)

    def answering(self) -> int:
        """Accepts, and closes."""

        async def accept(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            return

        return self.serve(accept)

    def changing(self) -> int:
        """Says `self.says`."""

        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(self.says)
            await writer.drain()

        return self.serve(answer)

    def flapping(self, period: int) -> int:
        """Says "up" to so many callers, "down" to the next so many, and so on."""
        calls = 0

        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal calls
            calls += 1
            writer.write(b"down\n" if calls // period % 2 else b"up\n")
            await writer.drain()

        return self.serve(answer)

    def silent(self) -> int:
        """Accepts, then never says anything."""

        async def hold(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read()

        return self.serve(hold)

    def refusing(self) -> int:
        """A port that is taken and on which nobody listens."""
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        self._held.append(held)
        return int(held.getsockname()[1])


@contextmanager
def targets() -> Iterator[Targets]:
    """Servers that are stopped at the end."""
    made = Targets()
    made.start()
    try:
        yield made
    finally:
        made.close()


def tcp(name: str, port: int, **keys: object) -> dict[str, object]:
    """A `tcp` sonde every second.

    It has a second to connect, which the kernel answers; one that expects an answer waits for a thread of the test's
    process, and where a false alarm would matter it is to be given a longer interval.
    """
    return {"id": name, "type": "tcp", "port": port, "interval": "1s", "attempts": 1, **keys}
