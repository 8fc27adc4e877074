"""The templates of mail and of names, with services whose ports answer and which are broken all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probes import registry
from probes.base import Status
from supervisor.config.loader import load
from tests.integration.probes.hostile import answering, listening, response
from tests.integration.probes.mail_servers import PASSWORD, USER, Platform
from tests.integration.probes.running import shared
from tests.integration.probes.templates import RunAll, run_all
from tests.own_address import ADDRESS
from tests.unit.config.places import install

__all__ = ["run_all", "shared"]


@pytest.fixture
def given(mail: Platform, tmp_path: Path) -> dict[str, Any]:
    """A whole mail service, as a commune would write it."""
    (tmp_path / "secret").write_text(PASSWORD, encoding="utf-8")
    return {
        "address": ADDRESS,
        "domaine": "exemple.test",
        "destinataire": USER,
        "adresse": USER,
        "compte": {"user": USER, "password": {"file": str(tmp_path / "secret")}},
        "verifier": False,
        "port_smtp": mail.smtp,
        "port_envoi": mail.smtp,
        "port_imap": mail.imap,
    }


@pytest.fixture
def sonde(tmp_path: Path) -> Callable[..., Any]:
    """The settings of one sonde of a template; tests/integration/probes/test_dns.py shows what they find."""

    def settings_of(name: str, template: str = "messagerie", **given: Any) -> Any:
        equipment = {"id": "essai", "address": ADDRESS, "template": template}
        equipment["with"] = {"domaine": "exemple.test", **given}
        commune = {"collectivite": "exemple", "name": "Commune d'Exemple", "equipment": [equipment]}
        main = install(tmp_path, exemple=json.dumps(commune))
        return load(main, registry.load()).sondes[f"exemple/essai/{name}"].settings

    return settings_of


async def test_messagerie_that_works(run_all: RunAll, given: dict[str, Any]) -> None:
    results = await run_all("messagerie", "smtp", "envoi", "imap", "aller-retour", **given)
    assert {name: result.status for name, result in results.items()} == dict.fromkeys(results, Status.OK), results


async def test_messagerie_whose_accounts_are_lost(run_all: RunAll, given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("un autre", encoding="utf-8")
    results = await run_all("messagerie", "smtp", "envoi", "imap", "aller-retour", **given)
    assert {name: result.status for name, result in results.items()} == {
        "smtp": Status.OK,  # mail from elsewhere still comes in
        "envoi": Status.CRITICAL,
        "imap": Status.CRITICAL,
        "aller-retour": Status.CRITICAL,
    }


async def test_messagerie_that_greets_and_takes_nothing(run_all: RunAll, given: dict[str, Any]) -> None:
    given["destinataire"] = "surcharge@exemple.test"
    results = await run_all("messagerie", "smtp", **given)
    assert results["smtp"].status is Status.CRITICAL
    assert results["smtp"].message.startswith("destinataire différé : serveur saturé ou en panne")


async def test_messagerie_that_accepts_and_delivers_elsewhere(run_all: RunAll, given: dict[str, Any]) -> None:
    """Every port answers, every login works: the mail is just not there."""
    given["adresse"] = "autre@exemple.test"
    results = await run_all("messagerie", "smtp", "envoi", "imap", **given)
    lost = await run_all("messagerie", "aller-retour", timeout_s=3.0, **given)
    assert lost["aller-retour"].status is Status.CRITICAL
    assert {result.status for result in results.values()} == {Status.OK}


@pytest.mark.parametrize(("destinataire", "status"), [(USER, Status.OK), ("personne@exemple.test", Status.CRITICAL)])
async def test_anti_spam(run_all: RunAll, mail: Platform, destinataire: str, status: Status) -> None:
    settings = {"address": ADDRESS, "domaine": "exemple.test", "relais": ["mx.exemple.test"], "port": mail.smtp}
    assert (await run_all("anti-spam", "smtp", destinataire=destinataire, **settings))["smtp"].status is status


async def test_anti_spam_without_tls(run_all: RunAll, mail: Platform) -> None:
    settings = {"address": ADDRESS, "domaine": "exemple.test", "relais": ["mx.exemple.test"], "port": mail.plain}
    assert (await run_all("anti-spam", "smtp", **settings))["smtp"].status is Status.CRITICAL


@pytest.mark.parametrize(
    ("spf", "told", "good"),
    [
        ("include:_spf.exemple.test", "v=spf1 mx include:_spf.exemple.test -all", True),
        ("-all", "v=spf1 mx -all", True),
        ("-all", "v=spf1 mx ~all", False),
        ("include:_spf.exemple.test", "v=spf1 include:_spf.exemple.test.ailleurs.test -all", False),
        ("mx", "verification=mx", False),
    ],
)
def test_spf(spf: str, told: str, good: bool, sonde: Callable[..., Any]) -> None:
    assert (sonde("spf", spf=spf).regex.search(told) is not None) is good


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ("v=DMARC1; p=reject; rua=mailto:dmarc@exemple.test", True),
        ("v=DMARC1;rua=mailto:dmarc@exemple.test;p=reject", True),
        ("v=DMARC1; p=none; sp=reject", False),
        ("v=DMARC1; sp=reject", False),
        ("p=reject", False),
    ],
)
def test_dmarc(told: str, good: bool, sonde: Callable[..., Any]) -> None:
    settings = sonde("dmarc", dmarc="reject")
    assert (settings.name, settings.record) == ("_dmarc.exemple.test", "TXT")
    assert (settings.regex.search(told) is not None) is good


def test_what_else_is_asked_of_the_dns(sonde: Callable[..., Any]) -> None:
    assert sonde("liste", liste="zen.spamhaus.org").blocklist == "zen.spamhaus.org"
    assert sonde("delegation", template="nom-de-domaine", dnssec=True).authenticated
    assert not sonde("delegation", template="nom-de-domaine").authenticated


async def test_a_name_that_still_resolves_and_is_being_lost(run_all: RunAll) -> None:
    lost = {"objectClassName": "domain", "ldhName": "exemple.test", "status": ["redemption period"], "events": []}
    page = response(json.dumps(lost).encode(), Content_Type="application/rdap+json")
    async with listening(answering(page)) as server:
        registre = f"http://127.0.0.1:{server.port}/"
        results = await run_all("nom-de-domaine", "enregistrement", domaine="exemple.test", registre=registre)
    assert results["enregistrement"].status is Status.CRITICAL
    assert results["enregistrement"].message.startswith("domaine expiré, encore récupérable par son titulaire")
