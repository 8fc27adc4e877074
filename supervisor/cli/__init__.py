"""The command line: `vigie`."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution, version

import click

from supervisor.cli import (
    alert,
    alert_outbox,
    billing,
    camera,
    check,
    close,
    contact,
    contract,
    daemon,
    demo,
    exclusion,
    forecast,
    history,
    incident,
    maintenance,
    oncall,
    probe,
    report,
    request,
    sla,
    token,
)
from supervisor.errors import VigieError


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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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


for command in (
    check.check,
    daemon.run,
    daemon.reload,
    probe.probe,
    history.history,
    sla.sla,
    forecast.forecast,
    alert.alert,
    report.report,
    incident.incident,
    maintenance.maintenance,
    exclusion.exclusion,
    request.request,
    camera.camera,
    close.close,
    contract.contract,
    contact.contact,
    oncall.oncall,
    token.token,
    billing.billing,
    demo.demo,
):
    main.add_command(command)
for part in alert_outbox.COMMANDS:
    alert.alert.add_command(part)
