"""Closing counts and calls, correcting them, and compensating lines: what is written, and what is refused. SPEC 8."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.billing import documents
from supervisor.billing.counts import left_out
from supervisor.billing.verifying import right, verify
from supervisor.domain.contribution import Basis
from supervisor.domain.period import parse_month
from supervisor.domain.tariff import Called, Quantity
from supervisor.errors import VigieError
from supervisor.store import bills
from tests.unit.acts.stage import at, iso
from tests.unit.billing.town_hall import SIRET, TownHall, account, offer, town_hall


@pytest.fixture
def hall() -> Iterator[TownHall]:
    with town_hall() as made:
        yield made.when("04-10 09:00")


def amounts(answer: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What a closing of calls says it wrote."""
    return [(one["number"], one["kind"], one["date"], one["amount"]) for one in answer["closed"]]


# --- months


def test_a_closed_month_has_a_document_for_each_collectivite_but_the_operator(hall: TownHall) -> None:
    before = hall.counts()
    answer = hall.close_month()
    assert [bill.number for bill in hall.bills] == ["2026-03/exemple/1", "2026-03/voisine/1"]
    assert answer["closing"]["counts"] == {"documents": 2, "digest": hall.bills[-1].digest}
    assert hall.counts() == before
    assert [(line.collectivite, line.peak, line.billed) for line in before] == [
        ("exemple", 3, 100),
        ("voisine", 0, 100),
    ]


def test_a_closed_count_is_what_it_was_whatever_becomes_known(hall: TownHall) -> None:
    """An edited contract, another SIRET, sondes that history adds beneath, files that are gone."""
    before = hall.counts()
    hall.close_month()
    hall.know(account("exemple", ("01-01", 300), siret=None, operator=True))
    hall.add("exemple", 200, "02-10 00:00", "b")
    hall.add("nouvelle", 1, "02-10 00:00")
    hall.forget("exemple", "voisine")
    assert hall.counts() == before
    assert {line.collectivite for line in hall.counts("2026-02")} == {"exemple", "nouvelle", "voisine"}


def test_nothing_is_written_where_one_row_cannot_be(hall: TownHall) -> None:
    """A crash, or a full disk, between two documents."""
    hall.desk.connection.execute(
        "create temp trigger full before insert on bill when new.collectivite = 'voisine' "
        "begin select raise(abort, 'disk full'); end"
    )
    before = hall.desk.dump()
    with pytest.raises(sqlite3.IntegrityError, match="disk full"):
        hall.close_month()
    assert hall.desk.dump() == before


def test_a_month_is_closed_once(hall: TownHall) -> None:
    hall.close_month()
    with pytest.raises(VigieError, match="2026-03 is closed already"):
        hall.close_month()
    assert len(hall.bills) == 2


def test_a_correction_is_a_document_beside_the_old_one_for_whom_it_changes(hall: TownHall) -> None:
    hall.add("exemple", 99, "02-10 00:00", "b")
    hall.close_month()
    assert hall.counts()[0].billed == 150
    hall.desk.now += 60
    hall.correct("exemple/a/0", iso("01-01 00:00"), iso("04-10 09:00"), correction=True)
    hall.correct("exemple/a/1", iso("03-01 00:00"), iso("04-10 09:00"), correction=True)
    assert (hall.counts()[0].peak, hall.counts()[0].billed) == (102, 150)
    answer = hall.close_month(correct=True, reason="doublons")
    assert (hall.counts()[0].peak, hall.counts()[0].billed) == (100, 100)
    first, _, last = hall.bills
    assert (last.number, last.corrects, last.reason) == ("2026-03/exemple/2", first.number, "doublons")
    (said,) = [remark for remark in answer["remarks"] if remark.startswith(last.number)]
    assert said == (
        "2026-03/exemple/2: in the place of 2026-03/exemple/1: peak 102 → 100, first 102 → 100, last 102 → 100, "
        "mean 102 → 100, distinct 102 → 100, billed 150 → 100"
    )


def test_a_correction_that_changes_no_count_writes_none(hall: TownHall) -> None:
    """A contract edited from August on is nothing to March."""
    hall.close_month()
    hall.desk.now += 60
    hall.know(account("exemple", ("01-01", 100), ("08-01", 150)))
    answer = hall.close_month(correct=True, reason="clés")
    assert answer["closing"]["counts"] == {"documents": 0, "digest": None}
    assert len(hall.bills) == 2


