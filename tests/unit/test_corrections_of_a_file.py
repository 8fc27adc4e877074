"""Compensating lines of a history file: SPEC 8, « author and reason »."""

from __future__ import annotations

import json
from typing import Any

import pytest

from supervisor.domain.ledger import Correction
from supervisor.history.lines import BadLine, Known
from supervisor.history.reader import read

LINE = {
    "t": "2025-04-02T09:00:00+02:00",
    "event": "sonde-correction",
    "sonde": "a/e/un",
    "from": "2025-03-10T00:00:00+01:00",
    "to": "2025-04-01T00:00:00+02:00",
    "author": "Camille",
    "reason": "ajoutée par erreur",
}
NOW = 1_800_000_000


def taken(**change: Any) -> Correction:
    known = Known(services={"a": ()}, closed=[(1_735_686_000, 1_738_364_400)])  # January 2025
    history = read([json.dumps({**LINE, **change})], "past.jsonl", known, NOW)
    (found,) = history.events.values()
    assert isinstance(found, Correction)
    return found


def test_a_line_is_read() -> None:
    found = taken()
    assert (found.sonde, found.start, found.end, found.author) == ("a/e/un", 1_741_561_200, 1_743_458_400, "Camille")


def test_a_line_is_known_by_its_content() -> None:
    assert taken().digest == taken(to="2025-03-31T22:00:00Z").digest != taken(reason="autre").digest


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"to": "2025-03-01T00:00:00+01:00"}, "to: 2025-03-01T00:00:00+01:00 is not after from"),
        ({"reason": " "}, "reason: why the sonde does not count is expected"),
        ({"author": None}, "author: who entered it is expected"),
        ({"from": "2025-03-10"}, "from: '2025-03-10' has no offset"),
        ({"sonde": "z/e/un"}, "sonde: no collectivité 'z' in the config"),
        ({"sonde": "a/e"}, "sonde: 'a/e' is not an id like"),
        ({"billable": False}, "billable: not expected here"),
        ({"from": "2025-01-31T23:59:59+01:00"}, "from: it falls into a month that is closed"),
    ],
)
def test_a_wrong_line_refuses_the_file(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadLine) as refused:
        taken(**change)
    assert str(refused.value).startswith(f"past.jsonl:1: {expected}")
