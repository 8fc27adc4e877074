"""What a dead link hides: who depends on it is told, in the names of what they know. SPEC 3 and 7."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from probes.base import Status
from supervisor.domain.contact import Seed
from supervisor.domain.rule import Rule
from supervisor.store.batch import Batch
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, promised, stage
from tests.unit.alerts.wires import looked
from tests.unit.alerts.wordings import ON_CALL, SECRETARY, fact, mail, plain_spaces, sms
from tests.unit.builders import sonde

BACKBONE = "syndicat/dc/lien"
MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", None, "critical", None)
ALONE = Seed("vide", "Mairie de Vide", "mairie@vide.fr", None, "critical", None)
NIGHT = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", None, "warning", None)


@pytest.fixture
def desk() -> Iterator[Stage]:
    """The platform that communes share hangs behind a link of the operator's, which counts for no service."""
    with stage() as made:
        sondes = {**made.promises.sondes, BACKBONE: None}
        made.promises = replace(made.promises, sondes=sondes, parents={IMAP: BACKBONE, SITE: LINK})
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, ALONE, NIGHT]))
        made.result("03-06 09:00", BACKBONE, "ok")
        yield made


def fails(desk: Stage) -> None:
    """Confirmed at the third."""
    for second in ("00", "20", "40"):
        desk.result(f"03-06 17:20:{second}", BACKBONE, "critical")


def test_communes_behind_the_operators_link_are_told_of_their_own_service(desk: Stage) -> None:
    fails(desk)
    assert looked(desk, "03-06 17:21") == [
        ("mail Astreinte", "opened INC-2026-000001 "),
        ("mail Mairie", "opened INC-2026-000001 messagerie"),
    ]
    desk.result("03-06 18:00", BACKBONE, "ok")
    assert [reader for reader, _ in looked(desk, "03-06 18:30")] == ["mail Astreinte", "mail Mairie"]


def test_a_warning_hides_nothing(desk: Stage) -> None:
    desk.promises = replace(desk.promises, warned=frozenset({BACKBONE}))
    desk.watched(replace(sonde(BACKBONE, attempts=1, stale_after_s=86_400), incident_from=Status.WARNING))
    desk.result("03-06 17:20", BACKBONE, "warning")
    assert looked(desk, "03-06 17:21") == [("mail Astreinte", "opened INC-2026-000001 ")]


def test_what_can_do_without_it_is_not_cut_off() -> None:
    made = replace(promised(), parents={IMAP: BACKBONE, BACKBONE: "syndicat/dc/coeur"})
    key = ("exemple", "messagerie")
    assert made.cut_off("syndicat/dc/coeur") == [key, ("autre", "messagerie"), ("syndicat", "zimbra")]
    twice = replace(made.services[key], rule=Rule.ANY, uses=(IMAP, "syndicat/zimbra2/imap"))
    made = replace(made, services={**made.services, key: twice})
    assert made.cut_off("syndicat/dc/coeur") == [("autre", "messagerie"), ("syndicat", "zimbra")]
    assert made.cut_off(IMAP) == []


def test_its_own_services_are_not_told_twice() -> None:
    made = replace(promised(), parents={SITE: LINK})
    assert made.cut_off(LINK) == []


def test_in_words() -> None:
    one, some = fact(behind=("Messagerie",)), fact(behind=("Messagerie", "Téléphonie", "A", "B", "C"))
    assert "Le service « Messagerie » est injoignable de ce fait." in plain_spaces(
        mail(SECRETARY, "03-06 17:25", one).text
    )
    assert (
        "Les services « Messagerie », « Téléphonie », « A » et 2 autres sont injoignables de ce fait."
        in plain_spaces(mail(ON_CALL, "03-06 17:25", some).text)
    )
    assert "Injoignable : Messagerie" in sms(SECRETARY, "03-06 17:25", one, segments=2)
    assert "Injoignables : Messagerie, Téléphonie, A +2 autres" in sms(ON_CALL, "03-06 17:25", some, segments=2)
