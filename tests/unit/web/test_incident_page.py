"""The page behind a link: what it says to whom; looking changes nothing; what a hostile client gets. SPEC 7."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from probes.base import Status
from supervisor.acts.performing import perform
from supervisor.alerts.gathering import Gathering
from supervisor.domain.contact import Seed
from supervisor.errors import VigieError
from supervisor.incident_pages import IncidentPages
from supervisor.store import contacts, incidents, links
from supervisor.store.batch import Batch
from supervisor.web import incident
from supervisor.web.incident import MOST_AT_ONCE, MOST_BODY
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, at, iso, stage
from tests.unit.alerts.wires import Shelf, words
from tests.unit.alerts.wordings import plain_spaces
from tests.unit.builders import sonde

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", None, "critical", None)
OTHER = Seed("autre", "Voisin", "voisin@autre.fr", None, "critical", None)
NIGHT = Seed("syndicat", "Jeanne", "jeanne@syndicat.fr", None, "warning", None)
PAUL = Seed("syndicat", "Paul", "paul@syndicat.fr", None, "warning", None)
Client = TestClient[web.Request, web.Application]


class House:
    """The page over a database in memory."""

    def __init__(self, desk: Stage) -> None:
        self.desk = desk
        self.shelf = Shelf(desk.connection)
        self.fails: Exception | None = None
        self.pages = IncidentPages(
            self.shelf,  # type: ignore[arg-type]
            lambda: Gathering(promises=desk.promises, compose=words, channels=frozenset(), public_url=None),
            self.perform,
            lambda: "Moselle Fibre",
            lambda: float(desk.now),
        )

    async def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.fails is not None:
            raise self.fails
        desk = self.desk
        return await self.shelf.write(lambda connection: perform(connection, desk.promises, desk.now, request))

    def link(self, name: str, number: int = 1) -> str:
        """The address that their mail has, below the server."""
        contact = next(one for one in contacts.every(self.desk.connection) if one.name == name)
        (about,) = incidents.read(self.desk.connection, "id = ?", [number])
        acts = contact.collectivite == "syndicat"
        key = links.own_key(self.desk.connection)
        return f"/i/{links.signed(key, about, contact.id, str(contact.email), acts=acts)}"

    @property
    def steps(self) -> list[tuple[str, str]]:
        return self.desk.database.rows("select kind, author from journal where author <> '' order by id")


@pytest.fixture
def desk() -> Iterator[Stage]:
    """The site fails at 9:01."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, OTHER, NIGHT, PAUL]))
        for name in (LINK, SITE, IMAP):
            made.result("03-06 09:00", name, "ok")
        made.result("03-06 09:01", SITE, "critical", "connexion refusée par 192.0.2.7")
        made.now = at("03-06 09:10")
        yield made


def warned(desk: Stage) -> None:
    """The site's incidents open at a warning from now on."""
    desk.promises = replace(desk.promises, warned=frozenset({SITE}))
    known = replace(sonde(SITE, attempts=1, stale_after_s=86_400), incident_from=Status.WARNING)
    desk._judge.configure({SITE: known}, ())


@pytest.fixture
def house(desk: Stage) -> House:
    return House(desk)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    app = web.Application()
    incident.mount(app, house.pages.backing())
    async with TestClient(TestServer(app)) as made:
        yield made


async def read(client: Client, path: str, method: str = "GET") -> str:
    """What a person reads of a page, tags apart, line by line."""
    async with client.request(method, path) as response:
        assert response.status == 200, await response.text()
        return text_of(await response.text())


def text_of(page: str) -> str:
    """Without style and tags; what is hidden stays."""
    body = re.sub(r"(?s)<style>.*?</style>|<head>.*?</head>", "", page)
    lines = (html.unescape(re.sub(r"<[^>]+>", " ", line)) for line in body.splitlines())
    said = plain_spaces("\n".join(line.strip() for line in lines if line.strip()))
    return re.sub(r" +", " ", said)


