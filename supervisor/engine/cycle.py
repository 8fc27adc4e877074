"""One check from its start to its judgement.

1. It starts: its instant is the start, in whole seconds.
2. The technique runs, in the loop or, if foreign, in a process of its pool.
3. If time broke meanwhile (suspension, stop, step), what it found proves nothing: `unknown`.
4. If it found new trouble, what it depends on is looked at first, and it waits: the race between a link and what
   lies behind it must never raise two alarms. It waits without holding a place in its pool.
5. It is judged and recorded, and the sonde gets its next date.

A crash at any point loses this one result: the time it would have covered is unknown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from probes import runner
from probes.base import Probe, Result, Run, Shared, Status
from probes.isolated import Workers
from supervisor.clock import Clock
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import CANARY_OWNER, Sonde
from supervisor.domain.state import Change
from supervisor.engine.continuity import Break, Continuity
from supervisor.engine.lag import LagHistogram
from supervisor.engine.pool import Slot

log = logging.getLogger(__name__)

# Judges and records one result; gives what it changed, None if it came too late to count.
Deliver = Callable[[Sonde, int, Result], "list[Change] | None"]


class Conductor(Protocol):
    """What a check asks of the engine that runs it."""

    lags: LagHistogram

    def slot(self, sonde_id: str) -> Slot | None:
        """Where this sonde stands."""

    def recheck(self, sonde_id: str) -> bool:
        """Check it now; False if it is not checked at all."""

    def recheck_soon(self, sonde_ids: Iterable[str]) -> None:
        """Check these again within seconds, spread."""

    def ended(self, slot: Slot, retry: bool) -> None:
        """A check is over: give it its next date."""

    def broke(self, broken: Break) -> None:
        """Time did not pass as it should."""


class Cycle:
    """How one check goes."""

    def __init__(
        self,
        *,
        clock: Clock,
        probes: Mapping[str, Probe],
        shared: Shared,
        judge: Judge,
        continuity: Continuity,
        engine: Conductor,
        deliver: Deliver,
    ) -> None:
        self._clock = clock
        self._probes = probes
        self._shared = shared
        self._judge = judge
        self._continuity = continuity
        self._engine = engine
        self._deliver = deliver
        self._expected: dict[str, list[asyncio.Future[None]]] = {}  # who waits for the next result of a sonde

    async def check(self, slot: Slot) -> None:
        """The whole cycle of one check."""
        now = self._clock.monotonic()
        lag = now - slot.due
        slot.pool.lagged(now, lag)
        self._engine.lags.observe(lag)
        held = False
        retry = False
        try:
            slot.started_wall = self._clock.wall()
            at, breaks = int(slot.started_wall), self._continuity.breaks
            result = await self._run(slot)
            if slot.canary and result.status is Status.UNKNOWN:
                # A lost default route is our own fault, `unknown` for any sonde. For a canary it is the very finding.
                result = result._replace(status=Status.CRITICAL)
            broken = self._continuity.look()
            if broken is not None:
                self._engine.broke(broken)
            if self._continuity.breaks != breaks:
                result = Result(
                    Status.UNKNOWN,
                    "contrôle interrompu : le superviseur a été suspendu",
                    (),
                    result.duration_s,
                )
            if not slot.gone and self._is_news(slot, at, result.status):
                held = True
                slot.pool.leave()
                await self._settle(slot, at)
            if not slot.gone:  # removed meanwhile: the judge knows it no more
                at = self._stamp(slot, at) if held else at
                retry = self._judged(slot, at, result)
        finally:
            if not held:
                slot.pool.leave()
            self._engine.ended(slot, retry)

    async def _run(self, slot: Slot) -> Result:
        sonde = slot.sonde
        probe = self._probes[sonde.type]
        if probe.isolated:
            if slot.pool.workers is None:
                slot.pool.workers = Workers(slot.pool.name)
            return await slot.pool.workers.run(
                sonde.type, sonde.target, sonde.settings, sonde.timeout_s, slot.started_wall
            )
        current = Run(self._shared, slot.started_wall, sonde.timeout_s)
        return await runner.run(probe, sonde.target, sonde.settings, current)

    def _judged(self, slot: Slot, at: int, result: Result) -> bool:
        changes = self._deliver(slot.sonde, at, result)
        for waiting in self._expected.pop(slot.sonde.id, ()):
            if not waiting.done():
                waiting.set_result(None)
        if changes:
            freed = [c.sonde for c in changes if c.before is Status.CRITICAL and c.after is not Status.CRITICAL]
            for sonde_id in freed:
                self._engine.recheck_soon(self._judge.descendants(sonde_id))
        state = self._judge.state(slot.sonde.id)
        return state is not None and state.pending

    # --- what it depends on is looked at first

    def _is_news(self, slot: Slot, at: int, status: Status) -> bool:
        if status is Status.OK or status is Status.UNKNOWN:
            return False
        state = self._judge.state(slot.sonde.id)
        if state is not None and state.level is not None and state.level.severity >= status.severity:
            return False
        return not self._judge.blocked(slot.sonde.id, at)

    async def _settle(self, slot: Slot, at: int) -> None:
        """Wait until what it depends on is known to be well, or known to be down, at a later instant than `at`.

        The nearest ancestor is enough: a failing ancestor looks at its own first. Without one, the canaries: as soon
        as one of them answers, Vigie itself is not cut off.
        """
        above = self._judge.ancestors(slot.sonde.id)
        parents = [a for a in above if self._checked(a)]
        canaries = [a for a in parents if a.startswith(f"{CANARY_OWNER}/")]
        if len(canaries) < len(parents):
            await self._settled(parents[0], at)
            return
        for canary in canaries:
            await self._settled(canary, at)
            state = self._judge.state(canary)
            if state is not None and state.level is Status.OK and not state.critical_pending:
                return

    def _stamp(self, slot: Slot, at: int) -> int:
        """The instant a held result is judged at.

        It saw the trouble a moment before what it depends on was found dead: it says nothing of the sonde itself, and
        is judged from the instant at which that is known.
        """
        since = self._judge.hidden_since(slot.sonde.id, int(self._clock.wall()))
        return at if since is None else max(at, since)

    def _checked(self, sonde_id: str) -> bool:
        slot = self._engine.slot(sonde_id)
        return slot is not None and not slot.sonde.paused

    async def _settled(self, sonde_id: str, at: int) -> None:
        slot = self._engine.slot(sonde_id)
        if slot is None:
            return
        sonde = slot.sonde
        patience = sonde.attempts * (sonde.retry_every_s + sonde.timeout_s) + sonde.timeout_s + 2
        try:
            async with asyncio.timeout(patience):
                while not self._known(sonde_id, at):
                    if not self._fresh(sonde_id, at) and not self._engine.recheck(sonde_id):
                        return
                    waiting = asyncio.get_running_loop().create_future()
                    self._expected.setdefault(sonde_id, []).append(waiting)
                    await waiting
        except TimeoutError:
            log.warning("%s did not settle within %.0f s; what depends on it is judged without it", sonde_id, patience)

    def _fresh(self, sonde_id: str, at: int) -> bool:
        state = self._judge.state(sonde_id)
        return state is not None and state.last_at > at

    def _known(self, sonde_id: str, at: int) -> bool:
        state = self._judge.state(sonde_id)
        return state is not None and state.last_at > at and not state.critical_pending
