"""Where else in a picture the known scene is found: the one sign of a turned camera that no cover and no weather gives.

The scene's structure is laid over the picture's at every offset, as it is, nearer, farther and tilted, and correlated
where the two overlap. A picture of the same view fits best where it is. One of a camera that was turned fits better
elsewhere, by far, as long as both views have something in common; of a wholly new view nothing is said.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probes.camera.decoding import CELLS_X, CELLS_Y
from probes.camera.features import INNER

_TALL, _WIDE = INNER.stop - INNER.start, CELLS_X
_OVERLAP = 0.4  # part of the picture that both views must have in common
_ZOOMS = (1.25, 1.45, 1.75, 2.1, 0.83, 0.72)
_TILTS = (-45, -30, -20, -13, -8, 8, 13, 20, 30, 45)  # degrees
_HERE = 0.5  # correlation where it should be, from which it need not be looked for
_PLAINLY = 0.35  # and how much better it fits elsewhere, from which it need not be looked for any more
_LEAST = 1e-3  # of power: under it there is nothing to correlate
# Rows and columns of the spectra: offsets beyond them come round again, where so little is in common that none counts.
_ROOM = (24, 54)


class Found(NamedTuple):
    """Where the scene fits best."""

    here: float  # correlation where it should be
    best: float  # and where it is highest, of what was looked at: a view that is in its place is not looked for

    @property
    def gain(self) -> float:
        """How much better it fits elsewhere, no more than is looked for."""
        return min(self.best - self.here, _PLAINLY)


class _Laid(NamedTuple):
    """Ways to lay the scene over the picture: what each cell shows then, and what is the same for every scene."""

    at: NDArray[np.intp]  # the four cells of the scene that each cell of the picture lies between
    shares: NDArray[np.float32]  # of each of them; 0 where the scene has nothing
    turns: NDArray[np.float32]  # what becomes of the three maps
    known: NDArray[np.complex64]  # spectrum of where the scene has something
    common: NDArray[np.bool_]  # offsets at which the two have enough in common


def search(now: NDArray[np.float32], then: NDArray[np.float32]) -> Found:
    """Both are maps of structure less its neighbourhood's (see `placing.Detail`): strength, and its way in two."""
    inside = now[:, INNER]
    maps, power = _spectrum(inside), _spectrum(np.einsum("abc,abc->bc", inside, inside))
    fit = _fit(maps, power, then, _laid((1.0,), (0.0,)))
    here, best = float(fit[0, 0, 0]), float(fit.max())
    if here >= _HERE:
        return Found(here=here, best=here)
    for laid in (_laid(_ZOOMS, (0.0,)), _laid((1.0,), _TILTS)):
        if best >= _HERE and best - here >= _PLAINLY:
            break
        best = max(best, float(_fit(maps, power, then, laid).max()))
    return Found(here=here, best=best)


def _fit(
    maps: NDArray[np.complex64], power: NDArray[np.complex64], then: NDArray[np.float32], laid: _Laid
) -> NDArray[np.float32]:
    """The correlation at each offset, for each way; under -1 where the two have too little in common."""
    between = (then.reshape(3, -1).take(laid.at, axis=1) * laid.shares).sum(axis=1)
    scene = np.matmul(laid.turns, between.transpose(1, 0, 2)).reshape(-1, 3, _TALL, _WIDE)
    theirs = _spectrum(np.einsum("wmyx,wmyx->wyx", scene, scene))
    spread = np.maximum(_back(power * laid.known.conj()), _LEAST)
    spread *= np.maximum(_back(_laid((1.0,), (0.0,)).known * theirs.conj()), _LEAST)
    fit = _back((maps * _spectrum(scene).conj()).sum(axis=1)) / np.sqrt(spread)
    return np.where(laid.common, fit, np.float32(-2))


@functools.cache
def _laid(zooms: tuple[float, ...], tilts: tuple[float, ...]) -> _Laid:
    """The ways to lay a scene nearer or farther and tilted, in degrees."""
    ways = [(zoom, math.radians(tilt)) for zoom in zooms for tilt in tilts]
    points = [_points(*way) for way in ways]
    known = _spectrum(np.stack([shares.sum(axis=0).reshape(_TALL, _WIDE) for _, shares in points]))
    whole = _spectrum(np.ones((_TALL, _WIDE), np.float32))
    return _Laid(
        at=np.stack([at for at, _ in points], axis=1),
        shares=np.stack([shares for _, shares in points], axis=1),
        turns=np.stack([_turn(tilt) for _, tilt in ways]),
        known=known,
        common=_back(whole * known.conj()) >= _OVERLAP * _TALL * _WIDE,
    )


def _turn(tilt: float) -> NDArray[np.float32]:
    """Strength stays; a way is a doubled angle."""
    cos, sin = math.cos(2 * tilt), math.sin(2 * tilt)
    return np.array(((1, 0, 0), (0, cos, -sin), (0, sin, cos)), np.float32)


def _points(zoom: float, tilt: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The cells that each cell of the picture lies between when the scene is laid so, and the share of each."""
    y, x = np.mgrid[0:_TALL, 0:_WIDE].reshape(2, -1).astype(np.float64)
    y, x = (y - (_TALL - 1) / 2) / zoom, (x - (_WIDE - 1) / 2) / zoom
    cos, sin = math.cos(tilt), math.sin(tilt)
    rows, columns = cos * y - sin * x + (CELLS_Y - 1) / 2, sin * y + cos * x + (CELLS_X - 1) / 2
    inside = (rows >= INNER.start - 0.5) & (rows <= INNER.stop - 0.5) & (columns >= -0.5) & (columns <= CELLS_X - 0.5)
    rows, columns = np.clip(rows, 0, CELLS_Y - 1), np.clip(columns, 0, CELLS_X - 1)
    up, left = np.minimum(rows.astype(np.intp), CELLS_Y - 2), np.minimum(columns.astype(np.intp), CELLS_X - 2)
    down, right = rows - up, columns - left
    first = up * CELLS_X + left
    shares = np.stack(((1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right)) * inside
    return np.stack((first, first + 1, first + CELLS_X, first + CELLS_X + 1)), shares.astype(np.float32)


def _spectrum(values: NDArray[np.float32]) -> NDArray[np.complex64]:
    return np.asarray(np.fft.rfft2(values, _ROOM), np.complex64)


def _back(spectrum: NDArray[np.complex64]) -> NDArray[np.float32]:
    return np.asarray(np.fft.irfft2(spectrum, _ROOM), np.float32)
