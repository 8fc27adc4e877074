"""Runs one check: deadline, monotonic duration, and any exception becomes `unknown` with its reason."""

from __future__ import annotations

import asyncio
import time
from importlib import import_module
from typing import Any

from probes.base import Probe, Result, Run, Status, Target
from probes.units import say_duration


async def run(probe: Probe, target: Target, settings: Any, current: Run) -> Result:
    """One run of `probe`. Never raises, except when the caller itself is cancelled."""
    try:
        for module in probe.loads:
            import_module(module)
    except Exception as error:  # noqa: BLE001  an installation that lacks something: this technique says so
        return _bug(probe, current, error)
    started = time.perf_counter()
    deadline = asyncio.timeout(current.timeout_s)
    try:
        async with deadline:
            result = await probe.check(target, settings, current)
            if not isinstance(result, Result):
                raise TypeError("a Result is expected")
    except TimeoutError as error:
        if deadline.expired():
            waited = f" ({current.stage})" if current.stage else ""
            result = Result(probe.on_timeout, f"pas de réponse en {say_duration(current.timeout_s)}{waited}")
        else:
            result = _bug(probe, current, error)
    except Exception as error:  # noqa: BLE001  a sonde never raises: SPEC 2
        result = _bug(probe, current, error)
    return Result(result.status, result.message, result.measurements, time.perf_counter() - started)


def _bug(probe: Probe, current: Run, error: Exception) -> Result:
    # Only the kind of error goes into the message: its text may hold what a hostile target sent, or a secret.
    current.note(f"the probe raised {error!r}")
    where = _origin(error)
    return Result(Status.UNKNOWN, f"erreur interne de la sonde {probe.type} : {type(error).__name__} ({where})")


def _origin(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "origine inconnue"
    code = trace.tb_frame.f_code
    return f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
