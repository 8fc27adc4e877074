"""Smoothed noise, nights without lamps, a cap on the lens, too much light, a first night in infra-red."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
from PIL import Image

from probes.base import Status
from probes.camera.deciding import gather
from probes.camera.decoding import Picture, decode
from probes.camera.features import INNER, Features, measure
from probes.camera.learning import unexplained
from probes.camera.picture import analyse
from probes.camera.reference import load
from probes.camera.verdict import State
from tests.unit.probes.camera.faults import Fault
from tests.unit.probes.camera.scenes import bare, frame, scene
from tests.unit.probes.camera.test_picture import AT, DAY, learnt, said, shown
from tests.unit.probes.camera.year import HOUR

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def jpeg(grey: Floats) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(np.rint(grey), 0, 255))).save(out, "JPEG", quality=90)
    return out.getvalue()


def measured(picture: bytes) -> Features:
    decoded = decode(picture)
    assert isinstance(decoded, Picture)
    return measure(decoded)


def noise(deviation: float, smoothed: int = 1) -> Floats:
    """Noise for a 720p picture, each point the mean of that many each way, as strong after it as before."""
    rng = np.random.default_rng(2)
    drawn = rng.normal(0, 1, (720 + smoothed - 1, 1280 + smoothed - 1))
    summed = sum(
        drawn[row : row + 720, column : column + 1280] for row in range(smoothed) for column in range(smoothed)
    )
    return np.asarray(summed / np.std(summed) * deviation, dtype=np.float64)


@cache
def noon() -> Floats:
    """The scene of `learnt` by day, grey, without overlay."""
    return np.asarray(bare(scene(3), DAY, np.random.default_rng(1)).convert("L"), dtype=np.float64)


@pytest.mark.parametrize("smoothed", [1, 2, 4, 6], ids=("raw", "smoothed", "smoothed more", "smoothed most"))
@pytest.mark.parametrize("deviation", [2.0, 6.0])
def test_noise_is_no_structure_however_the_camera_smooths_it(deviation: float, smoothed: int) -> None:
    features = measured(jpeg(90 + noise(deviation, smoothed)))
    assert int((features.sure_x | features.sure_y)[INNER].sum()) <= 3


def small(values: Floats) -> Floats:
    return values[:360, :640]


def test_a_night_without_lamps_that_still_shows_shades_is_no_black_picture() -> None:
    """Nothing stands out of the noise; that the roofs are darker than the sky can still be told."""
    finding = said(jpeg(noon() * 0.12 + 4 + small(noise(3.0))))
    assert finding.state is State.UNKNOWN
    assert "le bruit couvre la scène" in finding.reason


def test_such_a_night_is_frozen_when_its_noise_is_the_same() -> None:
    night = noon() * 0.12 + 4
    drawn, other = jpeg(night + small(noise(3.0))), jpeg(night + noise(3.0)[-360:, -640:])
    reference, _ = analyse(learnt(), drawn, AT)
    assert analyse(reference, other, AT + HOUR)[1].state is State.UNKNOWN
    assert analyse(reference, drawn, AT + HOUR)[1].state is State.FROZEN


@pytest.mark.parametrize("deviation", [0.5, 3.0, 7.0])
def test_a_cap_on_the_lens_is_black_however_noisy_the_sensor(deviation: float) -> None:
    finding = said(jpeg(24 + small(noise(deviation, 2))))
    assert (finding.state, finding.status) == (State.BLACK, Status.CRITICAL)
    assert " % de l’image est noire" in finding.reason


@pytest.mark.parametrize(
    "burnt",
    [lambda day: day * 2.6, lambda day: day * 1.2 + 130, lambda day: day * 1.6 + 95 + small(noise(18.0))],
    ids=("gain", "veil", "gain and noise"),
)
def test_too_much_light_is_told_though_details_are_left(burnt: Callable[[Floats], Floats]) -> None:
    finding = said(jpeg(burnt(noon())))
    assert (finding.state, finding.status) == (State.BURNT, Status.CRITICAL)
    assert not finding.reason.startswith("0")


def test_a_first_night_in_infrared_is_softer_and_no_fault() -> None:
    """Many lenses focus infra-red elsewhere than daylight; on the second night it is this camera's own."""
    world, rng, reference = scene(3), np.random.default_rng(1), None
    night, soft = replace(DAY, light="infrared"), Fault(blur=1.1)
    for hour in range(14):
        reference, _ = analyse(reference, frame(world, DAY, rng), hour * HOUR)
    for quarter in range(32):
        reference, found = analyse(reference, frame(world, night, rng, soft), 14 * HOUR + quarter * HOUR / 4)
        assert found.state in (State.CLEAR, State.UNKNOWN), found
    _, found = analyse(reference, frame(world, night, rng, soft), 46 * HOUR)
    assert (found.state, found.status) == (State.CLEAR, Status.OK)


@pytest.mark.parametrize("seed", [2, 3])
def test_the_first_day_after_a_dark_night_is_not_too_dark_and_is_learnt(seed: int) -> None:
    """Little of such a night stands out, and none of it is missed by day: it is the light that is new."""
    world, rng, reference = scene(seed), np.random.default_rng(seed), None
    for hour in range(8):
        reference, _ = analyse(reference, frame(world, DAY, rng, Fault(gain=0.24)), hour * HOUR)
    told = []
    for hour in range(8, 16):
        reference, found = analyse(reference, frame(world, DAY, rng), hour * HOUR)
        told.append(found)
    assert {found.state for found in told} == {State.CLEAR}, told
    assert told[-1].status is Status.OK


class Near(NamedTuple):
    """As much of a comparison as is asked."""

    same: float = 0.5
    relit: float = 0.0
    blunt: float = 0.5


class Seen(NamedTuple):
    best: Near | None


@pytest.mark.parametrize(
    ("near", "held"),
    [
        (Near(), True),  # another look in the same light, and softer: it may be a blur that was missed
        (Near(same=0.9), False),
        (Near(relit=0.5), False),  # another light has another look
        (Near(blunt=0.0), False),  # snow
        (Near(blunt=math.nan), False),
    ],
)
def test_what_is_softer_in_the_same_light_is_not_learnt(near: Near, *, held: bool) -> None:
    assert unexplained(cast("Any", Seen(near))) is held
    assert not unexplained(cast("Any", Seen(None)))


def faded(picture: bytes) -> float:
    """What is left of the edges of what is in its place."""
    known = load(learnt())
    assert known is not None
    place = gather(measured(picture), known, AT).place
    assert place is not None
    return place.faded


def test_haze_fades_what_it_leaves_and_a_cover_does_not() -> None:
    haze, cover = jpeg(noon() * 0.3 + 110), shown(DAY, Fault(cover=0.5))
    assert faded(haze) < -1.5
    assert faded(cover) > -0.3
    assert said(haze).state in (State.CLEAR, State.UNKNOWN)
    assert said(cover).state is State.COVERED
