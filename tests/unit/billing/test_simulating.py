"""What a changed config would cost before it is applied, told from the files and the ledger; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from probes import registry
from supervisor.billing.books import read
from supervisor.billing.contributions import contributions
from supervisor.billing.documents import Hand, close_calls
from supervisor.billing.effect import effect, standing
from supervisor.billing.simulating import Simulation, simulate
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.store import accounts, ledger
from tests.unit.billing.ledgers import at
from tests.unit.store.database import Memory, memory

JANUARY, MARCH, SEPTEMBER = at("2026-01-05"), at("2026-03-10"), at("2026-09-10")
UNTOUCHED = {"sondes": 80, "subscribed": 100, "billed": 100, "pools": 2, "level": 100, "free": 20}


class Town:
    """The files of exemple, voisine and the operator, and the database."""

    def __init__(self, database: Memory, root: Path, *, applied: bool = True) -> None:
        self.database = database
        self._root = root
        self.main: dict[str, Any] = {"organisation": "Moselle Fibre", "profile": "moselle-fibre"}
        self.main["include"] = ["*.commune.yaml"]
        self.sondes = {"exemple": 80, "voisine": 20, "syndicat": 5}
        self.contracts: dict[str, dict[str, Any]] = {
            name: {"start": "2026-01-01", "sondes": 100} for name in ("exemple", "voisine")
        }
        self.operators = {"syndicat"}
        self.population: int | None = None
        if applied:
            self.apply(JANUARY)

    def load(self) -> Configuration:
        """The files as they are now."""
        for file in self._root.glob("*.commune.yaml"):
            file.unlink()
        for name, many in self.sondes.items():
            content = {"collectivite": name, "name": name.title(), "operator": name in self.operators}
            content["population"] = self.population
            content |= {"contract": self.contracts[name]} if name in self.contracts else {}
            sondes = [{"id": f"s{number}", "type": "tcp", "port": 80} for number in range(many)]
            content["equipment"] = [{"id": "e", "address": "192.0.2.1", "sondes": sondes}]
            (self._root / f"{name}.commune.yaml").write_text(json.dumps(content))
        path = self._root / "vigie.yaml"
        path.write_text(json.dumps(self.main))
        return load(path, registry.load())

    def apply(self, now: int) -> None:
        """`vigie reload`."""
        connection = self.database.connection
        found = effect(standing(connection), self.load(), now)
        ledger.append(connection, found.sondes)
        accounts.append(connection, found.accounts)
        accounts.append_tariffs(connection, found.tariffs)

    def simulate(self, now: int = MARCH, *, everybody: bool = False) -> Simulation:
        """`vigie billing simulate`; it must write nothing."""
        before = list(self.database.connection.iterdump())
        found = simulate(self.database.connection, self.load(), now, everybody=everybody)
        assert list(self.database.connection.iterdump()) == before
        return found

    def called(self) -> Decimal:
        """What is called of everybody for the year, once it is over."""
        connection = self.database.connection
        calls = contributions(connection, read(connection, at("2027-01-02")), 2026)
        return sum((call.amount for call in calls), Decimal("0.00"))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with memory() as database:
        yield Town(database, tmp_path)


def test_nothing_changes(town: Town) -> None:
    assert town.simulate().changes == ()
    assert [change.collectivite for change in town.simulate(everybody=True).changes] == ["exemple", "voisine"]


def test_a_pool_more_than_is_subscribed(town: Town) -> None:
    """Nothing more is called: an amendment is to be signed, and 20 places are free beyond."""
    town.sondes["exemple"] = 130
    found = town.simulate()
    (change,) = found.changes
    assert change.now.as_json().items() >= {**UNTOUCHED, "amendment": None, "ends": None}.items()
    then = {"sondes": 130, "billed": 150, "pools": 3, "level": 100, "free": 20, "amendment": "50.00"}
    assert change.then.as_json().items() >= then.items()
    assert (change.calls, found.as_json()["total"]) == ((), "0.00")
    assert [str(remark) for remark in found.remarks] == [
        "exemple: avenant à signer: 130 sondes are counted (150 billed), 100 subscribed"
    ]


@pytest.mark.parametrize(
    ("now", "call"),
    [
        (MARCH, {"date": "2026-07-01", "kind": "annual", "sondes": 50, "amount": "50.00"}),
        (SEPTEMBER, {"date": "2026-09-10", "kind": "additional", "sondes": 50, "amount": "50.00"}),
    ],
)
def test_a_pool_more_of_what_is_measured(town: Town, now: int, call: dict[str, Any]) -> None:
    """002 art. 5: before 1 July the annual call grows, from then on the rise is called the day it happens."""
    town.main["billing"] = {"basis": "measured"}
    town.apply(JANUARY + 1)
    town.sondes["exemple"] = 130
    (change,) = town.simulate(now).changes
    assert [each.as_json() for each in change.calls] == [call]
    assert (change.now.level, change.then.level, change.then.amendment) == (100, 150, None)


def test_a_sonde_moved_to_the_operator_is_billed_to_nobody(town: Town) -> None:
    town.sondes |= {"exemple": 79, "syndicat": 6}
    (change,) = town.simulate().changes
    assert (change.collectivite, change.now.sondes, change.then.sondes) == ("exemple", 80, 79)
    assert change.calls == ()


def test_a_file_that_disappears(town: Town) -> None:
    """SPEC 8: its contract ends that day, and the year that has begun is due all the same."""
    del town.sondes["exemple"]
    (change,) = town.simulate().changes
    assert (change.now.sondes, change.then.sondes) == (80, 0)
    assert (change.now.ends, str(change.then.ends)) == (None, "2026-03-10")
    assert change.calls == ()


def test_a_file_that_appears(town: Town) -> None:
    """A first contract after 1 July is one additional call."""
    town.sondes["nouvelle"] = 10
    town.contracts["nouvelle"] = {"start": "2026-10-01", "sondes": 120}
    (change,) = town.simulate(SEPTEMBER).changes
    assert (change.now.sondes, change.then.sondes, change.then.level) == (0, 10, None)  # it does not run yet
    assert [each.as_json() for each in change.calls] == [
        {"date": "2026-10-01", "kind": "additional", "sondes": 150, "amount": "150.00"}
    ]


def test_an_edited_contract(town: Town) -> None:
    """The amendment that was to be signed is signed: called from the day it holds, and to be signed no more."""
    town.sondes["exemple"] = 130
    town.apply(MARCH)
    counts = [{"from": "2026-01-01", "count": 100}, {"from": "2026-03-01", "count": 150}]
    town.contracts["exemple"] = {"start": "2026-01-01", "sondes": counts}
    before = town.called()
    found = town.simulate(SEPTEMBER)
    (change,) = found.changes
    assert (change.now.amendment, change.then.amendment) == (Decimal("50.00"), None)
    assert [(each.date.isoformat(), each.sondes) for each in change.calls] == [("2026-07-01", 50)]
    town.apply(SEPTEMBER)
    assert town.called() - before == found.total == Decimal("50.00")


def test_what_is_closed_stays_and_the_rise_is_called(town: Town) -> None:
    """The annual call is closed: 150 subscribed from January on are 50 more, on 1 July, beside the document."""
    connection = town.database.connection
    close_calls(connection, read(connection, SEPTEMBER), 2026, Hand(author="Comptable", at=SEPTEMBER))
    town.contracts["exemple"]["sondes"] = 150
    (change,) = town.simulate(SEPTEMBER).changes
    assert [each.as_json() for each in change.calls] == [
        {"date": "2026-07-01", "kind": "additional", "sondes": 50, "amount": "50.00"}
    ]


def test_the_annual_call_comes_before_a_rise_of_its_day(town: Town) -> None:
    counts = [{"from": "2026-01-01", "count": 150}, {"from": "2026-07-01", "count": 250}]
    town.contracts["exemple"]["sondes"] = counts
    (change,) = town.simulate().changes
    assert [(str(each.kind), each.sondes) for each in change.calls] == [("annual", 50), ("additional", 100)]


def test_another_basis_concerns_everybody(town: Town) -> None:
    town.sondes["exemple"] = 130
    town.apply(MARCH)
    town.main["billing"] = {"basis": "highest"}
    found = town.simulate(SEPTEMBER)
    assert [(change.collectivite, change.amount) for change in found.changes] == [
        ("exemple", Decimal("50.00")),
        ("voisine", Decimal("0.00")),
    ]
    assert (found.changes[0].now.amendment, found.changes[0].then.amendment) == (Decimal("50.00"), None)


def test_a_notice_ends_a_contract_and_the_year_is_due(town: Town) -> None:
    town.contracts["exemple"]["notice"] = "2026-03-09"
    (change,) = town.simulate().changes
    assert (str(change.then.ends), change.calls) == ("2026-12-31", ())


def test_another_price(town: Town) -> None:
    """Nothing of any collectivité changes but the amounts of all of them."""
    price = {"offer": "supervision", "line": "sonde", "from": 2026, "price": 1.25, "reference": "délibération 2"}
    town.main["billing"] = {"prices": [price]}
    found = town.simulate()
    assert [(change.collectivite, change.calls[0].sondes, str(change.amount)) for change in found.changes] == [
        ("exemple", 0, "25.00"),
        ("voisine", 0, "25.00"),
    ]
    assert found.as_json()["total"] == "50.00"


def test_a_price_that_nobody_set(town: Town) -> None:
    """Counts are told all the same, and why the amount is not."""
    town.main["profile"] = "somme-numerique"
    town.contracts = {"exemple": {"start": "2026-01-01", "offer": "unites", "units": {"messagerie": 3}}}
    town.sondes |= {"exemple": 81}
    found = town.simulate().as_json()
    exemple = found["collectivites"][0]
    assert (exemple["then"]["sondes"], exemple["calls"], exemple["amount"]) == (81, [], None)
    assert "messagerie: no price is published for 2026" in exemple["wrong"]
    assert found["total"] == found["collectivites"][1]["amount"] == "-100.00"  # voisine has no contract any more


def test_an_offer_that_is_called_in_the_year_after(tmp_path: Path) -> None:
    """004 art. 7.1: « en début de chaque année de l'exercice N+1 »: of this year, and dated 1 January."""
    with memory() as database:
        town = Town(database, tmp_path, applied=False)
        town.main["profile"] = "redon-agglomeration"
        town.contracts = {"exemple": {"start": "2026-01-01", "offer": "groupement-achats"}}
        town.population = 2355
        change = town.simulate().changes[0]
    assert [(each.date.isoformat(), each.sondes) for each in change.calls] == [("2027-01-01", None)]
    assert change.then.free is None


