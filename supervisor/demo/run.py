"""`vigie demo` itself: the stage as a child process, and the daemon, the real one, in this one.

In order: 1 a directory, 2 a free port for the pages, 3 the stage, which writes the config, 4 the past, where there is
no database yet, 5 the daemon on that config, 6 once it answers, the play begins. Whatever ends this process ends the
stage with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import IO, NoReturn

import click

from probes import heartbeat, registry
from probes.base import Probe
from supervisor import logs
from supervisor.app import Daemon
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.control import ask
from supervisor.demo import past
from supervisor.demo.home import Home
from supervisor.demo.letters import DIRECTORY
from supervisor.errors import VigieError
from supervisor.heartbeats import own_key

DEFAULT_PORT = 8080
_NEXT = 100  # ports tried after the first
_STAGE_ENDS_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What the command line asked for."""

    port: int | None  # None: the first free one from DEFAULT_PORT on
    directory: Path | None  # None: a temporary one
    fresh: bool
    scenario: bool
    log_level: str


def play(wishes: Wishes) -> None:
    """The whole demo, until told to stop."""
    # Until the daemon takes the signal over: directory and stage are cleaned up by the way out of the `with`.
    signal.signal(signal.SIGTERM, _leave)
    wished = range(DEFAULT_PORT, DEFAULT_PORT + _NEXT) if wishes.port is None else [wishes.port]
    with ExitStack() as held:
        directory = wishes.directory or Path(held.enter_context(TemporaryDirectory(prefix="vigie-demo-")))
        home = Home(directory)
        home.prepare(fresh=wishes.fresh)
        ending = held.enter_context(_stage(home, free_port(wished)))
        # In the world of the demo its authority is one of the system's.
        os.environ["SSL_CERT_FILE"] = str(home.authority)
        probes = registry.load()
        configuration = load(home.config, probes)
        past.write(configuration, int(time.time()))
        asyncio.run(_live(configuration, probes, home, ending, wishes))


def _leave(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def free_port(wished: Sequence[int]) -> int:
    """The first of these that is free; binding is the only way to know."""
    for port in wished:
        with closing(socket.socket()) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(sock.getsockname()[1])
    which = f"port {wished[0]} is" if len(wished) == 1 else f"every port from {wished[0]} to {wished[-1]} is"
    raise VigieError(f"{which} taken or not allowed; choose another with --port")


@contextmanager
def _stage(home: Home, listen: int) -> Iterator[IO[bytes]]:
    """The stage, open; gives what becomes readable when it ends."""
    command = [sys.executable, "-P", "-m", "supervisor.demo.stage", str(home.directory), str(listen)]
    # In a session of its own: Ctrl-C is for the daemon, and the stage stays until the daemon has stopped.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None  # noqa: S101  pipes were asked for
        assert process.stdout is not None  # noqa: S101
        try:
            if not process.stdout.readline():
                raise VigieError("the demo's servers could not be started")
            yield process.stdout
        finally:
            process.stdin.close()
            try:
                process.wait(_STAGE_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


async def _live(
    configuration: Configuration, probes: Mapping[str, Probe], home: Home, ending: IO[bytes], wishes: Wishes
) -> None:
    daemon = Daemon(configuration, probes)
    logs.configure(wishes.log_level, secrets=lambda: daemon.secrets)
    troubles: list[str] = []

    def fail(trouble: str) -> None:
        troubles.append(trouble)
        daemon.stop()

    def greeted(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            fail(f"the play could not begin: {error}")

    loop = asyncio.get_running_loop()
    loop.add_reader(ending, fail, "the demo's servers stopped")
    greeting = asyncio.create_task(_greet(daemon, home, wishes))
    greeting.add_done_callback(greeted)
    try:
        await daemon.run()
    finally:
        loop.remove_reader(ending)
        greeting.cancel()
    if troubles:
        raise VigieError(troubles[0])


async def _greet(daemon: Daemon, home: Home, wishes: Wishes) -> None:
    """Once the daemon answers: begin the play, and say what to open."""
    while daemon.selfcheck.ready():  # noqa: ASYNC110  what its health page says, it has no event for
        await asyncio.sleep(_LOOK_EVERY_S)
    listen = daemon.configuration.listen
    url = f"http://{listen.host}:{listen.port}/"
    key = await daemon.store.read(own_key)
    calls = {
        sonde.id: f"{url}beat/{heartbeat.token(key, sonde.id, sonde.settings.generation)}"
        for sonde in daemon.configuration.sondes.values()
        if sonde.type == heartbeat.PROBE.type
    }
    await asyncio.to_thread(ask, home.control, {"command": "begin", "calls": calls, "scenario": wishes.scenario})
    if not _icmp_allowed():
        click.echo("ICMP is not allowed to this user (net.ipv4.ping_group_range): the `link` sondes stay unknown")
    then = "faults come and go" if wishes.scenario else f"faults: vigie demo --directory {home.directory} fault"
    click.echo(f"Vigie demo: open {url} — {then}; mails and SMS: {home.directory / DIRECTORY}; Ctrl-C stops")


def _icmp_allowed() -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


def command_fault(directory: Path, name: str | None, on: bool | None) -> dict[str, bool]:
    """Set a fault of the demo that runs in this directory, or end it; then, which there are and which are on."""
    control = Home(directory).control
    if name is not None:
        _command(control, {"command": "fault", "name": name, "on": bool(on)})
    faults: dict[str, bool] = _command(control, {"command": "faults"})["faults"]
    return faults


def _command(control: Path, request: dict[str, object]) -> dict[str, dict[str, bool]]:
    answer = ask(control, request)
    if answer is None:
        raise VigieError(f"no demo runs in {control.parent}; start it with `vigie demo --directory {control.parent}`")
    return answer
