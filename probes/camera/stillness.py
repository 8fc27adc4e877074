"""Whether a picture is the one before, sent again.

A real scene, however quiet, has noise of its own in every picture. A picture encoded again with the same tables is the
same to a tenth of a grey level, noise included; with other tables the mean of each block moves by up to half a step.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from probes.camera.features import INNER, Features, ranked
from probes.camera.reference import Previous, changes

_QUIET = 5.0  # energy under which a cell has no detail of its own
_SURELY = 0.45  # change of the means under which the grain is not asked: coarse tables make it anew
_FRESH = 0.95  # median difference of two independent draws of noise, in standard deviations of a point


class Stillness(NamedTuple):
    """What changed since the picture before, the rows of overlays left out."""

    recompressed: bool  # whether the tables changed
    step: float  # the coarser of both pictures' quantisation, in grey levels
    median: float  # of the changes of the cells' means, in grey levels
    high: float  # and what 95 % of them are under
    grain: float  # median change of the grain
    fresh: float  # the same, in what two independent draws of this picture's noise differ by
    alike: float  # correlation of the grain where the scene has no detail: 0 for fresh noise; NaN with too few cells

    @property
    def same(self) -> float:
        """Under 1, nothing changed but what the encoding may change; how far under says how surely."""
        median = self.median / (0.1 + 0.1 * self.step * self.recompressed)
        high = self.high / (0.3 + 0.35 * self.step * self.recompressed)
        if not self.recompressed:
            return math.inf if self.alike < 0.8 else max(median, high, self.grain / 0.15)
        changed = max(median, high)
        return math.inf if self.alive and changed >= _SURELY else changed

    @property
    def alive(self) -> bool:
        """Whether the grain is another draw of the noise."""
        return self.alike < 0.1 or 0.7 < self.fresh < 1.35


def stillness(features: Features, previous: Previous) -> Stillness:
    """This picture against the one before."""
    moved, grain = (cells[INNER] for cells in changes(features, previous))
    told = ~np.isnan(grain)
    noise = math.sqrt(max(features.noise, 0.0))
    change = ranked(grain[told], 0.5) if told.any() else 0.0
    return Stillness(
        recompressed=features.tables != previous.tables,
        step=max(features.step, previous.step),
        median=ranked(moved, 0.5),
        high=ranked(moved, 0.95),
        grain=change,
        fresh=change / (_FRESH * noise) if noise > 0.8 else math.nan,
        alike=_alike(features, previous, told),
    )


def _alike(features: Features, previous: Previous, told: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    quiet = told & (features.energy[INNER] < _QUIET)
    if int(quiet.sum()) < 30:
        return math.nan
    now, then = features.grain[INNER][quiet], previous.grain[INNER][quiet].astype(np.float32) / 16
    norm = math.sqrt(float(np.vdot(now, now)) * float(np.vdot(then, then)))
    return float(np.vdot(now, then)) / norm if norm > 1 else math.nan
