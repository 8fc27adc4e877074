"""What Prometheus reads: `/metrics`.

The series of the sondes are written as text from what is in memory, each sonde's labels being written once: 20,000
sondes take 0.1 s where Gauge objects take 0.8. It is called in a thread, never in the event loop. The rest is a few
hundred series and goes through prometheus-client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from probes.base import Measurement, Status
from supervisor.domain.board import Board
from supervisor.domain.sonde import Sonde

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HELP = {
    "vigie_sonde_status": "State of the sonde: 0 ok, 1 warning, 2 critical, 3 unknown.",
    "vigie_sonde_up": "1 while ok or warning, 0 while critical; no series while unknown.",
    "vigie_sonde_flapping": "1 while the sonde changes too often.",
    "vigie_sonde_duration_seconds": "Duration of the latest check.",
    "vigie_sonde_last_result_timestamp_seconds": "Instant of the latest result.",
}


class PoolFigures(NamedTuple):
    """What a pool shows."""

    name: str
    collectivite: str
    occupancy: int
    lag_s: float
    skipped: int
    completed: int
    crashes: int
    workers_killed: int
    workers_crashed: int


class Figures(Protocol):
    """What the process says of itself, read at each scrape."""

    def pools(self) -> Iterable[PoolFigures]:
        """Every pool."""

    def lags(self) -> tuple[list[tuple[str, float]], float]:
        """How late checks started: cumulated buckets by bound, and the sum of seconds."""

    def gauges(self) -> Iterable[tuple[str, str, float]]:
        """Single values: name, help, value."""

    def counters(self) -> Iterable[tuple[str, str, float]]:
        """Single totals: name, help, value."""


def escape(text: str) -> str:
    """A label value as the exposition format wants it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


