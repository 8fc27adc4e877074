"""What people do to incidents: SPEC 6, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.errors import VigieError
from supervisor.proof import desk as sheets
from supervisor.store import enquiries, incidents
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, at, iso, stage


def story(desk: Stage, number: str) -> dict[str, Any]:
    """The whole story of an incident."""
    found = incidents.numbered(desk.connection, number)
    assert found is not None
    one = sheets.sheet(desk.connection, desk.promises, desk.now, found)
    return sheets.story_json(desk.connection, one, desk.promises, desk.now)


def kinds(desk: Stage, number: str) -> list[str]:
    """Its journal, in order."""
    return [entry["kind"] for entry in story(desk, number)["journal"]]


def reported(desk: Stage, wall: str, **more: Any) -> str:
    """Somebody reports an incident."""
    arguments = {"collectivite": "exemple", "service": "internet", "message": "plus d'accès", "at": iso(wall), **more}
    number: str = desk.act("incident.report", **arguments)["incident"]
    return number


def failing(desk: Stage) -> str:
    """The site fails on Friday 6 March at 10:00; it is 11:00."""
    desk.result("03-06 09:30", SITE, "ok")
    desk.result("03-06 10:00", SITE, "critical", "connexion refusée")
    desk.now = at("03-06 11:00")
    return desk.number()


def test_the_worked_example_of_the_spec(desk: Stage) -> None:
    """Friday 16:00 to 17:00 is 1 h; suspended 17:00-17:30 and Monday 9:00-10:00, 1 h 30; Monday 10:00-11:00 is 1 h.

    Elapsed 2 h. Of the 8 h, 1 h was used on Friday: 7 more from Monday 10:00 end at 17:00.
    """
    desk.now = at("03-09 12:00")
    number = reported(desk, "03-06 16:00")
    desk.act("incident.suspend", number=number, reason="pas d'accès au site", at=iso("03-06 17:00"))
    (open_line,) = desk.act("incident.ack", number=number, at=iso("03-06 17:30"))["lines"]
    assert (open_line["state"], open_line["deadline"]) == ("suspended", None)
    desk.act("incident.resume", number=number, at=iso("03-09 10:00"))
    answer = desk.act("incident.intervene", number=number, at=iso("03-09 11:00"))
    (line,) = answer["lines"]
    assert (line["elapsed_s"], line["suspended_s"], line["met"]) == (7200, 5400, True)
    assert (line["deadline"], line["stopped"]) == (iso("03-09 17:00"), iso("03-09 11:00"))
    assert answer["remarks"] == []


def test_an_intervention_ends_a_suspension(desk: Stage) -> None:
    number = failing(desk)
    desk.act("incident.suspend", number=number, reason="clé chez le maire", at=iso("03-06 10:30"))
    (line,) = desk.act("incident.intervene", number=number)["lines"]
    assert line["suspensions"] == [{"start": iso("03-06 10:30"), "end": iso("03-06 11:00")}]
    assert (line["elapsed_s"], line["suspended_s"], line["state"]) == (1800, 1800, "stopped")


def test_seen_does_not_stop_the_clock(desk: Stage) -> None:
    number = failing(desk)
    answer = desk.act("incident.ack", number=number, at=iso("03-06 10:30"))
    assert answer["remarks"] == ["the GTI goes on: only an intervention stops it"]
    assert (answer["lines"][0]["state"], answer["lines"][0]["elapsed_s"]) == ("running", 3600)
    (seen, _) = desk.act("incident.ack", number=number)["remarks"]
    assert seen.startswith("seen already, 2026-03-06 10:30:00 CET: noted")
    assert kinds(desk, number) == ["opened", "acknowledge", "acknowledge"]


def test_what_changes_nothing_is_noted_and_said(desk: Stage) -> None:
    number = failing(desk)

    def remark(act: str, **more: str) -> str:
        (said,) = desk.act(f"incident.{act}", number=number, **more)["remarks"]
        assert said.endswith("noted in the journal, it changes nothing")
        return str(said)

    assert remark("resume").startswith("no suspension was open")
    desk.act("incident.suspend", number=number, reason="un")
    desk.now += 60
    assert remark("suspend", reason="deux").startswith("suspended already, since 2026-03-06 11:00:00 CET")
    desk.now += 60
    assert desk.act("incident.resume", number=number)["remarks"] == []
    desk.act("incident.intervene", number=number)
    desk.now += 60
    for act, more in (("intervene", {}), ("suspend", {"reason": "x"}), ("resume", {})):
        assert remark(act, **more).startswith("the clock was stopped, 2026-03-06 11:02:00 CET")
    assert kinds(desk, number) == [
        "opened", "resume", "suspend", "suspend", "resume", "intervention", "intervention", "suspend", "resume",
    ]  # fmt: skip


def test_a_step_after_the_recovery_is_journal_only(desk: Stage) -> None:
    number = failing(desk)
    desk.result("03-06 11:30", SITE, "ok")
    (said,) = desk.act("incident.intervene", number=number)["remarks"]
    assert said.startswith("the clock was stopped, 2026-03-06 11:30:00 CET")
    (line,) = story(desk, number)["openings"][0]["lines"]
    assert (line["elapsed_s"], line["stopped"], line["met"]) == (5400, iso("03-06 11:30"), True)


def test_a_sonde_that_no_service_counts_has_no_clock(desk: Stage) -> None:
    desk.result("03-06 10:00", "exemple/web/nu", "critical")
    answer = desk.act("incident.intervene", number=desk.number("exemple/web/nu"))
    assert answer["lines"] == []
    assert answer["remarks"][0].startswith("no service counts it, there is no clock")


def test_the_cause_decides_whether_the_gti_applies(desk: Stage) -> None:
    number = failing(desk)
    desk.act("incident.intervene", number=number)
    answer = desk.act("incident.cause", number=number, cause="collectivite")
    assert answer["remarks"] == ["GTI not applicable"]
    assert (answer["lines"][0]["applicable"], answer["lines"][0]["met"]) == (False, None)
    assert answer["lines"][0]["elapsed_s"] == 3600  # still shown
    answer = desk.act("incident.cause", number=number, cause="operator")
    assert answer["remarks"] == ["the cause was collectivite until now", "the GTI applies"]
    assert answer["lines"][0]["met"] is True


def test_only_people_restore_what_people_report(desk: Stage) -> None:
    desk.now = at("03-06 12:00")
    number = reported(desk, "03-06 10:00")
    answer = desk.act("incident.restore", number=number, at=iso("03-06 11:00"))
    assert (answer["state"], answer["lines"][0]["elapsed_s"]) == ("restored", 3600)
    (said,) = desk.act("incident.restore", number=number)["remarks"]
    assert said.startswith("restored already, 2026-03-06 11:00:00 CET")
    answer = desk.act("incident.close", number=number)
    assert (answer["state"], answer["remarks"]) == ("closed", [])
    assert answer["lines"][0]["stopped"] == iso("03-06 11:00")


def test_closing_a_report_ends_it_too(desk: Stage) -> None:
    number = reported(desk, "03-06 09:00")
    desk.now = at("03-06 12:00")
    answer = desk.act("incident.close", number=number)
    assert answer["remarks"] == ["closed without having been restored: this ends it too"]
    assert answer["lines"][0]["stopped"] == iso("03-06 12:00")


def test_a_detected_incident_is_closed_once_its_sonde_is_well(desk: Stage) -> None:
    number = failing(desk)
    desk.result("03-06 11:30", SITE, "ok")
    (said,) = desk.act("incident.restore", number=number)["remarks"]
    assert said.startswith("what Vigie detected is restored by its sonde")
    assert desk.act("incident.close", number=number)["state"] == "closed"
    desk.act("incident.comment", number=number, comment="câble changé")
    assert desk.act("incident.cause", number=number, cause="third_party")["remarks"] == ["the GTI applies"]
    desk.result("03-06 11:40", SITE, "critical")  # within the half hour, but closed
    assert desk.number() != number


def test_closing_without_news_of_the_sonde_lets_the_clock_run_on(desk: Stage) -> None:
    number = failing(desk)
    desk.now = at("03-09 10:00")  # its last result held for a day
    answer = desk.act("incident.close", number=number)
    assert answer["remarks"][0].startswith(f"{SITE} has not been seen well since")
    assert answer["lines"][0]["state"] == "breached"
    desk.now += 60
    answer = desk.act("incident.intervene", number=number)  # the only way to stop it
    assert answer["lines"][0]["state"] == "stopped"


def test_a_step_after_the_fact_corrects_the_journal_of_the_clock(desk: Stage) -> None:
    """Half of 8 h was used up at 14:00; an intervention at 13:00 that is entered later says it was not."""
    number = failing(desk)
    desk.now = at("03-06 15:00")
    desk.act("incident.ack", number=number)
    desk.result("03-06 15:00", SITE, "critical")
    desk.act("incident.comment", number=number, comment="toujours là")
    assert "gti-50" in kinds(desk, number)
    desk.act("incident.intervene", number=number, at=iso("03-06 13:00"))
    entries = story(desk, number)["journal"]
    (withdrawn,) = [entry for entry in entries if entry["kind"] == "withdrawn"]
    assert withdrawn["text"] == "gti-50 of 2026-03-06 14:00:00 CET"
    assert withdrawn["service"] == "exemple/internet"


def test_an_incident_opened_before_another_takes_its_own_steps(desk: Stage) -> None:
    first = failing(desk)
    desk.result("03-06 11:00", SITE, "ok")
    desk.result("03-06 14:00", SITE, "critical")
    second = desk.number()
    assert second != first
    desk.result("03-06 15:00", SITE, "ok")
    desk.act("incident.close", number=first)
    assert [story(desk, number)["state"] for number in (first, second)] == ["closed", "restored"]
    assert [kinds(desk, number) for number in (first, second)] == [
        ["opened", "recovered", "close"],
        ["opened", "recovered"],
    ]


def test_a_report_on_a_shared_platform_holds_for_all_who_use_it(desk: Stage) -> None:
    answer = desk.act("incident.report", collectivite="syndicat", service="zimbra", message="lent")
    assert answer["services"] == ["autre/messagerie", "exemple/messagerie", "syndicat/zimbra"]
    assert answer["incident"] == "INC-2026-000001"
    answer = desk.act("incident.report", collectivite="vide", message="rien")
    assert (answer["incident"], answer["remarks"]) == (
        "INC-2026-000002",
        ["no service is concerned: there is no clock"],
    )


def test_a_report_entered_late_has_used_up_its_time(desk: Stage) -> None:
    desk.now = at("03-06 17:00")
    number = reported(desk, "03-06 12:00")
    assert kinds(desk, number) == ["opened", "gti-50"]


def test_numbers_are_of_the_year_and_follow_one_another(desk: Stage) -> None:
    desk.now = at("03-06 12:00")
    first = [reported(desk, "03-06 10:00") for _ in range(3)]
    assert first == [f"INC-2026-00000{n}" for n in (1, 2, 3)]
    last_year = desk.act("incident.report", collectivite="exemple", message="x", at="2025-12-31T23:59:59+01:00")
    assert last_year["incident"] == "INC-2025-000001"


def test_merging_keeps_both_clocks(desk: Stage) -> None:
    detected = failing(desk)
    number = reported(desk, "03-06 10:30")
    answer = desk.act("incident.merge", number=number, into=detected)
    assert answer["remarks"] == [f"merged into {detected}; its own clock stays as it is"]
    desk.act("incident.intervene", number=detected)
    mine, other = story(desk, number), story(desk, detected)
    assert (mine["merged_into"], other["merged"]) == (detected, [number])
    assert mine["openings"][0]["lines"][0]["state"] == "running"
    merges = [entry["text"] for one in (mine, other) for entry in one["journal"] if entry["kind"] == "merge"]
    assert merges == [detected, number]


def test_the_story_lists_what_was_unreachable_behind_it(desk: Stage) -> None:
    for name in (LINK, SITE):
        desk.result("03-06 09:30", name, "ok")
    desk.result("03-06 10:00", LINK, "critical")
    desk.result("03-06 10:01", SITE, "critical")
    desk.result("03-06 10:30", LINK, "ok")
    desk.result("03-06 10:31", SITE, "ok")
    desk.result("03-06 10:50", SITE, "critical")  # its own trouble
    told = story(desk, desk.number(LINK))
    assert told["dependants"] == [{"sonde": SITE, "start": iso("03-06 10:01"), "end": iso("03-06 10:30")}]
    assert story(desk, desk.number())["dependants"] == []


def test_the_list_puts_the_most_urgent_first(desk: Stage) -> None:
    desk.now = at("03-06 16:00")
    late = reported(desk, "03-05 09:00")
    soon = reported(desk, "03-06 09:30")
    suspended = reported(desk, "03-06 12:00")
    desk.act("incident.suspend", number=suspended, reason="accès")
    stopped = reported(desk, "03-06 09:15")
    desk.act("incident.intervene", number=stopped)
    over = reported(desk, "03-06 09:00")
    desk.act("incident.restore", number=over)
    done = reported(desk, "03-06 09:00")
    desk.act("incident.close", number=done)
    found = sheets.sheets(desk.connection, desk.promises, desk.now, incidents.read(desk.connection))
    rows = [sheets.row_json(desk.connection, one, desk.promises) for one in sheets.order(found)]
    assert [(row["incident"], row["state"], row["gti"]) for row in rows] == [
        (late, "open", "breached"),
        (soon, "open", "running"),
        (suspended, "open", "suspended"),
        (stopped, "open", "stopped"),
        (over, "restored", "stopped"),
        (done, "closed", "stopped"),
    ]
    assert [row["gti_left_s"] for row in rows[:3]] == [-7 * 3600 - 1800, 5400, 4 * 3600]


def test_the_smallest_of_several_clocks_is_shown(desk: Stage) -> None:
    desk.result("03-06 10:00", IMAP, "critical")
    desk.now = at("03-06 11:00")
    found = sheets.sheets(desk.connection, desk.promises, desk.now, incidents.read(desk.connection))
    (one,) = found
    assert one.services == ["syndicat/zimbra", "exemple/messagerie", "autre/messagerie"]
    assert all(one.concerns(owner) for owner in ("exemple", "autre", "syndicat"))
    assert not one.concerns("vide")
    assert one.urgent is not None
    assert one.urgent.left_s == 7 * 3600


def test_without_a_target_a_clock_is_shown_all_the_same() -> None:
    with stage(gti_s=None) as desk:
        number = failing(desk)
        (line,) = desk.act("incident.ack", number=number)["lines"]
        assert (line["state"], line["elapsed_s"], line["left_s"], line["deadline"]) == ("no target", 3600, None, None)
        (line,) = desk.act("incident.cause", number=number, cause="collectivite")["lines"]
        assert line["state"] == "not applicable"


# --- refusals


def test_refusals_write_nothing(desk: Stage) -> None:
    detected = failing(desk)
    mine, merged = reported(desk, "03-06 10:30"), reported(desk, "03-06 10:30")
    closed = reported(desk, "03-06 10:30")
    desk.act("incident.merge", number=merged, into=detected)
    desk.act("incident.close", number=closed)
    desk.close("2026-02")
    desk.now += 60
    before = desk.dump()
    report = {"collectivite": "exemple", "message": "x"}
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("incident.ack", {"number": "INC-2026-000099"}, "no incident 'INC-2026-000099'; did you mean 'INC-2026-00000"),
        ("incident.ack", {"number": "site"}, "no incident 'site'; choose among INC-2026-000001"),
        ("incident.ack", {}, "number: "),
        ("incident.ack", {"number": mine, "author": "  "}, "author: the name of whoever does it is expected"),
        ("incident.ack", {"number": mine, "at": iso("03-06 11:02")}, "at: 2026-03-06 11:02:00 CET is in the future"),
        ("incident.ack", {"number": mine, "at": iso("03-06 10:29")}, "is before INC-2026-000002 was opened"),
        ("incident.ack", {"number": mine, "at": iso("02-06 10:29")}, "at: 2026-02 is closed"),
        ("incident.ack", {"number": mine, "at": "2026-03-06T10:45:00"}, "has no offset"),
        ("incident.ack", {"number": mine, "at": "9999-12-31T23:59:59-23:00"}, "a year from 1970 to 2100"),
        ("incident.ack", {"number": mine, "why": "x"}, "why: not expected here"),
        ("incident.ack", {"number": mine, "comment": "x" * 10_001}, "comment: 10001 characters"),
        ("incident.suspend", {"number": mine}, "reason: a reason is expected"),
        ("incident.suspend", {"number": mine, "reason": " "}, "reason: a reason is expected"),
        ("incident.comment", {"number": mine}, "comment: a comment is expected"),
        ("incident.cause", {"number": mine, "cause": "météo"}, "is not one of collectivite, third_party"),
        ("incident.restore", {"number": detected}, f"{SITE} is critical"),
        ("incident.close", {"number": detected}, f"{SITE} is critical"),
        ("incident.close", {"number": closed}, "was closed already, 2026-03-06 11:00:00 CET"),
        ("incident.intervene", {"number": closed}, "was closed, 2026-03-06 11:00:00 CET; only a comment"),
        ("incident.restore", {"number": closed}, "was closed, "),
        ("incident.merge", {"number": detected, "into": mine}, "was detected; only what people reported"),
        ("incident.merge", {"number": mine, "into": mine}, "cannot be merged into itself"),
        ("incident.merge", {"number": merged, "into": mine}, f"was merged into {detected} already"),
        ("incident.merge", {"number": mine, "into": merged}, f"into: {merged} was merged into {detected} already"),
        ("incident.merge", {"number": mine, "into": "INC"}, "no incident 'INC'"),
        ("incident.merge", {"number": mine}, "into: "),
        ("incident.report", {**report, "collectivite": "exempl"}, "no 'exempl' in the config; did you mean 'exemple'?"),
        ("incident.report", {**report, "service": "intrenet"}, "has no service 'intrenet'; did you mean 'internet'?"),
        ("incident.report", {**report, "message": ""}, "message: what was reported is expected"),
        ("incident.report", {**report, "at": iso("02-27 10:00")}, "at: 2026-02 is closed"),
        ("incident.report", {**report, "at": iso("03-07 10:00")}, "is in the future"),
        ("incident.acknowledge", {"number": mine}, "act: no 'incident.acknowledge'; did you mean"),
    ]
    for act, arguments, expected in refused:
        with pytest.raises(VigieError) as refusal:
            desk.act(act, **arguments)
        assert expected in str(refusal.value), (act, arguments)
        assert desk.dump() == before, (act, arguments)


def test_an_act_without_a_name_is_refused(desk: Stage) -> None:
    with pytest.raises(VigieError, match="act: no None"):
        desk.act(None)  # type: ignore[arg-type]


def test_a_step_before_the_latest_reopening_is_refused(desk: Stage) -> None:
    number = failing(desk)
    desk.result("03-06 11:00", SITE, "ok")
    desk.result("03-06 11:10", SITE, "critical")
    assert desk.number() == number
    with pytest.raises(VigieError, match="was reopened, 2026-03-06 11:10:00 CET"):
        desk.act("incident.intervene", number=number, at=iso("03-06 10:30"))
    (line,) = desk.act("incident.intervene", number=number)["lines"]
    assert (line["start"], line["elapsed_s"]) == (iso("03-06 11:10"), 0)


def test_what_was_critical_then_could_not_be_closed_then(desk: Stage) -> None:
    number = failing(desk)
    desk.result("03-06 11:30", SITE, "ok")
    with pytest.raises(VigieError, match="is critical"):
        desk.act("incident.close", number=number, at=iso("03-06 11:00"))
    assert desk.act("incident.close", number=number, at=iso("03-06 11:30"))["state"] == "closed"


def test_a_void_incident_takes_nothing(desk: Stage) -> None:
    """The link turns out to have been down a minute before: the site was unreachable, its incident never was."""
    desk.result("03-06 09:30", LINK, "ok")
    number = failing(desk)
    other = reported(desk, "03-06 10:30")
    desk.result("03-06 09:59", LINK, "critical")
    assert story(desk, number)["state"] == "void"
    before = desk.dump()
    for act, more in (("ack", {}), ("comment", {"comment": "x"}), ("close", {})):
        with pytest.raises(VigieError, match="is void"):
            desk.act(f"incident.{act}", number=number, **more)
    with pytest.raises(VigieError, match="is void"):
        desk.act("incident.merge", number=other, into=number)
    assert desk.dump() == before
    assert story(desk, number)["openings"] == []
    assert kinds(desk, number) == ["opened", "withdrawn"]


def test_a_period_lists_what_was_open_in_it(desk: Stage) -> None:
    """Up to its restoration, or, where the trouble was never seen to end, its closing, or until it was known void."""
    desk.now = at("03-09 12:00")
    lasting = reported(desk, "03-06 10:00")
    restored = reported(desk, "03-06 10:00")
    desk.act("incident.restore", number=restored, at=iso("03-06 11:00"))

    def listed(start: str, end: str) -> list[str]:
        return [one.number for one in enquiries.touching(desk.connection, at(start), at(end))]

    assert listed("03-06 09:00", "03-06 10:00") == []
    assert listed("03-06 10:00", "03-06 10:01") == [lasting, restored]
    assert listed("03-06 10:59", "03-06 11:00") == [lasting, restored]
    assert listed("03-06 11:00", "03-06 12:00") == [lasting]
    desk.connection.execute("update incident set void_at = ? where number = ?", (at("03-06 11:30"), lasting))
    assert listed("03-06 11:29", "03-06 12:00") == [lasting]
    assert listed("03-06 11:30", "03-06 12:00") == []
