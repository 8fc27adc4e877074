"""A camera's reference: its bytes."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.camera.decoding import CELLS_X, CELLS_Y
from probes.camera.features import ZONES_X, ZONES_Y
from probes.camera.reference import MAX_REGIMES, VERSION, Previous, Reference, Regime, Trail, dump, learnt, load

SHAPE = (CELLS_Y, CELLS_X)


def regime(seed: int, seen: int = 4, level: float = -0.5) -> Regime:
    rng = np.random.default_rng(seed)
    low = np.array((-2, -4, -1, -1, -3, -3), dtype=np.float32).reshape(6, 1, 1)
    high = np.array((1.75, 10, 1, 1, 2, 2), dtype=np.float32).reshape(6, 1, 1)
    maps = low + rng.random((6, *SHAPE), dtype=np.float32) * (high - low)
    zones = rng.random((ZONES_Y, ZONES_X), dtype=np.float32) * 5
    return Regime(maps=maps, zones=zones, spread=12.5, seen=seen, level=level)


def reference(regimes: int, *, trail: bool, previous: bool) -> Reference:
    rng = np.random.default_rng(9)
    cells = rng.integers(0, 256, SHAPE, dtype=np.uint8)
    before = Previous(at=12.5, step=1.25, tables=77, unsteady=0.25, trace=cells, grain=cells.view(np.int8))
    return Reference(
        width=1280,
        height=720,
        begun=7.0,
        darkest=1.5,
        brightest=5.25,
        regimes=tuple(regime(index) for index in range(regimes)),
        trail=Trail(good=True, since=3.0, view=regime(99)) if trail else None,
        previous=before if previous else None,
    )


@pytest.mark.parametrize("regimes", range(MAX_REGIMES + 1))
@pytest.mark.parametrize("trail", [True, False])
@pytest.mark.parametrize("previous", [True, False])
def test_a_reference_comes_back(regimes: int, trail: bool, previous: bool) -> None:
    known = reference(regimes, trail=trail, previous=previous)
    back = load(dump(known))
    assert back is not None
    assert (back.width, back.height, len(back.regimes)) == (1280, 720, regimes)
    assert (back.begun, back.darkest, back.brightest) == (7.0, 1.5, 5.25)
    for one, other in zip(known.regimes, back.regimes, strict=True):
        assert (one.seen, one.level, one.spread) == (other.seen, other.level, other.spread)
        assert np.all(np.abs(one.zones - other.zones) <= 0.026)
        step = np.array((1 / 4, 1 / 11, 1 / 127, 1 / 127, 1 / 36, 1 / 36)).reshape(6, 1, 1)
        assert np.all(np.abs(one.maps - other.maps) <= step * 1.01)
    assert (back.trail is not None) is trail
    if back.previous is not None and known.previous is not None:
        assert np.array_equal(back.previous.trace, known.previous.trace)
        assert np.array_equal(back.previous.grain, known.previous.grain)


def test_the_largest_reference_is_under_16_kilobytes() -> None:
    assert len(dump(reference(MAX_REGIMES, trail=True, previous=True))) <= 16_000


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_reference_or_none(stored: bytes) -> None:
    assert load(stored) is None or isinstance(load(stored), Reference)


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_a_right_checksum_does_not_make_a_reference(regimes: int, has: int, body: bytes) -> None:
    head = bytes((VERSION, regimes)) + (1280).to_bytes(2, "little") + (720).to_bytes(2, "little")
    stored = head + zlib.crc32(body).to_bytes(4, "little") + bytes((has,)) + bytes(16) + body
    assert load(stored) is None or isinstance(load(stored), Reference)


def test_what_is_there_only_sometimes_is_learnt_slowly_and_forgotten_fast() -> None:
    plain = replace(regime(1, seen=50), maps=np.zeros((6, *SHAPE), dtype=np.float32))
    parked = replace(regime(1, seen=1), maps=np.ones((6, *SHAPE), dtype=np.float32))
    up = learnt(plain, parked, 1 / 16).log_energy[0, 0]
    down = 1 - learnt(parked, plain, 1 / 16).log_energy[0, 0]
    assert 0 < up < down


def test_slow_learning_is_not_lost_to_rounding() -> None:
    known, goal = regime(1, seen=100), regime(2)
    for _ in range(120):
        again = load(dump(Reference(width=1, height=1, regimes=(learnt(known, goal, 1 / 16),))))
        assert again is not None
        known = again.regimes[0]
    assert float(np.abs(known.relief - goal.relief).max()) < 1
