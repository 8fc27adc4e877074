"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from supervisor.cli import main

_LOADED = "import sys, supervisor.cli; print(*[name for name in sys.modules if name.startswith('supervisor')])"


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_every_command_is_there_and_says_what_it_does(name: str) -> None:
    said = CliRunner().invoke(main, [name, "--help"])
    assert said.exit_code == 0
    assert f"Usage: vigie {name}" in said.output.replace("Usage: main", "Usage: vigie")


def test_help_names_them_all_and_an_unknown_one_is_refused() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    assert all(f"  {name} " in said for name in main.list_commands(click.Context(main)))
    refused = CliRunner().invoke(main, ["nonsense"])
    assert (refused.exit_code, "No such command 'nonsense'" in refused.output) == (2, True)


def test_no_command_is_imported_before_it_is_called() -> None:
    told = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True).stdout
    assert set(told.split()) == {"supervisor", "supervisor.cli", "supervisor.errors"}
