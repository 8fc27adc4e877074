"""How long a failing target takes to be a confirmed `critical` on the page, beside what the settings allow at best."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from bench.check import Check
from bench.processes import BenchError
from bench.targets import Breakable
from bench.vigie import Vigie
from bench.vigie import commune as collectivite

_SONDES = 40
_LOOK_EVERY_S = 0.25
_CRITICAL = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The cadence of the sondes whose target breaks; the defaults of Vigie."""

    interval_s: int = 60
    attempts: int = 3
    retry_every_s: int = 20

    @property
    def longest_s(self) -> float:
        """When a target breaks just after a check."""
        return self.interval_s + (self.attempts - 1) * self.retry_every_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Delays:
    """From the failure to the confirmed state as seen in /metrics, over the sondes of one broken target."""

    sondes: int
    p50_s: float
    max_s: float
    theory_p50_s: float  # next regular check + (attempts - 1) retries, sonde by sonde
    theory_max_s: float
    added_p50_s: float  # seen minus theory: whole seconds, the wait for the parent's check, and our looking
    added_max_s: float


def commune(breakable: Breakable, rule: Rule) -> str:
    """A commune behind a router that stays well, all of whose other sondes look at the target that will break."""
    router = Check(kind="link3", address="127.0.3.1", settings={"type": "link"}, probed="")
    own = {"attempts": rule.attempts, "retry_every": f"{rule.retry_every_s}s"}
    settings = {"type": "tcp", "port": breakable.port, **own}
    checks = [Check(kind="tcp", address=breakable.address, settings=settings, probed="") for _ in range(_SONDES)]
    return collectivite("panne", [router, *checks], rule.interval_s)


def measure(daemon: Vigie, breakable: Breakable, rule: Rule) -> Delays:
    """Break the target; look at the page until every sonde of it is critical."""
    _wait_until_well(daemon, rule)
    last = {
        sample.labels["sonde"]: sample.value
        for sample in daemon.of_sondes("vigie_sonde_last_result_timestamp_seconds")
        if _is_ours(sample.labels)
    }
    failed_at, failed = time.time(), time.monotonic()
    breakable.fail()
    seen: dict[str, float] = {}
    while len(seen) < _SONDES:
        for sonde in _critical(daemon) - seen.keys():
            seen[sonde] = time.monotonic() - failed
        if time.monotonic() - failed > rule.longest_s + 60:
            raise BenchError(f"{_SONDES - len(seen)} of {_SONDES} broken sondes never became critical")
        time.sleep(_LOOK_EVERY_S)
    retries_s = (rule.attempts - 1) * rule.retry_every_s
    theory = {
        sonde: at + rule.interval_s * math.ceil(max(0.0, failed_at - at) / rule.interval_s) + retries_s - failed_at
        for sonde, at in last.items()
    }
    return _delays(seen, theory)


def _wait_until_well(daemon: Vigie, rule: Rule) -> None:
    def well() -> bool | None:
        states = [s.value for s in daemon.of_sondes("vigie_sonde_status") if _is_ours(s.labels)]
        return True if states and not any(states) else None

    daemon.process.wait_for(well, 2 * rule.interval_s + 60, "the breakable target being seen well")


def _critical(daemon: Vigie) -> set[str]:
    states = daemon.of_sondes("vigie_sonde_status")
    return {s.labels["sonde"] for s in states if _is_ours(s.labels) and s.value == _CRITICAL}


def _is_ours(labels: dict[str, str]) -> bool:
    return labels["collectivite"] == "panne" and labels["type"] == "tcp"


def _delays(seen: dict[str, float], theory: dict[str, float]) -> Delays:
    added = sorted(seen[sonde] - theory[sonde] for sonde in seen)
    measured, expected = sorted(seen.values()), sorted(theory.values())
    middle = len(measured) // 2
    return Delays(
        sondes=len(measured),
        p50_s=measured[middle],
        max_s=measured[-1],
        theory_p50_s=expected[middle],
        theory_max_s=expected[-1],
        added_p50_s=added[middle],
        added_max_s=added[-1],
    )
