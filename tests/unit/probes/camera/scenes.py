"""Pictures of fixed outdoor cameras that never existed: a scene, its weather, its light, and the seven states.

The order of what happens to light is kept, because it is what the analysis relies on: the scene, what moves in it, the
air (fog, rain, snow), the lens (blur, a cover), the sensor (gain, noise, saturation), the overlay, the encoder.
Everything comes from a seed, so a figure that a test holds is the same everywhere.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.unit.probes.camera.faults import Fault, covered, seen_from, through_lens

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
WIDTH, HEIGHT = 640, 360
_DRAWN = 2  # times larger: lines and windows are drawn in pixels, and made smooth by halving them
_MARGIN = 1.4  # the drawn world is wider than the view, so that a camera can turn


@dataclass(frozen=True, kw_only=True)
class Weather:
    """What the world looks like at one instant."""

    light: str = "sun"  # sun, overcast, dusk, night, infrared
    air: str = "clear"  # clear, fog, rain, snow
    hour: float = 12.0  # moves the shadows
    cars: int = 2
    lorry: bool = False
    quality: int = 75
    clock: str = ""  # what the overlay says; empty: no overlay


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One camera's world: what it reflects by day and in infra-red, how far it is, where its lamps are."""

    albedo: Floats
    infrared: Floats
    depth: Floats
    lamps: tuple[tuple[float, float, float], ...]


def scene(seed: int) -> Scene:
    """A street, a square or a car park: sky, textured ground, houses with windows, trees, poles, markings."""
    rng = np.random.default_rng(seed)
    width, height = int(WIDTH * _MARGIN) * _DRAWN, int(HEIGHT * _MARGIN) * _DRAWN
    horizon = int(height * rng.uniform(0.25, 0.5))
    sky = tuple(int(v) for v in rng.integers((130, 150, 180), (190, 210, 245)))
    ground = tuple(int(v) for v in rng.integers(60, 140, 3))
    picture = Image.new("RGB", (width, height), sky)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, horizon, width, height), fill=ground)
    _road(draw, rng, width, height, horizon)
    for _ in range(int(rng.integers(4, 9))):
        _house(draw, rng, width, horizon)
    for _ in range(int(rng.integers(2, 7))):
        _tree(draw, rng, width, horizon)
    for _ in range(int(rng.integers(2, 8))):
        x = int(rng.integers(0, width))
        top = horizon - int(rng.integers(60, 260))
        draw.line((x, top, x, horizon + int(rng.integers(10, 200))), fill=(50, 50, 55), width=int(rng.integers(3, 9)))
    picture = picture.filter(ImageFilter.GaussianBlur(0.7)).reduce(_DRAWN)
    width, height, horizon = picture.width, picture.height, horizon // _DRAWN
    albedo = np.asarray(picture, dtype=np.float32)
    rows = np.arange(height, dtype=np.float32)
    is_sky = np.abs(albedo - np.array(sky, dtype=np.float32)).max(axis=2) < 2
    texture = _pink(rng, (height, width)) * float(rng.uniform(9, 22))
    albedo = albedo + np.where(is_sky, 0.0, texture)[..., None]
    depth = np.clip((height - rows) / (height - horizon), 0.05, 3.0) ** 1.5
    depth_map = np.broadcast_to(depth[:, None], (height, width)).copy()
    depth_map[is_sky] = 6.0
    mix = rng.dirichlet((1.5, 1.0, 1.0)).astype(np.float32)
    lamps = tuple(
        (float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.25, 0.75)), float(rng.uniform(60, 220)))
        for _ in range(int(rng.integers(3, 9)))
    )
    return Scene(
        albedo=np.clip(albedo, 0, 255).astype(np.float32),
        infrared=np.clip(albedo @ mix * np.where(is_sky, 0.1, 1.0), 0, 255).astype(np.float32),
        depth=depth_map.astype(np.float32),
        lamps=lamps,
    )


def frame(world: Scene, weather: Weather, rng: np.random.Generator, fault: Fault | None = None) -> bytes:
    """The JPEG that this camera would send. A frozen picture is made by `frozen`, from the one before."""
    fault = fault or Fault()
    light = _lit(world, weather, rng)
    light = _traffic(light, weather, rng)
    light = _air(light, world, weather, rng)
    light = seen_from(light, fault, (HEIGHT, WIDTH))
    light = through_lens(light, fault)
    light = covered(light, fault, rng)
    return encoded(_sensor(light, weather, fault, rng), weather)


def frozen(before: Image.Image, weather: Weather) -> bytes:
    """The picture before, encoded again, its clock gone on."""
    return encoded(before, weather)


