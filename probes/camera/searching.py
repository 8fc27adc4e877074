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


class Found(NamedTuple):
    """Where the scene fits best."""

    here: float  # correlation where it should be
    best: float  # and where it is highest, of what was looked at: a view that is in its place is not looked for

    @property
    def gain(self) -> float:
        """How much better it fits elsewhere, no more than is looked for."""
        return min(self.best - self.here, _PLAINLY)


class _Spectra(NamedTuple):
    """Of structure and where it is known, for correlating at all offsets at once."""

    maps: NDArray[np.complex128]
    power: NDArray[np.complex128]
    known: NDArray[np.complex128]


def search(now: NDArray[np.float32], then: NDArray[np.float32]) -> Found:
    """Both are maps of structure less its neighbourhood's (see `placing.Detail`): strength, and its way in two."""
    picture = _spectra(now, _Laid(1.0, 0.0))
    fit = _fit(picture, _spectra(then, _Laid(1.0, 0.0)))
    here, best = float(fit[0, 0]), float(fit.max())
    if here >= _HERE:
        return Found(here=here, best=here)
    for laid in (*(_Laid(zoom, 0.0) for zoom in _ZOOMS), *(_Laid(1.0, math.radians(tilt)) for tilt in _TILTS)):
        if best >= _HERE and best - here >= _PLAINLY:
            break
        best = max(best, float(_fit(picture, _spectra(then, laid)).max()))
    return Found(here=here, best=best)


class _Laid(NamedTuple):
    zoom: float
    tilt: float  # radians


def _fit(picture: _Spectra, scene: _Spectra) -> NDArray[np.float64]:
    """The correlation at each offset; under -1 where the two have too little in common."""
    common = _back(picture.known * np.conj(scene.known))
    power = np.maximum(_back(picture.power * np.conj(scene.known)), _LEAST) * np.maximum(
        _back(picture.known * np.conj(scene.power)), _LEAST
    )
    fit = _back(np.einsum("abc,abc->bc", picture.maps, np.conj(scene.maps))) / np.sqrt(power)
    return np.where(common >= _OVERLAP * _TALL * _WIDE, fit, -2.0)


def _spectra(maps: NDArray[np.float32], laid: _Laid) -> _Spectra:
    rows, columns, known = _points(laid)
    up, left = np.minimum(rows.astype(np.intp), CELLS_Y - 2), np.minimum(columns.astype(np.intp), CELLS_X - 2)
    down, right = rows - up, columns - left
    sampled = (maps[:, up, left] * (1 - right) + maps[:, up, left + 1] * right) * (1 - down)
    sampled += (maps[:, up + 1, left] * (1 - right) + maps[:, up + 1, left + 1] * right) * down
    if laid.tilt:
        turn_x, turn_y = math.cos(2 * laid.tilt), math.sin(2 * laid.tilt)
        sampled = np.stack(
            (sampled[0], turn_x * sampled[1] - turn_y * sampled[2], turn_y * sampled[1] + turn_x * sampled[2])
        )
    sampled = sampled * known
    return _Spectra(_spectrum(sampled), _spectrum(np.einsum("abc,abc->bc", sampled, sampled)), _spectrum(known))


@functools.cache
def _points(laid: _Laid) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Row and column of the scene that each cell of the picture shows when it is laid so, and which of them it has."""
    y, x = np.mgrid[0:_TALL, 0:_WIDE].astype(np.float32)
    y, x = (y - (_TALL - 1) / 2) / laid.zoom, (x - (_WIDE - 1) / 2) / laid.zoom
    cos, sin = math.cos(laid.tilt), math.sin(laid.tilt)
    rows, columns = cos * y - sin * x + (CELLS_Y - 1) / 2, sin * y + cos * x + (CELLS_X - 1) / 2
    inside = (rows >= INNER.start - 0.5) & (rows <= INNER.stop - 0.5) & (columns >= -0.5) & (columns <= CELLS_X - 0.5)
    return (
        np.clip(rows, 0, CELLS_Y - 1).astype(np.float32),
        np.clip(columns, 0, CELLS_X - 1).astype(np.float32),
        inside.astype(np.float32),
    )


def _spectrum(values: NDArray[np.float32]) -> NDArray[np.complex128]:
    return np.fft.rfft2(values, (2 * _TALL, 2 * _WIDE))


def _back(spectrum: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.fft.irfft2(spectrum, (2 * _TALL, 2 * _WIDE))
