"""SMS through any gateway that is asked by HTTP, as the config describes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from yarl import URL

from supervisor.alerts.http_exchange import Exchange, Reply, Request, Silence
from supervisor.alerts.keys import token
from supervisor.alerts.sms_gateway import GatewayAnswer, Said, Sms
from supervisor.config.gateways import HttpGateway

_WORD = re.compile(r"\{([^{}]*)\}")


class DescribedGateway:
    """One gateway."""

    def __init__(self, gateway: HttpGateway) -> None:
        self.name = gateway.name
        self._gateway = gateway
        self._exchange = Exchange()

    async def hand(self, sms: Sms) -> GatewayAnswer:
        """Try once."""
        reply = await self._exchange.ask(self._request(sms))
        if isinstance(reply, Silence):
            return GatewayAnswer(Said.UNSURE if reply.asked else Said.ANOTHER, reply.why)
        return self._judged(reply)

    def _request(self, sms: Sms) -> Request:
        gateway = self._gateway
        words = {name: secret.reveal() for name, secret in gateway.secrets.items()}
        words |= {"to": sms.to, "digits": sms.to.removeprefix("+"), "text": sms.text, "key": token(sms.key)}
        headers = {name: _filled(value, words, _one_line) for name, value in gateway.headers.items()}
        body = None
        if gateway.form:
            body = urlencode({name: _filled(value, words) for name, value in gateway.form.items()}).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        elif gateway.json:
            body = json.dumps(_filled(gateway.json, words), ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        # Escaped by us, word by word: a "&" in the text must not end its field.
        url = URL(_filled(gateway.url, words, lambda text: quote(text, safe="")), encoded=True)
        return Request(
            method=gateway.method, url=url, headers=headers, body=body, ca=gateway.ca, timeout_s=gateway.timeout
        )

    def _judged(self, reply: Reply) -> GatewayAnswer:
        accepted, permanent = self._gateway.accepted, self._gateway.permanent
        if reply.status in accepted.status and (accepted.path is None or _among(reply, accepted.path, accepted.equals)):
            receipt = reply.at(accepted.receipt) if accepted.receipt is not None else None
            return GatewayAnswer(Said.TAKEN, f"accepté ({reply.status})", "" if receipt is None else str(receipt)[:80])
        status_fits = not permanent.status or reply.status in permanent.status
        path_fits = permanent.path is None or _among(reply, permanent.path, permanent.equals)
        if (permanent.status or permanent.path is not None) and status_fits and path_fits:
            return GatewayAnswer(Said.NOBODY, f"message refusé (réponse {reply.status}) ; vérifier le numéro")
        # What it says may repeat what it was sent, secrets included: only the status is told.
        return GatewayAnswer(Said.ANOTHER, f"réponse {reply.status}, que « accepted » ne reconnaît pas")


def _among(reply: Reply, path: str, values: tuple[str | int | bool, ...]) -> bool:
    """Is the value there one of these? The number 0 and "0" are the same: gateways write either."""
    found = reply.at(path)
    if found is None or isinstance(found, dict | list):
        return False
    if isinstance(found, bool) or any(isinstance(value, bool) for value in values):
        return any(found is value for value in values)
    return str(found) in {str(value) for value in values}


def _filled(value: Any, words: Mapping[str, str], escape: Callable[[str], str] = str) -> Any:
    """A template with its words put in, whatever its shape. One pass: what is put in is never read as a template."""
    if isinstance(value, str):
        return _WORD.sub(lambda match: escape(words[match[1]]), value)
    if isinstance(value, dict):
        return {key: _filled(below, words, escape) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(below, words, escape) for below in value]
    return value


def _one_line(text: str) -> str:
    return " ".join(text.split())
