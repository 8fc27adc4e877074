"""A foreign distribution for the tests of isolation: every way a technique has of misbehaving.

Its text is copied into a folder of its own, beside a real dist-info: a worker finds it as it would find any other.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from typing import Any

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.secret import Secret
from probes.settings import settings


@settings
class Behaviour:
    """What the check does."""

    how: str
    secret: Secret | None = None
    size: int = 0


KEPT: list[bytes] = []


def _ok(message: str, *measurements: Measurement) -> Result:
    return Result(Status.OK, message, measurements)


async def block(behaviour: Behaviour, run: Run) -> Any:
    """Blocks its thread, asleep."""
    time.sleep(600)  # noqa: ASYNC251


async def spin(behaviour: Behaviour, run: Run) -> Any:
    """Blocks its thread, busy."""
    while True:
        pass


async def silence(behaviour: Behaviour, run: Run) -> Any:
    """Waits for a target that never answers, as it should."""
    run.stage = "attente de la réponse"
    await asyncio.Event().wait()


async def stubborn(behaviour: Behaviour, run: Run) -> Any:
    """Never answers, and does not let itself be cancelled."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass


async def leak(behaviour: Behaviour, run: Run) -> Any:
    """Keeps more at every check."""
    KEPT.append(os.urandom(1) * behaviour.size)
    return _ok(str(os.getpid()))


async def leave(behaviour: Behaviour, run: Run) -> Any:
    """Ends its process."""
    os._exit(3)


async def crash(behaviour: Behaviour, run: Run) -> Any:
    """Dies as a bug in C would make it."""
    os.kill(os.getpid(), signal.SIGSEGV)


async def fail(behaviour: Behaviour, run: Run) -> Any:
    """Raises."""
    raise KeyError("le mot de passe")


async def lie(behaviour: Behaviour, run: Run) -> Any:
    """Returns something else."""
    return 42


async def boast(behaviour: Behaviour, run: Run) -> Any:
    """Says far too much, with control characters."""
    return _ok("\x1b[2J\n" + "é" * behaviour.size)


async def nonsense(behaviour: Behaviour, run: Run) -> Any:
    """Measures what is no number."""
    return _ok("bien", Measurement("delay_seconds", float("nan")))


async def garble(behaviour: Behaviour, run: Run) -> Any:
    """Writes over everything that is open, the channel to the daemon too."""
    for fd in range(3, 64):
        try:
            os.write(fd, b"{]\n")
        except OSError:
            pass
    await asyncio.sleep(600)


async def flood(behaviour: Behaviour, run: Run) -> Any:
    """Prints without end."""
    while True:
        os.write(1, b"x" * 100 + b"\n")


async def breed(behaviour: Behaviour, run: Run) -> Any:
    """Starts a process that holds its output, and blocks."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])  # noqa: ASYNC220
    print(f"child {child.pid}", flush=True)  # noqa: T201
    time.sleep(600)  # noqa: ASYNC251


async def tell(behaviour: Behaviour, run: Run) -> Any:
    """Says what it was given."""
    print("a word on standard output", flush=True)  # noqa: T201
    run.note(f"the environment is {sorted(os.environ)}")
    secret = behaviour.secret.reveal() if behaviour.secret else ""
    return _ok(f"{os.getpid()} {secret} {run.at}", Measurement("delay_seconds", 0.5, (("mount", "/srv"),)))


async def check(target: Target, behaviour: Behaviour, run: Run) -> Any:
    """Whatever `how` says."""
    return await globals()[behaviour.how](behaviour, run)


PROBE = Probe(type="foreign", settings=Behaviour, check=check, measures=("delay_seconds",), on_timeout=Status.CRITICAL)