async def press(
    client: Client, path: str, step: str = "vu", opening: str = "03-06 09:01", **more: str
) -> tuple[int, str]:
    """The button of the page; gives the status, and where it leads."""
    async with client.post(
        path, data={"step": step, "opening": str(at(opening))}, headers=more, allow_redirects=False
    ) as response:
        return response.status, response.headers.get("Location", "")


# --- what it says


async def test_the_operator_reads_how_it_stands_and_what_there_is_to_do(client: Client, house: House) -> None:
    said = await read(client, house.link("Jeanne"))
    assert said == (
        "Moselle Fibre\n"
        "■ Panne internet, Exemple, depuis 9 h 01\n"
        "Le service « internet » (Exemple) est en panne depuis 9 h 01.\n"
        "Délai d’intervention (GTI) : intervenir avant 17 h 01 ; il reste 7 h 51 en heures de service.\n"
        "Vu\n"
        "J’ai lu : inutile d’alerter quelqu’un d’autre. Le délai d’intervention continue.\n"
        "J’interviens\n"
        "Je commence l’intervention. Le délai d’intervention s’arrête.\n"
        "Où en est l’incident\n"
        "Vu pas encore\n"
        "Intervention pas encore commencée\n"
        "Constat « connexion refusée par 192.0.2.7 »\n"
        "Sonde exemple/web/site\n"
        "Incident INC-2026-000001\n"
        "Journal\n"
        "À 9 h 01 Incident ouvert\n"
        "Situation à 9 h 10. Actualiser la page\n"
        "Ce lien vous est personnel : ne le transmettez pas."
    )


async def test_the_commune_reads_that_it_is_taken_care_of_and_nothing_of_machines(client: Client, house: House) -> None:
    house.desk.act("incident.comment", number="INC-2026-000001", comment="le maire est furieux")
    said = await read(client, house.link("Mairie"))
    assert said == (
        "Moselle Fibre\n"
        "■ Panne internet, Exemple, depuis 9 h 01\n"
        "Le service « internet » (Exemple) est en panne depuis 9 h 01.\n"
        "Vous n’avez rien à faire : l’équipe de Moselle Fibre est prévenue et s’en occupe. "
        "Vous recevrez un message au retour à la normale.\n"
        "Où en est l’incident\n"
        "Intervention l’équipe est prévenue\n"
        "Référence à rappeler INC-2026-000001\n"
        "Situation à 9 h 10. Actualiser la page\n"
        "Ce lien vous est personnel : ne le transmettez pas."
    )
    house.desk.act("incident.intervene", number="INC-2026-000001")
    said = await read(client, house.link("Mairie"))
    assert "Intervention commencée à 9 h 10" in said
    assert "jeanne" not in said
    house.desk.result("03-06 09:30", SITE, "ok")
    said = await read(client, house.link("Mairie"))
    assert "● Retour à la normale" in said
    assert "Vous n’avez rien à faire." in said


async def test_of_a_shared_platform_each_commune_reads_its_own_service_alone(client: Client, house: House) -> None:
    house.desk.result("03-06 09:05", IMAP, "critical", "10.0.0.7 ne répond pas")
    house.desk.now = at("03-06 09:10")
    for name, place, foreign in (("Mairie", "Exemple", "Autre"), ("Voisin", "Autre", "Exemple")):
        said = await read(client, house.link(name, 2))
        assert f"Le service « messagerie » ({place}) est en panne" in said
        for hidden in (foreign, "zimbra", "10.0.0.7", "Syndicat", "journal", "Délai"):
            assert hidden not in said
    operator = await read(client, house.link("Jeanne", 2))
    assert "10.0.0.7" in operator


async def test_what_a_link_no_longer_concerns_it_opens_no_more(client: Client, house: House) -> None:
    async with client.get(house.link("Voisin")) as response:  # signed, but the site is nothing of theirs
        assert response.status == 404


