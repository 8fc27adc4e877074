"""The web servers of the demo: town sites, and the applications of the syndicat, by their paths."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import escape

from aiohttp import web

from supervisor.demo.letters import Letters
from supervisor.demo.played import Listening, Mode, Played

SLOW_S = 4.0
_DRIP_S = 0.2  # between two pieces of an endless page

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def open_web(played: Played, context: ssl.SSLContext | None, letters: Letters) -> Listening:
    """Listen at the server's place; with a context, in TLS."""
    server = web.Server(_handler(played, letters), access_log=None)
    loop = asyncio.get_running_loop()
    place = played.place
    return await loop.create_server(server, place.address, played.port, ssl=context, reuse_address=True)


def _handler(played: Played, letters: Letters) -> Handler:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if played.mode is Mode.ERROR:
            return _html("Erreur interne du serveur", status=500)
        if played.mode is Mode.MUTE:
            await asyncio.Event().wait()
        if played.mode is Mode.SLOW:
            await asyncio.sleep(SLOW_S)
        if played.mode is Mode.ENDLESS:
            return await _endless(request)
        if played.mode is Mode.WRONG:
            return _html("Site en construction")
        if request.method == "POST" and request.path == "/sms/envoi":
            return await _sms(request, letters)
        return _page(request.path, played.place.owner)

    return answer


async def _sms(request: web.BaseRequest, letters: Letters) -> web.Response:
    """The gateway for SMS takes whatever it is given."""
    asked = await request.json()
    letters.sms(str(asked["to"]), str(asked["text"]))
    return web.json_response({"id": str(asked["ref"])[:12], "status": "accepted"})


def _page(path: str, owner: str) -> web.Response:
    if path in _JSON:
        return web.Response(text=json.dumps(_JSON[path]), content_type="application/json")
    if path.startswith("/bigbluebutton/api"):
        return web.Response(text=_BIGBLUEBUTTON, content_type="text/xml")
    if path.startswith(_RDAP):
        return web.Response(text=_registration(path.removeprefix(_RDAP)), content_type="application/rdap+json")
    title = _TITLES.get(path)
    return _html("Page introuvable", status=404) if title is None else _html(f"{title} – {owner}")


def _registration(name: str) -> str:
    """What a registry publishes of a domain; renewed every day, it seems."""
    expires_at = datetime.now(UTC) + timedelta(days=240)
    events = [{"eventAction": "expiration", "eventDate": expires_at.isoformat()}]
    return json.dumps({"objectClassName": "domain", "ldhName": name, "status": ["active"], "events": events})


def _html(title: str, status: int = 200) -> web.Response:
    title = escape(title, quote=False)
    text = f"<!doctype html><html lang=fr><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"
    return web.Response(text=text, status=status, content_type="text/html")


async def _endless(request: web.BaseRequest) -> web.StreamResponse:
    """Begin well, and never come to an end: what a looping script sends."""
    response = web.StreamResponse(headers={"Content-Type": "text/html; charset=utf-8"})
    await response.prepare(request)
    try:
        await response.write(b"<!doctype html><html lang=fr>")
        while True:
            await response.write(b"<p>Chargement en cours")
            await asyncio.sleep(_DRIP_S)
    except ConnectionError:  # the client had enough, which is right
        return response


_RDAP = "/rdap/domain/"
_TITLES = {
    "/": "Bienvenue",
    "/zimbra/": "Messagerie Zimbra : connexion",
    "/marches/": "Marchés publics : consultations en cours",
    "/demarches/": "Démarches simplifiées",
    "/parapheur/": "Parapheur électronique : connexion",
    "/glpi/": "Assistance : connexion",
}
_JSON: dict[str, object] = {
    # The fields of Nextcloud's own status page.
    "/status.php": {
        "installed": True,
        "maintenance": False,
        "needsDbUpgrade": False,
        "version": "31.0.4.1",
        "versionstring": "31.0.4",
        "edition": "",
        "productname": "Nextcloud",
    },
    "/actes/health": {"status": "UP", "teletransmission": "ouverte"},
    "/sms/etat": {"status": "UP", "credit": 4812},
    "/pes/health": {"status": "UP", "file_attente": 0},
}
_BIGBLUEBUTTON = (
    "<response><returncode>SUCCESS</returncode><version>2.0</version><apiVersion>2.0</apiVersion></response>"
)
