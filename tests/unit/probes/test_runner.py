"""The runner: a deadline, a duration, and nothing that escapes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from probes import registry, runner
from probes.base import Probe, Result, Run, Shared, Status, Target
from probes.runner import run
from tests import virtual_time

TARGET = Target(sonde="commune/serveur/essai", address="192.0.2.1")
Check = Callable[[Target, Any, Run], Awaitable[Result]]


def a_run(timeout_s: float = 5.0) -> Run:
    return Run(shared=Shared(), at=0.0, timeout_s=timeout_s, trace=[])


def a_probe(check: Check, on_timeout: Status = Status.CRITICAL) -> Probe:
    return Probe(type="essai", settings=object, check=check, on_timeout=on_timeout)


async def test_a_result_passes_through_with_its_duration() -> None:
    async def check(target: Target, settings: Any, current: Run) -> Result:
        return Result(Status.WARNING, f"{target.address} {settings}")

    begun = time.monotonic()
    result = await run(a_probe(check), TARGET, "réglages", a_run())
    took_s = time.monotonic() - begun
    assert result[:3] == (Status.WARNING, "192.0.2.1 réglages", ())
    assert 0 < result.duration_s <= took_s


@pytest.mark.parametrize("on_timeout", [Status.CRITICAL, Status.UNKNOWN])
async def test_the_deadline_gives_the_probes_own_verdict_and_what_was_awaited(on_timeout: Status) -> None:
    async def check(target: Target, settings: Any, current: Run) -> Result:
        current.stage = "réponse du serveur"
        await asyncio.Event().wait()
        raise AssertionError

    result = await run(a_probe(check, on_timeout), TARGET, None, a_run(0.02))
    assert (result.status, result.message) == (on_timeout, "pas de réponse en 20 ms (réponse du serveur)")


async def test_the_deadline_without_a_stage() -> None:
    async def check(target: Target, settings: Any, current: Run) -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    assert (await run(a_probe(check), TARGET, None, a_run(0.02))).message == "pas de réponse en 20 ms"


def test_loading_what_a_technique_needs_is_not_the_time_of_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow disk, a first check: the target had answered in time."""
    loop = virtual_time.VirtualLoop()

    async def check(target: Target, settings: Any, current: Run) -> Result:
        await asyncio.sleep(1)
        return Result(Status.OK, "répond")

    monkeypatch.setattr(runner, "import_module", lambda name: loop.skip({"heavy": 10.0}[name]))
    probe = replace(a_probe(check), loads=("heavy",))
    assert virtual_time.run(run(probe, TARGET, None, a_run(5.0)), loop).message == "répond"


async def test_what_cannot_be_loaded_is_unknown() -> None:
    async def check(target: Target, settings: Any, current: Run) -> Result:
        raise AssertionError

    result = await run(replace(a_probe(check), loads=("nowhere_to_be_found",)), TARGET, None, a_run())
    assert result.status is Status.UNKNOWN
    assert "ModuleNotFoundError" in result.message


@pytest.mark.parametrize("kind", [kind for kind, probe in registry.load().items() if probe.loads])
async def test_what_a_technique_loads_is_there(kind: str) -> None:
    async def check(target: Target, settings: Any, current: Run) -> Result:
        return Result(Status.OK, " ".join(sys.modules))

    probe = registry.load()[kind]
    result = await run(replace(probe, check=check), TARGET, None, a_run())
    assert set(probe.loads) <= set(result.message.split())


@pytest.mark.parametrize("error", [ValueError("mot de passe : s3cret"), TimeoutError("s3cret"), KeyError("s3cret")])
async def test_a_bug_is_unknown_with_its_place_and_without_its_text(error: Exception) -> None:
    async def check(target: Target, settings: Any, current: Run) -> Result:
        raise error

    current = a_run()
    result = await run(a_probe(check), TARGET, None, current)
    assert result.status is Status.UNKNOWN
    assert result.message.startswith(f"erreur interne de la sonde essai : {type(error).__name__} (test_runner.py:")
    assert "s3cret" not in result.message
    assert current.trace
    assert "s3cret" in current.trace[0]  # the person who runs `vigie probe` sees it


async def test_a_cancelled_caller_is_not_answered() -> None:
    started = asyncio.Event()

    async def check(target: Target, settings: Any, current: Run) -> Result:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(run(a_probe(check), TARGET, None, a_run()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
