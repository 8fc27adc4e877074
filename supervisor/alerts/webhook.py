"""Alerts to programs: a signed POST of JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from yarl import URL

from supervisor.alerts.http_exchange import Exchange, Reply, Request, Silence
from supervisor.alerts.keys import token
from supervisor.alerts.transport import Attempt, Letter, later, refused, sent
from supervisor.config.alerting import Webhook

# The message itself is not wanted, or the receiver is gone for good. What the operator of the other end can put right
# while we try again (a login, a path, a fault) is not in it.
_FOR_EVER = {400: "message jugé invalide", 410: "destination supprimée", 413: "message jugé trop long"}
_FOR_EVER |= {415: "message jugé invalide", 422: "message jugé invalide"}

_NOTHING: Mapping[str, Any] = MappingProxyType({"events": [], "news": [], "left_out": 0})  # of a trial


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of a body sent at `timestamp`: a receiver computes it again and refuses old timestamps."""
    return hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256).hexdigest()


class WebhookTransport:
    """All webhooks; a letter's `to` is the name of one."""

    def __init__(self, webhooks: Sequence[Webhook], *, wall: Callable[[], float]) -> None:
        self._webhooks = {webhook.name: webhook for webhook in webhooks}
        self._wall = wall
        self._exchange = Exchange()

    async def send(self, letter: Letter) -> Attempt:
        """Post it once. An answer in 200 to 299 takes it."""
        webhook = self._webhooks.get(letter.to)
        if webhook is None:
            return refused(f"il n'y a pas de webhook « {letter.to} » dans la configuration")
        now = int(self._wall())
        message = {
            "key": letter.key,
            "subject": letter.subject,
            "text": letter.text,
            "thread": letter.thread,
            "at": letter.at,
            **(letter.data or _NOTHING),
        }
        body = json.dumps(message).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Vigie-Key": token(letter.key),
            "X-Vigie-Timestamp": str(now),
            "X-Vigie-Signature": f"sha256={sign(webhook.secret.reveal(), now, body)}",
        }
        request = Request(
            method="POST",
            url=URL(webhook.url),
            headers=headers,
            body=body,
            ca=webhook.ca,
            timeout_s=webhook.timeout,
        )
        answer = await self._exchange.ask(request)
        if isinstance(answer, Silence):
            return later(f"webhook {webhook.name} : {answer.why}")
        return _judged(webhook, answer)

    async def close(self) -> None:
        """Nothing is kept open."""


def _judged(webhook: Webhook, answer: Reply) -> Attempt:
    name = f"webhook {webhook.name}"
    if 200 <= answer.status < 300:
        return sent(f"accepté par le {name} ({answer.status})")
    if answer.status in _FOR_EVER:
        return refused(f"{name} : {_FOR_EVER[answer.status]} ({answer.status})")
    if 300 <= answer.status < 400:
        return later(f"{name} : redirection refusée ({answer.status}) ; mettre l'adresse définitive dans « url »")
    if answer.status in (401, 403):
        return later(f"{name} : signature ou accès refusé ({answer.status}) ; vérifier « secret » des deux côtés")
    return later(f"{name} : réponse {answer.status}")
