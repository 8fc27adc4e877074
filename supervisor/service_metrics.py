"""What Prometheus reads of services: availability, what is left of the budget, and the clocks of the GTI.

Availability is worked out every few minutes and its text kept, so that a scrape costs nothing; the clocks are read at
the scrape, since they run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from supervisor.domain.incident import ServiceKey
from supervisor.domain.promise import Promises
from supervisor.metrics import escape
from supervisor.proof.running import Present
from supervisor.proof.standing import Standing

HELP = {
    "vigie_service_availability_ratio": "Availability so far; no series while nothing is measured.",
    "vigie_service_availability_ratio_low": "The availability if all that is unknown were down.",
    "vigie_service_availability_ratio_high": "The availability if all that is unknown were up.",
    "vigie_service_budget_seconds": "Downtime allowed over the period of the contract.",
    "vigie_service_budget_left_seconds": "What is left of it; below zero once it is overspent.",
    "vigie_service_budget_burn_ratio": "How fast it is spent: above 1 it will not last.",
    "vigie_gti_remaining_seconds": "Opening seconds left of a GTI that runs; below zero once it is exceeded.",
}


class ServiceExposition:
    """The series of every service, as text."""

    def __init__(self, promises: Callable[[], Promises], now: Callable[[], int]) -> None:
        self._promises = promises
        self._now = now
        self._kept: list[bytes | bytearray] = []
        self.present = Present()  # replaced, never changed in place: scrapes run in threads

    def keep(self, standing: Standing) -> None:
        """Show these figures from now on."""
        self._kept = _parts(_figures(standing))

    def render(self) -> list[bytes | bytearray]:
        """All families, in parts."""
        lines = bytearray()
        for one, key, left in self.present.remaining(self._promises(), self._now()):
            labels = f'{_labels(key)},sonde="{one.sonde or ""}",incident="{one.incident}"'
            lines += f"vigie_gti_remaining_seconds{{{labels}}} {left}\n".encode()
        return [*self._kept, *_parts({"vigie_gti_remaining_seconds": lines})]


def _figures(standing: Standing) -> dict[str, bytearray]:
    families = {name: bytearray() for name in HELP}
    for period, services in standing.figures.items():
        for key, figures in services.items():
            labels = f'{_labels(key)},period="{period}"'
            for suffix, value in (("", figures.availability), ("_low", figures.low), ("_high", figures.high)):
                if value is not None:
                    name = f"vigie_service_availability_ratio{suffix}"
                    families[name] += f"{name}{{{labels}}} {value!r}\n".encode()
    for name, labels, value in _budgets(standing):
        families[name] += f"{name}{{{labels}}} {value!r}\n".encode()
    return families


def _budgets(standing: Standing) -> Iterator[tuple[str, str, float]]:
    for key, budget in standing.budgets.items():
        labels = _labels(key)
        yield "vigie_service_budget_seconds", labels, budget.total_s
        yield "vigie_service_budget_left_seconds", labels, budget.left_s
        if budget.burn is not None:
            yield "vigie_service_budget_burn_ratio", labels, budget.burn


def _labels(key: ServiceKey) -> str:
    return f'collectivite="{escape(key[0])}",service="{escape(key[1])}"'


def _parts(families: Mapping[str, bytearray]) -> list[bytes | bytearray]:
    return [
        part
        for name, lines in families.items()
        if lines
        for part in (f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n".encode(), lines)
    ]
