"""How much one picture resembles what is known of its camera.

Structure is compared by where edges are and which way they go, each relative to its neighbourhood, so that neither
light nor contrast counts: on real cameras an ordinary change of light or weather leaves a correlation over 0.65, a
turned camera under 0.35.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probes.camera.decoding import CELLS_X, CELLS_Y
from probes.camera.features import INNER, ZONES_X, ZONES_Y, Cells, Features, neighbourhood
from probes.camera.placing import Place, place
from probes.camera.reference import Regime

_STRONG = 15.0  # energy of a cell that has structure worth missing, grey levels²
_FEW = 12  # cells: under this a median says nothing
_SMOOTH, _SMOOTHER = -2.0, 0.6  # sharpness under which a cell has no edge, and the loss that makes it one
_FLATTER = math.exp(-2)  # of the energy expected
_DARKER = 0.6  # of the light before: another light
_SHARPER = 0.6  # of a picture's own sharpness: a scene has parts that are out of focus by nature
_SPARED = 0.35  # of the losses of sharpness: what blurs a picture spares few cells, fog spares what is near


class Comparison(NamedTuple):
    """A picture against one regime."""

    match: float  # correlation of structure where the picture has any: -1 to 1
    whole: float  # the same over the whole picture, so that missing structure counts
    strong: int  # cells whose structure should be seen in this light
    kept: int  # of those, cells that still have some
    gone: float  # part of the strong cells that are flat now, or smooth where they were sharp
    echo: float  # how far the grey levels of those cells still show the scene: 0 behind a cover, high in fog
    soft: float  # part of the kept cells that are smooth where they were sharp
    likeness: float  # correlation of the cells' grey levels with their neighbourhood removed
    contrast: float  # how strong the differences between neighbouring cells are, for the light there is
    blunt: float  # how much sharpness is lost, in the direction that lost most; NaN if nothing to tell from
    relit: float  # part of the cells that are much darker, or part that are much brighter: whichever is more

    @property
    def same(self) -> float:
        """How surely this is the same view: missing structure or spurious structure alone does not make another."""
        return max(self.match, self.whole)

    @property
    def nearness(self) -> float:
        """How likely this is the light the picture was taken in."""
        return self.same + 0.3 * self.likeness - 0.2 * self.relit


class View(NamedTuple):
    """What of a picture is compared with every regime."""

    shape: NDArray[np.float32]  # its structure, see `_shape`


def view_of(features: Features) -> View:
    """What the comparisons of one picture share."""
    shape = _shape(features.energy, features.lean_x, features.lean_y, 2.0 + features.noise / 2)
    return View(shape)


def placed(features: Features, view: View, regime: Regime) -> Place:
    """Which parts of the regime's scene are in their place."""
    return place(features, view.shape, regime, _known_shape(regime))


def _known_shape(regime: Regime) -> NDArray[np.float32]:
    return _shape(np.exp(regime.log_energy), regime.maps[2], regime.maps[3], 2.0)


def _shape(energy: Cells, lean_x: Cells, lean_y: Cells, floor: float) -> NDArray[np.float32]:
    """The structure without its contrast: each cell's strength among its neighbours, and its direction."""
    strength = np.sqrt(energy / (neighbourhood(energy) + floor))
    return np.stack((strength, strength * lean_x, strength * lean_y))


def compare(features: Features, view: View, regime: Regime) -> Comparison:
    """One picture against one regime."""
    known = np.exp(regime.log_energy)
    signal = features.sure_x | features.sure_y
    known_shape = _known_shape(regime)
    light = _light(features, regime)
    strong = _within(known > _STRONG)
    dimming = _dimming(light, strong & signal)
    expected = known * dimming**2
    strong &= expected > max(_STRONG, 16 * features.noise)
    count = int(strong.sum())
    flat = (features.energy < 3 + 3 * features.noise) & (features.energy < expected * _FLATTER)
    smooth = _smooth(features, regime)
    gone = strong & (flat | smooth)
    kept = strong & signal
    likeness = _correlation(features.relief[None], regime.relief[None], np.ones_like(features.relief))
    return Comparison(
        match=_correlation(view.shape, known_shape, signal + np.float32(0.02)),
        whole=_correlation(view.shape, known_shape, np.ones_like(features.energy)),
        strong=count,
        kept=int(kept.sum()),
        gone=float(gone.sum()) / max(count, 1),
        echo=_echo(features.relief, regime.relief, gone),
        soft=float((kept & smooth).sum()) / max(int(kept.sum()), 1),
        likeness=likeness,
        contrast=likeness * features.spread / (regime.spread + 0.5) / min(1.0, max(0.05, _ranked(light, 0.5))),
        blunt=_blunt(features, regime, strong),
        relit=max(float((light < _DARKER).mean()), float((light > 1 / _DARKER).mean())),
    )


def _smooth(features: Features, regime: Regime) -> NDArray[np.bool_]:
    """The cells that have only smooth shades where the scene has edges."""
    across = (features.sharp_x < _SMOOTH) & (regime.sharp[0] - features.sharp_x > _SMOOTHER)
    down = (features.sharp_y < _SMOOTH) & (regime.sharp[1] - features.sharp_y > _SMOOTHER)
    soft: NDArray[np.bool_] = (across & (down | ~features.sure_y)) | (down & ~features.sure_x)
    return soft


def _echo(relief: Cells, known: Cells, gone: NDArray[np.bool_]) -> float:
    """The correlation of grey levels, each in units of its neighbourhood's, over those cells.

    Fog and darkness take contrast away but leave the cells' means in their order, to a tenth of a grey level.
    """
    if int(gone.sum()) < _FEW:
        return 1.0
    return _correlation(relief[None], known[None], gone + np.float32(0.001))


def _light(features: Features, regime: Regime) -> Cells:
    """How many times brighter each cell's zone is."""
    ratio = np.exp(features.zones - regime.zones)
    return np.repeat(np.repeat(ratio, CELLS_Y // ZONES_Y, axis=0), CELLS_X // ZONES_X, axis=1)


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
    seen = _ranked(light[kept], 0.5) if int(kept.sum()) >= _FEW else _ranked(light, 0.5)
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
            edge = _ranked(features.energy[sure], strongest)
            levels.append(_ranked(sharp[sure & (features.energy >= edge)], rank))
    return min(levels, default=math.nan)


def _blunt(features: Features, regime: Regime, strong: NDArray[np.bool_]) -> float:
    losses = []
    for sharp, sure, known in zip(
        (features.sharp_x, features.sharp_y), (features.sure_x, features.sure_y), regime.sharp, strict=True
    ):
        told = strong & sure
        if int(told.sum()) >= _FEW:
            losses.append(_ranked((known - sharp)[told], _SPARED))
    return max(losses, default=math.nan)


def _ranked(values: NDArray[np.float32], part: float) -> float:
    """The value that this part of them is below: ten times as fast as numpy's quantile on a few hundred."""
    rank = min(int(part * values.size), values.size - 1)
    return float(np.partition(values, rank, axis=None)[rank])


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32], weight: Cells) -> float:
    """The correlation of two sets of maps, each map's mean removed."""
    share = (weight / weight.sum()).ravel()
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    one = one - (one @ share)[:, None]
    other = other - (other @ share)[:, None]
    weighted = one * share
    common, power = float(np.vdot(weighted, other)), float(np.vdot(weighted, one))
    return common / math.sqrt(power * float(np.vdot(other * share, other)) + 1e-9)
