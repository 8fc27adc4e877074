"""`python -m bench.camera`: what a check of a camera costs, without and with its picture.

GStreamer's RTSP server (its CPU is not counted) plays H.264 of two sizes; a web server gives a JPEG of 1280 × 720.
Vigie's figures are the CPU time of this process, and that of the darkroom, for whole runs of `camera`, judged and not
stored. Needs Debian's gir1.2-gst-rtsp-server-1.0 (tests/debian-packages).
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from bench.processes import Process, cpu_s
from probes import runner
from probes.base import Run, Shared, Target
from probes.camera.check import PROBE
from probes.camera.darkroom import Darkroom
from probes.camera.settings import CameraSettings

_SERVER = Path(__file__).parents[1] / "tests" / "integration" / "probes" / "rtsp_server.py"


@click.command()
@click.option("--runs", default=50, show_default=True, help="Checks measured of each kind.")
def main(runs: int) -> None:
    """What a check of a camera costs."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "image.jpg").write_bytes(_scene())
        web_command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", name]
        with (
            Process(["/usr/bin/python3", str(_SERVER), "none", ""], directory / "rtsp.log") as rtsp,
            Process(web_command, directory / "web.log") as web,
        ):
            stream = rtsp.wait_for(lambda: _number(rtsp.log, 0), 60, "a port of the RTSP server")
            still = web.wait_for(lambda: _number(web.log, 5), 60, "a port of the web server")
            asyncio.run(_table(f"rtsp://127.0.0.1:{stream}", f"http://127.0.0.1:{still}/image.jpg", runs))


def _scene() -> bytes:
    generator = np.random.default_rng(1)
    pixels = np.kron(generator.integers(20, 230, (90, 160, 3)), np.ones((8, 8, 1)))
    pixels += generator.normal(0, 6, pixels.shape)
    written = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(written, "JPEG", quality=80)
    return written.getvalue()


def _number(log: Path, word: int) -> int | None:
    """The port, which is that word of what the server says first."""
    words = log.read_text(errors="replace").split()
    return int(words[word]) if len(words) > word and words[word].isdigit() else None


async def _table(rtsp: str, still: str, runs: int) -> None:
    shared = Shared()
    click.echo("| | CPU ms per check | of the darkroom | MiB |\n|---|---|---|---|")
    try:
        for title, settings in (
            ("RTSP, described alone", {"url": f"{rtsp}/h264", "media": False}),
            ("RTSP, to the first packet", {"url": f"{rtsp}/h264"}),
            ("RTSP, picture of 640 × 360", {"url": f"{rtsp}/h264", "picture": True}),
            ("RTSP, picture of 1920 × 1080", {"url": f"{rtsp}/hd", "picture": True}),
            ("still picture of 1280 × 720, not looked at", {"url": still}),
            ("still picture of 1280 × 720", {"url": still, "picture": True}),
        ):
            own, darkroom = await _measured(shared, settings, runs)
            click.echo(f"| {title} | {own:.2f} | {darkroom:.1f} | {_resident_mib(shared):.0f} |")
    finally:
        await shared.close()


async def _measured(shared: Shared, written: dict[str, Any], runs: int) -> tuple[float, float]:
    settings = CameraSettings(**written)
    target = Target(sonde="bench/camera/video", address="")
    before, rooms_before = 0.0, 0.0
    for number in range(runs + 1):
        if number == 1:  # the first run opens what is shared, and starts a process
            before, rooms_before = time.process_time(), cpu_s(shared.use(Darkroom).pids)
        result = await runner.run(PROBE, target, settings, Run(shared, time.time(), 60.0))
        if not result.measurements:
            raise click.ClickException(result.message)
    own, rooms = time.process_time() - before, cpu_s(shared.use(Darkroom).pids) - rooms_before
    return own / runs * 1000, rooms / runs * 1000


def _resident_mib(shared: Shared) -> float:
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in shared.use(Darkroom).pids]
    return sum(pages) * 4096 / 2**20


if __name__ == "__main__":
    main()
