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

from probes.camera.features import INNER, Cells, Features
from probes.camera.reference import Previous, Regime

_STRONG = 15.0  # energy of a cell that has structure worth missing, grey levels²
_FEW = 12  # cells: under this a median says nothing
_SMOOTH, _SMOOTHER = -2.0, 0.6  # sharpness under which a cell has no edge, and the loss that makes it one
_FLATTER = math.exp(-2)  # of the energy expected
_DARKER = 0.6  # of the light before: another light
_SHARPER = 0.6  # of a picture's own sharpness: a scene has parts that are out of focus by nature
_SPARED = 0.35  # of the losses of sharpness: what blurs a picture spares few cells, fog spares what is near
_CHANGED = 0.97  # this part of the cells may not change in a frozen picture


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
    apart: Cells  # how far each cell's grey level is from its neighbourhood's


def view_of(features: Features) -> View:
    """What the comparisons of one picture share."""
    shape = _shape(features.energy, features.lean_x, features.lean_y, 2.0 + features.noise / 2)
    return View(shape, features.mean - _neighbourhood(features.mean))


def _shape(energy: Cells, lean_x: Cells, lean_y: Cells, floor: float) -> NDArray[np.float32]:
    """The structure without its contrast: each cell's strength among its neighbours, and its direction."""
    strength = np.sqrt(energy / (_neighbourhood(energy) + floor))
    return np.stack((strength, strength * lean_x, strength * lean_y))


def compare(features: Features, view: View, regime: Regime) -> Comparison:
    """One picture against one regime."""
    shape, apart = view
    known = np.exp(regime.log_energy)
    signal = features.sure_x | features.sure_y
    known_shape = _shape(known, regime.maps[2], regime.maps[3], 2.0)
    known_apart = regime.mean - _neighbourhood(regime.mean)
    light: Cells = (np.maximum(features.mean, 2) / np.maximum(regime.mean, 2)).astype(np.float32)
    strong = _within(known > _STRONG)
    dimming = _dimming(light, strong & signal)
    expected = known * dimming**2
    strong &= expected > max(_STRONG, 16 * features.noise)
    count = int(strong.sum())
    flat = (features.energy < 3 + 3 * features.noise) & (features.energy < expected * _FLATTER)
    smooth = _smooth(features, regime)
    gone = strong & (flat | smooth)
    kept = strong & signal
    return Comparison(
        match=_correlation(shape, known_shape, signal + np.float32(0.02)),
        whole=_correlation(shape, known_shape, np.ones_like(features.energy)),
        strong=count,
        kept=int(kept.sum()),
        gone=float(gone.sum()) / max(count, 1),
        echo=_echo(apart, known_apart, gone),
        soft=float((kept & smooth).sum()) / max(int(kept.sum()), 1),
        likeness=_correlation(apart[None], known_apart[None], np.ones_like(apart)),
        contrast=_contrast(apart, known_apart, light),
        blunt=_blunt(features, regime, strong),
        relit=max(float((light < _DARKER).mean()), float((light > 1 / _DARKER).mean())),
    )


def _smooth(features: Features, regime: Regime) -> NDArray[np.bool_]:
    """The cells that have only smooth shades where the scene has edges."""
    across = (features.sharp_x < _SMOOTH) & (regime.sharp[0] - features.sharp_x > _SMOOTHER)
    down = (features.sharp_y < _SMOOTH) & (regime.sharp[1] - features.sharp_y > _SMOOTHER)
    soft: NDArray[np.bool_] = (across & (down | ~features.sure_y)) | (down & ~features.sure_x)
    return soft


def _echo(apart: Cells, known: Cells, gone: NDArray[np.bool_]) -> float:
    """The correlation of grey levels, each in units of its neighbourhood's, over those cells.

    Fog and darkness take contrast away but leave the cells' means in their order, to a tenth of a grey level.
    """
    if int(gone.sum()) < _FEW:
        return 1.0
    one, other = (_relief(level)[None] for level in (apart, known))
    return _correlation(one, other, gone + np.float32(0.001))


def _relief(apart: Cells) -> Cells:
    return np.asarray(apart / np.sqrt(_neighbourhood(apart * apart) + np.float32(0.1)), dtype=np.float32)


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
    levels = []
    for sharp, known in ((features.sharp_x, features.sure_x), (features.sharp_y, features.sure_y)):
        sure = _within(known)
        if int(sure.sum()) >= _FEW:
            edge = _ranked(features.energy[sure], 0.75)
            levels.append(_ranked(sharp[sure & (features.energy >= edge)], _SHARPER))
    return min(levels, default=math.nan)


def stillness(features: Features, previous: Previous) -> float:
    """How much changed since the picture before, in units of what another encoding may change: under 1 is nothing.

    A JPEG made again with the same tables is the same; with others the mean of each of its blocks moves by up to half
    a step. Two sums of each cell are compared, since light changes the mean and noise the detail. What an overlay may
    change does not count: the rows at the top and at the bottom, and a few cells elsewhere.
    """
    step = 0.0 if features.tables == previous.tables else max(features.step, previous.step)
    mean = np.abs(features.mean - previous.mean)[INNER] / (0.5 * step + 0.06)
    apart = (features.detail - previous.detail + 128) % 256 - 128
    detail = np.abs(apart)[INNER] / (7.0 * step + 1.2)
    return max(_ranked(values, _CHANGED) for values in (mean, detail))


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


def _neighbourhood(values: Cells) -> Cells:
    """The mean over the 5 × 5 cells around each."""
    tall, wide = values.shape
    padded = np.empty((tall + 4, wide + 4), dtype=np.float32)
    padded[2:-2, 2:-2] = values
    padded[:2, 2:-2], padded[-2:, 2:-2] = values[0], values[-1]
    padded[:, :2], padded[:, -2:] = padded[:, 2:3], padded[:, -3:-2]
    rows = padded[:-4] + padded[1:-3] + padded[2:-2] + padded[3:-1] + padded[4:]
    summed = rows[:, :-4] + rows[:, 1:-3] + rows[:, 2:-2] + rows[:, 3:-1] + rows[:, 4:]
    return np.asarray(summed / np.float32(25), dtype=np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32], weight: Cells) -> float:
    """The correlation of two sets of maps, each map's mean removed."""
    share = (weight / weight.sum()).ravel()
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    one = one - (one @ share)[:, None]
    other = other - (other @ share)[:, None]
    weighted = one * share
    common, power = float(np.vdot(weighted, other)), float(np.vdot(weighted, one))
    return common / math.sqrt(power * float(np.vdot(other * share, other)) + 1e-9)


def _contrast(apart: Cells, known: Cells, light: Cells) -> float:
    """The slope of the cells' differences from their neighbourhood against those known, for the light there is."""
    slope = float(np.vdot(apart, known)) / (float(np.vdot(known, known)) + 1.0)
    return slope / min(1.0, max(0.05, _ranked(light, 0.5)))
