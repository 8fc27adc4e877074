"""Calls of offers that are not paid by sonde, once some are closed: nothing is called twice, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from supervisor.billing.verifying import verify
from supervisor.config.loader import tariff_of
from supervisor.domain.account import Engagement
from supervisor.domain.tariff import Tariff
from supervisor.errors import VigieError
from tests.unit.billing.town_hall import TownHall, account, town_hall


@pytest.fixture
def hall() -> Iterator[TownHall]:
    with town_hall() as made:
        made.know(account("voisine", engagements=()))
        made.when("12-01 09:00")
        yield made


def signed(hall: TownHall, *contracts: dict[str, Any], **more: Any) -> None:
    """Exemple has these contracts from now on."""
    hall.desk.now += 60
    hall.know(account("exemple", engagements=tuple(Engagement(**each) for each in contracts), **more))


def due(hall: TownHall, year: int = 2026) -> list[tuple[str, str, str]]:
    return [(call.date.isoformat(), str(call.kind), str(call.amount)) for call in hall.calls(year)]


def close(hall: TownHall, **more: Any) -> list[str]:
    """`vigie billing close`: the amounts it closed."""
    hall.desk.now += 60
    return [one["amount"] for one in hall.close_calls(**more)["closed"]]


def well(hall: TownHall) -> bool:
    """Does `--verify` find all right, and nothing to correct?"""
    return not any(one.findings or one.notes for one in verify(hall.desk.connection, hall.books))


START = date(2026, 3, 15)


def test_a_first_day_that_is_corrected_makes_no_second_call(hall: TownHall) -> None:
    """001 art. 5: 350 € the year of the start, whichever its day turns out to be."""
    hall.priced(tariff_of("mairie-connectee", None))
    signed(hall, {"start": START})
    assert close(hall) == ["350.00"]
    signed(hall, {"start": date(2026, 4, 15)})
    assert due(hall) == [("2026-03-15", "annual", "350.00")]
    assert close(hall) == []
    assert well(hall)


def test_an_option_chosen_later_is_called_besides(hall: TownHall) -> None:
    """001 art. 5: 75 € for a workstation, though the first year was called without it."""
    hall.priced(tariff_of("mairie-connectee", None))
    signed(hall, {"start": START})
    close(hall)
    signed(hall, {"start": START, "options": ("poste-de-travail",)})
    assert due(hall) == [("2026-03-15", "annual", "350.00"), ("2026-03-15", "additional", "75.00")]
    (call,) = hall.open_calls()
    assert [(line.label, str(line.amount)) for line in call.lines] == [
        ("Contribution annuelle", "350.00"),
        ("Poste de travail, frais d'accès", "75.00"),
        ("Déjà appelé", "-350.00"),
    ]
    assert close(hall) == ["75.00"]
    assert (close(hall), well(hall)) == ([], True)


def test_what_was_taken_back_by_mistake_is_called_again(hall: TownHall) -> None:
    hall.priced(tariff_of("mairie-connectee", None))
    signed(hall, {"start": START})
    close(hall)
    signed(hall, {"start": date(2027, 3, 15)})
    assert close(hall, collectivite="exemple", correct=True, reason="pas encore") == ["0.00"]
    signed(hall, {"start": START})
    assert due(hall) == [("2026-03-15", "annual", "350.00")]
    assert close(hall) == ["350.00"]
    assert (due(hall), well(hall)) == ([("2026-03-15", "annual", "350.00")], True)


def test_both_instalments_of_every_contract_are_due(hall: TownHall) -> None:
    """001 art. 6: « redevable de la totalité »: the second one of a contract, on the first day of the next."""
    hall.priced(tariff_of("mairie-connectee", None))
    hall.desk.now += 700 * 86_400
    signed(hall, {"start": START, "end": date(2027, 3, 14)}, {"start": date(2027, 3, 15)})
    assert due(hall, 2027) == [("2027-03-15", "annual", "350.00")] * 2


def test_what_is_closed_needs_no_price_any_more(hall: TownHall) -> None:
    """SPEC 8: « A closed month or call is immutable », also once a price, a population or an offer is gone."""
    redon = tariff_of("redon-agglomeration", None)
    hall.priced(redon)
    hall.desk.now += 60 * 86_400  # called on 1 January 2027
    signed(hall, {"start": START, "offer": "socle-complet"}, population=2355)
    assert close(hall) == ["5532.50"]
    kept = due(hall)
    signed(hall, {"start": START, "offer": "socle-complet"}, population=None)
    assert due(hall) == kept
    hall.priced(Tariff(offers=tuple(each for each in redon.offers if each.name != "socle-complet")))
    assert due(hall) == kept
    signed(hall, {"start": START, "offer": "groupement-achats"}, population=None)
    with pytest.raises(VigieError, match="groupement-achats: population: missing"):
        due(hall)


def test_a_calendar_year_is_owed_once_on_the_terms_of_the_last_contract(hall: TownHall) -> None:
    """003 art. 22: « participation annuelle »: a contract continued by another within a year pays it once."""
    forfait = tariff_of("cdg47", None).offer("forfait")
    prices = tariff_of("mairie-connectee", None).offers[0].lines[0].prices
    hall.priced(Tariff(offers=(replace(forfait, lines=tuple(replace(each, prices=prices) for each in forfait.lines)),)))
    first = {"start": date(2025, 1, 1), "end": date(2026, 6, 30), "options": ("technologie",)}
    then = {"start": date(2026, 7, 1), "options": ("technologie-plus",)}
    signed(hall, first, then)
    assert due(hall) == [("2026-01-01", "annual", "350.00")]
    assert hall.calls()[0].lines[0].label == "Forfait Technologie Plus"
    assert due(hall, 2025) == [("2025-01-01", "annual", "350.00")]
