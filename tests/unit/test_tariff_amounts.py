"""What the five conventions ask for: worked examples, edges of bands and of months, calls against quotes: SPEC 8."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.config.loader import tariff_of
from supervisor.domain.tariff import Price, Tariff
from supervisor.domain.tariff_amounts import Order, TariffCall, calls, deducts, months_later, quote, unit_price
from supervisor.errors import VigieError

MOSELLE, REDON, MAIRIE, SOMME, CDG = (
    tariff_of(name, None)
    for name in ("moselle-fibre", "redon-agglomeration", "mairie-connectee", "somme-numerique", "cdg47")
)
START = date(2026, 3, 1)


def totals(tariff: Tariff, offer: str, **wanted: Any) -> list[tuple[int, str]]:
    """The years of a quote and what each costs."""
    order = Order(**{"start": START, **wanted})
    return [(each.year, str(each.total)) for each in quote(tariff, offer, order)]


def first(tariff: Tariff, offer: str, **wanted: Any) -> str:
    return totals(tariff, offer, **wanted)[0][1]


def refusal(tariff: Tariff, offer: str, **wanted: Any) -> str:
    with pytest.raises(VigieError) as refused:
        quote(tariff, offer, Order(**{"start": START, **wanted}))
    return str(refused.value)


def dated(found: tuple[TariffCall, ...]) -> list[tuple[str, str]]:
    return [(call.date.isoformat(), str(call.amount)) for call in found]


def priced(tariff: Tariff, prices: dict[str, str]) -> Tariff:
    """With a price of 2026 for some lines, as an installation sets them."""
    (offer,) = tariff.offers
    lines = [
        _with(line, prices=(Price(amount=Decimal(prices[line.name]), reference="annexe 2", since=2026),))
        if line.name in prices
        else line
        for line in offer.lines
    ]
    return Tariff(offers=(_with(offer, lines=tuple(lines)),))


def _with(of: Any, **values: Any) -> Any:
    return type(of)(**{**{name: getattr(of, name) for name in of.__dataclass_fields__}, **values})


# --- Moselle Fibre


@pytest.mark.parametrize(
    ("sondes", "amount"), [(1, "100.00"), (100, "100.00"), (101, "150.00"), (150, "150.00"), (151, "200.00")]
)
def test_moselle_bills_a_minimum_and_whole_pools(sondes: int, amount: str) -> None:
    """002 annexe 2 art. 3: 1 € a sonde, « un forfait minimal de 100 sondes », « pools additionnels de 50 »."""
    assert totals(MOSELLE, "supervision", sondes=sondes) == [(2026, amount), (2027, amount)]


def test_moselle_has_one_price_without_end() -> None:
    """002 annexe 2 art. 3; the end of the programme (2028) is not applied."""
    (offer,) = MOSELLE.offers
    assert offer.per_sonde
    for year in (2024, 2026, 2040):
        price = unit_price(offer, year)
        assert (price.amount, price.reference) == (
            Decimal("1.00"),
            "délibération n° CSD 2024-314 du 12 février 2024",
        )
    assert "sondes: missing" in refusal(MOSELLE, "supervision")


# --- Redon


def test_redon_worked_example() -> None:
    """004 art. 7.1: « 5 532,5 € pour une commune de 2 355 habitants (2000 € + 2 355 x 1,5 €) », each year."""
    fixed, variable = quote(REDON, "socle-complet", Order(start=START, population=2355))[0].lines
    assert (fixed.quantity, fixed.unit_price, fixed.amount) == (1, 2000, 2000)
    assert (variable.quantity, variable.unit_price, variable.amount) == (2355, Decimal("1.50"), Decimal("3532.50"))
    assert totals(REDON, "socle-complet", population=2355) == [(2026, "5532.50"), (2027, "5532.50")]


def test_redon_worked_example_after_an_audit() -> None:
    """004 art. 7.2.1: 3 500 € of audit, then « la première année, à 2 032,5 € », « puis à 5 532,5 € »."""
    assert totals(REDON, "audit", population=2355) == [(2026, "3500.00")]
    wanted = {"population": 2355, "audit": date(2026, 1, 15)}
    assert totals(REDON, "socle-complet", **wanted) == [(2026, "2032.50"), (2027, "5532.50")]
    deducted = quote(REDON, "socle-complet", Order(start=START, **wanted))[0].lines[-1]
    assert (deducted.label, deducted.quantity, deducted.unit_price) == ("Audit déduit", 1, Decimal(-3500))


@pytest.mark.parametrize(
    ("population", "complete", "audit", "purchases"),
    [
        (0, "1500.00", "990.00", "750.00"),
        (1499, "3748.50", "990.00", "1124.75"),
        (1500, "4250.00", "3500.00", "1625.00"),
        (2999, "6498.50", "3500.00", "1999.75"),
        (3000, "7000.00", "7000.00", "2750.00"),
        (8000, "14500.00", "7000.00", "4000.00"),
    ],
)
def test_redon_edges_of_bands(population: int, complete: str, audit: str, purchases: str) -> None:
    """004 art. 7.1, 7.2.1 and 7.2.2: under 1 500, 1 500 to under 3 000, 3 000 to 8 000."""
    assert first(REDON, "socle-complet", population=population) == complete
    assert first(REDON, "audit", population=population) == audit
    assert first(REDON, "groupement-achats", population=population) == purchases


def test_redon_above_eight_thousand() -> None:
    """004 art. 7.1 (*): to be studied; art. 7.2.2, and the deliberation on Redon itself: 3 500 € and 0,25 € a head."""
    assert first(REDON, "groupement-achats", population=8001) == "5500.25"
    for offer in ("socle-complet", "audit"):
        assert "à étudier" in refusal(REDON, offer, population=8001)


def test_redon_needs_the_population() -> None:
    for offer in REDON.names:
        assert "population: missing" in refusal(REDON, offer)


@pytest.mark.parametrize(
    ("audit", "start", "deducted"),
    [
        (date(2026, 3, 1), date(2026, 3, 1), True),  # the same day
        (date(2026, 1, 15), date(2026, 7, 15), True),  # six months to the day
        (date(2026, 1, 15), date(2026, 7, 16), False),
        (date(2025, 8, 31), date(2026, 2, 28), True),  # there is no 31 February
        (date(2025, 8, 31), date(2026, 3, 1), False),
        (date(2027, 8, 31), date(2028, 2, 29), True),
        (date(2027, 8, 31), date(2028, 3, 1), False),
        (date(2025, 12, 31), date(2026, 6, 30), True),
    ],
)
def test_the_audit_is_deducted_within_six_months(audit: date, start: date, deducted: bool) -> None:
    """004 art. 7.2.1: « dans la limite de 6 mois »; SPEC 11: to the same day six months later, that day included."""
    assert first(REDON, "socle-complet", population=2355, audit=audit, start=start) == (
        "2032.50" if deducted else "5532.50"
    )


def test_a_start_before_the_audit_is_refused() -> None:
    said = refusal(REDON, "socle-complet", population=2355, audit=START + timedelta(days=1))
    assert said.startswith("audit: 2026-03-02 is after the start, 2026-03-01")


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(1, 24))
def test_months_later_is_the_same_day_or_the_last_one(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


def test_months_later_knows_the_last_day_there_is() -> None:
    deduction = REDON.offer("socle-complet").deduction
    assert deduction is not None
    assert deducts(deduction, date(9999, 12, 31), date(9999, 12, 31))


# --- the three of Somme Numérique and Lot-et-Garonne


def test_mairie_connectee_over_its_two_years() -> None:
    """001 art. 5: « 350€ HT l'année de mise en service et 350€ HT sur la deuxième année », 75 € for the workstation."""
    assert totals(MAIRIE, "pack") == [(2026, "350.00"), (2027, "350.00")]
    assert totals(MAIRIE, "pack", options=("poste-de-travail",)) == [(2026, "425.00"), (2027, "350.00")]


