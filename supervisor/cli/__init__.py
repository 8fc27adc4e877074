"""The command line: `vigie`."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution, version

import click

from supervisor.cli.parts import Part, PartsGroup
from supervisor.errors import VigieError

_COMMANDS = {
    "alert": Part("alert", "What leaves, what nobody got, and the channels."),
    "billing": Part("billing", "Counts of sondes, calls for contribution, quotes."),
    "camera": Part("camera", "What is known of the pictures of cameras."),
    "check": Part("check", "Read the config and say everything that is wrong with it."),
    "close": Part("close", "Close a month: its figures are final from then on."),
    "contact": Part("contact", "People who are told of trouble."),
    "contract": Part("contract", "What the collectivités subscribed."),
    "demo": Part("demo", "Supervise a fictional département, played on loopback."),
    "exclusion": Part("exclusion", "Time that is left out of the figures, or shown apart."),
    "forecast": Part("forecast", "When volumes of disks fill."),
    "history": Part("history", "The past."),
    "incident": Part("incident", "The register of incidents, and what people do to them."),
    "maintenance": Part("maintenance", "Planned maintenance: announced before it starts."),
    "oncall": Part("oncall", "Rotas of the config, their turns, and who takes one over."),
    "probe": Part("probe", "Run the check of a sonde once, here and now."),
    "reload": Part("daemon", "Have the running daemon read its config again."),
    "report": Part("report", "Write the reports of a period in French."),
    "request": Part("request", "Requests other than incidents."),
    "run": Part("daemon", "Run the daemon in the foreground, as systemd wants it."),
    "sla": Part("sla", "Availability of every service over a period, and the GTI."),
    "token": Part("token", "Keys of programs that read the API."),
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


class Vigie(Commands, PartsGroup):
    """The whole command line."""


@click.group(cls=Vigie, parts=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
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
