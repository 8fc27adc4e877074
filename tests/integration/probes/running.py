"""One run of a probe as the engine would do it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from probes import runner
from probes.base import Probe, Result, Run, Shared, Target

PATIENCE_S = 60.0  # servers are other processes, which a busy machine may not let run for seconds


class Runner:
    """Runs a probe with settings as the config writes them."""

    def __init__(self, probe: Probe, shared: Shared) -> None:
        self.probe = probe
        self.shared = shared
        self.trace: list[str] = []

    async def __call__(
        self, *, address: str = "127.0.0.1", at: float | None = None, timeout_s: float = PATIENCE_S, **written: Any
    ) -> Result:
        settings: Any = TypeAdapter(self.probe.settings).validate_python(written)
        self.trace = []
        run = Run(shared=self.shared, at=at or time.time(), timeout_s=timeout_s, trace=self.trace)
        result = await runner.run(self.probe, Target(sonde="essai/web/site", address=address), settings, run)
        assert "erreur interne" not in result.message, self.trace
        assert {measurement.name for measurement in result.measurements} <= set(self.probe.measures)
        assert "\n" not in result.message
        return result


def measured(result: Result) -> dict[str, float]:
    """The measurements by name."""
    return {measurement.name: measurement.value for measurement in result.measurements}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells, such as a descriptor that the kernel closes."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
async def shared() -> AsyncIterator[Shared]:
    """What the checks of one test share, closed at its end."""
    opened = Shared()
    yield opened
    await opened.close()
