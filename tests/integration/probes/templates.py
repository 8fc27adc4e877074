"""The sondes of a template, made by the real loader and run against servers on loopback."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from probes import registry, runner
from probes.base import Result, Run, Shared
from supervisor.config.loader import load
from tests.integration.probes.authority import NOW
from tests.integration.probes.running import PATIENCE_S
from tests.unit.config.places import MAIN, install

RunAll = Callable[..., Awaitable[dict[str, Result]]]


@pytest.fixture
def run_all(tmp_path: Path, shared: Shared) -> RunAll:
    """Run these sondes of a template once each: results by the sonde's own name."""

    async def run_them(
        template: str,
        *names: str,
        timeout_s: float = PATIENCE_S,
        address: str = "127.0.0.1",
        profile: str = "moselle-fibre",
        **given: Any,
    ) -> dict[str, Result]:
        equipment = {"id": "essai", "address": address, "template": template, "with": given}
        commune = {"collectivite": "exemple", "name": "Commune d'Exemple", "equipment": [equipment]}
        probes = registry.load()
        main = install(tmp_path, main=MAIN.replace("moselle-fibre", profile), exemple=json.dumps(commune))
        sondes = load(main, probes).sondes
        found = {}
        for name in names:
            sonde = sondes[f"exemple/essai/{name}"]
            current = Run(shared=shared, at=NOW.timestamp(), timeout_s=timeout_s)
            found[name] = await runner.run(probes[sonde.type], sonde.target, sonde.settings, current)
        return found

    return run_them
