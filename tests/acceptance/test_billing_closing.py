"""`vigie close`, `vigie billing close` and `vigie billing correct`, the real commands; alone, and by a daemon."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from supervisor.cli import main
from supervisor.domain.period import month_of
from tests.acceptance.daemon import Installation, until

MAIN = """
organisation: Moselle Fibre
profile: moselle-fibre
database: vigie.db
control: s
listen: "127.0.0.1:0"
include: [collectivites/*.yaml]
"""
NOW = datetime(2026, 9, 10, 8, tzinfo=UTC)
LATER = datetime(2026, 9, 11, 8, tzinfo=UTC)


def file(name: str, contract: str, sondes: int = 1, more: str = "") -> str:
    """The file of a collectivité."""
    wanted = "".join(f"\n      - {{id: s{number}, type: tcp, port: 9, paused: true}}" for number in range(sondes))
    return f"""
collectivite: {name}
name: Commune {name.title()}
siret: "21570001100012"
contract: {contract}
{more}
equipment:
  - id: e
    address: 127.0.0.1
    sondes:{wanted}
"""


class Home:
    """An installation, and commands in this process: a new one for each would take a minute."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "vigie.yaml"
        self.config.write_text(MAIN)
        (root / "collectivites").mkdir()

    def write(self, name: str, text: str) -> None:
        """The file of a collectivité."""
        (self.root / "collectivites" / f"{name}.yaml").write_text(text)

    def lose(self) -> None:
        """All files of collectivités are gone."""
        for each in (self.root / "collectivites").iterdir():
            each.unlink()

    def history(self, *lines: tuple[str, str, str]) -> None:
        """Events of sondes at local times of 2026 are imported."""
        path = self.root / "h.jsonl"
        events = ({"t": f"2026-{t}:00+02:00", "event": event, "sonde": sonde} for t, event, sonde in lines)
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        self.said("history", "import", str(path))

    def run(self, *words: str) -> Result:
        """A command, whatever it answers."""
        return CliRunner().invoke(main, [*words, "--config", str(self.config)], catch_exceptions=False)

    def said(self, *words: str) -> str:
        """What one that succeeds prints."""
        ran = self.run(*words)
        assert ran.exit_code == 0, (words, ran.output)
        return ran.stdout

    def printed(self) -> dict[str, str]:
        """What accountants read of what will be closed, byte for byte."""
        return {
            "counts": self.said("billing", "counts", "--month", "2026-07", "--json"),
            "calls": self.said("billing", "contributions", "--year", "2026", "--json"),
        }

    def alter(self, *statements: str) -> None:
        """By hand."""
        with closing(sqlite3.connect(self.root / "vigie.db", isolation_level=None)) as database:
            for statement in statements:
                database.execute(statement)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Two communes; Exemple has subscribed 150 sondes from 15 August on, and its three sondes are there since May."""
    made = Home(tmp_path)
    contract = "{start: 2026-01-01, sondes: [{from: 2026-01-01, count: 100}, {from: 2026-08-15, count: 150}]}"
    made.write("exemple", file("exemple", contract, 3))
    made.write("voisine", file("voisine", "{start: 2026-07-10, sondes: 100}"))
    with time_machine.travel(NOW, tick=False):
        made.history(*((f"05-02T10:0{number}", "sonde-added", f"exemple/e/s{number}") for number in range(3)))
        yield made


def close(home: Home) -> None:
    """July, and the calls of the year."""
    home.said("close", "--month", "2026-07", "--author", "Ana")
    home.said("billing", "close", "--year", "2026", "--author", "Ana")


def test_what_is_closed_is_printed_byte_for_byte_as_before_for_ever(home: Home) -> None:
    """After the closing; after contracts are edited and history is imported beneath; with every file gone; and from the
    database alone."""
    before = home.printed()
    assert json.loads(before["calls"])["total"] == "250.00"
    close(home)
    assert home.printed() == before
    with time_machine.travel(LATER, tick=False):
        home.write("exemple", file("exemple", "{start: 2026-02-01, sondes: 120}", 3, "population: 5"))
        home.history(("06-02T10:00", "sonde-added", "exemple/e/s3"), ("09-01T10:00", "sonde-removed", "exemple/e/s3"))
        assert home.printed() == before
        home.lose()
        assert home.printed() == before
        home.config.unlink()
        database = ("--database", str(home.root / "vigie.db"))
        ran = CliRunner().invoke(main, ["billing", "counts", "--month", "2026-07", "--json", *database])
        assert ran.stdout == before["counts"]
        ran = CliRunner().invoke(main, ["billing", "contributions", "--year", "2026", "--json", *database])
        assert ran.stdout == before["calls"]
        ran = CliRunner().invoke(main, ["billing", "close", "--verify", *database])
        assert (ran.exit_code, "note: exemple: by what is known now" in ran.stdout) == (0, True)


def test_what_a_closing_freezes_is_in_the_ledger_too(home: Home) -> None:
    """A contract that is edited while no daemon runs is called as it is written; with the file gone, too."""
    home.write("voisine", file("voisine", "{start: 2026-03-01, sondes: 200}"))
    close(home)
    before = home.printed()
    home.lose()
    assert home.printed() == before
    assert home.run("billing", "close", "--verify").exit_code == 0


def test_calls_are_closed_and_read_back(home: Home) -> None:
    said = home.said("billing", "close", "--year", "2026", "--author", "Ana").splitlines()
    assert said[:-1] == [
        "2026-0001: exemple: annual of 2026-07-01: 100 sondes, 100.00 €",
        "2026-0002: exemple: additional of 2026-08-15: 50 sondes, 50.00 €",
        "2026-0003: voisine: additional of 2026-07-10: 100 sondes, 100.00 €",
        "total: 250.00 €",
    ]
    digest = said[-1].removeprefix("digest: ")
    assert home.said("billing", "close", "--verify") == (
        f"calls of 2026: right: 3 documents, the last with digest {digest}\n"
    )
    again = home.said("billing", "close", "--year", "2026")
    assert again == "nothing to close: every call of 2026 that is dated by now is closed\n"
    answer = json.loads(home.said("billing", "close", "--verify", "--year", "2026", "--json"))
    assert (answer["right"], [bill["number"] for bill in answer["bills"]]) == (
        True,
        ["2026-0001", "2026-0002", "2026-0003"],
    )


def test_a_call_is_corrected_with_both_amounts_said(home: Home) -> None:
    close(home)
    with time_machine.travel(LATER, tick=False):
        home.write("exemple", file("exemple", "{start: 2026-01-01, sondes: 200}", 3))
        words = ("billing", "close", "--year", "2026", "--collectivite", "exemple", "--correct", "--reason", "avenant")
        assert home.said(*words).splitlines()[:2] == [
            "2026-0004: exemple: annual of 2026-07-01: 200 sondes, 100.00 → 200.00 €, in the place of 2026-0001",
            "2026-0005: exemple: additional of 2026-08-15: 0 sondes, 50.00 → 0.00 €, in the place of 2026-0002",
        ]
        calls = json.loads(home.printed()["calls"])["calls"]
        assert [(call["collectivite"], call["kind"], call["amount"]) for call in calls] == [
            ("exemple", "annual", "200.00"),
            ("voisine", "additional", "100.00"),
        ]
        again = home.run(*words)
        assert (again.exit_code, "there is nothing to correct" in again.stderr) == (2, True)


def test_a_mistaken_addition_is_put_right_and_a_closed_month_corrected(home: Home) -> None:
    close(home)
    window = ("--from", "2026-05-01", "--to", "2026-09-10T00:00", "--reason", "doublon")  # a day: the instant it begins
    with time_machine.travel(LATER, tick=False):
        refused = home.run("billing", "correct", "exemple/e/s0", *window)
        assert (refused.exit_code, "2026-07 is closed" in refused.stderr) == (2, True)
        ran = home.run("billing", "correct", "exemple/e/s0", *window, "--correction")
        assert ran.stdout == (
            "correction 1: exemple/e/s0 does not count from 2026-05-01 00:00:00+0200 to 2026-09-10 00:00:00+0200: "
            "doublon\n"
        )
        assert "vigie close --month 2026-07 --correct" in ran.stderr
        june = json.loads(home.said("billing", "counts", "--month", "2026-06", "--json"))["counts"]
        july = json.loads(home.printed()["counts"])["counts"]
        assert (june[0]["peak"], july[0]["peak"]) == (2, 3)
        verified = home.run("close", "--verify", "--month", "2026-07")
        assert (verified.exit_code, "peak 2, not 3" in verified.stdout) == (0, True)
        home.said("close", "--month", "2026-07", "--correct", "--reason", "doublon")
        assert json.loads(home.printed()["counts"])["counts"][0]["peak"] == 2
        verified = home.run("close", "--verify")
        assert (verified.exit_code, "note" in verified.stdout) == (0, False)


UNPRICED = """
extends: commun
title: Essai
source: Essai
calendar: always
tariff: {offers: {suivi: {title: Suivi, called: mid-year, lines: {sonde: {label: Sonde, quantity: sondes}}}}}
"""


def test_a_price_that_nobody_set_is_no_obstacle_before_a_call_needs_it(home: Home) -> None:
    """Until 1 July nothing is called; what is to be signed can be told all the same, without its amount."""
    (home.root / "profiles").mkdir()
    (home.root / "profiles" / "essai.yaml").write_text(UNPRICED)
    home.config.write_text(MAIN.replace("moselle-fibre", "essai"))
    home.lose()
    home.write("exemple", file("exemple", "{start: 2026-01-01, sondes: 100}", 1))
    with time_machine.travel(datetime(2026, 6, 20, tzinfo=UTC), tick=False):
        home.history(*(("06-02T10:00", "sonde-added", f"exemple/e/s{number}") for number in range(101)))
        ran = home.run("billing", "contributions", "--year", "2026", "--json")
    assert (ran.exit_code, json.loads(ran.stdout)["calls"]) == (0, [])
    assert "warning: amendments: suivi: sonde: no price is published for 2026" in ran.stderr
    ran = home.run("billing", "contributions", "--year", "2026", "--json")
    assert (ran.exit_code, ran.stdout, "exemple: suivi: sonde: no price" in ran.stderr) == (2, "", True)


def test_what_was_altered_is_named_with_exit_status_1(home: Home) -> None:
    close(home)
    home.alter("drop trigger bill_no_update", "update bill set author = 'Zoé' where number = '2026-0002'")
    said = "2026-0002: document: was altered: its digest is not that of what it holds"
    for words in (["close", "--verify"], ["billing", "close", "--verify"], ["billing", "close", "--verify", "--json"]):
        ran = home.run(*words)
        assert (ran.exit_code, said.partition(": ")[2].partition(": ")[2] in ran.stdout) == (1, True)
    month = home.run("close", "--verify", "--month", "2026-07", "--json")
    answer = json.loads(month.stdout)
    assert (month.exit_code, answer["right"], {bill["kind"] for bill in answer["bills"]}) == (0, True, {"month"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--year", "2027"], "year: 2027 begins in the future"),
        (["--year", "2026", "--reason", "x"], "reason: only a correction has one"),
        (["--year", "2026", "--correct", "--reason", "x"], "collectivite: say whose calls are corrected"),
        (["--year", "2026", "--collectivite", "voisin"], "did you mean 'voisine'?"),
        (["--year", "2026", "--database", "vigie.db"], "--database is for --verify"),
        (["--verify", "--author", "Ana"], "--verify writes nothing"),
        ([], "Missing option --year"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(home: Home, words: list[str], said: str) -> None:
    close(home)
    before = (home.root / "vigie.db").read_bytes()
    ran = home.run("billing", "close", *words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert (home.root / "vigie.db").read_bytes() == before


def test_nothing_is_closed_yet(home: Home) -> None:
    assert home.said("billing", "close", "--verify") == "nothing is closed\n"


def test_a_daemon_does_the_same(place: Installation) -> None:
    """It runs now: what is closed is the last month that is settled, and the calls of last year."""
    year = datetime.now(UTC).year - 1
    (place.root / "vigie.yaml").write_text(MAIN)
    contract = f"{{start: {year}-01-01, sondes: 100}}"
    (place.root / "collectivites" / "exemple.yaml").write_text(file("exemple", contract))
    with place.running() as daemon:
        done = json.loads(_vigie(place, "billing", "close", "--year", str(year), "--json"))
        assert [(one["number"], one["amount"]) for one in done["closed"]] == [(f"{year}-0001", "100.00")]
        month = month_of(month_of(datetime.now(UTC).date()).first.replace(year=year)).name
        assert json.loads(_vigie(place, "close", "--month", month, "--json"))["closing"]["counts"]["documents"] == 1
        added = int(place.rows("select max(t) from ledger")[0][0])
        until(lambda: datetime.now(UTC).timestamp() >= added + 1, "its sonde has counted for a second")
        since, to = (datetime.fromtimestamp(t, UTC).isoformat() for t in (added, added + 1))
        corrected = _vigie(place, "billing", "correct", "exemple/e/s0", "--from", since, "--to", to, "--reason", "x")
        assert corrected.startswith("correction 1: exemple/e/s0 does not count from ")
        assert "calls of" in _vigie(place, "billing", "close", "--verify")
        refused = place.vigie("billing", "close", "--year", str(year + 2))
        assert (refused.returncode, "begins in the future" in refused.stderr) == (2, True)
        assert daemon.stop() == 0


def _vigie(place: Installation, *words: str) -> str:
    ran = CliRunner().invoke(main, [*words, "--config", str(place.config)])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_every_answer_of_the_acts_is_one_object(home: Home) -> None:
    answer: dict[str, Any] = json.loads(home.said("close", "--month", "2026-07", "--json"))
    assert answer["closing"]["counts"]["documents"] == 2
    answer = json.loads(home.said("billing", "close", "--year", "2026", "--collectivite", "voisine", "--json"))
    assert (answer["year"], answer["total"], answer["remarks"]) == (2026, "100.00", [])
    assert answer["closed"] == [
        {
            "number": "2026-0001",
            "corrects": None,
            "collectivite": "voisine",
            "siret": "21570001100012",
            "date": "2026-07-10",
            "kind": "additional",
            "sondes": 100,
            "unit_price": "1.00",
            "amount": "100.00",
            "was": None,
            "digest": answer["digest"],
        }
    ]
