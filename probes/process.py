"""One worker process as the daemon sees it: started, asked, killed; what it prints goes to the log.

Built on a socket pair and a pidfd rather than on asyncio's subprocesses: those wait for a process until every pipe
it inherited is closed, which a grandchild of a killed worker can delay for ever, and spend a thread on each one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from probes import wire
from probes.units import say_duration

_LOG = logging.getLogger(__name__)
_READ_BYTES = 65536
_LINES_A_READ = 20
_LINE_CHARS = 500
# From the end of its channel to its own.
ENDS_WITHIN_S = 1.0
# What a worker inherits of the environment. The rest (credentials, NOTIFY_SOCKET) is none of its business: each
# check gets the secrets of its own settings and no other.
_ENVIRONMENT = ("PATH", "LANG", "LANGUAGE", "TZ", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
_ENVIRONMENT_PREFIXES = ("LC_", "PYTHON")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What worker processes are held to."""

    slots: int = 2  # processes of one pool, hence checks at once
    memory_bytes: int = 1 << 30  # RLIMIT_AS: virtual, so generous; allocation fails beyond
    resident_bytes: int = 256 << 20  # a worker larger than this after a check is replaced
    runs: int = 1000  # a worker is replaced after as many checks: leaks other than memory (descriptors, threads)
    grace_s: float = 1.0  # beyond a check's timeout, for the technique to give up by itself; then SIGKILL
    start_s: float = 30.0  # to start and load the techniques


class WorkerLostError(Exception):
    """The worker is of no more use; the text says how it ended, in French."""


class WorkerProcess:
    """A process that runs checks one at a time. Made by `spawn`; ends by `kill` or by itself."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket, errors_fd: int) -> None:
        loop = asyncio.get_running_loop()
        self.runs = 0
        self.gone = asyncio.Event()
        self._process = process
        self._channel = channel
        self._errors = _Errors(errors_fd, self._log)
        # Readable once the process has ended, and still a zombie: its id cannot have been given to another one.
        self._pidfd = os.pidfd_open(process.pid)
        loop.add_reader(self._pidfd, self._ended)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @classmethod
    def spawn(cls, name: str) -> Self:
        """A new process; `get_ready` comes next. WorkerLostError when the system refuses one more."""
        ours, theirs = socket.socketpair()
        errors, their_errors = os.pipe()
        try:
            process = subprocess.Popen(
                # -P: the current directory must not be able to stand in for a package.
                [sys.executable, "-P", "-m", "probes.worker", name],
                stdin=theirs.fileno(),
                stdout=their_errors,
                stderr=their_errors,
                env=_environment(),
                start_new_session=True,  # its own process group, killed whole; and no Ctrl-C from a terminal
            )
        except OSError as error:
            ours.close()
            os.close(errors)
            raise WorkerLostError(error.strerror or "le système refuse un processus de plus") from None
        finally:
            theirs.close()
            os.close(their_errors)
        return cls(process, ours, errors)

    async def get_ready(self, limits: Limits) -> None:
        """Wait until its techniques are loaded; WorkerLostError, and the process killed, if that never happens."""
        hello = wire.Hello(parent=os.getpid(), memory_bytes=limits.memory_bytes, resident_bytes=limits.resident_bytes)
        try:
            async with asyncio.timeout(limits.start_s):
                ready = wire.heard(wire.Ready, await self._exchange(hello))
            if ready.failed:
                raise WorkerLostError(wire.one_line(ready.failed))
        except TimeoutError:
            self.kill()
            raise WorkerLostError(f"pas prêt en {say_duration(limits.start_s)}") from None
        except ValueError:
            self.kill()
            raise WorkerLostError("sa réponse est illisible") from None
        except BaseException:
            self.kill()
            raise

    @property
    def alive(self) -> bool:
        """Not ended as far as is known."""
        return not self.gone.is_set()

    async def ask(self, request: wire.Request) -> wire.Reply:
        """Have one check done. WorkerLostError if the process ends; ValueError if its reply makes no sense."""
        self.runs += 1
        return wire.heard(wire.Reply, await self._exchange(request))

    async def _exchange(self, said: wire.Hello | wire.Request) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection(sock=self._channel, limit=wire.LINE_LIMIT)
        reader, writer = self._streams
        writer.write(wire.line(said))
        try:
            line = await reader.readline()  # ValueError beyond LINE_LIMIT
        except ConnectionError:  # it died before it read what was just written
            line = b""
        if line.endswith(b"\n"):
            return line
        # The channel closes an instant before the process is gone; a technique that closed it on purpose is not
        # given more than a second.
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await self.gone.wait()
        except TimeoutError:
            raise WorkerLostError("son processus ne répond plus") from None
        raise WorkerLostError(self._how_it_ended())

    def kill(self) -> None:
        """SIGKILL to the process and to those it started. Does not wait: a process stuck in the kernel dies later."""
        if self.alive:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        # Before it is reaped: until then the group's id cannot be somebody else's.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._errors.finish()
        if self._streams is None:
            self._channel.close()
        else:
            self._streams[1].transport.abort()  # a grandchild may hold the other end: the reader must not wait
        self.gone.set()

    def _how_it_ended(self) -> str:
        code = self._process.returncode
        if code >= 0:
            return f"son processus s'est terminé (code {code})"
        try:
            name = signal.Signals(-code).name
        except ValueError:  # real-time signals have no name
            name = str(-code)
        return f"son processus a été tué (signal {name})"

    def _log(self, text: str) -> None:
        _LOG.warning("worker output: %s", text, extra={"worker_pid": self._process.pid})


class _Errors:
    """Logs what a process prints, one read a second at most: a technique that floods its output waits on its own
    pipe, until its deadline, instead of keeping the daemon busy."""

    def __init__(self, fd: int, log: Callable[[str], None]) -> None:
        self._fd = fd
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._readable)

    def _readable(self) -> None:
        self._loop.remove_reader(self._fd)
        if self._read():
            self._later = self._loop.call_later(1.0, self._loop.add_reader, self._fd, self._readable)

    def _read(self) -> bool:
        try:
            chunk = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return True
        lines = chunk.decode("utf-8", "replace").splitlines()
        for text in lines[:_LINES_A_READ]:
            self._log(text if len(text) <= _LINE_CHARS else text[:_LINE_CHARS] + "…")
        if len(lines) > _LINES_A_READ:
            self._log(f"({len(lines) - _LINES_A_READ} more lines left out)")
        return bool(chunk)

    def finish(self) -> None:
        """Log its last words and close."""
        self._loop.remove_reader(self._fd)
        if self._later is not None:
            self._later.cancel()
        self._read()
        os.close(self._fd)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _ENVIRONMENT or name.startswith(_ENVIRONMENT_PREFIXES)
    }
