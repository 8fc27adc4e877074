"""What a sonde depends on is looked at before the sonde is believed. docs/adr/0005-ancestors-first.md says why."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from probes.base import Status
from supervisor.clock import Clock
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import CANARY_OWNER
from supervisor.engine.pool import Slot

log = logging.getLogger(__name__)


class Checks(Protocol):
    """How one sonde is checked now."""

    def slot(self, sonde_id: str) -> Slot | None:
        """Where this sonde stands."""

    def recheck(self, sonde_id: str) -> bool:
        """Check it now; False if it is not checked at all."""


class AncestorsFirst:
    """Holds new trouble back until what the sonde depends on is known."""

    def __init__(self, judge: Judge, checks: Checks, clock: Clock) -> None:
        self._judge = judge
        self._checks = checks
        self._clock = clock
        self._expected: dict[str, list[asyncio.Future[None]]] = {}  # who waits for the next result of a sonde

    def concerned(self, sonde_id: str, at: int, status: Status) -> bool:
        """Is this worse than what is known of the sonde, and not hidden already?"""
        if status is Status.OK or status is Status.UNKNOWN:
            return False
        state = self._judge.state(sonde_id)
        if state is not None and state.level is not None and state.level.severity >= status.severity:
            return False
        return not self._judge.blocked(sonde_id, at)

    async def settled(self, sonde_id: str, at: int) -> int:
        """Wait until what it depends on is known to be well or down later than `at`; the instant to judge it at.

        The nearest first, and up to the first that hides it: one that answers says nothing of those above it (a machine
        that is reached by another way while its router is down). Without any, the canaries: as soon as one of them
        answers, Vigie itself is not cut off. If one is down, the result saw the trouble a moment before
        its cause was known: it is judged from the instant at which it is.
        """
        above = [name for name in self._judge.ancestors(sonde_id) if self._is_checked(name)]
        parents = [name for name in above if not name.startswith(f"{CANARY_OWNER}/")]
        patience = sum(self._patience(name) for name in above)
        try:
            async with asyncio.timeout(patience):
                for name in parents:
                    await self._known(name, at)
                    if self._judge.hidden_since(sonde_id, int(self._clock.wall())) is not None:
                        break
                if not parents:
                    await self._any_well(above, at)
        except TimeoutError:
            log.warning("%s: what it depends on did not settle within %.0f s; it is judged alone", sonde_id, patience)
        since = self._judge.hidden_since(sonde_id, int(self._clock.wall()))
        return at if since is None else max(at, since)

    def judged(self, sonde_id: str) -> None:
        """A result of this sonde was judged: whoever waits for it may look."""
        for waiting in self._expected.pop(sonde_id, ()):
            if not waiting.done():
                waiting.set_result(None)

    def _is_checked(self, sonde_id: str) -> bool:
        slot = self._checks.slot(sonde_id)
        return slot is not None and not slot.sonde.paused

    def _patience(self, sonde_id: str) -> float:
        """How long the confirmation of this sonde may take, from now."""
        slot = self._checks.slot(sonde_id)
        if slot is None:
            return 0.0
        sonde = slot.sonde
        return sonde.attempts * (sonde.retry_every_s + sonde.timeout_s) + sonde.timeout_s + 2

    async def _any_well(self, canaries: list[str], at: int) -> None:
        for canary in canaries:
            await self._known(canary, at)
            state = self._judge.state(canary)
            if state is not None and state.level is Status.OK:
                return

    async def _known(self, sonde_id: str, at: int) -> None:
        while True:
            state, slot = self._judge.state(sonde_id), self._checks.slot(sonde_id)
            fresh = state is not None and state.last_at > at
            in_doubt = slot is not None and slot.in_doubt  # its next check is soon, and will tell
            if state is not None and fresh and not state.critical_pending and not in_doubt:
                return
            if not fresh and not self._checks.recheck(sonde_id):
                return
            waiting = asyncio.get_running_loop().create_future()
            self._expected.setdefault(sonde_id, []).append(waiting)
            await waiting
