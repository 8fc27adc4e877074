"""Where the files that Vigie ships are: beside the installed package, or in the checkout it runs from."""

from __future__ import annotations

from pathlib import Path


def share_dir() -> Path:
    """The directory that holds `config/` and `systemd/` as shipped (see force-include in pyproject.toml)."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_share"
    return installed if installed.is_dir() else package.parent