def test_mairie_connectee_is_for_the_small_ones() -> None:
    """001 art. 3: « communes de moins de 2000 habitants et leurs établissements », who have no population."""
    assert first(MAIRIE, "pack", population=1999) == "350.00"
    assert "moins de 2 000 habitants" in refusal(MAIRIE, "pack", population=2000)


def test_units_cost_what_the_installation_sets() -> None:
    """000 art. 5.1: « un coût forfaitaire unitaire […] multiplié par le nombre d'unités »; they are not published."""
    lines = "page-internet, messagerie, partage-de-fichiers, sauvegarde, demarches-simplifiees, enquetes-publiques, "
    said = refusal(SOMME, "unites")
    assert said.startswith(f"unites: {lines}democratie-participative: no price is published for 2026; set it")
    said = refusal(SOMME, "unites", units={"messagerie": 3})
    assert said == (
        "unites: messagerie: no price is published for 2026; set it in the config: "
        "billing: prices: - {offer: unites, line: messagerie, from: 2026, price: …, reference: …}"
    )
    tariff = priced(SOMME, {"messagerie": "12.50", "sauvegarde": "0.05"})
    assert totals(tariff, "unites", units={"messagerie": 3, "sauvegarde": 1}) == [(2026, "37.55"), (2027, "37.55")]
    assert first(tariff, "unites", units={"messagerie": 0}) == "0.00"
    assert "unites: page-internet: no price" in refusal(tariff, "unites", units={"messagerie": 3, "page-internet": 1})
    assert "unites: messagerie: no price is published for 2025" in refusal(
        tariff, "unites", units={"messagerie": 3}, start=date(2025, 12, 31)
    )
    assert "units: say how many of at least one" in refusal(tariff, "unites")


