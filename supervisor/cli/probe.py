"""`vigie probe`: one run of one sonde, and its reasoning."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import click

from probes import filling_book, heartbeat, registry, runner
from probes.base import Probe, Result, Run, Shared
from probes.camera import check as camera
from probes.heartbeat import HeartbeatBook
from supervisor.cameras import references_of
from supervisor.cli.options import config_option
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.domain.sonde import Sonde
from supervisor.errors import VigieError
from supervisor.filling_watch import book_of
from supervisor.heartbeats import beats_of


@click.command()
@config_option
@click.argument("sonde_id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def probe(config: Path, sonde_id: str, as_json: bool) -> None:
    """Run the check of SONDE_ID once, here and now, and show why it says what it says.

    Nothing is recorded. The exit status is 0 whatever the check finds.
    """
    probes = registry.load()
    configuration = load(config, probes)
    sonde = _find(configuration, sonde_id)
    result, trace = asyncio.run(_run(configuration, sonde, probes[sonde.type]))
    (_print_json if as_json else _print_text)(sonde, result, trace)


def _find(configuration: Configuration, sonde_id: str) -> Sonde:
    known = {**configuration.sondes, **{canary.id: canary for canary in configuration.canaries}}
    if sonde_id in known:
        return known[sonde_id]
    near = [name for name in known if name.endswith(f"/{sonde_id}") or sonde_id in name][:5]
    hint = f"; did you mean {', '.join(near)}?" if near else "; `collectivite/equipment/sonde` is expected"
    raise VigieError(f"no sonde '{sonde_id}' in {configuration.path}{hint}")


async def _run(configuration: Configuration, sonde: Sonde, probe: Probe) -> tuple[Result, list[str]]:
    trace: list[str] = []
    shared = Shared()
    if sonde.type == heartbeat.PROBE.type:
        book, address = beats_of(configuration, sonde)
        shared.provide(book)
        trace.append(address)
    now = time.time()
    if sonde.type == filling_book.OF:
        paces, reasons = book_of(configuration, sonde, now)
        shared.provide(paces)
        trace += reasons
    if sonde.type == camera.PROBE.type and sonde.settings.picture.on:
        references, said = references_of(configuration, sonde)
        shared.provide(references)
        trace.append(said)
    current = Run(shared, now, sonde.timeout_s, trace=trace)
    try:
        return await runner.run(probe, sonde.target, sonde.settings, current), trace
    finally:
        await shared.close()


def _print_text(sonde: Sonde, result: Result, trace: list[str]) -> None:
    click.echo(f"{sonde.id} ({sonde.type}, {sonde.target.address or 'no address'})")
    for line in trace:
        click.echo(f"  · {line}")
    for measurement in result.measurements:
        labels = "".join(f" {key}={value}" for key, value in measurement.labels)
        click.echo(f"  {measurement.name}{labels} = {measurement.value:.6g}")
    colour = {"ok": "green", "warning": "yellow", "critical": "red"}.get(result.status.value)
    click.echo(f"{click.style(result.status.value, fg=colour)}: {result.message} ({result.duration_s * 1000:.1f} ms)")


def _print_json(sonde: Sonde, result: Result, trace: list[str]) -> None:
    answer = {
        "sonde": sonde.id,
        "type": sonde.type,
        "status": result.status.value,
        "message": result.message,
        "duration_s": round(result.duration_s, 6),
        "measurements": [{"name": m.name, "value": m.value, "labels": dict(m.labels)} for m in result.measurements],
        "trace": trace,
    }
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


__all__ = ["HeartbeatBook", "probe"]
