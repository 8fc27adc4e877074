"""Closing calls by sonde, and correcting them: what is written, and what is refused. SPEC 8."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.billing import documents
from supervisor.billing.verifying import right, verify
from supervisor.domain.tariff import Called, Quantity
from supervisor.errors import VigieError
from tests.unit.billing.town_hall import SIRET, TownHall, account, offer, town_hall


@pytest.fixture
def hall() -> Iterator[TownHall]:
    with town_hall() as made:
        yield made.when("04-10 09:00")


def amounts(answer: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What a closing of calls says it wrote."""
    return [(one["number"], one["kind"], one["date"], one["amount"]) for one in answer["closed"]]


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
