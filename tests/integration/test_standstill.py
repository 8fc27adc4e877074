"""The loop is held while a real server answers in time: no outage. docs/adr/0005-ancestors-first.md."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from probes.base import Result, Shared, Status
from probes.tcp import PROBE, TcpSettings
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import Change
from supervisor.engine.engine import Engine
from tests.patient_loop import PatientLoop
from tests.unit.builders import sonde

TIMEOUT_S = 2.0
HELD_S = 2.5  # longer than the timeout, and no break in time yet
PATIENCE_S = 30.0


class Held(PatientLoop):
    """Its time passes by hand too; it is its own clock."""

    def skip(self, seconds: float) -> None:
        """So long in one callback."""
        self._waiting.now += seconds

    def wall(self) -> float:
        return 1_780_000_000.0 + self.time()

    def monotonic(self) -> float:
        return self.time()


class Server:
    """Answers each visitor at once; the loop it is visited from is held around some of the answers."""

    def __init__(self, loop: Held, holds: list[float], *, mute: bool = False) -> None:
        self._loop, self._holds, self._mute = loop, holds, mute
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.port = self._listening.getsockname()[1]
        self.visits = 0

    @contextmanager
    def serving(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            self._listening.close()

    def _serve(self) -> None:
        with closing(self._listening):
            while True:
                try:
                    visitor, _ = self._listening.accept()
                except OSError:
                    return  # shut down
                with visitor:
                    self._answer(visitor)

    def _answer(self, visitor: socket.socket) -> None:
        visitor.recv(100)
        self.visits += 1
        held, answered = threading.Event(), threading.Event()
        hold_s = self._holds.pop(0) if self._holds else 0.0
        if hold_s:
            self._loop.call_soon_threadsafe(self._hold, held, answered, hold_s)
            held.wait(PATIENCE_S)
        if not self._mute:
            visitor.sendall(b"up\n")
        answered.set()
        visitor.recv(100)  # until it leaves

    def _hold(self, held: threading.Event, answered: threading.Event, hold_s: float) -> None:
        """Nothing is read from here on: the answer comes meanwhile, and then the deadline passes."""
        held.set()
        answered.wait(PATIENCE_S)
        self._loop.skip(hold_s)


async def check(loop: Held, watched: Sonde) -> tuple[Result, list[Change]]:
    """What the first check of this sonde gave, and made of its state."""
    judge = Judge()
    judge.configure({watched.id: watched}, [])
    given: asyncio.Future[tuple[Result, list[Change]]] = loop.create_future()

    def deliver(of: Sonde, at: int, result: Result) -> list[Change] | None:
        changes = judge.observe(of.id, at, result.status, result.message)
        given.set_result((result, changes or []))
        return changes

    engine = Engine(
        clock=loop,
        probes={PROBE.type: PROBE},
        shared=Shared(),
        judge=judge,
        deliver=deliver,
        concurrency=1,
        rewound=lambda _: None,
    )
    engine.add([watched])
    running = asyncio.ensure_future(engine.run())
    engine.recheck(watched.id)
    seen = await given
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return seen


def play(holds: list[float], *, mute: bool = False) -> tuple[Result, Server, list[Change]]:
    """The result of one check of a server, the loop being held at these visits; a single attempt makes an outage."""
    loop = Held()
    server = Server(loop, holds, mute=mute)
    settings = TcpSettings(port=server.port, send="hello", expect="up")
    watched = sonde(settings=settings, attempts=1, timeout_s=TIMEOUT_S)
    with server.serving(), asyncio.Runner(loop_factory=lambda: loop) as runner:
        result, changes = runner.run(check(loop, watched))
    return result, server, changes


def test_an_answer_that_came_while_the_loop_was_held_is_no_outage() -> None:
    result, server, changes = play([HELD_S])
    assert result.status is Status.OK
    assert "response_seconds" in {measurement.name for measurement in result.measurements}
    assert server.visits == 2
    assert [change.after for change in changes] == [Status.OK]


def test_a_loop_that_is_held_again_and_again_proves_nothing() -> None:
    result, server, changes = play([HELD_S, HELD_S])
    assert result.status is Status.UNKNOWN
    assert result.message == "contrôle interrompu : le superviseur est resté figé"
    assert server.visits == 2, "never a third time at once"
    assert Status.CRITICAL not in [change.after for change in changes]


@pytest.mark.parametrize("holds", [[], [HELD_S], [0.01, 0.01]], ids=["turns", "held once", "busy"])
def test_a_server_that_does_not_answer_is_found_out_all_the_same(holds: list[float]) -> None:
    result, server, changes = play(holds, mute=True)
    assert result.status is Status.CRITICAL
    assert result.message == f"pas de réponse en 2 s (réponse attendue du port {server.port})"
    assert [change.after for change in changes] == [Status.CRITICAL]
