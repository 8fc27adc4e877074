"""What is given to Prometheus, read by Prometheus' own tool."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

DASHBOARDS = Path(__file__).parents[2] / "dashboards"


def test_the_scrape_job_is_right() -> None:
    """promtool is in Debian's package prometheus."""
    checked = subprocess.run(
        ["promtool", "check", "config", DASHBOARDS / "prometheus.yml"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_rules_speak_when_they_should_and_only_then() -> None:
    for words in (("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")):
        checked = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, cwd=DASHBOARDS)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_metric_that_a_rule_asks_for_exists() -> None:
    asked = set(re.findall(r"\bvigie_[a-z0-9_]+", (DASHBOARDS / "rules.yml").read_text()))
    documented = set(
        re.findall(r"^\| `(vigie_[a-z0-9_]+)", (DASHBOARDS.parent / "docs" / "metrics.md").read_text(), re.M)
    )
    assert asked
    assert asked <= documented
