"""What is remembered of a camera between two pictures, and its bytes.

No picture, and no cell's grey level: at the very best a vague sketch of 32 × 18 cells could be made of it. Kept are
whether each of these cells is lighter or darker than the ones around it, in sixteen steps, how strong, which way and
how sharp its edges are, and the light of twelve zones. Of the picture before, each cell's mean is kept modulo eight
grey levels, and a sum of its finest steps under random signs:
enough to see that nothing changed, and not what was there. Under 16 KB: up to three regimes of light, the trail (the
last good picture, or the new view during an alarm) and the picture before.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from probes.camera.decoding import CELLS_X, CELLS_Y
from probes.camera.features import ZONES_X, ZONES_Y, Cells, Features

MAX_REGIMES = 3
VERSION = 2
_CELLS = CELLS_X * CELLS_Y
_MAPS = 6
_BYTES = 5  # maps kept in a byte a cell; the relief in half of one
_SCALES = np.array((4.0, 11.0, 127.0, 127.0, 36.0, 36.0), dtype=np.float32).reshape(_MAPS, 1, 1)
_OFFSETS = np.array((0.0, 0.0, 0.0, 0.0, 27.0, 27.0), dtype=np.float32).reshape(_MAPS, 1, 1)
_LEAST = np.array((-8, -128, -128, -128, -128, -128), dtype=np.float32).reshape(_MAPS, 1, 1)
_ZONES = ZONES_X * ZONES_Y
_ZONE_SCALE = 40.0
_HEAD = struct.Struct(
    "<BBHHIBdff"
)  # version, regimes, width, height, checksum of what follows, what else is there, begun, darkest, brightest
_REGIME = struct.Struct("<Iff")
_TRAIL = struct.Struct("<Bd")
_PREVIOUS = struct.Struct("<dfIf")
_HAS_TRAIL, _HAS_PREVIOUS = 1, 2
_REGIME_SIZE = _REGIME.size + _ZONES + _CELLS // 2 + _BYTES * _CELLS
_FINEST = 32.0  # units of the remainder of a mean by eight, in a grey level
_GRAINS = 16.0  # and of the grain


@dataclass(frozen=True, kw_only=True, eq=False)
class Regime:
    """How the scene looks in one kind of light. The maps: relief, log energy, lean x and y, sharpness x and y."""

    maps: NDArray[np.float32]  # (6, CELLS_Y, CELLS_X)
    zones: NDArray[np.float32]  # (ZONES_Y, ZONES_X), see Features
    spread: float  # see Features
    seen: int  # pictures learnt
    level: float = 0.0  # the camera's own sharpness in this light; NaN if it was never measurable

    @property
    def relief(self) -> Cells:
        """Whether each cell is lighter or darker than what is around it."""
        relief: Cells = self.maps[0]
        return relief

    @property
    def log_energy(self) -> Cells:
        """Logarithm of the structure's energy."""
        energy: Cells = self.maps[1]
        return energy

    @property
    def sharp(self) -> NDArray[np.float32]:
        """Sharpness across vertical and horizontal edges."""
        return self.maps[4:6]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trail:
    """The last good picture; or, while pictures are doubtful or a fault, what they show."""

    good: bool
    since: float  # POSIX time of its first picture
    view: Regime


@dataclass(frozen=True, kw_only=True, eq=False)
class Previous:
    """The picture before, to see that this one is the same."""

    at: float
    step: float
    tables: int
    unsteady: float  # how often this camera changes its tables by itself: 0 to 1
    trace: NDArray[np.uint8]  # remainder by eight grey levels of each cell's mean: that it changed, not what it was
    grain: NDArray[np.int8]  # see Features


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """All that is remembered of one camera."""

    width: int
    height: int
    begun: float = math.inf  # POSIX time of the first picture learnt
    darkest: float = math.inf  # logarithm of the grey level of the darkest picture learnt
    brightest: float = -math.inf  # and of the brightest
    regimes: tuple[Regime, ...] = ()
    trail: Trail | None = None
    previous: Previous | None = None


def regime(features: Features, level: float) -> Regime:
    """The regime that one picture shows."""
    maps = np.stack(
        (
            features.relief,
            np.log(features.energy),
            features.lean_x,
            features.lean_y,
            features.sharp_x,
            features.sharp_y,
        )
    )
    return Regime(maps=maps, zones=features.zones, spread=features.spread, seen=1, level=level)


def learnt(known: Regime, new: Regime, slowest: float) -> Regime:
    """The regime with one more picture.

    Energy goes down three times as fast as up: what is there only sometimes, a parked car, is not the scene.
    """
    rate = max(1 / (known.seen + 1), slowest)
    change = (new.maps - known.maps) * rate
    change[1] *= np.where(change[1] < 0, 1.5, 0.5)
    level = new.level if math.isnan(known.level) else known.level
    if not math.isnan(new.level):
        level += (new.level - level) * rate
    return Regime(
        maps=known.maps + change,
        zones=known.zones + (new.zones - known.zones) * rate,
        spread=known.spread + (new.spread - known.spread) * rate,
        seen=min(known.seen + 1, 100_000),
        level=level,
    )


def trace(features: Features) -> NDArray[np.uint8]:
    """What is kept of the means of one picture."""
    return np.asarray(np.rint(features.mean * _FINEST).astype(np.int32) & 255, np.uint8)