async def test_what_others_wrote_is_shown_as_text(client: Client, house: House) -> None:
    hostile = "<script>alert(1)</script>\u202e\"'><img src=x> « {{ 7 * 7 }} »"
    house.desk.act("incident.comment", number="INC-2026-000001", comment=hostile)
    house.desk.act("incident.report", collectivite="exemple", service="internet", message=hostile)
    for path in (house.link("Jeanne"), house.link("Jeanne", 2), house.link("Mairie", 2)):
        async with client.get(path) as response:
            page = await response.text()
        assert "<script" not in page
        assert "<img" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;" in page


async def test_the_end_and_what_never_was(client: Client, house: House) -> None:
    house.desk.act("incident.ack", number="INC-2026-000001", author="Paul")
    house.desk.result("03-06 09:31", SITE, "ok")
    said = await read(client, house.link("Jeanne"))
    assert "● Retour à la normale" in said
    assert "à 9 h 31, après 30 min" in said
    assert "arrêté à 9 h 31, tenu" in said
    assert "par Paul, à 9 h 10" in said
    assert "<button" not in said
    house.desk.result("03-06 09:40", SITE, "critical")
    said = await read(client, house.link("Jeanne"))
    assert "■ De nouveau en panne" in said
    assert "Vu pas encore" in said  # of this opening
    house.desk.result("03-06 09:01", LINK, "critical")
    assert "○ Fausse alerte" in await read(client, house.link("Jeanne"))


async def test_clocks_that_do_not_run_are_said_not_to(client: Client, house: House) -> None:
    desk, number, path = house.desk, "INC-2026-000001", house.link("Jeanne")
    desk.act("incident.suspend", number=number, reason="accès au site")
    said = await read(client, path)
    assert "suspendu depuis 9 h 10" in said
    assert "Délai suspendu, par jeanne : « accès au site »" in said
    desk.act("incident.resume", number=number)
    desk.now = at("03-09 12:00")
    assert "dépassé depuis vendredi 6 mars à 17 h 01" in await read(client, path)
    desk.act("incident.cause", number=number, cause="collectivite")
    assert "sans objet : la cause est celle de la collectivité" in await read(client, path)


async def test_what_is_to_be_watched_is_not_called_down_until_it_is(client: Client, house: House) -> None:
    warned(house.desk)
    house.desk.result("03-06 09:12", LINK, "ok")
    house.desk.result("03-06 09:12", SITE, "ok")
    house.desk.result("03-06 10:00", SITE, "warning")
    assert "▲ À surveiller internet, Exemple, depuis 10 h" in await read(client, house.link("Jeanne", 2))
    house.desk.result("03-06 10:20", SITE, "critical")
    said = await read(client, house.link("Jeanne", 2))
    assert "■ Panne internet, Exemple, depuis 10 h 20" in said
    assert "après un premier signe à 10 h." in said


async def test_what_was_closed_without_having_recovered_is_not_said_to_have(client: Client, house: House) -> None:
    house.desk.now = at("03-07 12:00")  # no result for longer than one holds
    house.desk.act("incident.close", number="INC-2026-000001")
    said = await read(client, house.link("Jeanne"))
    assert "Clos à 12 h" in said
    assert "Retour à la normale" not in said
    assert "J’interviens" not in said


async def test_what_a_person_reported_is_read_by_those_it_is_from(client: Client, house: House) -> None:
    house.desk.act("incident.report", collectivite="exemple", service="messagerie", message="Plus rien n'arrive")
    said = await read(client, house.link("Mairie", 2))
    assert "■ Problème signalé messagerie, Exemple, à 9 h 10" in said
    assert "« Plus rien n’arrive »" in said
    house.desk.act("incident.restore", number="INC-2026-000002")
    assert "● Retour à la normale" in await read(client, house.link("Mairie", 2))


