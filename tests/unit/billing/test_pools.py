"""Operators are told before one more sonde costs a pool, and when more is counted than is subscribed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from probes import registry
from supervisor.billing.pools import Occupancy, configured, nearly_full, occupancy, worth_a_word
from supervisor.config.loader import load, tariff_of
from supervisor.domain.account import Account
from supervisor.domain.ledger import Event
from tests.unit.billing.ledgers import Ledger, at, engagement, named
from tests.unit.config.places import install
from tests.unit.store.database import memory

NOW = at("2026-03-15")
SUPERVISION = tariff_of("moselle-fibre", None)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with memory() as database:
        yield Ledger(database.connection)


def found(counted: int, subscribed: int = 100, basis: str = "subscribed") -> Occupancy:
    """Of a contract that runs."""
    account = Account(collectivite="a", name="A", engagements=(engagement(sondes=subscribed),), basis=basis)
    return occupancy(account, SUPERVISION, counted, NOW)


@pytest.mark.parametrize(
    ("counted", "free", "worth"),
    [
        (45, 55, False),  # the first pool is nearly full, the second is paid for and empty
        (94, 6, False),
        (95, 5, True),  # 45 of 50
        (100, 0, True),
    ],
)
def test_the_last_pool_billed_at_90_percent(counted: int, free: int, worth: bool) -> None:
    """002 annexe 2 art. 3: 100 sondes at least, then pools of 50."""
    assert (found(counted).free, found(counted).nearly_full) == (free, worth)


def test_what_is_subscribed_is_there_to_be_filled() -> None:
    assert (found(100, subscribed=113).free, found(100, subscribed=113).nearly_full) == (50, False)
    assert (found(146, subscribed=113).free, found(146, subscribed=113).nearly_full) == (4, True)


def test_more_than_is_subscribed_is_an_amendment_to_be_signed() -> None:
    """By whole pools: 120 of 113 subscribed are within the 150 billed."""
    assert found(101).exceeds
    assert not found(120, subscribed=113).exceeds
    assert str(found(101)) == "a: avenant à signer: 101 sondes are counted (150 billed), 100 subscribed"


def test_what_is_measured_is_billed_by_itself() -> None:
    """Nothing is to be signed; under `measured` places that were subscribed are not billed either."""
    for basis in ("measured", "highest"):
        assert (found(101, basis=basis).free, found(101, basis=basis).nearly_full) == (49, False)
    assert (found(98, subscribed=200, basis="measured").free, found(98, 200, "highest").free) == (2, 102)


@pytest.mark.parametrize(("counted", "said"), [(100, "no place is left"), (99, "1 place left"), (98, "2 places left")])
def test_how_it_is_said(counted: int, said: str) -> None:
    assert str(found(counted)) == f"a: the last pool is nearly full: {counted} sondes are counted, {said}"


def test_without_a_contract_by_sonde_there_is_no_pool() -> None:
    """Not yet, not any more, or of an offer that is not paid by sonde (004 art. 7)."""
    ended = Account(collectivite="a", name="A", engagements=(engagement("2025-01-01", end="2026-03-14"),))
    redon = Account(collectivite="a", name="A", engagements=(engagement(),), profile="redon-agglomeration")
    for account, tariff in ((ended, SUPERVISION), (redon, tariff_of("redon-agglomeration", None))):
        place = occupancy(account, tariff, 100, NOW)
        assert (place.free, place.nearly_full) == (None, False)
    assert occupancy(ended, SUPERVISION, 100, NOW).subscribed == 0


def test_the_ledger_says_who_is_nearly_full_now(ledger: Ledger) -> None:
    ledger.know("2026-01-01")
    ledger.know("2026-01-01", collectivite="syndicat", operator=True)
    ledger.write("2026-01-10", Event.ADDED, named(0, 96))
    ledger.write("2026-01-10", Event.ADDED, [f"syndicat/e/s{number}" for number in range(99)])
    ledger.write("2026-03-15", Event.REMOVED, named(0, 2))
    assert [(each.collectivite, each.free) for each in nearly_full(ledger.books("2026-03-14"))] == [("a", 4)]
    assert nearly_full(ledger.books("2026-03-15")) == []


def test_a_config_that_no_ledger_knows(tmp_path: Path) -> None:
    """`vigie check` reads no database; what is not billable takes no place."""
    sondes = "".join(
        f"      - {{id: s{number}, type: tcp, port: 80, billable: {'true' if number < 97 else 'false'}}}\n"
        for number in range(99)
    )
    exemple = (
        "collectivite: exemple\nname: Exemple\ncontract: {start: 2026-01-01, sondes: 100}\n"
        f"equipment:\n  - id: e\n    address: 192.0.2.1\n    sondes:\n{sondes}"
    )
    configuration = load(install(tmp_path, exemple=exemple), registry.load())
    (place,) = worth_a_word(configured(configuration, NOW))
    assert (place.collectivite, place.counted, place.free) == ("exemple", 97, 3)
    assert worth_a_word(configured(configuration, at("2025-06-01"))) == []
