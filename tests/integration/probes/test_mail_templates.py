"""The templates of mail and of names, with services whose ports answer and which are broken all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from probes.base import Status
from tests.integration.probes.hostile import answering, listening, response
from tests.integration.probes.mail_servers import ADDRESS, PASSWORD, USER, Platform
from tests.integration.probes.running import shared
from tests.integration.probes.templates import RunAll, run_all

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
    settings = {"address": ADDRESS, "domaine": "exemple.test", "relais": ["mx.exemple.test"], "port": mail.smtp}
    assert (await run_all("anti-spam", "smtp", destinataire=destinataire, **settings))["smtp"].status is status


async def test_anti_spam_without_tls(run_all: RunAll, mail: Platform) -> None:
    settings = {"address": ADDRESS, "domaine": "exemple.test", "relais": ["mx.exemple.test"], "port": mail.plain}
    assert (await run_all("anti-spam", "smtp", **settings))["smtp"].status is Status.CRITICAL


async def test_a_name_that_still_resolves_and_is_being_lost(run_all: RunAll) -> None:
    lost = {"objectClassName": "domain", "ldhName": "exemple.test", "status": ["redemption period"], "events": []}
    page = response(json.dumps(lost).encode(), Content_Type="application/rdap+json")
    async with listening(answering(page)) as server:
        registre = f"http://127.0.0.1:{server.port}/"
        results = await run_all("nom-de-domaine", "enregistrement", domaine="exemple.test", registre=registre)
    assert results["enregistrement"].status is Status.CRITICAL
    assert results["enregistrement"].message.startswith("domaine expiré, encore récupérable par son titulaire")