def test_other_sondes_with_the_same_figures_are_a_correction_too(hall: TownHall) -> None:
    hall.close_month()
    hall.desk.now += 60
    hall.correct("exemple/a/0", iso("01-01 00:00"), iso("04-01 00:00"), correction=True)
    hall.add("exemple", 1, "01-01 00:00", "b")
    answer = hall.close_month(correct=True, reason="sondes échangées")
    assert [remark for remark in answer["remarks"] if "exemple" in remark] == [
        "2026-03/exemple/2: in the place of 2026-03/exemple/1: the same figures, of other sondes"
    ]


def test_who_turns_up_later_gets_a_first_document_and_who_is_gone_keeps_its_own(hall: TownHall) -> None:
    hall.close_month()
    hall.desk.now += 60
    hall.add("nouvelle", 1, "02-10 00:00")
    hall.forget("voisine")
    hall.close_month(correct=True, reason="oubli")
    assert [bill.number for bill in hall.bills[2:]] == ["2026-03/nouvelle/1"]
    assert [line.collectivite for line in hall.counts()] == ["exemple", "nouvelle", "voisine"]


def test_a_month_that_was_closed_before_there_were_documents(hall: TownHall) -> None:
    before = hall.counts()
    hall.close_month()
    hall.alter("delete from bill")
    assert hall.counts() == before
    assert list(verify(hall.desk.connection, hall.books)) == []
    hall.close_month(correct=True, reason="premiers décomptes")
    assert [(bill.number, bill.corrects) for bill in hall.bills] == [
        ("2026-03/exemple/1", None),
        ("2026-03/voisine/1", None),
    ]


# --- calls


def test_a_rise_on_the_first_of_july_is_two_calls_and_two_documents(hall: TownHall) -> None:
    """SPEC 8: subscribed 100, then 150 on 1 July → two calls that day."""
    hall.know(account("exemple", ("01-01", 100), ("07-01", 150)))
    hall.when("07-02 09:00")
    before = hall.calls()
    answer = hall.close_calls(collectivite="exemple")
    assert amounts(answer) == [
        ("2026-0001", "annual", "2026-07-01", "100.00"),
        ("2026-0002", "additional", "2026-07-01", "50.00"),
    ]
    assert (answer["total"], answer["digest"]) == ("150.00", hall.bills[-1].digest)
    assert hall.calls() == before
    assert [call.collectivite for call in hall.open_calls()] == ["voisine"]
    assert amounts(hall.close_calls()) == [("2026-0003", "annual", "2026-07-01", "100.00")]
    again = hall.close_calls()
    assert (again["closed"], again["total"], again["digest"]) == ([], "0.00", None)


def test_closed_calls_are_what_they_were_whatever_becomes_known(hall: TownHall) -> None:
    hall.when("07-02 09:00")
    before = hall.calls()
    hall.close_calls()
    hall.know(account("exemple", ("01-01", 10), siret=None, population=7, operator=True))
    hall.priced(offer(Called.MID_YEAR, Quantity.SONDES, "2.00"))
    hall.add("exemple", 500, "01-01 00:00", "b")
    hall.forget("exemple", "voisine")
    assert hall.calls() == before


def test_a_rise_after_a_closing_is_called_by_itself_and_once(hall: TownHall) -> None:
    hall.when("07-02 09:00").close_calls()
    hall.when("09-16 09:00").know(account("exemple", ("01-01", 100), ("09-15", 250)))
    assert amounts(hall.close_calls()) == [("2026-0003", "additional", "2026-09-15", "150.00")]
    assert hall.close_calls()["closed"] == []
    assert sum(call.amount for call in hall.calls() if call.collectivite == "exemple") == 250


def test_a_first_half_that_turns_out_higher_after_the_annual_call_is_called_once(hall: TownHall) -> None:
    """200 in the spring alone: the calls of a year add up to its highest level all the same."""
    hall.when("07-02 09:00").close_calls()
    hall.know(account("exemple", ("01-01", 100), ("03-01", 200), ("05-01", 100)))
    assert amounts(hall.close_calls()) == [("2026-0003", "additional", "2026-07-01", "100.00")]
    assert hall.close_calls()["closed"] == []


