"""What goes wrong with a camera, applied where it happens: the mount, the lens, what covers it, the sensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Nothing is wrong by default."""

    shift: tuple[float, float] = (0.0, 0.0)  # of the view, in parts of its width and height
    turn: float = 0.0  # degrees
    zoom: float = 1.0
    blur: float = 0.0  # radius in pixels
    motion: int = 0  # length in pixels of a blur in one direction
    cover: float = 0.0  # part of the picture that is covered
    cover_level: float = 30.0
    cover_texture: float = 3.0
    gain: float = 1.0
    lift: float = 0.0
    noise: float = 1.0


def made(kind: str, rng: np.random.Generator) -> Fault:
    """One fault of that state, of a random strength."""
    sign = rng.choice((-1, 1), 2)
    if kind == "floutée":
        if rng.random() < 0.2:
            return Fault(motion=int(rng.integers(12, 25)), blur=1.0)
        return Fault(blur=float(rng.uniform(2.5, 8)))
    if kind == "masquée":
        return Fault(
            cover=float(rng.uniform(0.5, 1.0)),
            cover_level=float(rng.uniform(10, 170)),
            cover_texture=float(rng.uniform(0, 6)),
        )
    if kind == "noire":
        return Fault(gain=float(rng.uniform(0, 0.02)), lift=float(rng.uniform(0, 6)), noise=0.6)
    if kind == "surexposée":
        return Fault(gain=float(rng.uniform(5, 12)), lift=float(rng.uniform(150, 250)))
    if kind == "déplacée":
        if rng.random() < 0.3:
            return Fault(turn=float(sign[0] * rng.uniform(9, 20)))
        if rng.random() < 0.2:
            return Fault(zoom=float(rng.uniform(1.4, 2.0)))
        return Fault(shift=(float(sign[0] * rng.uniform(0.09, 0.19)), float(sign[1] * rng.uniform(0, 0.15))))
    raise ValueError(kind)


def seen_from(light: Floats, fault: Fault, shape: tuple[int, int]) -> Floats:
    """The part of the world that the camera looks at."""
    tall, wide = shape
    if fault.turn or fault.zoom != 1.0:
        picture = Image.fromarray(np.uint8(np.clip(light, 0, 255)))
        size = (int(picture.width * fault.zoom), int(picture.height * fault.zoom))
        picture = picture.rotate(fault.turn, Image.Resampling.BICUBIC).resize(size, Image.Resampling.BICUBIC)
        light = np.asarray(picture, dtype=np.float32)
    left = int((light.shape[1] - wide) / 2 + fault.shift[0] * wide)
    top = int((light.shape[0] - tall) / 2 + fault.shift[1] * tall)
    return light[top : top + tall, left : left + wide]


def through_lens(light: Floats, fault: Fault) -> Floats:
    """What a lens out of focus, wet or shaking leaves of it."""
    if not fault.blur and not fault.motion:
        return light
    picture = Image.fromarray(np.uint8(np.clip(light, 0, 255)))
    if fault.motion:
        summed = np.cumsum(np.asarray(picture, dtype=np.float32), axis=1)
        moved = (np.roll(summed, -fault.motion, axis=1) - summed) / fault.motion
        moved[:, -fault.motion :] = moved[:, -fault.motion - 1 : -fault.motion]
        picture = Image.fromarray(np.uint8(np.clip(moved, 0, 255)))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(fault.blur)), dtype=np.float32)


def covered(light: Floats, fault: Fault, rng: np.random.Generator) -> Floats:
    """A bag, a hand, paint: out of focus, because it is close, and it hides what is behind."""
    if not fault.cover:
        return light
    tall, wide = light.shape[:2]
    mask = Image.new("L", (wide, tall))
    part = fault.cover * 1.05
    side = int(rng.integers(0, 4))
    box = (
        (0, 0, wide * part, tall),
        (wide * (1 - part), 0, wide, tall),
        (0, 0, wide, tall * part),
        (0, tall * (1 - part), wide, tall),
    )[side]
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(8)), dtype=np.float32)[..., None] / 255
    small = Image.fromarray(rng.integers(0, 255, (9, 16), dtype=np.uint8)).resize(
        (wide, tall), Image.Resampling.BICUBIC
    )
    cloth = fault.cover_level + (np.asarray(small, dtype=np.float32)[..., None] / 255 - 0.5) * fault.cover_texture * 4
    return np.asarray(light * (1 - soft) + cloth * soft, dtype=np.float32)
