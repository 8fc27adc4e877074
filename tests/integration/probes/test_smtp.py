"""`smtp` against a real Postfix."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from probes import smtp
from probes.base import Shared, Status
from probes.secret import Secret
from tests.integration.probes.mail_servers import FULL, PASSWORD, USER, Platform
from tests.integration.probes.running import Runner, measured, shared, until
from tests.own_address import ADDRESS

__all__ = ["shared"]

CLEAR = {"security": "none"}
LOGIN = {"user": USER, "password": Secret(PASSWORD)}


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(smtp.PROBE, shared)


async def test_starttls(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca)
    assert result.status is Status.OK, result.message
    assert result.message.startswith("SMTP en ")
    assert result.message.endswith(", TLSv1.3")
    values = measured(result)
    assert set(values) == {"connect_seconds", "banner_seconds", "handshake_seconds", "total_seconds", "expiry_seconds"}
    assert values["expiry_seconds"] == pytest.approx(90 * 86400, abs=3600)
    assert values["total_seconds"] >= values["banner_seconds"] > 0
    assert any("220 mx.exemple.test" in note for note in run.trace)


async def test_tls_from_the_start(run: Runner, mail: Platform) -> None:
    assert (await run(address=ADDRESS, port=mail.smtps, security="tls", ca=mail.ca)).status is Status.OK


async def test_in_clear_when_asked_for(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.plain, **CLEAR)
    assert result.status is Status.OK
    assert "expiry_seconds" not in measured(result)


async def test_a_server_that_lost_its_tls(run: Runner, mail: Platform) -> None:
    """The port answers, the service greets: nobody's password would be safe."""
    result = await run(address=ADDRESS, port=mail.plain, ca=mail.ca, login=LOGIN)
    assert (result.status, result.message) == (Status.CRITICAL, "STARTTLS n'est pas proposé")


async def test_who_is_trusted(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.smtp, login=LOGIN)
    assert (result.status, result.message) == (Status.CRITICAL, "autorité inconnue : « Racine d'essai »")
    assert measured(result)["expiry_seconds"] > 0
    assert "SMTP AUTH" not in run.trace
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, host="autre.exemple.test")
    assert result.message == "le certificat n'est pas au nom de autre.exemple.test"
    assert (await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, host="mx.exemple.test")).status is Status.OK
    assert (await run(address=ADDRESS, port=mail.smtp, verify=False)).status is Status.OK


async def test_a_certificate_near_its_end(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, expiry={"warning": "120d", "critical": "7d"})
    assert result.status is Status.WARNING
    assert result.message == f"certificat « {ADDRESS} » : expiration dans 90 j (seuil 120 j)"


async def test_a_login(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, login=LOGIN)
    assert result.status is Status.OK
    assert result.message.endswith(", authentification réussie")
    assert measured(result)["login_seconds"] > 0


async def test_a_login_that_is_refused_tells_no_secret(run: Runner, mail: Platform) -> None:
    wrong = "ce n'est pas lui"
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, login={"user": USER, "password": Secret(wrong)})
    assert result.status is Status.CRITICAL
    assert result.message == "identifiants refusés, réponse 535 5.7.8 (texte masqué : la sonde a un secret)"
    told = "\n".join([result.message, *run.trace])
    assert wrong not in told
    assert b64encode(f"\0{USER}\0{wrong}".encode()).decode() not in told


@pytest.mark.parametrize(
    ("recipient", "status", "message"),
    [
        (
            "personne@exemple.test",
            Status.CRITICAL,
            "destinataire refusé : adresse inconnue ou refusée, réponse 550 5.1.1 ",
        ),
        (
            "essai@ailleurs.test",
            Status.CRITICAL,
            "destinataire refusé : refusé par le serveur (relais interdit ou liste noire ?), réponse 554 5.7.1 ",
        ),
        (FULL, Status.CRITICAL, "destinataire différé : boîte pleine ou désactivée, réponse 452 4.2.2 "),
        (
            "surcharge@exemple.test",
            Status.CRITICAL,
            "destinataire différé : serveur saturé ou en panne, réponse 451 4.3.0 ",
        ),
        (
            "attente@exemple.test",
            Status.WARNING,
            "destinataire différé : liste grise ou limite de débit, réponse 450 4.7.1 ",
        ),
    ],
)
async def test_recipients_that_are_refused(
    run: Runner, mail: Platform, recipient: str, status: Status, message: str
) -> None:
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, recipient=recipient)
    assert (result.status, result.message[: len(message)]) == (status, message)
    assert f"<{recipient}>" in result.message  # Postfix's own words
    assert "recipient_seconds" not in measured(result)


async def test_a_recipient_that_is_accepted_receives_nothing(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, recipient=USER, sender="vigie@exemple.test")
    assert result.status is Status.OK
    assert result.message.endswith(", destinataire accepté")
    assert measured(result)["recipient_seconds"] > 0
    # Postfix opens a file at RCPT, and its cleanup drops it when it notices that the session ended without DATA.
    await until(lambda: not mail.queued)
    assert not mail.delivered


async def test_slow_steps(run: Runner, mail: Platform) -> None:
    limits: dict[str, Any] = {"banner": {"warning": 1e-9}, "total": {"critical": 1e-9}}
    result = await run(address=ADDRESS, port=mail.smtp, ca=mail.ca, **limits)
    assert result.status is Status.CRITICAL
    assert result.message.startswith("session SMTP en ")
    assert " ; accueil SMTP en " in result.message
