"""`python -m bench.profile KIND`: where the daemon's time goes for one kind of check."""

from __future__ import annotations

import pstats
import sys
import tempfile
import time
from pathlib import Path

import click

from bench import vigie
from bench.kinds import KINDS
from bench.processes import BenchError, thread_cpu_s
from bench.profiled import HOW, SWITCH_OFF, SWITCH_ON
from bench.scenario import MIX, Scenario
from bench.targets import serving
from bench.vigie import Vigie

_WRITTEN_WITHIN_S = 30.0


@click.command()
@click.argument("kind", type=click.Choice([*KINDS, "mix"]))
@click.option("--how", type=click.Choice(list(HOW)), default="sample", show_default=True)
@click.option("--sondes", default=3000, show_default=True)
@click.option("--interval", default=5, show_default=True, help="Seconds.")
@click.option("--window", default=30.0, show_default=True, help="Seconds.")
def main(kind: str, how: str, sondes: int, interval: int, window: float) -> None:
    """Run the daemon on checks of one KIND and print what costs most.

    By sampling, or with cProfile (trace); or what it holds (memory), with tracemalloc.
    """
    kinds = MIX if kind == "mix" else (kind,)
    scenario = Scenario(name=kind, kinds=kinds, sondes=sondes, interval_s=interval, warm_rounds=1.5, window_s=window)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            _run(Path(name), scenario, how)
    except BenchError as error:
        click.echo(f"bench: {error}", err=True)
        sys.exit(1)


def _run(directory: Path, scenario: Scenario, how: str) -> None:
    out = directory / "profile"
    (directory / "targets").mkdir()
    with serving(directory / "targets") as targets:
        main_file = vigie.write_config(directory / "vigie", scenario, targets)
        daemon = vigie.start(main_file, ("-m", "bench.profiled", str(out), how, "run"))
        with daemon.process:
            daemon.call_in()
            daemon.warm_up(scenario.sondes * scenario.warm_rounds, 120, look_every_s=0.5)
            _watch(daemon, scenario)
            daemon.process.wait_for(lambda: out.exists() or None, _WRITTEN_WITHIN_S, "the profile being written")
        if how == "trace":
            pstats.Stats(str(out)).sort_stats("tottime").print_stats(40)
        else:
            click.echo(out.read_text())


def _watch(daemon: Vigie, scenario: Scenario) -> None:
    pid = daemon.process.pid
    before, threads = daemon.read().checks, thread_cpu_s(pid)
    started = time.monotonic()
    daemon.process.signal(SWITCH_ON)
    time.sleep(scenario.window_s)
    daemon.process.signal(SWITCH_OFF)
    used = thread_cpu_s(pid)
    checks = (daemon.read().checks - before).total()
    click.echo(f"{checks} checks in {time.monotonic() - started:.1f} s; CPU ms per check, by thread:")
    for thread, cpu in sorted(used.items(), key=lambda item: -item[1]):
        click.echo(f"  {(cpu - threads.get(thread, 0.0)) / max(1, checks) * 1000:.4f}  {thread}")


if __name__ == "__main__":
    main()
