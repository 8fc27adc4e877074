"""How much one picture resembles what is known of its camera.

Structure is compared by where edges are and which way they go, each relative to its neighbourhood, so that neither
light nor contrast counts: on real cameras an ordinary change of light or weather leaves a correlation over 0.65, a
turned camera under 0.35.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probes.camera.decoding import CELLS_X, CELLS_Y
from probes.camera.features import INNER, ZONES_X, ZONES_Y, Cells, Features, neighbourhood, ranked
from probes.camera.placing import Detail, Place, agreement, detail, place
from probes.camera.reference import Regime
from probes.camera.searching import Found, search

_STRONG = 15.0  # energy of a cell that has structure worth missing, grey levels²
_FEW = 12  # cells: under this a median says nothing
_SMOOTH, _SMOOTHER = -2.0, 0.6  # sharpness under which a cell has no edge, and the loss that makes it one
_FLATTER = math.exp(-2)  # of the energy expected
_DARKER = 0.6  # of the light before: another light
_SHARPER = 0.6  # of a picture's own sharpness: a scene has parts that are out of focus by nature
_EVERYWHERE = np.ones((CELLS_Y, CELLS_X), dtype=np.float32)
_SPARED = 0.35  # of the losses of sharpness: what blurs a picture spares few cells, fog spares what is near


class Comparison:
    """A picture against one regime.

    Only the regime that resembles most is judged by all of this, so each number is worked out when first asked for.
    """

    def __init__(self, features: Features, view: View, regime: Regime) -> None:
        self.regime = regime
        self._features = features
        self._view = view
        self._signal = features.sure_x | features.sure_y

    @cached_property
    def energy(self) -> Cells:
        """Of the regime's structure."""
        return np.exp(self.regime.log_energy)

    @cached_property
    def shape(self) -> NDArray[np.float32]:
        """The regime's structure, see `_shape`."""
        return _shape(self.energy, self.regime.maps[2], self.regime.maps[3], 2.0)

    @cached_property
    def local(self) -> Cells:
        """The correlation of structure around each cell."""
        return agreement(self._view.detail, self._detail)

    @cached_property
    def _detail(self) -> Detail:
        """The regime's structure less its neighbourhood's."""
        return detail(self.shape)

    @cached_property
    def found(self) -> Found:
        """Where in the picture the regime's structure fits best: dearer than all the rest, so for few pictures."""
        return search(self._view.detail.maps, self._detail.maps)

    @cached_property
    def match(self) -> float:
        """Correlation of structure where the picture has any: -1 to 1."""
        return _correlation(self._view.shape, self.shape, self._signal + np.float32(0.02))

    @cached_property
    def whole(self) -> float:
        """The same over the whole picture, so that missing structure counts."""
        return _correlation(self._view.shape, self.shape, _EVERYWHERE)

    @cached_property
    def strong(self) -> int:
        """How many cells have structure that should be seen in this light."""
        return int(self._strong.sum())

    @cached_property
    def kept(self) -> int:
        """Of those, cells that still have some."""
        return int((self._strong & self._signal).sum())

    @cached_property
    def gone(self) -> float:
        """Part of the strong cells that are flat now, or smooth where they were sharp."""
        return int(self._gone.sum()) / max(self.strong, 1)

    @cached_property
    def echo(self) -> float:
        """How far the grey levels of those cells still show the scene: 0 behind a cover, high in fog.

        Fog and darkness take contrast away but leave the cells' means in their order, to a tenth of a grey level.
        """
        if int(self._gone.sum()) < _FEW:
            return 1.0
        return _correlation(self._features.relief[None], self.regime.relief[None], self._gone + np.float32(0.001))

    @cached_property
    def soft(self) -> float:
        """Part of the kept cells that are smooth where they were sharp."""
        return int((self._strong & self._signal & self._smooth).sum()) / max(self.kept, 1)

    @cached_property
    def likeness(self) -> float:
        """Correlation of the cells' grey levels with their neighbourhood removed."""
        return _correlation(self._features.relief[None], self.regime.relief[None], _EVERYWHERE)

    @cached_property
    def shades(self) -> float:
        """The same without the rows of overlays, which are all that a black picture has of the scene."""
        return _correlation(self._features.relief[None, INNER], self.regime.relief[None, INNER], _EVERYWHERE[INNER])

    @cached_property
    def contrast(self) -> float:
        """How strong the differences between neighbouring cells are, for the light there is."""
        dimmed = min(1.0, max(0.05, ranked(self._light, 0.5)))
        return float(self.likeness * self._features.spread / (self.regime.spread + 0.5) / dimmed)

    @cached_property
    def blunt(self) -> float:
        """How much sharpness is lost, in the direction that lost most; NaN if nothing to tell from."""
        return _blunt(self._features, self.regime, self._strong)

    @cached_property
    def relit(self) -> float:
        """Part of the cells that are much darker, or part that are much brighter: whichever is more."""
        return max(self.darkened, int((self._ratio > 1 / _DARKER).sum()) / self._ratio.size)

    @cached_property
    def darkened(self) -> float:
        """Part of the cells that are much darker."""
        return int((self._ratio < _DARKER).sum()) / self._ratio.size

    @cached_property
    def _ratio(self) -> NDArray[np.float32]:
        """How many times brighter each zone is."""
        return np.asarray(np.exp(self._features.zones - self.regime.zones), np.float32)

    @property
    def same(self) -> float:
        """How surely this is the same view: missing structure or spurious structure alone does not make another."""
        return max(self.match, self.whole)

    @cached_property
    def nearness(self) -> float:
        """How likely this is the light the picture was taken in."""
        return self.same + 0.3 * self.likeness - 0.2 * self.relit

    @cached_property
    def _light(self) -> Cells:
        """How many times brighter each cell's zone is."""
        return np.repeat(np.repeat(self._ratio, CELLS_Y // ZONES_Y, axis=0), CELLS_X // ZONES_X, axis=1)

    @cached_property
    def _expected(self) -> Cells:
        """The energy of each cell in the light there is."""
        strong = _within(self.energy > _STRONG)
        expected: Cells = self.energy * _dimming(self._light, strong & self._signal) ** 2
        return expected

    @cached_property
    def _strong(self) -> NDArray[np.bool_]:
        known = _within(self.energy > _STRONG)
        return known & (self._expected > max(_STRONG, 16 * self._features.noise))

    @cached_property
    def _smooth(self) -> NDArray[np.bool_]:
        """The cells that have only smooth shades where the scene has edges."""
        features, sharp = self._features, self.regime.sharp
        across = (features.sharp_x < _SMOOTH) & (sharp[0] - features.sharp_x > _SMOOTHER)
        down = (features.sharp_y < _SMOOTH) & (sharp[1] - features.sharp_y > _SMOOTHER)
        soft: NDArray[np.bool_] = (across & (down | ~features.sure_y)) | (down & ~features.sure_x)
        return soft

    @cached_property
    def _gone(self) -> NDArray[np.bool_]:
        energy = self._features.energy
        flat = (energy < 3 + 3 * self._features.noise) & (energy < self._expected * _FLATTER)
        return self._strong & (flat | self._smooth)


class View(NamedTuple):
    """What of a picture is compared with every regime."""

    shape: NDArray[np.float32]  # its structure, see `_shape`
    detail: Detail


def view_of(features: Features) -> View:
    """What the comparisons of one picture share."""
    shape = _shape(features.energy, features.lean_x, features.lean_y, 2.0 + features.noise / 2)
    return View(shape, detail(shape))


def placed(features: Features, found: Comparison) -> Place:
    """Which parts of the scene of a compared regime are in their place."""
    return place(features, found.local, found.regime)


def _shape(energy: Cells, lean_x: Cells, lean_y: Cells, floor: float) -> NDArray[np.float32]:
    """The structure without its contrast: each cell's strength among its neighbours, and its direction."""
    strength = np.sqrt(energy / (neighbourhood(energy) + floor))
    return np.stack((strength, strength * lean_x, strength * lean_y))


def _within(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those cells, the rows of overlays left out."""
    inside = np.zeros_like(cells)
    inside[INNER] = cells[INNER]
    return inside


def _dimming(light: Cells, kept: NDArray[np.bool_]) -> Cells:
    """How much less light there is: contrast falls with it, and that is no loss.

    Told by what can still be seen; each cell's own light counts only where the whole picture is darker, since a dark
    cover would otherwise explain itself.
    """
    seen = ranked(light[kept], 0.5) if int(kept.sum()) >= _FEW else ranked(light, 0.5)
    everywhere = np.float32(min(1.0, max(0.05, seen)))
    if everywhere < _DARKER:
        return np.clip(light, 0.05, everywhere)
    return np.full_like(light, everywhere)


def sharpness(features: Features) -> float:
    """The picture's own sharpness: of its strongest quarter of cells, in the direction that has least; NaN if none."""
    return _sharpness(features, 0.75, _SHARPER)


def sharpest(features: Features) -> float:
    """The sharpness that one in ten of the stronger cells has: what is out of focus has nothing sharper anywhere."""
    return _sharpness(features, 0.6, 0.9)


def _sharpness(features: Features, strongest: float, rank: float) -> float:
    levels = []
    for sharp, known in ((features.sharp_x, features.sure_x), (features.sharp_y, features.sure_y)):
        sure = _within(known)
        if int(sure.sum()) >= _FEW:
            edge = ranked(features.energy[sure], strongest)
            levels.append(ranked(sharp[sure & (features.energy >= edge)], rank))
    return min(levels, default=math.nan)


def _blunt(features: Features, regime: Regime, strong: NDArray[np.bool_]) -> float:
    losses = []
    for sharp, sure, known in zip(
        (features.sharp_x, features.sharp_y), (features.sure_x, features.sure_y), regime.sharp, strict=True
    ):
        told = strong & sure
        if int(told.sum()) >= _FEW:
            losses.append(ranked((known - sharp)[told], _SPARED))
    return max(losses, default=math.nan)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32], weight: Cells) -> float:
    """The correlation of two sets of maps, each map's mean removed."""
    share = (weight / weight.sum()).ravel()
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    one = one - (one @ share)[:, None]
    other = other - (other @ share)[:, None]
    weighted = one * share
    common, power = float(np.vdot(weighted, other)), float(np.vdot(weighted, one))
    return common / math.sqrt(power * float(np.vdot(other * share, other)) + 1e-9)
