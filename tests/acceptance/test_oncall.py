"""`vigie oncall`: turns, replacements, with and without a daemon; what `check` says of who was erased."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from supervisor.cli import main
from tests.acceptance.daemon import Installation

RELAYS = {"relays": [{"host": "127.0.0.1", "port": 9, "security": "none"}]}
ROTA = {
    "name": "astreinte",
    "members": ["syndicat/Alice", "syndicat/Bruno"],
    "from": "2026-01-05",
    "handover": {"at": "09:00", "day": "mon"},
}
CHIEF = "syndicat/Chef de service"


def run(place: Installation, *words: str, status: int = 0) -> Result:
    """One command."""
    done = CliRunner().invoke(main, [*words, "--config", str(place.config)])
    assert done.exit_code == status, done.output
    return done


def listed(place: Installation, *words: str) -> dict[str, Any]:
    """What `list` says."""
    found: dict[str, Any] = json.loads(run(place, "oncall", "list", *words, "--json").stdout)
    return found


def who(place: Installation, wall: str) -> list[str]:
    """Who is on call at that time."""
    (rota,) = listed(place, "--at", wall)["rotas"]
    return [turn["contact"]["name"] for turn in rota["turns"]]


@pytest.fixture
def syndicat(place: Installation) -> Installation:
    """An operator of three."""
    place.write()
    place.main["alerts"] = {
        "from": "vigie@exemple.fr",
        "mail": RELAYS,
        "on_call": [ROTA],
        "escalation": [{"after": "0m", "tell": ["astreinte"]}, {"after": "15m", "tell": [CHIEF]}],
    }
    place.config.write_text(json.dumps(place.main))
    people = [{"name": name, "email": "a@exemple.fr"} for name in ("Alice", "Bruno", "Chef de service")]
    content = {"collectivite": "syndicat", "operator": True, "name": "Syndicat", "contacts": people}
    (place.root / "collectivites" / "syndicat.yaml").write_text(json.dumps(content))
    return place


def test_turns_and_replacements(syndicat: Installation) -> None:
    run(syndicat, "contact", "add", "--collectivite", "syndicat", "--name", "Zoé", "--email", "z@exemple.fr")
    assert who(syndicat, "2035-01-01T09:00") == ["Bruno"]
    assert who(syndicat, "2035-01-01T08:59") == ["Alice"]
    done = run(syndicat, "oncall", "replace", "astreinte", "--from", "2035-01-02T08:00", "--until", "2035-01-03T20:00",
               "--by", "syndicat/Zoé", "--author", "jeanne")  # fmt: skip
    assert "jeanne" in done.stdout
    assert who(syndicat, "2035-01-03T19:59") == ["Zoé"]
    found = listed(syndicat, "--at", "2035-01-01T09:00", "--weeks", "1")
    assert [turn["replacement"] for turn in found["rotas"][0]["turns"]] == [None, 1, None]
    assert [one["author"] for one in found["replacements"]] == ["jeanne"]
    text = run(syndicat, "oncall", "list", "--at", "2035-01-01T09:00", "--weeks", "1").stdout
    assert "syndicat/Zoé" in text
    run(syndicat, "oncall", "cancel", "1")
    assert who(syndicat, "2035-01-03T19:59") == ["Bruno"]
    refused = run(syndicat, "oncall", "replace", "nuit", "--from", "2035-01-02T08:00", "--until", "2035-01-03T20:00",
                  "--by", "syndicat/Zoé", status=2)  # fmt: skip
    assert "rota: there is no rota 'nuit'" in refused.output


def test_through_a_daemon_who_was_erased_is_said_and_followed(syndicat: Installation) -> None:
    with syndicat.running() as daemon:
        run(syndicat, "oncall", "replace", "astreinte", "--from", "2035-01-02T08:00", "--until", "2035-01-03T20:00",
            "--by", CHIEF)  # fmt: skip
        assert who(syndicat, "2035-01-02T08:00") == ["Chef de service"]
        people = json.loads(run(syndicat, "contact", "list", "--json").stdout)["contacts"]
        numbers = {one["name"]: str(one["id"]) for one in people}
        for name in ("Alice", "Chef de service"):
            run(syndicat, "contact", "erase", numbers[name])
        assert who(syndicat, "2034-12-27T09:00") == ["Bruno"]
        assert who(syndicat, "2035-01-02T08:00") == ["Bruno"]
        daemon.stop()
    said = run(syndicat, "check").stderr
    assert "alerts.on_call[astreinte]: syndicat/Alice was erased: the next member takes their turn" in said
    assert f"alerts.escalation: {CHIEF} was erased: the next step is taken in their place" in said
    assert "syndicat/Alice is in the rota and no contact" in run(syndicat, "oncall", "list").stdout


def test_preview_says_who_is_called_when_and_what_stops_it(syndicat: Installation) -> None:
    run(syndicat, "incident", "report", "--collectivite", "syndicat", "--message", "Plus rien")
    number = run(syndicat, "incident", "list").stdout.split("INC-")[1].split()[0]
    events = json.loads(run(syndicat, "alert", "preview", f"INC-{number}", "--json").stdout)["events"]
    # Nothing has run yet, so the contacts of the file are not in the database: a contact is entered, and seeds them.
    assert [one["step"] for one in events if one["step"]] == [
        "astreinte: until somebody acknowledges it, or intervenes",
        f"{CHIEF}: until somebody acknowledges it, or intervenes",
    ]
    run(syndicat, "contact", "add", "--collectivite", "syndicat", "--name", "Zoé", "--email", "z@exemple.fr")
    text = run(syndicat, "alert", "preview", f"INC-{number}").stdout
    assert f"step for {CHIEF}: until somebody acknowledges it, or intervenes" in text
    assert "mail to Chef de service (syndicat) a@exemple.fr" in text
    assert "Signalement non pris en charge" in text
