"""Prometheus and blackbox_exporter as a system under test: the same checks, as often, stored."""

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

from bench.processes import BenchError, Process
from bench.scenario import Scenario
from bench.targets import QUESTION, Targets

_LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
_READY_WITHIN_S = 60.0


class Prometheus:
    """The pair, running; `with` stops both."""

    def __init__(self, directory: Path, scenario: Scenario, targets: Targets) -> None:
        directory.mkdir(parents=True)
        self._stack = ExitStack()
        try:
            self._exporter = self._start(directory, "prometheus-blackbox-exporter", _modules(targets), [])
            exporter = self._address(self._exporter)
            storage = [f"--storage.tsdb.path={directory / 'data'}"]
            self._server = self._start(directory, "prometheus", _jobs(directory, scenario, targets, exporter), storage)
            self._url = f"http://{self._address(self._server)}/api/v1/query"
        except BaseException:
            self._stack.close()
            raise

    def _start(self, directory: Path, program: str, config: dict[str, Any], options: Sequence[str]) -> Process:
        found = shutil.which(program)
        if found is None:
            raise BenchError(f"{program} is missing: apt-get install {program}")
        path = directory / f"{program}.yml"
        path.write_text(json.dumps(config))
        # Port 0: the log says which one the kernel chose.
        command = [found, f"--config.file={path}", "--web.listen-address=127.0.0.1:0", *options]
        return self._stack.enter_context(Process(command, directory / f"{program}.log"))

    @staticmethod
    def _address(process: Process) -> str:
        def listening() -> str | None:
            match = _LISTENING.search(process.log.read_text())
            return match[1] if match else None

        return process.wait_for(listening, _READY_WITHIN_S, "listening")

    @property
    def pids(self) -> list[int]:
        """Both processes."""
        return [self._server.pid, self._exporter.pid]

    def completed(self, last_s: float) -> tuple[int, int]:
        """How many checks of the last seconds are stored, and how many of them succeeded."""
        # A second ago: a check that began before that has been stored by now, in both answers or in none.
        at, window = time.time() - 1, f"probe_success[{int(last_s * 1000)}ms]"
        stored, succeeded = (self._value(f"sum({f}({window}))", at) for f in ("count_over_time", "sum_over_time"))
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


def _modules(targets: Targets) -> dict[str, Any]:
    """One blackbox module a kind. `link3` has none of its own: blackbox sends one packet and can send no more."""
    v4 = {"preferred_ip_protocol": "ip4"}
    icmp = {"prober": "icmp", "icmp": v4}
    modules: dict[str, Any] = {
        "link1": icmp,
        "link3": icmp,
        "http": {"prober": "http", "http": v4},
        "https": {"prober": "http", "http": {**v4, "tls_config": {"ca_file": str(targets.root)}}},
        "tcp": {"prober": "tcp", "tcp": v4},
        "dns": {"prober": "dns", "dns": {**v4, "query_name": QUESTION, "query_type": "A"}},
    }
    return {"modules": modules}


def _jobs(directory: Path, scenario: Scenario, targets: Targets, exporter: str) -> dict[str, Any]:
    """One job a kind. Checks of one server are told apart by their number, or they would be one target."""
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, check in enumerate(chain.from_iterable(scenario.communes(targets))):
        by_kind[check.kind].append({"targets": [check.probed], "labels": {"sonde": str(number)}})
    jobs = []
    for kind, checks in by_kind.items():
        listed = directory / f"targets-{kind}.json"
        listed.write_text(json.dumps(checks))
        jobs.append(
            {
                "job_name": kind,
                "metrics_path": "/probe",
                "params": {"module": [kind]},
                "file_sd_configs": [{"files": [str(listed)]}],
                "relabel_configs": [
                    {"source_labels": ["__address__"], "target_label": "__param_target"},
                    {"source_labels": ["__param_target"], "target_label": "instance"},
                    {"target_label": "__address__", "replacement": exporter},
                ],
            }
        )
    timing = {"scrape_interval": f"{scenario.interval_s}s", "scrape_timeout": f"{min(10, scenario.interval_s)}s"}
    return {"global": timing, "scrape_configs": jobs}