async def test_a_long_journal_is_cut(client: Client, house: House) -> None:
    for count in range(50):
        house.desk.act("incident.comment", number="INC-2026-000001", comment=f"n° {count}")
    said = await read(client, house.link("Jeanne"))
    assert "« n° 49 »" in said
    assert "« n° 9 »" not in said
    assert "Et 11 lignes plus anciennes." in said


# --- looking changes nothing, pressing does


async def test_looking_however_often_and_by_whatever_method_changes_nothing(client: Client, house: House) -> None:
    path = house.link("Jeanne")
    before = house.desk.dump()
    for asked in (path, f"{path}?fait=vu", f"{path}?step=interviens"):
        for method in ("GET", "HEAD"):
            async with client.request(method, asked, headers={"Sec-Purpose": "prefetch"}) as response:
                assert response.status == 200
                assert (await response.text() == "") == (method == "HEAD")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        async with client.request(method, path) as response:
            assert response.status == 405
    assert house.desk.dump() == before
    assert house.shelf.writes == 0
    said = await read(client, f"{path}?fait=interviens")
    assert "C’est noté" not in said  # what an address says is believed when the journal says it too


async def test_pressed_it_is_noted_once_and_said(client: Client, house: House) -> None:
    path = house.link("Jeanne")
    for _ in range(3):
        assert await press(client, path) == (303, f"{path[3:]}?fait=vu")
    assert house.steps == [("acknowledge", "Jeanne")]
    said = await read(client, f"{path}?fait=vu")
    assert "C’est noté : vous avez vu cet incident à 9 h 10. Seul « J’interviens » arrête le délai." in said
    assert "J’ai lu" not in said
    house.desk.now = at("03-06 09:20")
    assert await press(client, f"{path}?fait=vu", "interviens") == (303, f"{path[3:]}?fait=interviens")
    said = await read(client, f"{path}?fait=interviens")
    assert "C’est noté : vous intervenez depuis 9 h 20." in said
    assert "arrêté à 9 h 20, tenu" in said
    assert "J’interviens" not in said
    other = await read(client, house.link("Paul"))
    assert "par Jeanne, depuis 9 h 20" in other
    assert "J’interviens aussi" in other
    assert "J’ai lu" not in other
    assert await press(client, house.link("Paul"), "interviens") == (303, f"{house.link('Paul')[3:]}?fait=interviens")
    assert "par Jeanne, depuis 9 h 20, puis Paul, à 9 h 20" in await read(client, path)


async def test_too_late_or_anew_it_says_that_nothing_was_noted(client: Client, house: House) -> None:
    path = house.link("Jeanne")
    house.desk.result("03-06 09:30", SITE, "ok")
    assert await press(client, path, "interviens") == (303, f"{path[3:]}?fait=trop-tard")
    assert "Rien n’a été enregistré : l’incident était déjà terminé." in await read(client, f"{path}?fait=trop-tard")
    house.desk.result("03-06 09:40", SITE, "critical")
    assert await press(client, path, "interviens") == (303, f"{path[3:]}?fait=change")
    said = await read(client, f"{path}?fait=change")
    assert "Rien n’a été enregistré : l’incident a recommencé depuis que vous avez lu la page." in said
    assert house.steps == []


# --- who may not


async def test_whatever_is_wrong_with_a_link_is_answered_with_one_page(client: Client, house: House) -> None:
    gone = house.link("Paul")
    contacts.erase(house.desk.connection, 4, house.desk.now, "x")
    good = house.link("Jeanne")
    wrong = [
        gone,
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good.replace("1a", "2a"),
        "/i/x",
        "/i/%00",
        "/i/1a1x*",
    ]
    wrong += ["/i/" + "9" * 5000, "/i/%F0%9F%92%A3", "/i/..%2f..%2fetc"]
    seen = set()
    for path in wrong:
        async with client.get(path) as response:
            seen.add((response.status, await response.text()))
        async with client.post(path, data={"step": "vu", "opening": "1"}, allow_redirects=False) as response:
            seen.add((response.status, await response.text()))
    async with client.post(house.link("Mairie"), data={"step": "vu", "opening": str(at("03-06 09:01"))}) as response:
        seen.add((response.status, await response.text()))
    ((status, page),) = seen
    assert status == 404
    assert "Ce lien n’ouvre rien" in page
    assert "Que faire" in page
    house.desk.result("03-06 09:30", SITE, "ok")
    house.desk.now = at("04-10 09:00")
    async with client.get(good) as response:
        assert (response.status, await response.text()) == (status, page)
    assert house.steps == []


