"""A turn changes hands: both are told, once, and what was still to be told goes along. SPEC 7."""

from __future__ import annotations

from dataclasses import replace

from supervisor.domain.alerting import Subject
from supervisor.domain.escalation import Duty
from supervisor.store import contacts, topics
from tests.unit.acts.stage import SITE, Stage, at, iso
from tests.unit.alerts.test_escalating import OPENED, UNTAKEN
from tests.unit.alerts.watch import INC, by_mail, step, watch
from tests.unit.alerts.wires import looked

BEGUN, OVER = "turn astreinte begun", "turn astreinte over"


def facts(desk: Stage) -> dict[str, object]:
    """Of the latest change."""
    return dict(topics.latest(desk.connection, Subject.TURN)["astreinte"].facts)


def test_both_are_told_by_all_that_reaches_them_and_once() -> None:
    with watch() as desk:
        assert looked(desk, "03-09 08:59:59") == []
        assert looked(desk, "03-09 09:00") == [
            ("mail Alice", OVER), ("mail Bruno", BEGUN), ("sms Alice", OVER), ("sms Bruno", BEGUN),
        ]  # fmt: skip
        assert looked(desk, "03-09 12:00") == []


def test_a_daemon_that_was_down_tells_who_has_the_turn_by_then() -> None:
    with watch() as desk:
        assert by_mail(desk, "03-25 12:00") == [("Alice", OVER), ("Bruno", BEGUN)]  # two turns later


def test_what_lasts_is_said_with_its_deadline() -> None:
    with watch(gti_s=8 * 3600) as desk:
        desk.result("03-06 17:20", SITE, "critical")
        by_mail(desk, "03-06 17:20")
        desk.result("03-06 17:21", "syndicat/zimbra/imap", "critical")
        by_mail(desk, "03-09 09:00")
        said = facts(desk)
        assert (said["count"], said["until"]) == (2, at("03-16 09:00"))
        assert isinstance(said["incidents"], list)
        assert said["incidents"][0] == {
            "number": INC,
            "services": ["internet"],
            "place": "Exemple",
            "since": at("03-06 17:20"),
            "deadline": at("03-09 16:50"),
        }


def test_a_replacement_changes_hands_twice() -> None:
    with watch() as desk:
        desk.now = at("03-06 09:00")
        desk.act("oncall.replace", rota="astreinte", by="syndicat/Chef", **{"from": iso("03-07 08:00")},
                 until=iso("03-08 20:00"))  # fmt: skip
        assert by_mail(desk, "03-07 08:00") == [("Alice", OVER), ("Chef", BEGUN)]
        assert facts(desk)["until"] == at("03-08 20:00")
        assert by_mail(desk, "03-08 20:00") == [("Alice", BEGUN), ("Chef", OVER)]


def test_a_replacement_that_is_cancelled_gives_the_turn_back() -> None:
    with watch() as desk:
        desk.now = at("03-06 09:00")
        entered = desk.act("oncall.replace", rota="astreinte", by="syndicat/Chef", **{"from": iso("03-06 09:00")},
                           until=iso("03-08 20:00"))  # fmt: skip
        assert by_mail(desk, "03-06 09:00") == [("Alice", OVER), ("Chef", BEGUN)]
        desk.now = at("03-06 10:00")
        desk.act("oncall.cancel", id=entered["replacement"]["id"])
        assert by_mail(desk, "03-06 10:00") == [("Alice", BEGUN), ("Chef", OVER)]


def test_what_has_not_left_goes_to_who_comes() -> None:
    with watch(step(60, "astreinte"), step(70, "astreinte")) as desk:
        desk.result("03-09 08:58", SITE, "critical")
        assert by_mail(desk, "03-09 08:59") == [("Alice", UNTAKEN)]  # and the second waits for a minute
        assert by_mail(desk, "03-09 08:59:30") == []
        told = dict(by_mail(desk, "03-09 09:00"))
        assert told["Bruno"] == f"{UNTAKEN}; {UNTAKEN}; {BEGUN}"  # the first is in a message that has not arrived yet
        assert told["Alice"] == OVER
        assert desk.database.rows("select why from notice where state = 'dropped'") == [
            ("la personne d'astreinte n'est plus la même",)
        ]


