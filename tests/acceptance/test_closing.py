"""`vigie close` and `vigie close --verify`, the real commands on imported histories."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from supervisor.cli import main
from tests.acceptance.sla_histories import scenario
from tests.acceptance.test_sla_against_oracle import imported, sla, vigie

SETTLED_S = 40 * 86_400  # after it, the month in which a history ends is over

MAIN = """
organisation: Moselle Fibre
profile: moselle-fibre
database: vigie.db
include: [exemple.yaml]
calendars:
  bureau:
    timezone: Europe/Paris
    holidays: null
    slots: {mon-fri: ["09:00-17:30"]}
    closed: []
"""
EXEMPLE = """
collectivite: exemple
name: Commune d'Exemple
calendar: bureau
contract: {start: 2026-01-01, sondes: 100}
services:
  - {id: internet, name: Accès Internet, rule: all}
equipment:
  - id: web
    address: 127.0.0.12
    sondes:
      - {id: site, type: tcp, port: 80, service: internet, interval: 1h, attempts: 1}
"""
SITE = "exemple/web/site"


def _lines() -> Iterator[dict[str, Any]]:
    """Every hour from 2 March to 10 April, but from 10 to 12 on 10 March and 7 April; some of it excluded."""
    first = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    for hour in range(40 * 24):
        at = datetime.fromtimestamp(first.timestamp() + 3600 * hour, UTC)
        down = (at.month, at.day) in ((3, 10), (4, 7)) and at.hour in (10, 11)
        yield {"t": at.isoformat(), "sonde": SITE, "status": "critical" if down else "ok"}
        if (at.month, at.day, at.hour) == (3, 10, 13):
            span = {"start": "2026-03-10T12:30:00+01:00", "end": "2026-03-10T14:00:00+01:00"}
            about = {"collectivite": "exemple", "service": "internet", "kind": "force_majeure", "reason": "orage"}
            yield {"t": at.isoformat(), "event": "exclusion", **about, **span, "author": "Ana"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """The main file of an installation with a history; it is 15 April 2026."""
    (tmp_path / "vigie.yaml").write_text(MAIN)
    (tmp_path / "exemple.yaml").write_text(EXEMPLE)
    file = tmp_path / "history.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in _lines()))
    with time_machine.travel(datetime(2026, 4, 15, 8, tzinfo=UTC), tick=False):
        config = tmp_path / "vigie.yaml"
        vigie("history", "import", "--config", str(config), str(file))
        yield config


def run(config: Path, *words: str) -> Result:
    """`vigie close` with these words, whatever it answers."""
    return CliRunner().invoke(main, ["close", "--config", str(config), *words], catch_exceptions=False)


def closed(config: Path, *words: str) -> dict[str, Any]:
    """Its answer."""
    ran = run(config, *words, "--author", "Ana", "--json")
    assert ran.exit_code == 0, ran.output
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def alter(config: Path, *statements: str) -> None:
    """By hand."""
    with closing(sqlite3.connect(config.with_name("vigie.db"), isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def service(config: Path, period: str) -> dict[str, Any]:
    """The figures of the only service."""
    (found,) = sla(config, period)["services"]
    return dict(found)


def test_a_month_is_closed_verified_and_read_back(place: Path) -> None:
    """March has 22 days of 8 h 30. From 10:00 UTC, 11:00 in Metz, it is down for two hours; half an hour is excluded.
    Monday 2 March begins at 9:00, after the first result."""
    before = {period: sla(place, period) for period in ("2026-03", "2026-Q1", "2026", "2026-03-10..2026-04-08")}
    said = run(place, "--month", "2026-03", "--author", "Ana")
    assert said.exit_code == 0, said.output
    first, second, third = said.stdout.splitlines()
    assert first == "2026-03 version 1: closed: 1 services, 1 GTI lines, 0 of which run on"
    digest = second.removeprefix("digest: ")
    counted = third.removeprefix("counts of sondes: documents: 1, the last with digest ")
    assert {period: sla(place, period) for period in before} == before
    figures = service(place, "2026-03")
    assert (figures["open_s"], figures["down_s"], figures["excluded_s"]) == (22 * 30_600, 5400, 5400)
    verified = run(place, "--verify")
    assert (verified.exit_code, verified.stderr) == (0, "")
    assert verified.stdout == (
        f"2026-03 version 1: right: 1 services, 1 GTI lines, closed 2026-04-15T10:00:00+02:00 by Ana, digest {digest}\n"
        f"counts of 2026-03: right: 1 document, the last with digest {counted}\n"
    )


def test_a_holiday_entered_late_changes_the_open_month_alone(place: Path) -> None:
    closed(place, "--month", "2026-03")
    march, april, year = (service(place, period)["open_s"] for period in ("2026-03", "2026-04", "2026"))
    place.write_text(MAIN.replace("closed: []", "closed: [2026-03-24, 2026-04-03]"))
    assert service(place, "2026-03")["open_s"] == march
    assert service(place, "2026-04")["open_s"] == april - 30_600
    assert service(place, "2026")["open_s"] == year - 30_600
    assert run(place, "--verify").exit_code == 0
    made = closed(place, "--month", "2026-03", "--correct", "--reason", "pont du 24 oublié")["closing"]
    assert made["version"] == 2
    assert service(place, "2026-03")["open_s"] == march - 30_600
    answer = json.loads(run(place, "--verify", "--json").stdout)
    assert answer["right"] is True
    assert [(one["month"], one["version"], one["findings"]) for one in answer["closings"]] == [
        ("2026-03", 1, []),
        ("2026-03", 2, []),
    ]


def test_what_was_altered_is_named_with_exit_status_1(place: Path) -> None:
    closed(place, "--month", "2026-03")
    key = f"(select key from sonde where id = '{SITE}')"
    alter(place, f"update interval set status = 'ok' where sonde = {key} and status = 'critical'")
    alter(place, "drop trigger exclusion_fixed", "update exclusion set end = end + 3600")
    ran = run(place, "--verify")
    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[:-1] == [
        f"2026-03 version 1: {SITE}: from 2026-03-10T11:00:00+01:00 to 2026-03-10T13:00:00+01:00: critical in the "
        "closing, ok in the intervals now",
        "2026-03 version 1: exclusion 1: time: from 2026-03-10T12:30:00+01:00 to 2026-03-10T14:00:00+01:00 in the "
        "closing, from 2026-03-10T12:30:00+01:00 to 2026-03-10T15:00:00+01:00 now",
    ]
    assert ran.stdout.splitlines()[-1].startswith("counts of 2026-03: right: 1 document")
    ran = run(place, "--verify", "--month", "2026-03", "--json")
    assert ran.exit_code == 1
    answer = json.loads(ran.stdout)
    assert answer["right"] is False
    assert [finding["about"] for finding in answer["closings"][0]["findings"]] == [SITE, "exclusion 1"]


def test_a_closed_month_is_corrected_by_a_version_beside_it(place: Path) -> None:
    """A storm on 10 March, 11:00 to 12:00 local, is learnt of in April: the outage of 2 h 30 min less 1 h of it."""
    closed(place, "--month", "2026-03")
    before = service(place, "2026-03")
    storm = ("--start", "2026-03-10T11:00", "--end", "2026-03-10T12:00", "--kind", "force_majeure", "--reason", "orage")
    words = ("exclusion", "add", "--config", str(place), "--collectivite", "exemple", *storm, "--author", "Ana")
    with time_machine.travel(datetime(2026, 4, 20, 8, tzinfo=UTC), tick=False):
        refused = CliRunner().invoke(main, words)
        assert (refused.exit_code, "2026-03 is closed" in refused.output) == (2, True)
        vigie(*words, "--correction")
        assert service(place, "2026-03") == before
        awaiting = run(place, "--verify")
        assert (awaiting.exit_code, "a correction takes it in" in awaiting.output) == (0, True)
    with time_machine.travel(datetime(2026, 4, 21, 8, tzinfo=UTC), tick=False):
        closed(place, "--month", "2026-03", "--correct", "--reason", "Orage du 10 mars, lettre reçue le 18 avril")
        after = service(place, "2026-03")
        assert after["kinds"]["force_majeure"] - before["kinds"]["force_majeure"] == 3600
        assert (before["down_s"] - after["down_s"], after["excluded_s"] - before["excluded_s"]) == (3600, 3600)
        verified = run(place, "--verify")
        assert (verified.exit_code, "a correction takes it in" in verified.output) == (0, False)


def test_nothing_is_closed_yet(place: Path) -> None:
    ran = run(place, "--verify")
    assert (ran.exit_code, ran.stdout) == (0, "no month is closed\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--month", "2026-04"], "month: 2026-04 is not over; it ends 2026-05-01T00:00:00+02:00"),
        (["--month", "2026-Q1"], "month: '2026-Q1' is not a month; write 2026-03"),
        (["--month", "2026-03"], "month: 2026-03 is closed already (version 1, 2026-04-15T10:00:00+02:00, by Ana)"),
        (["--month", "2026-03", "--correct"], "reason: why the month is corrected is expected"),
        (["--month", "2026-03", "--reason", "x"], "reason: only a correction has one"),
        (["--month", "2026-02", "--correct", "--reason", "x"], "month: 2026-02 is not closed; there is nothing to cor"),
        (["--month", "2026-02", "--verify"], "month: 2026-02 is not closed; closed: 2026-03"),
        (["--verify", "--reason", "x"], "--verify writes nothing"),
        ([], "Missing option --month"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(place: Path, words: list[str], said: str) -> None:
    closed(place, "--month", "2026-03")
    before = run(place, "--verify", "--json").stdout
    ran = run(place, *words)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert run(place, "--verify", "--json").stdout == before


@pytest.mark.parametrize("seed", [1, 4, 9, 16, 25])
def test_closing_changes_no_figure_of_a_random_history(seed: int) -> None:
    """Whatever happened in it, and for periods that cut through the closed months too."""
    told = scenario(seed)
    months = sorted({datetime.fromisoformat(line["t"]).astimezone(UTC).strftime("%Y-%m") for line in told.lines})
    root = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        with time_machine.travel(datetime.fromtimestamp(told.now + SETTLED_S, UTC), tick=False):
            config = imported(told, root)
            before = {period: sla(config, period) for period in [*told.periods, *months]}
            for month in reversed(months):
                closed(config, "--month", month)
            assert {period: sla(config, period) for period in before} == before
            verified = run(config, "--verify")
            assert verified.exit_code == 0, verified.stdout
    finally:
        shutil.rmtree(root)
