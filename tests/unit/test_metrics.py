"""The exposition: right, complete, documented."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from probes import registry
from probes.base import Measurement, Result, Status
from supervisor.domain.board import Board
from supervisor.domain.judge import Judge
from supervisor.metrics import Exposition, PoolFigures
from supervisor.service_metrics import HELP
from tests.unit.builders import sonde

DOC = Path(__file__).parents[2] / "docs" / "metrics.md"


class Figures:
    """What a daemon would say of itself."""

    def pools(self) -> list[PoolFigures]:
        return [
            PoolFigures(
                name="a/1",
                collectivite="a",
                occupancy=46,
                lag_s=0.5,
                skipped=1,
                completed=2,
                crashes=0,
                workers_killed=3,
                workers_crashed=4,
            )
        ]

    def lags(self) -> tuple[list[tuple[str, float]], float]:
        return [("0.01", 5.0), ("+Inf", 6.0)], 1.5

    def gauges(self) -> list[tuple[str, str, float]]:
        return [("vigie_store_failing", "Help.", 0.0)]

    def counters(self) -> list[tuple[str, str, float]]:
        return [("vigie_time_breaks", "Help.", 2.0)]


def board() -> Board:
    """Three sondes: well, down, never checked."""
    judge = Judge()
    sondes = {s.id: s for s in (sonde("a/e/well"), sonde("a/e/down", attempts=1), sonde("a/e/new", billable=False))}
    judge.configure(sondes, ())
    made = Board(judge)
    made.configure(sondes, ())
    measured = Measurement("free_ratio", 0.25, (("mount", 'D:\\ "Données"'),))
    for name, status in (("a/e/well", Status.OK), ("a/e/down", Status.CRITICAL)):
        judge.observe(name, 1000, status)
        made.saw(sondes[name], 1000, Result(status, "vu", (measured, Measurement("connect_seconds", 0.5)), 0.75))
    return made


def samples(now: int = 1010) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The page, parsed back by Prometheus' own reader."""
    page = b"".join(Exposition(board(), Figures(), lambda: now, list).render()).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def labelled(name: str, **more: str) -> frozenset[tuple[str, str]]:
    return frozenset({"collectivite": "a", "service": "", "sonde": f"a/e/{name}", "type": "tcp", **more}.items())


def test_states() -> None:
    found = samples()
    assert found["vigie_sonde_status", labelled("well")] == 0
    assert found["vigie_sonde_status", labelled("down")] == 2
    assert found["vigie_sonde_status", labelled("new")] == 3
    assert found["vigie_sonde_up", labelled("well")] == 1
    assert found["vigie_sonde_up", labelled("down")] == 0
    assert found["vigie_sonde_duration_seconds", labelled("down")] == 0.75


def test_what_is_unknown_is_neither_up_nor_down() -> None:
    """No series rather than 0 or 1: avg_over_time(vigie_sonde_up) stays the truth. Validity is 150 s."""
    found = samples(now=1150)
    assert found["vigie_sonde_status", labelled("well")] == 3
    assert ("vigie_sonde_up", labelled("well")) not in found
    assert ("vigie_sonde_up", labelled("new")) not in found


def test_measurements_are_named_after_the_type_and_keep_their_labels() -> None:
    found = samples()
    assert found["vigie_tcp_connect_seconds", labelled("well")] == 0.5
    assert found["vigie_tcp_free_ratio", labelled("well", mount='D:\\ "Données"')] == 0.25


def test_the_daemon_itself() -> None:
    found = samples()
    assert found["vigie_pool_occupancy", frozenset({("collectivite", "a"), ("pool", "a/1")})] == 46
    assert found["vigie_pool_lag_seconds", frozenset({("collectivite", "a"), ("pool", "a/1")})] == 0.5
    assert found["vigie_checks_total", frozenset({("type", "tcp"), ("status", "ok")})] == 1
    assert found["vigie_schedule_lag_seconds_count", frozenset()] == 6


def test_every_metric_is_documented() -> None:
    """Every family of the page, and every measurement a technique of ours may return."""
    documented = set(re.findall(r"`(vigie_[a-z0-9_]+)", DOC.read_text()))
    page = b"".join(Exposition(board(), Figures(), lambda: 1010, list).render()).decode()
    shown = {name for name in re.findall(r"^# TYPE (vigie_\S+)", page, re.MULTILINE) if "_tcp_" not in name}
    measured = {
        f"vigie_{probe.type}_{name}".replace("-", "_") for probe in registry.load().values() for name in probe.measures
    }
    assert shown - documented == set()
    assert measured - documented == set()


def test_nothing_is_documented_that_does_not_exist() -> None:
    """The figures of the process are read from the code that yields them."""
    documented = set(re.findall(r"^\| `(vigie_[a-z0-9_]+)", DOC.read_text(), re.MULTILINE))
    package = Path(__file__).parents[2] / "supervisor"
    code = "".join(
        (package / name).read_text()
        for name in ("metrics.py", "service_metrics.py", "billing_metrics.py", "selfcheck.py", "alert_metrics.py")
    )
    measured = {
        f"vigie_{probe.type}_{name}".replace("-", "_") for probe in registry.load().values() for name in probe.measures
    }
    for name in documented - measured:
        assert name.removesuffix("_total") in code, name


def test_every_metric_of_services_is_documented() -> None:
    documented = DOC.read_text()
    assert [name for name in HELP if f"`{name}`" not in documented] == []
