"""Taking turns over, and giving them back. SPEC 7."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from supervisor.domain.contact import Seed
from supervisor.domain.escalation import Duty
from supervisor.errors import VigieError
from supervisor.store.batch import Batch
from tests.unit.acts.stage import Stage, at, iso
from tests.unit.alerts.watch import rota


@pytest.fixture
def on_call(desk: Stage) -> Stage:
    """A rota of two."""
    desk.promises = replace(desk.promises, duty=Duty(rotas={"astreinte": rota()}))
    seeds = [Seed("syndicat", name) for name in ("Alice", "Bruno")]
    desk.database.apply(Batch(at=desk.now, contacts=[*seeds, Seed("exemple", "Mairie")]))
    return desk


def asked(**changed: Any) -> dict[str, Any]:
    """A weekend."""
    return {
        "rota": "astreinte",
        "by": "syndicat/Bruno",
        "from": iso("03-07 08:00"),
        "until": iso("03-08 20:00"),
        **changed,
    }


def test_it_is_on_the_record_with_its_author(on_call: Stage) -> None:
    answer = on_call.act("oncall.replace", **asked())
    assert answer["remarks"] == []
    assert answer["replacement"] == {
        "id": 1,
        "rota": "astreinte",
        "from": iso("03-07 08:00"),
        "until": iso("03-08 20:00"),
        "contact": {"id": 2, "collectivite": "syndicat", "name": "Bruno"},
        "author": "jeanne",
        "entered": iso("03-06 09:00"),
        "cancelled": None,
        "cancelled_by": None,
    }


def test_an_overlap_and_a_start_that_has_passed_are_said(on_call: Stage) -> None:
    on_call.act("oncall.replace", **asked())
    answer = on_call.act("oncall.replace", **asked(**{"from": iso("03-05 08:00"), "by": "syndicat/alice"}))
    assert answer["replacement"]["contact"]["name"] == "Alice"
    assert answer["remarks"] == [
        "replacement 1 overlaps it: the latest entered holds",
        "it holds from now on, 2026-03-06 09:00:00 CET",
    ]


def test_cancelling(on_call: Stage) -> None:
    on_call.act("oncall.replace", **asked())
    on_call.now = at("03-07 12:00")
    answer = on_call.act("oncall.cancel", id=1)
    assert (answer["replacement"]["cancelled"], answer["replacement"]["cancelled_by"]) == (iso("03-07 12:00"), "jeanne")
    with pytest.raises(VigieError, match="id: replacement 1 was cancelled already, 2026-03-07 12:00:00 CET"):
        on_call.act("oncall.cancel", id=1)
    with pytest.raises(VigieError, match="id: no replacement 7"):
        on_call.act("oncall.cancel", id=7)
    on_call.act("oncall.replace", **asked())
    on_call.now = at("03-09 12:00")
    with pytest.raises(VigieError, match="what is over cannot be cancelled"):
        on_call.act("oncall.cancel", id=2)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rota": "nuit"}, "rota: there is no rota 'nuit'; .*astreinte"),
        ({"by": "Bruno"}, r"by: 'Bruno' is no contact of the operator \(syndicat\); write it like syndicat/Alice"),
        ({"by": "exemple/Mairie"}, "by: 'exemple/Mairie' is no contact of the operator"),
        ({"by": "syndicat/Brunot"}, "by: syndicat has no contact 'Brunot'; did you mean 'Bruno'"),
        ({"until": iso("03-07 08:00")}, "until: .* is not after from"),
        ({"from": iso("03-01 08:00"), "until": iso("03-02 08:00")}, "until: .* has passed"),
        ({"from": "demain"}, "from: "),
    ],
)
def test_refused_with_its_place_and_nothing_is_written(on_call: Stage, changed: dict[str, str], said: str) -> None:
    before = on_call.dump()
    with pytest.raises(VigieError, match=said):
        on_call.act("oncall.replace", **asked(**changed))
    assert on_call.dump() == before
