"""`domain` against a registry of ours, which also misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from probes import domain, rdap
from probes.base import Shared, Status
from tests.integration.probes.hostile import Listening, endless, listening, nobody_listening, response, silent
from tests.integration.probes.running import Runner, measured, shared

__all__ = ["shared"]

NOW = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
DAY = 86400.0
RDAP = "application/rdap+json"

Page = bytes | Callable[[], bytes]


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(domain.PROBE, shared)


def registered(name: str = "exemple.fr", expires: str = "2027-06-09T00:00:00Z", **more: Any) -> dict[str, Any]:
    """What a registry says of a domain."""
    events = [
        {"eventAction": "registration", "eventDate": "2004-06-09T00:00:00Z"},
        {"eventAction": "expiration", "eventDate": expires},
    ]
    return {"objectClassName": "domain", "ldhName": name, "status": ["active"], "events": events, **more}


def page(value: Any, status: str = "200 OK", kind: str = RDAP) -> bytes:
    return response(json.dumps(value).encode(), status, Content_Type=kind)


@asynccontextmanager
async def registry(pages: Mapping[str, Page]) -> AsyncIterator[Listening]:
    """A web server that answers by path, 404 elsewhere; it keeps the paths asked for in `requests`."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1].decode()
        server.requests.append(head)
        answer = pages.get(path, response(b"<html>", "404 Not Found", Content_Type="text/html"))
        writer.write(answer() if callable(answer) else answer)
        writer.write_eof()
        await reader.read()

    async with listening(handler) as server:
        yield server


def url(server: Listening, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def asked(server: Listening) -> list[str]:
    """The paths, in their order."""
    return [head.split()[1].decode() for head in server.requests]


async def told(run: Runner, answer: bytes, **settings: Any) -> tuple[Status, str]:
    """What is found when the registry gives this answer."""
    async with registry({"/domain/exemple.fr": answer}) as server:
        result = await run(at=NOW, **{"name": "exemple.fr", "server": url(server), **settings})
        return result.status, result.message


async def test_registered_for_long(run: Runner) -> None:
    async with registry({"/rdap/domain/exemple.fr": page(registered())}) as server:
        result = await run(at=NOW, name="Exemple.fr", server=url(server, "/rdap/"))
    assert (result.status, result.message) == (
        Status.OK,
        "domaine enregistré jusqu'au 09/06/2027 (encore 200 j)",
    )
    assert measured(result)["expiry_seconds"] == 200 * DAY
    assert measured(result)["response_seconds"] > 0
    assert b"Accept: application/rdap+json, application/json\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("expires", "status", "message"),
    [
        ("2026-12-11T00:00:00Z", Status.WARNING, "expiration du domaine dans 20 j (seuil 30 j)"),
        ("2026-11-26T00:00:00+00:00", Status.CRITICAL, "expiration du domaine dans 5 j (seuil 7 j)"),
        ("2026-11-18T01:00:00+01:00", Status.CRITICAL, "domaine expiré depuis 3 j"),
        ("2026-11-18T00:00:00.000", Status.CRITICAL, "domaine expiré depuis 3 j"),
    ],
)
async def test_near_its_end(run: Runner, expires: str, status: Status, message: str) -> None:
    assert await told(run, page(registered(expires=expires))) == (status, message)


async def test_other_thresholds(run: Runner) -> None:
    found = await told(run, page(registered()), expiry={"warning": "365d"})
    assert found == (Status.WARNING, "expiration du domaine dans 200 j (seuil 365 j)")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("Redemption Period", "domaine expiré, encore récupérable par son titulaire (redemption period)"),
        ("pending delete", "suppression du domaine en cours (pending delete)"),
        ("client hold", "domaine suspendu par son bureau d'enregistrement (client hold)"),
        ("server hold", "domaine suspendu par le registre (server hold)"),
    ],
)
async def test_registered_and_out_of_order(run: Runner, status: str, message: str) -> None:
    """The registry answers, the date is far away, and nobody reaches the domain."""
    assert await told(run, page(registered(status=["active", status]))) == (Status.CRITICAL, message)


async def test_unknown_to_its_registry(run: Runner) -> None:
    gone = page({"errorCode": 404, "title": "Not Found"}, "404 Not Found")
    assert await told(run, gone) == (Status.CRITICAL, "domaine inconnu du registre : exemple.fr")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            response(b"<html>", "404 Not Found", Content_Type="text/html"),
            "réponse 404 qui n'est pas du RDAP : domaine inconnu, ou adresse du serveur RDAP périmée",
        ),
        (page({}, "429 Too Many Requests"), "le registre limite nos questions (réponse 429) : allonger l'intervalle"),
        (page({}, "503 Unavailable"), "le registre ne répond pas (réponse HTTP 503)"),
        (response(b"<html>maintenance</html>"), "le registre donne une réponse illisible"),
        (response(b"[" * 100_000), "le registre donne une réponse illisible"),
        (response(b'"x' + b"x" * 2_000_000 + b'"'), "le registre donne une réponse illisible"),
        (page(["domain"]), "le registre donne une réponse illisible"),
        (page({"objectClassName": "nameserver"}), "le registre répond d'autre chose que de ce domaine"),
        (page(registered("autre.fr")), "le registre répond d'autre chose que de ce domaine"),
        (page(registered(events=[])), "le registre ne publie pas la date d'expiration"),
        (page(registered(events="demain", status="active")), "le registre ne publie pas la date d'expiration"),
        (
            page(registered(events=[3, {"eventAction": "expiration"}])),
            "date d'expiration illisible dans la réponse du registre",
        ),
        (page(registered(expires="9999-99-99")), "date d'expiration illisible dans la réponse du registre"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "registre : réponse illisible (HTTP mal formé)"),
        (b"", "registre : connexion fermée sans réponse"),
    ],
)
async def test_what_says_nothing_of_the_domain(run: Runner, answer: bytes, message: str) -> None:
    assert await told(run, answer) == (Status.UNKNOWN, message)