async def test_another_site_sends_nothing_in_somebodys_name(client: Client, house: House) -> None:
    path = house.link("Jeanne")
    for site in ("cross-site", "same-site"):
        assert await press(client, path, **{"Sec-Fetch-Site": site}) == (403, "")
    assert house.steps == []
    for site in ("same-origin", "none"):
        assert (await press(client, path, **{"Sec-Fetch-Site": site}))[0] == 303


async def test_what_cannot_be_a_form_of_ours_is_not_read(client: Client, house: House) -> None:
    path = house.link("Jeanne")
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    async def chunks() -> AsyncIterator[bytes]:
        yield b"step=vu"

    answers = []
    for data, headers in (
        (b"step=vu&opening=1&x=" + b"y" * MOST_BODY, form),
        (chunks(), form),
        (b"{}", {"Content-Type": "application/json"}),
        (b"step=vu", form),
        (b"step=vu&opening=-1", form),
        (b"step=vu&opening=" + "١".encode(), form),
        (b"step=vu&opening=" + b"9" * 400, form),
        (b"\xff\xfe%%%&opening=\x00", form),
    ):
        async with client.post(path, data=data, headers=headers, allow_redirects=False) as response:
            answers.append(response.status)
            assert "Rien n’a été enregistré" in await response.text()
    assert answers == [413, *[400] * 7]
    async with client.post(path, data={"step": "clore", "opening": "1"}, allow_redirects=False) as response:
        assert response.status == 404
    assert house.steps == []


async def test_a_disk_that_fails_is_said_and_nothing_is_promised(client: Client, house: House) -> None:
    for error in (VigieError("disk full"), RuntimeError("a bug")):
        house.fails = error
        async with client.post(
            house.link("Jeanne"), data={"step": "vu", "opening": str(at("03-06 09:01"))}, allow_redirects=False
        ) as response:
            assert response.status == 503
            said = await response.text()
        assert "rien ne dit que cela a été enregistré" in said
        assert "disk" not in said


async def test_more_at_once_than_it_serves_are_sent_away(client: Client, house: House) -> None:
    full, go, waiting = asyncio.Event(), asyncio.Event(), []
    honest = house.shelf.read

    async def slow(query: Any) -> Any:
        waiting.append(query)
        if len(waiting) == MOST_AT_ONCE:
            full.set()
        await go.wait()
        return await honest(query)

    house.shelf.read = slow  # type: ignore[method-assign]

    async def status() -> int:
        async with client.get(house.link("Jeanne")) as response:
            return response.status

    asked = [asyncio.create_task(status()) for _ in range(MOST_AT_ONCE)]
    await full.wait()
    assert [await status() for _ in range(3)] == [503] * 3
    go.set()
    assert await asyncio.gather(*asked) == [200] * MOST_AT_ONCE
    assert await status() == 200


async def test_nothing_is_kept_indexed_or_loaded_from_elsewhere(client: Client, house: House) -> None:
    async with client.get(house.link("Jeanne")) as response:
        headers: Mapping[str, str] = response.headers
        page = await response.text()
    assert "noindex" in headers["X-Robots-Tag"]
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert re.findall(r"(?:href|src|action)=\"([^\"]*)\"", page) == ["?"]
    assert iso("03-06 09:01")[:10] not in page
