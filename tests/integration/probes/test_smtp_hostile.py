"""`smtp` against servers that are nobody's idea of a mail server."""

from __future__ import annotations

from asyncio import StreamReader, StreamWriter
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from probes import smtp
from probes.base import Shared, Status
from probes.secret import Secret
from tests.integration.probes.hostile import Handler, answering, endless, listening, nobody_listening, silent
from tests.integration.probes.mail_servers import PASSWORD, USER, Platform
from tests.integration.probes.mail_talk import smtp_saying, tls_server
from tests.integration.probes.running import Runner, shared
from tests.own_address import ADDRESS

__all__ = ["shared"]

CLEAR = {"security": "none"}
LOGIN = {"user": USER, "password": Secret(PASSWORD)}


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(smtp.PROBE, shared)


async def said_by(run: Runner, handler: Handler, **settings: Any) -> tuple[Status, str]:
    """What a session with this server finds."""
    async with listening(handler) as server:
        result = await run(port=server.port, timeout_s=settings.pop("timeout_s", 5.0), **{**CLEAR, **settings})
        return result.status, result.message


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (
            smtp_saying([], b"554 5.7.1 go away\r\n"),
            "le serveur refuse la session (superviseur sur liste noire ?), réponse 554 5.7.1 « go away »",
        ),
        (
            smtp_saying([], b"421 4.3.2 too busy\r\n"),
            "le serveur ne prend pas de session pour l'instant, réponse 421 4.3.2 « too busy »",
        ),
        (smtp_saying([], EHLO=b"550 who?\r\n"), "EHLO vigie.invalid refusé, réponse 550 « who? »"),
        (smtp_saying([], EHLO=b""), "connexion fermée par le serveur (réponse SMTP à EHLO)"),
        (smtp_saying([], b"SSH-2.0-OpenSSH_9.2\r\n"), "ce n'est pas du SMTP (accueil SMTP) : « SSH-2.0-OpenSSH_9.2 »"),
        (smtp_saying([], b"\x16\x03\x01\x00\x02\x02\x28\n"), "ce n'est pas du SMTP (accueil SMTP) : « ······( »"),
        (smtp_saying([], b"220-one\r\n554 two\r\n"), "ce n'est pas du SMTP (accueil SMTP) : « 554 two »"),
        (smtp_saying([], b"220-more\r\n" * 200), "réponse trop longue (accueil SMTP)"),
        (smtp_saying([], b"220 " + b"x" * 5000 + b"\r\n"), "ligne trop longue (accueil SMTP)"),
        (smtp_saying([], b"220 " + b"x" * 500_000), "ligne trop longue (accueil SMTP)"),
    ],
    ids=["refused", "busy", "no-ehlo", "closed", "ssh", "tls", "two-codes", "many-lines", "long-line", "no-line"],
)
async def test_what_is_not_a_mail_server(run: Runner, handler: Handler, message: str) -> None:
    assert await said_by(run, handler) == (Status.CRITICAL, message)


async def test_silence_is_told_with_what_was_awaited(run: Runner) -> None:
    assert await said_by(run, silent(), timeout_s=0.3) == (
        Status.CRITICAL,
        "pas de réponse en 300 ms (accueil SMTP)",
    )
    mute = smtp_saying([], RCPT=None)
    assert await said_by(run, mute, timeout_s=0.3, recipient=USER) == (
        Status.CRITICAL,
        "pas de réponse en 300 ms (réponse SMTP à RCPT TO)",
    )


async def test_a_web_server_that_waits_for_its_own_protocol(run: Runner) -> None:
    status, message = await said_by(run, answering(b"never"), timeout_s=0.3)
    assert (status, message) == (Status.CRITICAL, "pas de réponse en 300 ms (accueil SMTP)")
    assert (await said_by(run, endless(b"", b"220-x\r\n"), timeout_s=0.3))[0] is Status.CRITICAL


async def test_nobody_listens(run: Runner) -> None:
    with nobody_listening() as port:
        result = await run(port=port)
    assert (result.status, result.message) == (Status.CRITICAL, f"connexion refusée (port {port})")


async def test_a_name_that_does_not_exist(run: Runner) -> None:
    result = await run(address="mx.vigie.invalid")
    assert result.status in (Status.CRITICAL, Status.UNKNOWN)  # a machine without resolver cannot tell
    assert "mx.vigie.invalid" in result.message


async def test_an_authority_that_cannot_be_read_is_our_trouble(run: Runner, mail: Platform, tmp_path: Path) -> None:
    result = await run(address=ADDRESS, port=mail.smtp, ca=str(tmp_path / "absente.pem"))
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("fichier de certificat inaccessible")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"454 4.7.0 later\r\n", "TLS indisponible pour l'instant, réponse 454 4.7.0 « later »"),
        (b"501 no\r\n", "STARTTLS refusé, réponse 501 « no »"),
        (b"220 go\r\nthis is not TLS\r\n", "le serveur parle en clair au lieu de négocier TLS"),
    ],
)
async def test_starttls_that_goes_wrong(run: Runner, reply: bytes, message: str) -> None:
    offer = b"250-essai\r\n250 STARTTLS\r\n"
    found = await said_by(run, smtp_saying([], EHLO=offer, STARTTLS=reply), security="starttls")
    assert found == (Status.CRITICAL, message)


