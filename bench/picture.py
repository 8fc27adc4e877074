"""`python -m bench.picture`: what judging one 720p picture costs, decoding included, and where it goes.

The pictures are the synthetic ones of the tests; the reference is learnt from half of them, so that every regime is
compared. CPU time of this process, one thread, and the size of the pictures and of the reference, since decoding
follows the first.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace

import click
import numpy as np
from PIL import Image

from probes.camera.decoding import Picture, decode
from probes.camera.features import measure
from probes.camera.picture import analyse
from tests.unit.probes.camera.scenes import Weather, frame, scene

_LIGHTS = ("sun", "overcast", "dusk", "infrared")


@click.command()
@click.option("--rounds", default=20, show_default=True, help="Times each picture is judged.")
def main(rounds: int) -> None:
    """What judging one picture costs."""
    pictures = _pictures()
    reference: bytes | None = None
    for hour, jpeg in enumerate(pictures[: len(pictures) // 2]):
        reference, _ = analyse(reference, jpeg, hour * 3600.0)
    decoded = [picture for picture in map(decode, pictures) if isinstance(picture, Picture)]
    whole = _cpu_ms(lambda: [analyse(reference, jpeg, 1e6) for jpeg in pictures], rounds) / len(pictures)
    decoding = _cpu_ms(lambda: [decode(jpeg) for jpeg in pictures], rounds) / len(pictures)
    measuring = _cpu_ms(lambda: [measure(picture) for picture in decoded], rounds) / len(decoded)
    click.echo("| | CPU ms per 720p picture |\n|---|---|")
    for title, cost in (
        ("decoding", decoding),
        ("measuring", measuring),
        ("comparing, deciding, learning", whole - decoding - measuring),
        ("all", whole),
    ):
        click.echo(f"| {title} | {cost:.2f} |")
    size = sum(map(len, pictures)) / len(pictures)
    click.echo(f"\nPictures of {size / 1024:.0f} KiB; a reference of {len(reference or b'') / 1024:.1f} KiB.")


def _pictures() -> list[bytes]:
    world, rng = scene(3), np.random.default_rng(0)
    weather = Weather(quality=60)
    return [_at_720p(frame(world, replace(weather, light=light), rng), rng) for light in _LIGHTS * 4]


def _at_720p(jpeg: bytes, rng: np.random.Generator) -> bytes:
    """The tests' pictures are smaller: made larger, with a noise of that size."""
    larger = Image.open(io.BytesIO(jpeg)).resize((1280, 720), Image.Resampling.BICUBIC)
    noisy = np.asarray(larger, dtype=np.float32) + rng.standard_normal((720, 1280, 1), dtype=np.float32) * 3
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=75)
    return out.getvalue()


def _cpu_ms(work: Callable[[], object], rounds: int) -> float:
    work()
    started = time.process_time()
    for _ in range(rounds):
        work()
    return (time.process_time() - started) / rounds * 1000


if __name__ == "__main__":
    main()
