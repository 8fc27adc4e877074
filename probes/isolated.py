"""Checks by foreign techniques, in worker processes of their pool: what blocks, spins, leaks or crashes there
touches no other pool. docs/adr/0004-what-a-pool-isolates.md says what this holds and what it does not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from probes import wire
from probes.base import Result, Status, Target
from probes.holdoff import HoldOff
from probes.process import Limits, WorkerLostError, WorkerProcess
from probes.units import say_duration

_LOG = logging.getLogger(__name__)
GONE_WITHIN_S = 1.0  # once killed
_START = ""  # hold-off key of the start of a process: no sonde has this id


class Workers:
    """The worker processes of one pool: started when needed, replaced when worn, killed when late.

    To be used from the thread that lives as long as the daemon: the kernel kills a worker when the *thread* that
    started it ends (PR_SET_PDEATHSIG).
    """

    def __init__(self, name: str, limits: Limits | None = None, holdoff: HoldOff | None = None) -> None:
        self.started = 0  # processes started
        self.killed = 0  # killed because a check outlived its deadline
        self.crashed = 0  # ended by themselves, or talked nonsense, during a check
        self.recycled = 0  # replaced: worn by memory or by number of checks
        self._name = name
        self._limits = limits or Limits()
        self._holdoff = holdoff or HoldOff()
        self._slots = asyncio.Semaphore(self._limits.slots)
        self._idle: list[WorkerProcess] = []
        self._processes: set[WorkerProcess] = set()
        self._closed = False

    async def run(
        self,
        probe_type: str,
        target: Target,
        settings: Any,
        timeout_s: float,
        at: float,
        trace: list[str] | None = None,
    ) -> Result:
        """One check in a worker. Never raises, except when the caller itself is cancelled.

        Takes at most: `timeout_s` to wait for a free worker, the start of a process, `timeout_s` and the grace.
        """
        called = time.monotonic()
        held = self._holdoff.held(target.sonde, called) or self._holdoff.held(_START, called)
        if held is not None:
            again = f"nouvel essai dans {say_duration(held.left_s)}"
            return _not_run(f"{_processes(held.losses)}, {again}")
        try:
            async with asyncio.timeout(timeout_s):
                await self._slots.acquire()
        except TimeoutError:
            return _not_run(f"{_taken(self._limits.slots)} depuis {say_duration(timeout_s)}")
        try:
            waited_s = time.monotonic() - called
            request = _request(probe_type, target, settings, timeout_s, at + waited_s, trace is not None)
            return await self._in_worker(request, trace) if request else _not_run("ses réglages sont intransmissibles")
        finally:
            self._slots.release()

    async def _in_worker(self, request: wire.Request, trace: list[str] | None) -> Result:
        if self._closed:
            return _not_run("arrêt en cours")
        try:
            worker = await self._take()
        except WorkerLostError as lost:
            self._holdoff.lost(_START, time.monotonic())
            _LOG.error("no worker process for pool %s: %s", self._name, lost)
            return _not_run(f"son processus n'a pas démarré ({lost})")
        self._holdoff.survived(_START)
        asked, keep = time.monotonic(), False
        try:
            async with asyncio.timeout(request.timeout_s + self._limits.grace_s):
                reply = await worker.ask(request)
            keep = self._still_good(worker, reply)
        except TimeoutError:
            self.killed += 1
            waited = time.monotonic() - asked
            result = self._lost(request, waited, f"elle bloquait son processus depuis {say_duration(round(waited))}")
        except WorkerLostError as lost:
            self.crashed += 1
            result = self._lost(request, time.monotonic() - asked, str(lost))
        except ValueError:
            self.crashed += 1
            result = self._lost(request, time.monotonic() - asked, "la réponse de son processus est illisible")
        else:
            self._holdoff.survived(request.sonde)
            if trace is not None:
                trace.extend(reply.notes)
            result = reply.result()
        finally:
            # Also when the caller is cancelled: a worker in the middle of a check can serve no other.
            if keep:
                self._idle.append(worker)
            else:
                worker.kill()
        return result

    async def _take(self) -> WorkerProcess:
        self._processes = {worker for worker in self._processes if worker.alive}
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:  # it may have died since its last check: the kernel's out-of-memory killer, an operator
                return worker
        self.started += 1
        worker = WorkerProcess.spawn(self._name)
        self._processes.add(worker)
        await worker.get_ready(self._limits)
        return worker

    def _still_good(self, worker: WorkerProcess, reply: wire.Reply) -> bool:
        if self._closed:
            return False
        if reply.worn or worker.runs >= self._limits.runs:
            self.recycled += 1
            return False
        return True

    def _lost(self, request: wire.Request, duration_s: float, how: str) -> Result:
        if self._closed:  # the worker was ended by us
            return _not_run("arrêt en cours")
        self._holdoff.lost(request.sonde, time.monotonic())
        _LOG.error(
            "sonde %s (%s) lost its worker process: %s", request.sonde, request.type, how, extra={"pool": self._name}
        )
        return Result(Status.UNKNOWN, f"sonde arrêtée : {how}", duration_s=duration_s)

    async def close(self) -> None:
        """Kill every process, and see them gone; a second at most."""
        self._closed = True
        self._idle.clear()
        for worker in self._processes:
            worker.kill()
        try:
            async with asyncio.timeout(GONE_WITHIN_S):
                for worker in self._processes:
                    await worker.gone.wait()
        except TimeoutError:
            _LOG.error("pool %s: worker processes are stuck in the kernel, left behind", self._name)


def _request(
    probe_type: str, target: Target, settings: Any, timeout_s: float, at: float, trace: bool
) -> wire.Request | None:
    try:
        text = wire.settings_text(settings)
    except ValueError as error:
        _LOG.error("sonde %s (%s): %s", target.sonde, probe_type, error)
        return None
    return wire.Request(
        type=probe_type,
        sonde=target.sonde,
        address=target.address,
        settings=text,
        timeout_s=timeout_s,
        at=at,
        trace=trace,
    )


def _not_run(why: str) -> Result:
    return Result(Status.UNKNOWN, f"sonde non exécutée : {why}")


def _processes(losses: int) -> str:
    return "un processus perdu" if losses == 1 else f"{losses} processus perdus de suite"


def _taken(slots: int) -> str:
    return "le processus de son pool est pris" if slots == 1 else f"les {slots} processus de son pool sont pris"
