"""From what happens to what leaves: who is told, once, by what, and what becomes of it. SPEC 7."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from supervisor.alerts.facts import Composed, Fact, News, Reader
from supervisor.alerts.gathering import Gathering
from supervisor.domain.alerting import Channel, Kind
from supervisor.domain.contact import Seed
from supervisor.proof import desk as desk_of
from supervisor.store import contacts, enquiries, outbox
from supervisor.store.batch import Batch
from supervisor.store.notices import Notice
from supervisor.store.outbox import Message
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, at, iso, stage

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", "+33600000001", "critical", "critical")
OTHER = Seed("autre", "Autre mairie", "mairie@autre.fr", None, "critical", None)
NIGHT = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", "+33600000002", "warning", "critical")


def words(channel: Channel, reader: Reader, facts: Sequence[Fact], news: Sequence[News], now: int) -> Composed:
    """Enough to see what is told."""
    told = [f"{fact.kind} {fact.incident} {','.join(fact.services)}" for fact in facts]
    said = "; ".join([*told, *(f"{one.subject} {one.name} {one.word}" for one in news)])
    return Composed(f"{channel} {reader.name}", said, "")


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A commune, its neighbour, the operator, and somebody to tell in each."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, OTHER, NIGHT]))
        yield made


def gather(desk: Stage, wall: str) -> list[Message]:
    """What leaves by then, since it was last looked at."""
    now = at(wall)
    gathering = Gathering(promises=desk.promises, compose=words, channels=frozenset({"mail", "sms"}), public_url=None)
    desk.connection.execute("begin immediate")
    before = {message.id for message in outbox.undelivered_or_since(desk.connection, 0)}
    gathering.gather(desk.connection, now)
    desk.connection.execute("commit")
    return [message for message in outbox.undelivered_or_since(desk.connection, 0) if message.id not in before]


def told(messages: list[Message]) -> list[tuple[str, str]]:
    """To whom by what, and the words."""
    return sorted((message.body.subject, message.body.text) for message in messages)


def test_a_failure_is_told_to_the_commune_and_the_operators_and_its_end_to_the_same(desk: Stage) -> None:
    desk.result("03-06 09:00", SITE, "ok")
    desk.result("03-06 09:01", SITE, "critical", "connexion refusée")
    said = "opened INC-2026-000001 internet"
    expected = [(f"{channel} {name}", said) for channel in ("mail", "sms") for name in ("Astreinte", "Mairie")]
    assert told(gather(desk, "03-06 09:01")) == sorted(expected)
    assert gather(desk, "03-06 09:20") == []
    desk.result("03-06 09:30", SITE, "ok")
    said = "recovered INC-2026-000001 internet"
    expected = [(f"{channel} {name}", said) for channel in ("mail", "sms") for name in ("Astreinte", "Mairie")]
    assert told(gather(desk, "03-06 09:30")) == sorted(expected)
    assert gather(desk, "03-07 09:30") == []


def test_a_shared_platform_is_told_to_each_commune_that_uses_it(desk: Stage) -> None:
    desk.result("03-06 09:00", IMAP, "ok")
    desk.result("03-06 09:01", IMAP, "critical")
    found = {message.body.subject for message in gather(desk, "03-06 09:01")}
    assert found == {"mail Autre mairie", "mail Mairie", "sms Mairie", "mail Astreinte", "sms Astreinte"}


def test_what_hangs_behind_a_dead_link_is_one_message(desk: Stage) -> None:
    for name in (LINK, SITE):
        desk.result("03-06 09:00", name, "ok")
    desk.result("03-06 09:01", LINK, "critical")
    desk.result("03-06 09:02", SITE, "critical")
    assert [m.body.text for m in gather(desk, "03-06 09:02")] == ["opened INC-2026-000001 internet"] * 4


def test_told_again_is_told_once(desk: Stage) -> None:
    desk.result("03-06 09:00", SITE, "ok")
    desk.result("03-06 09:01", SITE, "critical")
    gather(desk, "03-06 09:01")
    for _ in range(3):
        desk.act("incident.comment", number=desk.number(), comment="vu sur place")
        desk.database.apply(Batch(at=desk.now, due={SITE: desk.now}, promises=desk.promises))
    assert gather(desk, "03-06 12:00") == []


def test_the_time_to_intervene_is_the_operators_own_affair(desk: Stage) -> None:
    desk.result("03-06 09:00", SITE, "ok")
    desk.result("03-06 09:01", SITE, "critical")
    gather(desk, "03-06 09:01")
    desk.now = at("03-06 15:02")
    desk.database.apply(Batch(at=desk.now, due={SITE: desk.now}, promises=desk.promises))
    assert told(gather(desk, "03-06 15:02")) == [
        ("mail Astreinte", "gti INC-2026-000001 internet"),
        ("sms Astreinte", "gti INC-2026-000001 internet"),
    ]


def test_maintenance_entered_late_mutes_until_it_ends(desk: Stage) -> None:
    desk.result("03-06 09:00", SITE, "ok")
    desk.act("maintenance.plan", collectivite="exemple", start=iso("03-06 08:00"), end=iso("03-06 12:00"),
             nature="Travaux")  # fmt: skip
    desk.hush()
    desk.result("03-06 09:01", SITE, "critical")
    assert gather(desk, "03-06 11:59") == []
    said = {message.body.text for message in gather(desk, "03-06 12:00")}
    assert said == {"opened INC-2026-000001 internet"}  # it lasts: nobody would ever know


def test_a_commune_reads_nothing_of_what_the_operator_or_a_neighbour_has_or_said(desk: Stage) -> None:
    desk.result("03-06 09:00", IMAP, "ok")
    desk.result("03-06 09:01", IMAP, "critical", "10.0.0.7 ne répond pas")
    desk.act("incident.report", collectivite="exemple", service="internet", message="Le maire est furieux")
    detected, reported = (enquiries.of_id(desk.connection, number) for number in (1, 2))
    gathering = Gathering(promises=desk.promises, compose=words, channels=frozenset({"mail"}), public_url=None)
    own = {contact.collectivite: contact for contact in contacts.every(desk.connection)}
    read = {}
    for incident in (detected, reported):
        sheet = desk_of.sheet(desk.connection, desk.promises, desk.now, incident)
        notice = Notice("", 1, Channel.MAIL, Kind.OPENED, None, "critical", "", incident.id, incident.opened_at, 0, 0)
        for owner, contact in own.items():
            fact = gathering.view.fact(contact, notice, sheet)
            read[incident.id, owner] = (fact.collectivite, fact.equipment, fact.said)
    assert read == {
        (1, "exemple"): ("Exemple", "", ""),
        (1, "autre"): ("Autre", "", ""),
        (1, "syndicat"): ("Syndicat", "zimbra", "10.0.0.7 ne répond pas"),
        (2, "exemple"): ("Exemple", "", "Le maire est furieux"),
        (2, "autre"): ("Autre", "", ""),
        (2, "syndicat"): ("Exemple", "", "Le maire est furieux"),
    }
