"""What `vigie billing quote` accepts, refuses and prints. SPEC 11."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from supervisor.cli import Commands
from supervisor.cli.quote import quote

REDON = ("--profile", "redon-agglomeration", "--offer", "socle-complet", "--start", "2026-03-01")
PACK = ("--profile", "mairie-connectee", "--offer", "pack", "--start", "2026-03-01")
UNITS = ("--profile", "somme-numerique", "--offer", "unites", "--start", "2026-03-01")
SONDES = ("--profile", "moselle-fibre", "--offer", "supervision", "--start", "2026-03-01")


def run(*words: str) -> Result:
    group: click.Group = Commands(name="billing", commands={"quote": quote})
    return CliRunner().invoke(group, ["quote", *words])


def told(*words: str) -> dict[str, Any]:
    done = run(*words, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_worked_example_as_json() -> None:
    """004 art. 7.2.1: 5 532,50 € less the audit's 3 500 € in the first year. No key more or less."""
    assert told(*REDON, "--population", "2355", "--audit", "2025-09-01") == {
        "profile": "redon-agglomeration",
        "offer": "socle-complet",
        "years": [
            {
                "year": 2026,
                "lines": [
                    {"label": "Part fixe", "quantity": 1, "unit_price": "2000.00", "amount": "2000.00"},
                    {
                        "label": "Part variable, par habitant",
                        "quantity": 2355,
                        "unit_price": "1.50",
                        "amount": "3532.50",
                    },
                    {"label": "Audit déduit", "quantity": 1, "unit_price": "-3500.00", "amount": "-3500.00"},
                ],
                "total": "2032.50",
            },
            {
                "year": 2027,
                "lines": [
                    {"label": "Part fixe", "quantity": 1, "unit_price": "2000.00", "amount": "2000.00"},
                    {
                        "label": "Part variable, par habitant",
                        "quantity": 2355,
                        "unit_price": "1.50",
                        "amount": "3532.50",
                    },
                ],
                "total": "5532.50",
            },
        ],
    }


def test_for_a_person_each_line_has_who_set_its_price() -> None:
    done = run(*PACK, "--option", "poste-de-travail")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Pack « Mairie connectée » (mairie-connectee: pack); euros HT",
        "",
        "2026                             quantity  unit price  amount  reference",
        "Contribution annuelle                   1      350.00  350.00  délibération du 25 janvier 2022, charte art. 5",
        "Poste de travail, frais d'accès         1       75.00   75.00  délibération du 25 janvier 2022, charte art. 5",
        "Total                                                  425.00",
        "",
        "2027                   quantity  unit price  amount  reference",
        "Contribution annuelle         1      350.00  350.00  délibération du 25 janvier 2022, charte art. 5",
        "Total                                        350.00",
    ]


def test_the_population_is_accepted_where_it_changes_nothing() -> None:
    assert told(*SONDES, "--sondes", "101", "--population", "50000")["years"][0]["total"] == "150.00"
    assert told(*PACK, "--population", "0")["years"][0]["total"] == "350.00"


def test_a_config_brings_its_prices(tmp_path: Path) -> None:
    main = tmp_path / "vigie.yaml"
    prices = [{"offer": "unites", "line": "messagerie", "from": 2026, "price": 12.5, "reference": "annexe 2"}]
    main.write_text(json.dumps({"organisation": "S", "profile": "somme-numerique", "billing": {"prices": prices}}))
    words = (*UNITS, "--units", "messagerie=3")
    assert [year["total"] for year in told(*words, "--config", str(main))["years"]] == ["37.50", "37.50"]
    assert "no price is published for 2026" in run(*words).stderr
    assert "sauvegarde: no price" in run(*words, "--units", "sauvegarde=1", "--config", str(main)).stderr


def test_the_environment_names_no_config_for_a_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_CONFIG", "/nowhere/vigie.yaml")
    assert told(*SONDES, "--sondes", "1")["years"][0]["total"] == "100.00"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "Missing option '--profile'"),
        (("--profile", "redon-agglomeration", "--offer", "audit", "--population", "9"), "Missing option '--start'"),
        (("--profile", "moselle", "--offer", "audit", "--start", "2026-03-01"), "did you mean 'moselle-fibre'?"),
        (("--profile", "commun", "--offer", "audit", "--start", "2026-03-01"), "title: missing"),
        (("--profile", "cdg47", "--offer", "forfaits", "--start", "2026-03-01"), "did you mean 'forfait'?"),
        (("--profile", "cdg47", "--offer", "forfait", "--start", "2026-03-01"), "no price is published for 2026"),
        (UNITS, "no price is published for 2026"),
        (REDON, "population: missing"),
        ((*REDON, "--population", "8001"), "à étudier"),
        ((*REDON, "--population", "-1"), "'-1' is not a whole number from 0 to 10000000"),
        ((*REDON, "--population", "1_000"), "'1_000' is not a whole number"),
        ((*REDON, "--population", "2355.5"), "'2355.5' is not a whole number"),
        ((*REDON, "--population", "10000001"), "'10000001' is not a whole number"),
        ((*REDON, "--population", "2355", "--audit", "2026-03-02"), "audit: 2026-03-02 is after the start"),
        ((*REDON, "--population", "2355", "--audit", "hier"), "'hier' is no day"),
        ((*REDON, "--population", "2355", "--sondes", "5"), "--sondes: socle-complet is not paid by sonde"),
        ((*REDON, "--population", "2355", "--option", "x"), "--option: socle-complet has no options, leave 'x' out"),
        ((*REDON, "--population", "2355", "--units", "x=1"), "--units: socle-complet has no units, leave 'x' out"),
        ((*PACK, "--option", "poste-travail"), "pack has no 'poste-travail', did you mean 'poste-de-travail'?"),
        ((*PACK, "--option", "poste-de-travail", "--option", "poste-de-travail"), "is there twice"),
        ((*PACK, "--population", "2000"), "moins de 2 000 habitants"),
        ((*PACK, "--audit", "2026-01-01"), "--audit: pack takes no audit off, leave it out"),
        ((*UNITS, "--units", "messagerie"), "'messagerie' does not say how many"),
        ((*UNITS, "--units", "=3"), "'=3' does not say how many"),
        ((*UNITS, "--units", "messagerie=-3"), "'-3' is not a whole number from 0"),
        ((*UNITS, "--units", "messagerie=trois"), "'trois' is not a whole number from 0"),
        ((*UNITS, "--units", "mesagerie=3"), "unites has no 'mesagerie', did you mean 'messagerie'?"),
        ((*UNITS, "--units", "messagerie=1", "--units", "messagerie=2"), "'messagerie' is there twice"),
        ((*SONDES, "--sondes", "0"), "'0' is not a whole number from 1"),
        (SONDES, "sondes: missing"),
        ((*SONDES, "--sondes", "1", "--start", "2026-02-29"), "'2026-02-29' is no day"),
        ((*SONDES, "--sondes", "1", "--start", "20260301"), "'20260301' is no day"),
        ((*SONDES, "--sondes", "1", "--start", "1999-12-31"), "'1999-12-31' is no day of the years 2000 to 2100"),
        (
            (*SONDES, "--sondes", "1", "--config", "/nowhere/vigie.yaml"),
            "/nowhere/vigie.yaml:1: the file cannot be read",
        ),
    ],
)
def test_what_is_refused(words: tuple[str, ...], expected: str) -> None:
    """Exit status 2, a message on standard error, nothing on standard output."""
    for form in ((), ("--json",)):
        done = run(*words, *form)
        assert (done.exit_code, done.stdout) == (2, "")
        assert expected in done.stderr
