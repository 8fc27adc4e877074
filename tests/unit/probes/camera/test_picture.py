"""`analyse`: its contract, one picture of each state, and what may never raise an alarm."""

from __future__ import annotations

import io
import math
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from probes.base import Status
from probes.camera.picture import Finding, State, analyse
from tests.unit.probes.camera.faults import Fault, made
from tests.unit.probes.camera.scenes import Weather, bare, frame, frozen, scene
from tests.unit.probes.camera.year import HOUR

DAY = Weather(light="overcast", clock="2026-03-04 09:00:00")
AT = 40 * HOUR
HURT = ("floutée", "masquée", "noire", "surexposée", "déplacée")


@cache
def learnt() -> bytes:
    """A camera that saw a day and a night."""
    world, rng = scene(3), np.random.default_rng(1)
    reference: bytes | None = None
    lights = ["overcast", "sun", "overcast", "dusk", "infrared", "infrared", "infrared", "dusk"] * 3
    for index, light in enumerate(lights):
        weather = replace(DAY, light=light, clock=f"2026-03-04 {index:02}:00:00")
        reference, _ = analyse(reference, frame(world, weather, rng), index * HOUR)
    assert reference is not None
    return reference


def shown(weather: Weather, fault: Fault | None = None, seed: int = 5) -> bytes:
    return frame(scene(3), weather, np.random.default_rng(seed), fault)


def said(jpeg: bytes, reference: bytes | None = None, at: float = AT) -> Finding:
    return analyse(learnt() if reference is None else reference, jpeg, at)[1]


@pytest.mark.parametrize("state", HURT)
def test_each_fault_is_recognised_and_critical(state: str) -> None:
    finding = said(shown(DAY, made(state, np.random.default_rng(4))))
    assert finding.state == state
    assert finding.status is Status.CRITICAL
    assert "\n" not in finding.reason


@pytest.mark.parametrize(
    "weather",
    [
        DAY,
        replace(DAY, light="sun", hour=9.0),
        replace(DAY, air="fog"),
        replace(DAY, air="rain"),
        replace(DAY, lorry=True),
        replace(DAY, quality=40),
        replace(DAY, quality=95),
        replace(DAY, clock=""),
        replace(DAY, light="dusk"),
        replace(DAY, light="infrared"),
        replace(DAY, light="infrared", air="rain"),
    ],
    ids=str,
)
def test_no_alarm_for_what_is_ordinary(weather: Weather) -> None:
    assert said(shown(weather)).state in (State.CLEAR, State.UNKNOWN)


def test_frozen_is_the_same_picture_encoded_again_with_its_clock_gone_on() -> None:
    picture = bare(scene(3), DAY, np.random.default_rng(6))
    reference, first = analyse(learnt(), frozen(picture, DAY), AT)
    again = frozen(picture, replace(DAY, quality=60, clock="2026-03-04 09:01:00"))
    assert first.state is State.CLEAR
    assert said(again, reference, AT + 60).state is State.FROZEN


def test_a_quiet_scene_is_not_frozen() -> None:
    night = replace(DAY, light="infrared", cars=0, clock="")
    reference, _ = analyse(learnt(), shown(night, seed=8), AT)
    assert said(shown(night, seed=9), reference, AT + 60).state is State.CLEAR


def test_the_same_instant_twice_is_not_frozen() -> None:
    jpeg = shown(DAY)
    reference, _ = analyse(learnt(), jpeg, AT)
    assert said(jpeg, reference, AT).state is State.CLEAR


def test_blurred_from_the_first_picture_is_recognised_and_stays_so() -> None:
    reference: bytes | None = None
    for index in range(4):
        jpeg = shown(replace(DAY, clock=""), Fault(blur=4.5), seed=20 + index)
        reference, finding = analyse(reference, jpeg, index * HOUR)
        assert finding.state is State.BLURRED