def bare(world: Scene, weather: Weather, rng: np.random.Generator) -> Image.Image:
    """The picture without its overlay, for `frozen`."""
    jpeg = frame(world, replace(weather, clock=""), rng)
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def encoded(picture: Image.Image, weather: Weather) -> bytes:
    """With its overlay, as a JPEG."""
    if weather.clock:
        picture = picture.copy()
        draw = ImageDraw.Draw(picture)
        draw.text((10, 7), weather.clock, fill=(255, 255, 255), font_size=17, stroke_width=1, stroke_fill=(0, 0, 0))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=weather.quality)
    return out.getvalue()


def _road(draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int, horizon: int) -> None:
    far, near = rng.uniform(0.2, 0.8) * width, rng.uniform(0.1, 0.9) * width
    half = rng.uniform(0.15, 0.4) * width
    grey = int(rng.integers(70, 120))
    draw.polygon(
        ((far - 20, horizon), (far + 20, horizon), (near + half, height), (near - half, height)), fill=(grey,) * 3
    )
    for part in np.linspace(0.05, 1, 9):
        x, y = far + (near - far) * part, horizon + (height - horizon) * part
        draw.line((x, y, x + (near - far) * 0.03, y + 20 * part), fill=(215, 215, 210), width=int(2 + 9 * part))
    for side in (-1, 1):
        draw.line((far + side * 18, horizon, near + side * half * 0.9, height), fill=(190, 190, 185), width=5)


