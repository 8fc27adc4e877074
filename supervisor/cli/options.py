"""What every command takes."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

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

YEARS = range(2000, 2101)  # a day beyond them was mistyped


class Day(click.ParamType[date]):
    """A day as the config writes it, and in no other of the forms of ISO 8601."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
        except ValueError:
            day = None
        if day is None or day.year not in YEARS:
            known = f"{YEARS[0]} to {YEARS[-1]}"
            self.fail(f"'{value}' is no day of the years {known}; write it like 2026-01-31", param, ctx)
        return day
