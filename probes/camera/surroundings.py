"""What became of the scene around each cell: its fine detail, its sharpness and its place, as a few ranks.

A mean over a whole picture hides what happens to a part of it: dirt or condensation on half of the glass, a web, a
leaf. So each number here is a rank among the cells, or that of the worst of eight zones. Everything is taken over the
3 × 3 cells around each, which makes the sharpness of faint structure a measure and not a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from probes.camera.comparing import Comparison
from probes.camera.decoding import CELLS_X
from probes.camera.features import INNER, Cells, Features, ranked
from probes.camera.placing import TEXTURED, box

_ROWS, _COLUMNS = (INNER.stop - INNER.start) // 2, CELLS_X // 4
_ZONES = tuple(
    (slice(y * _ROWS, (y + 1) * _ROWS), slice(x * _COLUMNS, (x + 1) * _COLUMNS)) for y in range(2) for x in range(4)
)
_KNOWN = 8.0  # energy of a cell's surroundings from which there is a scene to miss
_FEW = 8  # cells: under this a rank says nothing
_NO_EDGE = -9.0  # of a direction without structure
_CRISP = -1.2  # sharpness of something in focus
_AWAY = 0.3  # local correlation under which the scene is not in its place
_NO_CONTRAST, _FULL_CONTRAST = 0.03, 1.2
_FIRM = 0.75  # local correlation of what is in its place to a hair
_GRAIN = 0.18  # energy under which fine detail is quantisation


class Around:
    """The surroundings of one picture's cells."""

    def __init__(self, features: Features) -> None:
        self.sums = box(_parts(features.energy, features.lean_x, features.sharp_x, features.sharp_y))[:, INNER]
        enough = 54 + 24 * features.noise  # of nine cells
        self.clear = self.sums[:2] > enough
        self.sharpness = _sharpness(self.sums)
        self.sharp = np.where(self.clear, self.sharpness, _NO_EDGE).max(axis=0)
        self.seen = self.sums[0] + self.sums[1] > enough

    @property
    def crispness(self) -> float:
        """Lower quarter of the sharpness of what has structure; NaN with too little of it."""
        return _rank(self.sharp[self.sharp > _NO_EDGE], 0.25)


class Beside:
    """A picture beside one view of its scene. NaN where there is too little to tell from."""

    def __init__(self, around: Around, found: Comparison) -> None:
        regime = found.regime
        self._around = around
        self._then = box(_parts(found.energy, regime.maps[2], regime.sharp[0], regime.sharp[1]))[:, INNER]
        self._known = self._then[0] + self._then[1] > 9 * _KNOWN
        self._place = found.local[INNER]
        self._contrast = found.contrast
        self._zones = [zone for zone in _ZONES if np.count_nonzero(self._known[zone]) >= _FEW]

    @property
    def new(self) -> float:
        """Sharp structure that the scene does not explain, to what either has."""
        foreign = self._around.seen & (self._place < _AWAY) & (self._around.sharp > _CRISP)
        most = max(int(self._around.seen.sum()), int(self._known.sum()), 1)
        return int(foreign.sum()) / most

    @cached_property
    def _fine(self) -> Cells:
        """The logarithm of fine detail now to then."""
        now, then = self._around.sums, self._then
        half = np.float32(0.5)
        return np.asarray(np.log((now[2] + now[3] + half) / (then[2] + then[3] + half)), np.float32)

    @property
    def duller(self) -> float:
        """Median of the logarithm of fine detail now to then, beyond what the loss of contrast explains: fog takes from
        fine detail what it takes from the large shades, blur takes more."""
        return _rank(self._fine[self._known], 0.5) - 2 * self.contrast

    @property
    def contrast(self) -> float:
        """Logarithm of the contrast between large shades."""
        return math.log(min(max(self._contrast, _NO_CONTRAST), _FULL_CONTRAST))

    @property
    def worst(self) -> float:
        """Median of the logarithm of fine detail now to then, in the zone that fits least."""
        if not self._zones:
            return math.nan
        known, place = self._known, self._place
        zone = min(self._zones, key=lambda one: float(place[one][known[one]].mean()))
        return _rank(self._fine[zone][known[zone]], 0.5)

    @property
    def softer(self) -> float:
        """Median loss of sharpness in the zone that lost most."""
        told = self._around.clear & (self._then[:2] > 54)
        lost = _sharpness(self._then) - self._around.sharpness
        either = np.where(told, lost, _NO_EDGE).max(axis=0)
        drop = np.where(told[0] & told[1], lost.min(axis=0), either)
        here = (told[0] | told[1]) & self._known
        losses = (_rank(drop[zone][here[zone]], 0.5) for zone in self._zones)
        return max((loss for loss in losses if not math.isnan(loss)), default=math.nan)


class Anywhere:
    """How well each cell of a scene fits in whichever of its known views it fits best: in some light, or in the last
    good picture, weather looks as it does now. NaN where there is too little to tell from."""

    def __init__(self, scene: Comparison, views: Sequence[Comparison]) -> None:
        fits = [np.where(_textured(one), one.local[INNER], np.float32(-1)) for one in views]
        best = np.max(fits, axis=0)
        self._told = _textured(scene) & (best > -1)
        self._fit = np.where(self._told, best, np.float32(0))

    @cached_property
    def _around(self) -> NDArray[np.float32]:
        """The mean over the 5 × 5 cells around each, those next to it counted more, of the cells that are told."""
        told = box(box(self._told.astype(np.float32)))
        return np.asarray(box(box(self._fit))[self._told] / told[self._told], np.float32)

    @property
    def quarter(self) -> float:
        """What a quarter of the surroundings fits worse than."""
        return _rank(self._around, 0.25)

    @property
    def half(self) -> float:
        """And half of them."""
        return _rank(self._around, 0.5)

    @property
    def firm(self) -> float:
        """Part of the picture that is in its place to a hair."""
        return float(np.count_nonzero(self._fit > _FIRM)) / self._fit.size

    @property
    def weakest(self) -> float:
        """Mean fit of the zone that fits least."""
        told = [zone for zone in _ZONES if np.count_nonzero(self._told[zone]) >= _FEW]
        return min((float(self._fit[zone][self._told[zone]].mean()) for zone in told), default=math.nan)


def _textured(view: Comparison) -> NDArray[np.bool_]:
    return np.asarray(view.regime.log_energy[INNER] > TEXTURED)


def _parts(energy: Cells, lean: Cells, sharp_x: Cells, sharp_y: Cells) -> NDArray[np.float32]:
    """Coarse energy across and down, and fine energy across and down."""
    across = np.maximum(energy * (1 + lean) / 2, np.float32(0.01))
    down = np.maximum(energy * (1 - lean) / 2, np.float32(0.01))
    return np.stack((across, down, across * np.exp(sharp_x), down * np.exp(sharp_y)))


def _sharpness(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """The logarithm of fine to coarse energy, across and down."""
    return np.asarray(np.log((sums[2:] + np.float32(_GRAIN)) / (sums[:2] + np.float32(4 * _GRAIN))), np.float32)


def _rank(values: NDArray[np.float32], part: float) -> float:
    return math.nan if values.size < _FEW else ranked(values, part)
