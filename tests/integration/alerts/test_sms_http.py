"""SMS through a gateway that the config describes, hostile ones included, and several gateways in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from probes.secret import Secret
from supervisor.alerts.transport import Outcome
from supervisor.alerts.ways import REST_S
from tests.integration.alerts.letters import Ticking, letter, texting
from tests.integration.alerts.web import serving
from tests.integration.probes.hostile import answering, endless, listening, response, silent

TO = "+33600000001"
TEXT = "Été & co : 50 % «{to}» a=b+c"  # whatever could end a field, or be taken for a template


class Recording:
    """A gateway that remembers."""

    def __init__(self, status: int = 200, answer: Any = None) -> None:
        self.status, self.answer = status, answer
        self.asked: list[web.Request] = []
        self.bodies: list[str] = []

    async def __call__(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        self.bodies.append(await request.text())
        self.posted = dict(await request.post())
        return web.json_response(self.answer, status=self.status)


def described(**written: Any) -> dict[str, Any]:
    return {"type": "http", "timeout": "60s", **written}


BODY = {"form": {"to": "{to}", "text": "{text}"}}


async def test_by_the_address_alone() -> None:
    gateway = Recording()
    async with serving(gateway) as address:
        url = f"{address}/send?u=57&p={{cle}}&to={{digits}}&m={{text}}&r={{key}}"
        channel = texting(described(url=url, method="GET", secrets={"cle": Secret("a&b=c#d")}))
        assert (await channel.send(letter(TO, text=TEXT))).outcome is Outcome.SENT
    (request,) = gateway.asked
    assert dict(request.query) == {
        "u": "57",
        "p": "a&b=c#d",
        "to": "33600000001",
        "m": 'Été & co : 50 % "{to}" a=b+c',
        "r": "incident-45-ouvert-7",
    }


async def test_by_a_form() -> None:
    gateway = Recording()
    async with serving(gateway) as address:
        channel = texting(
            described(
                url=address,
                form={"numero": "{to}", "message": "[Vigie] {text}"},
                headers={"Authorization": "Bearer {jeton}"},
                secrets={"jeton": Secret("s3cret")},
            )
        )
        assert (await channel.send(letter(TO, text=TEXT))).outcome is Outcome.SENT
    assert gateway.posted == {"numero": TO, "message": '[Vigie] Été & co : 50 % "{to}" a=b+c'}
    assert gateway.asked[0].headers["Authorization"] == "Bearer s3cret"


async def test_by_json_of_any_shape() -> None:
    gateway = Recording()
    async with serving(gateway) as address:
        shape = {"msgs": [{"to": ["{digits}"], "text": "{text}", "flash": False, "ttl": 3600}], "auth": {"k": "{k}"}}
        channel = texting(described(url=address, method="PUT", json=shape, secrets={"k": Secret('"}')}))
        assert (await channel.send(letter(TO, text='Il dit "non"\n{k}'))).outcome is Outcome.SENT
    assert await gateway.asked[0].json() == {
        "msgs": [{"to": ["33600000001"], "text": 'Il dit "non"\n{k}', "flash": False, "ttl": 3600}],
        "auth": {"k": '"}'},
    }
    assert gateway.asked[0].method == "PUT"


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (200, {"r": [{"code": 0, "id": 4412}]}, Outcome.SENT),
        (200, {"r": [{"code": "0", "id": 4412}]}, Outcome.SENT),
        (200, {"r": [{"code": "OK", "id": "4412"}]}, Outcome.SENT),
        (200, {"r": [{"code": 12}]}, Outcome.REFUSED),
        (422, {"r": [{"code": 12}]}, Outcome.REFUSED),
        (422, {"r": [{"code": 13}]}, Outcome.LATER),
        (500, {"r": [{"code": 12}]}, Outcome.LATER),
        (200, {"r": [{"code": False}]}, Outcome.LATER),
        (200, {"r": []}, Outcome.LATER),
        (200, {"r": {"code": 0}}, Outcome.LATER),
        (200, None, Outcome.LATER),
        (401, {"r": [{"code": 0}]}, Outcome.LATER),
    ],
)
async def test_the_answer_is_judged_as_described(status: int, answer: Any, outcome: Outcome) -> None:
    async with serving(Recording(status, answer)) as address:
        channel = texting(
            described(
                url=address,
                **BODY,
                accepted={"status": [200], "path": "r[0].code", "equals": [0, "OK"], "receipt": "r[0].id"},
                permanent={"status": [200, 422], "path": "r[0].code", "equals": [12]},
            )
        )
        attempt = await channel.send(letter(TO))
    assert attempt.outcome is outcome
    assert attempt.receipt == ("4412" if outcome is Outcome.SENT else "")


async def test_nothing_is_permanent_unless_described_and_no_body_is_repeated() -> None:
    async with serving(Recording(400, {"echo": "Bearer s3cret"})) as address:
        attempt = await texting(described(url=address, **BODY)).send(letter(TO))
    assert attempt.outcome is Outcome.LATER
    assert attempt.detail == "http : réponse 400, que « accepted » ne reconnaît pas"
    async with serving(Recording(400)) as address:
        attempt = await texting(described(url=address, **BODY, permanent={"status": [400]})).send(letter(TO))
    assert attempt.outcome is Outcome.REFUSED


async def test_a_redirect_is_not_followed() -> None:
    target = Recording()

    async with serving(target) as elsewhere:

        async def redirect(_: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": elsewhere})

        async with serving(redirect) as address:
            attempt = await texting(described(url=address, **BODY)).send(letter(TO))
    assert attempt.outcome is Outcome.LATER
    assert target.asked == []


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (silent(), "pas de réponse en 1 s"),
        (silent(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"), "pas de réponse en 1 s"),
        (answering(), "connexion fermée sans réponse"),
        (answering(b"220 smtp.exemple.fr ESMTP\r\n"), "réponse illisible"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"), "réponse illisible"),
        (endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 60000), "réponse illisible"),
    ],
)
async def test_after_a_break_it_may_have_been_taken_and_the_next_gateway_waits(handler: Any, words: str) -> None:
    now, good = Ticking(), Recording()
    async with listening(handler) as broken, serving(good) as address:
        url = f"http://127.0.0.1:{broken.port}/"
        first = described(url=url, name="boiteuse", timeout="1s" if words == "pas de réponse en 1 s" else "60s", **BODY)
        channel = texting(first, described(url=address, **BODY), monotonic=now)
        attempt = await channel.send(letter(TO))
        assert attempt.outcome is Outcome.LATER
        assert attempt.detail == f"boiteuse : {words}"
        assert good.asked == []
        assert (await channel.send(letter(TO))).outcome is Outcome.SENT  # the other one first now
        assert len(good.asked) == 1


async def test_an_endless_answer_is_cut() -> None:
    body = response(b"")[:-4].replace(b"Content-Length: 0", b"X: y") + b"\r\n\r\n"
    async with listening(endless(body, b"x" * 65536)) as flood:
        attempt = await texting(described(url=f"http://127.0.0.1:{flood.port}/", **BODY)).send(letter(TO))
        assert attempt.outcome is Outcome.SENT  # 200, as described
        async with asyncio.timeout(5):
            await flood.idle.wait()


async def test_a_gateway_that_cannot_be_reached_hands_over_at_once() -> None:
    now, good = Ticking(), Recording()
    dead = described(url="http://127.0.0.1:1/", name="morte", **BODY)
    async with serving(good) as address:
        channel = texting(dead, described(url=address, name="bonne", **BODY), monotonic=now)
        attempt = await channel.send(letter(TO))
        assert (attempt.outcome, attempt.detail) == (Outcome.SENT, "bonne : accepté (200)")
        now.now += REST_S
    attempt = await channel.send(letter(TO))
    assert attempt.outcome is Outcome.LATER
    assert attempt.detail == "morte : connexion refusée ; bonne : connexion refusée"


async def test_what_one_gateway_refuses_for_ever_another_may_take() -> None:
    refusing = Recording(410)
    async with serving(refusing) as first, serving(Recording()) as second:
        bad = described(url=first, name="un", **BODY, permanent={"status": [410]})
        assert (await texting(bad, described(url=second, **BODY)).send(letter(TO))).outcome is Outcome.SENT
        dead = described(url="http://127.0.0.1:1/", **BODY)
        assert (await texting(bad, dead).send(letter(TO))).outcome is Outcome.LATER
        assert (await texting(bad, {**bad, "name": "deux"}).send(letter(TO))).outcome is Outcome.REFUSED


async def test_a_number_nobody_can_know_is_refused_before_anybody_is_asked() -> None:
    gateway = Recording()
    async with serving(gateway) as address:
        attempt = await texting(described(url=address, **BODY)).send(letter("06 00 00 00 01"))
        assert attempt.outcome is Outcome.REFUSED
        assert "écrivez-le +33600000001" in attempt.detail
        assert gateway.asked == []
        attempt = await texting(described(url=address, **BODY), country="FR").send(letter("06 00 00 00 01"))
        assert attempt.outcome is Outcome.SENT
        assert gateway.posted["to"] == TO


async def test_a_long_message_is_cut_to_the_parts_that_are_paid() -> None:
    gateway = Recording()
    async with serving(gateway) as address:
        for segments, most in ((1, 160), (3, 459)):
            channel = texting(described(url=address, **BODY), segments=segments)
            await channel.send(letter(TO, text="Forêt à l’hôpital ; " * 60))
            assert most - 25 < len(gateway.posted["text"]) <= most
            assert gateway.posted["text"].startswith("Foret à l'hopital ; Foret")
        assert (await channel.send(letter(TO, text="🙂"))).outcome is Outcome.REFUSED
