"""Vigie as a system under test: its config, its process, what its own page says."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from bench.check import Check
from bench.exposition import Sample, samples
from bench.processes import BenchError, Process
from bench.scenario import Scenario
from bench.targets import Targets
from probes import heartbeat
from supervisor import heartbeats
from supervisor.control import ask
from supervisor.store import meta
from supervisor.store.connection import open_for_reading

_MAIN = """organisation: Banc d'essai
profile: moselle-fibre
database: vigie.db
control: vigie.sock
listen: 127.0.0.1:0
"""
_COMMUNE = """collectivite: {id}
name: Commune de {id}
good_friday: true
contract: {{start: 2026-01-01, sondes: 50}}
services:
  - {{id: internet, name: Accès Internet, rule: all}}
  - {{id: applications, name: Applications, rule: all}}
equipment:
"""
_READY_WITHIN_S = 120.0  # reading the config of 20,000 sondes on a busy machine
_SCRAPE_WITHIN_S = 60.0
_CALLERS = 16  # heartbeats that call in at once


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at /metrics says of the work done."""

    checks: Counter[tuple[str, str]]  # by type and status, since the start
    lags: Mapping[float, float]  # cumulated counts by bound
    worst_lag_s: float  # of any pool in the last minute
    skipped: float

    @property
    def completed(self) -> int:
        """All checks so far."""
        return sum(self.checks.values())


@dataclass(frozen=True, slots=True)
class Scrape:
    """One request of /metrics."""

    seconds: float
    size_bytes: int
    series: int


class Vigie:
    """A running daemon."""

    def __init__(self, process: Process, base_url: str, database: Path) -> None:
        self.process = process
        self._base_url = base_url
        self._url = f"{base_url}/metrics"
        self._database = database

    @property
    def pids(self) -> list[int]:
        """The processes it is made of, children aside."""
        return [self.process.pid]

    def page(self) -> str:
        """/metrics as text."""
        return self._fetch().decode()

    def _fetch(self) -> bytes:
        try:
            with urllib.request.urlopen(self._url, timeout=_SCRAPE_WITHIN_S) as answer:
                body: bytes = answer.read()
        except OSError as error:
            raise BenchError(f"{self._url}: {error}:\n{self.process.tail()}") from error
        return body

    def read(self) -> Reading:
        """What it has done so far."""
        checks: Counter[tuple[str, str]] = Counter()
        lags: dict[float, float] = {}
        worst = skipped = 0.0
        for sample in samples(self.page(), _READ):
            if sample.name == "vigie_checks_total":
                checks[sample.labels["type"], sample.labels["status"]] += int(sample.value)
            elif sample.name == "vigie_schedule_lag_seconds_bucket":
                lags[float(sample.labels["le"])] = sample.value
            elif sample.name == "vigie_pool_lag_seconds":
                worst = max(worst, sample.value)
            else:
                skipped += sample.value
        return Reading(checks, lags, worst, skipped)

    def of_sondes(self, *names: str) -> list[Sample]:
        """These series of every sonde."""
        return list(samples(self.page(), names))

    def scrape(self) -> Scrape:
        """Ask for the page as Prometheus does, and time it."""
        started = time.perf_counter()
        body = self._fetch()
        seconds = time.perf_counter() - started
        return Scrape(seconds, len(body), sum(not line.startswith(b"#") for line in body.splitlines()))

    def call_in(self) -> None:
        """Call in once for each heartbeat, as its job does."""
        said = self.of_sondes("vigie_sonde_status")
        beating = [sample.labels["sonde"] for sample in said if sample.labels["type"] == heartbeat.PROBE.type]
        if not beating:
            return
        with open_for_reading(self._database, version("vigie")) as connection:
            key = bytes.fromhex(meta.get(connection, heartbeats.KEY) or "")

        def call(sonde: str) -> None:
            address = f"{self._base_url}/beat/{heartbeat.token(key, sonde, 1)}?exit=0&size=1000000&duration=41"
            urllib.request.urlopen(address, timeout=_SCRAPE_WITHIN_S).close()

        with ThreadPoolExecutor(_CALLERS) as threads:
            list(threads.map(call, beating))

    def warm_up(self, completed: float, within_s: float, look_every_s: float) -> None:
        """Wait until so many checks are done."""

        def enough() -> bool | None:
            if self.read().completed >= completed:
                return True
            time.sleep(look_every_s)
            return None

        self.process.wait_for(enough, within_s, f"{completed:.0f} completed checks")


_READ = (
    "vigie_checks_total",
    "vigie_schedule_lag_seconds_bucket",
    "vigie_pool_lag_seconds",
    "vigie_pool_skipped_checks_total",
)


def write_config(directory: Path, scenario: Scenario, targets: Targets, also: Mapping[str, str] | None = None) -> Path:
    """The config of a scenario: one file a commune, its router first and the rest behind it."""
    communes = directory / "collectivites"
    communes.mkdir(parents=True)
    main = directory / "vigie.yaml"
    main.write_text(_MAIN)
    for number, checks in enumerate(scenario.communes(targets)):
        name = f"commune-{number:03}"
        (communes / f"{name}.yaml").write_text(commune(name, checks, scenario.interval_s))
    for name, text in (also or {}).items():
        (communes / f"{name}.yaml").write_text(text)
    return main


def commune(name: str, checks: Sequence[Check], interval_s: int) -> str:
    """A collectivité's file. What is not a ping hangs behind the commune's first ping, if it has one."""
    router = next((check for check in checks if check.kind.startswith("link")), None)
    rest = [check for check in checks if check is not router]
    first = [_equipment("routeur", router, interval_s, service="internet")] if router else []
    others = (
        _equipment(f"e{number:02}", check, interval_s, "applications", "routeur" if router else None)
        for number, check in enumerate(rest)
    )
    return _COMMUNE.format(id=name) + "".join(_lines(chain(first, others)))


def _equipment(name: str, check: Check, interval_s: int, service: str, parent: str | None = None) -> dict[str, Any]:
    sonde = {"id": check.settings["type"], **check.settings, "service": service, "interval": f"{interval_s}s"}
    behind = {"parent": parent} if parent else {}
    place = {"address": check.address} if check.address else {}
    return {"id": name, **place, **behind, "sondes": [sonde]}


def _lines(equipment: Iterable[dict[str, Any]]) -> Iterable[str]:
    return (f"  - {json.dumps(each, ensure_ascii=False)}\n" for each in equipment)  # JSON is YAML


def start(main: Path, command: Sequence[str] = ("-m", "supervisor", "run")) -> Vigie:
    """The daemon, listening."""
    directory = main.parent
    process = Process([sys.executable, *command, "--config", str(main)], directory / "vigie.log")

    def listening() -> str | None:
        try:
            answer = ask(directory / "vigie.sock", {"command": "status"})
        except OSError:
            return None
        if answer is None or not answer["addresses"]:
            return None
        host, port = answer["addresses"][0]
        return f"http://{host}:{port}"

    try:
        return Vigie(process, process.wait_for(listening, _READY_WITHIN_S, "listening"), directory / "vigie.db")
    except BaseException:
        process.stop()
        raise
