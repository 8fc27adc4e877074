"""The stage: a process of its own that plays every server and job of the demo, and their faults.

It is started by `vigie demo` and ends when its standard input does, which is when that process ends, however it ends.
Its life, in order:
1. The system chooses ports, the config is written with them and read; if a port is taken meanwhile, once more.
2. Certificates are made, servers opened where the sondes look; one line on standard output says that they are.
3. The control socket takes commands: `begin` (the daemon answers now), `fault`, `faults`.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
import sys
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp

from probes import registry
from supervisor import logs
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.control import Answer, ControlServer, Tell
from supervisor.demo import cameras, cast, script, talkers
from supervisor.demo.agents import open_agent
from supervisor.demo.callers import Caller
from supervisor.demo.certificates import Authority
from supervisor.demo.home import Home, script_path
from supervisor.demo.letters import Letters
from supervisor.demo.names import Zone, open_names
from supervisor.demo.played import Ailing, Open, Place, Played
from supervisor.demo.post import Post
from supervisor.demo.web import open_web
from supervisor.errors import VigieError

_TRIES = 10
_TALKS = {
    "ssh": talkers.ssh,
    "sip": talkers.sip,
    "pgsql": talkers.pgsql,
    "mariadb": talkers.mariadb,
    "camera": cameras.rtsp,
}

log = logging.getLogger(__name__)


class Stage:
    """Everything that is played."""

    def __init__(self, home: Home, listen: int) -> None:
        self._home = home
        self._listen = listen
        self._script = script.read(script_path())
        self._zone = Zone()
        self._letters = Letters(home.put, home.remove)
        self._post = Post(self._letters)
        self._authority = Authority(datetime.now(UTC))
        self._contexts: dict[str, ssl.SSLContext] = {}  # by address
        self._servers: list[Played] = []
        self._callers: list[Caller] = []
        self._jobs: list[cast.Job] = []
        self._on: set[str] = set()
        self._running: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self.ended = asyncio.Event()

    async def open(self) -> None:
        """Steps 1 and 2."""
        self._home.write(self._home.authority.name, self._authority.pem)
        for name, life_s in self._script.files.items():
            title = Path(name).stem
            self._home.write(name, self._authority.issue(title, (), timedelta(seconds=life_s)).certificate)
        for _ in range(_TRIES):
            try:
                configuration = await self._open_once()
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise VigieError(f"the demo's servers cannot be opened: {error}") from None
                self.close_servers()
        else:
            raise VigieError("the demo's servers found no free ports on 127.77.*.*")
        self._jobs = cast.jobs(configuration)
        idle = self._script.idle([*(s.name for s in self._servers), *(job.sonde for job in self._jobs)])
        if idle:
            raise VigieError(f"{script_path()}: nothing is called {', '.join(idle)}")

    async def _open_once(self) -> Configuration:
        ports = cast.choose_ports()
        self._home.write_config({**ports, "listen": self._listen})
        configuration = load(self._home.config, registry.load())
        self._zone.fill(cast.zone(configuration))
        for place in cast.places(configuration, ports):
            server = Played(place, ports[place.kind], self._opener(place))
            self._servers.append(server)
            await server.settle()
        return configuration

    def _opener(self, place: Place) -> Open:
        if place.kind == "dns":
            return partial(open_names, zone=self._zone)
        if place.kind == "snmp":
            return open_agent
        context = self._context(place)
        if place.kind == "https":
            return partial(open_web, context=context, letters=self._letters)
        talks = {**_TALKS, "smtp": self._post.smtp, "imap": self._post.imap}
        return partial(talkers.open_talker, context=context, talk=talks.get(place.kind, talkers.silent))

    def _context(self, place: Place) -> ssl.SSLContext:
        """The TLS of a machine: one certificate, whatever it serves."""
        context = self._contexts.get(place.address)
        if context is None:
            life = timedelta(seconds=self._script.life_s(place.name.rpartition("/")[0]))
            issued = self._authority.issue(place.owner, [place.address], life)
            name = f"certificats/{place.address}.pem"
            path = self._home.write(name, issued.certificate + issued.key, secret=True)
            context = self._contexts[place.address] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path)
        return context

    def close_servers(self) -> None:
        """Stop listening everywhere."""
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def close(self) -> None:
        """End the play."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self.close_servers()

    # --- commands

    async def begin(self, request: Answer, _: AsyncIterator[bytes], __: Tell) -> Answer:
        """The daemon answers: jobs may call in, and faults come and go by themselves, if wished for."""
        if self._session is not None:
            raise VigieError("the play has begun already")
        self._session = aiohttp.ClientSession()
        self._callers = [Caller(job, request["calls"][job.sonde]) for job in self._jobs]
        for caller in self._callers:
            self._supervise(caller.run(self._session))
        if request["scenario"]:
            self._supervise(self._play())
        return {}

    def _supervise(self, running: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(running)
        task.add_done_callback(self._finished)
        self._running.append(task)

    def _finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("the play cannot go on", exc_info=error)
            self.ended.set()

    async def fault(self, request: Answer, _: AsyncIterator[bytes], __: Tell) -> Answer:
        """Set one fault, or end it."""
        await self._set(self._script.fault(request["name"]), on=request["on"])
        return {}

    async def faults(self, _: Answer, __: AsyncIterator[bytes], ___: Tell) -> Answer:
        """Which there are, and which are on."""
        return {"faults": {fault.id: fault.id in self._on for fault in self._script.faults}}

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while True:
            for cue in self._script.cues():
                await asyncio.sleep(start + cue.at_s - loop.time())
                await self._set(self._script.fault(cue.fault), on=cue.on)
            start += self._script.turn

    async def _set(self, fault: script.Fault, *, on: bool) -> None:
        (self._on.add if on else self._on.discard)(fault.id)
        struck: list[Ailing] = [*self._servers, *self._callers]
        for ailing in struck:
            mode = fault.mode_of(ailing.name)
            if mode is not None:
                await (ailing.strike(fault.id, mode) if on else ailing.heal(fault.id))


async def _live(home: Home, listen: int) -> None:
    stage = Stage(home, listen)
    control = ControlServer(home.control, {"begin": stage.begin, "fault": stage.fault, "faults": stage.faults})
    try:
        await stage.open()
        await control.start()
        asyncio.get_running_loop().add_reader(
            sys.stdin.fileno(), stage.ended.set
        )  # nothing is ever written: it is its end
        sys.stdout.write("open\n")
        sys.stdout.flush()
        await stage.ended.wait()
    finally:
        await control.close()
        await stage.close()


def main() -> int:
    """What `vigie demo` starts: `python -m supervisor.demo.stage DIRECTORY PORT-OF-THE-DAEMON`."""
    logs.configure("warning")
    try:
        asyncio.run(_live(Home(Path(sys.argv[1])), int(sys.argv[2])))
    except VigieError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
