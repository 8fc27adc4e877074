"""The engine: starts what is due, hands results on, applies a new configuration by its difference."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping

from probes.base import Probe, Shared
from supervisor.clock import Clock
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import Sonde
from supervisor.engine.continuity import LOOK_EVERY_S, Break, Continuity
from supervisor.engine.cycle import Cycle, Deliver
from supervisor.engine.lag import LagHistogram
from supervisor.engine.pool import Pools, Slot
from supervisor.engine.schedule import FIRST_WITHIN_S, Agenda, on_grid

log = logging.getLogger(__name__)

# Later than this, a check is given up and the sonde gets a new date: after a stop of the whole process everything
# is late at once, and catching up would be the very burst that the phases avoid.
GIVE_UP_AFTER_S = 5.0
# What an ancestor's recovery sets free is looked at again within this time.
RECHECK_WITHIN_S = 10.0


class Engine:
    """Runs every sonde of every pool."""

    def __init__(
        self,
        *,
        clock: Clock,
        probes: Mapping[str, Probe],
        shared: Shared,
        judge: Judge,
        deliver: Deliver,
        concurrency: int,
        rewound: Callable[[float], None],
    ) -> None:
        self._clock = clock
        self._judge = judge
        self._rewound = rewound
        self._offset = clock.wall() - clock.monotonic()
        self._agenda: Agenda[Slot] = Agenda()
        self._slots: dict[str, Slot] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._wake: asyncio.Future[None] | None = None
        self._wake_at = 0.0
        self.pools = Pools(concurrency)
        self.continuity = Continuity(clock)
        self.lags = LagHistogram()
        self.ticked_at = clock.monotonic()
        self._cycle = Cycle(
            clock=clock,
            probes=probes,
            shared=shared,
            judge=judge,
            continuity=self.continuity,
            engine=self,
            deliver=deliver,
        )

    # --- configuration

    def add(self, sondes: Iterable[Sonde]) -> None:
        """Check these from now on, each at its own phase."""
        now = self._clock.monotonic()
        for sonde in sondes:
            slot = self._slots[sonde.id] = self.pools.place(sonde)
            if not sonde.paused:
                self._agenda.put(slot, self._first_due(slot, now))
        self._poke()

    def _first_due(self, slot: Slot, now: float) -> float:
        sonde = slot.sonde
        slot.regular_due = on_grid(now, sonde.interval_s, slot.phase, self._offset)
        state = self._judge.state(sonde.id)
        if state is not None and state.until > slot.regular_due + self._offset:
            return slot.regular_due  # known from before the restart, and still true when its turn comes
        return (
            min(slot.regular_due, now + slot.phase * FIRST_WITHIN_S)
            if sonde.interval_s > FIRST_WITHIN_S
            else (slot.regular_due)
        )

    def remove(self, sonde_ids: Iterable[str]) -> None:
        """Check these no more; a check that is under way ends, and its result is dropped."""
        for sonde_id in sonde_ids:
            slot = self._slots.pop(sonde_id)
            self._agenda.drop(slot)
            for emptied in self.pools.withdraw(slot):
                task = asyncio.ensure_future(emptied.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    def change(self, sondes: Iterable[Sonde]) -> None:
        """These are written otherwise now; those whose cadence is the same keep their date."""
        now = self._clock.monotonic()
        for sonde in sondes:
            slot = self._slots[sonde.id]
            old = slot.sonde
            if old.billable is not sonde.billable:
                self.remove([sonde.id])
                self.add([sonde])
                continue
            slot.sonde = sonde
            if sonde.paused:
                self._agenda.drop(slot)
            elif not slot.running and (old.paused or old.interval_s != sonde.interval_s):
                self._agenda.put(slot, self._first_due(slot, now))
        self._poke()

    # --- what the world asks

    def slot(self, sonde_id: str) -> Slot | None:
        """Where this sonde stands."""
        return self._slots.get(sonde_id)

    def recheck(self, sonde_id: str) -> bool:
        """Check it now (in a later second than its last result, which it could not replace otherwise)."""
        slot = self._slots.get(sonde_id)
        if slot is None or slot.sonde.paused:
            return False
        if not slot.running:
            wall = self._clock.wall()
            wait = max(0.0, int(slot.started_wall) + 1 - wall) if slot.started_wall <= wall else 0.0
            self._agenda.advance(slot, self._clock.monotonic() + wait)
            self._poke()
        return True

    def recheck_soon(self, sonde_ids: Iterable[str]) -> None:
        """Check these again within seconds, spread."""
        now = self._clock.monotonic()
        for sonde_id in sonde_ids:
            slot = self._slots.get(sonde_id)
            if slot is not None and not slot.running and not slot.sonde.paused:
                self._agenda.advance(slot, now + slot.phase * min(RECHECK_WITHIN_S, slot.sonde.interval_s))
        self._poke()

    def advancing(self, within_s: float) -> bool:
        """Do checks go on? What the watchdog of the service manager is fed with.

        The loop ticks, and of the pools that owe checks at least one ended one lately, or began to owe lately: a single
        stuck pool is shown by its lag and must not restart the others.
        """
        now = self._clock.monotonic()
        if now - self.ticked_at > within_s:
            return False
        owing = [pool for pool in self.pools if pool.owes]
        return not owing or any(now - pool.advanced_at <= within_s for pool in owing)

    # --- the loop

    async def run(self) -> None:
        """Start what is due, until cancelled."""
        try:
            while True:
                self.tick()
                now = self._clock.monotonic()
                due = self._agenda.next_due()
                await self._pause(min(now + LOOK_EVERY_S, due if due is not None else now + LOOK_EVERY_S))
        finally:
            await asyncio.gather(*(pool.close() for pool in self.pools), *self._closing, return_exceptions=True)

    def tick(self) -> None:
        """Start what is due by now."""
        broken = self.continuity.look()
        if broken is not None:
            self.broke(broken)
        now = self.ticked_at = self._clock.monotonic()
        for due, slot in self._agenda.pop_due(now):
            try:
                self._begin(slot, due, now)
            except Exception:
                slot.pool.crashes += 1
                log.exception("pool %s: %s could not be started", slot.pool.name, slot.sonde.id)

    def _begin(self, slot: Slot, due: float, now: float) -> None:
        lag = now - due
        if lag > GIVE_UP_AFTER_S or slot.running:
            slot.skipped += 1
            slot.pool.skipped += 1
            slot.pool.lagged(now, lag)
            self.lags.observe(lag)
            if slot.running:
                self._agenda.put(slot, on_grid(now, slot.sonde.interval_s, slot.phase, self._offset))
            else:
                self._agenda.put(slot, now + slot.phase * min(slot.sonde.interval_s, FIRST_WITHIN_S))
            return
        slot.due = due
        if not slot.pool.owes:
            slot.pool.advanced_at = now  # it rested: what it ended before, hours ago or never, is no measure of it
        slot.pool.submit(slot, lambda: self._cycle.check(slot))

    def ended(self, slot: Slot, retry: bool) -> None:
        """A check is over: when is the next one?"""
        slot.running = False
        now = self._clock.monotonic()
        slot.pool.completed += 1
        slot.pool.advanced_at = now
        if slot.gone or slot.sonde.paused:
            return
        sonde = slot.sonde
        slot.regular_due = on_grid(now, sonde.interval_s, slot.phase, self._offset)
        due = slot.regular_due
        if retry:
            due = min(due, max(slot.due + sonde.retry_every_s, now))
        self._agenda.advance(slot, due)

    def broke(self, broken: Break) -> None:
        """Time did not pass as it should."""
        log.warning(
            "time broke: the process did not run for %.1f s, the wall clock moved by %.1f s beside it; "
            "the checks that were under way count as unknown",
            broken.paused_s,
            broken.stepped_s,
        )
        if broken.stepped_s < 0:
            self._rewound(self._clock.wall())

    async def _pause(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        self._wake, self._wake_at = loop.create_future(), until
        timer = loop.call_at(until, self._rouse)
        try:
            await self._wake
        finally:
            timer.cancel()
            self._wake = None

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _poke(self) -> None:
        due = self._agenda.next_due()
        if due is not None and due < self._wake_at:
            self._rouse()

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots.values())
