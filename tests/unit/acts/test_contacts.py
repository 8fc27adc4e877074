"""Contacts, entered, edited and erased through the door of all acts: SPEC 10."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.domain.contact import Seed
from supervisor.errors import VigieError
from supervisor.store import contacts
from supervisor.store.batch import Batch
from tests.unit.acts.stage import Stage, at, iso

SEEDED = Seed("exemple", "Référent numérique", "referent@exemple.fr", "+33600000001", "warning", "critical")


def add(desk: Stage, **fields: Any) -> dict[str, Any]:
    """Somebody of the commune."""
    made: dict[str, Any] = desk.act("contact.add", collectivite="exemple", **fields)["contact"]
    return made


def take_up(desk: Stage, *seeds: Seed) -> None:
    """The config takes effect."""
    desk.database.apply(Batch(at=desk.now, contacts=list(seeds)))


def test_entered_and_edited_with_who_did_it(desk: Stage) -> None:
    made = add(desk, name=" Mairie ", email="mairie@exemple.fr", mail="critical")
    assert made == {
        "id": 1,
        "collectivite": "exemple",
        "name": "Mairie",
        "email": "mairie@exemple.fr",
        "phone": None,
        "webhook": None,
        "alerts": {"mail": "critical", "sms": None, "webhook": None},
        "hours": None,
        "about": None,
        "seen": iso("03-06 09:00"),
        "kept_until": "2029-03-06T09:00:00+01:00",
        "warned": None,
        "created": iso("03-06 09:00"),
        "created_by": "jeanne",
        "changed": None,
        "changed_by": None,
    }
    desk.now += 60
    edited = desk.act("contact.edit", id=1, phone="+33600000002", sms="warning", mail="", author="paul")["contact"]
    assert edited == {
        **made,
        "phone": "+33600000002",
        "alerts": {"mail": None, "sms": "warning", "webhook": None},
        "seen": iso("03-06 09:01"),
        "kept_until": "2029-03-06T09:01:00+01:00",
        "changed": iso("03-06 09:01"),
        "changed_by": "paul",
    }


def test_hours_subscriptions_and_a_webhook(desk: Stage) -> None:
    made = add(desk, name="Journal", webhook="journal", post="warning", hours="nuit", about="pool, incidents")
    assert (made["webhook"], made["alerts"]["webhook"], made["hours"]) == ("journal", "warning", "nuit")
    assert made["about"] == ["incidents", "pool"]
    assert desk.act("contact.edit", id=1, about="none")["contact"]["about"] == []
    assert desk.act("contact.edit", id=1, hours="", post="critical")["contact"]["about"] == []  # as it was
    edited = desk.act("contact.edit", id=1, about="", email="j@exemple.fr")["contact"]
    assert (edited["about"], edited["hours"], edited["alerts"]["webhook"]) == (None, None, "critical")


def test_what_the_config_no_longer_has_keeps_nobody_from_changing_the_rest(desk: Stage) -> None:
    take_up(desk, Seed("exemple", "Ancien", webhook="parti", post="warning", hours="partie"))
    edited = desk.act("contact.edit", id=1, email="ancien@exemple.fr")["contact"]
    assert (edited["email"], edited["hours"], edited["webhook"]) == ("ancien@exemple.fr", "partie", "parti")


def test_confirmed_somebody_is_kept_for_three_years_more(desk: Stage) -> None:
    take_up(desk, SEEDED, Seed("syndicat", "Astreinte", "astreinte@syndicat.fr"))
    desk.now = at("07-01 12:00")
    confirmed = desk.act("contact.confirm", id=1)["contact"]
    assert (confirmed["seen"], confirmed["changed"]) == (iso("07-01 12:00"), None)
    assert confirmed["kept_until"] == "2029-07-01T12:00:00+02:00"
    assert desk.act("contact.confirm", id=2)["contact"]["kept_until"] is None  # of the operator's own team


def test_the_config_seeds_once_and_the_database_holds_from_then_on(desk: Stage) -> None:
    take_up(desk, SEEDED)
    desk.act("contact.edit", id=1, phone="+33600000009", name="Cabinet")
    take_up(desk, SEEDED, Seed("exemple", "Mairie", email="mairie@exemple.fr"))
    found = contacts.every(desk.connection, "exemple")
    assert [(one.name, one.phone, one.created_by) for one in found] == [
        ("Cabinet", "+33600000009", ""),
        ("Mairie", None, ""),
    ]


def test_who_was_erased_stays_so_whatever_the_file_says_and_leaves_nothing(desk: Stage) -> None:
    take_up(desk, SEEDED)
    answer = desk.act("contact.erase", id=1)
    assert answer["contact"] == {"id": 1, "collectivite": "exemple"}
    assert any("remove it there" in remark for remark in answer["remarks"])
    take_up(desk, SEEDED._replace(name="référent  NUMÉRIQUE"))
    assert contacts.every(desk.connection) == []
    image = desk.connection.serialize()
    for trace in (b"referent@exemple.fr", b"33600000001", "Référent numérique".encode()):
        assert trace not in image


def test_one_that_was_erased_can_be_entered_again_by_hand(desk: Stage) -> None:
    take_up(desk, SEEDED)
    desk.act("contact.erase", id=1)
    made = add(desk, name=SEEDED.name, email=SEEDED.email)
    assert made["id"] == 2  # never the number of somebody else
    assert not contacts.was_erased(desk.connection, SEEDED)


def test_what_changes_nothing_writes_nothing(desk: Stage) -> None:
    take_up(desk, SEEDED)
    before = desk.dump()
    answer = desk.act("contact.edit", id=1, email=SEEDED.email)
    assert answer["remarks"] == ["contact 1 was so already; nothing was written"]
    assert desk.dump() == before


def test_refusals_write_nothing(desk: Stage) -> None:
    take_up(desk, SEEDED, Seed("exemple", "Mairie", email="mairie@exemple.fr"))
    desk.act("contact.edit", id=2, name="Accueil")
    before = desk.dump()
    new = {"collectivite": "exemple", "name": "Élu", "email": "elu@exemple.fr"}
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("add", {**new, "collectivite": "exemples"}, "collectivite: no 'exemples' in the config; did you mean"),
        ("add", {**new, "name": " "}, "name: missing, add it"),
        ("add", {**new, "name": 3}, "name: a text is expected, found 3"),
        ("add", {**new, "name": SEEDED.name}, "name: contact 1 of exemple is named 'Référent numérique' already"),
        ("add", {**new, "name": "Mairie"}, "name: contact 2 of exemple, now 'Accueil', was entered as 'Mairie'"),
        ("add", {**new, "email": "elu"}, "email: 'elu' is not a mail address"),
        ("add", {**new, "phone": "0600000001"}, "phone: "),
        ("add", {**new, "email": None}, "a contact without mail address, telephone or webhook cannot"),
        ("add", {**new, "sms": "critical"}, "'alerts' asks for SMS, add 'phone'"),
        ("add", {**new, "mail": "grave"}, "alerts.mail: 'grave' is not possible here"),
        ("add", {**new, "role": "maire"}, "role: not expected here"),
        (
            "edit",
            {"id": 1},
            "nothing to change; give one of name, email, phone, mail, sms, webhook, post, hours, about",
        ),
        ("edit", {"id": 1, "email": "", "phone": ""}, "a contact without mail address, telephone or webhook"),
        ("edit", {"id": 1, "email": ""}, "'alerts' asks for mail, add 'email'"),
        ("edit", {"id": 2, "name": SEEDED.name}, "name: contact 1 of exemple is named"),
        ("add", {**new, "hours": "nuits"}, "hours: there is no calendar 'nuits', did you mean 'nuit'?"),
        ("add", {**new, "webhook": "journaux"}, "webhook: there is no webhook 'journaux', did you mean 'journal'?"),
        ("add", {**new, "post": "critical"}, "'alerts' asks for a webhook, add 'webhook'"),
        ("add", {**new, "about": "pannes"}, "about.0: 'pannes' is not possible here, write 'incidents'"),
        ("add", {**new, "about": "pool, gti"}, "about: 'gti' is told to the operator's contacts alone, remove it"),
        ("edit", {"id": 1, "about": "channel"}, "about: 'channel' is told to the operator's contacts alone"),
        ("confirm", {"id": 7}, "id: no contact 7"),
        ("edit", {"id": 7, "name": "Élu"}, "id: no contact 7"),
        ("erase", {"id": 7}, "id: no contact 7"),
        ("erase", {"id": "1"}, "id: the number of a contact is expected"),
    ]
    for act, arguments, why in refused:
        with pytest.raises(VigieError) as refusal:
            desk.act(f"contact.{act}", **arguments)
        assert why in str(refusal.value), (act, arguments)
        assert desk.dump() == before
