"""`vigie billing simulate`: what the config on disk would cost, before it is applied."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from probes import registry
from supervisor.billing.simulating import Change, Side, Simulation, simulate
from supervisor.cli.accounting import there
from supervisor.cli.options import config_option
from supervisor.cli.performing import json_option
from supervisor.cli.showing import say, table
from supervisor.config.loader import load
from supervisor.domain.money import show


@click.command("simulate")
@config_option
@json_option
@click.option("--all", "everybody", is_flag=True, help="Those too for whom nothing changes.")
def simulate_command(config: Path, as_one_object: bool, everybody: bool) -> None:
    """Say what the config on disk would change if it were applied now: sondes, pools, calls of the running year.

    The calls are those up to the end of the year, nothing else changing. Nothing is written.
    """
    configuration = load(config, registry.load())
    with there(configuration.database) as connection:
        found = simulate(connection, configuration, int(time.time()), everybody=everybody)
    say(found.as_json(), _text(found), as_one_object=as_one_object)
    for change in found.changes:
        if change.wrong is not None:
            click.echo(f"warning: {change.collectivite}: its amount cannot be told: {change.wrong}", err=True)
    for remark in found.remarks:
        click.echo(f"note: {remark}", err=True)


def _text(found: Simulation) -> Iterator[str]:
    if not found.changes:
        yield "nothing changes"
        return
    header = ("COLLECTIVITE", "SONDES", "SUBSCRIBED", "BILLED", "POOLS", "LEVEL", "FREE", "AVENANT", "CONTRACT ENDS")
    yield from table(header, [_row(change) for change in found.changes])
    rows = [
        (
            change.collectivite,
            call.date.isoformat(),
            str(call.kind),
            "-" if call.sondes is None else f"{call.sondes:+}",
            show(call.amount),
        )
        for change in found.changes
        for call in change.calls
    ]
    yield ""
    if rows:
        yield f"calls of {found.year}, more or less:"
        yield from table(("COLLECTIVITE", "DATE", "KIND", "SONDES", "AMOUNT"), rows, right=(3, 4))
    yield f"total: {show(found.total)} €"


def _row(change: Change) -> tuple[str, ...]:
    now, then = _cells(change.now), _cells(change.then)
    moved = (before if before == after else f"{before} → {after}" for before, after in zip(now, then, strict=True))
    return change.collectivite, *moved


def _cells(side: Side) -> tuple[str, ...]:
    values = (side.sondes, side.subscribed, side.billed, side.pools, side.level, side.free)
    amendment = None if side.amendment is None else f"{show(side.amendment)} €"
    return tuple("-" if value is None else str(value) for value in (*values, amendment, side.ends))
