"""Contacts live in the database: the config seeds them, commands edit and erase them, `check` says where it differs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from click.testing import CliRunner, Result

from supervisor.cli import main
from tests.acceptance.daemon import Installation, integrity

REFERENT = {
    "name": "Référent numérique",
    "email": "referent@exemple.fr",
    "phone": "+33600000001",
    "alerts": {"mail": "warning", "sms": "critical", "webhook": None},
}


def write(place: Installation, *contacts: dict[str, Any]) -> None:
    """The file of the commune names these."""
    content = {"collectivite": "exemple", "name": "Commune d'Exemple", "contacts": contacts}
    (place.root / "collectivites" / "exemple.yaml").write_text(json.dumps(content))


def run(place: Installation, *words: str) -> Result:
    """One command that succeeds."""
    done = CliRunner().invoke(main, [*words, "--config", str(place.config)])
    assert done.exit_code == 0, done.output
    return done


def listed(place: Installation) -> list[dict[str, Any]]:
    """What there is."""
    found: list[dict[str, Any]] = json.loads(run(place, "contact", "list", "--json").stdout)["contacts"]
    return found


@pytest.fixture
def commune(place: Installation) -> Installation:
    """A commune with one contact in its file."""
    place.write()
    write(place, REFERENT)
    return place


def test_through_a_daemon_that_runs(commune: Installation) -> None:
    with commune.running() as daemon:
        (known,) = listed(commune)
        assert {key: known[key] for key in REFERENT} == REFERENT
        run(commune, "contact", "edit", str(known["id"]), "--phone", "+33600000009", "--sms", "none")
        write(commune, REFERENT, {"name": "Mairie", "email": "mairie@exemple.fr"})
        run(commune, "reload")
        assert [(one["name"], one["phone"]) for one in listed(commune)] == [
            ("Mairie", None),
            ("Référent numérique", "+33600000009"),
        ]
        run(commune, "contact", "erase", str(known["id"]), "--author", "jeanne")
        run(commune, "reload")
        assert [one["name"] for one in listed(commune)] == ["Mairie"]
        daemon.stop()
    for trace in (b"referent@exemple.fr", b"33600000009", b"33600000001"):
        assert trace not in commune.database.read_bytes()
    assert "'Référent numérique' was erased" in run(commune, "check").stderr
    integrity(commune)


def test_without_a_daemon_the_config_counts_as_taken_up(commune: Installation) -> None:
    run(commune, "contact", "add", "--collectivite", "exemple", "--name", "Élu", "--email", "elu@exemple.fr")
    assert [(one["name"], one["created_by"] is None) for one in listed(commune)] == [
        ("Référent numérique", True),
        ("Élu", False),
    ]
    write(commune, REFERENT, {"name": "Mairie", "email": "mairie@exemple.fr"})
    assert [one["name"] for one in listed(commune) if one["id"] is None] == ["Mairie"]


def test_check_says_who_is_to_be_told_by_a_channel_that_is_closed(commune: Installation) -> None:
    said = run(commune, "check").stderr
    assert "contacts of exemple are to be told by mail, and there is no alerts.mail" in said
    assert "contacts of exemple are to be told by sms, and there is no alerts.sms" in said
    relays = {"relays": [{"host": "127.0.0.1", "security": "none"}]}
    commune.main["alerts"] = {"from": "vigie@exemple.fr", "mail": relays}
    commune.config.write_text(json.dumps(commune.main))
    said = run(commune, "check").stderr
    assert "alerts.mail" not in said
    assert "alerts.sms" in said


def test_hours_subscriptions_a_webhook_and_what_became_of_them_in_the_config(commune: Installation) -> None:
    hook = {"name": "journal", "url": "https://journal.exemple.fr/", "secret": {"file": "secret"}}
    (commune.root / "secret").write_text("une clé de plus de seize lettres")
    (commune.root / "secret").chmod(0o600)
    night = {"timezone": "Europe/Paris", "holidays": None, "slots": {"mon-sun": ["20:00-24:00"]}}
    commune.main |= {"alerts": {"webhooks": [hook]}, "calendars": {"nuit": night}}
    commune.config.write_text(json.dumps(commune.main))
    written = {**REFERENT, "hours": "nuit", "about": ["pool", "incidents"]}
    write(commune, written, {"name": "Journal", "webhook": "journal", "alerts": {"webhook": "warning"}})
    run(commune, "contact", "edit", "1", "--about", "maintenance")
    (journal, known) = listed(commune)
    assert (known["hours"], known["about"]) == ("nuit", ["maintenance"])
    assert (journal["webhook"], journal["alerts"]["webhook"], journal["about"]) == ("journal", "warning", None)
    said = run(commune, "check").stderr
    assert "contact 'Référent numérique' has another about in the database" in said
    assert "no more" not in said
    shown = run(commune, "contact", "list").output
    assert "journal (warning)" in shown
    assert "maintenance" in shown
    run(commune, "contact", "edit", "1", "--about", "incidents,pool")
    run(commune, "contact", "confirm", "1")
    assert "has another" not in run(commune, "check").stderr
    del commune.main["alerts"], commune.main["calendars"]
    commune.config.write_text(json.dumps(commune.main))
    write(commune, REFERENT)
    said = run(commune, "check").stderr
    assert "'Référent numérique' is told within the hours 'nuit', a calendar that there is no more" in said
    assert "'Journal' is told by webhook 'journal', that there is no more" in said
    assert "'Référent numérique' has another hours, about in the database" in said


def test_check_says_who_is_to_be_erased_and_cannot_be_warned(commune: Installation) -> None:
    run(commune, "contact", "confirm", "1")
    assert "cannot be warned" not in run(commune, "check").stderr
    with closing(sqlite3.connect(commune.database)) as connection, connection:
        connection.execute("update contact set seen_at = 1000000000")
    assert "gave no sign for three years, and cannot be warned" in run(commune, "check").stderr


def test_check_says_where_the_file_differs_and_never_what_either_says(commune: Installation) -> None:
    assert "contact '" not in run(commune, "check").stderr
    run(commune, "contact", "edit", "1", "--phone", "+33600000009")
    write(commune, {**REFERENT, "email": "autre@exemple.fr"})
    said = run(commune, "check").stderr
    assert "exemple: contact 'Référent numérique' has another email, phone in the database, which holds" in said
    assert "+336" not in said
    assert "@" not in said
    write(commune, {"name": "Mairie", "email": "mairie@exemple.fr"})
    assert "is in no file any more, and is told all the same: vigie contact erase 1" in run(commune, "check").stderr