def test_what_has_arrived_stays_with_who_had_the_turn() -> None:
    with watch(step(60, "astreinte")) as desk:
        desk.result("03-09 08:58", SITE, "critical")
        by_mail(desk, "03-09 08:59")
        desk.connection.execute("update message set state = 'sent', ended_at = 1 where state = 'waiting'")
        assert dict(by_mail(desk, "03-09 09:00"))["Bruno"] == BEGUN


def test_who_was_erased_is_followed_by_the_next_member() -> None:
    with watch() as desk:
        alice = contacts.named(desk.connection, "syndicat", "Alice")
        assert alice is not None
        contacts.erase(desk.connection, alice.id, desk.now, "jeanne")
        assert by_mail(desk, "03-06 09:00") == [("Bruno", BEGUN)]
        desk.result("03-06 09:01", SITE, "critical")
        assert ("Bruno", OPENED) in by_mail(desk, "03-06 09:02")


def test_a_rota_that_is_gone_ends() -> None:
    with watch() as desk:
        desk.promises = replace(desk.promises, duty=Duty())
        assert by_mail(desk, "03-06 09:00") == [("Alice", OVER)]
        assert looked(desk, "03-30 09:00") == []


def test_whoever_reads_what_lasts_is_told_of_its_end() -> None:
    with watch() as desk:
        desk.result("03-06 17:20", SITE, "critical")
        by_mail(desk, "03-08 12:00")
        looked(desk, "03-09 09:00")
        desk.result("03-09 11:00", SITE, "ok")
        over = f"recovered {INC} internet"
        told = looked(desk, "03-09 11:00")
        assert ("mail Bruno", over) in told
        assert ("sms Bruno", over) in told  # which names what is most urgent
        assert looked(desk, "03-09 15:00") == []


def test_of_several_the_sms_names_one_and_its_end_is_told_of_that_alone() -> None:
    with watch() as desk:
        desk.result("03-06 17:20", SITE, "critical")
        desk.result("03-06 17:21", "syndicat/zimbra/imap", "critical")
        by_mail(desk, "03-08 12:00")
        looked(desk, "03-09 09:00")
        first, second = (one["number"] for one in facts(desk)["incidents"])  # type: ignore[attr-defined]
        desk.result("03-09 11:00", SITE, "ok")
        desk.result("03-09 11:00", "syndicat/zimbra/imap", "ok")
        told = dict(looked(desk, "03-09 12:00"))
        assert f"recovered {first} " in told["sms Bruno"]
        assert f"recovered {second} " not in told["sms Bruno"]
        assert f"recovered {second} " in told["mail Bruno"]


def test_what_opened_again_since_it_was_read_is_another_thing() -> None:
    with watch() as desk:
        desk.result("03-09 08:50", SITE, "critical")
        looked(desk, "03-09 09:00")
        desk.result("03-09 09:10", SITE, "ok")
        assert ("mail Bruno", f"recovered {INC} internet") in looked(desk, "03-09 09:10")
        desk.act("oncall.replace", rota="astreinte", by="syndicat/Chef", **{"from": iso("03-09 09:15")},
                 until=iso("03-10 20:00"))  # fmt: skip
        looked(desk, "03-09 09:15")
        desk.result("03-09 09:20", SITE, "critical")
        desk.act("incident.intervene", number=INC)
        looked(desk, "03-09 09:25")
        desk.result("03-09 09:40", SITE, "ok")
        assert "mail Bruno" not in dict(looked(desk, "03-09 10:40"))


def test_an_end_waits_until_the_message_that_names_it_has_left() -> None:
    with watch() as desk:
        desk.result("03-06 17:20", SITE, "critical")
        by_mail(desk, "03-08 12:00")
        looked(desk, "03-09 09:00")
        desk.connection.execute("update message set failure = 'occupé' where body like '%begun%'")
        desk.result("03-09 11:00", SITE, "ok")
        told = dict(looked(desk, "03-09 11:00"))
        assert "mail Bruno" not in told
        desk.connection.execute("update message set state = 'sent', ended_at = 1 where body like '%begun%'")
        assert "mail Bruno" in dict(looked(desk, "03-09 11:05"))
