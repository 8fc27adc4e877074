"""The HTTP server: metrics, health, heartbeats, the first page, incidents by their links, and the API of programs."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Protocol

from aiohttp import web
from aiohttp.http import HttpProcessingError

from supervisor.web import api, beats, incident, pages
from supervisor.web.auth import bearer
from supervisor.web.resources import ROOT

# Whatever a client sends: a heartbeat is a few hundred bytes.
MAX_BODY = 64 * 1024
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
}


class Health(Protocol):
    """What the health pages ask."""

    def alive(self) -> list[str]:
        """Why the process should be restarted; empty when it is well."""

    def ready(self) -> list[str]:
        """Why it cannot do its whole work now; empty when it can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """All the server needs, handed over by the application."""

    metrics: Callable[[], list[bytes | bytearray]]  # renders the exposition; called in a thread
    metrics_type: str
    metrics_token: str | None  # lets a client that is not on loopback read the metrics
    health: Health
    beat: beats.Receive
    page: pages.Present
    incidents: incident.Backing
    api: api.Backing


class Rendering:
    """Renders the exposition in a thread, once for all who ask meanwhile: ten scrapes at once cost one."""

    def __init__(self, render: Callable[[], list[bytes | bytearray]]) -> None:
        self._render = render
        self._task: asyncio.Task[list[bytes | bytearray]] | None = None

    async def parts(self) -> list[bytes | bytearray]:
        """The page, as of now or of the rendering under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(asyncio.to_thread(self._render))
        return await asyncio.shield(self._task)  # whoever leaves does not take the page from the others


SITE = web.AppKey("site", Site)
RENDERING = web.AppKey("rendering", Rendering)


def application(site: Site) -> web.Application:
    """The aiohttp application."""
    app = web.Application(client_max_size=MAX_BODY)
    app.on_response_prepare.append(_harden)
    app[SITE] = site
    app[RENDERING] = Rendering(site.metrics)
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    app.router.add_route("*", "/beat/{token}", _beat)
    app.router.add_get("/", _index)
    incident.mount(app, site.incidents)
    app.add_subapp(ROOT, api.application(site.api))
    return app


def worth_a_line(record: logging.LogRecord) -> bool:
    """For aiohttp's log: a client that speaks no HTTP, or leaves, gets no traceback with which to fill the disk."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | ConnectionError))


async def _harden(_: web.Request, response: web.StreamResponse) -> None:
    """Before any answer leaves, refusals and streams included."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


async def _metrics(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    if not (_loopback(request) or _bearer(request, site.metrics_token)):
        # The same answer as for a page that does not exist: what is not yours is not shown to exist.
        raise web.HTTPNotFound
    parts = await request.app[RENDERING].parts()
    response = web.StreamResponse(headers={"Content-Type": site.metrics_type})
    response.content_length = sum(map(len, parts))
    await response.prepare(request)
    for part in parts:
        await response.write(part)
    await response.write_eof()
    return response


def _loopback(request: web.Request) -> bool:
    # A request that a reverse proxy passes on comes from loopback too, but carries the client's address.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _bearer(request: web.Request, token: str | None) -> bool:
    given = bearer(request)
    return token is not None and given is not None and compare_digest(given, token.encode())


async def _healthz(request: web.Request) -> web.Response:
    return _verdict(request.app[SITE].health.alive())


async def _readyz(request: web.Request) -> web.Response:
    return _verdict(request.app[SITE].health.ready())


def _verdict(troubles: list[str]) -> web.Response:
    text = "ok\n" if not troubles else "".join(f"{trouble}\n" for trouble in troubles)
    return web.Response(text=text, status=503 if troubles else 200)


async def _beat(request: web.Request) -> web.Response:
    return await beats.receive(request, request.app[SITE].beat)


async def _index(request: web.Request) -> web.Response:
    return await pages.index(request.app[SITE].page, still="fige" in request.query)
