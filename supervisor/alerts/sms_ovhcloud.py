"""SMS through OVHcloud: POST /sms/{serviceName}/jobs, signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from yarl import URL

from supervisor.alerts.http_exchange import Exchange, Reply, Request, Silence, said
from supervisor.alerts.keys import digest
from supervisor.alerts.sms_gateway import GatewayAnswer, Said, Sms
from supervisor.config.gateways import OvhCloud

_DELTA_HOLDS_S = 3600.0  # our clock, or theirs, may be put right
_REMEDIES = {
    "INVALID_SIGNATURE": "signature refusée ; vérifier « application_secret » et « consumer_key »",
    "INVALID_KEY": "clé d'application inconnue ; vérifier « application_key »",
    "INVALID_CREDENTIAL": "« consumer_key » inconnue, expirée ou pas encore validée ; en demander une autre",
    "NOT_CREDENTIAL": "« consumer_key » inconnue, expirée ou pas encore validée ; en demander une autre",
    "NOT_GRANTED_CALL": "« consumer_key » sans le droit POST /sms/*/jobs ; en demander une qui l'a",
}


class OvhCloudGateway:
    """One SMS account."""

    name = "OVHcloud"

    def __init__(self, gateway: OvhCloud, *, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._gateway = gateway
        self._wall = wall
        self._monotonic = monotonic
        self._exchange = Exchange()
        self._base = gateway.url.rstrip("/")
        self._delta: tuple[float, int] | None = None  # when it was asked (monotonic), seconds their clock is ahead

    async def hand(self, sms: Sms) -> GatewayAnswer:
        """1 their clock, since they refuse a signature of another time; 2 the message; once more if they say so."""
        for _ in range(2):
            delta = await self._clock()
            if isinstance(delta, Silence):
                return GatewayAnswer(Said.ANOTHER, delta.why)
            reply = await self._exchange.ask(self._signed(sms, int(self._wall()) + delta))
            if isinstance(reply, Silence):
                return GatewayAnswer(Said.UNSURE if reply.asked else Said.ANOTHER, reply.why)
            if reply.at("errorCode") != "QUERY_TIME_OUT":
                return _judged(reply, sms.to)
            self._delta = None
        return GatewayAnswer(Said.ANOTHER, "horodatage refusé ; vérifier l'horloge de cette machine")

    async def _clock(self) -> int | Silence:
        if self._delta is not None and self._monotonic() - self._delta[0] < _DELTA_HOLDS_S:
            return self._delta[1]
        request = Request(
            method="GET",
            url=URL(f"{self._base}/auth/time"),
            headers={},
            body=None,
            ca=None,
            timeout_s=self._gateway.timeout,
        )
        reply = await self._exchange.ask(request)
        if isinstance(reply, Silence):
            return reply
        now = reply.json()
        if reply.status != 200 or not isinstance(now, int) or isinstance(now, bool):
            return Silence(why=f"heure du service illisible (réponse {reply.status})", asked=False)
        delta = now - int(self._wall())
        self._delta = (self._monotonic(), delta)
        return delta

    def _signed(self, sms: Sms, timestamp: int) -> Request:
        gateway = self._gateway
        url = f"{self._base}/sms/{gateway.service}/jobs"
        job: dict[str, Any] = {
            "charset": "UTF-8",
            "coding": "7bit",
            "message": sms.text,
            "noStopClause": True,  # an alert is no advertisement: without it, "STOP" is added and charged
            "priority": "high",
            "receivers": [sms.to],
            "senderForResponse": gateway.sender is None,
            "tag": digest(sms.key),
        }
        if gateway.sender is not None:
            job["sender"] = gateway.sender
        body = json.dumps(job, ensure_ascii=False, separators=(",", ":"))
        consumer = gateway.consumer_key.reveal()
        signed = "+".join((gateway.application_secret.reveal(), consumer, "POST", url, body, str(timestamp)))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Ovh-Application": gateway.application_key.reveal(),
            "X-Ovh-Consumer": consumer,
            "X-Ovh-Timestamp": str(timestamp),
            "X-Ovh-Signature": f"$1${hashlib.sha1(signed.encode()).hexdigest()}",  # noqa: S324  their algorithm
        }
        # Encoded as it was signed: another spelling of the same URL would be another signature.
        return Request(
            method="POST",
            url=URL(url, encoded=True),
            headers=headers,
            body=body.encode(),
            ca=None,
            timeout_s=gateway.timeout,
        )


def _judged(reply: Reply, to: str) -> GatewayAnswer:
    if reply.status == 200:
        ids = reply.at("ids")
        if isinstance(ids, list) and ids:
            return GatewayAnswer(Said.TAKEN, "accepté", str(ids[0]))
        invalid = reply.at("invalidReceivers")
        if isinstance(invalid, list) and to in invalid:
            return GatewayAnswer(Said.NOBODY, "numéro refusé ; vérifier qu'il existe et n'a pas répondu STOP")
        return GatewayAnswer(Said.ANOTHER, "réponse sans identifiant d'envoi")
    code = reply.at("errorCode")
    if isinstance(code, str) and code in _REMEDIES:
        return GatewayAnswer(Said.ANOTHER, f"{_REMEDIES[code]} ({said(reply, 'message')})")
    if reply.status == 400 and "receiver" in str(reply.at("message")).lower():
        return GatewayAnswer(Said.NOBODY, f"numéro refusé, réponse {said(reply, 'message')}")
    if reply.status == 402:
        return GatewayAnswer(Said.ANOTHER, f"plus de crédit ; recharger le compte ({said(reply, 'message')})")
    if reply.status == 404:
        return GatewayAnswer(Said.ANOTHER, f"compte SMS inconnu ; vérifier « service » ({said(reply, 'message')})")
    return GatewayAnswer(Said.ANOTHER, f"réponse {said(reply, 'message')}")