def test_an_empty_ledger(tmp_path: Path) -> None:
    """Before the first `vigie run`: all of it is new; the operator is billed nothing."""
    with memory() as database:
        town = Town(database, tmp_path, applied=False)
        found = town.simulate()
    assert [(change.collectivite, change.now.sondes, change.then.sondes) for change in found.changes] == [
        ("exemple", 0, 80),
        ("voisine", 0, 20),
    ]
    assert str(found.total) == "200.00"


def test_one_that_becomes_the_operator_is_billed_no_more(town: Town) -> None:
    town.operators = {"voisine"}
    del town.sondes["syndicat"], town.contracts["voisine"]
    found = town.simulate()
    (change,) = [each for each in found.changes if each.collectivite == "voisine"]
    assert (change.now.billed, change.then.billed, str(change.amount)) == (100, 0, "-100.00")


@pytest.mark.parametrize("basis", ["subscribed", "measured", "highest"])
@pytest.mark.parametrize("now", [MARCH, SEPTEMBER])
def test_what_is_simulated_is_what_the_year_comes_to_once_it_is_applied(town: Town, basis: str, now: int) -> None:
    """More sondes, fewer, a file gone, one that is new, another contract, another basis: all in one reload."""
    town.sondes |= {"part": 160}
    town.contracts |= {"part": {"start": "2026-02-01", "sondes": 100}}
    town.apply(JANUARY + 1)
    before = town.called()
    town.main["billing"] = {"basis": basis}
    town.sondes |= {"exemple": 230, "voisine": 10, "neuve": 120}
    town.contracts["neuve"] = {"start": "2026-03-01", "sondes": 100}
    town.contracts["voisine"]["sondes"] = 200
    del town.sondes["part"]
    found = town.simulate(now)
    town.apply(now)
    assert found.total == town.called() - before
    assert found.total > 0
