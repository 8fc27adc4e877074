"""Who is called while nobody comes, and what stops it. SPEC 7."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from probes.base import Status
from supervisor.alerts.escalating import notice
from supervisor.domain.alerting import Channel, Subject, Topic
from supervisor.domain.announcing import Line, To
from supervisor.domain.contact import Contact, Seed
from supervisor.domain.escalation import Duty
from supervisor.store import outbox, topics
from supervisor.store.batch import Batch
from supervisor.store.notices import Notice
from supervisor.store.steps import Row
from tests.unit.acts.stage import CALENDAR, SITE, Stage, at, iso
from tests.unit.alerts.test_against_naive import arrange
from tests.unit.alerts.watch import ALICE, BRUNO, CHIEF, INC, STEPS, by_mail, rota, stands, step, watch
from tests.unit.alerts.wires import looked
from tests.unit.builders import sonde

OPENED, UNTAKEN, OVER = f"opened {INC} internet", f"escalated {INC} internet", f"recovered {INC} internet"


def fails(desk: Stage, wall: str = "03-06 17:20") -> None:
    """The site does, on a Friday."""
    desk.result(wall, SITE, "critical")


def test_who_is_on_call_then_their_chief_and_both_learn_that_it_is_over() -> None:
    with watch() as desk:
        fails(desk)
        assert by_mail(desk, "03-06 17:20") == [("Alice", OPENED)]
        assert by_mail(desk, "03-06 17:34:59") == []
        assert by_mail(desk, "03-06 17:35") == [("Chef", UNTAKEN)]
        assert looked(desk, "03-06 19:00") == []
        desk.result("03-06 20:00", SITE, "ok")
        assert by_mail(desk, "03-06 20:00") == [("Alice", OVER), ("Chef", OVER)]
        assert [state for _, state, _ in stands(desk)] == ["told", "told"]


def test_whose_turn_it_is_is_seen_when_the_step_is_due() -> None:
    with watch(step(900, "astreinte")) as desk:
        fails(desk, "03-09 08:50")  # Monday; Bruno has the turn from 9:00 on
        assert dict(by_mail(desk, "03-09 09:05"))["Bruno"].startswith(UNTAKEN)


@pytest.mark.parametrize(
    ("act", "arguments", "why"),
    [
        ("incident.ack", {}, "quelqu'un l'a pris en charge"),
        ("incident.suspend", {"reason": "accès au site"}, "quelqu'un l'a pris en charge"),
        ("incident.intervene", {}, "quelqu'un intervient"),
        ("incident.cause", {"cause": "third_party"}, "la cause n'est pas celle de l'exploitant"),
    ],
)
def test_what_stops_it(act: str, arguments: dict[str, str], why: str) -> None:
    with watch() as desk:
        fails(desk)
        by_mail(desk, "03-06 17:20")
        desk.act(act, number=INC, **arguments)
        assert by_mail(desk, "03-06 18:00") == []
        assert stands(desk)[1] == ("syndicat/Chef", "dropped", why)
        desk.result("03-06 20:00", SITE, "ok")
        assert by_mail(desk, "03-06 20:00") == [("Alice", OVER)]  # who was told of nothing is told of no end


def test_the_operators_own_cause_does_not_stop_it() -> None:
    with watch() as desk:
        fails(desk)
        desk.act("incident.cause", number=INC, cause="operator")
        assert ("Chef", UNTAKEN) in by_mail(desk, "03-06 17:35")


def test_a_recovery_stops_it_and_a_reopening_begins_it_again() -> None:
    with watch() as desk:
        fails(desk)
        by_mail(desk, "03-06 17:20")
        desk.act("incident.ack", number=INC)
        desk.result("03-06 17:30", SITE, "ok")
        by_mail(desk, "03-06 17:30")
        desk.result("03-06 17:45", SITE, "critical")
        assert by_mail(desk, "03-06 17:45") == [("Alice", f"reopened {INC} internet")]
        assert by_mail(desk, "03-06 18:00") == [("Chef", UNTAKEN)]
        assert stands(desk)[1] == ("syndicat/Chef", "dropped", "rétabli, ou ouvert de nouveau depuis")


def test_what_is_acknowledged_before_it_left_does_not_leave() -> None:
    with watch(step(60, "syndicat/Chef"), step(70, "syndicat/Chef")) as desk:
        fails(desk)
        desk.result("03-06 17:20:05", "syndicat/zimbra/imap", "ok")
        assert by_mail(desk, "03-06 17:21") == [("Chef", UNTAKEN)]
        assert looked(desk, "03-06 17:21:10") == []  # a minute between two messages
        desk.now = at("03-06 17:21:30")
        desk.act("incident.ack", number=INC)
        assert looked(desk, "03-06 17:40") == []
        rows = desk.database.rows("select state, why from notice where kind = 'escalated' order by id")
        assert rows == [("gathered", ""), ("dropped", "quelqu'un l'a pris en charge")]


def test_business_time_is_that_of_the_service() -> None:
    with watch(step(1800, "syndicat/Chef", business=True)) as desk:
        fails(desk)  # ten minutes before the doors close on Friday
        assert "Chef" not in dict(by_mail(desk, "03-09 09:19:59"))
        assert ("Chef", UNTAKEN) in by_mail(desk, "03-09 09:20")


def test_a_breach_calls_whoever_is_named_for_it_even_after_a_mere_acknowledgement() -> None:
    with watch(step(900, "astreinte"), step(None, "syndicat/Chef"), gti_s=3600) as desk:
        fails(desk, "03-06 10:00")
        desk.act("incident.ack", number=INC)
        desk.now = at("03-06 11:00:01")
        desk.database.apply(Batch(at=desk.now, due={SITE: desk.now}, promises=desk.promises))
        assert by_mail(desk, "03-06 11:00:01") == [("Chef", f"breach {INC} internet")]


def test_an_intervention_leaves_no_breach_to_call_for() -> None:
    with watch(step(None, "syndicat/Chef"), gti_s=3600) as desk:
        fails(desk, "03-06 10:00")
        desk.now = at("03-06 10:10")
        desk.act("incident.intervene", number=INC)
        desk.now = at("03-06 12:00")
        desk.database.apply(Batch(at=desk.now, due={SITE: desk.now}, promises=desk.promises))
        assert by_mail(desk, "03-06 12:00") == []


def test_maintenance_holds_it_and_the_delay_runs_from_its_end() -> None:
    with watch() as desk:
        fails(desk, "03-06 10:00")
        by_mail(desk, "03-06 10:00")
        desk.now = at("03-06 10:10")
        planned = desk.act("maintenance.plan", collectivite="exemple", start=iso("03-06 10:00"),
                           end=iso("03-06 12:00"), nature="Travaux")  # fmt: skip
        assert by_mail(desk, "03-06 11:00") == []
        desk.now = at("03-06 11:10")
        desk.act("maintenance.cancel", id=planned["maintenance"][0]["id"], reason="Reportée")
        assert by_mail(desk, "03-06 11:10") == []
        assert by_mail(desk, "03-06 11:24:59") == []
        assert by_mail(desk, "03-06 11:25") == [("Chef", UNTAKEN)]


def test_what_opens_under_maintenance_is_escalated_from_its_end_on() -> None:
    with watch() as desk:
        desk.now = at("03-06 09:59")
        desk.result("03-06 09:59", SITE, "critical")
        desk.act("maintenance.plan", collectivite="exemple", start=iso("03-06 09:00"), end=iso("03-06 12:00"),
                 nature="Travaux")  # fmt: skip
        assert by_mail(desk, "03-06 11:59") == []
        assert by_mail(desk, "03-06 12:00") == [("Alice", OPENED)]
        assert by_mail(desk, "03-06 12:15") == [("Chef", UNTAKEN)]


def test_a_rota_that_is_in_force_out_of_hours_waits_for_them() -> None:
    with watch(on_call=rota(calendar=CALENDAR)) as desk:
        fails(desk, "03-06 17:20")
        assert by_mail(desk, "03-06 17:29:59") == []
        assert by_mail(desk, "03-06 17:30") == [("Alice", OPENED)]


def test_from_which_severity() -> None:
    steps = step(0, "syndicat/Chef", since=Status.WARNING), step(0, "astreinte")
    with watch(*steps) as desk:
        arrange(desk, warned=True)
        desk.result("03-06 10:00", SITE, "warning")
        assert by_mail(desk, "03-06 10:00") == [("Chef", OPENED)]
        desk.result("03-06 10:05", SITE, "critical")
        assert ("Alice", f"worsened {INC} internet") in by_mail(desk, "03-06 10:05")


def test_a_step_that_waits_while_it_becomes_worse_says_how_bad_it_is_by_then() -> None:
    with watch(step(900, "syndicat/Chef", since=Status.WARNING)) as desk:
        arrange(desk, warned=True)
        desk.result("03-06 10:00", SITE, "warning")
        desk.result("03-06 10:05", SITE, "critical")
        assert by_mail(desk, "03-06 10:14:59") == []
        assert by_mail(desk, "03-06 10:15") == [("Chef", UNTAKEN)]
        assert desk.database.rows("select severity from notice where kind = 'escalated'") == [("critical",)]


def test_who_is_erased_is_named_by_no_step_and_the_next_one_is_taken() -> None:
    steps = step(0, "syndicat/Chef"), step(900, "syndicat/Chef"), step(1800, "astreinte")
    with watch(*steps) as desk:
        fails(desk, "03-06 10:00")
        assert by_mail(desk, "03-06 10:00") == [("Chef", OPENED)]
        desk.act("contact.edit", id=3, name="Cheffe")
        desk.act("contact.erase", id=3)
        assert [target for target, *_ in stands(desk)] == ["contact 3", "contact 3", "astreinte"]
        assert by_mail(desk, "03-06 10:15") == [("Alice", UNTAKEN)]
        image = desk.connection.serialize()
        assert b"Chef" not in image


def test_what_a_person_reports_is_escalated_too_and_its_end_told() -> None:
    with watch() as desk:
        desk.now = at("03-06 10:00")
        desk.act("incident.report", collectivite="exemple", service="internet", message="Plus rien")
        assert by_mail(desk, "03-06 10:00") == [("Alice", OPENED)]
        assert by_mail(desk, "03-06 10:15") == [("Chef", UNTAKEN)]
        desk.now = at("03-06 11:00")
        desk.act("incident.restore", number=INC)
        assert by_mail(desk, "03-06 11:00") == [("Alice", OVER), ("Chef", OVER)]


def test_of_a_report_merged_into_another_nobody_is_called() -> None:
    with watch(step(900, "astreinte")) as desk:
        desk.now = at("03-06 10:00")
        desk.act("incident.report", collectivite="exemple", service="internet", message="Plus rien")
        desk.act("incident.report", collectivite="exemple", service="internet", message="Rien ne va plus")
        desk.act("incident.merge", number="INC-2026-000002", into=INC)
        assert by_mail(desk, "03-06 10:20") == [("Alice", UNTAKEN)]


def test_what_is_imported_calls_nobody() -> None:
    with watch() as desk:
        desk.now = at("03-06 12:00")
        changes = desk._judge.observe(SITE, at("03-06 10:00"), Status.CRITICAL, "")
        assert changes is not None
        desk.database.apply(Batch(at=desk.now, changes=changes, imported={SITE}, promises=desk.promises))
        assert stands(desk) == []


def test_a_member_without_an_address_is_passed_over() -> None:
    with watch(people=(Seed("syndicat", "Alice"), BRUNO, CHIEF)) as desk:
        fails(desk)
        assert by_mail(desk, "03-06 17:20") == [("Bruno", OPENED)]


def test_where_nobody_of_a_step_can_be_reached_the_next_one_is_due_at_once() -> None:
    with watch(people=(Seed("syndicat", "Alice"), Seed("syndicat", "Bruno"), CHIEF)) as desk:
        fails(desk)
        assert by_mail(desk, "03-06 17:20") == [("Chef", UNTAKEN)]
    with watch(STEPS[0], people=(Seed("syndicat", "Alice"), CHIEF)) as desk:
        fails(desk)
        assert by_mail(desk, "03-06 17:20") == [("Chef", OPENED)]  # another one of the team
    with watch(STEPS[0], people=(Seed("syndicat", "Alice"),)) as desk:
        fails(desk)
        assert by_mail(desk, "03-06 17:20") == []
        assert stands(desk) == [("astreinte", "dropped", "personne à prévenir")]


def test_the_hours_of_a_contact_do_not_delay_who_is_called() -> None:
    people = ALICE._replace(hours="service"), BRUNO._replace(hours="service"), CHIEF._replace(hours="service")
    with watch(people=people) as desk:
        assert desk.promises.calendar("syndicat", "service") is not None
        fails(desk, "03-06 22:00")
        assert by_mail(desk, "03-06 22:00") == [("Alice", OPENED)]
        assert by_mail(desk, "03-06 22:15") == [("Chef", UNTAKEN)]


def test_who_was_called_at_night_does_not_read_it_once_more_when_their_hours_begin() -> None:
    alice = ALICE._replace(mail="critical", hours="service")
    with watch(step(0, "astreinte"), on_call=rota("Alice"), people=(alice, CHIEF)) as desk:
        fails(desk, "03-09 20:00")
        assert by_mail(desk, "03-09 20:00") == [("Alice", OPENED)]
        assert by_mail(desk, "03-10 09:00") == []
        rows = desk.database.rows("select kind, why from notice where state = 'dropped'")
        assert rows == [("opened", "l'a déjà appris par l'escalade")]
        desk.result("03-10 09:10", SITE, "ok")
        assert by_mail(desk, "03-10 09:10") == [("Alice", OVER)]


def test_what_was_called_for_as_a_warning_is_called_for_again_when_it_is_critical() -> None:
    warned = replace(sonde(SITE, attempts=1, stale_after_s=86_400), incident_from=Status.WARNING)
    called = ((0, "astreinte"), (900, "syndicat/Chef"), (3600, "syndicat/Bruno"))
    with watch(*(step(after, who, since=Status.WARNING) for after, who in called)) as desk:
        desk.promises = replace(desk.promises, warned=frozenset({SITE}))
        desk.watched(warned)
        desk.result("03-06 17:20", SITE, "warning")
        assert by_mail(desk, "03-06 17:20") == [("Alice", OPENED)]
        assert by_mail(desk, "03-06 17:35") == [("Chef", UNTAKEN)]
        desk.result("03-06 18:10", SITE, "critical")
        assert by_mail(desk, "03-06 18:10") == [("Alice", f"worsened {INC} internet")]
        assert by_mail(desk, "03-06 18:20") == [("Bruno", UNTAKEN)]  # an hour after it began
        assert by_mail(desk, "03-06 18:25") == [("Chef", UNTAKEN)]
        assert set(desk.database.rows("select severity from step")) == {("critical",)}
        rows = desk.database.rows("select severity from notice where kind = 'escalated' order by id")
        assert rows == [("warning",), ("critical",), ("critical",)]
        desk.act("incident.ack", number=INC)
        assert looked(desk, "03-06 23:00") == []


@pytest.mark.parametrize(
    ("subject", "spares", "by"),
    [
        (Subject.ISOLATION, frozenset(), ["mail Alice", "sms Alice"]),
        (Subject.CHANNEL, frozenset({Channel.MAIL}), ["sms Alice"]),
    ],
)
def test_who_has_the_turn_learns_that_vigie_is_blind_or_dumb(
    subject: Subject, spares: frozenset[Channel], by: list[str]
) -> None:
    with watch(on_call=rota("Alice", "Bruno")) as desk:
        begun = Topic(subject=subject, name="vigie", word="begun", at=at("03-06 23:00"), urgent=True, spares=spares)
        topics.take(desk.connection, desk.promises, [Line(topic=begun)])
        assert [to for to, _ in looked(desk, "03-06 23:00")] == by
        ended = replace(begun, word="ended", at=at("03-09 09:30"))  # when Bruno has it
        topics.take(desk.connection, desk.promises, [Line(topic=ended, to=To.KNOWING)])
        assert [to for to, said in looked(desk, "03-09 09:30") if "ended" in said] == by


def test_out_of_the_hours_of_a_rota_nobody_has_its_turn_to_be_alarmed() -> None:
    with watch(on_call=rota("Alice", calendar=CALENDAR)) as desk:  # in force while it is closed
        begun = Topic(subject=Subject.ISOLATION, name="vigie", word="begun", at=at("03-06 10:00"), urgent=True)
        topics.take(desk.connection, desk.promises, [Line(topic=begun)])
        assert looked(desk, "03-06 10:00") == []


@pytest.mark.parametrize("left", [False, True])
def test_who_is_erased_before_a_message_left_leaves_the_step_to_others(left: bool) -> None:
    with watch(step(0, "syndicat/Chef"), people=(ALICE, CHIEF)) as desk:
        fails(desk)
        assert by_mail(desk, "03-06 17:20") == [("Chef", OPENED)]
        if left:
            desk.connection.execute("update message set state = 'sent', ended_at = made_at where state = 'waiting'")
        desk.act("contact.erase", id=2)
        assert by_mail(desk, "03-06 17:21") == ([] if left else [("Alice", OPENED)])


def test_each_step_without_anybody_makes_the_next_one_due_and_no_other() -> None:
    nobody = Seed("syndicat", "Alice")
    with watch(STEPS[0], step(None, "syndicat/Chef"), step(None, "syndicat/Bruno"), on_call=rota("Alice"),
               people=(nobody, BRUNO, CHIEF), gti_s=8 * 3600) as desk:  # fmt: skip
        fails(desk, "03-06 10:00")
        assert by_mail(desk, "03-06 10:00") == [("Chef", UNTAKEN)]  # not that anything is breached
        assert looked(desk, "03-06 10:30") == []
        assert [state for _, state, _ in stands(desk)] == ["dropped", "told", "pending"]
        desk.result("03-06 11:00", SITE, "ok")
        assert stands(desk)[2] == ("syndicat/Bruno", "dropped", "rétabli, ou ouvert de nouveau depuis")


def test_a_bug_in_one_step_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(row: Row, contact: Contact, channel: Channel, now: int, instead: int | None = None) -> Notice:
        if contact.name == "Chef":
            raise KeyError("a bug")
        return notice(row, contact, channel, now, instead)

    monkeypatch.setattr("supervisor.alerts.escalating.notice", broken)
    with watch(step(0, "syndicat/Chef", "astreinte")) as desk:
        fails(desk)
        assert by_mail(desk, "03-06 17:20") == [("Alice", OPENED)]
        assert [state for _, state, _ in stands(desk)] == ["pending", "told"]


def test_the_config_may_change_meanwhile() -> None:
    """What began goes on by the steps that it began with; a rota that is gone is nobody's."""
    with watch() as desk:
        fails(desk)
        desk.promises = replace(desk.promises, duty=Duty())
        assert ("Chef", UNTAKEN) in by_mail(desk, "03-06 17:20")