def test_a_fault_that_lasts_is_never_learnt() -> None:
    reference = learnt()
    for index in range(12):
        cover = Fault(cover=0.7, cover_level=60.0)
        reference, finding = analyse(reference, shown(DAY, cover, seed=100 + index), AT + index * 60)
        assert finding.state is State.COVERED
    assert said(shown(DAY), reference, AT + 10 * HOUR).state is State.CLEAR


def test_a_new_view_becomes_the_scene_after_days_of_the_same() -> None:
    moved = Fault(shift=(0.15, 0.1))
    reference = learnt()
    states = []
    for index in range(230):
        reference, finding = analyse(reference, shown_again(index, moved), AT + index * HOUR / 2)
        states.append(finding.state)
    assert states[0] is State.MOVED
    assert states[150] is State.MOVED
    assert states[-1] is State.CLEAR


@cache
def views(fault: Fault) -> tuple[bytes, ...]:
    return tuple(shown(DAY, fault, seed=300 + index) for index in range(6))


def shown_again(index: int, fault: Fault) -> bytes:
    return views(fault)[index % 6]


def test_none_learns_again() -> None:
    finding = analyse(None, shown(DAY, Fault(shift=(0.15, 0.1))), AT)[1]
    assert finding.state is State.CLEAR


def test_no_bytes_are_no_reference() -> None:
    jpeg = shown(DAY)
    assert analyse(b"", jpeg, AT) == analyse(None, jpeg, AT)


def test_a_reference_that_cannot_be_read_is_begun_again_and_told() -> None:
    for broken in (b"x", learnt()[:-1], b"\x07" + learnt()[1:], learnt()[:50] + b"\xff" + learnt()[51:]):
        reference, finding = analyse(broken, shown(DAY), AT)
        assert "référence illisible" in finding.reason
        assert "référence illisible" not in analyse(reference, shown(DAY), AT + 1)[1].reason


def test_another_size_begins_again_and_is_told() -> None:
    small = Image.open(io.BytesIO(shown(DAY))).resize((640, 480))
    assert "taille d’image changée" in said(jpeg_of(small)).reason


def test_a_datetime_without_a_zone_is_of_utc() -> None:
    jpeg = shown(DAY)
    naive = datetime.fromtimestamp(AT, UTC).replace(tzinfo=None)
    assert analyse(learnt(), jpeg, naive) == analyse(learnt(), jpeg, AT)
    assert isinstance(analyse(learnt(), jpeg, datetime.min)[1], Finding)  # noqa: DTZ901


def test_a_datetime_is_an_instant_too() -> None:
    jpeg = shown(DAY)
    assert analyse(learnt(), jpeg, datetime.fromtimestamp(AT, UTC)) == analyse(learnt(), jpeg, AT)


def test_the_same_gives_the_same_and_the_reference_is_small() -> None:
    one, other = (analyse(learnt(), shown(DAY), AT) for _ in range(2))
    assert one == other
    assert max(len(one[0]), len(learnt())) <= 16 * 1024


def test_a_finding_is_frozen_and_its_scores_are_numbers() -> None:
    finding = said(shown(DAY))
    assert all(isinstance(name, str) and math.isfinite(value) for name, value in finding.scores)
    with pytest.raises(FrozenInstanceError):
        finding.reason = ""  # type: ignore[misc]


