"""How much one picture resembles what is known of its camera.

Structure is compared by where edges are and which way they go, each relative to its neighbourhood, so that neither light nor contrast
counts: on real cameras an ordinary change of light or weather leaves a correlation over 0.65, a turned camera under 0.35.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probes.camera.features import INNER, Cells, Features
from probes.camera.reference import Previous, Regime

_AROUND = 2  # cells: the neighbourhood is 5 × 5
_STRONG = 15.0  # energy of a cell that has structure worth missing, grey levels²
_FEW = 12  # cells: under this a median says nothing
_DARKER = 0.6  # of the light before: another light
_CHANGED = 0.97  # this part of the cells may not change in a frozen picture


class Comparison(NamedTuple):
    """A picture against one regime."""

    match: float  # correlation of structure where the picture has any: -1 to 1
    whole: float  # the same over the whole picture, so that missing structure counts
    strong: int  # cells whose structure should be seen in this light
    kept: int  # of those, cells that still have some
    lost: float  # part of the strong cells that are flat now
    faded: float  # part of the strong cells that have much less contrast without being flat
    likeness: float  # correlation of the cells' grey levels with their neighbourhood removed
    blunt: float  # how much sharpness is lost, in the direction that lost most; NaN if nothing to tell from
    relit: float  # part of the cells that are much darker, or part that are much brighter: whichever is more

    @property
    def same(self) -> float:
        """How surely this is the same view: missing structure or spurious structure alone does not make another."""
        return max(self.match, self.whole)


def shape_of(energy: Cells, lean_x: Cells, lean_y: Cells, floor: float) -> NDArray[np.float32]:
    """The structure without its contrast: each cell's strength among its neighbours, and its direction."""
    strength = np.sqrt(energy / (_neighbourhood(energy) + floor))
    return np.stack((strength, strength * lean_x, strength * lean_y))


def compare(features: Features, shape: NDArray[np.float32], regime: Regime) -> Comparison:
    """One picture against one regime."""
    known = np.exp(regime.log_energy)
    signal = features.sure_x | features.sure_y
    known_shape = shape_of(known, regime.maps[2], regime.maps[3], 2.0)
    light = np.maximum(features.mean, 2) / np.maximum(regime.mean, 2)
    strong = _within(known > _STRONG)
    dimming = _dimming(light, strong & signal)
    expected = known * dimming**2
    strong &= expected > max(_STRONG, 16 * features.noise)
    count = int(strong.sum())
    flat = features.energy < 2 + 2 * features.noise
    change = np.log(features.energy) - np.log(expected)
    return Comparison(
        match=_correlation(shape, known_shape, signal + np.float32(0.02)),
        whole=_correlation(shape, known_shape, np.ones_like(features.energy)),
        strong=count,
        kept=int((strong & signal).sum()),
        lost=float((strong & flat & (change < -2.0)).sum()) / max(count, 1),
        faded=float((strong & ~flat & (change < -1.0)).sum()) / max(count, 1),
        likeness=_likeness(features.mean, regime.mean),
        blunt=_blunt(features, regime, strong),
        relit=max(float((light < _DARKER).mean()), float((light > 1 / _DARKER).mean())),
    )


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
    seen = float(np.median(light[kept])) if int(kept.sum()) >= _FEW else float(np.quantile(light, 0.75))
    everywhere = np.float32(min(1.0, max(0.05, seen)))
    if everywhere < _DARKER:
        return np.clip(light, 0.05, everywhere)
    return np.full_like(light, everywhere)


def sharpness(features: Features) -> float:
    """The picture's own sharpness: of its stronger half of cells, in the direction that has least; NaN if none."""
    levels = []
    for sharp, known in ((features.sharp_x, features.sure_x), (features.sharp_y, features.sure_y)):
        sure = _within(known)
        if int(sure.sum()) >= _FEW:
            edge = np.median(features.energy[sure])
            levels.append(float(np.median(sharp[sure & (features.energy >= edge)])))
    return min(levels, default=math.nan)


def stillness(features: Features, previous: Previous) -> float:
    """How much changed since the picture before, in units of what another encoding may change: under 1 is nothing.

    Two sums of each cell are compared, since light changes the mean and noise the detail. What an overlay may change
    does not count: the rows at the top and at the bottom, and a few cells elsewhere.
    """
    step = max(features.step, previous.step)
    mean = np.abs(features.mean - previous.mean)[INNER] / (0.3 * step + 0.05)
    apart = (features.detail - previous.detail + 128) % 256 - 128
    detail = np.abs(apart)[INNER] / (4.0 * step + 1.0)
    return max(float(np.quantile(mean, _CHANGED)), float(np.quantile(detail, _CHANGED)))


def _blunt(features: Features, regime: Regime, strong: NDArray[np.bool_]) -> float:
    losses = []
    for sharp, sure, known in zip(
        (features.sharp_x, features.sharp_y), (features.sure_x, features.sure_y), regime.sharp, strict=True
    ):
        told = strong & sure
        if int(told.sum()) >= _FEW:
            losses.append(float(np.median((known - sharp)[told])))
    return max(losses, default=math.nan)


def _neighbourhood(values: Cells) -> Cells:
    """The mean over the 5 × 5 cells around each."""
    wide = 2 * _AROUND + 1
    padded = np.pad(values, _AROUND, mode="edge")
    rows = sum(padded[i : i + values.shape[0]] for i in range(wide))
    return np.asarray(sum(rows[:, i : i + values.shape[1]] for i in range(wide)) / (wide * wide))  # type: ignore[index]


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32], weight: Cells) -> float:
    """The correlation of two sets of maps, each map's mean removed."""
    share = (weight / weight.sum()).ravel()
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    one = one - (one @ share)[:, None]
    other = other - (other @ share)[:, None]
    common = float((one * other @ share).sum())
    return common / math.sqrt(float((one * one @ share).sum()) * float((other * other @ share).sum()) + 1e-9)


def _likeness(mean: Cells, known: Cells) -> float:
    one, other = ((level - _neighbourhood(level))[None] for level in (mean, known))
    return _correlation(one, other, np.ones_like(mean))