def test_after_a_crash_between_any_two_writes_each_is_told_once() -> None:
    """Each look is broken off at every statement in turn, until one comes to its end."""
    with watch(step(0, "astreinte", by="mail sms"), step(900, "syndicat/Chef")) as desk:
        fails(desk)
        for wall in ("03-06 17:20", "03-06 17:35"):
            assert next(tries for tries in range(1, 400) if came_to_its_end(desk, wall, tries)) > 10
        made = outbox.undelivered_or_since(desk.connection, at("03-06 17:00"))
        told = [(one.body.subject, one.body.text) for one in made if one.made_at >= at("03-06 17:00")]
        assert told == [("mail Alice", OPENED), ("sms Alice", OPENED), ("mail Chef", UNTAKEN)]
        assert stands(desk) == [("astreinte", "told", ""), ("syndicat/Chef", "told", "")]


def came_to_its_end(desk: Stage, wall: str, statements: int) -> bool:
    """A look that is interrupted at that statement; as a crash leaves it, nothing of it is there."""
    left = iter(range(statements))
    connection = desk.connection
    connection.set_trace_callback(lambda _: next(left, None) is None and connection.interrupt())
    try:
        looked(desk, wall)
    except sqlite3.OperationalError:
        connection.set_trace_callback(None)
        if connection.in_transaction:
            connection.execute("rollback")
        return False
    finally:
        connection.set_trace_callback(None)
    return True
