"""A tariff as data: prices by year, what the ledger keeps of it, amounts to the cent. SPEC 8."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.money import cents, show
from supervisor.domain.tariff import (
    Called,
    Deduction,
    Limit,
    Line,
    Offer,
    Price,
    Quantity,
    Tariff,
    as_json,
    from_json,
)
from supervisor.errors import VigieError

names = st.text("abcdefghij-", min_size=1, max_size=8)
words = st.text(max_size=12)
counts = st.integers(0, 20_000)
amounts = st.decimals(0, 1_000_000, places=2)


prices = st.builds(
    Price,
    amount=amounts,
    reference=words,
    since=st.none() | st.integers(2000, 2100),
    least=counts,
    most=st.none() | counts,
)
lines = st.builds(
    Line,
    name=names,
    label=words,
    quantity=st.sampled_from(Quantity),
    prices=st.lists(prices, max_size=4).map(tuple),
    years=st.none() | st.integers(1, 9),
)
offers = st.builds(
    Offer,
    name=names,
    title=words,
    called=st.sampled_from(Called),
    lines=st.lists(lines, max_size=4).map(tuple),
    limit=st.none() | st.builds(Limit, inhabitants=counts, above=words),
    deduction=st.none() | st.builds(Deduction, offer=names, label=words, months=st.integers(1, 24)),
)
tariffs = st.builds(Tariff, offers=st.lists(offers, max_size=3).map(tuple))


@given(tariffs)
def test_what_the_ledger_keeps_is_the_tariff_again(tariff: Tariff) -> None:
    kept = json.dumps(as_json(tariff), sort_keys=True)
    again = from_json(json.loads(kept))
    assert again == tariff
    assert json.dumps(as_json(again), sort_keys=True) == kept


def test_it_keeps_amounts_as_text_and_says_nothing_of_what_is_not_there() -> None:
    line = Line(
        name="sonde",
        label="Par sonde",
        quantity=Quantity.SONDES,
        prices=(Price(amount=Decimal(1), reference="délibération n° 1"),),
    )
    offer = Offer(name="supervision", title="Supervision", called=Called.MID_YEAR, lines=(line,))
    (kept,) = as_json(Tariff(offers=(offer,)))["offers"]
    assert kept == {
        "name": "supervision",
        "title": "Supervision",
        "called": "mid-year",
        "lines": [
            {
                "name": "sonde",
                "label": "Par sonde",
                "quantity": "sondes",
                "prices": [{"amount": "1.00", "reference": "délibération n° 1", "least": 0}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("year", "amounts"), [(2023, ["1"]), (2024, ["2", "3"]), (2025, ["2", "3"]), (2026, ["4"]), (2099, ["4"])]
)
def test_the_price_of_a_year_is_the_latest_that_has_come(year: int, amounts: list[str]) -> None:
    """What is dated takes the place of what is not, with all its bands."""
    line = Line(
        name="part-fixe",
        label="Part fixe",
        quantity=Quantity.ONE,
        prices=(
            Price(amount=Decimal(4), reference="C", since=2026),
            Price(amount=Decimal(1), reference="A"),
            Price(amount=Decimal(2), reference="B", since=2024, most=99),
            Price(amount=Decimal(3), reference="B", since=2024, least=100),
        ),
    )
    assert [str(price.amount) for price in line.prices_of(year)] == amounts


def test_before_the_first_dated_price_there_is_none() -> None:
    line = Line(
        name="messagerie",
        label="Messagerie",
        quantity=Quantity.UNITS,
        prices=(Price(amount=Decimal(1), reference="A", since=2026),),
    )
    assert line.prices_of(2025) == ()


def test_a_contract_that_names_no_offer_has_the_only_one() -> None:
    one, two = (Offer(name=name, title=name, called=Called.JANUARY, lines=()) for name in ("un", "deux"))
    assert Tariff(offers=(one,)).chosen(None) is one
    assert Tariff(offers=(one, two)).chosen(None) is None
    assert Tariff(offers=(one, two)).chosen("deux") is two
    assert Tariff().chosen(None) is None
    assert Tariff(offers=(one, two)).chosen("trois") is None
    with pytest.raises(VigieError, match="offer: there is no 'trois'; known: un, deux"):
        Tariff(offers=(one, two)).offer("trois")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.005", "0.01"),
        ("0.0149", "0.01"),
        ("-0.005", "-0.01"),
        ("2.675", "2.68"),
        ("150", "150.00"),
        ("1E+3", "1000.00"),
        ("-0", "0.00"),
        ("-0.004", "0.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_cent(amount: str, shown: str) -> None:
    assert show(Decimal(amount)) == shown
    assert cents(Decimal(amount)) == Decimal(shown)
