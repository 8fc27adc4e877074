"""Exclusions: entered after the fact, revoked, never in a closed month. SPEC 5."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.errors import VigieError
from supervisor.store import windows
from tests.unit.acts.stage import Stage, iso

STORM = {"collectivite": "exemple", "service": "internet", "kind": "force_majeure", "reason": "tempête"}


def add(desk: Stage, start: str, end: str, **more: Any) -> dict[str, Any]:
    """Exclude time of the commune."""
    return desk.act("exclusion.add", **{**STORM, "start": iso(start), "end": iso(end), **more})


def test_entered_after_the_fact(desk: Stage) -> None:
    answer = add(desk, "03-02 10:00", "03-02 12:00")
    assert (answer["exclusion"]["state"], answer["exclusion"]["author"]) == ("holds", "jeanne")
    assert answer["exclusion"]["concerned"] == ["exemple/internet"]
    assert answer["remarks"] == []
    (window,) = windows.read(desk.connection, desk.promises, 0, desk.now)
    assert (window.kind, window.services) == ("force_majeure", {("exemple", "internet")})


def test_a_kind_that_the_contract_does_not_leave_out_is_said(desk: Stage) -> None:
    (said,) = add(desk, "03-02 10:00", "03-02 12:00", kind="third_party")["remarks"]
    assert said.startswith("`sla.exclude` leaves out force_majeure, collectivite: time under third_party is shown")


def test_on_a_platform_it_holds_for_all_who_use_it(desk: Stage) -> None:
    answer = add(desk, "03-02 10:00", "03-02 12:00", collectivite="syndicat", service=None)
    assert answer["exclusion"]["concerned"] == ["autre/messagerie", "exemple/messagerie", "syndicat/zimbra"]


def test_maintenance_is_excluded_before_it_starts_only(desk: Stage) -> None:
    add(desk, "03-06 09:01", "03-06 12:00", kind="maintenance")
    with pytest.raises(VigieError, match="counts only if it is announced before it starts"):
        add(desk, "03-06 09:00", "03-06 09:01", kind="maintenance")


def test_revoked_it_stays_on_the_record(desk: Stage) -> None:
    add(desk, "03-02 10:00", "03-02 12:00")
    revoked = desk.act("exclusion.revoke", id=1, reason="erreur")["exclusion"]
    assert (revoked["state"], revoked["revoked_by"], revoked["revoke_reason"]) == ("revoked", "jeanne", "erreur")
    assert windows.read(desk.connection, desk.promises, 0, desk.now) == []
    add(desk, "03-02 10:00", "03-02 12:00")  # what is revoked is in nobody's way


def test_refusals_write_nothing(desk: Stage) -> None:
    add(desk, "03-02 10:00", "03-02 12:00")
    add(desk, "02-02 10:00", "02-02 12:00")
    add(desk, "03-03 10:00", "03-03 12:00", service=None)
    add(desk, "03-04 10:00", "03-04 12:00")
    desk.act("exclusion.revoke", id=4, reason="erreur")
    desk.close("2026-02")
    before = desk.dump()

    def window(start: str, end: str, **more: Any) -> dict[str, Any]:
        return {**STORM, "start": iso(start), "end": iso(end), **more}

    refused: list[tuple[str, dict[str, Any], str]] = [
        ("add", window("03-02 11:00", "03-02 13:00"), "exclusion 1 (force_majeure: tempête) holds then"),
        ("add", window("03-02 11:00", "03-02 13:00", service=None), "exclusion 1"),
        ("add", window("03-03 11:00", "03-03 11:30"), "exclusion 3"),
        ("add", window("03-05 11:00", "03-05 10:00"), "exchange them"),
        ("add", window("02-28 10:00", "03-01 01:00"), "start: 2026-02 is closed, its figures are final"),
        ("add", window("03-05 10:00", "03-05 11:00", kind="météo"), "'météo' is not one of maintenance"),
        ("add", window("03-05 10:00", "03-05 11:00", reason=" "), "reason: why the time is left out"),
        ("add", window("03-05 10:00", "03-05 11:00", service="web"), "exemple has no service 'web'"),
        ("add", window("03-05 10:00", "03-05 11:00", collectivite="x"), "no 'x' in the config"),
        ("add", window("03-05 10:00", "03-05 11:00", author=""), "author: "),
        ("add", {**STORM, "start": iso("03-05 10:00")}, "end: an instant like"),
        ("revoke", {"id": 4, "reason": "x"}, "exclusion 4 was revoked already, 2026-03-06 09:00:00 CET"),
        ("revoke", {"id": 2, "reason": "x"}, "id: 2026-02 is closed"),
        ("revoke", {"id": 12, "reason": "x"}, "no exclusion 12; did you mean '2'?"),
        ("revoke", {"id": 1}, "reason: why it is revoked"),
        ("revoke", {"reason": "x"}, "id: the number of an exclusion"),
    ]
    for act, arguments, expected in refused:
        with pytest.raises(VigieError) as refusal:
            desk.act(f"exclusion.{act}", **arguments)
        assert expected in str(refusal.value), (act, arguments)
        assert desk.dump() == before, (act, arguments)


def test_another_kind_or_what_touches_is_not_an_overlap(desk: Stage) -> None:
    add(desk, "03-02 10:00", "03-02 12:00")
    add(desk, "03-02 12:00", "03-02 13:00")
    add(desk, "03-02 10:00", "03-02 12:00", kind="collectivite")
    add(desk, "03-02 10:00", "03-02 12:00", service="messagerie")
    add(desk, "03-02 10:00", "03-02 12:00", collectivite="syndicat", service=None)