def jpeg_of(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize(
    "size", [(640, 480), (704, 576), (1920, 1080), (3840, 2160), (1000, 333), (641, 427), (320, 240)]
)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_any_size_and_kind_of_jpeg_is_judged(size: tuple[int, int], mode: str) -> None:
    picture = Image.open(io.BytesIO(shown(replace(DAY, clock="")))).resize(size).convert(mode)
    assert analyse(None, jpeg_of(picture, progressive=mode == "L"), AT)[1].state is State.CLEAR


def bomb(width: int, height: int) -> bytes:
    """A small JPEG that declares another size."""
    jpeg = bytearray(jpeg_of(Image.new("L", (64, 64))))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(jpeg)


@pytest.mark.parametrize(
    ("jpeg", "why"),
    [
        (b"", "pas une image JPEG"),
        (b"GIF89a", "pas une image JPEG"),
        (b"\xff\xd8\xff", "endommagée"),
        (bomb(65500, 65500), "plus grande que la limite"),
        (bomb(20000, 4000), "plus grande que la limite"),
        (jpeg_of(Image.new("L", (64, 64))), "trop petite"),
        (b"\xff\xd8" + bytes(17 * 2**20), "Mio"),
    ],
)
def test_what_is_no_picture_is_not_judged_and_costs_nothing(jpeg: bytes, why: str) -> None:
    reference, finding = analyse(learnt(), jpeg, AT)
    assert (finding.state, finding.status) == (State.UNKNOWN, Status.UNKNOWN)
    assert why in finding.reason
    assert reference == learnt()


def test_a_progressive_jpeg_of_endless_scans_is_refused() -> None:
    whole = jpeg_of(Image.new("L", (640, 480), 90), progressive=True)
    last = whole.rindex(b"\xff\xda")
    endless = whole[:last] + whole[last:-2] * 100 + b"\xff\xd9"
    assert "passes" in said(endless).reason


def test_scans_of_a_large_picture_are_bounded_together() -> None:
    whole = jpeg_of(Image.new("L", (3840, 2160), 90), progressive=True)
    last = whole.rindex(b"\xff\xda")
    assert "passes" in said(whole[:last] + whole[last:-2] * 30 + b"\xff\xd9").reason


def test_millions_of_comments_are_not_read() -> None:
    jpeg = shown(DAY)
    assert said(b"\xff\xd8" + b"\xff\xfe\x00\x02" * 100_000 + jpeg[2:]).state is State.UNKNOWN
    assert said(b"\xff\xd8" + b"\xff\xfe\x00\x02" * 10 + jpeg[2:]).state is State.CLEAR


def test_a_picture_too_short_for_its_size_is_not_decoded() -> None:
    assert "plus courte" in said(bomb(6000, 4000)).reason


def test_the_reference_holds_no_picture() -> None:
    """No run of its bytes follows the grey levels of the picture, as the means of the cells would."""
    picture = Image.open(io.BytesIO(shown(DAY))).convert("L").resize((32, 18), Image.Resampling.BOX)
    grey = np.asarray(picture, dtype=np.float32).ravel()
    grey = (grey - grey.mean()) / grey.std()
    stored = analyse(learnt(), shown(DAY), AT)[0]
    halves = np.repeat(np.frombuffer(stored, np.uint8), 2)
    halves[::2] >>= 4
    halves[1::2] &= 15
    for levels in (np.frombuffer(stored, np.uint8), np.frombuffer(stored, np.int8), halves):
        runs = np.lib.stride_tricks.sliding_window_view(levels.astype(np.float32), grey.size)
        follows = np.abs((runs - runs.mean(axis=1, keepdims=True)) @ grey) / (grey.size * (runs.std(axis=1) + 1e-6))
        assert follows.max() < 0.85


def test_a_truncated_jpeg_is_not_judged() -> None:
    jpeg = shown(DAY)
    assert "tronquée" in said(jpeg[: len(jpeg) // 2]).reason


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise(jpeg: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff"):
        assert analyse(None, start + jpeg, AT)[1].state is State.UNKNOWN


@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_damage_raises(at: int, noise: bytes) -> None:
    jpeg = tiny()
    damaged = jpeg[: at % len(jpeg)] + noise + jpeg[at % len(jpeg) + len(noise) :]
    assert isinstance(analyse(None, damaged, AT)[1], Finding)


@given(st.binary(max_size=300) | st.integers(0, 15_000).map(lambda at: learnt()[:at]))
@settings(max_examples=60, deadline=None)
def test_no_reference_raises(reference: bytes) -> None:
    assert isinstance(analyse(reference, tiny(), AT)[1], Finding)


@cache
def tiny() -> bytes:
    return jpeg_of(Image.open(io.BytesIO(shown(DAY))).resize((320, 180)))