class SondeExposition:
    """The series of every sonde, as text."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._labels: dict[str, tuple[Sonde, str]] = {}

    def render(self, now: int) -> list[bytes | bytearray]:
        """All families, in parts. What the loop replaces meanwhile is seen old or new, never half.

        Each family grows in a buffer of bytes: 160,000 strings in lists would double the memory of the process.
        """
        board = self._board
        families: dict[str, bytearray] = {name: bytearray() for name in _HELP}
        status, up, flapping, duration, last = families.values()
        for sonde in (*board.sondes.values(), *board.canaries):
            labels = self._text(sonde)
            shown = board.shown(sonde.id, now).status
            status += f"vigie_sonde_status{labels} {shown.severity}\n".encode()
            if shown is not Status.UNKNOWN:
                up += f"vigie_sonde_up{labels} {0 if shown is Status.CRITICAL else 1}\n".encode()
            if board.flapping(sonde.id):
                flapping += f"vigie_sonde_flapping{labels} 1\n".encode()
            latest = board.latest.get(sonde.id)
            if latest is None:
                continue
            duration += f"vigie_sonde_duration_seconds{labels} {latest.result.duration_s:.6f}\n".encode()
            last += f"vigie_sonde_last_result_timestamp_seconds{labels} {latest.at}\n".encode()
            if latest.result.measurements:
                self._measured(families, sonde.type, labels, latest.result.measurements)
        self._forget()
        return [part for name, lines in families.items() if lines for part in (_head(name), lines)]

    def _measured(
        self, families: dict[str, bytearray], kind: str, labels: str, measurements: tuple[Measurement, ...]
    ) -> None:
        for name, value, extra in measurements:
            family = f"vigie_{kind}_{name}".replace("-", "_")
            if extra:
                more = ",".join(f'{key}="{escape(text)}"' for key, text in extra)
                line = f"{family}{labels[:-1]},{more}}} {value!r}\n"
            else:
                line = f"{family}{labels} {value!r}\n"
            lines = families.get(family)
            if lines is None:
                lines = families[family] = bytearray()
            lines += line.encode()

    def _text(self, sonde: Sonde) -> str:
        known = self._labels.get(sonde.id)
        if known is not None and known[0] is sonde:
            return known[1]
        text = (
            f'{{collectivite="{sonde.collectivite}",service="{sonde.service or ""}",'
            f'sonde="{sonde.id}",type="{sonde.type}"}}'
        )
        self._labels[sonde.id] = (sonde, text)
        return text

    def _forget(self) -> None:
        if len(self._labels) > len(self._board.sondes) + len(self._board.canaries):
            kept = {*self._board.sondes, *(canary.id for canary in self._board.canaries)}
            self._labels = {key: value for key, value in self._labels.items() if key in kept}


def _head(name: str) -> bytes:
    help_text = _HELP.get(name, "Measured by the sonde's latest check.")
    return f"# HELP {name} {help_text}\n# TYPE {name} gauge\n".encode()


class VigieCollector(Collector):
    """The daemon's own figures, computed at the scrape."""

    def __init__(self, board: Board, figures: Figures, now: Callable[[], int]) -> None:
        self._board = board
        self._figures = figures
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Every family of the process itself."""
        yield from self._pools()
        checks = CounterMetricFamily("vigie_checks", "Checks completed.", labels=["type", "status"])
        for (kind, status), count in sorted(self._board.checks.copy().items()):
            checks.add_metric([kind, status.value], count)
        yield checks
        isolated = 1 if self._board.isolated(self._now()) else 0
        yield GaugeMetricFamily("vigie_isolated", "1 while every canary fails: Vigie is cut off.", value=isolated)
        buckets, total_s = self._figures.lags()
        lag = HistogramMetricFamily("vigie_schedule_lag_seconds", "How late checks started.")
        lag.add_metric([], buckets, total_s)
        yield lag
        for name, text, value in self._figures.gauges():
            yield GaugeMetricFamily(name, text, value=value)
        for name, text, value in self._figures.counters():
            yield CounterMetricFamily(name, text, value=value)

    def _pools(self) -> Iterator[Metric]:
        labels = ["collectivite", "pool"]
        gauges = {
            "occupancy": GaugeMetricFamily("vigie_pool_occupancy", "Sondes in the pool, of 50.", labels=labels),
            "lag_s": GaugeMetricFamily(
                "vigie_pool_lag_seconds", "Worst lateness of a check of the pool in the last minute.", labels=labels
            ),
        }
        counters = {
            "skipped": CounterMetricFamily("vigie_pool_skipped_checks", "Checks given up: too late.", labels=labels),
            "completed": CounterMetricFamily("vigie_pool_completed_checks", "Checks completed.", labels=labels),
            "crashes": CounterMetricFamily("vigie_pool_crashes", "Checks that crashed the engine.", labels=labels),
            "workers_killed": CounterMetricFamily(
                "vigie_pool_killed_workers", "Processes of foreign techniques that had to be killed.", labels=labels
            ),
            "workers_crashed": CounterMetricFamily(
                "vigie_pool_crashed_workers", "Processes of foreign techniques that ended by themselves.", labels=labels
            ),
        }
        for pool in self._figures.pools():
            for field, gauge in gauges.items():
                gauge.add_metric([pool.collectivite, pool.name], getattr(pool, field))
            for field, counter in counters.items():
                counter.add_metric([pool.collectivite, pool.name], getattr(pool, field))
        yield from gauges.values()
        yield from counters.values()


class Exposition:
    """The whole page."""

    def __init__(
        self,
        board: Board,
        figures: Figures,
        now: Callable[[], int],
        services: Callable[[], list[bytes | bytearray]],
    ) -> None:
        self._now = now
        self._sondes = SondeExposition(board)
        self._services = services
        self._registry = CollectorRegistry()
        self._registry.register(VigieCollector(board, figures, now))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def render(self) -> list[bytes | bytearray]:
        """The page in parts, in about 0.1 s for 20,000 sondes: call it in a thread. Whole, it would be copied again."""
        return [generate_latest(self._registry), *self._services(), *self._sondes.render(self._now())]
