"""Inside a worker process: `python -m probes.worker NAME`. Runs foreign techniques, one check at a time.

Started by `probes.process`; nothing here protects against malice. It contains accidents: what blocks, spins, leaks
or crashes does it here, and the daemon kills the process.

1. Take the channel away from standard input and output, which belong to the technique from here on.
2. Impose the limits, so that they hold for the loading of the techniques too.
3. Load the techniques, say so, then answer requests until the daemon closes the channel.
"""

from __future__ import annotations

import asyncio
import math
import os
import resource
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from probes import registry, runner, wire
from probes.base import Probe, Result, Run, Shared, Status, Target
from probes.confinement import confine, lower
from probes.units import say_size

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Worker:
    """The techniques of this process, and what their checks share."""

    def __init__(self, techniques: Mapping[str, Probe], hello: wire.Hello) -> None:
        self._techniques = techniques
        self._hello = hello
        self._shared = Shared()
        self._out_of_memory = False

    async def answer(self, request: wire.Request) -> wire.Reply:
        """Do one check."""
        _limit_cpu(request.timeout_s)
        run = Run(self._shared, request.at, request.timeout_s, trace=[] if request.trace else None)
        return self._reply(await self._result(request, run), run)

    async def _result(self, request: wire.Request, run: Run) -> Result:
        probe = self._techniques.get(request.type)
        if probe is None:
            return Result(Status.UNKNOWN, f"technique {request.type} introuvable dans le processus de la sonde")
        try:
            settings = wire.settings_value(request.settings)
        except Exception as error:  # noqa: BLE001  unpickling runs the technique's own classes
            run.note(f"the settings did not survive their way into the worker process: {type(error).__name__}")
            return Result(Status.UNKNOWN, f"réglages de la technique {request.type} intransmissibles")
        target = Target(sonde=request.sonde, address=request.address)
        return await runner.run(replace(probe, check=self._guarded(probe)), target, settings, run)

    def _guarded(self, probe: Probe) -> Any:
        async def check(target: Target, settings: Any, run: Run) -> Result:
            try:
                result: Any = await probe.check(target, settings, run)  # it may be anything, whatever it promised
            except MemoryError:
                self._out_of_memory = True
                return Result(
                    Status.UNKNOWN, f"sonde arrêtée : plus de {say_size(self._hello.memory_bytes)} de mémoire"
                )
            if not isinstance(result, Result):
                kind = type(result).__name__
                return Result(Status.UNKNOWN, f"la technique {probe.type} a rendu « {kind} » au lieu d'un résultat")
            return result

        return check

    def _reply(self, result: Result, run: Run) -> wire.Reply:
        worn = self._out_of_memory or _resident_bytes() > self._hello.resident_bytes
        notes = tuple(wire.one_line(str(note)) for note in (run.trace or [])[: wire.NOTES_LIMIT])
        try:
            measured: Any = tuple(tuple(m) for m in result.measurements)
            return wire.Reply(
                status=result.status,
                message=wire.one_line(result.message),
                duration_s=result.duration_s,
                measurements=measured,
                notes=notes,
                worn=worn,
            )
        except (ValidationError, TypeError, AttributeError) as error:
            # Without the values: they may be a secret, or a megabyte.
            why = error.errors(include_input=False)[:3] if isinstance(error, ValidationError) else error
            print(f"unusable result: {why}", file=sys.stderr)  # noqa: T201  the daemon's log
            message = "la technique a rendu un résultat inutilisable"
            return wire.Reply(status=Status.UNKNOWN, message=message, duration_s=result.duration_s, worn=worn)

    async def close(self) -> None:
        """Give back what the checks shared."""
        await self._shared.close()


def _take_channel() -> socket.socket:
    channel = socket.socket(fileno=os.dup(0))  # not inherited by what the technique starts (PEP 446)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return channel


def _limit_cpu(timeout_s: float) -> None:
    # Second net, for a daemon too stalled to kill: the kernel ends a check that burns more CPU than it has time.
    lower(resource.RLIMIT_CPU, math.ceil(time.process_time() + timeout_s) + 2)


def _resident_bytes() -> int:
    # Not getrusage: its ru_maxrss survives exec, so that it would report the size of the daemon that started us.
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


async def _serve(channel: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=channel, limit=wire.LINE_LIMIT)
    hello = wire.heard(wire.Hello, await reader.readline())
    confine(hello.parent, hello.memory_bytes)
    try:
        techniques = registry.load()
    except Exception as error:  # noqa: BLE001  whatever a foreign module does when it is loaded
        traceback.print_exc()
        writer.write(wire.line(wire.Ready(failed=f"techniques impossibles à charger : {type(error).__name__}")))
        await writer.drain()
        return
    writer.write(wire.line(wire.Ready()))
    worker = Worker(techniques, hello)
    while line := await reader.readline():
        writer.write(wire.line(await worker.answer(wire.heard(wire.Request, line))))
        await writer.drain()
    await worker.close()


if __name__ == "__main__":
    asyncio.run(_serve(_take_channel()))