def test_a_correction_puts_each_call_right_by_a_document_of_its_own(hall: TownHall) -> None:
    """200 were called, in two calls; 150 were signed for the first half, and no rise."""
    hall.know(account("exemple", ("01-01", 100), ("07-01", 200)))
    hall.when("07-02 09:00").close_calls()
    hall.desk.now += 60
    hall.know(account("exemple", ("01-01", 150)))
    answer = hall.close_calls(collectivite="exemple", correct=True, reason="avenant lu trop vite")
    assert [(one["number"], one["corrects"], one["was"], one["amount"]) for one in answer["closed"]] == [
        ("2026-0004", "2026-0001", "100.00", "150.00"),
        ("2026-0005", "2026-0002", "100.00", "0.00"),
    ]
    assert [(call.kind, call.sondes) for call in hall.calls() if call.collectivite == "exemple"] == [("annual", 150)]
    with pytest.raises(VigieError, match="there is nothing to correct"):
        hall.close_calls(collectivite="exemple", correct=True, reason="encore")
    assert hall.close_calls()["closed"] == []
    assert right(list(verify(hall.desk.connection, hall.books)))


def test_a_corrected_annual_call_still_comes_before_the_rise_of_its_day(hall: TownHall) -> None:
    hall.know(account("exemple", ("01-01", 100), ("07-01", 200)))
    hall.when("07-02 09:00").close_calls(collectivite="exemple")
    hall.desk.now += 60
    hall.know(account("exemple", ("01-01", 150), ("07-01", 250)))
    hall.close_calls(collectivite="exemple", correct=True, reason="avenant")
    assert [(call.kind, call.sondes) for call in hall.calls() if call.collectivite == "exemple"] == [
        ("annual", 150),
        ("additional", 100),
    ]


def test_a_year_that_comes_to_the_same_needs_no_correction(hall: TownHall) -> None:
    """A rise that turns out to be older than it was called for: 150 then 50, or 200 at once, is one and the same."""
    hall.know(account("exemple", ("01-01", 150)))
    hall.when("07-02 09:00").close_calls(collectivite="exemple")
    hall.desk.now += 60
    hall.know(account("exemple", ("01-01", 200)))
    hall.close_calls(collectivite="exemple")
    assert [(call.kind, call.sondes) for call in hall.calls() if call.collectivite == "exemple"] == [
        ("annual", 150),
        ("additional", 50),
    ]
    with pytest.raises(VigieError, match="there is nothing to correct"):
        hall.close_calls(collectivite="exemple", correct=True, reason="avenant")
    hall.know(account("exemple", ("01-01", 200), siret=None))
    answer = hall.close_calls(collectivite="exemple", correct=True, reason="SIRET retiré")
    assert [(one["was"], one["amount"]) for one in answer["closed"]] == [("150.00", "150.00"), ("50.00", "50.00")]


def test_a_siret_that_was_missing_is_a_remark_and_then_a_correction(hall: TownHall) -> None:
    hall.know(account("exemple", siret=None))
    hall.when("07-02 09:00")
    (remark,) = hall.close_calls()["remarks"]
    assert remark == "exemple: no SIRET is known: its calls can be printed, and not sent through Chorus Pro"
    hall.desk.now += 60
    hall.know(account("exemple"))
    answer = hall.close_calls(collectivite="exemple", correct=True, reason="SIRET reçu")
    assert [(one["was"], one["amount"], one["siret"]) for one in answer["closed"]] == [("100.00", "100.00", SIRET)]
    assert answer["remarks"] == []


def test_what_is_missing_after_a_correction_is_closed_as_any_call(hall: TownHall) -> None:
    hall.when("09-16 09:00").close_calls()
    hall.desk.now += 60
    hall.know(account("exemple", ("01-01", 150), ("09-01", 200)))
    hall.close_calls(collectivite="exemple", correct=True, reason="contrat retrouvé")
    assert [(call.kind, call.sondes, str(call.date)) for call in hall.open_calls()] == [
        ("additional", 50, "2026-09-01")
    ]
    assert amounts(hall.close_calls()) == [("2026-0004", "additional", "2026-09-01", "50.00")]