def test_one_package_and_one_only() -> None:
    """003 art. 2: « obligatoirement un de ceux décrits dans l'annexe n°1 »; its annexe 2 is not published."""
    assert refusal(CDG, "forfait").startswith("forfait: technologie, technologie-plus: no price is published")
    assert "forfait: technologie-plus: no price" in refusal(CDG, "forfait", options=("technologie-plus",))
    tariff = priced(CDG, {"technologie": "900"})
    assert totals(tariff, "forfait", options=("technologie",)) == [(2026, "900.00"), (2027, "900.00")]
    assert "option: choose one package of technologie, technologie-plus" in refusal(tariff, "forfait")
    both = priced(CDG, {"technologie": "900", "technologie-plus": "1200"})
    assert "keep one package only" in refusal(both, "forfait", options=("technologie", "technologie-plus"))


# --- calls


def called(tariff: Tariff, offer: str, years: range, **wanted: Any) -> list[tuple[str, str]]:
    order = Order(**{"start": START, **wanted})
    return [call for year in years for call in dated(calls(tariff, offer, order, year))]


def test_redon_calls_at_the_beginning_of_the_year_after() -> None:
    """004 art. 7.1: « en début de chaque année de l'exercice N+1 »; a started year is due in full."""
    wanted = {"population": 2355, "audit": date(2026, 1, 15), "last": date(2028, 1, 1)}
    assert called(REDON, "socle-complet", range(2025, 2031), **wanted) == [
        ("2027-01-01", "2032.50"),
        ("2028-01-01", "5532.50"),
        ("2029-01-01", "5532.50"),
    ]
    assert called(REDON, "groupement-achats", range(2025, 2028), population=8001) == [
        ("2027-01-01", "5500.25"),
        ("2028-01-01", "5500.25"),
    ]


def test_redon_calls_the_audit_on_its_delivery() -> None:
    """004 art. 7.2.1: « à la livraison du rapport d'audit »."""
    assert called(REDON, "audit", range(2025, 2029), population=2355) == []
    wanted = {"population": 2355, "audit": date(2027, 2, 3)}
    assert called(REDON, "audit", range(2025, 2029), **wanted) == [("2027-02-03", "3500.00")]


def test_a_commune_that_grew_above_the_prices_is_not_called_a_made_up_amount() -> None:
    with pytest.raises(VigieError, match="socle-complet: population: 8001, no price of part-fixe is set for so many"):
        calls(REDON, "socle-complet", Order(start=START, population=8001), 2026)