def grain(features: Features) -> NDArray[np.int8]:
    """What is kept of its grain; what is beyond is the scene's own detail and is cut off."""
    return np.asarray(np.rint(features.grain * _GRAINS).clip(-127, 127), np.int8)


def changes(features: Features, previous: Previous) -> tuple[Cells, Cells]:
    """How much the means changed, in grey levels, and the grain; NaN where that was cut off."""
    apart = (trace(features).astype(np.int16) - previous.trace + 128) % 256 - 128
    now, then = grain(features).astype(np.float32), previous.grain.astype(np.float32)
    fresh = np.where((abs(now) < 127) & (abs(then) < 127), abs(now - then) / _GRAINS, np.nan)
    return np.asarray(abs(apart) / np.float32(_FINEST), np.float32), np.asarray(fresh, np.float32)


def dump(reference: Reference) -> bytes:
    """The bytes of a reference; the same for the same reference."""
    parts = [_regime_bytes(each) for each in reference.regimes]
    has = 0
    if (trail := reference.trail) is not None:
        has |= _HAS_TRAIL
        parts.append(_TRAIL.pack(trail.good, trail.since) + _regime_bytes(trail.view))
    if (previous := reference.previous) is not None:
        has |= _HAS_PREVIOUS
        head = _PREVIOUS.pack(previous.at, previous.step, previous.tables, previous.unsteady)
        parts.append(head + previous.trace.tobytes() + previous.grain.tobytes())
    body = b"".join(parts)
    head = _HEAD.pack(
        VERSION,
        len(reference.regimes),
        reference.width,
        reference.height,
        zlib.crc32(body),
        has,
        reference.begun,
        reference.darkest,
        reference.brightest,
    )
    return head + body


def load(stored: bytes) -> Reference | None:
    """The reference of these bytes; None if they are of another version or damaged, whatever they are."""
    try:
        return _loaded(stored)
    except (struct.error, ValueError):
        return None


def _loaded(stored: bytes) -> Reference | None:
    version, regimes, width, height, checksum, has, begun, darkest, brightest = _HEAD.unpack_from(stored)
    body = stored[_HEAD.size :]
    if version != VERSION or regimes > MAX_REGIMES or zlib.crc32(body) != checksum:
        return None
    at = 0
    known = []
    for _ in range(regimes):
        known.append(_regime_of(body, at))
        at += _REGIME_SIZE
    reference = Reference(
        width=width,
        height=height,
        begun=begun,
        darkest=darkest,
        brightest=brightest,
        regimes=tuple(known),
    )
    if has & _HAS_TRAIL:
        good, since = _TRAIL.unpack_from(body, at)
        reference = replace(
            reference, trail=Trail(good=bool(good), since=since, view=_regime_of(body, at + _TRAIL.size))
        )
        at += _TRAIL.size + _REGIME_SIZE
    if has & _HAS_PREVIOUS:
        instant, step, tables, unsteady = _PREVIOUS.unpack_from(body, at)
        at += _PREVIOUS.size
        shape = (CELLS_Y, CELLS_X)
        previous = Previous(
            at=instant,
            step=step,
            tables=tables,
            unsteady=unsteady,
            trace=np.frombuffer(body, np.uint8, _CELLS, at).reshape(shape),
            grain=np.frombuffer(body, np.int8, _CELLS, at + _CELLS).reshape(shape),
        )
        return replace(reference, previous=previous)
    return reference


def _regime_bytes(known: Regime) -> bytes:
    # A value between two bytes is rounded up or down in turn, so that slow learning is not lost to rounding.
    turn = (np.arange(_CELLS, dtype=np.float32) * 0.618034 + known.seen * 0.754878) % 1
    scaled = (known.maps * _SCALES + _OFFSETS) + turn.reshape(1, CELLS_Y, CELLS_X)
    whole = np.clip(np.floor(scaled), _LEAST, -1 - _LEAST).astype(np.int8)
    relief = (whole[0].ravel() + 8).astype(np.uint8)
    zones = np.clip(np.floor(known.zones * _ZONE_SCALE + turn[:_ZONES].reshape(known.zones.shape)), 0, 255)
    head = _REGIME.pack(known.seen, known.level, known.spread) + zones.astype(np.uint8).tobytes()
    halves: bytes = (relief[::2] << 4 | relief[1::2]).tobytes()
    return head + halves + whole[1:].tobytes()


def _regime_of(body: bytes, at: int) -> Regime:
    seen, level, spread = _REGIME.unpack_from(body, at)
    at += _REGIME.size
    zones = np.frombuffer(body, np.uint8, _ZONES, at).astype(np.float32).reshape(ZONES_Y, ZONES_X) / _ZONE_SCALE
    pairs = np.frombuffer(body, np.uint8, _CELLS // 2, at + _ZONES)
    whole = np.frombuffer(body, np.int8, _BYTES * _CELLS, at + _ZONES + _CELLS // 2)
    raw = np.empty((_MAPS, CELLS_Y, CELLS_X), dtype=np.float32)
    raw[0] = np.stack((pairs >> 4, pairs & 15), axis=1).reshape(CELLS_Y, CELLS_X) - np.float32(8)
    raw[1:] = whole.reshape(_BYTES, CELLS_Y, CELLS_X)
    return Regime(maps=(raw - _OFFSETS) / _SCALES, zones=zones, spread=spread, seen=seen, level=level)
