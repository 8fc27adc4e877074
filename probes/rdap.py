"""What a registry publishes of a domain, in its own words: RDAP. RFC 9082 (questions), 9083 (answers), 9224 (who)."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from yarl import URL

from probes.base import Run, Status, Target
from probes.excerpt import excerpt
from probes.http_settings import HttpSettings
from probes.visiting import VisitError, visit

if TYPE_CHECKING:
    from probes.http_visit import Page

IANA = "https://data.iana.org/rdap/dns.json"
_KEEP_S = 24 * 3600.0  # the list changes a few times a week, and its publisher asks not to be polled
_BODY = 1024 * 1024  # bytes; IANA's list takes 50 KB, a domain 10
_FRENCH = {"fr": "https://rdap.nic.fr/"}
_ACCEPT = (("Accept", "application/rdap+json, application/json"),)

Servers = dict[str, str]  # by suffix, lower case


class RegistryError(Exception):
    """The registry could not tell; `status` and `message` (in French) say what that means."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Registration(NamedTuple):
    """What counts of a domain."""

    expires_at: float | None  # POSIX seconds; None when the registry does not publish it
    statuses: frozenset[str]  # in the words of RFC 8056, lower case
    response_s: float


class Registries:
    """Which server answers for which suffix: the published list, fetched once a day for all sondes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Servers]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    @classmethod
    def open(cls) -> Self:
        """The list is fetched when first needed."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    async def server(self, name: str, bootstrap: str, proxy: str | None, run: Run) -> str:
        """The address of the RDAP server for this domain; raises RegistryError."""
        lock = self._asking.setdefault(bootstrap, asyncio.Lock())
        async with lock:
            fetched_at, servers = self._known.get(bootstrap, (float("-inf"), {}))
            if time.monotonic() >= fetched_at + _KEEP_S:
                try:
                    servers = _services(await _fetch(bootstrap, proxy, run))
                    self._known[bootstrap] = (time.monotonic(), servers)
                except RegistryError as error:
                    if not servers:
                        raise
                    run.note(f"the list of registries cannot be renewed: {error.message}")
        suffix = name
        while suffix:
            if suffix in servers:
                return servers[suffix]
            suffix = suffix.partition(".")[2]
        raise RegistryError(Status.UNKNOWN, f"le registre de .{name.rpartition('.')[2]} n'offre pas de service RDAP")


async def look_up(name: str, server: str | None, bootstrap: str, proxy: str | None, run: Run) -> Registration:
    """Ask the registry; raises RegistryError."""
    server = server or _FRENCH.get(name.rpartition(".")[2])
    if server is None:
        server = await run.shared.use(Registries).server(name, bootstrap, proxy, run)
    page = await _visit(f"{server.rstrip('/')}/domain/{name}", proxy, run)
    if page.response.status == 404:
        raise _absent(page, name)
    answer = _object(page, "le registre")
    if answer.get("objectClassName") != "domain" or str(answer.get("ldhName", name)).lower().rstrip(".") != name:
        raise RegistryError(Status.UNKNOWN, "le registre répond d'autre chose que de ce domaine")
    statuses = answer.get("status")
    said = frozenset(str(status).lower() for status in statuses) if isinstance(statuses, list) else frozenset[str]()
    return Registration(_expiration(answer.get("events")), said, page.total_s)


def _absent(page: Page, name: str) -> RegistryError:
    """A registry says that it does not know a domain; any web server says that it does not know a page."""
    kind = page.response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("application/rdap+json", "application/json"):
        return RegistryError(Status.CRITICAL, f"domaine inconnu du registre : {excerpt(name)}")
    return RegistryError(
        Status.UNKNOWN, "réponse 404 qui n'est pas du RDAP : domaine inconnu, ou adresse du serveur RDAP périmée"
    )


def _expiration(events: Any) -> float | None:
    if not isinstance(events, list):
        return None
    for event in events:
        if isinstance(event, dict) and event.get("eventAction") == "expiration":
            try:
                at = datetime.fromisoformat(str(event.get("eventDate")))
                return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
            except (ValueError, OverflowError):
                raise RegistryError(Status.UNKNOWN, "date d'expiration illisible dans la réponse du registre") from None
    return None


def _services(answer: dict[str, Any]) -> Servers:
    """IANA's list: `{"services": [[["fr", "re"], ["https://rdap.nic.fr/"]], …]}`; what does not fit is left out."""
    servers: Servers = {}
    services = answer.get("services")
    for service in services if isinstance(services, list) else []:
        match service:
            case [[*suffixes], [*urls]]:
                usable = [url for url in urls if isinstance(url, str) and _usable(url)]
                usable.sort(key=lambda url: not url.startswith("https:"))  # stable: the first https one
                servers |= {str(suffix).lower(): usable[0] for suffix in suffixes if usable}
    if not servers:
        raise RegistryError(Status.UNKNOWN, "liste des registres illisible")
    return servers


def _usable(url: str) -> bool:
    try:
        return URL(url).scheme in ("http", "https") and bool(URL(url).host)
    except ValueError:
        return False


async def _fetch(url: str, proxy: str | None, run: Run) -> dict[str, Any]:
    return _object(await _visit(url, proxy, run), "la liste des registres")


async def _visit(url: str, proxy: str | None, run: Run) -> Page:
    # Whatever goes wrong on the way to a registry says nothing of the domain.
    try:
        asked = HttpSettings(url=url, headers=_ACCEPT, proxy=proxy, max_body=_BODY)
        return await visit(Target(sonde="", address=""), asked, run)
    except VisitError as error:
        raise RegistryError(Status.UNKNOWN, f"registre : {error.message}") from None


def _object(page: Page, who: str) -> dict[str, Any]:
    status = page.response.status
    if status == 429:
        raise RegistryError(Status.UNKNOWN, f"{who} limite nos questions (réponse 429) : allonger l'intervalle")
    if status != 200:
        raise RegistryError(Status.UNKNOWN, f"{who} ne répond pas (réponse HTTP {status})")
    try:
        answer = json.loads(page.body.data)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not page.body.complete:
        raise RegistryError(Status.UNKNOWN, f"{who} donne une réponse illisible")
    return answer