async def test_an_answer_slipped_in_before_tls_is_never_believed(run: Runner) -> None:
    """CVE-2011-0411: what came in clear behind the 220 would be read as if TLS had protected it."""
    slipped = b"220 go\r\n250-essai\r\n250 AUTH PLAIN\r\n235 welcome\r\n"
    heard: list[bytes] = []
    handler = smtp_saying(heard, EHLO=b"250-essai\r\n250 STARTTLS\r\n", STARTTLS=slipped)
    found = await said_by(run, handler, security="starttls", login=LOGIN)
    assert found == (Status.CRITICAL, "le serveur parle en clair au lieu de négocier TLS")
    assert not any(line.startswith(b"AUTH") for line in heard)


@pytest.mark.parametrize(
    ("replies", "message"),
    [
        (
            {"EHLO": b"250-essai\r\n250 AUTH GSSAPI\r\n"},
            "authentification impossible : ni PLAIN ni LOGIN ne sont proposés",
        ),
        (
            {"AUTH": b"454 4.7.0 " + b64encode(PASSWORD.encode()) + b"\r\n"},
            "authentification indisponible pour l'instant, réponse 454 4.7.0 ",
        ),
        (
            {"AUTH": b"538 5.7.11 " + PASSWORD.encode() + b"\r\n"},
            "authentification refusée : chiffrement exigé, réponse 538 5.7.11 ",
        ),
        ({"AUTH": PASSWORD.encode() + b"\r\n"}, "ce n'est pas du SMTP (réponse SMTP à AUTH) : "),
    ],
)
async def test_logins_that_fail_and_servers_that_repeat_them(
    run: Runner, tmp_path: Path, replies: dict[str, bytes], message: str
) -> None:
    context, ca = tls_server(tmp_path)
    async with listening(smtp_saying([], **replies), tls=context) as server:
        result = await run(port=server.port, security="tls", ca=ca, login=LOGIN)
    assert (result.status, result.message[: len(message)]) == (Status.CRITICAL, message)
    told = "\n".join([result.message, *run.trace])
    assert PASSWORD not in told
    assert b64encode(PASSWORD.encode()).decode() not in told


async def test_auth_login_for_servers_that_know_no_other(run: Runner, tmp_path: Path) -> None:
    context, ca = tls_server(tmp_path)
    heard: list[bytes] = []
    handler = smtp_saying(
        heard,
        more=[b"334 UGFzc3dvcmQ6\r\n", b"235 welcome\r\n"],
        EHLO=b"250-essai\r\n250 AUTH=LOGIN\r\n",
        AUTH=b"334 VXNlcm5hbWU6\r\n",
    )
    async with listening(handler, tls=context) as server:
        result = await run(port=server.port, security="tls", ca=ca, login=LOGIN)
    assert result.status is Status.OK, result.message
    assert heard[2:4] == [b64encode(word.encode()) + b"\r\n" for word in (USER, PASSWORD)]


async def test_a_server_that_does_not_take_leave_has_done_its_work(run: Runner) -> None:
    assert (await said_by(run, smtp_saying([], QUIT=None)))[0] is Status.OK


async def test_an_rset_that_is_refused(run: Runner) -> None:
    found = await said_by(run, smtp_saying([], RSET=b"421 bye\r\n"), recipient=USER)
    assert found == (Status.CRITICAL, "RSET refusé, réponse 421 « bye »")


async def test_a_sender_that_is_refused(run: Runner) -> None:
    heard: list[bytes] = []
    found = await said_by(run, smtp_saying(heard, MAIL=b"553 5.1.8 no such domain\r\n"), recipient=USER)
    assert found == (
        Status.CRITICAL,
        "expéditeur refusé : adresse invalide, réponse 553 5.1.8 « no such domain »",
    )
    assert b"MAIL FROM:<>\r\n" in heard


async def test_the_name_we_give(run: Runner) -> None:
    heard: list[bytes] = []
    assert (await said_by(run, smtp_saying(heard), helo="vigie.exemple.fr"))[0] is Status.OK
    assert heard[0] == b"EHLO vigie.exemple.fr\r\n"


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (b"this is not TLS any more", "liaison TLS rompue (réponse SMTP à EHLO)"),
        (b"", "connexion fermée par le serveur (réponse SMTP à EHLO)"),
    ],
)
async def test_tls_that_breaks_later(run: Runner, tmp_path: Path, noise: bytes, message: str) -> None:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(b"220 essai\r\n")
        await reader.readline()
        if noise:  # below TLS, where nothing but its records may be
            writer.transport._ssl_protocol._transport.write(noise)  # type: ignore[attr-defined]
            await reader.read()
        else:
            writer.close()  # its farewell included
            await writer.wait_closed()

    context, ca = tls_server(tmp_path)
    async with listening(handler, tls=context) as server:
        result = await run(port=server.port, security="tls", ca=ca)
    assert (result.status, result.message) == (Status.CRITICAL, message)
