"""What the daemon says of itself: its figures for the metrics, its troubles for the health pages and the watchdog."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from supervisor.alerts.dispatcher import Dispatcher
from supervisor.clock import Clock
from supervisor.engine.engine import Engine
from supervisor.engine.lag import BOUNDS
from supervisor.engine.watchdog import LoopWatchdog
from supervisor.metrics import PoolFigures
from supervisor.record import Record
from supervisor.store.recorder import Recorder

# Without a tick or, where checks are owed, the end of one for so long, the process is worth a restart.
ADVANCES_WITHIN_S = 60.0
LOOKS_WITHIN_S = 120.0  # at the outbox; an import may hold the database for some of it
LATE_S = 30.0


class SelfCheck:
    """Reads the parts; changes none."""

    def __init__(
        self,
        *,
        engine: Engine,
        record: Record,
        recorder: Recorder,
        watchdog: LoopWatchdog,
        dispatcher: Dispatcher,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._record = record
        self._recorder = recorder
        self._watchdog = watchdog
        self._dispatcher = dispatcher
        self._clock = clock
        self._started_at = clock.wall()
        self.reloads = 0
        self.refused_reloads = 0
        self.loaded_at = clock.wall()  # when the config that runs took effect
        self.started = False

    # --- metrics (read from a thread: only what the loop replaces, nothing that it changes in place)

    def pools(self) -> Iterator[PoolFigures]:
        """Every pool."""
        now = self._clock.monotonic()
        for pool in list(self._engine.pools):
            yield PoolFigures(
                name=pool.name,
                collectivite=pool.collectivite,
                occupancy=pool.occupancy,
                lag_s=pool.lag(now),
                skipped=pool.skipped,
                completed=pool.completed,
                crashes=pool.crashes,
                workers_killed=pool.workers.killed if pool.workers is not None else 0,
                workers_crashed=pool.workers.crashed if pool.workers is not None else 0,
            )

    def lags(self) -> tuple[list[tuple[str, float]], float]:
        """The histogram of lags."""
        counts = list(accumulate(self._engine.lags.counts))
        bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
        return list(zip(bounds, map(float, counts), strict=True)), self._engine.lags.total_s

    def gauges(self) -> Iterator[tuple[str, str, float]]:
        """Single values."""
        recorder = self._recorder
        yield "vigie_start_timestamp_seconds", "When the daemon started.", self._started_at
        yield "vigie_config_timestamp_seconds", "When the config that runs took effect.", self.loaded_at
        yield "vigie_store_failing", "1 while the database cannot be written.", float(recorder.failing is not None)
        yield "vigie_store_pending", "What waits to be written to the database.", float(recorder.pending)
        yield "vigie_store_flush_seconds", "Duration of the latest flush.", recorder.last_flush_s
        yield "vigie_loop_stalled_seconds", "Since when the event loop does not answer.", self._watchdog.stalled_for_s
        yield (
            "vigie_well",
            "1 while nothing is wrong with Vigie itself, and watchdogs are called.",
            float(not self.well()),
        )

    def counters(self) -> Iterator[tuple[str, str, float]]:
        """Single totals."""
        engine, recorder = self._engine, self._recorder
        yield "vigie_time_breaks", "Suspensions, stops and clock steps seen.", float(engine.continuity.breaks)
        yield "vigie_loop_stalls", "Times the event loop was blocked.", float(self._watchdog.stalls)
        yield "vigie_late_results", "Results that came too late to count.", float(self._record.skipped)
        yield "vigie_store_dropped_samples", "Measurements given up.", float(recorder.dropped_samples)
        yield "vigie_config_reloads", "Configs that took effect after the start.", float(self.reloads)
        yield "vigie_config_refused_reloads", "Configs that were refused.", float(self.refused_reloads)

    # --- health

    def alive(self) -> list[str]:
        """Why the process should be restarted."""
        if self._engine.advancing(ADVANCES_WITHIN_S):
            return []
        return [f"no check advanced for {ADVANCES_WITHIN_S:.0f} s"]

    def ready(self) -> list[str]:
        """Why it cannot do its whole work."""
        troubles = self.alive()
        if not self.started:
            troubles.append("starting")
        if self._recorder.failing is not None:
            troubles.append(f"the database cannot be written: {self._recorder.failing}")
        looked_at = self._dispatcher.looked_at
        silent_s = 0.0 if looked_at is None else self._clock.monotonic() - looked_at
        if silent_s > LOOKS_WITHIN_S:
            troubles.append(f"the outbox was not looked at for {silent_s:.0f} s")
        return troubles

    def well(self) -> list[str]:
        """Why somebody should have a look: what it cannot do, what it does too late, and whom it cannot tell."""
        troubles = self.ready()
        now = self._clock.monotonic()
        lags = [pool.lag(now) for pool in list(self._engine.pools)]
        if lags and min(lags) > LATE_S:
            troubles.append(f"checks are {min(lags):.0f} s late in every pool")
        used = {n: one for n, one in self._dispatcher.standing.items() if one.worked_at or one.fails_since is not None}
        if used and all(one.fails_since is not None for one in used.values()):
            troubles.append(f"no alert leaves: nothing by {', '.join(used)}")
        return troubles
