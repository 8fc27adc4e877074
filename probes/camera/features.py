"""What is measured of one picture: a few numbers for each of 32 × 18 cells.

A cell is a 32nd of the picture's width. For each: its mean, the energy and the direction of its structure at a
quarter of the analysed scale, and how much of that energy is there at full scale, which is its sharpness. None of it
depends on contrast or on light as such, so that night, fog and infra-red change it little.

No picture can be rebuilt from this: a cell stands for 1,600 points of a 720p picture and says how strong and which way
its edges are on average, not where they are nor what they look like.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probes.camera.decoding import CELLS_X, CELLS_Y, Picture

Cells = NDArray[np.float32]  # of shape (CELLS_Y, CELLS_X)
_CELLS = CELLS_X * CELLS_Y
ZONES_X, ZONES_Y = 4, 3
_COARSE = 4  # pixels of the analysed picture in one of the coarse one
SHARPNESS_FLOOR = -2.77  # log(1/16): a smooth ramp has a sixteenth of the energy at a quarter of the scale
INNER = slice(2, CELLS_Y - 2)  # rows of cells between those at the top and at the bottom, where overlays write
_BLACK = 30.0  # grey levels
_FAINT = 0.3  # grey levels²: energy under this is quantisation


class Features(NamedTuple):
    """One picture, in numbers."""

    mean: Cells  # grey level
    relief: Cells  # the same less its neighbourhood's, in units of how much that varies
    spread: float  # how much that is over the picture, in grey levels
    zones: NDArray[np.float32]  # logarithm of the grey level in 3 × 4 zones: what light it is
    grain: Cells  # a sum of the finest steps under random signs, as large as the noise of a point: see `_grain`
    energy: Cells  # of the coarse gradient, without noise, grey levels²
    lean_x: Cells  # the direction of the structure as a doubled angle, times how much it is one direction:
    lean_y: Cells  # 0 where there is none
    sharp_x: Cells  # log of fine over coarse energy, across vertical edges
    sharp_y: Cells  # and across horizontal ones
    sure_x: NDArray[np.bool_]  # where the structure is strong enough over the noise for sharp_x to mean something
    sure_y: NDArray[np.bool_]
    level: float  # logarithm of the picture's grey level
    noise: float  # variance of the sensor's noise in the analysed picture
    bright: float  # part of the picture that is saturated
    dark: float  # part of the picture that is as good as black, overlays left out
    peak: float  # level of its brightest points, a five hundredth of the picture, overlays left out
    step: float  # of quantisation, see Picture
    tables: int  # of quantisation, see Picture


def measure(picture: Picture) -> Features:
    """The features of a picture; always the same for the same picture."""
    fine_x, fine_y, crossed, coarse, grain = _energies(picture.grey)
    mean = _cells(coarse)
    apart = mean - neighbourhood(mean)
    usable = (mean > 12) & (mean < 243)
    noise = _noise(crossed, usable)
    coarse_x, coarse_y = np.zeros((2, *coarse.shape), dtype=np.float32)
    np.subtract(coarse[:, 1:], coarse[:, :-1], out=coarse_x[:, :-1])
    np.subtract(coarse[1:], coarse[:-1], out=coarse_y[:-1])
    raw_x, raw_y = _power(coarse_x), _power(coarse_y)
    # Of the noise, in the difference of two means of sixteen points, and of two points.
    left_x, left_y = _floor(raw_x, usable, noise / 8, noise), _floor(raw_y, usable, noise / 8, noise)
    grains_x, grains_y = _floor(fine_x, usable, 2 * noise, 6 * noise), _floor(fine_y, usable, 2 * noise, 6 * noise)
    energy_x, energy_y = np.maximum(raw_x - left_x, 0.01), np.maximum(raw_y - left_y, 0.01)
    energy = energy_x + energy_y
    total = energy + 2 * (left_x + left_y) + _FAINT
    enough = 6.0 + 8.0 * noise
    inner = coarse[INNER.start * (coarse.shape[0] // CELLS_Y) : INNER.stop * (coarse.shape[0] // CELLS_Y)]
    return Features(
        mean=mean,
        relief=apart / np.sqrt(neighbourhood(apart * apart) + np.float32(0.1)),
        spread=float(np.sqrt(np.mean(apart * apart))),
        zones=np.log(np.maximum(_zones(mean), 2)),
        grain=grain,
        energy=energy,
        lean_x=(energy_x - energy_y) / total,
        lean_y=2 * _cells(coarse_x * coarse_y) / total,
        sharp_x=_ratio(fine_x - grains_x, energy_x),
        sharp_y=_ratio(fine_y - grains_y, energy_y),
        sure_x=energy_x > enough + 8 * left_x,
        sure_y=energy_y > enough + 8 * left_y,
        level=math.log(max(float(mean.mean()), 2.0)),
        noise=noise,
        bright=float((coarse >= 250).mean()),
        dark=float((inner < _BLACK).mean()),
        peak=float(np.partition(inner, -inner.size // 500, axis=None)[-inner.size // 500]),
        step=picture.step,
        tables=picture.tables,
    )


def _energies(grey: NDArray[np.uint8]) -> tuple[Cells, Cells, Cells, NDArray[np.float32], Cells]:
    """The mean squares of steps across, of steps down and of both at once; the picture 4 × smaller; and the grain.

    Steps are taken in every second row only: half the cost, and nothing lost that a mean over a cell would show. Three
    arrays serve all of it, since asking for more memory costs more than the arithmetic.
    """
    rows, columns = grey.shape
    even, odd, work = np.empty((3, rows // 2, columns), dtype=np.float32)
    even[:], odd[:] = grey[0::2], grey[1::2]
    np.add(even, odd, out=work)
    pairs = work[0::2] + work[1::2]
    coarse = (pairs[:, 0::4] + pairs[:, 1::4] + pairs[:, 2::4] + pairs[:, 3::4]) / (_COARSE * _COARSE)
    work[:, -1] = 0.0  # the last column has no next one
    np.subtract(even[:, 1:], even[:, :-1], out=work[:, :-1])
    across, grain = _power(work), _grain(work)
    np.subtract(odd, even, out=odd)
    np.subtract(odd[:, 1:], odd[:, :-1], out=work[:, :-1])
    return across, _power(odd), _power(work), coarse, grain


def _power(values: NDArray[np.float32]) -> Cells:
    """The mean square over each cell, without an array of squares in between."""
    rows, columns = values.shape
    tall, wide = rows // CELLS_Y, columns // CELLS_X
    folded = values.reshape(CELLS_Y, tall, columns)
    summed = np.einsum("abc,abc->ac", folded, folded)
    return np.asarray(summed.reshape(CELLS_Y, CELLS_X, wide).sum(axis=2) / (tall * wide))


def _grain(steps: NDArray[np.float32]) -> Cells:
    """The sum of the steps across under signs that are random but always the same, in units of a point's noise.

    The noise of a new picture is another draw, so that the sum is another; a picture sent again has the same, however
    it is compressed. It says nothing of what is there.
    """
    rows, columns = steps.shape
    tall, wide = rows // CELLS_Y, columns // CELLS_X
    signs = _signs(steps.shape).reshape(CELLS_Y, tall, columns)
    summed = np.einsum("abc,abc->ac", steps.reshape(CELLS_Y, tall, columns), signs)
    return np.asarray(summed.reshape(CELLS_Y, CELLS_X, wide).sum(axis=2) / math.sqrt(2 * tall * wide))


def _cells(values: NDArray[np.float32]) -> Cells:
    """The mean over each cell."""
    rows, columns = values.shape
    tall, wide = rows // CELLS_Y, columns // CELLS_X
    summed = values.reshape(CELLS_Y, tall, columns).sum(axis=1)
    return np.asarray(summed.reshape(CELLS_Y, CELLS_X, wide).sum(axis=2) / (tall * wide), dtype=np.float32)


def _zones(mean: Cells) -> NDArray[np.float32]:
    return np.asarray(mean.reshape(ZONES_Y, CELLS_Y // ZONES_Y, ZONES_X, CELLS_X // ZONES_X).mean(axis=(1, 3)))


def neighbourhood(values: Cells) -> Cells:
    """The mean over the 5 × 5 cells around each."""
    tall, wide = values.shape
    padded = np.empty((tall + 4, wide + 4), dtype=np.float32)
    padded[2:-2, 2:-2] = values
    padded[:2, 2:-2], padded[-2:, 2:-2] = values[0], values[-1]
    padded[:, :2], padded[:, -2:] = padded[:, 2:3], padded[:, -3:-2]
    rows = padded[:-4] + padded[1:-3] + padded[2:-2] + padded[3:-1] + padded[4:]
    summed = rows[:, :-4] + rows[:, 1:-3] + rows[:, 2:-2] + rows[:, 3:-1] + rows[:, 4:]
    return np.asarray(summed / np.float32(25), dtype=np.float32)


def _noise(crossed: Cells, usable: NDArray[np.bool_]) -> float:
    """The variance of the noise, from the cells where the mixed second difference is least: edges hardly have any."""
    return _plainest(crossed, usable) / 4


def _floor(power: Cells, usable: NDArray[np.bool_], least: float, most: float) -> float:
    """What noise leaves of a cell's power: what the plainest cells have, between `least`, which noise without any order
    leaves, and `most`. A camera that smooths its noise, or a picture made smaller, leaves more than the least."""
    return min(max(_plainest(power, usable), least), most)


def _plainest(values: Cells, usable: NDArray[np.bool_]) -> float:
    """What the plainest cells have, of those that are neither black nor white: the sensor cuts noise off there."""
    return ranked(values[usable] if int(usable.sum()) >= _CELLS // 20 else values, 0.15)


def ranked(values: NDArray[np.float32], part: float) -> float:
    """The value that this part of them is below: ten times as fast as numpy's quantile on a few hundred."""
    rank = min(int(part * values.size), values.size - 1)
    return float(np.partition(values, rank, axis=None)[rank])


def _ratio(fine: Cells, coarse: Cells) -> Cells:
    return np.clip(np.log(np.maximum(fine, 0.01) / coarse), SHARPNESS_FLOOR - 0.5, 2.0).astype(np.float32)


@functools.cache
def _signs(shape: tuple[int, int]) -> NDArray[np.float32]:
    """A fixed pattern of plus and minus without any visible order (bits of a multiplicative hash)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.uint32)
    mixed = (x * np.uint32(2654435761)) ^ (y * np.uint32(2246822519))
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(2246822519)
    mixed ^= mixed >> np.uint32(13)
    return np.where(mixed & np.uint32(1), np.float32(1), np.float32(-1))
