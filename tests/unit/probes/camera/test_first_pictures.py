"""What may be said of a camera that is hardly known."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from probes.base import Status
from probes.camera.picture import State, analyse
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
