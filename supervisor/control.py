"""The control socket: how a command speaks to the daemon that runs.

A Unix socket that only the daemon's user (and root) may open. The client sends one line of JSON, then for an import
the file itself; the daemon answers lines of JSON: any number of `{"progress": …}`, then one `{"done": …}` or
`{"error": …, "status": 2}`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from supervisor.errors import VigieError

LINE_LIMIT = 1 << 20
# Commands served at the same time (the sondes need descriptors too), and how long one may say nothing.
MOST_CLIENTS = 256
SILENT_FOR_S = 60.0
# A command that the daemon had no room for is said again: nothing of it was done. So often, with that pause between.
BUSY_TRIES = 60
BUSY_PAUSE_S = 0.5
Answer = dict[str, Any]
Tell = Callable[[Answer], Awaitable[None]]

# Serves one command: `Tell` sends progress, the value returned is the answer, a VigieError is a refusal.
Handler = Callable[[Answer, AsyncIterator[bytes], Tell], Awaitable[Answer]]

log = logging.getLogger(__name__)


class ControlServer:
    """Listens for commands as long as the daemon runs."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = handlers
        self._server: asyncio.AbstractServer | None = None
        self._clients = 0

    async def start(self) -> None:
        """Open the socket. The database's lock says that no other daemon runs: a socket that is there is a leftover."""
        before = os.umask(0o177)
        try:
            if self._path.is_socket():  # anything else of that name is somebody's file
                self._path.unlink()
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LINE_LIMIT)
        except OSError as error:
            raise VigieError(
                f"{self._path}: the control socket cannot be opened ({error.strerror or error}); "
                "set `control:` to a shorter path in a directory that Vigie may write"
            ) from None
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def tell(answer: Answer) -> None:
            writer.write(json.dumps(answer).encode() + b"\n")  # ASCII: half a surrogate pair has no UTF-8
            await writer.drain()

        self._clients += 1
        try:
            if self._clients > MOST_CLIENTS:
                await tell({"error": "the daemon serves too many commands now; try again", "status": 1, "busy": True})
            else:
                await tell(await self._answer(reader, tell))
        except (ConnectionError, TimeoutError):
            log.debug("a client of the control socket left before its answer")
        finally:
            self._clients -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, tell: Tell) -> Answer:
        try:
            request = json.loads(await asyncio.wait_for(reader.readline(), 10))
            handler = self._handlers[request["command"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return {"error": "the daemon does not know this command; are both of the same version?", "status": 2}
        try:
            return {"done": await handler(request, _lines(reader), tell)}
        except VigieError as error:
            return {"error": str(error), "status": 2}
        except Exception:
            log.exception("control command %s failed", request.get("command"))
            return {"error": "the daemon failed to serve this command; its log says why", "status": 1}


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while line := await asyncio.wait_for(reader.readline(), SILENT_FOR_S):
        yield line


class Refused(VigieError):
    """The daemon refused a command."""

    def __init__(self, message: str, status: int, *, busy: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.busy = busy  # it has no room for it now


def ask(
    path: Path,
    request: Answer,
    content: Path | None = None,
    progress: Callable[[Answer], None] | None = None,
    within_s: float | None = None,
) -> Answer | None:
    """Send a command to the daemon and wait for its answer. None: no daemon listens there.

    TimeoutError: one does, and has said nothing for so long.
    """
    tries = 0
    while True:
        try:
            return _ask(path, request, content, progress, within_s)
        except Refused as refused:
            tries += 1
            if not refused.busy or tries == BUSY_TRIES:
                raise
        time.sleep(BUSY_PAUSE_S)


def _ask(
    path: Path,
    request: Answer,
    content: Path | None,
    progress: Callable[[Answer], None] | None,
    within_s: float | None,
) -> Answer | None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(within_s)
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except PermissionError:
            raise VigieError(f"{path}: the daemon's control socket is not yours; run as root or its user") from None
        try:
            if content is not None:
                request = {**request, "size": content.stat().st_size}
            client.sendall(json.dumps(request).encode() + b"\n")
            if content is not None:
                with content.open("rb") as file:
                    client.sendfile(file)
            client.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it refused before the end of the file: its answer says why
        with client.makefile("rb") as answers:
            for line in answers:
                answer: Answer = json.loads(line)
                if "progress" in answer and progress is not None:
                    progress(answer["progress"])
                elif "error" in answer:
                    raise Refused(answer["error"], answer.get("status", 2), busy=answer.get("busy", False))
                elif "done" in answer:
                    done: Answer = answer["done"]
                    return done
    raise VigieError("the daemon stopped before it answered")
