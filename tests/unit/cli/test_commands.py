"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from supervisor.cli import main
from supervisor.cli.parts import PartsGroup
from tests.unit.config.places import install

# What the loading of takes longer than most commands run: servers and clients, agents, certificates, pictures, mail,
# pages, letters, metrics.
HEAVY = {
    *("aiohttp", "aiosmtplib", "av", "cryptography", "gufo", "holidays", "jinja2", "numpy", "PIL"),
    *("prometheus_client", "pysnmp", "typst"),
}
# `python -c LOADED ARGUMENT…`: the command, and then what it imported.
LOADED = """
import sys
from supervisor.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def imported(*arguments: str) -> set[str]:
    """The modules that `vigie` had imported when this command had run."""
    told = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True)
    return set(told.stderr.splitlines()[-1].split())


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


@pytest.mark.parametrize(
    ("written", "meant"), [(["incdent"], "incident"), (["alert", "retri"], "retry"), (["billing", "quot"], "quote")]
)
def test_a_command_that_is_misspelt_is_named_as_it_should_be(written: list[str], meant: str) -> None:
    refused = CliRunner().invoke(main, written)
    assert refused.exit_code == 2
    assert f"Did you mean '{meant}'?" in refused.output


def test_each_line_of_the_list_is_one_line_and_its_command_is_there() -> None:
    context = click.Context(main)
    for group in (main, main.get_command(context, "alert"), main.get_command(context, "billing")):
        assert isinstance(group, PartsGroup)
        said = CliRunner().invoke(group, ["--help"]).output
        for name, part in group.parts.items():
            assert group.get_command(context, name) is not None
            assert any(line.split(maxsplit=1) == [name, part.says] for line in said.splitlines())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["alert", "--help"], ["billing", "--help"]], ids=" ".join
)
def test_no_command_is_imported_before_it_is_called(arguments: list[str]) -> None:
    ours = {name for name in imported(*arguments) if name.partition(".")[0] in ("probes", "supervisor")}
    assert ours - {"supervisor.cli.alert", "supervisor.cli.billing"} == {
        "supervisor",
        "supervisor.cli",
        "supervisor.cli.parts",
        "supervisor.errors",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["alert", "list", "--help"],
        ["sla", "--help"],
        ["billing", "counts", "--help"],
        ["incident", "list", "--help"],
    ],
    ids=" ".join,
)
def test_a_light_command_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    if "--help" not in arguments:
        arguments = [*arguments, "--config", str(install(tmp_path))]
    assert not {name.partition(".")[0] for name in imported(*arguments)} & HEAVY
