"""One scenario on one system, from its start to its figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench import detection, vigie
from bench.detection import Delays, Rule
from bench.exposition import quantile
from bench.processes import Memory, memory
from bench.prometheus import Prometheus
from bench.scenario import Scenario
from bench.targets import Breakable, Targets
from bench.vigie import Reading, Scrape, Vigie
from bench.window import Window, watch

_SCRAPES = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Lag:
    """How late checks started, in seconds."""

    p50: float
    p99: float
    worst: float  # of any pool in the last minute


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The figures of one system in one scenario."""

    scenario: str
    system: str
    at: str  # UTC, when it was measured
    sondes: int
    interval_s: int
    checks_per_s: float
    failed: int  # completed, but with another status than ok: a row with many measures something else
    cpu_ms: float  # per completed check
    window: Window
    memory: Memory
    lag: Lag | None = None
    skipped: float = 0.0
    scrapes: tuple[Scrape, ...] = ()
    detection: Delays | None = None
    runs: tuple[float, ...] = ()  # CPU ms per check of each repetition, in order, if there were several


def median_of(rows: Sequence[Row]) -> Row:
    """Repetitions of one row as one: the run in the middle, what failed in any of them, and what each one cost."""
    if len(rows) == 1:
        return rows[0]
    middle = sorted(rows, key=lambda row: row.cpu_ms)[(len(rows) - 1) // 2]
    return replace(middle, failed=sum(row.failed for row in rows), runs=tuple(row.cpu_ms for row in rows))


def vigie_row(directory: Path, scenario: Scenario, targets: Targets, *, break_one: Rule | None = None) -> Row:
    """Start the daemon, let it settle, watch it; then scrape it, and break a target if asked."""
    breakable = Breakable() if break_one else None
    also = {"panne": detection.commune(breakable, break_one)} if breakable and break_one else {}
    daemon = vigie.start(vigie.write_config(directory, scenario, targets, also))
    with daemon.process:
        daemon.call_in()
        _settle(daemon, scenario)
        before = daemon.read()
        window = watch(daemon.pids, scenario.window_s)
        after = daemon.read()
        held = memory(daemon.pids)
        scrapes = tuple(daemon.scrape() for _ in range(_SCRAPES))
        delays = detection.measure(daemon, breakable, break_one) if breakable and break_one else None
    return _vigie_figures(scenario, before, after, window, held, scrapes, delays)


def _settle(daemon: Vigie, scenario: Scenario) -> None:
    wanted = scenario.sondes * scenario.warm_rounds
    longest = scenario.interval_s * (scenario.warm_rounds + 1) + 60
    daemon.warm_up(wanted, longest, look_every_s=max(0.5, scenario.interval_s / 10))
    time.sleep(min(2.0, scenario.interval_s / 5))  # what our looks at the page left behind


def _vigie_figures(
    scenario: Scenario,
    before: Reading,
    after: Reading,
    window: Window,
    held: Memory,
    scrapes: tuple[Scrape, ...],
    delays: Delays | None,
) -> Row:
    done = after.checks - before.checks
    lags = {bound: count - before.lags.get(bound, 0.0) for bound, count in after.lags.items()}
    return Row(
        scenario=scenario.name,
        system="vigie",
        at=_now(),
        sondes=scenario.sondes,
        interval_s=scenario.interval_s,
        checks_per_s=done.total() / window.seconds,
        failed=sum(count for (_, status), count in done.items() if status != "ok"),
        cpu_ms=window.cpu_ms(done.total()),
        window=window,
        memory=held,
        lag=Lag(p50=quantile(0.5, lags), p99=quantile(0.99, lags), worst=after.worst_lag_s),
        skipped=after.skipped - before.skipped,
        scrapes=scrapes,
        detection=delays,
    )


def prometheus_row(directory: Path, scenario: Scenario, targets: Targets) -> Row:
    """The same with Prometheus and its exporter."""
    with Prometheus(directory, scenario, targets) as pair:
        # Scrapes are spread over one interval from the start on, with no way to hurry the first.
        time.sleep(scenario.interval_s * scenario.warm_rounds + 5)
        window = watch(pair.pids, scenario.window_s)
        stored, succeeded = pair.completed(window.seconds)
        held = memory(pair.pids)
    return Row(
        scenario=scenario.name,
        system="prometheus",
        at=_now(),
        sondes=scenario.sondes,
        interval_s=scenario.interval_s,
        checks_per_s=stored / window.seconds,
        failed=stored - succeeded,
        cpu_ms=window.cpu_ms(stored),
        window=window,
        memory=held,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
