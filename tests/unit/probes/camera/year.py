"""Days of synthetic cameras, for the confusion table: what each learns, then what each is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tests.unit.probes.camera.faults import made
from tests.unit.probes.camera.scenes import Scene, Weather, bare, frame, frozen, scene

LEARNT = 36
HOUR = 3600.0
STATES = ("nette", "floutée", "masquée", "noire", "surexposée", "figée", "déplacée")


class Asked(NamedTuple):
    """One picture to judge, and what it shows; `before` comes first where the answer depends on it."""

    truth: str
    jpeg: bytes
    before: bytes | None = None


def weathers(count: int, rng: np.random.Generator, lamps: str) -> list[Weather]:
    """The weather of so many pictures, a little more than an hour apart, from a morning on."""
    sky, quality = str(rng.choice(("sun", "overcast"))), int(rng.choice((60, 75, 85)))
    days = []
    for index in range(count):
        hour = (9 + index * 1.1) % 24
        if rng.random() < 0.2:
            sky = str(rng.choice(("sun", "overcast")))
        air = str(rng.choice(("fog", "rain", "snow"))) if rng.random() < 0.15 else "clear"
        days.append(
            Weather(
                light=_light(hour, sky, lamps, air),
                air="rain" if air == "snow" and not 7 <= hour < 18 else air,
                hour=hour if 7 <= hour < 18 else 12,
                cars=int(rng.integers(0, 4)),
                lorry=bool(rng.random() < 0.08),
                quality=quality if rng.random() < 0.95 else 90,
                clock=f"2026-03-{4 + index // 22:02} {int(hour):02}:{index % 60:02}:17" if lamps == "night" else "",
            )
        )
    return days


def _light(hour: float, sky: str, lamps: str, air: str) -> str:
    if 7 <= hour < 18:
        return sky if air == "clear" else "overcast"
    return "dusk" if 6 <= hour < 7 or 18 <= hour < 19.3 else lamps


class Camera:
    """One synthetic camera."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed + 7000)
        self.scene: Scene = scene(seed)
        lamps = ("night", "infrared")[seed % 2]
        self.days = weathers(LEARNT + 24, self.rng, lamps)

    def learning(self) -> Iterator[bytes]:
        """What it is learnt from."""
        for weather in self.days[:LEARNT]:
            yield frame(self.scene, weather, self.rng)

    def ordinary(self) -> Iterator[Asked]:
        """What follows, nothing being wrong."""
        for weather in self.days[LEARNT:]:
            yield Asked("nette", frame(self.scene, weather, self.rng))

    def faults(self, each: int) -> Iterator[Asked]:
        """So many of each fault, in any of its weathers."""
        for state in STATES[1:]:
            for index in self.rng.choice(len(self.days), each, replace=False):
                weather = self.days[index]
                if state == "figée":
                    yield self._frozen(weather)
                else:
                    yield Asked(state, frame(self.scene, weather, self.rng, made(state, self.rng)))

    def _frozen(self, weather: Weather) -> Asked:
        picture = bare(self.scene, weather, self.rng)
        quality = int(self.rng.choice((weather.quality, 60, 80)))
        again = replace(weather, quality=quality, clock=weather.clock and weather.clock[:-2] + "59")
        return Asked("figée", frozen(picture, again), frozen(picture, weather))