def test_a_tariff_with_dates_of_its_own_is_called_on_them_and_corrected(hall: TownHall) -> None:
    hall.priced(offer(Called.JANUARY, Quantity.INHABITANTS, "1.50"))
    hall.know(account("exemple", population=2355), account("voisine", population=100))
    before = hall.calls()
    assert amounts(hall.close_calls()) == [
        ("2026-0001", "annual", "2026-01-01", "3532.50"),
        ("2026-0002", "annual", "2026-01-01", "150.00"),
    ]
    assert hall.calls() == before
    hall.desk.now += 60
    hall.know(account("exemple", population=2000))
    assert hall.close_calls()["closed"] == []
    hall.close_calls(collectivite="exemple", correct=True, reason="recensement")
    hall.know(account("voisine", engagements=()))
    hall.close_calls(collectivite="voisine", correct=True, reason="pas signé")
    assert [str(call.amount) for call in hall.calls()] == ["3000.00"]
    assert right(list(verify(hall.desk.connection, hall.books)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"year": "2027"}, "year: 2027 begins in the future"),
        ({"year": "deux"}, "year: 'deux' is not a year"),
        ({"collectivite": "exampel"}, "collectivite: no 'exampel' in the ledger; did you mean 'exemple'?"),
        ({"correct": True}, "reason: why the call is corrected is expected"),
        ({"reason": "x"}, "reason: only a correction has one"),
        ({"correct": True, "reason": "x"}, "collectivite: say whose calls are corrected"),
        ({"correct": True, "reason": "x", "collectivite": "nulle"}, "collectivite: no 'nulle' in the ledger"),
        ({"correct": True, "reason": "x", "collectivite": "syndicat"}, "no call of 2026 is closed for syndicat"),
        ({"correct": True, "reason": "x", "collectivite": "exemple"}, "is what is called for by all that is known now"),
        ({"month": "2026-03"}, "month: not expected here"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(hall: TownHall, arguments: dict[str, Any], said: str) -> None:
    hall.when("07-02 09:00").close_calls()
    before = hall.desk.dump()
    with pytest.raises(VigieError) as refused:
        hall.close_calls(**{"year": "2026", **arguments})
    assert said in str(refused.value)
    assert hall.desk.dump() == before


def test_a_contract_without_an_offer_is_refused_with_its_collectivite(hall: TownHall) -> None:
    hall.know(account("exemple", profile="sans-tarif"))
    hall.when("07-02 09:00")
    with pytest.raises(VigieError, match=r"^exemple: contract of 2026-01-01: .*no tariff"):
        hall.close_calls()
    assert hall.bills == []


_DAYS = ("01-01", "02-10", "06-30", "07-01", "07-02", "09-15", "12-31")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(_DAYS), st.sampled_from([50, 100, 150, 300]), st.booleans()), max_size=6))
def test_whatever_is_edited_in_between_the_calls_add_up(edits: list[tuple[str, int, bool]]) -> None:
    """A contract is edited again and again, and its calls closed or corrected in between. What is called is never less
    than the highest level, each level is called once, and after a correction it is exactly that; every document holds.
    """
    with town_hall() as hall:
        hall.when("07-03 09:00")
        subscribed = {"01-01": 100}
        called = 0
        for day, count, corrects in edits:
            subscribed[day] = count
            hall.desk.now += 40 * 86_400
            hall.know(account("exemple", *sorted(subscribed.items())))
            if corrects:
                with suppress(VigieError):
                    hall.close_calls(collectivite="exemple", correct=True, reason="x")
                    called = 0
            hall.close_calls()
            due = sum(call.sondes or 0 for call in documents.calls_from_scratch(hall.books, "exemple", 2026))
            called = max(called, due)
            assert sum(call.sondes or 0 for call in hall.calls() if call.collectivite == "exemple") == called
        found = list(verify(hall.desk.connection, hall.books))
        assert [(one.bill.number, one.findings) for one in found if one.findings] == []


# --- compensating lines


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


# --- the chain


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


def test_who_comes_to_a_closed_month_is_named(hall: TownHall) -> None:
    """It stays as it was closed; whoever asks is told what it lacks."""
    hall.when("04-10 09:00").close_month()
    march = parse_month("2026-03")
    assert list(left_out(hall.desk.connection, hall.books, march)) == []
    hall.know(account("nouvelle"), account("sans", engagements=()))
    (said,) = left_out(hall.desk.connection, hall.books, march)
    assert said.startswith("nouvelle: was not known when 2026-03 was closed, and is not counted (100 billed)")
    assert list(left_out(hall.desk.connection, hall.books, march, "exemple")) == []
    assert list(left_out(hall.desk.connection, hall.books, parse_month("2026-02"))) == []
    hall.close_month(correct=True, reason="arrivée tardive")
    assert list(left_out(hall.desk.connection, hall.books, march)) == []


def test_a_month_that_was_closed_without_counts_is_named(hall: TownHall) -> None:
    """By a version that did not count: the figures are those of today."""
    hall.when("04-10 09:00").close_month()
    hall.alter("delete from bill")
    (said,) = left_out(hall.desk.connection, hall.books, parse_month("2026-03"))
    assert said.startswith("2026-03 was closed by a version that froze no counts")
