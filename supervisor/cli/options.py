"""What every command takes."""

from __future__ import annotations

from pathlib import Path

import click

DEFAULT = Path("/etc/vigie/vigie.yaml")

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT,
    envvar="VIGIE_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The main file.",
)
