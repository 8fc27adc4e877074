"""The second opinion: what it weighs, what it may change, and what it leaves alone."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Status
from probes.camera.deciding import gather
from probes.camera.decoding import Picture, decode
from probes.camera.features import measure
from probes.camera.reference import load
from probes.camera.verdict import Evidence, State, Verdict
from probes.camera.weighing import Signs, reconsidered, signs, weigh
from probes.camera.weights import CURVES, SIGNS
from tests.unit.probes.camera.faults import made
from tests.unit.probes.camera.scenes import Weather, frame, scene
from tests.unit.probes.camera.test_picture import AT, learnt

DAY = Weather(light="overcast", clock="2026-03-04 09:00:00")
CLEAR = Verdict(State.CLEAR, Status.OK, "l’image est nette")


@cache
def seen(fault: str = "") -> Evidence:
    """A picture of the camera that `learnt` knows."""
    rng = np.random.default_rng(5)
    picture = decode(frame(scene(3), DAY, rng, made(fault, np.random.default_rng(4)) if fault else None))
    reference = load(learnt())
    assert isinstance(picture, Picture)
    assert reference is not None
    return gather(measure(picture), reference, AT)


def told(fault: str = "") -> Signs:
    """Its signs."""
    weighed = signs(seen(fault))
    assert weighed is not None
    return weighed


def test_the_table_has_a_line_for_each_sign_in_their_order() -> None:
    assert Signs._fields == SIGNS
    assert CURVES.shape == (len(Signs._fields), 14)
    assert (CURVES[:, 1] <= CURVES[:, 0]).all()
    assert (CURVES[:, 0] <= CURVES[:, 2]).all()


@given(st.lists(st.floats(allow_infinity=True, allow_nan=True), min_size=len(SIGNS), max_size=len(SIGNS)))
def test_whatever_the_signs_are_the_likelihoods_are_a_share_of_one(values: list[float]) -> None:
    likely = weigh(Signs(*values))
    assert sum(likely.values()) == pytest.approx(1)
    assert min(likely.values()) >= 0


def test_a_sign_that_cannot_be_told_counts_as_the_typical_one() -> None:
    place = Signs._fields.index("softer")
    typical = told()._replace(softer=float(CURVES[place, 0]))
    assert weigh(told()._replace(softer=math.nan)) == weigh(typical)


def test_a_picture_that_is_well_stays_so() -> None:
    assert weigh(told())[State.CLEAR] > 0.9
    assert reconsidered(CLEAR, seen()) is CLEAR


@pytest.mark.parametrize("fault", ["floutée", "masquée", "déplacée"])
def test_a_fault_that_the_rules_overlooked_is_told(fault: str) -> None:
    verdict = reconsidered(CLEAR, seen(fault))
    assert verdict.state == fault
    assert verdict.status in (Status.WARNING, Status.CRITICAL)
    assert verdict.reason != CLEAR.reason


@pytest.mark.parametrize("state", [State.BLACK, State.BURNT, State.FROZEN])
def test_what_light_and_stillness_say_is_not_asked_again(state: State) -> None:
    verdict = Verdict(state, Status.CRITICAL, "dit par les règles")
    assert reconsidered(verdict, seen("masquée")) is verdict


@pytest.mark.parametrize(
    "less",
    [{"signal": 11}, {"pictures": 23}, {"known": (), "best": None, "place": None}],
    ids=["nothing to see", "hardly known", "nothing known"],
)
def test_with_too_little_to_weigh_the_rules_have_the_word(less: dict[str, object]) -> None:
    assert reconsidered(CLEAR, seen("masquée")._replace(**less)) is CLEAR


def test_a_picture_as_ever_is_not_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[Evidence] = []
    monkeypatch.setattr("probes.camera.weighing.signs", weighed.append)
    place = seen().place
    assert place is not None
    as_ever = seen()._replace(place=place._replace(lost=0.0))
    reconsidered(CLEAR, as_ever)
    assert weighed == []
    reconsidered(CLEAR, as_ever._replace(place=place._replace(lost=0.2)))
    assert len(weighed) == 1
