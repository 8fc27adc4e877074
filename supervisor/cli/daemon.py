"""`vigie run` and `vigie reload`."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from probes import registry
from supervisor import logs, memory
from supervisor.app import Daemon
from supervisor.cli.options import config_option
from supervisor.config.loader import control_path, load
from supervisor.control import ask
from supervisor.errors import VigieError

log = logging.getLogger(__name__)


@click.command()
@config_option
@click.option("--log-level", type=click.Choice(logs.LEVELS), default="info", show_default=True)
def run(config: Path, log_level: str) -> None:
    """Run the daemon in the foreground, as systemd wants it."""
    start(config, log_level)


def start(config: Path, log_level: str) -> None:
    """Read the config, then run until told to stop."""
    memory.prepare()
    logs.configure(log_level)
    probes = registry.load()
    configuration = load(config, probes)

    async def live() -> None:
        daemon = Daemon(configuration, probes)
        logs.configure(log_level, secrets=lambda: daemon.secrets)
        for warning in configuration.warnings:
            log.warning("%s", warning)
        await daemon.run()

    asyncio.run(live())


@click.command()
@config_option
def reload(config: Path) -> None:
    """Have the running daemon read its config again; only what differs is touched."""
    control = control_path(config)
    answer = ask(control, {"command": "reload"})
    if answer is None:
        raise VigieError(f"no daemon listens on {control}; start it with `vigie run`")
    click.echo(f"reloaded: {answer['added']} sondes added, {answer['removed']} removed, {answer['changed']} changed")
    for key in answer["restart"]:
        click.echo(f"a change of `{key}` waits for a restart of the daemon", err=True)
    for text in answer["pools"]:
        click.echo(f"note: {text}", err=True)
