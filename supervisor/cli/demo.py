"""`vigie demo`: a fictional département on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from supervisor import logs
from supervisor.demo.run import DEFAULT_PORT, Wishes, command_fault, play


@click.group(invoke_without_command=True)
@click.option("--port", type=click.IntRange(0, 65535), help=f"Of the pages; the first free one from {DEFAULT_PORT} on.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep config and database there between runs; a temporary directory otherwise.",
)
@click.option("--fresh", is_flag=True, help="Forget what earlier runs left in the directory.")
@click.option("--scenario/--no-scenario", default=True, show_default=True, help="Faults come and go by themselves.")
@click.option("--log-level", type=click.Choice(logs.LEVELS), default="warning", show_default=True)
@click.pass_context
def demo(
    context: click.Context, port: int | None, directory: Path | None, fresh: bool, scenario: bool, log_level: str
) -> None:
    """Supervise a fictional département, played on loopback by real small servers."""
    context.obj = directory
    if context.invoked_subcommand is None:
        play(Wishes(port=port, directory=directory, fresh=fresh, scenario=scenario, log_level=log_level))


@demo.command()
@click.argument("name", required=False)
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
@click.pass_obj
def fault(directory: Path | None, name: str | None, state: str | None) -> None:
    """Set fault NAME on or off in the demo that runs in --directory; without a name, list them."""
    if directory is None:
        raise click.UsageError("say which demo: vigie demo --directory DIR fault")
    if (name is None) != (state is None):
        raise click.UsageError("write: fault NAME on, or fault NAME off")
    for known, on in command_fault(directory, name, None if state is None else state == "on").items():
        click.echo(f"{known}: {'on' if on else 'off'}")
