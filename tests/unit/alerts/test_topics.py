"""What is told of something else than an incident, to whom, when. SPEC 7."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.contact import Seed
from supervisor.store import notices, topics
from supervisor.store.batch import Batch
from tests.unit.acts.stage import SITE, Stage, at, stage
from tests.unit.alerts.wires import looked

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", "+33600000001", "critical", "critical")
OTHER = Seed("autre", "Autre mairie", "mairie@autre.fr", None, "critical", None)
NIGHT = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", "+33600000002", "warning", "critical")

CUT_OFF = Topic(subject=Subject.ISOLATION, name="vigie", word="begun", at=at("03-06 17:25"), urgent=True)
PLANNED = Topic(
    subject=Subject.MAINTENANCE,
    name="maintenance 1",
    word="planned",
    at=at("03-06 09:00"),
    collectivites=frozenset({"exemple"}),
)


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A commune, its neighbour, the operator, and somebody to tell in each."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, OTHER, NIGHT]))
        made.result("03-06 08:00", SITE, "ok")
        yield made


def announce(desk: Stage, topic: Topic) -> bool:
    """In a transaction."""
    desk.connection.execute("begin immediate")
    try:
        return topics.announce(desk.connection, desk.promises, topic)
    finally:
        desk.connection.execute("commit")


def test_an_alarm_is_told_to_operators_alone_by_every_channel_and_once(desk: Stage) -> None:
    assert announce(desk, CUT_OFF)
    assert not announce(desk, CUT_OFF)
    assert looked(desk, "03-06 17:25") == [
        ("mail Astreinte", "isolation vigie begun"),
        ("sms Astreinte", "isolation vigie begun"),
    ]
    assert looked(desk, "03-06 19:00") == []


def test_an_alarm_waits_for_no_gap(desk: Stage) -> None:
    desk.result("03-06 17:24", SITE, "critical")
    looked(desk, "03-06 17:24")
    announce(desk, CUT_OFF)
    assert [reader for reader, _ in looked(desk, "03-06 17:25")] == ["mail Astreinte", "sms Astreinte"]


def test_other_news_goes_by_mail_to_those_of_the_place(desk: Stage) -> None:
    announce(desk, PLANNED)
    assert looked(desk, "03-06 09:00") == [
        ("mail Astreinte", "maintenance maintenance 1 planned"),
        ("mail Mairie", "maintenance maintenance 1 planned"),
    ]


def test_what_a_message_gathers_is_told_together(desk: Stage) -> None:
    desk.result("03-06 09:00", SITE, "critical")
    announce(desk, PLANNED)
    assert ("mail Mairie", "opened INC-2026-000001 internet; maintenance maintenance 1 planned") in looked(
        desk, "03-06 09:00"
    )


def test_what_nobody_was_told_yet_can_be_taken_back(desk: Stage) -> None:
    announce(desk, PLANNED)
    assert notices.untell(desk.connection, Subject.MAINTENANCE, "maintenance 1", "annulée avant d'être dite") == 2
    assert looked(desk, "03-06 12:00") == []


def test_the_last_line_of_each_stands(desk: Stage) -> None:
    begun = replace(PLANNED, word="begun", at=at("03-06 10:00"), facts={"nature": "câblage"})
    second = replace(PLANNED, name="maintenance 2")
    for topic in (PLANNED, begun, second, CUT_OFF):
        announce(desk, topic)
    found = topics.latest(desk.connection, Subject.MAINTENANCE)
    assert found == {"maintenance 1": replace(begun, urgent=False), "maintenance 2": second}
