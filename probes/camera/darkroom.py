"""The darkroom as the daemon sees it: at most two processes, started at the first picture, killed when late.

A picture waits for a free process, is examined in some milliseconds, and is gone. A daemon that looks at no picture
starts none, and never loads what they load (libav, NumPy, Pillow: 55 MiB).
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from typing import Self

from probes.base import Status
from probes.camera import darkroom_wire as wire
from probes.camera.darkroom_wire import Developed, Unreadable
from probes.camera.held import Held, Kind
from probes.holdoff import HoldOff
from probes.units import say_duration

_LOG = logging.getLogger(__name__)
SLOTS = 2  # a picture takes 5 to 60 ms of CPU: two processes serve 2,000 cameras a minute
RUNS = 5000  # a process is replaced after as many: decoders leak
START_S = 60.0  # to load everything on a machine that is busy
EXAMINE_S = 10.0  # beyond, it hangs
GONE_WITHIN_S = 1.0  # once killed
# OpenBLAS would reserve memory for a thread a core; nothing here multiplies matrices.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_INHERITED = ("PATH", "LANG", "HOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
_START = ""  # hold-off key of the start of a process: no sonde has this id
_OURS = "image non examinée : "


class DarkroomError(Exception):
    """There is no finding; `status` and `message` (in French) say why."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Darkroom:
    """The processes that look at pictures; for one event loop, whose thread lives as long as they do."""

    def __init__(self, *, examine_s: float | None = None, runs: int = RUNS, holdoff: HoldOff | None = None) -> None:
        self.started = 0
        self.lost = 0  # killed because they hung, or ended by themselves
        self._examine_s = EXAMINE_S if examine_s is None else examine_s
        self._runs = runs
        self._holdoff = holdoff or HoldOff()
        self._free: asyncio.Queue[_Process] = asyncio.Queue()
        self._living = 0
        self._waiting = 0
        self._all: set[_Process] = set()
        self._starts: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[Developed | DarkroomError]] = set()
        self._closed = False

    @classmethod
    def open(cls) -> Self:
        """Nothing is started until there is a picture."""
        return cls()

    @property
    def pids(self) -> list[int]:
        """The processes that live."""
        return [process.pid for process in self._all if process.alive and process.pid]

    async def develop(self, sonde: str, picture: Held, reference: bytes, at: float, within_s: float) -> Developed:
        """What the picture shows; raises DarkroomError, at the latest after `within_s`."""
        now = time.monotonic()
        held = self._holdoff.held(sonde, now) or self._holdoff.held(_START, now)
        if held is not None:
            again = f"nouvel essai dans {say_duration(held.left_s)}"
            raise DarkroomError(Status.UNKNOWN, f"{_OURS}l'examen a échoué {held.losses} fois de suite, {again}")
        if len(picture) > wire.MOST_PICTURE:
            raise DarkroomError(Status.UNKNOWN, f"{_OURS}elle est trop grande")
        try:
            async with asyncio.timeout(within_s):
                process = await self._take()
                # A task of its own, which goes on if the check is out of time: a process is not killed for being asked
                # late, and what it was in the middle of is no answer to the next one.
                task = asyncio.create_task(self._examine(process, sonde, picture, wire.request(picture, reference, at)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                found = await asyncio.shield(task)
        except TimeoutError:
            raise DarkroomError(Status.UNKNOWN, f"{_OURS}le superviseur n'en a pas eu le temps") from None
        if isinstance(found, DarkroomError):
            raise found
        return found

    async def _examine(self, process: _Process, sonde: str, picture: Held, asked: bytes) -> Developed | DarkroomError:
        keep = False
        try:
            async with asyncio.timeout(self._examine_s):
                developed = wire.heard(*await process.ask(asked))
            keep = True
        except Unreadable as failure:
            keep = failure.reason != "memory"
            self._holdoff.survived(sonde)
            return _failed(failure.reason, picture)
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            self.lost += 1
            self._holdoff.lost(sonde, time.monotonic())
            kind = type(error).__name__
            _LOG.error("sonde %s: its picture brought the darkroom down (%s)", sonde, kind)
            return DarkroomError(Status.UNKNOWN, f"{_OURS}elle a fait échouer l'examen ({kind})")
        finally:
            self._give_back(process, keep=keep)
        self._holdoff.survived(sonde)
        return developed

    async def _take(self) -> _Process:
        self._waiting += 1
        try:
            while True:
                self._start_some()
                process = await self._free.get()
                if process.alive:
                    return process
                self._discard(process)
                if process.failed_to_start:
                    raise DarkroomError(Status.UNKNOWN, f"{_OURS}le processus d'examen ne démarre pas")
        finally:
            self._waiting -= 1

    def _start_some(self) -> None:
        """A process for whoever waits, as long as there may be one more."""
        starting = len(self._starts)
        if self._closed or self._living >= SLOTS or self._free.qsize() + starting >= self._waiting:
            return
        self._living += 1
        self.started += 1
        # A task of its own: who waits may give up, and the next one still finds the process.
        task = asyncio.create_task(self._start())
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)

    async def _start(self) -> None:
        process = _Process()
        self._all.add(process)
        try:
            async with asyncio.timeout(START_S):
                await process.start()
            self._holdoff.survived(_START)
        except (OSError, TimeoutError, EOFError) as error:
            _LOG.error("the darkroom does not start: %s", type(error).__name__)
            self._holdoff.lost(_START, time.monotonic())
            process.failed_to_start = True
            process.kill()
        self._free.put_nowait(process)

    def _give_back(self, process: _Process, *, keep: bool) -> None:
        if keep and process.runs < self._runs and not self._closed:
            self._free.put_nowait(process)
        else:
            self._discard(process)

    def _discard(self, process: _Process) -> None:
        process.kill()
        self._all = {process for process in self._all if not process.gone.is_set()}
        self._living -= 1
        if self._waiting:
            self._start_some()

    async def close(self) -> None:
        """Kill every process."""
        self._closed = True
        for task in (*self._starts, *self._tasks):
            task.cancel()
        await asyncio.gather(*self._starts, *self._tasks, return_exceptions=True)
        for process in self._all:
            process.kill()
        try:
            async with asyncio.timeout(GONE_WITHIN_S):
                for process in self._all:
                    await process.gone.wait()
        except TimeoutError:
            _LOG.error("processes of the darkroom are stuck in the kernel, left behind")


class _Process:
    """One process; asked one thing at a time."""

    def __init__(self) -> None:
        self.runs = 0
        self.failed_to_start = False
        self.gone = asyncio.Event()
        self._killed = False
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def start(self) -> None:
        """Returns once it is ready."""
        self._channel, theirs = socket.socketpair()
        self._process = _spawn(theirs)
        # Readable once it has ended, and still a zombie: its id cannot have been given to another one.
        pidfd = os.pidfd_open(self._process.pid)
        asyncio.get_running_loop().add_reader(pidfd, self._ended, pidfd)
        self._streams = await asyncio.open_connection(sock=self._channel)
        await self._streams[0].readexactly(1)

    @property
    def pid(self) -> int:
        """Its process id, 0 before it has one."""
        return self._process.pid if self._process is not None else 0

    @property
    def alive(self) -> bool:
        """Not ended as far as is known."""
        return not self.failed_to_start and not self._killed and not self.gone.is_set()

    async def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """The finding and the reference; EOFError when it ends, ValueError when what it says is too long."""
        assert self._streams is not None  # noqa: S101  started before it is given to anybody
        reader, writer = self._streams
        self.runs += 1
        writer.write(request)
        finding_size, reference_size = wire.REPLY.unpack(await reader.readexactly(wire.REPLY.size))
        if finding_size > wire.MOST_FINDING or reference_size > wire.MOST_REFERENCE:
            raise ValueError("too long")
        return await reader.readexactly(finding_size), await reader.readexactly(reference_size)

    def kill(self) -> None:
        """SIGKILL. Does not wait: a process stuck in the kernel dies later."""
        self._killed = True
        if self._process is None:
            self.gone.set()
        elif not self.gone.is_set():
            self._process.kill()
        if self._streams is not None:
            self._streams[1].transport.abort()
        elif self._channel is not None:
            self._channel.close()

    def _ended(self, pidfd: int) -> None:
        asyncio.get_running_loop().remove_reader(pidfd)
        os.close(pidfd)
        if self._process is not None:
            self._process.wait()
        self.gone.set()


def _spawn(channel: socket.socket) -> subprocess.Popen[bytes]:
    with channel:
        return subprocess.Popen(
            # -P: the current directory must not be able to stand in for a package.
            [sys.executable, "-P", "-m", "probes.camera.darkroom_process", str(os.getpid())],
            stdin=channel.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name in _INHERITED} | _ENVIRONMENT,
            start_new_session=True,  # no Ctrl-C from a terminal
        )


def _failed(reason: str, picture: Held) -> DarkroomError:
    if reason == "undecodable" and picture.kind is not Kind.JPEG:
        return DarkroomError(Status.CRITICAL, "flux vidéo indéchiffrable : aucune image n'en sort")
    said = {"memory": "elle demande trop de mémoire", "bug": "erreur interne de l'examen"}
    return DarkroomError(Status.UNKNOWN, _OURS + said.get(reason, "elle est indéchiffrable"))
