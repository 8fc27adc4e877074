"""Maintenance as people are told of it, from the act to the messages. SPEC 6."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from supervisor.alerts.gathering import Gathering
from supervisor.domain.alerting import Subject
from supervisor.domain.maintenance import Maintenance
from supervisor.store import contacts, topics
from supervisor.store.announcing import maintenance
from supervisor.store.batch import Batch
from tests.unit.acts.stage import Stage, at, iso, stage
from tests.unit.alerts.test_topics import MAYOR, NIGHT, OTHER
from tests.unit.alerts.wires import looked, words


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A commune, its neighbour, the operator, and somebody to tell in each."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, OTHER, NIGHT]))
        yield made


def plan(desk: Stage, start: str, end: str, **more: Any) -> int:
    """The number of a maintenance that is planned."""
    known = {"collectivite": "exemple", "nature": "câblage", "start": iso(start), "end": iso(end)}
    found: int = desk.act("maintenance.plan", **{**known, **more})["maintenance"][0]["id"]
    return found


def pass_time(desk: Stage, wall: str) -> list[tuple[str, str]]:
    """The watch looks, then what there is leaves."""
    desk.now = at(wall)
    desk.connection.execute("begin immediate")
    lines = maintenance.due(desk.connection, desk.promises, desk.now)
    assert topics.take(desk.connection, desk.promises, lines) == len(lines)
    assert maintenance.due(desk.connection, desk.promises, desk.now) == []
    desk.connection.execute("commit")
    return looked(desk, wall)


def told(reader: str, *words: str) -> tuple[str, str]:
    """By mail: maintenance is never said by SMS."""
    return f"mail {reader}", "; ".join(f"maintenance {word}" for word in words)


def test_planned_begun_ended_to_those_whom_it_touches(desk: Stage) -> None:
    plan(desk, "03-06 12:00", "03-06 13:00")
    assert pass_time(desk, "03-06 09:00") == [
        told("Astreinte", "maintenance 1 planned"),
        told("Mairie", "maintenance 1 planned"),
    ]
    assert pass_time(desk, "03-06 11:59") == []
    assert pass_time(desk, "03-06 12:00")[1:] == [told("Mairie", "maintenance 1 begun")]
    assert pass_time(desk, "03-06 13:00")[1:] == [told("Mairie", "maintenance 1 ended")]
    assert pass_time(desk, "03-07 13:00") == []


def test_on_a_platform_all_who_use_it_are_told(desk: Stage) -> None:
    plan(desk, "03-06 12:00", "03-06 13:00", collectivite="syndicat", services=["zimbra"])
    assert [reader for reader, _ in pass_time(desk, "03-06 09:00")] == [
        "mail Astreinte",
        "mail Autre mairie",
        "mail Mairie",
    ]
    facts = topics.latest(desk.connection, Subject.MAINTENANCE)["maintenance 1"].facts
    assert facts["by_place"] == {"syndicat": ["zimbra"], "autre": ["messagerie"], "exemple": ["messagerie"]}


def test_each_commune_reads_of_its_own_services_alone(desk: Stage) -> None:
    plan(desk, "03-06 12:00", "03-06 13:00", collectivite="syndicat")
    (topic,) = topics.latest(desk.connection, Subject.MAINTENANCE).values()
    gathering = Gathering(promises=desk.promises, compose=words, channels=frozenset({"mail"}), public_url=None)
    read = {
        contact.collectivite: gathering.view.news(contact, topic).facts["by_place"]
        for contact in contacts.every(desk.connection)
    }
    assert read == {
        "exemple": [["Exemple", ["messagerie"]]],
        "autre": [["Autre", ["messagerie"]]],
        "syndicat": [["Autre", ["messagerie"]], ["Exemple", ["messagerie"]], ["Syndicat", ["zimbra"]]],
    }


def test_what_begins_within_minutes_is_one_mail(desk: Stage) -> None:
    plan(desk, "03-06 09:10", "03-06 10:00")
    assert len(pass_time(desk, "03-06 09:00")) == 2
    assert pass_time(desk, "03-06 09:10") == []
    assert pass_time(desk, "03-06 10:00")[1:] == [told("Mairie", "maintenance 1 ended")]


def test_begun_and_ended_while_the_daemon_was_down_is_one_mail_that_it_took_place(desk: Stage) -> None:
    plan(desk, "03-07 12:00", "03-07 13:00")
    pass_time(desk, "03-06 09:00")
    assert pass_time(desk, "03-08 09:00")[1:] == [told("Mairie", "maintenance 1 ended")]


def test_what_is_long_over_is_no_news(desk: Stage) -> None:
    plan(desk, "03-07 12:00", "03-07 13:00")
    pass_time(desk, "03-06 09:00")
    assert pass_time(desk, "03-09 09:00") == []


def test_prolonged_is_told_with_both_ends(desk: Stage) -> None:
    number = plan(desk, "03-06 12:00", "03-06 13:00")
    pass_time(desk, "03-06 12:00")
    desk.act("maintenance.prolong", id=number, until=iso("03-06 15:00"))
    assert pass_time(desk, "03-06 12:30")[1:] == [told("Mairie", "maintenance 1 changed")]
    facts = topics.latest(desk.connection, Subject.MAINTENANCE)["maintenance 1"].facts
    assert facts["before"] == [at("03-06 12:00"), at("03-06 13:00")]
    assert (facts["start"], facts["end"]) == (at("03-06 12:00"), at("03-06 15:00"))
    assert pass_time(desk, "03-06 13:00") == []
    assert pass_time(desk, "03-06 15:00")[1:] == [told("Mairie", "maintenance 1 ended")]


def test_cancelled_is_told_to_who_knew(desk: Stage) -> None:
    number = plan(desk, "03-08 12:00", "03-08 13:00")
    pass_time(desk, "03-06 09:00")
    desk.act("maintenance.cancel", id=number, reason="pluie")
    assert pass_time(desk, "03-06 10:00")[1:] == [told("Mairie", "maintenance 1 cancelled")]
    assert pass_time(desk, "03-08 12:00") == []


def test_cancelled_before_anybody_knew_nobody_learns_of_it(desk: Stage) -> None:
    number = plan(desk, "03-08 12:00", "03-08 13:00")
    desk.act("maintenance.cancel", id=number, reason="erreur de saisie")
    assert pass_time(desk, "03-06 10:00") == []
    assert {why for (why,) in desk.database.rows("select why from notice")} == {maintenance.UNTOLD}


def test_cut_short_it_has_ended(desk: Stage) -> None:
    number = plan(desk, "03-06 12:00", "03-06 13:00")
    pass_time(desk, "03-06 12:00")
    desk.now = at("03-06 12:30")
    desk.act("maintenance.cancel", id=number, reason="fini plus tôt")
    assert pass_time(desk, "03-06 12:31")[1:] == [told("Mairie", "maintenance 1 ended")]
    assert topics.latest(desk.connection, Subject.MAINTENANCE)["maintenance 1"].facts["reason"] == "fini plus tôt"


def test_a_series_is_planned_once_and_begins_and_ends_each_time(desk: Stage) -> None:
    plan(desk, "03-10 12:00", "03-10 13:00", every="week", until="2026-05-30")
    assert pass_time(desk, "03-06 09:00")[1:] == [told("Mairie", "series 1 planned")]
    facts = topics.latest(desk.connection, Subject.MAINTENANCE)["series 1"].facts
    assert (facts["times"], facts["every"], facts["last"]) == (12, "week", [at("05-26 12:00"), at("05-26 13:00")])
    assert pass_time(desk, "03-10 12:00")[1:] == [told("Mairie", "maintenance 1 begun")]
    assert pass_time(desk, "03-10 13:00")[1:] == [told("Mairie", "maintenance 1 ended")]
    desk.act("maintenance.cancel", id=2, reason="férié")
    assert pass_time(desk, "03-11 09:00")[1:] == [told("Mairie", "maintenance 2 cancelled")]
    assert pass_time(desk, "03-17 12:00") == []
    assert pass_time(desk, "03-24 12:00")[1:] == [told("Mairie", "maintenance 3 begun")]


def test_what_is_left_of_a_series_is_cancelled_in_one_message(desk: Stage) -> None:
    plan(desk, "03-10 12:00", "03-10 13:00", every="day", until="2026-03-20")
    pass_time(desk, "03-06 09:00")
    pass_time(desk, "03-10 12:00")
    desk.now = at("03-10 12:30")
    desk.act("maintenance.cancel", id=1, reason="panne de l'onduleur", series=True)
    assert pass_time(desk, "03-10 12:30")[1:] == [told("Mairie", "series 1 cancelled", "maintenance 1 ended")]
    assert [pass_time(desk, f"03-{day} 12:00") for day in (11, 12, 20)] == [[], [], []]
    assert topics.latest(desk.connection, Subject.MAINTENANCE)["series 1"].facts["times"] == 10


def test_an_import_tells_nobody(desk: Stage) -> None:
    entry = Maintenance(
        collectivite="exemple",
        services=None,
        start=at("03-06 12:00"),
        end=at("03-06 13:00"),
        nature="câblage",
        author="jeanne",
        announced_at=at("03-01 09:00"),
        source="import",
        digest="x",
    )
    desk.database.apply(Batch(at=desk.now, entered=[entry], promises=desk.promises))
    assert [pass_time(desk, f"03-06 {clock}") for clock in ("09:00", "12:00", "13:00")] == [[], [], []]


def test_an_end_outside_of_what_is_looked_at_does_not_look_like_a_change(desk: Stage) -> None:
    number = plan(desk, "03-06 12:00", "03-09 12:00")
    desk.act("maintenance.prolong", id=number, until=iso("03-20 12:00"))
    looked(desk, "03-06 09:00")
    assert [text for _, text in pass_time(desk, "03-06 12:00")] == ["maintenance maintenance 1 begun"] * 2
    assert [pass_time(desk, f"03-{day:02d} 12:00") for day in range(7, 20)] == [[]] * 13
    assert [text for _, text in pass_time(desk, "03-20 12:00")] == ["maintenance maintenance 1 ended"] * 2


def test_a_hundred_of_one_morning_are_few_messages(desk: Stage) -> None:
    left = []
    for number in range(100):
        day = f"0{4 + number // 28}-{1 + number % 28:02d}"
        desk.now = at("03-06 09:00") + 10 * number
        plan(desk, f"{day} 12:00", f"{day} 13:00")
        left += looked(desk, f"03-06 09:{number // 6:02d}")
    assert [reader for reader, _ in left].count("mail Mairie") == 3
