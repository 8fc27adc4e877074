"""`imap` against a real Dovecot, and against servers that are nobody's idea of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes import imap
from probes.base import Shared, Status
from probes.secret import Secret
from tests.integration.probes.hostile import Handler, listening, silent
from tests.integration.probes.mail_servers import PASSWORD, USER, Platform
from tests.integration.probes.mail_talk import imap_saying, tls_server
from tests.integration.probes.running import Runner, measured, shared
from tests.own_address import ADDRESS

__all__ = ["shared"]

CLEAR = {"security": "none"}
LOGIN = {"user": USER, "password": Secret(PASSWORD)}


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(imap.PROBE, shared)


@pytest.fixture
def three_mails(mail: Platform) -> Iterator[Platform]:
    """A mailbox with an accent, and something in it."""
    mails = [mail.put(f"{number}.essai", "Subject: Bonjour", folder=".Envoy&AOk-s") for number in range(3)]
    yield mail
    for one in mails:
        one.unlink()


async def said_by(run: Runner, handler: Handler, **settings: Any) -> tuple[Status, str]:
    """What a session with this server finds."""
    async with listening(handler) as server:
        result = await run(port=server.port, timeout_s=settings.pop("timeout_s", 5.0), **{**CLEAR, **settings})
        return result.status, result.message


# --- Dovecot


async def test_starttls(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.imap, ca=mail.ca)
    assert result.status is Status.OK, result.message
    assert result.message.startswith("IMAP en ")
    assert result.message.endswith(", TLSv1.3")
    values = measured(result)
    assert set(values) == {"connect_seconds", "banner_seconds", "handshake_seconds", "total_seconds", "expiry_seconds"}
    assert any("* OK [CAPABILITY IMAP4rev1" in note for note in run.trace)


async def test_tls_from_the_start(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.imaps, security="tls", ca=mail.ca)
    assert result.status is Status.OK
    assert measured(result)["expiry_seconds"] == pytest.approx(90 * 86400, abs=3600)


async def test_who_is_trusted(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.imap, login=LOGIN)
    assert (result.status, result.message) == (Status.CRITICAL, "autorité inconnue : « Racine d'essai »")
    result = await run(address=ADDRESS, port=mail.imap, ca=mail.ca, expiry={"critical": "120d"})
    assert result.message == f"certificat « {ADDRESS} » : expiration dans 90 j (seuil 120 j)"


async def test_a_login_and_a_mailbox(run: Runner, three_mails: Platform) -> None:
    result = await run(address=ADDRESS, port=three_mails.imap, ca=three_mails.ca, login=LOGIN, mailbox="Envoyés")
    assert result.status is Status.OK, result.message
    assert result.message.endswith(", authentification réussie, 3 messages dans « Envoyés »")
    values = measured(result)
    assert values["messages_count"] == 3
    assert values["login_seconds"] > 0
    assert values["mailbox_seconds"] > 0
    # Only looked at: what is new stays new.
    assert len(list((three_mails.here / "boxes/essai/.Envoy&AOk-s/new").iterdir())) == 3


async def test_a_mailbox_that_does_not_exist(run: Runner, mail: Platform) -> None:
    result = await run(address=ADDRESS, port=mail.imap, ca=mail.ca, login=LOGIN, mailbox="Absente")
    assert result.status is Status.CRITICAL
    assert result.message.startswith("boîte « Absente » impossible à ouvrir")


async def test_a_login_that_is_refused_tells_no_secret(run: Runner, mail: Platform) -> None:
    wrong = "ce n'est pas lui"
    result = await run(address=ADDRESS, port=mail.imap, ca=mail.ca, login={"user": USER, "password": Secret(wrong)})
    assert result.status is Status.CRITICAL
    assert result.message == (
        "identifiants refusés, réponse NO [AUTHENTICATIONFAILED] (texte masqué : la sonde a un secret)"
    )
    assert wrong not in "\n".join([result.message, *run.trace])


async def test_slow_steps(run: Runner, mail: Platform) -> None:
    limits: dict[str, Any] = {"banner": {"critical": 1e-9}, "total": {"warning": 1e-9}}
    result = await run(address=ADDRESS, port=mail.imap, ca=mail.ca, **limits)
    assert result.status is Status.CRITICAL
    assert result.message.startswith("accueil IMAP en ")
    assert " ; session IMAP en " in result.message


# --- nobody's idea of a server


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (
            imap_saying([], b"* BYE [UNAVAILABLE] maintenance\r\n"),
            "le serveur ne prend pas de session pour l'instant, réponse BYE [UNAVAILABLE] « maintenance »",
        ),
        (imap_saying([], b"+OK POP3 ready\r\n"), "ce n'est pas de l'IMAP (accueil IMAP) : « +OK POP3 ready »"),
        (imap_saying([], b"* 3 EXISTS\r\n"), "ce n'est pas de l'IMAP (accueil IMAP) : « * 3 EXISTS »"),
        (imap_saying([], b"\x16\x03\x01\r\n"), "ce n'est pas de l'IMAP (accueil IMAP) : « ··· »"),
        (imap_saying([], b"* OK " + b"x" * 5000), "ligne trop longue (accueil IMAP)"),
        (imap_saying([], replies={"CAPABILITY": b"TAG NO not you\r\n"}), "CAPABILITY refusé, réponse NO « not you »"),
        (
            imap_saying([], replies={"CAPABILITY": b"* BYE enough\r\nTAG OK\r\n"}),
            "le serveur met fin à la session, réponse BYE « enough »",
        ),
        (
            imap_saying([], replies={"CAPABILITY": b"other OK done\r\n"}),
            "ce n'est pas de l'IMAP (réponse IMAP à CAPABILITY) : « other OK done »",
        ),
        (
            imap_saying([], replies={"CAPABILITY": b"* 1 EXISTS\r\n" * 5000}),
            "réponse trop longue (réponse IMAP à CAPABILITY)",
        ),
        (
            imap_saying([], replies={"CAPABILITY": b"* 1 FETCH (BODY[] {999999999}\r\n"}),
            "réponse trop longue (réponse IMAP à CAPABILITY)",
        ),
        (
            imap_saying([], replies={"CAPABILITY": b"* 1 FETCH (" + b"{0}\r\n" * 5000}),
            "réponse trop longue (réponse IMAP à CAPABILITY)",
        ),
        (
            imap_saying([], replies={"CAPABILITY": b""}),
            "connexion fermée par le serveur (réponse IMAP à CAPABILITY)",
        ),
    ],
    ids=["bye", "pop3", "status", "tls", "line", "no", "bye-later", "tag", "lines", "literal", "literals", "closed"],
)
async def test_what_is_not_a_server(run: Runner, handler: Handler, message: str) -> None:
    assert await said_by(run, handler) == (Status.CRITICAL, message)


async def test_silence_is_told_with_what_was_awaited(run: Runner) -> None:
    found = await said_by(run, silent(), timeout_s=0.3)
    assert found == (Status.CRITICAL, "pas de réponse en 300 ms (accueil IMAP)")
    found = await said_by(run, imap_saying([], replies={"CAPABILITY": None}), timeout_s=0.3)
    assert found == (Status.CRITICAL, "pas de réponse en 300 ms (réponse IMAP à CAPABILITY)")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"TAG BAD what\r\n", "STARTTLS refusé, réponse BAD (texte masqué : la sonde a un secret)"),
        (b"TAG OK go\r\n* PREAUTH come in\r\n", "le serveur parle en clair au lieu de négocier TLS"),
    ],
)
async def test_starttls_that_goes_wrong(run: Runner, reply: bytes, message: str) -> None:
    heard: list[bytes] = []
    found = await said_by(run, imap_saying(heard, replies={"STARTTLS": reply}), security="starttls", login=LOGIN)
    assert found == (Status.CRITICAL, message)
    assert len(heard) == 1  # nothing after STARTTLS, a login least of all


async def test_a_session_that_is_open_to_anybody(run: Runner, tmp_path: Path) -> None:
    context, ca = tls_server(tmp_path)
    async with listening(imap_saying([], b"* PREAUTH welcome\r\n"), tls=context) as server:
        result = await run(port=server.port, security="tls", ca=ca, login=LOGIN)
        assert result.message == "le serveur ouvre la session sans demander qui se présente"
        assert result.status is Status.CRITICAL
        assert (await run(port=server.port, security="tls", ca=ca)).status is Status.OK


async def test_login_for_servers_that_know_no_other(run: Runner, tmp_path: Path) -> None:
    context, ca = tls_server(tmp_path)
    heard: list[bytes] = []
    async with listening(imap_saying(heard), tls=context) as server:
        result = await run(port=server.port, security="tls", ca=ca, login=LOGIN)
    assert result.status is Status.OK, result.message
    user, password = USER.encode(), PASSWORD.encode()
    assert heard[1] == b"v2 LOGIN {%d}\r\n%b {%d}\r\n%b\r\n" % (len(user), user, len(password), password)


@pytest.mark.parametrize(
    ("replies", "message"),
    [
        (
            {"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK\r\n"},
            "authentification impossible : LOGIN interdit, PLAIN absent",
        ),
        (
            {"LOGIN": b"TAG NO [UNAVAILABLE] " + PASSWORD.encode() + b"\r\n"},
            "authentification indisponible pour l'instant, réponse NO [UNAVAILABLE] (texte masqué",
        ),
        ({"LOGIN": PASSWORD.encode() + b"\r\n"}, "ce n'est pas de l'IMAP (réponse IMAP à LOGIN) : (texte masqué"),
        ({"EXAMINE": b"TAG OK\r\n"}, "boîte « INBOX » ouverte sans que le serveur dise ce qu'elle contient"),
        (
            {"EXAMINE": b"TAG NO [INUSE] later\r\n"},
            "boîte « INBOX » impossible à ouvrir : indisponible pour l'instant, réponse NO [INUSE] ",
        ),
    ],
)
async def test_logins_and_mailboxes_that_fail(
    run: Runner, tmp_path: Path, replies: dict[str, bytes], message: str
) -> None:
    context, ca = tls_server(tmp_path)
    async with listening(imap_saying([], replies=replies), tls=context) as server:
        result = await run(port=server.port, security="tls", ca=ca, login=LOGIN, mailbox="INBOX")
    assert (result.status, result.message[: len(message)]) == (Status.CRITICAL, message)
    assert PASSWORD not in "\n".join([result.message, *run.trace])
