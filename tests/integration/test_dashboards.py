"""What is given to Prometheus, read by Prometheus' own tool."""

from __future__ import annotations

import subprocess
from pathlib import Path

DASHBOARDS = Path(__file__).parents[2] / "dashboards"


def test_the_scrape_job_is_right() -> None:
    """promtool is in Debian's package prometheus."""
    checked = subprocess.run(
        ["promtool", "check", "config", DASHBOARDS / "prometheus.yml"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
