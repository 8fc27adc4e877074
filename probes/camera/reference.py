"""What is remembered of a camera between two pictures, and its bytes.

Numbers for each of 32 × 18 cells only, a byte each, and never a picture: see `probes.camera.features`. Under 16 KB: up
to three regimes of light, the trail (the last good picture, or the new view during an alarm) and what is needed to see
that a picture is frozen.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from probes.camera.decoding import CELLS_X, CELLS_Y
from probes.camera.features import Cells, Features

MAX_REGIMES = 3
VERSION = 1
_CELLS = CELLS_X * CELLS_Y
_MAPS = 6
_SCALES = np.array((1.0, 11.0, 127.0, 127.0, 36.0, 36.0), dtype=np.float32).reshape(_MAPS, 1, 1)
_OFFSETS = np.array((-128.0, 0.0, 0.0, 0.0, 27.0, 27.0), dtype=np.float32).reshape(_MAPS, 1, 1)
_HEAD = struct.Struct("<BBHHIB")  # version, regimes, width, height, checksum of what follows, what else is there
_REGIME = struct.Struct("<If")
_TRAIL = struct.Struct("<Bd")
_PREVIOUS = struct.Struct("<dfIff")
_HAS_TRAIL, _HAS_PREVIOUS = 1, 2
_FINEST = 128.0  # a mean is kept to 1/128 of a grey level


@dataclass(frozen=True, kw_only=True, eq=False)
class Regime:
    """How the scene looks in one kind of light. The maps: mean, log energy, lean x and y, sharpness x and y."""

    maps: NDArray[np.float32]  # (6, CELLS_Y, CELLS_X)
    seen: int  # pictures learnt
    level: float = 0.0  # the camera's own sharpness in this light; NaN if it was never measurable

    @property
    def mean(self) -> Cells:
        """Grey level of each cell."""
        mean: Cells = self.maps[0]
        return mean

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
    stir: float  # how much changes at least between two pictures of this camera, in units of `stillness`
    mean: Cells
    detail: Cells  # modulo 256 once stored


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """All that is remembered of one camera."""

    width: int
    height: int
    regimes: tuple[Regime, ...] = ()
    trail: Trail | None = None
    previous: Previous | None = None


def regime(features: Features, level: float) -> Regime:
    """The regime that one picture shows."""
    maps = np.stack(
        (
            features.mean,
            np.log(features.energy),
            features.lean_x,
            features.lean_y,
            features.sharp_x,
            features.sharp_y,
        )
    )
    return Regime(maps=maps, seen=1, level=level)


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
    return Regime(maps=known.maps + change, seen=min(known.seen + 1, 100_000), level=level)


def dump(reference: Reference) -> bytes:
    """The bytes of a reference; the same for the same reference."""
    parts = [_regime_bytes(each) for each in reference.regimes]
    has = 0
    if (trail := reference.trail) is not None:
        has |= _HAS_TRAIL
        parts.append(_TRAIL.pack(trail.good, trail.since) + _regime_bytes(trail.view))
    if (previous := reference.previous) is not None:
        has |= _HAS_PREVIOUS
        mean = np.clip(np.rint(previous.mean * _FINEST), 0, 65535).astype("<u2")
        detail = np.rint(previous.detail).astype(np.int32).astype(np.uint8)  # modulo 256: only small differences matter
        head = _PREVIOUS.pack(previous.at, previous.step, previous.tables, previous.unsteady, previous.stir)
        parts.append(head + mean.tobytes() + detail.tobytes())
    body = b"".join(parts)
    return _HEAD.pack(VERSION, len(reference.regimes), reference.width, reference.height, zlib.crc32(body), has) + body


def load(stored: bytes) -> Reference | None:
    """The reference of these bytes; None if they are of another version or damaged, whatever they are."""
    try:
        return _loaded(stored)
    except (struct.error, ValueError):
        return None


def _loaded(stored: bytes) -> Reference | None:
    version, regimes, width, height, checksum, has = _HEAD.unpack_from(stored)
    body = stored[_HEAD.size :]
    if version != VERSION or regimes > MAX_REGIMES or zlib.crc32(body) != checksum:
        return None
    at = 0
    known = []
    for _ in range(regimes):
        known.append(_regime_of(body, at))
        at += _REGIME.size + _MAPS * _CELLS
    reference = Reference(width=width, height=height, regimes=tuple(known))
    if has & _HAS_TRAIL:
        good, since = _TRAIL.unpack_from(body, at)
        reference = replace(
            reference, trail=Trail(good=bool(good), since=since, view=_regime_of(body, at + _TRAIL.size))
        )
        at += _TRAIL.size + _REGIME.size + _MAPS * _CELLS
    if has & _HAS_PREVIOUS:
        instant, step, tables, unsteady, stir = _PREVIOUS.unpack_from(body, at)
        at += _PREVIOUS.size
        mean = np.frombuffer(body, "<u2", _CELLS, at).astype(np.float32) / _FINEST
        detail = np.frombuffer(body, np.uint8, _CELLS, at + 2 * _CELLS).astype(np.float32)
        shape = (CELLS_Y, CELLS_X)
        previous = Previous(
            at=instant,
            step=step,
            tables=tables,
            unsteady=unsteady,
            stir=stir,
            mean=mean.reshape(shape),
            detail=detail.reshape(shape),
        )
        return replace(reference, previous=previous)
    return reference


def _regime_bytes(known: Regime) -> bytes:
    # A value between two bytes is rounded up or down in turn, so that slow learning is not lost to rounding.
    turn = (np.arange(_CELLS, dtype=np.float32) * 0.618034 + known.seen * 0.754878) % 1
    scaled = (known.maps * _SCALES + _OFFSETS) + turn.reshape(1, CELLS_Y, CELLS_X)
    whole = np.clip(np.floor(scaled), -128, 127).astype(np.int8)
    return _REGIME.pack(known.seen, known.level) + whole.tobytes()


def _regime_of(body: bytes, at: int) -> Regime:
    seen, level = _REGIME.unpack_from(body, at)
    raw = np.frombuffer(body, np.int8, _MAPS * _CELLS, at + _REGIME.size).astype(np.float32)
    maps = (raw.reshape(_MAPS, CELLS_Y, CELLS_X) - _OFFSETS) / _SCALES
    return Regime(maps=maps, seen=seen, level=level)