def test_mairie_connectee_calls_both_years_whatever_the_end() -> None:
    """001 art. 6: « redevable de la totalité de la contribution due pour 2 années »; it stays a member if it grows."""
    wanted = {"options": ("poste-de-travail",), "last": date(2026, 4, 30), "population": 2100}
    assert called(MAIRIE, "pack", range(2025, 2030), **wanted) == [("2026-03-01", "425.00"), ("2027-03-01", "350.00")]
    leap = called(MAIRIE, "pack", range(2024, 2027), start=date(2024, 2, 29))
    assert leap == [("2024-02-29", "350.00"), ("2025-03-01", "350.00")]


def test_a_contract_that_ends_before_it_begins_calls_nothing() -> None:
    """A collectivité that disappears in February had no contract from 1 March on."""
    wanted = {"population": 100, "last": date(2026, 2, 1)}
    for tariff, offer in ((REDON, "socle-complet"), (MAIRIE, "pack")):
        assert called(tariff, offer, range(2025, 2029), **wanted) == []


@pytest.mark.parametrize(
    ("start", "last", "expected"),
    [
        (date(2026, 6, 30), None, ["2026-07-01", "2027-07-01"]),
        (date(2026, 7, 1), None, ["2027-01-01", "2027-07-01"]),
        (date(2026, 12, 31), date(2027, 1, 1), ["2027-01-01", "2027-07-01"]),
        (date(2026, 2, 1), date(2026, 2, 1), ["2026-07-01"]),
        (date(2026, 8, 1), date(2026, 12, 31), ["2027-01-01"]),
    ],
)
def test_units_are_called_with_the_statement_of_the_half_year(
    start: date, last: date | None, expected: list[str]
) -> None:
    """000 art. 5.2: « un état semestriel »: once a year, in full, with the first half-year the contract runs in."""
    tariff = priced(SOMME, {"messagerie": "12.50"})
    made = called(tariff, "unites", range(2025, 2028), start=start, last=last, units={"messagerie": 2})
    assert made == [(day, "25.00") for day in expected]


def test_a_package_is_called_every_january_and_on_its_first_day() -> None:
    """003 art. 22: « participation annuelle »."""
    tariff = priced(CDG, {"technologie": "900"})
    wanted = {"options": ("technologie",), "last": date(2028, 12, 31)}
    assert called(tariff, "forfait", range(2025, 2031), **wanted) == [
        ("2026-03-01", "900.00"),
        ("2027-01-01", "900.00"),
        ("2028-01-01", "900.00"),
    ]


ANY_PRICE = {"page-internet": "3.10", "messagerie": "12.50", "sauvegarde": "7"}
OFFERS = [
    (REDON, "socle-complet"),
    (REDON, "groupement-achats"),
    (MAIRIE, "pack"),
    (priced(SOMME, ANY_PRICE), "unites"),
    (priced(CDG, {"technologie": "900", "technologie-plus": "1200.10"}), "forfait"),
]


@given(
    chosen=st.sampled_from(OFFERS),
    start=st.dates(date(2026, 1, 1), date(2031, 12, 31)),
    before=st.integers(0, 400),
    population=st.integers(0, 1999),
    units=st.dictionaries(st.sampled_from(sorted(ANY_PRICE)), st.integers(0, 500), min_size=1),
    pick=st.integers(0, 5),
)
def test_a_quote_is_what_is_called(
    chosen: tuple[Tariff, str], start: date, before: int, population: int, units: dict[str, int], pick: int
) -> None:
    """A contract without end is called for its first two years what it was quoted, line by line, each year once."""
    tariff, name = chosen
    offer = tariff.offer(name)
    order = Order(
        start=start,
        population=population,
        options=offer.options[pick % 2 : pick % 2 + 1],
        units=units if offer.units else {},
        audit=start - timedelta(days=before) if offer.deduction is not None and pick else None,
    )
    for each in quote(tariff, name, order):
        (call,) = calls(tariff, name, order, each.year)
        assert (call.lines, call.amount) == (each.lines, each.total)
        assert call.date >= start
        assert call.date.year in (each.year, each.year + 1)
    assert calls(tariff, name, order, start.year - 1) == ()
