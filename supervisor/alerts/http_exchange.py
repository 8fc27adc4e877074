"""One request to a gateway or a webhook: a new connection, a deadline, a bounded answer, no redirect."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from probes.excerpt import excerpt
from probes.http_body import steps
from probes.trouble import connection_trouble
from probes.trust import TlsContexts, Trust, TrustError, refusal

_MOST_BYTES = 65536  # of an answer; gateways send some hundred


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is asked."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    ca: str | None  # PEM file of the authorities to trust instead of the system's
    timeout_s: float  # from the first packet to the last


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The JSON of the body; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def at(self, path: str) -> Any:
        """The value at this path of the JSON; None when there is none."""
        value = self.json()
        for step in steps(path):
            if isinstance(step, str) and isinstance(value, dict):
                value = value.get(step)
            elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
                value = value[step]
            else:
                return None
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """No answer, or none that can be read."""

    why: str  # in French
    asked: bool  # the request may have arrived


class Exchange:
    """Asks. A connection each time: alerts are rare, and a kept one that has died meanwhile is a doubt for nothing."""

    def __init__(self) -> None:
        self._contexts = TlsContexts.open()

    async def ask(self, request: Request) -> Reply | Silence:
        """The answer, whatever its status."""
        timeout = aiohttp.ClientTimeout(total=request.timeout_s)
        asked = False

        async def started(*_: Any) -> None:
            nonlocal asked
            asked = True

        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(started)
        try:
            context = self._contexts.context(Trust(ca=request.ca)) if request.url.scheme == "https" else True
            connector = aiohttp.TCPConnector(ssl=context, force_close=True)
            async with (
                aiohttp.ClientSession(
                    connector=connector, timeout=timeout, trace_configs=[trace], cookie_jar=aiohttp.DummyCookieJar()
                ) as session,
                session.request(
                    request.method,
                    request.url,
                    headers={"User-Agent": "Vigie", "Accept": "application/json", **request.headers},
                    data=request.body,
                    allow_redirects=False,
                ) as response,
            ):
                return Reply(status=response.status, body=await _beginning(response))
        except TrustError as error:
            return Silence(why=error.message, asked=False)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return Silence(why=_why(error, request), asked=asked)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= _MOST_BYTES:
            break
    return bytes(body[:_MOST_BYTES])


def _why(error: Exception, request: Request) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        inner = error.certificate_error
        if isinstance(inner, ssl.SSLError):
            return f"{refusal(inner, request.url.host or '')} ; corriger le certificat, ou « ca »"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "nom du serveur introuvable"
    if isinstance(error, aiohttp.ClientConnectorError):
        inner = error.os_error
        return (
            refusal(inner, request.url.host or "")
            if isinstance(inner, ssl.SSLError)
            else connection_trouble(inner, None)[1]
        )
    if isinstance(error, TimeoutError):
        return f"pas de réponse en {request.timeout_s:g} s"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "connexion fermée sans réponse"
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return "réponse illisible"
    return f"échange impossible ({excerpt(type(error).__name__)})"


def said(reply: Reply, *paths: str) -> str:
    """What an answer says, for operators: its status, and the text at the first of these paths that there is."""
    for path in paths:
        text = reply.at(path)
        if isinstance(text, str) and text:
            return f"{reply.status} « {excerpt(' '.join(text.split()), 120)} »"
    return str(reply.status)
