"""Webhooks: what a receiver can verify, and what its answers mean."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from probes.secret import Secret
from supervisor.alerts.transport import Attempt, Outcome
from supervisor.alerts.webhook import WebhookTransport
from supervisor.config.alerting import Webhook
from tests.integration.alerts.letters import AT, letter
from tests.integration.alerts.web import serving
from tests.integration.probes.authority import leaf, root
from tests.integration.probes.hostile import answering, listening, response, silent

KEY = "une clé de plus de seize lettres"
NOW = AT + 60


def channel(url: str, **changed: Any) -> WebhookTransport:
    written = {"name": "journal", "url": url, "secret": Secret(KEY), "timeout": "60s", **changed}
    return WebhookTransport([TypeAdapter(Webhook).validate_python(written)], wall=lambda: float(NOW))


async def test_a_receiver_can_verify_who_sent_what_and_when() -> None:
    seen: list[tuple[web.Request, bytes]] = []

    async def receive(request: web.Request) -> web.Response:
        seen.append((request, await request.read()))
        return web.Response(status=204)

    async with serving(receive) as address:
        attempt = await channel(f"{address}/vigie?a=b").send(letter("journal"))
    assert attempt == Attempt(Outcome.SENT, "accepté par le webhook journal (204)", "")
    ((request, body),) = seen
    assert (request.method, request.path_qs) == ("POST", "/vigie?a=b")
    assert request.headers["X-Vigie-Key"] == "incident-45-ouvert-7"
    timestamp = request.headers["X-Vigie-Timestamp"]
    assert int(timestamp) == NOW
    expected = hmac.new(KEY.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert request.headers["X-Vigie-Signature"] == f"sha256={expected}"
    assert request.content_type == "application/json"
    assert json.loads(body) == {
        "key": "incident-45-ouvert-7",
        "subject": "Panne : accès Internet de l’école",
        "text": "L’accès Internet de l’école est coupé depuis 17 h 20.",
        "thread": "incident-45",
        "at": AT,
        "events": [],
        "news": [],
        "left_out": 0,
    }


async def test_a_key_that_is_no_header_is_told_by_its_digest() -> None:
    keys: list[str] = []

    async def receive(request: web.Request) -> web.Response:
        keys.append(request.headers["X-Vigie-Key"])
        return web.Response()

    async with serving(receive) as address:
        attempt = await channel(address).send(letter("journal", key="a\r\nX-Autre: é"))
    assert attempt.outcome is Outcome.SENT
    assert keys[0].isalnum()


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (200, Outcome.SENT, "accepté"),
        (202, Outcome.SENT, "accepté"),
        (301, Outcome.LATER, "redirection refusée (301) ; mettre l'adresse définitive dans « url »"),
        (400, Outcome.REFUSED, "message jugé invalide (400)"),
        (401, Outcome.LATER, "vérifier « secret » des deux côtés"),
        (404, Outcome.LATER, "réponse 404"),
        (410, Outcome.REFUSED, "destination supprimée (410)"),
        (422, Outcome.REFUSED, "message jugé invalide (422)"),
        (429, Outcome.LATER, "réponse 429"),
        (503, Outcome.LATER, "réponse 503"),
    ],
)
async def test_what_an_answer_means(status: int, outcome: Outcome, words: str) -> None:
    async def receive(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/ailleurs"})

    async with serving(receive) as address:
        attempt = await channel(address).send(letter("journal"))
    assert attempt.outcome is outcome
    assert words in attempt.detail


async def test_one_that_hangs_and_one_that_is_not_there() -> None:
    async with listening(silent()) as deaf:
        attempt = await channel(f"http://127.0.0.1:{deaf.port}/", timeout="1s").send(letter("journal"))
        assert attempt == Attempt(Outcome.LATER, "webhook journal : pas de réponse en 1 s")
    attempt = await channel("http://127.0.0.1:1/").send(letter("journal"))
    assert attempt == Attempt(Outcome.LATER, "webhook journal : connexion refusée")
    attempt = await channel("http://nulle-part.invalid/").send(letter("journal"))
    assert attempt == Attempt(Outcome.LATER, "webhook journal : nom du serveur introuvable")


async def test_one_that_the_config_does_not_have_any_more() -> None:
    attempt = await channel("http://127.0.0.1:1/").send(letter("ancien"))
    assert attempt == Attempt(Outcome.REFUSED, "il n'y a pas de webhook « ancien » dans la configuration")


async def test_its_certificate_is_verified(tmp_path: Path) -> None:
    authority = root()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    certificate, key = leaf(authority, "127.0.0.1").write(tmp_path, "serveur")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with listening(answering(response(b"{}")), context) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert (await channel(url, ca=str(tmp_path / "ca.pem")).send(letter("journal"))).outcome is Outcome.SENT
        attempt = await channel(url).send(letter("journal"))
        assert attempt.outcome is Outcome.LATER
        assert "autorité inconnue" in attempt.detail
        attempt = await channel(url, ca=str(tmp_path / "absent.pem")).send(letter("journal"))
        assert attempt.outcome is Outcome.LATER
        assert "fichier de certificat inaccessible" in attempt.detail
