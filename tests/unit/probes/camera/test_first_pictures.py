"""What may be said of a camera that is hardly known."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from probes.base import Status
from probes.camera.picture import State, analyse
from tests.unit.probes.camera.scenes import Weather, bare, scene

DAY = Weather(clock="")


def jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def whole() -> Image.Image:
    return bare(scene(3), DAY, np.random.default_rng(60))


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
