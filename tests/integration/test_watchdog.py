"""The watchdog of the loop, on a loop that is really held."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from probes import runner
from probes.base import Probe, Result, Run, Shared, Status, Target
from supervisor.engine import watchdog as watchdog_module
from supervisor.engine.watchdog import LoopWatchdog, culprit

THRESHOLD_S = 1.0
PATIENCE_S = 60.0


class Clock:
    """Of the watchdog: a test moves it, so that a busy machine is not taken for a technique that blocks."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(watchdog_module, "time", made)
    return made


class Release(threading.Event):
    """What a technique waits for while it holds the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.awaited.set()
        return super().wait(timeout)


def technique(name: str, body: str) -> Callable[..., object]:
    """A function that the interpreter takes for one of the module `probes.NAME`."""
    scope: dict[str, object] = {"__name__": f"probes.{name}"}
    exec(compile(body, f"/opt/vigie/probes/{name}.py", "exec"), scope)  # noqa: S102
    return scope["check"]  # type: ignore[return-value]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  a condition of another process or thread
            await asyncio.sleep(0.01)


BLOCKING = """
def wait(released):
    released.wait(60)

async def check(target, settings, run):
    wait(settings)
    from probes.base import Result, Status
    return Result(Status.OK, "")
"""


async def test_a_technique_that_holds_the_loop_is_named(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    released = Release()
    probe = Probe(type="slow", settings=object, check=technique("slow", BLOCKING))  # type: ignore[arg-type]
    seen: list[float] = []

    def release_once_seen(watchdog: LoopWatchdog) -> None:
        released.awaited.wait(PATIENCE_S)
        clock.now += 2 * THRESHOLD_S
        deadline = time.monotonic() + PATIENCE_S
        while not watchdog.stalls and time.monotonic() < deadline:
            time.sleep(0.01)
        seen.append(watchdog.stalled_for_s)
        released.set()

    with LoopWatchdog(threshold_s=THRESHOLD_S) as watchdog:
        observer = threading.Thread(target=release_once_seen, args=(watchdog,))
        observer.start()
        run = Run(Shared(), 0.0, 2 * PATIENCE_S)
        result = await runner.run(probe, Target(sonde="a/b/c", address=""), released, run)
        observer.join()
        await until(lambda: "turns again" in caplog.text)
        assert watchdog.stalled_for_s == 0.0
    assert result == Result(Status.OK, "", (), result.duration_s)
    assert seen == [2 * THRESHOLD_S]
    assert watchdog.last_culprit == "slow.py:3 wait"
    assert watchdog.stalls == 1, "one stall is told once, however long it lasts"
    told = [record for record in caplog.records if "held for" in record.getMessage()]
    assert len(told) == 1
    assert "await probe.check" in told[0].getMessage(), "the whole stack is there"


async def test_a_loop_that_turns_is_left_alone(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with LoopWatchdog(threshold_s=THRESHOLD_S) as watchdog:
        clock.now += THRESHOLD_S / 2
        watchdog._timer.cancel()
        watchdog._beat()
        watchdog._look()
        assert watchdog._beat_at == clock.now
    assert (watchdog.stalls, watchdog.stalled_for_s, caplog.text) == (0, 0.0, "")


async def test_a_stall_that_the_thread_could_not_see_is_counted_when_it_ends(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the interpreter's lock is kept: the beat is late, and nobody told."""
    with LoopWatchdog(threshold_s=60.0) as watchdog:
        watchdog._timer.cancel()
        watchdog._beat_at -= 61.0
        watchdog._beat()
        watchdog._look()
        assert watchdog.stalls == 1
        watchdog._look()
        assert watchdog.stalls == 1
    assert "stood still for 61" in caplog.text


def test_no_frame_is_no_crash() -> None:
    assert culprit(None) == "unknown code"


def test_code_of_nobody_is_named_by_its_innermost_frame() -> None:
    scope: dict[str, object] = {"__name__": "library"}
    exec("import sys\ndef held():\n    return sys._getframe()", scope)  # noqa: S102
    frame = scope["held"]()  # type: ignore[operator]
    assert culprit(frame).endswith(":3 held")


def test_the_thread_ends_with_the_watch() -> None:
    async def watch() -> threading.Thread:
        with LoopWatchdog() as watchdog:
            return watchdog._thread

    assert not asyncio.run(watch()).is_alive()
