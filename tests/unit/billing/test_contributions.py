"""Calls of a contract by the offer it names: which year, and what is said where there is no such offer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from supervisor.billing.contributions import contributions
from supervisor.domain.account import Engagement
from supervisor.errors import VigieError
from tests.unit.billing.ledgers import Ledger
from tests.unit.store.database import memory


@pytest.fixture
def redon() -> Iterator[Ledger]:
    """Three offers."""
    with memory() as database:
        yield Ledger(database.connection, "redon-agglomeration")


def called(ledger: Ledger, year: int) -> list[tuple[str, str, str]]:
    """What is called in a year, in the end."""
    found = contributions(ledger.connection, ledger.books("2030-01-01"), year)
    return [(call.offer, call.date.isoformat(), str(call.amount)) for call in found]


def test_an_audit_delivered_before_its_contract_is_called_on_that_day(redon: Ledger) -> None:
    """004 art. 7.2.1: on the delivery of the report, whenever the contract was signed."""
    signed = Engagement(start=date(2027, 1, 10), end=date(2027, 12, 31), offer="audit", audit=date(2026, 12, 20))
    redon.know("2027-01-10", engagements=(signed,), population=2355)
    assert [called(redon, year) for year in (2026, 2027)] == [[("audit", "2026-12-20", "3500.00")], []]


@pytest.mark.parametrize(
    ("profile", "offer", "said"),
    [
        ("redon-agglomeration", None, "say which offer it is of: offer: … (known: socle-complet, audit, groupement-"),
        ("redon-agglomeration", "socle", "the tariff of 'redon-agglomeration' has no offer 'socle' (known: socle-"),
        ("autre", "socle", "the profile 'autre' has no tariff, add one"),
    ],
)
def test_an_offer_that_is_not_there_is_named(redon: Ledger, profile: str, offer: str | None, said: str) -> None:
    redon.know("2026-01-01", engagements=(Engagement(start=date(2026, 1, 1), offer=offer),), profile=profile)
    with pytest.raises(VigieError) as refused:
        called(redon, 2026)
    assert str(refused.value).startswith(f"a: contract of 2026-01-01: {said}")
