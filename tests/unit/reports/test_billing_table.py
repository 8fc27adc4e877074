"""Counts and calls as CSV: what a French spreadsheet opens as it is, and what a program reads."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from supervisor.billing.contributions import Call
from supervisor.billing.counts import CountLine
from supervisor.billing.statement import call_json, count_json
from supervisor.domain.account import Codes
from supervisor.domain.contribution import Kind
from supervisor.domain.period import parse_month
from supervisor.domain.tariff_amounts import Amount
from supervisor.reports.billing_table import calls_french, calls_machine, counts_french, counts_machine
from supervisor.reports.spreadsheet import identifier, number, text

SIRET = "21570001100012"
MARCH = parse_month("2026-03")


def count(**changes: Any) -> CountLine:
    """113 at most, 98.9690721… on average."""
    known: dict[str, Any] = {
        "collectivite": "exemple",
        "name": "Commune d’Exemple",
        "siret": SIRET,
        "codes": Codes(service="SUP", engagement="E-26-17"),
        "peak": 113,
        "first": 90,
        "last": 113,
        "mean": Fraction(9600, 97),
        "distinct": 120,
        "billed": 150,
        "under_contract": True,
    }
    return CountLine(**{**known, **changes})


def call(*lines: Amount, **changes: Any) -> Call:
    """150 sondes on 1 July."""
    known: dict[str, Any] = {
        "collectivite": "exemple",
        "name": "Commune d’Exemple",
        "siret": SIRET,
        "codes": Codes(service="SUP", engagement="E-26-17"),
        "date": date(2026, 7, 1),
        "at": 0,
        "kind": Kind.ANNUAL,
        "offer": "supervision",
        "lines": lines or (amount(150, "1.00"),),
        "sondes": 150,
    }
    return Call(**{**known, **changes})


def amount(quantity: int, price: str) -> Amount:
    """One line of a call."""
    return Amount(label="Ligne", quantity=quantity, unit_price=Decimal(price), reference="art. 5")


def rows(content: bytes, delimiter: str = ";") -> list[list[str]]:
    """As a program reads them."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_counts_for_a_french_spreadsheet() -> None:
    content = counts_french(MARCH, [count(), count(collectivite="vide", siret=None, codes=Codes(), mean=Fraction(0))])
    assert content.startswith("\N{ZERO WIDTH NO-BREAK SPACE}Collectivité;Nom;SIRET;Code service;".encode())
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    header, first, second = rows(content)
    assert header[2:5] == ["SIRET", "Code service", "N° d’engagement"]
    assert first[2:] == [
        SIRET,
        "SUP",
        "E-26-17",
        "mars\N{NO-BREAK SPACE}2026",
        *("113", "90", "113", "98,969072", "120", "150", "3"),
        "",
    ]
    assert second[2:5] == ["", "", ""]
    assert second[9] == "0"


def test_calls_for_a_french_spreadsheet() -> None:
    """002 art. 5: the code service and the n° d'engagement are those of the year, after the SIRET."""
    redon = (amount(1, "2000.00"), amount(2355, "1.50"), amount(1, "-3500.00"))
    header, closed, other = rows(
        calls_french(
            2026,
            [
                call(document="2026-0012"),
                call(*redon, sondes=None, offer="socle-complet", kind=Kind.ADDITIONAL, date=date(2027, 1, 1)),
            ],
        )
    )
    assert header[5:] == [
        *("Année", "Date de l’appel", "Nature de l’appel", "Offre", "Sondes"),
        *("Prix unitaire HT (€)", "Montant HT (€)", "Document"),
    ]
    assert closed[5:] == ["2026", "01/07/2026", "annuel", "supervision", "150", "1,00", "150,00", "2026-0012\t"]
    assert other[5:] == ["2026", "01/01/2027", "complémentaire", "socle-complet", "", "", "2032,50", ""]


def test_a_program_reads_the_words_of_the_json_and_the_codes_after_the_siret() -> None:
    lines, calls = [count(), count(siret=None, codes=Codes())], [call(), call(sondes=None)]
    for content, said, codes in (
        (counts_machine(lines), [count_json(line) for line in lines], [line.codes for line in lines]),
        (calls_machine(calls), [call_json(each) for each in calls], [each.codes for each in calls]),
    ):
        assert not content.startswith(b"\xef")
        header, *found = rows(content, ",")
        assert header == ["collectivite", "siret", "service", "engagement", *list(said[0])[2:]]
        for row, json_row, code in zip(found, said, codes, strict=True):
            expected = {**json_row, "service": code.service, "engagement": code.engagement}
            assert row == ["" if expected[name] is None else str(expected[name]) for name in header]


def test_nothing_to_print_still_has_headings() -> None:
    for content in (counts_french(MARCH, []), counts_machine([]), calls_french(2026, []), calls_machine([])):
        assert len(content.splitlines()) == 1


@pytest.mark.parametrize(
    "name",
    ["00570001100012", "0012", "12E5", "1,5e3", "2026-03", "1/2", "2026-0012", "MARS-26", "26-mars", "1" * 16, "12:30"],
)
def test_a_name_that_a_spreadsheet_would_change_stays_a_text(name: str) -> None:
    """A spreadsheet reads a number or a date where it can: a tab at the end keeps it from that, and is white space."""
    assert identifier(name) == f"{name}\t"
    assert identifier(name).strip() == name


@pytest.mark.parametrize("name", [SIRET, "SUP", "exemple", "E-26-17", "VT-26-114", "12", "0", "supervision", ""])
def test_a_word_stays_as_it_is(name: str) -> None:
    assert identifier(name) == name
    assert identifier(None) == ""


@pytest.mark.parametrize("words", ["=1+1", "+33", "-2", "@cmd", "\tx", "\r=1"])
def test_nothing_is_a_formula(words: str) -> None:
    (_, row) = rows(counts_french(MARCH, [count(name=words, codes=Codes(service=words, engagement=words))]))
    assert row[1] == row[3] == row[4] == text(words) == f"'{words}"


def test_what_a_name_holds_does_not_leave_its_cell() -> None:
    (_, row) = rows(counts_french(MARCH, [count(name='Saint-"X"; le\nGrand')]))
    assert row[1] == 'Saint-"X"; le\nGrand'
    assert len(row) == len(rows(counts_french(MARCH, []))[0])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(100), "100"),
        (Fraction(1200), "1200"),
        (Fraction(1, 3), "0,333333"),
        (Fraction(2, 3), "0,666667"),
        (Fraction(1, 2_000_000), "0,000001"),
        (Fraction(0), "0"),
        (Decimal("12.50"), "12,5"),
    ],
)
def test_numbers(value: Fraction | Decimal, shown: str) -> None:
    assert number(value) == shown
