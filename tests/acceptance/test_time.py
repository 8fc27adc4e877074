"""A daemon that was stopped and goes on: what was in flight proves nothing, and nothing bursts."""

from __future__ import annotations

import asyncio
import signal
import time

from tests.acceptance.daemon import Installation, integrity, until
from tests.acceptance.targets import Targets, tcp

SONDES = 60
INTERVAL_S = 8
STOPPED_S = 10.0


class Slow:
    """A target that answers after a second: well, for whoever listens."""

    def __init__(self) -> None:
        self.waiting = 0
        self.arrivals: list[float] = []

    async def __call__(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrivals.append(time.monotonic())
        self.waiting += 1
        try:
            await asyncio.sleep(1)
            writer.write(b"up\n")
            await writer.drain()
        finally:
            self.waiting -= 1


def test_a_stopped_process_raises_no_false_alarm_and_no_burst(place: Installation, world: Targets) -> None:
    target = Slow()
    port = world.serve(target)
    keys = {"expect": "up", "timeout": f"{INTERVAL_S}s", "interval": f"{INTERVAL_S}s"}
    place.write(a=[tcp(f"s{n}", port, **keys) for n in range(SONDES)])
    with place.running() as daemon:
        until(lambda: set(daemon.statuses().values()) == {0.0}, "all well")
        until(lambda: target.waiting >= 5, "checks are in flight")
        daemon.process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        # Longer than the timeout of what is in flight, and than every sonde's interval.
        until(lambda: time.monotonic() > stopped + STOPPED_S, "the time passes", STOPPED_S + 5)
        before = len(target.arrivals)
        resumed = time.monotonic()  # before it is: a busy machine makes the second shorter, never longer
        daemon.process.send_signal(signal.SIGCONT)
        until(lambda: daemon.metrics().value("vigie_time_breaks_total") >= 1, "it noticed")
        until(lambda: set(daemon.statuses().values()) == {0.0}, "all well again")
        at_once = sum(at < resumed + 1 for at in target.arrivals[before:])
        assert at_once <= SONDES * 0.6  # what was due in the last seconds, spread as ever; not everything
        assert daemon.metrics().total("vigie_pool_skipped_checks_total") > 0
        assert daemon.stop() == 0
    integrity(place)
    spans = place.intervals()
    assert {row[3] for row in spans} == {"ok", "unknown"}
    interrupted = [row for row in spans if row[4] == "check failed"]
    assert len(interrupted) >= 3
    assert {row[6] for row in interrupted} == {"contrôle interrompu : le superviseur a été suspendu"}
