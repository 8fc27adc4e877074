"""What is read of a `tariff:`, of the prices of the main file, and of what a contract orders. SPEC 8."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.base import Probe
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load, tariff_of
from supervisor.domain.tariff import Called, Limit, Offer, Price, Quantity
from supervisor.errors import ConfigError, VigieError
from tests.unit.config.places import MAIN, install
from tests.unit.config.test_profiles import PROFILES


def main_file(profile: str, *prices: Mapping[str, Any]) -> str:
    return MAIN.replace("moselle-fibre", profile) + yaml.safe_dump({"billing": {"prices": list(prices)}})


def ordering(profile: str, directory: Path, probes: Mapping[str, Probe], **contract: Any) -> Configuration:
    """An installation whose commune has this contract."""
    commune = {
        "collectivite": "exemple",
        "name": "Exemple",
        "siret": "21570001100012",
        "contract": {"start": date(2026, 3, 1), **contract},
    }
    main = MAIN.replace("moselle-fibre", profile)
    return load(install(directory, main=main, exemple=yaml.safe_dump(commune)), probes)


def refused(profile: str, directory: Path, probes: Mapping[str, Probe], **contract: Any) -> list[str]:
    with pytest.raises(ConfigError) as found:
        ordering(profile, directory, probes, **contract)
    return [f"{mistake.field}: {mistake.what}" for mistake in found.value.mistakes]


def extend(directory: Path, name: str, extends: str, tariff: Mapping[str, Any]) -> None:
    """A profile beside the main file."""
    (directory / "profiles").mkdir(exist_ok=True)
    written = {"extends": extends, "tariff": tariff}
    (directory / "profiles" / f"{name}.yaml").write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")


def offer_of(config: Configuration) -> Offer:
    (offer,) = config.tariff.offers
    return offer


@pytest.mark.parametrize(
    ("profile", "offers"),
    [
        ("moselle-fibre", {"supervision": Called.MID_YEAR}),
        (
            "redon-agglomeration",
            {
                "socle-complet": Called.NEXT_JANUARY,
                "audit": Called.REPORT,
                "groupement-achats": Called.NEXT_JANUARY,
            },
        ),
        ("mairie-connectee", {"pack": Called.ANNIVERSARY}),
        ("somme-numerique", {"unites": Called.HALF_YEAR}),
        ("cdg47", {"forfait": Called.JANUARY}),
    ],
)
def test_the_shipped_profiles_have_the_offers_of_their_conventions(profile: str, offers: dict[str, Called]) -> None:
    tariff = tariff_of(profile, None)
    assert {offer.name: offer.called for offer in tariff.offers} == offers
    assert all(price.reference for offer in tariff.offers for line in offer.lines for price in line.prices)


def test_what_no_convention_publishes_has_no_price() -> None:
    """000 annexe 2 and 003 annexe 2 are not part of what was published."""
    (units,), (packages,) = (tariff_of(name, None).offers for name in ("somme-numerique", "cdg47"))
    assert [line.prices for line in (*units.lines, *packages.lines)] == [()] * 9
    assert units.units == (
        "page-internet",
        "messagerie",
        "partage-de-fichiers",
        "sauvegarde",
        "demarches-simplifiees",
        "enquetes-publiques",
        "democratie-participative",
    )
    assert packages.options == ("technologie", "technologie-plus")


@pytest.mark.parametrize("profile", PROFILES)
def test_the_config_has_the_tariff_of_its_profile(profile: str, tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    config = load(install(tmp_path, main=MAIN.replace("moselle-fibre", profile)), probes)
    assert config.tariff == tariff_of(profile, None)


def test_the_main_file_sets_what_the_profile_does_not_publish(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    said = {"offer": "unites", "line": "messagerie", "reference": "annexe 2"}
    written = [{**said, "price": 12.5}, {**said, "from": 2027, "price": "13.05"}]
    path = install(tmp_path, main=main_file("somme-numerique", *written))
    lines = {line.name: line.prices for line in offer_of(load(path, probes)).lines}
    assert lines.pop("messagerie") == (
        Price(amount=Decimal("12.50"), reference="annexe 2"),
        Price(amount=Decimal("13.05"), reference="annexe 2", since=2027),
    )
    assert set(lines.values()) == {()}
    assert tariff_of("somme-numerique", path) == load(path, probes).tariff


def test_a_price_of_the_same_year_wins_with_all_its_bands(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    said = {"offer": "groupement-achats", "line": "part-fixe"}
    bands = [{"from": 0, "to": 999, "price": 1}, {"from": 1000, "price": 2}]
    price = {**said, "bands": bands, "reference": "nouvelle délibération"}
    config = load(install(tmp_path, main=main_file("redon-agglomeration", price)), probes)
    fixed = config.tariff.offer("groupement-achats").lines[0]
    assert fixed.prices == (
        Price(amount=Decimal(1), reference="nouvelle délibération", least=0, most=999),
        Price(amount=Decimal(2), reference="nouvelle délibération", least=1000),
    )
    assert config.tariff.offer("socle-complet") == tariff_of("redon-agglomeration", None).offer("socle-complet")


def test_a_profile_that_extends_another_may_set_its_prices(tmp_path: Path) -> None:
    price = {"offer": "forfait", "line": "technologie", "price": 900, "reference": "annexe 2"}
    extend(tmp_path, "lot", "cdg47", {"prices": [price]})
    (offer,) = tariff_of("lot", install(tmp_path)).offers
    assert [line.prices for line in offer.lines] == [(Price(amount=Decimal(900), reference="annexe 2"),), ()]


def test_a_profile_that_extends_another_may_write_an_offer_whole(tmp_path: Path) -> None:
    """003 art. 2: the packages are those of annexe 1, which an installation knows."""
    lines = {name: {"label": name, "quantity": "package"} for name in ("un", "trois", "deux")}
    extend(tmp_path, "lot", "cdg47", {"offers": {"forfait": {"title": "F", "called": "january", "lines": lines}}})
    (offer,) = tariff_of("lot", install(tmp_path)).offers
    assert offer.options == ("un", "trois", "deux")


def test_a_limit_closes_the_last_band(tmp_path: Path) -> None:
    install(tmp_path)
    line = {
        "label": "Part fixe",
        "quantity": "one",
        "years": 3,
        "prices": [{"reference": "A", "bands": [{"from": 0, "to": 500, "price": 7.25}]}],
    }
    limit = {"inhabitants": 500, "above": "à étudier"}
    offers = {"petit": {"title": "Petit", "called": "january", "limit": limit, "lines": {"fixe": line}}}
    extend(tmp_path, "essai", "moselle-fibre", {"offers": offers})
    offer = tariff_of("essai", tmp_path / "vigie.yaml").offer("petit")
    assert offer.limit == Limit(inhabitants=500, above="à étudier")
    assert (offer.lines[0].quantity, offer.lines[0].years) == (Quantity.ONE, 3)
    assert offer.lines[0].prices == (Price(amount=Decimal("7.25"), reference="A", most=500),)


def test_prices_of_the_main_file_are_those_of_its_own_profile_alone(tmp_path: Path) -> None:
    price = {"offer": "unites", "line": "messagerie", "price": 12.5, "reference": "annexe 2"}
    path = install(tmp_path, main=main_file("somme-numerique", price))
    assert tariff_of("cdg47", path) == tariff_of("cdg47", None)
    extend(tmp_path, "autre", "somme-numerique", {})
    assert tariff_of("autre", path) == tariff_of("somme-numerique", None)


def test_a_quote_needs_no_more_of_the_config_than_its_prices(tmp_path: Path) -> None:
    """Its secrets and its collectivités are the daemon's to read; a price that is wrong is refused all the same."""
    path = install(tmp_path, main=MAIN + "metrics_token: {file: nowhere}\n", exemple="not a collectivité")
    assert tariff_of("moselle-fibre", path) == tariff_of("moselle-fibre", None)
    path.write_text(main_file("moselle-fibre", {"offer": "x", "line": "y", "price": 1, "reference": "z"}))
    with pytest.raises(ConfigError, match=r"billing.prices\[1\].offer: there is no offer 'x'"):
        tariff_of("moselle-fibre", path)
    path.write_text(main_file("moselle-fibre", {"offer": "supervision", "line": "sonde", "price": 1.001}))
    with pytest.raises(ConfigError, match="has more than two decimals"):
        tariff_of("moselle-fibre", path)
    for content in ("- a list", "", "a: [", "text"):
        path.write_text(content)
        with pytest.raises(ConfigError):
            tariff_of("moselle-fibre", path)


