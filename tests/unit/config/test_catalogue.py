"""docs/templates.md says what the profiles say, and the profiles have what the conventions name."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes import registry
from supervisor.config.catalogue import catalogue
from tests.unit.config.test_profiles import PROFILES, TEMPLATES, templates

DOC = Path(__file__).parents[3] / "docs" / "templates.md"
# What the specification names (its section 2), and the template of each.
NAMED = {
    "page internet": "page-internet",
    "nom de domaine": "nom-de-domaine",
    "messagerie (Zimbra)": "messagerie",
    "anti-spam": "anti-spam",
    "partage de fichiers": "partage-de-fichiers",
    "marchés publics": "marches-publics",
    "visioconférence (BigBlueButton)": "visioconference",
    "contrôle de légalité (ACTES)": "controle-de-legalite",
    "PES v2": "pes-v2",
    "certificats RGS": "certificats-rgs",
    "parapheur": "parapheur",
    "convocation": "convocation",
    "sauvegarde": "sauvegarde",
    "archivage": "archivage",
    "démarches simplifiées": "demarches-simplifiees",
    "enquêtes publiques": "enquetes-publiques",
    "démocratie participative": "democratie-participative",
    "transfert de secrets": "transfert-de-secrets",
    "serveur": "serveur",
    "NAS": "nas",
    "pare-feu": "pare-feu",
    "switch": "switch",
    "routeur": "routeur",
    "téléphonie (IPBX)": "telephonie",
    "imprimante": "imprimante",
    "onduleur": "onduleur",
    "antivirus": "antivirus",
    "base de données": "base-postgresql",
    "GTC (heating)": "gtc",
    "accès Internet": "acces-internet",
    "liaison inter-sites": "liaison-inter-sites",
}


def test_the_page_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert DOC.read_text() == catalogue()


@pytest.mark.parametrize("service", NAMED)
def test_every_service_that_is_named_has_a_template_of_every_profile(service: str) -> None:
    assert NAMED[service] in {name for _, name, _ in templates("commun")}


def test_every_template_has_its_place_on_the_page_and_every_sonde_its_own_page() -> None:
    page = catalogue()
    for _, name, _ in TEMPLATES:
        assert f"\n### `{name}`\n" in page
    for kind in {sonde["type"] for _, _, written in TEMPLATES for sonde in written["sondes"]}:
        assert kind in registry.load()
        assert (DOC.parent / "sondes" / f"{kind}.md").exists()


def test_a_service_of_a_convention_leads_to_a_heading() -> None:
    page = catalogue()
    assert len(PROFILES) == page.count("| service | | article | template |")
    assert "| `pes-v2` | Télétransmission des flux comptables (PES v2) | art. 7 d | [pes-v2](#pes-v2) |" in page
