"""Which techniques there are."""

from __future__ import annotations

import subprocess
import sys

import pytest

from probes import registry
from probes.base import Probe

_ASKED = """
import sys
from probes import registry
techniques = registry.load()
assert "http" in techniques and len(techniques) >= 15 and techniques.get("nonsense") is None
techniques["tcp"]
print(*sys.modules)
"""


@pytest.mark.parametrize("kind", registry.MODULES)
def test_each_technique_is_found_by_its_own_type(kind: str) -> None:
    techniques = registry.load()
    assert isinstance(techniques[kind], Probe)
    assert techniques[kind].type == kind
    assert techniques[kind] is techniques[kind]


def test_one_that_is_not_asked_for_is_not_imported() -> None:
    told = subprocess.run([sys.executable, "-c", _ASKED], capture_output=True, text=True, check=True).stdout
    ours = {f"probes.{module}" for module in registry.MODULES.values()}
    assert ours & set(told.split()) == {"probes.tcp"}


def test_none_loads_what_only_a_check_needs() -> None:
    """Commands that read the config import the techniques that are in it."""
    script = "import sys\nfrom probes import registry\ndict(registry.load())\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    loaded = {name.partition(".")[0] for name in told.split()}
    assert not loaded & {"PIL", "aiohttp", "av", "cryptography", "numpy", "pysnmp"}


def test_what_there_is() -> None:
    techniques = registry.load()
    assert set(registry.MODULES) <= set(techniques)
    assert len(techniques) == len(list(techniques))
    assert "nonsense" not in techniques
    with pytest.raises(KeyError):
        techniques["nonsense"]
