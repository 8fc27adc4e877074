"""The techniques as the daemon has them: the config is tested against their real settings."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from probes import registry
from probes.base import Probe


@pytest.fixture(scope="session")
def probes() -> Mapping[str, Probe]:
    return registry.load()
