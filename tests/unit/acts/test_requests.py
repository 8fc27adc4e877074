"""Requests and their due dates: 002 art. 7."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from supervisor.errors import VigieError
from tests.unit.acts.stage import Stage, at, iso


def add(desk: Stage, kind: str = "administrative", **more: Any) -> dict[str, Any]:
    """A request of the commune."""
    asked = {"collectivite": "exemple", "kind": kind, "message": "attestation", **more}
    made: dict[str, Any] = desk.act("request.add", **asked)["request"]
    return made


def test_administrative_is_due_a_week_later_at_the_same_local_time(desk: Stage) -> None:
    """Clocks go forward on 29 March: the week has 167 hours."""
    desk.now = at("04-10 12:00")
    made = add(desk, at=iso("03-25 10:00"))
    assert (made["number"], made["state"], made["due"]) == ("DEM-2026-000001", "late", iso("04-01 10:00"))
    assert add(desk)["state"] == "open"


def test_a_production_is_due_a_month_after_its_file_is_complete(desk: Stage) -> None:
    desk.now = at("03-06 12:00")
    asked = desk.act(
        "request.add", collectivite="exemple", kind="production", message="parapheur", at=iso("01-20 10:00")
    )
    number = asked["request"]["number"]
    assert (asked["request"]["state"], asked["request"]["due"]) == ("incomplete", None)
    assert asked["remarks"] == ["its month begins once its file is complete"]
    made = desk.act("request.complete", number=number, at=iso("01-31 10:00"))["request"]
    assert (made["due"], made["state"], made["completed_by"]) == (iso("02-28 10:00"), "late", "jeanne")
    done = desk.act("request.answer", number=number, text="en service", at=iso("02-28 10:00"))["request"]
    assert (done["state"], done["answer"], done["answered_by"]) == ("answered", "en service", "jeanne")


def test_a_file_that_came_complete(desk: Stage) -> None:
    made = add(desk, "production", complete=True, at="2025-12-15T10:00:00+01:00")
    assert (made["number"], made["due"]) == ("DEM-2025-000001", iso("01-15 10:00"))


def test_an_answer_a_second_late_is_late(desk: Stage) -> None:
    made = add(desk)
    desk.now += 7 * 86_400 + 1
    assert desk.act("request.answer", number=made["number"], text="oui")["request"]["state"] == "answered late"


def test_refusals_write_nothing(desk: Stage) -> None:
    administrative, production, done = add(desk), add(desk, "production", complete=True), add(desk)
    open_one = add(desk, "production")["number"]
    desk.act("request.answer", number=done["number"], text="oui")
    before = desk.dump()
    new = {"collectivite": "exemple", "kind": "administrative", "message": "x"}
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("add", {**new, "kind": "urgent"}, "kind: 'urgent' is not one of administrative, production"),
        ("add", {**new, "message": ""}, "message: what is asked for"),
        ("add", {**new, "collectivite": "exampel"}, "did you mean 'exemple'?"),
        ("add", {**new, "service": "x"}, "exemple has no service 'x'"),
        ("add", {**new, "complete": True}, "complete: a request that is administrative has no file"),
        ("add", {**new, "complete": "yes"}, "complete: true or false"),
        ("add", {**new, "at": iso("03-06 09:01")}, "is in the future"),
        ("complete", {"number": administrative["number"]}, "is administrative: it has no file"),
        ("complete", {"number": production["number"]}, "is complete since 2026-03-06 09:00:00 CET"),
        ("complete", {"number": open_one, "at": iso("03-06 08:59")}, "is before DEM-2026-000004 was received"),
        ("complete", {"number": "DEM-2026-000044"}, "no request 'DEM-2026-000044'; did you mean 'DEM-2026-00000"),
        ("answer", {"number": done["number"], "text": "non"}, "was answered already"),
        ("answer", {"number": open_one}, "text: the answer is expected"),
        ("answer", {"number": open_one, "text": "x", "at": iso("03-06 08:59")}, "was received, 2026-03-06 09:00:00"),
    ]
    for act, arguments, expected in refused:
        with pytest.raises(VigieError) as refusal:
            desk.act(f"request.{act}", **arguments)
        assert expected in str(refusal.value), (act, arguments)
        assert desk.dump() == before, (act, arguments)


def test_what_was_asked_and_answered_cannot_be_changed_by_hand(desk: Stage) -> None:
    number = add(desk)["number"]
    desk.act("request.answer", number=number, text="oui")
    for change in ("update request set message = 'autre'", "update request set answer = 'non'", "delete from request"):
        with pytest.raises(sqlite3.IntegrityError):
            desk.connection.execute(change)