async def test_a_registry_that_is_not_there(run: Runner) -> None:
    with nobody_listening() as port:
        result = await run(name="exemple.fr", server=f"http://127.0.0.1:{port}/")
    assert (result.status, result.message) == (Status.UNKNOWN, f"registre : connexion refusée (port {port})")


async def test_a_registry_that_is_silent_or_endless(run: Runner) -> None:
    async with listening(silent()) as server:
        result = await run(name="exemple.fr", server=url(server), timeout_s=0.3)
    assert (result.status, result.message) == (
        Status.UNKNOWN,
        "pas de réponse en 300 ms (attente de la réponse HTTP)",
    )
    async with listening(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"[" * 65536)) as server:
        result = await run(name="exemple.fr", server=url(server))
    assert (result.status, result.message) == (Status.UNKNOWN, "le registre donne une réponse illisible")


async def test_through_a_proxy(run: Runner) -> None:
    """The whole address is asked of the proxy; the registry's name is its business, not ours."""
    name = "http://rdap.vigie.invalid/domain/exemple.fr"
    async with registry({name: page(registered())}) as proxy:
        result = await run(at=NOW, name="exemple.fr", server="http://rdap.vigie.invalid", proxy=url(proxy))
        assert result.status is Status.OK, result.message
        assert asked(proxy) == [name]


async def test_a_registry_that_sends_elsewhere(run: Runner) -> None:
    async with registry({"/domain/exemple.fr": page(registered())}) as second:
        moved = response(b"", "302 Found", Location=url(second, "/domain/exemple.fr"))
        assert (await told(run, moved))[0] is Status.OK


# --- which registry


async def test_the_list_is_fetched_once_for_all(run: Runner) -> None:
    pages: dict[str, Page] = {
        "/domain/exemple.bzh": page(registered("exemple.bzh")),
        "/domain/exemple.alsace": page(registered("exemple.alsace")),
    }
    async with registry(pages) as server:
        ours = ["gopher://rdap.invalid/", 3, url(server)]
        pages["/dns.json"] = page({"services": [["nonsense"], [["bzh", "alsace"], ours]]}, kind="application/json")
        settings = {"bootstrap": url(server, "/dns.json"), "at": NOW}
        results = await asyncio.gather(
            run(name="exemple.bzh", **settings),
            run(name="exemple.alsace", **settings),
            run(name="exemple.test", **settings),
        )
    assert [result.status for result in results] == [Status.OK, Status.OK, Status.UNKNOWN]
    assert results[2].message == "le registre de .test n'offre pas de service RDAP"
    assert asked(server).count("/dns.json") == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (page({}, "500 Oops"), "la liste des registres ne répond pas (réponse HTTP 500)"),
        (page({"services": "none"}), "liste des registres illisible"),
        (page({"services": [[["bzh"], ["http://"]]]}), "liste des registres illisible"),
        (page([]), "la liste des registres donne une réponse illisible"),
    ],
)
async def test_a_list_that_cannot_be_read_is_asked_for_again(run: Runner, answer: bytes, message: str) -> None:
    pages: dict[str, Page] = {"/dns.json": answer, "/domain/exemple.bzh": page(registered("exemple.bzh"))}
    async with registry(pages) as server:
        settings = {"name": "exemple.bzh", "bootstrap": url(server, "/dns.json"), "at": NOW}
        result = await run(**settings)
        assert (result.status, result.message) == (Status.UNKNOWN, message)
        pages["/dns.json"] = page({"services": [[["BZH"], [url(server)]]]})
        assert (await run(**settings)).status is Status.OK


async def test_what_is_no_domain(run: Runner) -> None:
    for name in ("192.0.2.1", "2001:db8::1", "serveur"):
        result = await run(address=name)
        assert result.status is Status.UNKNOWN
        assert result.message == f"aucun domaine à demander : {name} n'en est pas un (réglage « name »)"


async def test_accents(run: Runner) -> None:
    name = "xn--chne-liege-l4a.fr"
    async with registry({f"/domain/{name}": page(registered(name.upper()))}) as server:
        result = await run(at=NOW, name=name.encode().decode("idna"), server=url(server))
    assert result.status is Status.OK, result.message


async def test_a_list_that_cannot_be_renewed_is_kept(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdap, "_KEEP_S", 0.0)
    pages: dict[str, Page] = {"/domain/exemple.bzh": page(registered("exemple.bzh"))}
    async with registry(pages) as server:
        pages["/dns.json"] = page({"services": [[["bzh"], [url(server)]]]})
        settings = {"name": "exemple.bzh", "bootstrap": url(server, "/dns.json"), "at": NOW}
        assert (await run(**settings)).status is Status.OK
        pages["/dns.json"] = page({}, "503 Unavailable")
        assert (await run(**settings)).status is Status.OK
        assert asked(server).count("/dns.json") == 2


@pytest.mark.parametrize(("name", "host"), [("exemple.fr", b"rdap.nic.fr"), ("exemple.bzh", b"data.iana.org")])
async def test_who_is_asked_when_nothing_is_said(run: Runner, name: str, host: bytes) -> None:
    """Seen from a proxy, which then refuses: nothing of this leaves the machine."""
    async with registry({}) as proxy:
        result = await run(name=name, proxy=url(proxy))
        assert proxy.requests[0].startswith(b"CONNECT " + host + b":443 ")
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("registre : le proxy refuse la demande")
