"""What was due when it was noted, and is not by the time it could leave. SPEC 6 and 7."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from supervisor.domain.contact import Seed
from supervisor.store.batch import Batch
from tests.unit.acts.stage import LINK, SITE, Stage, iso, stage
from tests.unit.acts.stage import at as instant
from tests.unit.alerts.wires import looked

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", None, "critical", None)
NIGHT = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", None, "warning", None)
NAKED = "exemple/web/nu"  # counts for no service
SITE_OPENED, NAKED_OPENED = "opened INC-2026-000002 internet", "opened INC-2026-000002 "


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A link has failed a moment ago, so whatever else is to be told waits for a minute."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, NIGHT]))
        for name in (LINK, SITE, NAKED, "syndicat/zimbra/imap"):
            made.result("03-06 09:00", name, "ok")
        made.result("03-06 09:01", "syndicat/zimbra/imap", "critical")
        assert len(looked(made, "03-06 09:01")) == 2
        yield made


def maintained(desk: Stage, wall: str, start: str, end: str) -> int:
    """Somebody enters a maintenance of the commune; gives its number."""
    desk.now = instant(wall)
    answer = desk.act("maintenance.plan", collectivite="exemple", start=iso(start), end=iso(end), nature="Travaux")
    desk.hush()
    return int(answer["maintenance"][0]["id"])


@pytest.mark.parametrize(("name", "said"), [(SITE, SITE_OPENED), (NAKED, NAKED_OPENED)])
def test_maintenance_entered_while_it_waits_mutes_it_until_its_end(desk: Stage, name: str, said: str) -> None:
    desk.result("03-06 09:01:10", name, "critical")
    maintained(desk, "03-06 09:01:20", "03-06 09:00", "03-06 12:00")
    assert looked(desk, "03-06 11:59") == []
    assert looked(desk, "03-06 12:00") == [("mail Astreinte", said), ("mail Mairie", said)]


def test_what_is_over_by_then_is_told_to_nobody(desk: Stage) -> None:
    desk.result("03-06 09:01:10", SITE, "critical")
    maintained(desk, "03-06 09:01:20", "03-06 09:00", "03-06 12:00")
    assert looked(desk, "03-06 09:01:20") == []
    desk.result("03-06 10:00", SITE, "ok")
    assert looked(desk, "03-06 13:00") == []
    assert desk.database.rows("select distinct why from notice where state = 'dropped'") == [
        ("rétabli avant que le message ne parte",)
    ]


def test_its_end_is_told_to_who_had_learnt_of_it_before(desk: Stage) -> None:
    desk.result("03-06 09:01:10", SITE, "critical")
    assert len(looked(desk, "03-06 09:05")) == 2
    maintained(desk, "03-06 09:06", "03-06 09:00", "03-06 12:00")
    desk.result("03-06 10:00", SITE, "ok")
    said = "recovered INC-2026-000002 internet"
    assert looked(desk, "03-06 10:30") == [("mail Astreinte", said), ("mail Mairie", said)]


def test_a_maintenance_that_is_cancelled_holds_nothing_back(desk: Stage) -> None:
    desk.result("03-06 09:01:10", SITE, "critical")
    number = maintained(desk, "03-06 09:01:20", "03-06 09:00", "03-06 12:00")
    assert looked(desk, "03-06 09:05") == []
    desk.now = instant("03-06 09:30")
    desk.act("maintenance.cancel", id=number, reason="Reporté")
    desk.hush()
    assert looked(desk, "03-06 09:30") == [("mail Astreinte", SITE_OPENED), ("mail Mairie", SITE_OPENED)]


def test_one_that_is_prolonged_holds_it_back_for_longer(desk: Stage) -> None:
    desk.result("03-06 09:01:10", SITE, "critical")
    number = maintained(desk, "03-06 09:01:20", "03-06 09:00", "03-06 12:00")
    desk.now = instant("03-06 11:50")
    desk.act("maintenance.prolong", id=number, until=iso("03-06 14:00"))
    desk.hush()
    assert looked(desk, "03-06 13:59") == []
    assert looked(desk, "03-06 14:00") == [("mail Astreinte", SITE_OPENED), ("mail Mairie", SITE_OPENED)]


def reminded(desk: Stage) -> None:
    """Three quarters of the time to intervene are used up; nobody was told of that yet."""
    desk.result("03-06 09:02", SITE, "critical")
    assert len(looked(desk, "03-06 09:10")) == 2
    desk.now = instant("03-06 15:03")
    desk.database.apply(Batch(at=desk.now, due={SITE: desk.now}, promises=desk.promises))
    assert desk.database.rows("select count(*) from notice where kind = 'gti' and state = 'due'") == [(1,)]


def test_nobody_is_reminded_to_intervene_once_somebody_does(desk: Stage) -> None:
    reminded(desk)
    desk.act("incident.intervene", number="INC-2026-000002")
    assert looked(desk, "03-06 15:03") == []
    assert desk.database.rows("select why from notice where kind = 'gti'") == [("quelqu'un intervient",)]


def test_nor_of_what_is_the_communes_own(desk: Stage) -> None:
    reminded(desk)
    desk.act("incident.cause", number="INC-2026-000002", cause="collectivite")
    assert looked(desk, "03-06 15:03") == []


def test_but_is_as_long_as_nobody_does(desk: Stage) -> None:
    reminded(desk)
    desk.act("incident.ack", number="INC-2026-000002")
    assert looked(desk, "03-06 15:03") == [("mail Astreinte", "gti INC-2026-000002 internet")]