@pytest.mark.parametrize("name", ["redon", "../redon-agglomeration", "Moselle-Fibre", ""])
def test_a_profile_that_does_not_exist(name: str) -> None:
    with pytest.raises(VigieError, match=f"^profile: there is no profile '{name}', "):
        tariff_of(name, None)


def test_a_mistake_in_the_tariff_makes_no_offer_missing(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    """The file that may hold it could not be read: one mistake is told, not what follows from it."""
    extend(tmp_path, "essai", "redon-agglomeration", {"offers": {"pack": {"title": "Pack"}}})
    said = refused("essai", tmp_path, probes, offer="pack", options=["poste"])
    assert said == [
        "tariff.offers.pack.called: missing, add it",
        "tariff.offers.pack.lines: missing, add it",
    ]


# --- contracts


def test_a_contract_orders_what_its_offer_has(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    complete = ordering(
        "redon-agglomeration", tmp_path, probes, offer="socle-complet", audit=date(2026, 3, 1), sondes=100
    )
    (contract,) = complete.collectivites["exemple"].contracts
    assert (contract.offer, contract.audit, contract.sondes[0].count) == ("socle-complet", date(2026, 3, 1), 100)
    delivered = ordering("redon-agglomeration", tmp_path, probes, offer="audit", audit=date(2026, 5, 1))
    assert delivered.collectivites["exemple"].contracts[0].audit == date(2026, 5, 1)
    units = ordering("somme-numerique", tmp_path, probes, units={"messagerie": 3, "sauvegarde": 0})
    assert units.collectivites["exemple"].contracts[0].units == {"messagerie": 3, "sauvegarde": 0}
    package = ordering("cdg47", tmp_path, probes, options=["technologie"])
    assert package.collectivites["exemple"].contracts[0].options == ("technologie",)


def test_a_contract_need_not_say_its_offer(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    """What is promised does not depend on it."""
    config = ordering("redon-agglomeration", tmp_path, probes)
    assert config.collectivites["exemple"].contracts[0].offer is None


@pytest.mark.parametrize(
    ("profile", "contract", "what"),
    [
        (
            "redon-agglomeration",
            {"offer": "socle-complet", "audit": date(2026, 3, 2)},
            "contract.audit: 2026-03-02 is after 'start' 2026-03-01, when there was no report to take off: "
            "correct one of the two",
        ),
        (
            "redon-agglomeration",
            {"offer": "groupement-achats", "audit": date(2026, 2, 1)},
            "contract.audit: groupement-achats neither is an audit nor takes one off, leave it out",
        ),
        (
            "redon-agglomeration",
            {"audit": date(2026, 2, 1)},
            "contract.audit: of which offer is not said, add offer: "
            "(choose among audit, groupement-achats, socle-complet)",
        ),
        (
            "mairie-connectee",
            {"options": ["poste-travail"]},
            "contract.options: pack has no 'poste-travail', did you mean 'poste-de-travail'?",
        ),
        (
            "mairie-connectee",
            {"options": ["poste-de-travail"] * 2},
            "contract.options: 'poste-de-travail' is there twice, keep one of the two",
        ),
        (
            "somme-numerique",
            {"units": {"messageries": 3}},
            "contract.units: unites has no 'messageries', did you mean 'messagerie'?",
        ),
    ],
)
def test_a_contract_that_orders_what_there_is_not(
    profile: str, contract: dict[str, Any], what: str, tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    assert refused(profile, tmp_path, probes, **contract) == [what]


@pytest.mark.parametrize(
    ("profile", "contract", "expected"),
    [
        ("moselle-fibre", {"sondes": 100}, None),
        ("redon-agglomeration", {}, "several offers are made, say which"),
        ("redon-agglomeration", {"offer": "audit"}, "population: missing"),
        ("somme-numerique", {"units": {"messagerie": 3}}, "messagerie: no price is published for 2026"),
        ("mairie-connectee", {}, None),
    ],
)
def test_a_contract_that_has_no_price_is_warned_of(
    profile: str, contract: dict[str, Any], expected: str | None, tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    """Its SLA and its counts need none: the config is right, and its contribution cannot be called."""
    found = [str(warning) for warning in ordering(profile, tmp_path, probes, **contract).warnings]
    if expected is None:
        assert found == []
    else:
        (warning,) = found
        assert "contract: no price can be told of it: " in warning
        assert expected in warning
