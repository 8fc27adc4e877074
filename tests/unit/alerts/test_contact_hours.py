"""Outside of somebody's hours nothing leaves but ends and alarms; what lasts is told when they open. SPEC 7."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes import registry
from supervisor.config.contacts import contacts_of
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.domain.alerting import Channel, Subject, Topic
from supervisor.domain.contact import Seed
from supervisor.store import notices, outbox, topics
from supervisor.store.batch import Batch
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, at, stage
from tests.unit.alerts.wires import looked

CLERK = Seed("exemple", "Accueil", "accueil@exemple.fr", "+33600000001", mail="critical", hours="service")
FAILED = ("mail Accueil", "opened INC-2026-000001 internet")
OVER = ("mail Accueil", "recovered INC-2026-000001 internet")


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A commune whose clerk works from nine to half past five."""
    with stage(gti_s=None) as made:
        made.database.apply(Batch(at=made.now, contacts=[CLERK]))
        for name in (LINK, SITE, IMAP):
            made.result("03-06 08:00", name, "ok")
        yield made


def test_what_lasts_is_told_when_they_open(desk: Stage) -> None:
    desk.result("03-06 18:00", SITE, "critical")
    for wall in ("03-06 18:00", "03-07 10:00", "03-09 08:59"):
        assert looked(desk, wall) == []
    assert looked(desk, "03-09 09:00") == [FAILED]


def test_what_is_over_by_then_is_told_never_nor_is_its_end(desk: Stage) -> None:
    desk.result("03-06 18:00", SITE, "critical")
    assert looked(desk, "03-06 18:00") == []
    desk.result("03-06 20:00", SITE, "ok")
    for wall in ("03-06 20:00", "03-09 09:00", "03-10 12:00"):
        assert looked(desk, wall) == []


def test_an_end_waits_for_nobodys_hours(desk: Stage) -> None:
    desk.result("03-06 17:00", SITE, "critical")
    assert looked(desk, "03-06 17:00") == [FAILED]
    desk.result("03-07 03:00", SITE, "ok")
    assert looked(desk, "03-07 03:00") == [OVER]


def test_what_had_no_room_within_them_waits_for_the_next(desk: Stage) -> None:
    desk.result("03-06 17:29", SITE, "critical")
    assert looked(desk, "03-06 17:29") == [FAILED]
    desk.result("03-06 17:29:40", IMAP, "critical")
    for wall in ("03-06 17:29:40", "03-06 17:30", "03-06 17:31", "03-09 08:59"):
        assert looked(desk, wall) == []
    assert looked(desk, "03-09 09:00") == [("mail Accueil", "opened INC-2026-000002 messagerie")]


def test_what_began_and_ended_without_room_within_them_is_told_never(desk: Stage) -> None:
    desk.result("03-06 17:29:10", IMAP, "critical")
    looked(desk, "03-06 17:29:10")
    desk.result("03-06 17:29:30", SITE, "critical")
    desk.result("03-06 17:29:50", SITE, "ok")
    for wall in ("03-06 17:29:50", "03-06 17:30:10", "03-06 17:35", "03-09 09:00"):
        assert looked(desk, wall) == []
    desk.result("03-09 09:05", IMAP, "ok")
    assert looked(desk, "03-09 09:05") == [("mail Accueil", "recovered INC-2026-000001 messagerie")]


def test_what_a_channel_refuses_at_night_does_not_wake_by_another(desk: Stage) -> None:
    desk.result("03-06 17:29", SITE, "critical")
    looked(desk, "03-06 17:29")
    (message,) = outbox.undelivered_or_since(desk.connection, 0)
    assert notices.tell_by(desk.connection, notices.of_message(desk.connection, message.id), Channel.SMS)
    assert looked(desk, "03-06 23:00") == []
    assert looked(desk, "03-09 09:00") == [("sms Accueil", FAILED[1])]


def test_an_alarm_leaves_at_any_hour(desk: Stage) -> None:
    night = Seed("syndicat", "Bureau", "bureau@syndicat.fr", mail="warning", hours="service")
    desk.database.apply(Batch(at=desk.now, contacts=[night]))
    cut_off = Topic(subject=Subject.ISOLATION, name="vigie", word="begun", at=at("03-07 03:00"), urgent=True)
    pool = Topic(subject=Subject.POOL, name="exemple", word="nearly-full", at=at("03-07 03:00"))
    for topic in (cut_off, pool):
        topics.announce(desk.connection, desk.promises, topic)
    assert looked(desk, "03-07 03:00") == [("mail Bureau", "isolation vigie begun")]
    assert looked(desk, "03-09 09:00") == [("mail Bureau", "pool exemple nearly-full")]


def test_hours_that_the_config_no_longer_has_are_none(desk: Stage) -> None:
    lost = Seed("exemple", "Élu", "elu@exemple.fr", mail="critical", hours="partie")
    desk.database.apply(Batch(at=desk.now, contacts=[lost]))
    desk.result("03-07 03:00", SITE, "critical")
    assert looked(desk, "03-07 03:00") == [("mail Élu", FAILED[1])]


def written(root: Path, good_friday: bool) -> Path:
    """An installation of the profile, whose clerk keeps the hours of its calendar."""
    main = {"organisation": "Syndicat", "profile": "moselle-fibre", "include": ["*.json"]}
    commune: dict[str, Any] = {
        "collectivite": "exemple",
        "name": "Exemple",
        "good_friday": good_friday,
        "services": [{"id": "internet", "name": "internet"}],
        "contacts": [
            {"name": "Accueil", "email": "accueil@exemple.fr", "alerts": {"mail": "critical"}, "hours": "service"}
        ],
        "equipment": [
            {
                "id": "web",
                "address": "127.0.0.12",
                "sondes": [{"id": "site", "type": "tcp", "port": 80, "service": "internet"}],
            }
        ],
    }
    (root / "vigie.yaml").write_text(json.dumps(main))
    (root / "exemple.json").write_text(json.dumps(commune))
    return root / "vigie.yaml"


@pytest.mark.parametrize(("good_friday", "told"), [(True, "04-07 09:00"), (False, "04-03 09:00")])
def test_from_the_config_to_the_message_with_its_holidays(good_friday: bool, told: str, tmp_path: Path) -> None:
    configuration = load(written(tmp_path, good_friday), registry.load())
    with stage() as desk:
        desk.promises = promises_of(configuration)
        desk.database.apply(Batch(at=desk.now, contacts=list(contacts_of(configuration))))
        desk.result("04-02 17:00", SITE, "ok")
        desk.result("04-02 18:00", SITE, "critical")
        looks = [
            "04-02 18:00",
            "04-03 08:59",
            "04-03 09:00",
            "04-04 12:00",
            "04-06 09:00",
            "04-07 08:59",
            "04-07 09:00",
        ]
        assert [wall for wall in looks if looked(desk, wall)] == [told]
