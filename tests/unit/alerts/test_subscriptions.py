"""What somebody asks to be told of, and how many SMS an hour: the rest is one of them. SPEC 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from supervisor.config.collectivites import About
from supervisor.domain.alerting import GTI, INCIDENTS, Subject, Topic
from supervisor.domain.contact import Seed
from supervisor.store import topics
from supervisor.store.batch import Batch
from tests.unit.acts.stage import IMAP, SITE, Stage, at, stage
from tests.unit.alerts.wires import looked


@pytest.fixture
def desk() -> Iterator[Stage]:
    """Nobody to tell yet."""
    with stage() as made:
        for name in (SITE, IMAP):
            made.result("03-06 08:00", name, "ok")
        yield made


def people(desk: Stage, *seeds: Seed) -> None:
    """Who is there."""
    desk.database.apply(Batch(at=desk.now, contacts=list(seeds)))


def named(name: str, about: str | None, owner: str = "exemple") -> Seed:
    """Somebody told by mail of everything that they ask for."""
    return Seed(owner, name, f"{name}@exemple.fr", mail="warning", about=about)


def topic(subject: Subject, name: str, wall: str, *owners: str) -> Topic:
    """Something of these places."""
    return Topic(subject=subject, name=name, word="said", at=at(wall), collectivites=frozenset(owners))


def readers(desk: Stage, wall: str) -> list[str]:
    """Whom something leaves to."""
    return [reader.removeprefix("mail ") for reader, _ in looked(desk, wall)]


def test_the_config_has_a_word_for_everything_that_is_told() -> None:
    assert set(get_args(About)) == {INCIDENTS, GTI, *Subject}


def test_a_commune_reads_of_the_pool_of_its_own_place_if_it_asks(desk: Stage) -> None:
    people(desk, named("a", "pool"), named("b", None), named("c", "pool", "autre"))
    topics.announce(desk.connection, desk.promises, topic(Subject.POOL, "exemple", "03-06 10:00", "exemple"))
    assert readers(desk, "03-06 10:00") == ["a"]
    topics.announce(desk.connection, desk.promises, topic(Subject.MAINTENANCE, "1", "03-06 11:00", "exemple"))
    assert readers(desk, "03-06 11:00") == ["b"]


def test_incidents_are_a_subject_too_and_nothing_is_one(desk: Stage) -> None:
    people(desk, named("a", "incidents"), named("b", "maintenance"), named("c", ""), named("d", "", "syndicat"))
    desk.result("03-06 09:00", SITE, "critical")
    assert readers(desk, "03-06 09:00") == ["a"]
    desk.result("03-06 09:30", SITE, "ok")
    assert readers(desk, "03-06 09:30") == ["a"]


def test_an_operator_of_the_time_to_intervene_alone_is_told_its_end_as_well(desk: Stage) -> None:
    people(desk, named("a", "gti", "syndicat"), named("b", "incidents", "syndicat"))
    desk.result("03-06 09:00", SITE, "critical")
    assert readers(desk, "03-06 09:00") == ["b"]
    desk.now = at("03-06 17:00")
    desk.database.apply(Batch(at=desk.now, due={SITE: at("03-06 09:00")}, promises=desk.promises))
    assert readers(desk, "03-06 17:00") == ["a"]
    desk.result("03-06 18:00", SITE, "ok")
    assert readers(desk, "03-06 18:00") == ["a", "b"]


NIGHT = Seed("syndicat", "Astreinte", phone="+33600000002", sms="critical")


def flaps(desk: Stage, minute: int) -> None:
    """Something that is said by SMS, and hurries nobody."""
    began = at("03-06 09:00") + 60 * minute
    told = Topic(subject=Subject.FLAPPING, name=f"sonde {minute}", word="begun", at=began)
    topics.announce(desk.connection, desk.promises, told)


@pytest.mark.parametrize("most", [1, 2, 4])
def test_at_most_so_many_sms_an_hour_and_all_of_it_told_once(desk: Stage, most: int) -> None:
    people(desk, NIGHT)
    began, sent, told = at("03-06 09:00"), [], []
    for minute in range(400):
        if minute < 150:
            flaps(desk, minute)
        for _, text in looked(desk, began + 60 * minute, most):
            sent.append(minute)
            told += text.split("; ")
    assert max(len([one for one in sent if first <= one < first + 60]) for first in sent) == most
    assert sorted(told) == sorted(f"flapping sonde {minute} begun" for minute in range(150))


def test_no_cap_delays_a_first_critical_an_alarm_or_a_breach(desk: Stage) -> None:
    people(desk, NIGHT)

    def leaves(wall: str) -> list[str]:
        return [text for _, text in looked(desk, wall, 1)]

    flaps(desk, 0)
    assert leaves("03-06 09:00") == ["flapping sonde 0 begun"]  # the one SMS of this hour
    desk.result("03-06 09:10", SITE, "critical")
    assert leaves("03-06 09:10") == ["opened INC-2026-000001 internet"]
    cut_off = Topic(subject=Subject.ISOLATION, name="vigie", word="begun", at=at("03-06 09:20"), urgent=True)
    topics.announce(desk.connection, desk.promises, cut_off)
    assert leaves("03-06 09:20") == ["isolation vigie begun"]
    desk.result("03-06 09:30", IMAP, "critical")  # a second one, told of with the next
    flaps(desk, 40)
    assert [leaves(wall) for wall in ("03-06 09:30", "03-06 09:50", "03-06 10:19")] == [[], [], []]
    (digest,) = leaves("03-06 10:20")
    assert digest == "opened INC-2026-000002 zimbra,messagerie,messagerie; flapping sonde 40 begun"
    flaps(desk, 485)
    assert leaves("03-06 17:05") == ["flapping sonde 485 begun"]
    desk.now = at("03-06 17:11")
    desk.database.apply(Batch(at=desk.now, due={SITE: at("03-06 09:10")}, promises=desk.promises))
    (breach,) = leaves("03-06 17:11")
    assert "breach INC-2026-000001 internet" in breach
