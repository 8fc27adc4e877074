"""One run of a probe, as the engine makes it."""

from __future__ import annotations

import time
from typing import Any

from probes.base import Probe, Result, Run, Shared, Target
from probes.runner import run
from tests.integration.probes.running import PATIENCE_S


async def one_run(
    probe: Probe, address: str, shared: Shared | None = None, *, timeout_s: float = PATIENCE_S, **settings: Any
) -> Result:
    """Run the probe once; what it shares is closed when the caller gave nothing to share."""
    own = shared or Shared()
    try:
        target = Target(sonde="commune/equipement/sonde", address=address)
        current = Run(shared=own, at=time.time(), timeout_s=timeout_s)
        return await run(probe, target, probe.settings(**settings), current)
    finally:
        if shared is None:
            await own.close()


def measured(result: Result) -> dict[str, float]:
    """The measurements of a result by name."""
    return {measurement.name: measurement.value for measurement in result.measurements}
