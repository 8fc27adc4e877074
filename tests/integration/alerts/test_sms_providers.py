"""SMS through OVHcloud and smsmode: what is asked is what they document, what they answer is understood."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from probes.secret import Secret
from supervisor.alerts.sms import SmsTransport
from supervisor.alerts.sms_ovhcloud import OvhCloudGateway
from supervisor.alerts.transport import Attempt, Outcome
from supervisor.config.gateways import OvhCloud
from tests.integration.alerts.letters import Ticking, letter, texting
from tests.integration.alerts.web import Ovh, serving

TO = "+33600000001"


class OneAccount:
    """The channel over one account of OVHcloud, with clocks that the test moves."""

    def __init__(self, api: Ovh, address: str, **changed: Any) -> None:
        self.wall, self.monotonic = 1_795_000_000.0, Ticking()
        api.wall = lambda: self.wall
        written: dict[str, Any] = {
            "type": "ovhcloud",
            "service": api.account,
            "application_key": Secret(api.application),
            "application_secret": Secret("as-0123456789abcdef"),
            "consumer_key": Secret(api.consumer),
            "url": f"{address}/1.0",
            "timeout": "60s",
        }
        settings = TypeAdapter(OvhCloud).validate_python({**written, **changed})
        gateway = OvhCloudGateway(settings, wall=lambda: self.wall, monotonic=self.monotonic)
        self.channel = SmsTransport([gateway], country=None, segments=1, monotonic=self.monotonic)

    async def send(self, **changed: Any) -> Attempt:
        return await self.channel.send(letter(TO, **changed))


@pytest.fixture
def api() -> Ovh:
    made = Ovh()
    made.secret = "as-0123456789abcdef"
    return made


async def test_ovhcloud_takes_a_signed_message(api: Ovh) -> None:
    async with serving(api) as address:
        attempt = await OneAccount(api, address, sender="VIGIE57").send()
    assert attempt == Attempt(Outcome.SENT, "OVHcloud : accepté", "4201")
    (job,) = api.jobs
    assert job == {
        "charset": "UTF-8",
        "coding": "7bit",
        "message": "L'accès Internet de l'école est coupé depuis 17 h 20.",
        "noStopClause": True,
        "priority": "high",
        "receivers": [TO],
        "senderForResponse": False,
        "sender": "VIGIE57",
        "tag": job["tag"],
    }
    assert len(job["tag"]) == 16


async def test_without_a_sender_it_can_be_answered(api: Ovh) -> None:
    async with serving(api) as address:
        await OneAccount(api, address).send()
    assert api.jobs[0]["senderForResponse"] is True
    assert "sender" not in api.jobs[0]


async def test_a_repeat_has_the_same_tag_and_another_letter_has_not(api: Ovh) -> None:
    async with serving(api) as address:
        account = OneAccount(api, address)
        for key in ("a", "a", "b"):
            await account.send(key=key)
    first, again, other = (job["tag"] for job in api.jobs)
    assert first == again != other


@pytest.mark.parametrize("ahead_s", [-7200, 0, 90000])
async def test_it_is_signed_at_their_time_which_is_asked_once(api: Ovh, ahead_s: int) -> None:
    api.ahead_s = ahead_s
    async with serving(api) as address:
        account = OneAccount(api, address)
        for _ in range(3):
            assert (await account.send()).outcome is Outcome.SENT
        assert api.clock_asked == 1
        account.monotonic.now += 3600
        await account.send()
        assert api.clock_asked == 2


async def test_a_clock_that_steps_is_asked_again_at_once(api: Ovh) -> None:
    async with serving(api) as address:
        account = OneAccount(api, address)
        await account.send()
        api.ahead_s = 7200
        assert (await account.send()).outcome is Outcome.SENT
        assert api.clock_asked == 2


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"application_key": Secret("faux")}, "clé d'application inconnue ; vérifier « application_key »"),
        ({"consumer_key": Secret("faux")}, "« consumer_key » inconnue, expirée ou pas encore validée"),
        ({"application_secret": Secret("faux")}, "signature refusée ; vérifier « application_secret »"),
        ({"service": "sms-zz9-9"}, "compte SMS inconnu ; vérifier « service »"),
    ],
)
async def test_what_is_wrong_in_the_config_is_named(api: Ovh, changed: dict[str, Any], words: str) -> None:
    async with serving(api) as address:
        attempt = await OneAccount(api, address, **changed).send()
    assert attempt.outcome is Outcome.LATER
    assert words in attempt.detail
    assert "faux" not in attempt.detail
    assert api.jobs == []


@pytest.mark.parametrize(
    ("status", "error", "outcome", "words"),
    [
        (402, {"message": "Not enough credits"}, Outcome.LATER, "plus de crédit ; recharger le compte"),
        (403, {"errorCode": "NOT_GRANTED_CALL", "message": "no"}, Outcome.LATER, "sans le droit POST"),
        (400, {"message": "Invalid receivers : +33"}, Outcome.REFUSED, "numéro refusé"),
        (400, {"message": "Sender is not allowed"}, Outcome.LATER, "400 « Sender is not allowed »"),
        (429, {"message": "slow down"}, Outcome.LATER, "429 « slow down »"),
        (500, {"message": "Internal\nerror"}, Outcome.LATER, "500 « Internal error »"),
        (200, {"ids": []}, Outcome.LATER, "réponse sans identifiant d'envoi"),
        (200, {"ids": 7, "invalidReceivers": 5}, Outcome.LATER, "réponse sans identifiant d'envoi"),
        (200, {"invalidReceivers": None}, Outcome.LATER, "réponse sans identifiant d'envoi"),
        (400, {"errorCode": "QUERY_TIME_OUT"}, Outcome.LATER, "horodatage refusé"),
    ],
)
async def test_what_ovhcloud_refuses(
    api: Ovh, status: int, error: dict[str, Any], outcome: Outcome, words: str
) -> None:
    api.status, api.refuses = status, error
    async with serving(api) as address:
        attempt = await OneAccount(api, address).send()
    assert attempt.outcome is outcome
    assert words in attempt.detail
    assert "\n" not in attempt.detail


async def test_a_number_that_ovhcloud_does_not_take(api: Ovh) -> None:
    api.invalid = (TO,)
    async with serving(api) as address:
        attempt = await OneAccount(api, address).send()
    assert attempt.outcome is Outcome.REFUSED
    assert "numéro refusé ; vérifier qu'il existe et n'a pas répondu STOP" in attempt.detail


async def test_an_hour_that_cannot_be_read() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="<html>maintenance</html>", status=503)

    async with serving(answer) as address:
        attempt = await OneAccount(Ovh(), address).send()
    assert attempt.outcome is Outcome.LATER
    assert "heure du service illisible (réponse 503)" in attempt.detail


# --- smsmode


class SmsModeApi:
    """POST /sms/v1/messages."""

    def __init__(self, status: int = 201, answer: Any = None) -> None:
        self.status = status
        self.answer = answer if answer is not None else {"messageId": "8f1c-22", "status": {"value": "ENROUTE"}}
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        assert (request.method, request.path) == ("POST", "/sms/v1/messages")
        if request.headers.get("X-Api-Key") != "cle-de-smsmode":
            return web.json_response({"message": "Unauthorized"}, status=401)
        self.asked.append(json.loads(await request.text()))
        return web.json_response(self.answer, status=self.status)


def smsmode(address: str, **changed: Any) -> SmsTransport:
    return texting(
        {"type": "smsmode", "api_key": Secret("cle-de-smsmode"), "url": f"{address}/sms/v1/messages", **changed}
    )


async def test_smsmode_takes_a_message() -> None:
    api = SmsModeApi()
    async with serving(api) as address:
        attempt = await smsmode(address, sender="VIGIE57").send(letter(TO))
    assert attempt == Attempt(Outcome.SENT, "smsmode : accepté", "8f1c-22")
    assert api.asked == [
        {
            "recipient": {"to": "33600000001"},
            "body": {"text": "L'accès Internet de l'école est coupé depuis 17 h 20."},
            "refClient": "incident-45-ouvert-7",
            "from": "VIGIE57",
        }
    ]


@pytest.mark.parametrize(
    ("status", "answer", "outcome", "words"),
    [
        (400, {"message": "recipient.to: invalid"}, Outcome.REFUSED, "numéro refusé, réponse 400 « recipient.to: inv"),
        (400, {"message": "body.text: too long"}, Outcome.LATER, "400 « body.text: too long »"),
        (402, {"message": "no credit"}, Outcome.LATER, "plus de crédit ; recharger le compte"),
        (403, {"message": "Forbidden"}, Outcome.LATER, "clé refusée ; vérifier « api_key »"),
        (503, {}, Outcome.LATER, "réponse 503"),
        (201, {"messageId": "x", "status": {"value": "UNDELIVERABLE"}}, Outcome.REFUSED, "numéro injoignable"),
        (200, {}, Outcome.LATER, "réponse 200"),
    ],
)
async def test_what_smsmode_refuses(status: int, answer: Any, outcome: Outcome, words: str) -> None:
    async with serving(SmsModeApi(status, answer)) as address:
        attempt = await smsmode(address).send(letter(TO))
    assert attempt.outcome is outcome
    assert words in attempt.detail


async def test_a_wrong_key_is_told_and_not_shown() -> None:
    async with serving(SmsModeApi()) as address:
        attempt = await smsmode(address, api_key=Secret("Xk9-fausse-cle")).send(letter(TO))
    assert attempt.outcome is Outcome.LATER
    assert "clé refusée ; vérifier « api_key »" in attempt.detail
    assert "Xk9" not in attempt.detail
