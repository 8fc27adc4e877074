"""The command line: `vigie`."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, version

import click

from supervisor.errors import VigieError

# Each command, and the module of this package that it is in: only the one that is called is imported, which takes a
# third off a short command.
_MODULES = {
    "alert": "alert",
    "billing": "billing",
    "camera": "camera",
    "check": "check",
    "close": "close",
    "contact": "contact",
    "contract": "contract",
    "demo": "demo",
    "exclusion": "exclusion",
    "forecast": "forecast",
    "history": "history",
    "incident": "incident",
    "maintenance": "maintenance",
    "oncall": "oncall",
    "probe": "probe",
    "reload": "daemon",
    "report": "report",
    "request": "request",
    "run": "daemon",
    "sla": "sla",
    "token": "token",
}


class Commands(click.Group):
    """Refused input of any command: one message on standard error, exit status 2, nothing half-done."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except VigieError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except BrokenPipeError:  # `vigie … | head`
            sys.stderr.close()
            ctx.exit(1)


class Vigie(Commands):
    """The whole command line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        found: click.Command = getattr(import_module(f"{__name__}.{_MODULES[cmd_name]}"), cmd_name)
        return found


@click.group(cls=Vigie, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("vigie"), prog_name="vigie")
def main() -> None:
    """Vigie: supervision, SLA and billing of sondes for the shared IT operators of French communes."""
    _alone()


def _alone() -> None:
    """PyPI's `supervisor` (supervisord) installs a package of the same name over ours."""
    try:
        distribution("supervisor")
    except PackageNotFoundError:
        return
    raise VigieError(
        "supervisord is installed in this environment and has a package of the same name; "
        "give Vigie a virtual environment of its own"
    )
