"""Compensating lines, and the chain of documents. SPEC 8."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from supervisor.billing import documents
from supervisor.domain.contribution import Basis
from supervisor.errors import VigieError
from supervisor.store import bills
from tests.unit.acts.stage import at, iso
from tests.unit.billing.town_hall import TownHall, account, town_hall


@pytest.fixture
def hall() -> Iterator[TownHall]:
    with town_hall() as made:
        yield made.when("04-10 09:00")


def test_a_compensating_line_takes_the_time_out_and_says_so(hall: TownHall) -> None:
    start, end = iso("03-01 00:00"), iso("03-11 00:00")
    answer = hall.correct("exemple/a/0", start, end)
    made = answer["correction"]
    assert (made["from"], made["to"], made["counted_s"], made["author"]) == (start, end, 10 * 86_400, "jeanne")
    (march,) = [line for line in hall.counts() if line.collectivite == "exemple"]
    assert (march.first, march.last, march.distinct) == (2, 3, 3)
    with pytest.raises(VigieError, match=r"counts at no instant from .* nothing to put right"):
        hall.correct("exemple/a/0", iso("03-02 00:00"), end)


def test_a_compensating_line_waits_where_the_month_or_the_call_is_closed(hall: TownHall) -> None:
    hall.close_month()
    hall.know(account("exemple", basis=Basis.MEASURED))
    hall.when("07-02 09:00").close_calls()
    window = (iso("02-20 00:00"), iso("03-11 00:00"))
    with pytest.raises(VigieError, match="from: 2026-03 is closed, its figures are final; to have it corrected, say"):
        hall.correct("exemple/a/0", *window)
    before = hall.counts(), hall.calls()
    answer = hall.correct("exemple/a/0", *window, correction=True)
    assert (hall.counts(), hall.calls()) == before
    assert answer["remarks"] == [
        "2026-03 is closed and keeps its figures until it is corrected: vigie close --month 2026-03 --correct",
        "2026-0001: closed, and kept until it is corrected where it has to be: "
        "vigie billing close --year 2026 --collectivite exemple --correct",
    ]


@pytest.mark.parametrize(
    ("sonde", "start", "end", "said"),
    [
        (
            "exemple/a/00",
            "03-01 00:00",
            "03-02 00:00",
            "sonde: the ledger has no 'exemple/a/00'; did you mean 'exemple/",
        ),
        ("\udcff", "03-01 00:00", "03-02 00:00", "sonde: the ledger has no "),
        ("exemple/a/0", "03-02 00:00", "03-01 00:00", "to: .* is not after from, .*; exchange them"),
        ("exemple/a/0", "03-02 00:00", "03-02 00:00", "to: .* is not after from"),
        ("exemple/a/0", "04-01 00:00", "04-11 00:00", "to: .* is in the future; correct what was counted up to now"),
    ],
)
def test_a_compensating_line_that_is_refused(hall: TownHall, sonde: str, start: str, end: str, said: str) -> None:
    before = hall.desk.dump()
    with pytest.raises(VigieError, match=said):
        hall.correct(sonde, iso(start), iso(end))
    assert hall.desk.dump() == before


def test_every_document_is_chained_to_the_one_before_whatever_its_kind(hall: TownHall) -> None:
    hall.close_month("2026-02")
    hall.when("07-02 09:00").close_calls()
    hall.close_month()
    chain = hall.bills
    assert [bill.kind for bill in chain] == [*[bills.MONTH] * 2, *[bills.CALL] * 2, *[bills.MONTH] * 2]
    assert [bill.previous for bill in chain] == ["", *(bill.digest for bill in chain[:-1])]
    assert [bill.digest for bill in chain] == [documents.chained(bill) for bill in chain]
    assert all(documents.chained(replace(bill, author="x")) != bill.digest for bill in chain)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        hall.desk.connection.execute("update bill set author = 'x'")


def test_a_document_says_all_that_it_is_made_of(hall: TownHall) -> None:
    hall.when("07-02 09:00").close_calls(collectivite="exemple")
    body = json.loads(hall.bills[0].body)
    assert body["call"]["engagement"] == "E-26-17"
    assert body["call"]["lines"][0]["reference"] == "délibération 1"
    assert body["lives"]["exemple/a/0"] == [[at("01-01 00:00"), at("07-01 00:00") + 1]]
    assert body["account"]["engagements"][0]["sondes"] == [["2026-01-01", 100]]
    assert (body["called"], body["rank"]) == ([], 0)
