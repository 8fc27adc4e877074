"""What Prometheus reads of alerts: the outbox by channel, and the watchdogs that are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from supervisor.alerts.dispatcher import Dispatcher
from supervisor.store.channels import Standing
from supervisor.watchdogs import Watchdogs


class AlertExposition(Collector):
    """Computed at the scrape, in a thread: reads only what the loop replaces."""

    def __init__(self, dispatcher: Dispatcher, watchdogs: Watchdogs, now: Callable[[], float]) -> None:
        self._dispatcher = dispatcher
        self._watchdogs = watchdogs
        self._now = now
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def render(self) -> list[bytes]:
        """The families as text."""
        return [generate_latest(self._registry)]

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        yield from self._outbox()
        yield from self._called()

    def _outbox(self) -> Iterator[Metric]:
        standing = self._dispatcher.standing
        worked = {name: one for name, one in standing.items() if one.worked_at is not None}
        gauge = _gauge("channel")
        yield gauge("vigie_outbox_pending", "Messages that wait to leave.", {n: s.pending for n, s in standing.items()})
        yield gauge(
            "vigie_outbox_failing", "Of these, tried already, in vain.", {n: s.failing for n, s in standing.items()}
        )
        yield gauge(
            "vigie_outbox_oldest_seconds",
            "Since when the oldest of them waits.",
            {name: self._age(one) for name, one in standing.items()},
        )
        yield gauge(
            "vigie_outbox_dead",
            "Messages that could not be delivered, until retried or dropped.",
            {name: one.dead for name, one in standing.items()},
        )
        yield gauge(
            "vigie_outbox_channel_failing",
            "1 while nothing leaves by the channel, as operators were told.",
            {name: one.fails_since is not None for name, one in standing.items()},
        )
        yield gauge(
            "vigie_outbox_last_success_timestamp_seconds",
            "When the channel last took a message on.",
            {name: one.worked_at or 0 for name, one in worked.items()},
        )

    def _age(self, one: Standing) -> float:
        return 0.0 if one.oldest_at is None else max(self._now() - one.oldest_at, 0.0)

    def _called(self) -> Iterator[Metric]:
        calls = list(self._watchdogs.calls.items())
        made = CounterMetricFamily("vigie_watchdog_calls", "Calls to the watchdog.", labels=["watchdog"])
        failures = CounterMetricFamily(
            "vigie_watchdog_failed_calls", "Of these, not answered as they should be.", labels=["watchdog"]
        )
        for name, one in calls:
            made.add_metric([name], one.made)
            failures.add_metric([name], one.failures)
        yield made
        yield failures
        yield _gauge("watchdog")(
            "vigie_watchdog_last_success_timestamp_seconds",
            "When the watchdog last heard that all is well.",
            {name: one.answered_at for name, one in calls if one.answered_at is not None},
        )


def _gauge(label: str) -> Callable[[str, str, dict[str, float]], Metric]:
    def made(name: str, text: str, values: dict[str, float]) -> Metric:
        family = GaugeMetricFamily(name, text, labels=[label])
        for value_of, value in values.items():
            family.add_metric([value_of], float(value))
        return family

    return made
