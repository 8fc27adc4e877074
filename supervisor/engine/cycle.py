"""One check from its start to its judgement.

1. It starts: its instant is the start, in whole seconds.
2. The technique runs, in the loop or, if foreign, in a process of its pool.
3. If time broke meanwhile (suspension, stop, step), what it found proves nothing: `unknown`. If it found new trouble
   while the loop stood still for a notable part of its time, it runs once more, from 1; `unknown` if that happens
   again, and soon another check. Not for ever: after two such checks in a row what is found is believed.
4. If it found new trouble, what it depends on is looked at first, and it waits: the race between a link and what
   lies behind it must never raise two alarms. It waits without holding a place in its pool. `unknown` if time breaks
   meanwhile.
5. It is judged and recorded, and the sonde gets its next date.

A crash at any point loses this one result: the time it would have covered is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from probes import runner
from probes.base import Probe, Result, Run, Shared, Status
from probes.isolated import Workers
from supervisor.clock import Clock
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import Change
from supervisor.engine.ancestors import AncestorsFirst, Checks
from supervisor.engine.continuity import Break, Continuity
from supervisor.engine.lag import LagHistogram
from supervisor.engine.pool import Slot

# A standstill so long, or of this share of a check's timeout, may be what the check failed of: its timers fire before
# what had been answered meanwhile is read.
STANDSTILL_S = 1.0
STANDSTILL_SHARE = 0.25
# So many checks in a row end in doubt at most: a machine that often stands still must not hide an outage.
MOST_DOUBTS = 2

# Judges and records one result; gives what it changed, None if it came too late to count.
Deliver = Callable[[Sonde, int, Result], "list[Change] | None"]


class Conductor(Checks, Protocol):
    """What a check asks of the engine that runs it."""

    lags: LagHistogram

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
        self._ancestors = AncestorsFirst(judge, engine, clock)

    async def check(self, slot: Slot) -> None:
        """The whole cycle of one check."""
        now = self._clock.monotonic()
        lag = now - slot.due
        slot.pool.lagged(now, lag)
        self._engine.lags.observe(lag)
        held = False
        retry = False
        try:
            at, result, doubtful = await self._once(slot)
            if doubtful and not slot.gone and not slot.sonde.paused:
                at, result, doubtful = await self._once(slot)
            if _doubted(slot, result.status, doubtful=doubtful):
                result = _interrupted(result, "le superviseur est resté figé")
            if not slot.gone and self._ancestors.concerned(slot.sonde.id, at, result.status):
                held = True
                slot.pool.leave()
                at, result = await self._settled(slot, at, result)
            if not slot.gone:  # removed meanwhile: the judge knows it no more
                retry = self._judged(slot, at, result) or slot.in_doubt
        finally:
            if not held:
                slot.pool.leave()
            self._engine.ended(slot, retry)

    async def _once(self, slot: Slot) -> tuple[int, Result, bool]:
        """When it was looked at, what was found, and whether it is news that a standstill of the loop may have made."""
        begun = self._clock.monotonic()
        slot.started_wall = self._clock.wall()
        at, breaks = int(slot.started_wall), self._continuity.breaks
        result = await self._run(slot)
        if slot.canary and result.status is Status.UNKNOWN:
            # A lost default route is our own fault, `unknown` for any sonde. For a canary it is the very finding.
            result = result._replace(status=Status.CRITICAL)
        if self._broke_since(breaks):
            return self._by_now(at), _interrupted(result, "le superviseur a été suspendu"), False
        notable_s = min(STANDSTILL_S, STANDSTILL_SHARE * slot.sonde.timeout_s)
        stood_still = self._continuity.stood_still(begun, notable_s)
        return at, result, stood_still and not slot.gone and self._is_news(slot.sonde.id, at, result.status)

    def _is_news(self, sonde_id: str, at: int, status: Status) -> bool:
        """Is it worse than what is known? Trouble that is known or hidden alarms nobody by being found again."""
        if status is not Status.UNKNOWN:
            return self._ancestors.concerned(sonde_id, at, status)
        state = self._judge.state(sonde_id)
        return state is None or state.shown(at).status is not Status.UNKNOWN

    async def _settled(self, slot: Slot, at: int, result: Result) -> tuple[int, Result]:
        """When to judge it and as what, now that what it depends on was looked at: for nothing, if time broke."""
        breaks = self._continuity.breaks
        at = await self._ancestors.settled(slot.sonde.id, at)
        if self._broke_since(breaks):
            slot.in_doubt = True
            return self._by_now(at), _interrupted(result, "le superviseur a été suspendu")
        return at, result

    def _by_now(self, at: int) -> int:
        """This instant, unless the clock was set back before it: whatever is found until it comes would be too old."""
        return min(at, int(self._clock.wall()))

    def _broke_since(self, breaks: int) -> bool:
        broken = self._continuity.look()
        if broken is not None:
            self._engine.broke(broken)
        return self._continuity.breaks != breaks

    async def _run(self, slot: Slot) -> Result:
        sonde = slot.sonde
        probe = self._probes[sonde.type]
        if probe.isolated:
            if slot.pool.workers is None:
                slot.pool.workers = Workers(slot.pool.name)
            return await slot.pool.workers.run(
                sonde.type, sonde.target, sonde.settings, sonde.timeout_s, slot.started_wall
            )
        current = Run(self._shared, slot.started_wall, sonde.timeout_s, interval_s=sonde.interval_s)
        return await runner.run(probe, sonde.target, sonde.settings, current)

    def _judged(self, slot: Slot, at: int, result: Result) -> bool:
        changes = self._deliver(slot.sonde, at, result)
        self._ancestors.judged(slot.sonde.id)
        if changes:
            freed = [c.sonde for c in changes if c.before is Status.CRITICAL and c.after is not Status.CRITICAL]
            for sonde_id in freed:
                self._engine.recheck_soon(self._judge.descendants(sonde_id))
        state = self._judge.state(slot.sonde.id)
        return state is not None and state.pending


def _doubted(slot: Slot, status: Status, *, doubtful: bool) -> bool:
    """Is what both looks found not to be believed? What is `unknown` anyway counts for nothing."""
    if status is not Status.UNKNOWN:
        slot.doubts = slot.doubts + 1 if doubtful else 0
    slot.in_doubt = doubtful and status is not Status.UNKNOWN and slot.doubts <= MOST_DOUBTS
    return slot.in_doubt


def _interrupted(result: Result, why: str) -> Result:
    return Result(Status.UNKNOWN, f"contrôle interrompu : {why}", (), result.duration_s)
