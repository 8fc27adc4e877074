"""Which parts of the known scene are in their place, cell by cell.

The structure of each cell's surroundings, what is common to the neighbourhood taken off, is correlated with the
reference's: a uniform texture agrees with no other, and what a cover leaves free is in its place to a hair.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probes.camera.features import INNER, Cells, Features, ranked
from probes.camera.reference import Regime

TEXTURED = 1.2  # log energy from which a cell has structure to compare
_FIRM, _KEPT, _LOST = 0.75, 0.5, 0.3  # local correlation
_FEW = 12  # cells: under this a median says nothing
_NEAR, _NEARER = -2.0, 0.4  # sharpness of what is too near to be in focus, and how far under the scene's


class Place(NamedTuple):
    """A picture beside one regime; shares of the cells with structure in the regime."""

    textured: int  # cells of the regime with structure
    shown: int  # cells of the picture with structure
    firm: float  # share in its place to a hair
    kept: float  # share in its place
    faded: float  # median change of the logarithm of the energy of what is in its place; NaN if too little is
    lost: float  # share that is not
    solid: float  # share lost together with nearly all its surroundings
    hidden: float  # share lost that is smooth or out of focus now
    strange: float  # cells with sharp structure that the regime does not explain, to those that had or have any


class Detail(NamedTuple):
    """A structure less what is common to each cell's neighbourhood."""

    maps: NDArray[np.float32]
    power: Cells  # of it, around each cell


def detail(shape: NDArray[np.float32]) -> Detail:
    """The structure less its mean over the 7 × 7 cells around."""
    rows, columns = shape.shape[-2:]
    maps = np.asarray(shape - _mean(rows, 3) @ shape @ _mean(columns, 3).T, np.float32)
    return Detail(maps, box(np.einsum("abc,abc->bc", maps, maps)))


def agreement(now: Detail, then: Detail) -> Cells:
    """The local correlation of two structures."""
    common = box(np.einsum("abc,abc->bc", now.maps, then.maps))
    return np.asarray(common / (np.sqrt(now.power * then.power) + np.float32(0.05)), np.float32)


def place(features: Features, local: Cells, regime: Regime) -> Place:
    """Where the regime's structure is found in the picture, by their `local` correlation."""
    local_in, log_now = local[INNER], np.log(features.energy[INNER] + 0.25)
    before = regime.log_energy[INNER]
    textured, shown = before > TEXTURED, log_now > TEXTURED + 0.5
    count, lost = max(int(textured.sum()), 1), textured & (local_in < _LOST)
    sharpest = np.maximum(features.sharp_x, features.sharp_y)[INNER]
    near = sharpest < np.minimum(_NEAR, regime.sharp.max(axis=0)[INNER] - _NEARER)
    smooth = (log_now < 0.3) | (before - log_now > 2.8)
    whole = box(lost.astype(np.float32)) >= np.float32(0.85) * box(textured.astype(np.float32))
    there = textured & (local_in > _KEPT)
    foreign = shown & (local_in < _LOST) & ~near
    return Place(
        textured=int(textured.sum()),
        shown=int(shown.sum()),
        firm=int((textured & (local_in > _FIRM)).sum()) / count,
        kept=int(there.sum()) / count,
        faded=ranked((log_now - before)[there], 0.5) if int(there.sum()) >= _FEW else math.nan,
        lost=int(lost.sum()) / count,
        solid=int((lost & whole).sum()) / count,
        hidden=int((lost & (smooth | near)).sum()) / count,
        strange=int(foreign.sum()) / max(int(shown.sum()), count),
    )


def box(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sum over the 3 × 3 cells around each."""
    rows, columns = values.shape[-2:]
    return np.asarray(_sum(rows, 1) @ values @ _sum(columns, 1), np.float32)


@functools.cache
def _sum(cells: int, half: int) -> NDArray[np.float32]:
    at = np.arange(cells)
    return (abs(at[:, None] - at) <= half).astype(np.float32)


@functools.cache
def _mean(cells: int, half: int) -> NDArray[np.float32]:
    near = _sum(cells, half)
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)
