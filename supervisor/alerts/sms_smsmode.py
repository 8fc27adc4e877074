"""SMS through smsmode: POST /sms/v1/messages."""

from __future__ import annotations

import json
from typing import Any

from yarl import URL

from supervisor.alerts.http_exchange import Exchange, Reply, Request, Silence, said
from supervisor.alerts.keys import token
from supervisor.alerts.sms_gateway import GatewayAnswer, Said, Sms
from supervisor.config.gateways import SmsMode

_WORDS = ("message", "detail", "error", "title")


class SmsModeGateway:
    """One channel of an account."""

    name = "smsmode"

    def __init__(self, gateway: SmsMode) -> None:
        self._gateway = gateway
        self._exchange = Exchange()

    async def hand(self, sms: Sms) -> GatewayAnswer:
        """Try once; `refClient` is the same at a repeat, so that their list shows it."""
        message: dict[str, Any] = {
            "recipient": {"to": sms.to.removeprefix("+")},
            "body": {"text": sms.text},
            "refClient": token(sms.key),
        }
        if self._gateway.sender is not None:
            message["from"] = self._gateway.sender
        request = Request(
            method="POST",
            url=URL(self._gateway.url),
            headers={"Content-Type": "application/json", "X-Api-Key": self._gateway.api_key.reveal()},
            body=json.dumps(message, ensure_ascii=False).encode(),
            ca=None,
            timeout_s=self._gateway.timeout,
        )
        reply = await self._exchange.ask(request)
        if isinstance(reply, Silence):
            return GatewayAnswer(Said.UNSURE if reply.asked else Said.ANOTHER, reply.why)
        return _judged(reply)


def _judged(reply: Reply) -> GatewayAnswer:
    answered = f"réponse {said(reply, *_WORDS)}"
    if reply.status == 201:
        identity = reply.at("messageId")
        if reply.at("status.value") == "UNDELIVERABLE":
            return GatewayAnswer(Said.NOBODY, "numéro injoignable ; vérifier qu'il existe")
        return GatewayAnswer(Said.TAKEN, "accepté", identity if isinstance(identity, str) else "")
    if reply.status == 400 and b"recipient" in reply.body:
        return GatewayAnswer(Said.NOBODY, f"numéro refusé, {answered}")
    if reply.status in (401, 403):
        return GatewayAnswer(Said.ANOTHER, f"clé refusée ; vérifier « api_key » ({answered})")
    if reply.status == 402:
        return GatewayAnswer(Said.ANOTHER, f"plus de crédit ; recharger le compte ({answered})")
    return GatewayAnswer(Said.ANOTHER, answered)
