"""The API of a daemon that runs: tokens made and revoked by the commands, figures as the commands print them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPMessage
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result

from supervisor.cli import main
from supervisor.web.openapi import document
from supervisor.web.resources import RESOURCES, ROOT
from tests.acceptance.daemon import PATIENCE_S, Daemon, Installation, integrity
from tests.acceptance.history import encode
from tests.json_schema import mistakes

SECRET = re.compile(r"vigie_[A-Za-z0-9_-]{43}")
MARCH, YEAR = {"month": "2026-03"}, {"year": "2026"}
# What is asked of the API, and of the command of the same name.
ASKED: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "counts": (MARCH, ("--month", "2026-03")),
    "contributions": (YEAR, ("--year", "2026")),
    "amendments": (YEAR, ("--year", "2026")),
    "explain": ({"collectivite": "exemple", **MARCH}, ("exemple", "--month", "2026-03")),
}


class Office:
    """An installation, its commands in this process, and a program that reads the API."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.daemon: Daemon | None = None

    def run(self, *words: str) -> Result:
        """One command."""
        return CliRunner().invoke(main, [*words, "--config", str(self.place.config)])

    def text(self, *words: str) -> str:
        """What a command that succeeds prints."""
        done = self.run(*words)
        assert done.exit_code == 0, (words, done.output)
        return done.stdout

    def json(self, *words: str) -> dict[str, Any]:
        """The same, read."""
        said: dict[str, Any] = json.loads(self.text(*words, "--json"))
        return said

    def token(self, name: str) -> str:
        """A new token."""
        return str(self.json("token", "create", "--role", "billing", "--name", name)["secret"])

    def get(
        self, resource: str, token: str | None, asked: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> tuple[int, HTTPMessage, bytes]:
        """What the daemon answers."""
        assert self.daemon is not None
        sent = dict(headers or {}) | ({} if token is None else {"Authorization": f"Bearer {token}"})
        with closing(http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE_S)) as connection:
            connection.request("GET", f"{ROOT}/billing/{resource}?{urlencode(asked)}", headers=sent)
            response = connection.getresponse()
            return response.status, response.headers, response.read()


@pytest.fixture
def office(place: Installation) -> Iterator[Office]:
    """Two communes, one of which had 103 sondes in March where 100 are subscribed; a daemon that runs."""
    place.write()
    there = [f"s{number}" for number in range(103)]
    for name, sondes in (("exemple", there), ("autre", ["s0"])):
        contract = {"start": "2026-01-01", "sondes": 100}
        paused = [{"id": sonde, "type": "tcp", "port": 9, "paused": True} for sonde in sondes]
        written = {
            "collectivite": name,
            "name": f"Commune d’{name}",
            "contract": contract,
            "equipment": [{"id": "e", "address": "127.0.0.1", "sondes": paused}],
        }
        (place.root / "collectivites" / f"{name}.yaml").write_text(json.dumps(written))
    history = place.root / "h.jsonl"
    history.write_bytes(
        encode(
            {"t": "2026-01-15T09:00:00+01:00", "event": "sonde-added", "sonde": f"exemple/e/{sonde}"} for sonde in there
        )
    )
    made = Office(place)
    made.text("history", "import", str(history))
    with place.running() as daemon:
        made.daemon = daemon
        yield made
    integrity(place)


def test_the_answers_are_what_the_commands_print(office: Office) -> None:
    """SPEC 11: the same words and fields, to the byte; and as the description says."""
    token = office.token("tableur")
    described = document(RESOURCES)
    assert set(ASKED) == {resource.name for resource in RESOURCES}
    for resource, (asked, words) in ASKED.items():
        status, headers, body = office.get(resource, token, asked)
        assert (status, headers["Content-Type"]) == (200, "application/json"), body
        assert body.decode() == office.text("billing", resource, *words, "--json")
        (schema,) = (each.schema for each in RESOURCES if each.name == resource)
        assert list(mistakes(json.loads(body), {"$ref": f"#/components/schemas/{schema}"}, described)) == []
    counted = json.loads(office.get("counts", token, MARCH)[2])["counts"]
    assert [(one["collectivite"], one["peak"], one["billed"]) for one in counted] == [
        ("autre", 0, 100),
        ("exemple", 103, 150),
    ]
    only = office.get("counts", token, {**MARCH, "collectivite": "exemple"})[2]
    assert json.loads(only)["counts"] == counted[1:]


