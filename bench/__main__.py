"""`python -m bench`: run the bench, write its table."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from bench import plan, report
from bench.measure import Row, median_of
from bench.processes import BenchError
from bench.prometheus import exporter_of
from bench.window import machine

_COMPLETE = Path(__file__).parent / "results"
_README = Path(__file__).parent / "README.md"
_PARTIAL = Path(__file__).parents[1] / "var" / "bench"  # never over the figures of a complete run


@click.command()
@click.option("--quick", is_flag=True, help="Short windows and intervals: a first idea in a quarter of an hour.")
@click.option("--only", help="Rows to run, by name and with commas: link1,http,mix-5000.")
@click.option("--no-prometheus", is_flag=True, help="Vigie alone.")
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1), help="Runs of each row, in turn.")
@click.option("--publish", is_flag=True, help="Put the rows of --only among the figures of the last complete run.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write; bench/results for a complete run, var/bench otherwise.",
)
def main(quick: bool, only: str | None, no_prometheus: bool, repeat: int, publish: bool, out: Path | None) -> None:
    """Drive the real daemon against real loopback targets, beside Prometheus, and write what a check costs."""
    if publish and (quick or no_prometheus or out is not None):
        raise click.UsageError("--publish is for rows measured as in a complete run")
    steps = (plan.quick if quick else plan.full)(prometheus=not no_prometheus)
    if only is not None:
        steps = _chosen(steps, only)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave through the `with`s: nothing stays running
    complete = not (quick or only or no_prometheus)
    try:
        rows, about = run(steps, out or (_COMPLETE if complete else _PARTIAL), repeat)
    except BenchError as error:
        click.echo(f"bench: {error}", err=True)
        sys.exit(1)
    if publish and not complete:
        order = [step.scenario.name for step in plan.full(prometheus=True)]
        rows = report.beside_others(_COMPLETE, rows, order)
        report.write(_COMPLETE, rows, about)
    if publish or (complete and out is None):
        report.publish(_README, rows, about)


def _chosen(steps: list[plan.Step], only: str) -> list[plan.Step]:
    names = only.split(",")
    known = [step.scenario.name for step in steps]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.BadParameter(f"no row {', '.join(unknown)}; there are {', '.join(known)}", param_hint="--only")
    return [step for step in steps if step.scenario.name in names]


def run(steps: list[plan.Step], out: Path, repeat: int = 1) -> tuple[list[Row], dict[str, object]]:
    """Run the steps; the table is written anew after each row, so that an interrupted run leaves what it has."""
    about: dict[str, object] = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "versions": _versions(steps),
    }
    rows: list[Row] = []
    runs: dict[tuple[str, str], list[Row]] = {}
    started = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - started:5.0f} s] {text}", err=True)

    for row in plan.run(steps, say, repeat):
        runs.setdefault((row.scenario, row.system), []).append(row)
        rows = [median_of(repeated) for repeated in runs.values()]
        report.write(out, rows, about)
        click.echo(f"          {row.cpu_ms:.3f} ms a check at {row.checks_per_s:.0f}/s", err=True)
    click.echo(report.markdown(rows, about))
    return rows, about


def _versions(steps: list[plan.Step]) -> str:
    found = [f"Vigie {version('vigie')}", f"Python {sys.version.split()[0]}"]
    compared = [kind for step in steps if step.prometheus for kind in step.scenario.kinds]
    exporters = sorted({f"prometheus-{exporter_of(kind)}-exporter" for kind in compared})
    for program in ("prometheus", *exporters) if compared else ():
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        match = re.search(r"version (\S+)", said.stdout + said.stderr)
        found.append(f"{program} {match[1].rstrip(',') if match else 'unknown'}")
    return ", ".join(found)


if __name__ == "__main__":
    main()
