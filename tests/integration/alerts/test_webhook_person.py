"""A contact that is told by a webhook: the same notices, pacing, retries and dead letters, with fields for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from probes.secret import Secret
from supervisor.alerts.composing import composer
from supervisor.alerts.dispatcher import Dispatcher
from supervisor.alerts.gathering import Gathering
from supervisor.alerts.transport import Attempt, Letter, sent
from supervisor.alerts.webhook import WebhookTransport, sign
from supervisor.config.alerting import Webhook
from supervisor.domain.contact import Seed
from supervisor.store import outbox
from supervisor.store.batch import Batch
from tests.integration.alerts.web import serving
from tests.unit.acts.stage import IMAP, PARIS, SITE, Stage, at, stage
from tests.unit.alerts.wires import Moves, Shelf

KEY = "une clé de plus de seize lettres"
COMMUNE = Seed("exemple", "Journal", webhook="journal", post="warning")
DESK = Seed("syndicat", "Tickets", "tickets@syndicat.fr", webhook="journal", post="warning")


class Box:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> Attempt:
        self.letters.append(letter)
        return sent("pris")

    async def close(self) -> None:
        """Nothing is open."""


class Scene:
    """A dispatcher, a receiver that answers one status after the other, and a clock that a test sets."""

    def __init__(self, desk: Stage, url: str) -> None:
        self.desk, self.now, self.mail = desk, desk.now, Box()
        self.posts: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.statuses = [200]
        written = {"name": "journal", "url": url, "secret": Secret(KEY), "timeout": "60s"}
        hook = WebhookTransport([TypeAdapter(Webhook).validate_python(written)], wall=lambda: float(self.now))
        gathering = Gathering(
            promises=desk.promises,
            compose=composer("Moselle Fibre", PARIS, 1),
            channels=frozenset({"mail", "webhook"}),
            public_url=None,
        )
        self.dispatcher = Dispatcher(
            Shelf(desk.connection),  # type: ignore[arg-type]
            Moves(),
            lambda: float(self.now),
            lambda: gathering,
            {"mail": self.mail, "webhook": hook},
        )

    async def receive(self, request: web.Request) -> web.Response:
        """What is posted, once its signature was verified."""
        body, timestamp = await request.read(), request.headers["X-Vigie-Timestamp"]
        assert request.headers["X-Vigie-Signature"] == f"sha256={sign(KEY, int(timestamp), body)}"
        self.posts.append((dict(request.headers), json.loads(body)))
        return web.Response(status=self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])

    async def looked(self, wall: str) -> None:
        """All that leaves by then has."""
        self.now = at(wall)
        await self.dispatcher.look()
        await self.dispatcher.settle()

    def states(self) -> list[tuple[str, str]]:
        """By what, and what became of it."""
        return [
            (message.channel.value, message.state) for message in outbox.undelivered_or_since(self.desk.connection, 0)
        ]


@asynccontextmanager
async def scene(*seeds: Seed) -> AsyncIterator[Scene]:
    """These are to be told."""
    ready: asyncio.Future[Scene] = asyncio.get_running_loop().create_future()

    async def receive(request: web.Request) -> web.Response:
        return await ready.result().receive(request)

    with stage() as desk:
        desk.database.apply(Batch(at=desk.now, contacts=list(seeds)))
        for name in (SITE, IMAP):
            desk.result("03-06 08:00", name, "ok")
        async with serving(receive) as address:
            ready.set_result(Scene(desk, f"{address}/vigie"))
            yield ready.result()


async def test_an_incident_and_its_end_with_fields_for_programs() -> None:
    async with scene(DESK) as here:
        here.desk.result("03-06 09:00", SITE, "critical", "connexion refusée par 127.0.0.12")
        await here.looked("03-06 09:00")
        here.desk.result("03-06 09:40", SITE, "ok")
        await here.looked("03-06 09:40")
        (_, opened), (_, over) = here.posts
        assert opened["subject"].startswith("Panne")
        assert opened["text"]
        expected = {
            "kind": "opened",
            "percent": None,
            "at": at("03-06 09:00"),
            "incident": "INC-2026-000001",
            "severity": "critical",
            "collectivite": {"id": "exemple", "name": "Exemple"},
            "services": [{"id": "exemple/internet", "name": "internet"}],
            "opened_at": at("03-06 09:00"),
            "over_at": None,
            "sonde": SITE,
            "said": "connexion refusée par 127.0.0.12",
            "deadline": at("03-06 17:00"),
        }
        assert (opened["events"], opened["news"], opened["left_out"]) == ([expected], [], 0)
        assert [(one["kind"], one["over_at"]) for one in over["events"]] == [("recovered", at("03-06 09:40"))]
        assert here.states() == [("webhook", "sent")] * 2


async def test_a_commune_finds_nothing_that_a_mail_would_not_say() -> None:
    async with scene(COMMUNE) as here:
        here.desk.result("03-06 09:00", IMAP, "critical", "10.0.0.7 ne répond pas")
        await here.looked("03-06 09:00")
        ((_, body),) = here.posts
        (event,) = body["events"]
        assert "10.0.0.7" not in json.dumps(body)
        assert (event["sonde"], event["said"], event["deadline"]) == (None, None, None)
        assert [one["id"] for one in event["services"]] == ["exemple/messagerie"]


async def test_a_receiver_that_stumbles_is_asked_again_with_the_same_key() -> None:
    async with scene(COMMUNE) as here:
        here.statuses = [503, 502, 200]
        here.desk.result("03-06 09:00", SITE, "critical")
        for wall in ("03-06 09:00", "03-06 09:00:05", "03-06 09:01", "03-06 09:04"):
            await here.looked(wall)
        assert len(here.posts) == 3
        assert len({headers["X-Vigie-Key"] for headers, _ in here.posts}) == 1
        assert [body for _, body in here.posts] == [here.posts[0][1]] * 3
        assert here.states() == [("webhook", "sent")]


async def test_a_receiver_that_is_gone_falls_over_to_mail_and_without_one_is_a_dead_letter() -> None:
    async with scene(COMMUNE, DESK) as here:
        here.statuses = [410]
        here.desk.result("03-06 09:00", SITE, "critical")
        for wall in ("03-06 09:00", "03-06 09:01", "03-06 10:00"):
            await here.looked(wall)
        assert len(here.posts) == 2
        assert sorted(here.states()) == [("mail", "sent"), ("webhook", "dead"), ("webhook", "refused")]
        assert [letter.to for letter in here.mail.letters] == ["tickets@syndicat.fr"]


async def test_what_follows_is_gathered_as_for_anybody() -> None:
    async with scene(DESK) as here:
        here.desk.result("03-06 09:00", SITE, "critical")
        await here.looked("03-06 09:00")
        here.desk.result("03-06 09:00:10", IMAP, "critical")
        here.desk.result("03-06 09:00:20", SITE, "ok")
        await here.looked("03-06 09:00:30")
        assert len(here.posts) == 1
        await here.looked("03-06 09:01")
        assert [(one["kind"], one["incident"]) for one in here.posts[1][1]["events"]] == [
            ("opened", "INC-2026-000002"),
            ("recovered", "INC-2026-000001"),
        ]
