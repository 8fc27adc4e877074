"""The known scene, looked for elsewhere in the picture: found after a turn, never behind a cover or in weather."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from probes.base import Status
from probes.camera.comparing import Comparison, view_of
from probes.camera.deciding import by_rules, gather
from probes.camera.decoding import Picture, decode
from probes.camera.features import Features, measure
from probes.camera.picture import analyse
from probes.camera.reference import load, regime
from probes.camera.searching import Found
from probes.camera.verdict import State, Verdict
from tests.unit.probes.camera.faults import Fault
from tests.unit.probes.camera.scenes import Weather, frame, scene
from tests.unit.probes.camera.test_picture import AT, learnt

LEAST = {12.0: 0.7, -20.0: 0.6}  # of the correlation: edges tilt as well, so that one that does not fits less
NOON = Weather(light="overcast", clock="2026-03-04 12:00:00")


@cache
def features(weather: Weather, fault: Fault | None = None, seed: int = 3) -> Features:
    picture = decode(frame(scene(seed), weather, np.random.default_rng(1), fault))
    assert isinstance(picture, Picture)
    return measure(picture)


def found(weather: Weather, fault: Fault | None = None, seed: int = 3) -> Found:
    """Where the scene of noon is found in this picture."""
    now = features(weather, fault, seed)
    return Comparison(now, view_of(now), regime(features(NOON), 0.0)).found


@pytest.mark.parametrize(
    "weather",
    [NOON, Weather(light="sun", hour=17.0), Weather(light="night"), Weather(light="infrared"), Weather(air="rain")],
    ids=("noon", "evening", "night", "infrared", "rain"),
)
def test_the_same_view_fits_best_where_it_is(weather: Weather) -> None:
    assert found(weather).gain < 0.1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(shift=(0.18, 0.0)),
        Fault(shift=(-0.12, 0.1)),
        Fault(turn=12.0),
        Fault(turn=-20.0),
        Fault(zoom=1.4),
    ],
    ids=("right", "left and down", "tilted", "tilted the other way", "nearer"),
)
def test_a_turned_camera_shows_it_elsewhere(fault: Fault) -> None:
    there = found(NOON, fault)
    assert there.best > LEAST.get(fault.turn, 0.5)
    assert there.gain > 0.25


@pytest.mark.parametrize("part", [0.4, 0.6, 0.9])
def test_a_cover_does_not(part: float) -> None:
    assert found(NOON, Fault(cover=part)).gain < 0.25


def test_another_scene_is_found_nowhere() -> None:
    assert found(NOON, seed=8).best < 0.45


@pytest.mark.parametrize(
    ("fault", "state"),
    [(Fault(shift=(0.18, 0.0)), State.MOVED), (Fault(cover=0.6), State.COVERED)],
    ids=("turned", "hidden"),
)
def test_what_the_rules_call_hidden_is_moved_if_it_is_found_elsewhere(
    fault: Fault, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = load(learnt())
    assert reference is not None
    hidden = Verdict(State.COVERED, Status.CRITICAL, "dit par les règles")
    monkeypatch.setattr("probes.camera.deciding._first", lambda _: hidden)
    assert by_rules(gather(features(NOON, fault), reference, AT)).state is state


def test_a_view_turned_by_much_is_no_cover() -> None:
    jpeg = frame(scene(3), NOON, np.random.default_rng(2), Fault(shift=(0.19, 0.19)))
    _, finding = analyse(learnt(), jpeg, AT)
    assert (finding.state, finding.status) == (State.MOVED, Status.CRITICAL)