def test_a_csv_that_a_french_spreadsheet_opens(office: Office) -> None:
    token = office.token("tableur")
    status, headers, body = office.get("counts", token, MARCH, {"Accept": "text/csv"})
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert body.decode("utf-8-sig").startswith("Collectivité;Nom;SIRET;")
    assert (headers["Content-Disposition"], headers["Vary"]) == (
        'attachment; filename="sondes-2026-03.csv"',
        "Accept, Authorization",
    )
    machine = office.get("counts", token, {**MARCH, "format": "csv-machine"})[2]
    assert machine.startswith(b"collectivite,siret,")


def test_what_did_not_change_is_told_so(office: Office) -> None:
    token = office.token("tableur")
    _, headers, _ = office.get("contributions", token, YEAR)
    known = {"If-None-Match": headers["ETag"]}
    status, again, body = office.get("contributions", token, YEAR, known)
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert office.get("contributions", None, YEAR, known)[0] == 401


def test_a_token_opens_until_it_is_revoked_and_its_secret_is_kept_nowhere(office: Office) -> None:
    first = office.run("token", "create", "--role", "billing", "--name", "tableur", "--author", "Léa")
    secret = first.stdout.strip()
    assert SECRET.fullmatch(secret)
    assert first.stderr == "note: token 1; its secret is shown this once\n"
    second = office.token("compta")
    assert office.get("counts", secret, MARCH)[0] == 200
    assert office.get("counts", None, {**MARCH, "token": secret})[0] == 401
    assert office.get("counts", f"{secret}x", MARCH)[0] == 401
    revoked = office.json("token", "revoke", "1", "--author", "Paul")["token"]
    assert (revoked["state"], revoked["author"], revoked["revoked_by"]) == ("revoked", "Léa", "Paul")
    assert office.get("counts", secret, MARCH)[0] == 401
    assert office.get("counts", second, MARCH)[0] == 200
    listed = office.text("token", "list", "--all")
    assert [line.split()[1] for line in listed.splitlines()] == ["state", "revoked", "holds"]
    assert [one["name"] for one in office.json("token", "list")["tokens"]] == ["compta"]
    assert office.daemon is not None
    kept = [listed, json.dumps(office.json("token", "list", "--all")), office.daemon.log()]
    kept += [file.read_bytes().decode("latin-1") for file in office.place.root.glob("*.db*")]
    assert len(kept) >= 4
    assert not any(each in text for each in (secret, second) for text in kept)


def test_refusals(office: Office) -> None:
    token = office.token("tableur")
    for resource, asked, status, why in [
        ("counts", {}, 400, "month: it is missing; write month=2026-03"),
        ("counts", {"month": "mars"}, 400, "month: 'mars' is not a month; write 2026-03"),
        ("counts", {"month": "2096-03"}, 400, "month: 2096-03 begins in the future"),
        ("contributions", {"year": "2096"}, 400, "year: 2096 begins in the future"),
        (
            "counts",
            {"month": "2026-03", "collectivite": "exempel"},
            404,
            "collectivite: there is none of this id, or nothing to tell of it",
        ),
        ("nonsense", {}, 404, "there is nothing at this address"),
    ]:
        answered, headers, body = office.get(resource, token, asked)
        assert (answered, headers["Cache-Control"]) == (status, "no-store")
        assert json.loads(body)["error"].startswith(why)
    assert office.daemon is not None
    assert "Traceback" not in office.daemon.log()
    for words, why in [
        (("create", "--role", "billing", "--name", "tableur"), "name: token 1 is named 'tableur'"),
        (("create", "--role", "billing", "--name", " "), "name: the name of the program"),
        (("create", "--role", "wall", "--name", "x"), "'wall' is not 'billing'"),
        (("revoke", "7"), "id: no token 7; choose among 1"),
        (("revoke", "x"), "'x' is not a valid integer"),
    ]:
        done = office.run("token", *words)
        assert (done.exit_code, done.stdout) == (2, ""), words
        assert why in done.stderr
    assert len(office.json("token", "list", "--all")["tokens"]) == 1


def test_a_token_made_without_a_daemon_opens_once_one_runs(office: Office) -> None:
    assert office.daemon is not None
    kept = office.token("tableur")
    assert office.daemon.stop() == 0
    made = office.token("compta")
    with office.place.running() as daemon:
        office.daemon = daemon
        assert [office.get("counts", token, MARCH)[0] for token in (kept, made)] == [200, 200]
        status, text = daemon.get(f"{ROOT}/openapi.json")
        assert (status, json.loads(text)) == (200, document(RESOURCES))
        assert daemon.stop() == 0
