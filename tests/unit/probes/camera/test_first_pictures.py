"""What may be said of a camera that is hardly known."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from probes.base import Status
from probes.camera.decoding import colourless
from probes.camera.picture import Finding, State, analyse
from tests.unit.probes.camera.faults import Fault
from tests.unit.probes.camera.scenes import Weather, bare, frame, scene
from tests.unit.probes.camera.year import HOUR

DAY = Weather(clock="")


def jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def whole() -> Image.Image:
    return bare(scene(3), DAY, np.random.default_rng(60))


def known_by(pictures: int) -> bytes:
    """The reference after so many pictures of as many hours, all by day."""
    rng, reference = np.random.default_rng(30), b""
    for index in range(pictures):
        reference, _ = analyse(reference, frame(scene(3), DAY, rng), index * HOUR)
    return reference


def far_half_hidden(near: float = 0.4) -> bytes:
    """The far half has gone; of the contrast of the near one so much is left: fog, unless all of it is."""
    grey = np.asarray(empty_road().convert("L"), dtype=np.float64)
    clear = np.where(np.arange(len(grey)) < 0.45 * len(grey), 0.0, near)[:, None]
    noise = np.random.default_rng(1).normal(0.0, 0.7, grey.shape)
    return jpeg(Image.fromarray(np.clip(grey * clear + 170 * (1 - clear) + noise, 0, 255).astype(np.uint8)))


def empty_road() -> Image.Image:
    return bare(scene(3), replace(DAY, cars=0), np.random.default_rng(50))


def test_out_of_focus_all_over_is_recognised_at_first() -> None:
    finding = analyse(None, jpeg(whole().filter(ImageFilter.GaussianBlur(4))), 0.0)[1]
    assert (finding.state, finding.status) == (State.BLURRED, Status.CRITICAL)


def test_what_is_sharp_somewhere_is_no_alarm_at_first() -> None:
    picture = whole()
    soft = picture.filter(ImageFilter.GaussianBlur(4))
    box = (0, picture.height // 2, picture.width // 10, picture.height * 17 // 20)
    soft.paste(picture.crop(box), box)
    finding = analyse(None, jpeg(soft), 0.0)[1]
    assert (finding.state, finding.status) == (State.CLEAR, Status.WARNING)


def test_the_first_fog_of_a_camera_hardly_known_is_no_cover() -> None:
    finding = analyse(known_by(6), far_half_hidden(), 7 * HOUR)[1]
    assert (finding.state, finding.status) == (State.UNKNOWN, Status.UNKNOWN)
    assert "brouillard" in finding.reason


def test_the_same_is_haze_once_the_scene_is_known() -> None:
    finding = analyse(known_by(30), far_half_hidden(), 31 * HOUR)[1]
    assert (finding.state, finding.status) == (State.CLEAR, Status.WARNING)
    assert "brume" in finding.reason


def test_what_hides_one_half_and_spares_the_other_is_a_cover() -> None:
    finding = analyse(known_by(30), far_half_hidden(near=1.0), 31 * HOUR)[1]
    assert (finding.state, finding.status) == (State.COVERED, Status.CRITICAL)


NIGHT = replace(DAY, light="infrared")
SOFT = Fault(blur=1.3)  # too soft for a day, and usual in infra-red


def first_night(hours: int, fault: Fault = SOFT) -> tuple[bytes, list[Finding]]:
    """A camera put up at nightfall: a picture an hour."""
    rng, reference, told = np.random.default_rng(7), b"", []
    for hour in range(hours):
        reference, found = analyse(reference, frame(scene(3), NIGHT, rng, fault), hour * HOUR)
        told.append(found)
    return reference, told


def test_a_camera_put_up_at_night_may_be_soft_in_infrared() -> None:
    reference, told = first_night(10)
    assert {(found.state, found.status) for found in told} == {(State.CLEAR, Status.WARNING)}
    assert "à juger de jour" in told[0].reason
    rng = np.random.default_rng(8)
    assert analyse(reference, frame(scene(3), DAY, rng), 11 * HOUR)[1].status is Status.OK


def test_and_is_not_believed_when_the_day_shows_that_it_was_blurred() -> None:
    reference, _ = first_night(10)
    rng = np.random.default_rng(8)
    for hour in range(11, 18):
        reference, found = analyse(reference, frame(scene(3), DAY, rng, SOFT), hour * HOUR)
        assert (found.state, found.status) == (State.BLURRED, Status.CRITICAL)


def test_out_of_focus_is_recognised_in_infrared_as_well() -> None:
    _, told = first_night(1, Fault(blur=3.0))
    assert (told[0].state, told[0].status) == (State.BLURRED, Status.CRITICAL)


def test_a_camera_that_only_sees_infrared_and_softly_is_learnt_after_a_day() -> None:
    reference, told = first_night(31)
    assert {found.status for found in told} == {Status.WARNING}
    rng = np.random.default_rng(8)
    assert analyse(reference, frame(scene(3), NIGHT, rng, SOFT), 31 * HOUR)[1].status is Status.OK


@pytest.mark.parametrize(("level", "status"), [(4.0, Status.CRITICAL), (24.0, Status.WARNING)])
def test_a_first_picture_with_nothing_but_noise_may_be_a_night_without_lamps(level: float, status: Status) -> None:
    dark = np.random.default_rng(1).normal(level, 3.0, (360, 640))
    finding = analyse(None, jpeg(Image.fromarray(np.clip(dark, 0, 255).astype(np.uint8))), 0.0)[1]
    assert (finding.state, finding.status) == (State.BLACK, status)


@pytest.mark.parametrize(("weather", "grey"), [(NIGHT, True), (replace(NIGHT, clock="21:40"), True), (DAY, False)])
def test_infrared_has_no_colour_but_that_of_overlays(weather: Weather, *, grey: bool) -> None:
    picture = frame(scene(3), weather, np.random.default_rng(1))
    assert colourless(picture) is grey
    assert colourless(jpeg(Image.open(io.BytesIO(picture)).convert("L")))


@pytest.mark.parametrize(
    ("mode", "options"), [("RGB", {"keep_rgb": True}), ("RGB", {"progressive": True}), ("CMYK", {})], ids=str
)
def test_colour_is_told_however_it_is_encoded(mode: str, options: dict[str, bool]) -> None:
    file = io.BytesIO()
    whole().filter(ImageFilter.GaussianBlur(4)).convert(mode).save(file, "JPEG", **options)
    assert not colourless(file.getvalue())
    assert analyse(None, file.getvalue(), 0.0)[1].state is State.BLURRED


def test_a_picture_whose_colours_cannot_be_told_is_not_taken_for_grey() -> None:
    assert not colourless(b"\xff\xd8\xff\xe0")
