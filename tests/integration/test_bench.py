"""The bench itself: its table is written, and every kind of check it makes succeeds."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.__main__ import run
from bench.detection import Rule
from bench.dns_responder import answer
from bench.exporters import CONFIGS
from bench.exposition import quantile, samples
from bench.kinds import COMPARED_WITH, KINDS
from bench.measure import median_of
from bench.plan import Step
from bench.processes import BenchError, Process, cpu_s, memory
from bench.prometheus import exporter_of
from bench.report import beside_others, publish, write
from bench.scenario import Scenario, mix, single
from bench.targets import QUESTION, serving
from probes.dns_wire import TYPES, encode_name


def test_small_run_writes_its_table(tmp_path: Path) -> None:
    scenario = mix(sondes=20, interval_s=5, window_s=6)  # a check has as long as its interval
    rule = Rule(interval_s=1, attempts=2, retry_every_s=1)
    rows, about = run([Step(scenario=scenario, prometheus=False, break_one=rule)], tmp_path)

    [row] = json.loads((tmp_path / "latest.json").read_text())["rows"]
    assert row["failed"] == 0
    assert row["checks_per_s"] > 0
    assert row["cpu_ms"] > 0
    assert row["memory"]["rss"] >= row["memory"]["pss"] > 0
    assert row["lag"]["p99"] >= row["lag"]["p50"]
    assert row["detection"]["max_s"] >= row["detection"]["p50_s"] > 0
    table = (tmp_path / "latest.md").read_text()
    lines = [line.split("|") for line in table.splitlines() if line.startswith("| mix of 20 every 5 s")]
    assert [float(line[3].strip(" *")) for line in lines[:1]] == [pytest.approx(row["cpu_ms"], abs=0.001)]

    readme = tmp_path / "README.md"
    readme.write_text("Explained.\n\n## Last figures\n\nOld ones.\n")
    publish(readme, rows, about)
    assert readme.read_text() == f"Explained.\n\n## Last figures\n\n{table}"


def test_every_kind_is_well_when_checked(tmp_path: Path) -> None:
    scenario = Scenario(name="all", kinds=tuple(KINDS), sondes=2 * len(KINDS), interval_s=6, warm_rounds=1, window_s=7)
    rows, _ = run([Step(scenario=scenario, prometheus=False)], tmp_path)
    assert rows[0].failed == 0
    assert rows[0].checks_per_s > 0


def test_every_technique_that_an_exporter_has_is_stored_by_prometheus(tmp_path: Path) -> None:
    kinds = tuple(name for name, kind in KINDS.items() if kind.exporter is not None)
    scenario = Scenario(name="all", kinds=kinds, sondes=2 * len(kinds), interval_s=6, warm_rounds=1, window_s=7)
    rows, about = run([Step(scenario=scenario, prometheus=True)], tmp_path)
    theirs = rows[1]
    assert theirs.system == "prometheus"
    assert theirs.checks_per_s > 0
    assert theirs.failed == 0
    assert "prometheus-snmp-exporter" in str(about["versions"])


def test_exporters_have_a_module_for_each_kind(tmp_path: Path) -> None:
    with serving(tmp_path) as targets:
        configs = {exporter: config(targets) for exporter, config in CONFIGS.items()}
    modules = {"blackbox": configs["blackbox"]["modules"], "snmp": configs["snmp"]}
    for name, kind in KINDS.items():
        if kind.exporter is not None or name in COMPARED_WITH:
            assert name in modules[exporter_of(name)]


def test_fresh_rows_take_the_place_of_those_of_their_scenario(tmp_path: Path) -> None:
    rows, about = run([Step(scenario=single("heartbeat", 2, 1, 1), prometheus=False)], tmp_path)
    [fresh] = rows
    other = replace(fresh, scenario="mix-5000", cpu_ms=2.0)
    write(tmp_path, [replace(fresh, cpu_ms=1.0), other], about)

    assert beside_others(tmp_path, [fresh], ["heartbeat", "mix-5000"]) == [fresh, other]
    assert beside_others(tmp_path, [replace(fresh, scenario="dns")], ["dns", "mix-5000"]) == [
        replace(fresh, scenario="dns"),
        other,
    ], "a scenario that is run no more is left out"


def test_repeated_runs_are_told_by_the_one_in_the_middle(tmp_path: Path) -> None:
    """And the ratio by runs that followed one another: a busy machine weighs on both."""
    rows, about = run([Step(scenario=single("heartbeat", 2, 1, 1), prometheus=False)], tmp_path)
    ours = [replace(rows[0], scenario="disk", cpu_ms=cost, failed=1) for cost in (0.5, 0.4, 0.8)]
    theirs = [replace(row, system="prometheus", cpu_ms=cost) for row, cost in zip(ours, (2.0, 2.4, 2.4), strict=True)]
    assert median_of(ours) == replace(ours[0], failed=3, runs=(0.5, 0.4, 0.8))
    assert median_of(rows) == rows[0]

    write(tmp_path, [median_of(ours), median_of(theirs)], about)
    assert beside_others(tmp_path, rows, ["disk", "heartbeat"])[0].runs == (0.5, 0.4, 0.8)
    [line] = [line for line in (tmp_path / "latest.md").read_text().splitlines() if line.startswith("| `disk`, 13")]
    assert "**0.500** (0.400–0.800)" in line
    assert "2.40 (2.00–2.40) at" in line
    assert "4.0× (3.0–6.0)" in line


def test_targets_are_told_apart_and_stop_with_the_bench(tmp_path: Path) -> None:
    with serving(tmp_path) as targets:
        checks = {(kind, number): targets.check(kind, number) for kind in KINDS for number in (0, 1)}
        for kind in ("link1", "http", "https", "tcp", "tls", "disk", "interface", "snmp"):
            assert checks[kind, 0].probed != checks[kind, 1].probed
        address, port = targets.web[0]
        socket.create_connection((address, port), 10).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, port), 10)


def test_quantile_is_interpolated_within_its_bucket() -> None:
    buckets = {0.1: 50.0, 0.2: 90.0, 1.0: 100.0, float("inf"): 100.0}
    assert quantile(0.25, buckets) == pytest.approx(0.05)
    assert quantile(0.5, buckets) == pytest.approx(0.1)
    assert quantile(0.95, buckets) == pytest.approx(0.6)
    assert quantile(0.99, {0.1: 1.0, float("inf"): 100.0}) == 0.1, "beyond the last bound no more is known"


def test_samples_keep_the_names_asked_for() -> None:
    page = '# HELP a A.\na{x="1",y="é"} 2\nab 3\nb 4.5\n'
    assert [tuple(sample) for sample in samples(page, ["a", "b"])] == [("a", {"x": "1", "y": "é"}, 2.0), ("b", {}, 4.5)]


def test_dns_answer_leaves_out_what_follows_the_question() -> None:
    question = encode_name(QUESTION) + TYPES["A"].to_bytes(2, "big") + b"\x00\x01"
    query = b"\x12\x34\x01\x00" + b"\x00\x01\x00\x00\x00\x00\x00\x01" + question
    edns = b"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00"
    assert answer(query + edns) == answer(query)
    assert answer(query).startswith(b"\x12\x34\x81\x80\x00\x01\x00\x01")
    assert answer(query).endswith(bytes([192, 0, 2, 1]))


_BURN = "import time\nwhile time.process_time() < 0.3: pass"
_PARENT = (
    f"import signal, subprocess, sys; subprocess.run([sys.executable, '-c', {_BURN!r}]); print('burnt', flush=True)"
)


def test_a_process_counts_with_its_children(tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"{_PARENT}; signal.pause()"]
    with Process(command, tmp_path / "log") as process:
        process.wait_for(lambda: True if "burnt" in process.log.read_text() else None, 60, "the child's end")
        assert cpu_s([process.pid]) > 0.25, "of the 0.3 s that its child burnt; the kernel counts in steps of 10 ms"
        assert memory([process.pid]).rss > 0
    assert not Path(f"/proc/{process.pid}").exists()


def test_a_process_that_ends_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with Process(command, tmp_path / "log") as process, pytest.raises(BenchError, match="no such thing"):
        process.wait_for(lambda: None, 30, "nothing")
