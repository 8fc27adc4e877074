"""Maintenance: planned, recurring, late, prolonged, cancelled. SPEC 5 and 6."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.errors import VigieError
from supervisor.store import windows
from tests.unit.acts.stage import IMAP, SITE, Stage, at, iso

NIGHT = {"collectivite": "exemple", "nature": "mise à jour"}
LATE = "announced late: it mutes alerts and changes nothing else"


def plan(desk: Stage, start: str, end: str, **more: Any) -> dict[str, Any]:
    """Plan a maintenance of the commune."""
    return desk.act("maintenance.plan", **{**NIGHT, "start": iso(start), "end": iso(end), **more})


def incidents_of(desk: Stage, name: str = SITE) -> list[tuple[int, bool]]:
    """When each incident of a sonde opened, and whether it is void."""
    return desk.database.rows(
        "select opened_at, void_at is not null from incident where sonde = ? order by opened_at", [name]
    )


def held(desk: Stage) -> list[tuple[int, int] | None]:
    """When each maintenance holds."""
    return [entry.effective for entry in windows.maintenances(desk.connection)]


def test_planned_before_it_starts(desk: Stage) -> None:
    answer = plan(desk, "03-06 10:00", "03-06 12:00", services=["internet", "internet"])
    (entry,) = answer["maintenance"]
    assert (entry["id"], entry["state"], entry["services"], entry["late"]) == (1, "planned", ["internet"], False)
    assert (entry["concerned"], entry["series"], answer["remarks"]) == (["exemple/internet"], None, [])
    assert held(desk) == [(at("03-06 10:00"), at("03-06 12:00"))]


def test_on_a_platform_it_holds_for_all_who_use_it(desk: Stage) -> None:
    (entry,) = plan(desk, "03-06 10:00", "03-06 12:00", collectivite="syndicat")["maintenance"]
    assert entry["services"] is None
    assert entry["concerned"] == ["autre/messagerie", "exemple/messagerie", "syndicat/zimbra"]


@pytest.mark.parametrize("start", ["03-06 08:59", "03-06 09:00"])
def test_announced_at_its_start_or_later_it_is_late(desk: Stage, start: str) -> None:
    desk.result("03-06 09:00", SITE, "critical")
    before = incidents_of(desk)
    answer = plan(desk, start, "03-06 12:00")
    assert answer["remarks"] == [f"maintenance 1, 2026-{start}:00 CET: {LATE}"]
    assert answer["maintenance"][0]["late"] is True
    assert held(desk) == [None]
    assert incidents_of(desk) == before == [(at("03-06 09:00"), False)]


def test_trouble_in_it_opens_at_its_end_and_prolonged_later(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00")
    desk.result("03-06 10:30", SITE, "critical")
    desk.now = at("03-06 11:30")
    (added,) = desk.act("maintenance.prolong", id=1, until=iso("03-06 13:00"))["maintenance"]
    assert (added["id"], added["prolongs"], added["start"], added["end"]) == (
        2,
        1,
        iso("03-06 12:00"),
        iso("03-06 13:00"),
    )
    desk.result("03-06 12:30", SITE, "critical")
    assert incidents_of(desk) == []
    desk.now = at("03-06 13:30")
    desk.act("maintenance.plan", **NIGHT, start=iso("03-06 13:00"), end=iso("03-06 14:00"))  # late: tells again
    assert incidents_of(desk) == [(at("03-06 13:00"), False)]


def test_prolonged_after_its_end_is_late(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00")
    desk.now = at("03-06 12:00")
    answer = desk.act("maintenance.prolong", id=1, until=iso("03-06 13:00"))
    assert answer["remarks"] == [f"maintenance 2, 2026-03-06 12:00:00 CET: {LATE}"]


def test_cancelled_before_it_starts_it_never_holds(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00")
    desk.now = at("03-06 10:00")
    answer = desk.act("maintenance.cancel", id=1, reason="reportée")
    (entry,) = answer["maintenance"]
    assert (entry["state"], entry["cancelled_by"], entry["cancel_reason"]) == ("cancelled", "jeanne", "reportée")
    assert answer["remarks"] == []
    assert held(desk) == [None]


def test_cancelled_while_it_goes_on_it_holds_up_to_now(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00")
    desk.result("03-06 10:30", SITE, "critical")
    assert incidents_of(desk) == []
    desk.now = at("03-06 11:00")
    answer = desk.act("maintenance.cancel", id=1, reason="fini plus tôt")
    assert answer["remarks"] == ["maintenance 1 held from 2026-03-06 10:00:00 CET to 2026-03-06 11:00:00 CET"]
    assert incidents_of(desk) == [(at("03-06 11:00"), False)]


def test_cancelled_on_a_platform_opens_for_those_who_use_it(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00", collectivite="syndicat", services=["zimbra"])
    desk.result("03-06 10:30", IMAP, "critical")
    assert incidents_of(desk, IMAP) == []
    desk.now = at("03-06 11:00")
    desk.act("maintenance.cancel", id=1, reason="fini")
    assert incidents_of(desk, IMAP) == [(at("03-06 11:00"), False)]


def test_a_prolongation_stays_when_what_it_prolongs_is_cancelled(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00")
    desk.act("maintenance.prolong", id=1, until=iso("03-06 13:00"))
    (said,) = desk.act("maintenance.cancel", id=1, reason="x")["remarks"]
    assert said.startswith("maintenance 2, which prolongs 1, stays")


# --- series


def test_a_series_keeps_its_local_time_when_clocks_change(desk: Stage) -> None:
    """Saturdays 22:00 to Sundays 04:00; on 29 March clocks go from 02:00 to 03:00: five hours, not six."""
    answer = plan(desk, "03-21 22:00", "03-22 04:00", every="week", until="2026-04-11")
    spans = [(entry["start"], entry["end"]) for entry in answer["maintenance"]]
    days = [("03-21", "03-22"), ("03-28", "03-29"), ("04-04", "04-05"), ("04-11", "04-12")]
    assert spans == [(iso(f"{day} 22:00"), iso(f"{after} 04:00")) for day, after in days]
    assert [entry["series"] for entry in answer["maintenance"]] == [1, 1, 1, 1]
    hours = [(end - start) // 3600 for start, end in (span for span in held(desk) if span is not None)]
    assert hours == [6, 5, 6, 6]


def test_a_series_of_months(desk: Stage) -> None:
    answer = plan(desk, "03-10 20:00", "03-10 21:00", every="month", until="2026-06-09")
    assert [entry["start"] for entry in answer["maintenance"]] == [
        iso("03-10 20:00"), iso("04-10 20:00"), iso("05-10 20:00"),
    ]  # fmt: skip


def test_a_series_of_one_is_none(desk: Stage) -> None:
    (entry,) = plan(desk, "03-10 20:00", "03-10 21:00", every="week", until="2026-03-16")["maintenance"]
    assert entry["series"] is None


def test_a_series_begun_already_says_which_are_late(desk: Stage) -> None:
    answer = plan(desk, "03-05 08:00", "03-05 08:30", every="day", until="2026-03-07")
    assert answer["remarks"] == [
        f"maintenance 1, 2026-03-05 08:00:00 CET: {LATE}",
        f"maintenance 2, 2026-03-06 08:00:00 CET: {LATE}",
    ]


def test_the_rest_of_a_series_is_cancelled_at_once(desk: Stage) -> None:
    plan(desk, "03-07 08:00", "03-07 08:30", every="day", until="2026-03-10")
    desk.act("maintenance.cancel", id=4, reason="férié")
    desk.now = at("03-08 08:10")
    answer = desk.act("maintenance.cancel", id=1, reason="matériel remplacé", series=True)
    assert [entry["id"] for entry in answer["maintenance"]] == [2, 3]
    assert answer["remarks"] == ["maintenance 2 held from 2026-03-08 08:00:00 CET to 2026-03-08 08:10:00 CET"]
    with pytest.raises(VigieError, match="nothing is left to cancel"):
        desk.act("maintenance.cancel", id=1, reason="x", series=True)


# --- refusals


def test_what_touches_or_is_elsewhere_is_not_an_overlap(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00", services=["internet"])
    plan(desk, "03-06 12:00", "03-06 13:00", services=["internet"])  # touches
    plan(desk, "03-06 10:00", "03-06 12:00", services=["messagerie"])
    plan(desk, "03-06 10:00", "03-06 12:00", collectivite="syndicat")  # the platform's is not the commune's
    desk.act("maintenance.cancel", id=1, reason="x")
    plan(desk, "03-06 10:30", "03-06 11:00", services=["internet"])
    plan(desk, "03-06 08:00", "03-06 11:00", collectivite="autre")  # late: holds for nothing
    plan(desk, "03-06 10:00", "03-06 11:00", collectivite="autre")


def test_refusals_write_nothing(desk: Stage) -> None:
    plan(desk, "03-06 10:00", "03-06 12:00", services=["internet"])
    plan(desk, "03-07 10:00", "03-07 12:00", services=["internet"])
    plan(desk, "03-06 08:00", "03-06 08:30")
    plan(desk, "03-06 13:00", "03-06 14:00", services=["internet"])
    desk.act("maintenance.cancel", id=2, reason="x")
    desk.act("maintenance.prolong", id=4, until=iso("03-06 15:00"))
    desk.close("2026-02")
    before = desk.dump()

    def window(start: str, end: str, **more: Any) -> dict[str, Any]:
        return {**NIGHT, "start": iso(start), "end": iso(end), **more}

    refused: list[tuple[str, dict[str, Any], str]] = [
        ("plan", window("03-06 11:00", "03-06 13:00"), "maintenance 1 of exemple (mise à jour) holds then"),
        ("plan", window("03-06 11:00", "03-06 11:30", services=["messagerie", "internet"]), "prolong or cancel it"),
        ("plan", window("03-06 11:00", "03-06 11:00"), "end: 2026-03-06 11:00:00 CET is not after the start"),
        ("plan", window("03-06 11:00", "03-06 10:00"), "exchange them"),
        ("plan", window("02-28 11:00", "03-01 10:00"), "start: 2026-02 is closed"),
        ("plan", window("03-10 11:00", "03-10 12:00", services=[]), "services: a list of ids is expected"),
        ("plan", window("03-10 11:00", "03-10 12:00", services=["mail"]), "exemple has no service 'mail'; choose"),
        ("plan", window("03-10 11:00", "03-10 12:00", services=[["a"]]), "exemple has no service"),
        ("plan", window("03-10 11:00", "03-10 12:00", collectivite="x"), "no 'x' in the config; choose among"),
        ("plan", window("03-10 11:00", "03-10 12:00", nature=""), "nature: what is done is expected"),
        ("plan", window("03-10 11:00", "03-10 12:00", every="day"), "until: a series has both"),
        ("plan", window("03-10 11:00", "03-10 12:00", until="2026-04-01"), "until: a series has both"),
        ("plan", window("03-10 11:00", "03-10 12:00", every="year", until="2026-04-01"), "not one of day, week, month"),
        ("plan", window("03-10 11:00", "03-10 12:00", every="day", until="demain"), "'demain' is not a day"),
        ("plan", window("03-10 11:00", "03-10 12:00", every="day", until="2026-03-09"), "is before the first"),
        ("plan", window("03-10 11:00", "03-10 12:00", every="day", until="2027-03-12"), "more than 366"),
        ("plan", window("03-10 11:00", "03-11 12:00", every="day", until="2026-03-12"), "would begin before the one"),
        (
            "plan",
            window("03-31 11:00", "03-31 12:00", every="month", until="2026-07-01"),
            "no 2026-04-31, 2026-06-31:",
        ),
        ("plan", window("03-05 10:00", "03-05 11:00", every="day", until="2026-03-08"), "maintenance 1 of exemple"),
        ("plan", {**NIGHT, "start": "demain", "end": iso("03-10 12:00")}, "start: 'demain' is not an instant"),
        ("plan", {**NIGHT, "end": iso("03-10 12:00")}, "start: an instant like"),
        ("prolong", {"id": 9, "until": iso("03-10 12:00")}, "id: no maintenance 9; choose among 1, 2, 3"),
        ("prolong", {"id": 1, "until": iso("03-06 12:00")}, "is not after its end, 2026-03-06 12:00:00 CET"),
        ("prolong", {"id": 1, "until": iso("03-06 13:30")}, "maintenance 4 of exemple"),
        ("prolong", {"id": 2, "until": iso("03-07 13:00")}, "maintenance 2 was cancelled"),
        ("prolong", {"id": 4, "until": iso("03-06 16:00")}, "was prolonged already, by 5; prolong that one"),
        ("prolong", {"id": True, "until": iso("03-06 16:00")}, "the number of a maintenance is expected"),
        ("cancel", {"id": 1}, "reason: why it is cancelled is expected"),
        ("cancel", {"id": 2, "reason": "x"}, "maintenance 2 was cancelled already, 2026-03-06 09:00:00 CET"),
        ("cancel", {"id": 3, "reason": "x"}, "maintenance 3 ended, 2026-03-06 08:30:00 CET"),
        ("cancel", {"id": 1, "reason": "x", "series": True}, "is not one of a series"),
        ("cancel", {"id": 1, "reason": "x", "series": "yes"}, "series: true or false"),
        ("cancel", {"id": 1, "reason": "x", "at": iso("03-06 08:00")}, "at: not expected here"),
    ]
    for act, arguments, expected in refused:
        with pytest.raises(VigieError) as refusal:
            desk.act(f"maintenance.{act}", **arguments)
        assert expected in str(refusal.value), (act, arguments)
        assert desk.dump() == before, (act, arguments)
