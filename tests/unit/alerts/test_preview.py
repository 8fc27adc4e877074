"""What an incident would make leave, held against what leaves. SPEC 7."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from supervisor.alerts.gathering import Gathering
from supervisor.alerts.preview import Foreseen, Preview
from supervisor.domain.alerting import Channel, Kind, Subject, Topic
from supervisor.domain.contact import Seed
from supervisor.domain.escalation import Duty
from supervisor.domain.link import masked
from supervisor.proof import desk as desk_of
from supervisor.store import contacts, enquiries, links, notices, topics
from supervisor.store.batch import Batch
from supervisor.store.notices import Notice
from tests.unit.acts.stage import SITE, Stage, at, iso, stage
from tests.unit.alerts.watch import step, watch
from tests.unit.alerts.wires import looked, words

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", "+33600000001", "critical", "critical")
NIGHT = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", None, "warning", None)


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A commune, the one on call, and a site that is well."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, NIGHT]))
        made.result("03-06 09:00", SITE, "ok")
        yield made


def foreseen(desk: Stage) -> list[Foreseen]:
    """Of the first incident, by mail alone."""
    gathering = Gathering(promises=desk.promises, compose=words, channels=frozenset({"mail"}), public_url=None)
    sheet = desk_of.sheet(desk.connection, desk.promises, desk.now, enquiries.of_id(desk.connection, 1))
    return list(Preview(desk.connection, gathering, sheet, desk.now).foresee())


def leaving(each: Foreseen) -> list[tuple[str, int]]:
    """To whom, and from when on."""
    return [(one.contact.name, one.not_before) for one in each.leaving]


def silent(each: Foreseen) -> list[tuple[str, str, str]]:
    """Who gets none, and why."""
    return [(one.contact.name, one.channel.value, one.why) for one in each.silent]


def test_each_message_and_who_gets_none(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    events = foreseen(desk)
    assert [(each.kind.value, each.percent) for each in events] == [
        ("opened", None), ("gti", 75), ("gti", 90), ("breach", 100), ("recovered", None),
    ]  # fmt: skip
    opened, reminder, *_, over = events
    began = at("03-06 09:01")
    assert leaving(opened) == [("Astreinte", began), ("Mairie", began)]
    assert silent(opened) == [("Mairie", "sms", "ce moyen d'envoi n'est pas configuré")]
    assert reminder.at == at("03-06 15:01")
    assert leaving(reminder) == [("Astreinte", at("03-06 15:01"))]
    why = "le délai d'intervention ne regarde que l'exploitant"
    assert silent(reminder) == [("Mairie", "mail", why), ("Mairie", "sms", why)]
    assert over.at is None
    assert [one.contact.name for one in over.leaving] == ["Astreinte", "Mairie"]
    # Nothing was written, and what leaves is what was foreseen.
    assert [one.words.subject for one in opened.leaving] == ["mail Astreinte", "mail Mairie"]
    assert {said for _, said in looked(desk, "03-06 09:01")} == {one.words.text for one in opened.leaving}


def test_during_a_maintenance_it_says_until_when_nothing_leaves(desk: Stage) -> None:
    desk.act("maintenance.plan", collectivite="exemple", start=iso("03-06 08:00"), end=iso("03-06 12:00"),
             nature="Travaux")  # fmt: skip
    desk.result("03-06 09:01", SITE, "critical")
    opened, *_ = foreseen(desk)
    assert opened.at == at("03-06 09:01")
    assert leaving(opened) == [("Astreinte", at("03-06 12:00")), ("Mairie", at("03-06 12:00"))]


def test_links_are_shown_where_they_stand_and_open_nothing(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    sheet = desk_of.sheet(desk.connection, desk.promises, desk.now, enquiries.of_id(desk.connection, 1))
    known = {one.collectivite: one._replace(webhook="journal") for one in contacts.every(desk.connection)}
    gathering = Gathering(
        promises=desk.promises, compose=words, channels=frozenset({"mail"}), public_url="https://v.fr/vigie"
    )
    key = links.own_key(desk.connection)
    for owner, right, number in (("exemple", "v", 1), ("syndicat", "a", 2)):
        notice = Notice("", number, Channel.MAIL, Kind.OPENED, None, "critical", "", 1, at("03-06 09:01"), 0, 0)
        shown = gathering.view.fact(known[owner], notice, sheet).link
        assert shown == f"https://v.fr/vigie/i/1{right}{number}x{'*' * 12}"
        signed = gathering.view.fact(known[owner], notice, sheet, key).link
        assert signed is not None
        assert links.opened(desk.connection, signed.rpartition("/")[2], desk.now) is not None
        assert masked(f"voir {signed} .") == f"voir {shown} ."
        # A program may show it to many.
        assert gathering.view.fact(known[owner], notice._replace(channel=Channel.WEBHOOK), sheet, key).link is None


def test_the_steps_of_an_escalation_who_is_on_call_then_and_what_stops_them() -> None:
    with watch(step(0, "astreinte"), step(900, "syndicat/Chef"), step(None, "syndicat/Chef"), gti_s=8 * 3600) as desk:
        desk.result("03-06 17:20", SITE, "critical")
        opened, *_, first, second, breach, over = foreseen(desk)
        assert leaving(opened) == []
        assert (first.kind, first.step) == ("opened", "astreinte: until somebody acknowledges it, or intervenes")
        assert leaving(first) == [("Alice", at("03-06 17:20"))]
        assert (second.kind, second.at, leaving(second)) == (
            "escalated", at("03-06 17:35"), [("Chef", at("03-06 17:35"))],
        )  # fmt: skip
        assert second.leaving[0].words.text == "escalated INC-2026-000001 internet"
        assert breach.step == "syndicat/Chef: until somebody intervenes"
        assert leaving(breach) == [("Chef", at("03-09 16:50"))]
        assert [one.contact.name for one in over.leaving] == ["Alice", "Chef"]
        looked(desk, "03-06 17:20")
        desk.act("incident.ack", number="INC-2026-000001")
        *_, first, second, breach, _ = foreseen(desk)
        assert (first.step, leaving(first)) == ("astreinte: told", [("Alice", at("03-06 17:20"))])
        assert (second.step, leaving(second)) == ("syndicat/Chef: quelqu'un l'a pris en charge", [])
        assert breach.step == "syndicat/Chef: until somebody intervenes"


def test_whom_a_step_tells_first_is_told_once() -> None:
    alice = Seed("syndicat", "Alice", "alice@syndicat.fr", "+33600000001", mail="critical")
    with watch(step(0, "astreinte"), people=(alice,), gti_s=8 * 3600) as desk:
        desk.result("03-06 10:00", SITE, "critical")
        found = foreseen(desk)
        assert [(one.contact.name, one.channel, one.why) for one in found[0].silent] == [
            ("Alice", Channel.MAIL, "l'a déjà appris par l'escalade")
        ]
        assert [(one.kind, leaving(one)) for one in found if one.step.startswith("astreinte")] == [
            ("opened", [("Alice", at("03-06 10:00"))])
        ]
        assert [one.contact.name for one in found[-1].leaving] == ["Alice"]


def test_where_no_time_to_intervene_runs_nobody_is_called_for_its_breach() -> None:
    alice = Seed("syndicat", "Alice", "alice@syndicat.fr", mail="critical")
    with watch(step(None, "astreinte"), people=(alice,)) as desk:
        desk.result("03-06 10:00", SITE, "critical")
        opened, breach, _ = foreseen(desk)
        assert leaving(opened) == [("Alice", at("03-06 10:00"))]
        assert (breach.step, leaving(breach)) == ("astreinte: aucun délai d'intervention ne court", [])


def test_of_an_incident_that_began_without_an_escalation_that_of_today_is_shown(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    desk.promises = replace(desk.promises, duty=Duty(steps=(step(900, "syndicat/Astreinte"),)))
    *_, shown, _ = foreseen(desk)
    assert (shown.at, leaving(shown)) == (at("03-06 09:16"), [("Astreinte", at("03-06 09:16"))])


def test_of_a_sonde_that_flaps_a_breach_alone_is_told(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    line = Topic(subject=Subject.FLAPPING, name=SITE, word="begun", at=desk.now)
    topics.announce(desk.connection, desk.promises, line)
    found = {each.kind: each for each in foreseen(desk)}
    assert not found[Kind.OPENED].leaving
    assert not found[Kind.RECOVERED].leaving
    assert {one.why for one in found[Kind.OPENED].silent if one.channel is Channel.MAIL} == {notices.FLAPPING}
    assert [one.contact.name for one in found[Kind.BREACH].leaving] == ["Astreinte"]
