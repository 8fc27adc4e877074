"""The templates of mail and of names, with services whose ports answer and which are broken all the same."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from probes import registry, runner
from probes.base import Result, Run, Shared, Status
from supervisor.config.loader import load
from tests.integration.probes.authority import NOW
from tests.integration.probes.hostile import answering, listening, response
from tests.integration.probes.mail_servers import ADDRESS, PASSWORD, USER, Platform
from tests.integration.probes.running import shared
from tests.unit.config.places import install

__all__ = ["shared"]

RunAll = Callable[..., Awaitable[dict[str, Result]]]


@pytest.fixture
def run_all(tmp_path: Path, shared: Shared) -> RunAll:
    """Run these sondes of a template once each: results by the sonde's own name."""

    async def run_them(template: str, *names: str, timeout_s: float = 10.0, **given: Any) -> dict[str, Result]:
        equipment = {"id": "essai", "address": ADDRESS, "template": template, "with": given}
        commune = {"collectivite": "exemple", "name": "Commune d'Exemple", "equipment": [equipment]}
        probes = registry.load()
        sondes = load(install(tmp_path, exemple=json.dumps(commune)), probes).sondes
        found = {}
        for name in names:
            sonde = sondes[f"exemple/essai/{name}"]
            current = Run(shared=shared, at=NOW.timestamp(), timeout_s=timeout_s)
            found[name] = await runner.run(probes[sonde.type], sonde.target, sonde.settings, current)
        return found

    return run_them


@pytest.fixture
def given(mail: Platform, tmp_path: Path) -> dict[str, Any]:
    """A whole mail service, as a commune would write it."""
    (tmp_path / "secret").write_text(PASSWORD, encoding="utf-8")
    return {
        "domaine": "exemple.test",
        "destinataire": USER,
        "adresse": USER,
        "compte": {"user": USER, "password": {"file": str(tmp_path / "secret")}},
        "verifier": False,
        "port_smtp": mail.smtp,
        "port_envoi": mail.smtp,
        "port_imap": mail.imap,
    }


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
    results = await run_all("messagerie", "smtp", "envoi", "imap", "aller-retour", timeout_s=3.0, **given)
    assert results.pop("aller-retour").status is Status.CRITICAL
    assert {result.status for result in results.values()} == {Status.OK}


@pytest.mark.parametrize(("destinataire", "status"), [(USER, Status.OK), ("personne@exemple.test", Status.CRITICAL)])
async def test_anti_spam(run_all: RunAll, mail: Platform, destinataire: str, status: Status) -> None:
    settings = {"domaine": "exemple.test", "relais": ["mx.exemple.test"], "port": mail.smtp}
    assert (await run_all("anti-spam", "smtp", destinataire=destinataire, **settings))["smtp"].status is status


async def test_anti_spam_without_tls(run_all: RunAll, mail: Platform) -> None:
    settings = {"domaine": "exemple.test", "relais": ["mx.exemple.test"], "port": mail.plain}
    assert (await run_all("anti-spam", "smtp", **settings))["smtp"].status is Status.CRITICAL


async def test_a_name_that_still_resolves_and_is_being_lost(run_all: RunAll) -> None:
    lost = {"objectClassName": "domain", "ldhName": "exemple.test", "status": ["redemption period"], "events": []}
    page = response(json.dumps(lost).encode(), Content_Type="application/rdap+json")
    async with listening(answering(page)) as server:
        registre = f"http://127.0.0.1:{server.port}/"
        results = await run_all("nom-de-domaine", "enregistrement", domaine="exemple.test", registre=registre)
    assert results["enregistrement"].status is Status.CRITICAL
    assert results["enregistrement"].message.startswith("domaine expiré, encore récupérable par son titulaire")
