"""`vigie alert test`: the real command, to relays, gateways and receivers of its config."""

from __future__ import annotations

import asyncio
import email
import json
import re
import subprocess
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiohttp import web

from supervisor.alerts.gsm7 import parts
from tests.acceptance.daemon import Installation, installation
from tests.integration.alerts.relays import END, RCPT, relay
from tests.integration.alerts.web import Ovh, serving

OPENED = "https://vigie.moselle.test"


@pytest.fixture
def place() -> Iterator[Installation]:
    with installation() as made:
        contacts = [
            {"name": "Référent numérique", "email": "referent@exemple.test", "phone": "+33600000001"},
            {"name": "Mairie", "email": "mairie@exemple.test"},
        ]
        made.main["include"] = ["collectivites/*.yaml"]
        made.write_collectivite("exemple", [], contacts=contacts)
        yield made


def configure(place: Installation, **alerts: Any) -> None:
    place.main["alerts"] = {"from": "vigie@moselle.test", "public_url": f"{OPENED}/", **alerts}
    place.config.write_text(json.dumps(place.main))


async def run(place: Installation, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(place.vigie, "alert", "test", *words, environment=environment)


def way(port: int) -> dict[str, Any]:
    return {"relays": [{"host": "127.0.0.1", "port": port, "security": "none", "timeout": "60s"}]}


def ovh(address: str) -> dict[str, Any]:
    return {
        "type": "ovhcloud",
        "service": Ovh.account,
        "application_key": {"env": "AK"},
        "application_secret": {"env": "AS"},
        "consumer_key": {"env": "CK"},
        "url": f"{address}/1.0",
    }


async def test_a_contact_is_reached_by_every_channel(place: Installation) -> None:
    api = Ovh(wall=time.time)
    api.secret = "as-0123456789abcdef"
    async with relay() as taking, serving(api) as address:
        configure(place, mail=way(taking.port), sms={"gateways": [ovh(address)]})
        keys = {"AK": api.application, "AS": api.secret, "CK": api.consumer}
        done = await run(place, "--contact", "exemple/référent numérique", **keys)
    assert (done.returncode, done.stderr) == (0, "")
    mailed, texted = done.stdout.splitlines()
    accepted = rf"mail referent@exemple.test: sent: accepté par 127.0.0.1:{taking.port} \[4Rk7zQ\] \(\d+ ms\)"
    assert re.fullmatch(accepted, mailed)
    assert re.fullmatch(r"sms \+33600000001: sent: OVHcloud : accepté \[4201\] \(\d+ ms\)", texted)
    message = email.message_from_bytes(taking.mails[0], policy=default)
    assert isinstance(message, EmailMessage)
    assert message["From"] == "Moselle Fibre <vigie@moselle.test>"
    assert message["Subject"] == "Essai des alertes de Vigie : rien à faire"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "vous n'avez rien à faire." in plain.get_content()
    assert plain.get_content().splitlines()[-2:] == ["Moselle Fibre", OPENED]
    assert f'<a href="{OPENED}">{OPENED}</a>' in html.get_content()
    sms = api.jobs[0]["message"]
    assert sms.startswith(
        "ESSAI : ce SMS ne signale aucune panne, rien à faire. Les alertes de Vigie arrivent bien ici."
    )
    assert parts(sms) == 1


async def test_as_json_and_by_one_channel(place: Installation) -> None:
    async with relay() as taking:
        configure(place, mail=way(taking.port), sms={"gateways": [{"type": "gammu", "spool": "/nowhere"}]})
        done = await run(place, "--contact", "exemple/Référent numérique", "--channel", "mail", "--json")
    assert done.returncode == 0
    (attempt,) = json.loads(done.stdout)["attempts"]
    assert attempt.pop("duration_s") >= 0
    assert attempt == {
        "channel": "mail",
        "to": "referent@exemple.test",
        "outcome": "sent",
        "detail": f"accepté par 127.0.0.1:{taking.port}",
        "receipt": "4Rk7zQ",
    }


async def test_the_status_is_1_when_one_was_not_accepted(place: Installation) -> None:
    async with relay({RCPT: ["250 Ok", "550 5.1.1 no such user"]}) as picky, serving(gone) as address:
        configure(
            place,
            mail=way(picky.port),
            sms={"gateways": [{"type": "gammu", "spool": "/nowhere"}]},
            webhooks=[{"name": "journal", "url": address, "secret": {"env": "KEY"}}],
        )
        words = ("--mail", "a@b.test", "--sms", "+33600000001", "--webhook", "journal")
        done = await run(place, *words, KEY="k" * 32)
        assert done.returncode == 1
        taken, unsent, refused = done.stdout.splitlines()
        assert taken.startswith("mail a@b.test: sent: ")
        assert unsent.startswith("sms +33600000001: later: modem (gammu-smsd) : répertoire de gammu-smsd inutilisable")
        assert refused.startswith("webhook journal: refused: webhook journal : destination supprimée (410)")
        done = await run(place, "--mail", "inconnu@b.test", KEY="k" * 32)
        assert done.returncode == 1
        assert "refused: destinataire refusé : 127.0.0.1" in done.stdout


async def gone(_: web.Request) -> web.Response:
    return web.Response(status=410)


async def test_a_relay_that_repeats_a_secret_does_not_get_it_shown(place: Installation) -> None:
    secret = "Xk9-mot-de-passe-7"
    async with relay({END: f"554 5.6.0 {secret}"}) as loud:
        configure(
            place, mail=way(loud.port), webhooks=[{"name": "a", "url": "http://a.test", "secret": {"env": "KEY"}}]
        )
        done = await run(place, "--mail", "a@b.test", KEY=secret)
    assert done.returncode == 1
    assert secret not in done.stdout + done.stderr
    assert "554 5.6.0 ***" in done.stdout
