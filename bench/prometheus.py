"""Prometheus and its exporters as a system under test: the same checks, as often, stored."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, Self

from bench import exporters
from bench.kinds import COMPARED_WITH, KINDS, Exporter
from bench.processes import BenchError, Process
from bench.scenario import Scenario
from bench.targets import Targets

_LISTENING = re.compile(r'msg="?Listening on"? address=(\S+)')
_READY_WITHIN_S = 60.0
_ASKED_BY_SNMP = "|".join(name for name, kind in KINDS.items() if kind.exporter == "snmp")  # names of jobs


class Prometheus:
    """The server and the exporters that the scenario needs, running; `with` stops them."""

    def __init__(self, directory: Path, scenario: Scenario, targets: Targets) -> None:
        directory.mkdir(parents=True)
        self._stack = ExitStack()
        self._processes: list[Process] = []
        try:
            addresses = {}
            for exporter in sorted({exporter_of(kind) for kind in scenario.kinds}):
                config = exporters.CONFIGS[exporter](targets)
                addresses[exporter] = self._start(directory, f"prometheus-{exporter}-exporter", config, [])
            storage = [f"--storage.tsdb.path={directory / 'data'}"]
            jobs = _jobs(directory, scenario, targets, addresses)
            self._url = f"http://{self._start(directory, 'prometheus', jobs, storage)}/api/v1/query"
        except BaseException:
            self._stack.close()
            raise

    def _start(self, directory: Path, program: str, config: dict[str, Any], options: Sequence[str]) -> str:
        """Start it; where it listens."""
        found = shutil.which(program)
        if found is None:
            raise BenchError(f"{program} is missing: apt-get install {program}")
        path = directory / f"{program}.yml"
        path.write_text(json.dumps(config))
        # Port 0: the log says which one the kernel chose.
        command = [found, f"--config.file={path}", "--web.listen-address=127.0.0.1:0", *options]
        process = self._stack.enter_context(Process(command, directory / f"{program}.log"))
        self._processes.append(process)

        def listening() -> str | None:
            match = _LISTENING.search(process.log.read_text())
            return match[1] if match else None

        return process.wait_for(listening, _READY_WITHIN_S, "listening")

    @property
    def pids(self) -> list[int]:
        """All processes."""
        return [process.pid for process in self._processes]

    def completed(self, last_s: float) -> tuple[int, int]:
        """How many checks of the last seconds are stored, and how many of them succeeded."""
        # A second ago: a check that began before that has been stored by now, in both answers or in none.
        at, window = time.time() - 1, f"[{int(last_s * 1000)}ms]"
        stored = self._value(f"sum(count_over_time(up{window}))", at)
        # blackbox_exporter says what came of a check in a series; snmp_exporter gives an error instead of a page.
        succeeded = self._value(f"sum(sum_over_time(probe_success{window}))", at)
        succeeded += self._value(f"sum(sum_over_time(up{{job=~'{_ASKED_BY_SNMP}'}}{window}))", at)
        return int(stored), int(succeeded)

    def _value(self, query: str, at: float) -> float:
        asked = urllib.parse.urlencode({"query": query, "time": f"{at:.3f}"})
        with urllib.request.urlopen(f"{self._url}?{asked}", timeout=60) as answer:
            found = json.load(answer)["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def exporter_of(kind: str) -> Exporter:
    """Which exporter checks this kind; the packets of `link3` are one there."""
    exporter = KINDS[COMPARED_WITH.get(kind, kind)].exporter
    if exporter is None:
        raise BenchError(f"no exporter of Prometheus does {kind}")
    return exporter


def _jobs(directory: Path, scenario: Scenario, targets: Targets, addresses: dict[Exporter, str]) -> dict[str, Any]:
    """One job a kind. Checks of one server are told apart by their number, or they would be one target."""
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, check in enumerate(chain.from_iterable(scenario.communes(targets))):
        by_kind[check.kind].append({"targets": [check.probed], "labels": {"sonde": str(number)}})
    jobs = []
    for kind, checks in by_kind.items():
        listed = directory / f"targets-{kind}.json"
        listed.write_text(json.dumps(checks))
        exporter = exporter_of(kind)
        jobs.append(
            {
                "job_name": kind,
                "metrics_path": exporters.PATHS[exporter],
                "params": {"module": [kind]},
                "file_sd_configs": [{"files": [str(listed)]}],
                "relabel_configs": [
                    {"source_labels": ["__address__"], "target_label": "__param_target"},
                    {"source_labels": ["__param_target"], "target_label": "instance"},
                    {"target_label": "__address__", "replacement": addresses[exporter]},
                ],
            }
        )
    timing = {"scrape_interval": f"{scenario.interval_s}s", "scrape_timeout": f"{min(10, scenario.interval_s)}s"}
    return {"global": timing, "scrape_configs": jobs}
