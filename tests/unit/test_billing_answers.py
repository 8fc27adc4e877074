"""What the API answers, from a ledger in memory: the same figures as the commands, and refusals by their kind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supervisor.billing.books import read
from supervisor.billing.counts import counts
from supervisor.billing.statement import counts_json
from supervisor.billing_answers import BillingAnswers, answer
from supervisor.domain.account import Account, AccountLine, Codes, Engagement
from supervisor.domain.ledger import Correction, Event, LedgerEvent
from supervisor.domain.period import midnight, parse_month
from supervisor.domain.tariff import Called, Line, Offer, Price, Quantity, Tariff, as_json
from supervisor.errors import VigieError
from supervisor.store import accounts, ledger
from supervisor.store.accounts import TariffLine
from supervisor.store.store import Store
from supervisor.web.api import Question, Refusal
from supervisor.web.openapi import document
from supervisor.web.resources import RESOURCES
from tests.json_schema import mistakes
from tests.unit.store.database import memory

PARIS = ZoneInfo("Europe/Paris")
START, MIDDLE, NOW = (midnight(date(2026, *day), PARIS) for day in ((1, 1), (3, 15), (8, 1)))
DESCRIBED = document(RESOURCES)
UNKNOWN = "collectivite: there is none of this id, or nothing to tell of it"


def tariff(*prices: Price) -> TariffLine:
    """By sonde, at these prices."""
    line = Line(name="sonde", label="Sonde", quantity=Quantity.SONDES, prices=prices)
    offer = Offer(name="supervision", title="Supervision", called=Called.MID_YEAR, lines=(line,))
    return TariffLine(t=START, profile="p", body=json.dumps(as_json(Tariff(offers=(offer,)))))


def added(t: int, sonde: str, *, billable: bool = True, paused: bool = False) -> LedgerEvent:
    """It is there from then on."""
    return LedgerEvent(t=t, event=Event.ADDED, sonde=sonde, billable=billable, paused=paused, source="config")


@pytest.fixture
def books() -> Iterator[sqlite3.Connection]:
    """A commune with 120 sondes where 100 are subscribed, with all that may happen to them; and the operator."""
    communes = (
        Account(
            collectivite="exemple",
            name="Commune d’Exemple",
            siret="21570001100012",
            chorus={2026: Codes(service="SUP", engagement="E-26-17")},
            engagements=(Engagement(start=date(2026, 1, 1), sondes=((date(2026, 1, 1), 100),)),),
            profile="p",
        ),
        Account(collectivite="syndicat", name="Syndicat", operator=True, profile="p"),
    )
    lines = [AccountLine(t=START, collectivite=each.collectivite, account=each, source="config") for each in communes]
    there = [f"exemple/e/s{number}" for number in range(120)]
    events = [added(START, sonde, paused=number < 2) for number, sonde in enumerate(there)]
    events += [added(START, "exemple/e/free", billable=False), added(START, "exemple/e/mistake")]
    events += [replace(added(MIDDLE, there[-1]), event=Event.REMOVED), added(MIDDLE, "exemple/e/renamed")]
    mistake = Correction(
        t=NOW, sonde="exemple/e/mistake", start=START, end=2 * NOW, author="Léa", reason="erreur", source="live"
    )
    with memory() as database:
        accounts.append(database.connection, lines)
        accounts.append_tariffs(database.connection, [tariff(Price(amount=Decimal(1), reference="2025-12"))])
        ledger.append(database.connection, events)
        ledger.correct(database.connection, mistake)
        yield database.connection


def ask(books: sqlite3.Connection, resource: str, form: str = "json", **arguments: str) -> bytes:
    return answer(books, NOW, Question(resource=resource, form=form, arguments=arguments))


MARCH = {"month": "2026-03"}
QUESTIONS: dict[str, dict[str, str]] = {
    "counts": MARCH,
    "contributions": {"year": "2026"},
    "amendments": {"year": "2026"},
    "explain": {"collectivite": "exemple", **MARCH},
}


def test_every_resource_answers_as_it_is_described(books: sqlite3.Connection) -> None:
    """SPEC 11: these keys, no more and no less; what is described is what is served."""
    assert set(QUESTIONS) == {resource.name for resource in RESOURCES}
    for resource in RESOURCES:
        said: Any = json.loads(ask(books, resource.name, **QUESTIONS[resource.name]))
        schema = {"$ref": f"#/components/schemas/{resource.schema}"}
        assert list(mistakes(said, schema, DESCRIBED)) == [], resource.name
        said["more"] = 1
        assert list(mistakes(said, schema, DESCRIBED)) == ["$: more is one too many"]


def test_counts_are_those_of_the_command(books: sqlite3.Connection) -> None:
    lines = counts(books, read(books, NOW), parse_month("2026-03"))
    expected = json.dumps(counts_json("2026-03", lines), ensure_ascii=False) + "\n"
    assert ask(books, "counts", month="2026-03") == expected.encode()
    (only,) = json.loads(expected)["counts"]
    assert (only["collectivite"], only["peak"], only["billed"]) == ("exemple", 120, 150)


def test_amounts_are_texts(books: sqlite3.Connection) -> None:
    said = json.loads(ask(books, "contributions", year="2026"))
    (call,) = said["calls"]
    assert (call["kind"], call["sondes"], call["unit_price"], call["amount"]) == ("annual", 100, "1.00", "100.00")
    assert said["total"] == "100.00"
    (amendment,) = json.loads(ask(books, "amendments", year="2026"))["amendments"]
    assert (amendment["counted"], amendment["amount"]) == (120, "50.00")


def test_forms_of_one_answer(books: sqlite3.Connection) -> None:
    for resource in ("counts", "contributions"):
        french = ask(books, resource, "csv", **QUESTIONS[resource])
        assert french.startswith("\ufeffCollectivité;".encode())
        program = ask(books, resource, "csv-machine", **QUESTIONS[resource])
        assert program.startswith(b"collectivite,siret,service,engagement,")
        assert b"21570001100012,SUP,E-26-17," in program


def test_an_explanation_has_something_of_everything(books: sqlite3.Connection) -> None:
    """So that the test above looks at each part of it."""
    said = json.loads(ask(books, "explain", **QUESTIONS["explain"]))
    assert [name for name, value in said.items() if value in ([], None)] == ["document", "gone", "remarks"]
    assert (said["peak"], said["distinct"], said["amendment"]["amount"]) == (120, 121, "50.00")
    assert any(sonde["paused"] for sonde in said["sondes"])


def test_nothing_is_explained_of_the_operator(books: sqlite3.Connection) -> None:
    with pytest.raises(Refusal) as refusal:
        ask(books, "explain", month="2026-03", collectivite="syndicat")
    assert (refusal.value.status, str(refusal.value)) == (404, UNKNOWN)


def test_one_collectivite_alone(books: sqlite3.Connection) -> None:
    for resource in ("counts", "contributions", "amendments"):
        asked = QUESTIONS[resource]
        assert ask(books, resource, collectivite="exemple", **asked) == ask(books, resource, **asked)
    assert json.loads(ask(books, "counts", month="2026-03", collectivite="syndicat"))["counts"] == []


def test_an_unknown_collectivite_is_not_told_its_neighbours(books: sqlite3.Connection) -> None:
    """SPEC 10: a foreign id answers exactly as an unknown one."""
    for resource, asked in QUESTIONS.items():
        for name in ("exempel", "", "EXEMPLE", "../exemple", "\udcff"):
            with pytest.raises(Refusal) as refusal:
                ask(books, resource, **{**asked, "collectivite": name})
            assert (refusal.value.status, str(refusal.value)) == (
                404,
                "collectivite: there is none of this id, or nothing to tell of it",
            )


@pytest.mark.parametrize(
    ("resource", "asked", "why"),
    [
        ("counts", {"month": "mars"}, "month: 'mars' is not a month; write 2026-03"),
        ("counts", {"month": "2026-13"}, "month: '2026-13' is not a month"),
        ("counts", {"month": "2026-03 "}, "month: '2026-03 ' is not a month"),
        # Digits to Python, yet another name: the figures that were frozen of the month would not be found.
        ("counts", {"month": "２０２６-０３"}, "month: '２０２６-０３' is not a month"),
        ("counts", {"month": "9999-12"}, "month: '9999-12' is not a month"),
        ("counts", {"month": "2026-09"}, "month: 2026-09 begins in the future"),
        ("contributions", {"year": "26"}, "year: '26' is not a year; write 2026"),
        ("contributions", {"year": "２０２６"}, "year: '２０２６' is not a year"),
        ("contributions", {"year": "2027"}, "year: 2027 begins in the future"),
        ("amendments", {"year": "2027"}, "year: 2027 begins in the future"),
    ],
)
def test_a_period_that_is_none(books: sqlite3.Connection, resource: str, asked: dict[str, str], why: str) -> None:
    with pytest.raises(VigieError) as refusal:
        ask(books, resource, **asked)
    assert not isinstance(refusal.value, Refusal)
    assert str(refusal.value).startswith(why)


def test_a_price_that_is_missing_is_no_fault_of_the_question(books: sqlite3.Connection) -> None:
    accounts.append_tariffs(books, [tariff()])
    for resource in ("contributions", "amendments"):
        with pytest.raises(Refusal) as refusal:
            ask(books, resource, year="2026")
        assert refusal.value.status == 409
    assert b"150" in ask(books, "counts", month="2026-03"), "what needs no price is answered"


async def test_a_database_that_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is no fault of the client, who is told no more than that."""
    store = Store.open(tmp_path / "vigie.db", version="1")
    told = BillingAnswers(store, lambda: float(NOW))
    assert not await told.admits(b"vigie_secret")
    await store.close()
    for asked in (told.admits(b"vigie_secret"), told.answer(Question(resource="counts", form="json", arguments=MARCH))):
        with pytest.raises(Refusal) as refusal:
            await asked
        assert (refusal.value.status, str(refusal.value)) == (503, "the database cannot be read now; ask again later")
    assert caplog.text.count("the API cannot read the database: ") == 2
    assert "vigie_secret" not in caplog.text