def _house(draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, horizon: int) -> None:
    x, wide, tall = int(rng.integers(-60, width)), int(rng.integers(90, 330)), int(rng.integers(70, 300))
    base = horizon + int(rng.integers(0, 130))
    colour = tuple(int(v) for v in rng.integers(90, 225, 3))
    draw.rectangle((x, base - tall, x + wide, base), fill=colour)
    draw.polygon(
        ((x - 8, base - tall), (x + wide + 8, base - tall), (x + wide // 2, base - tall - wide // 4)),
        fill=(110, 62, 52),
    )
    step = int(rng.integers(26, 60))
    for left in range(x + 10, x + wide - step // 2, step):
        for top in range(base - tall + 10, base - 20, step + 8):
            draw.rectangle((left, top, left + step // 2, top + step // 2), fill=(45, 50, 62), outline=(235, 235, 230))


def _tree(draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, horizon: int) -> None:
    x, y, size = int(rng.integers(0, width)), horizon - int(rng.integers(-120, 80)), int(rng.integers(40, 150))
    draw.rectangle((x - size // 12, y, x + size // 12, y + size), fill=(70, 52, 40))
    for _ in range(350):
        angle, far = rng.uniform(0, 6.28), size * rng.uniform(0, 1) ** 0.5
        at_x, at_y, radius = x + far * np.cos(angle), y + far * np.sin(angle) * 0.9, rng.uniform(2, 9)
        green = int(rng.integers(35, 130))
        draw.ellipse((at_x - radius, at_y - radius, at_x + radius, at_y + radius), fill=(green // 2, green, green // 3))


def _pink(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Noise whose power falls with frequency as that of photographed matter does; standard deviation 1."""
    spectrum = np.fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    y, x = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    made = np.fft.irfft2(spectrum / np.maximum(np.hypot(x, y), 0.004) ** 0.9, shape).astype(np.float32)
    return np.asarray(made / made.std(), dtype=np.float32)


def _smooth(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Floats:
    """A smooth field between 0 and 1: clouds, shadows of clouds, patches of fog."""
    small = Image.fromarray(rng.integers(0, 255, (cells, cells * 2), dtype=np.uint8))
    return np.asarray(small.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float32) / 255


def _lit(world: Scene, weather: Weather, rng: np.random.Generator) -> Floats:
    shape = world.depth.shape
    sky = (world.depth > 5)[..., None]
    if weather.light == "infrared":
        y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
        spot = np.exp(-(x**2 + y**2) * 1.2) / (0.6 + 0.25 * np.minimum(world.depth, 6))
        return np.repeat((world.infrared * spot * 1.1 + 6)[..., None], 3, axis=2).astype(np.float32)
    if weather.light == "night":
        lit = world.albedo * 0.035
        y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j].astype(np.float32)
        glow = np.zeros(shape, dtype=np.float32)
        for at_x, at_y, strength in world.lamps:
            square = ((x - at_x) * 1.78) ** 2 + (y - at_y) ** 2
            glow += strength / 255 * (0.008 / (square + 0.008)) * (y > at_y - 0.06) + 4 * (square < 0.00006)
        colour = np.array((1.0, 0.85, 0.6), dtype=np.float32)
        return np.asarray(
            lit + (world.albedo * 0.8 + 25) * np.where(sky, 0.05, 1) * glow[..., None] * colour, dtype=np.float32
        )
    gain = {"sun": 1.05, "overcast": 0.8, "dusk": 0.3}[weather.light] * float(rng.uniform(0.85, 1.15))
    lit = world.albedo * gain
    if weather.light == "sun":
        shade = np.roll(world.infrared, int((weather.hour - 12) * 17), axis=1) < 95
        soft = np.asarray(
            Image.fromarray(np.uint8(shade) * 255).filter(ImageFilter.GaussianBlur(2.5)), dtype=np.float32
        )
        lit = lit * np.where(sky, 1, (1.12 - 0.5 * soft / 255)[..., None])
    clouds = _smooth(rng, shape, 5)[..., None]
    return np.asarray(np.where(sky, lit * (0.8 + 0.4 * clouds), lit * (0.93 + 0.14 * clouds)), dtype=np.float32)


def _traffic(light: Floats, weather: Weather, rng: np.random.Generator) -> Floats:
    picture = Image.fromarray(np.uint8(np.clip(light, 0, 255)))
    draw = ImageDraw.Draw(picture)
    wide, tall = picture.size
    level = float(np.clip(light.mean() / 110, 0.15, 1))
    for _ in range(int(rng.integers(0, weather.cars + 1))):
        x, y, size = int(rng.uniform(0.1, 0.9) * wide), int(rng.uniform(0.5, 0.85) * tall), int(rng.integers(25, 85))
        colour = tuple(int(v * level) for v in rng.integers(20, 240, 3))
        draw.rounded_rectangle((x, y, x + size, y + size // 2), radius=6, fill=colour, outline=(20, 20, 20))
        draw.rectangle((x + size // 4, y + 2, x + size * 3 // 4, y + size // 5), fill=(30, 35, 40))
    if weather.lorry:
        colour = tuple(int(v * level) for v in (205, 200, 190))
        box = (int(0.33 * wide), int(0.42 * tall), int(0.62 * wide), int(0.8 * tall))
        draw.rectangle(box, fill=colour, outline=(60, 60, 60), width=2)
        draw.text((box[0] + 20, box[1] + 30), "TRANSPORTS", fill=(150, 30, 30), font_size=24)
        for x in (0.38, 0.43, 0.57):
            draw.ellipse((x * wide, 0.76 * tall, x * wide + 30, 0.76 * tall + 30), fill=(20, 20, 20))
    drawn = np.asarray(picture, dtype=np.float32)
    return np.where(np.abs(drawn - np.clip(light, 0, 255)) > 1, drawn, light)


def _air(light: Floats, world: Scene, weather: Weather, rng: np.random.Generator) -> Floats:
    if weather.air == "clear":
        return light
    veil = float(np.percentile(light, 80))
    density = {"fog": rng.uniform(0.5, 1.3), "rain": 0.25, "snow": 0.3}[weather.air]
    kept = np.exp(-density * world.depth)[..., None]
    light = light * kept + veil * 0.9 * (1 - kept)
    if weather.air == "fog":
        return np.asarray(light, dtype=np.float32)
    wide, tall = light.shape[1], light.shape[0]
    fall = Image.new("L", (wide, tall))
    draw = ImageDraw.Draw(fall)
    for _ in range(700):
        x, y = rng.uniform(0, wide), rng.uniform(0, tall)
        if weather.air == "rain":
            draw.line((x, y, x + 2, y + rng.uniform(8, 22)), fill=int(rng.integers(20, 70)), width=1)
        else:
            radius = rng.uniform(0.5, 2)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(rng.integers(60, 190)))
    flakes = np.asarray(fall.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32)[..., None] / 255
    if weather.air == "snow":
        ground = np.clip((1.2 - world.depth) * 1.3, 0, 0.75)[..., None]
        light = light * (1 - ground) + 225 * min(1.0, veil / 110) * ground
    return np.asarray(light * (1 - flakes) + max(veil * 1.5, 25) * flakes, dtype=np.float32)


def _sensor(light: Floats, weather: Weather, fault: Fault, rng: np.random.Generator) -> Image.Image:
    dark = weather.light in ("night", "infrared")
    light = light * fault.gain + fault.lift
    spread = (5.0 if dark else 1.6) * fault.noise
    noisy = light + rng.standard_normal(light.shape[:2], dtype=np.float32)[..., None] * spread
    if weather.light == "infrared":
        return Image.fromarray(np.uint8(np.clip(noisy[..., 0], 0, 255))).convert("RGB")
    return Image.fromarray(np.uint8(np.clip(noisy, 0, 255)))
