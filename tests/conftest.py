"""What every test runs under."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# No test is about how fast the machine is, nor how busy.
ANY_SPEED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

# The gate tries the same examples each time, so that a commit passes or fails for what it contains. Others are looked
# for on purpose: `make explore`.
settings.register_profile("gate", derandomize=True, **ANY_SPEED)
settings.register_profile("explore", derandomize=False, print_blob=True, **ANY_SPEED)
settings.load_profile(os.environ.get("VIGIE_EXAMPLES", "gate"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured."""
    for report in terminalreporter.getreports("passed"):
        for name, line in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(line)
