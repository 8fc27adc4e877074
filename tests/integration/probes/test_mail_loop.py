"""`mail-loop` through a real Postfix into a real Dovecot, and where one of the two goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes import mail_loop
from probes.base import Shared, Status
from probes.secret import Secret
from tests.integration.probes import authority
from tests.integration.probes.hostile import listening
from tests.integration.probes.mail_servers import PASSWORD, USER, Platform
from tests.integration.probes.mail_talk import imap_saying, smtp_saying, tls_server
from tests.integration.probes.running import Runner, measured, shared
from tests.own_address import ADDRESS

__all__ = ["shared"]

LOGIN = {"user": USER, "password": Secret(PASSWORD)}
SONDE = "essai/web/site"  # of Runner
NOW = authority.NOW.timestamp()


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(mail_loop.PROBE, shared)


@pytest.fixture
def empty(mail: Platform) -> Iterator[Platform]:
    """The platform with nothing in the box, before and after."""
    assert mail.delivered == []
    yield mail
    while left := mail.delivered:
        left[0].unlink(missing_ok=True)  # Dovecot moves those that it has shown


def loop(mail: Platform, **smtp: Any) -> dict[str, Any]:
    """The settings of a sonde on the real platform; `smtp` stands for its relay when given."""
    return {
        "sender": "vigie@exemple.test",
        "recipient": USER,
        "smtp": smtp or {"port": mail.smtp, "ca": mail.ca},
        "imap": {"address": ADDRESS, "port": mail.imap, "ca": mail.ca, "login": LOGIN},
    }


async def test_a_mail_arrives_and_leaves_nothing(run: Runner, empty: Platform) -> None:
    result = await run(address=ADDRESS, **loop(empty))
    assert result.status is Status.OK, (result.message, empty.log())
    assert result.message.startswith("message retrouvé en ")
    values = measured(result)
    assert set(values) == {"send_seconds", "delay_seconds", "late_messages_count"}
    assert values["delay_seconds"] > 0
    assert values["send_seconds"] > 0
    assert empty.delivered == []


async def test_with_a_login_on_the_relay_too(run: Runner, empty: Platform) -> None:
    smtp = {"address": ADDRESS, "port": empty.smtps, "security": "tls", "ca": empty.ca, "login": LOGIN}
    assert (await run(address="", **loop(empty, **smtp))).status is Status.OK


async def test_a_mail_that_is_slow(run: Runner, empty: Platform) -> None:
    result = await run(address=ADDRESS, delay={"warning": 1e-9, "critical": 60.0}, **loop(empty))
    assert result.status is Status.WARNING
    assert result.message.startswith("message arrivé en ")
    assert empty.delivered == []


async def test_only_mails_that_nobody_waits_for_are_deleted(run: Runner, empty: Platform) -> None:
    ours = ("Subject: essai", f"X-Vigie-Sonde: {SONDE}", "X-Vigie-Token: abc")
    empty.put("1.late", *ours, f"X-Vigie-Until: {NOW - 1:.0f}")
    empty.put("2.awaited", *ours, f"X-Vigie-Until: {NOW + 60:.0f}")  # by `vigie probe` on the same sonde
    empty.put("3.neighbour", f"X-Vigie-Sonde: {SONDE}2", "X-Vigie-Token: abc", "X-Vigie-Until: 1")
    empty.put("4.somebody", f"Subject: {SONDE}")
    empty.put("5.quoted", "Subject: Re: essai", f"X-Vigie-Sonde: re {SONDE}")
    result = await run(address=ADDRESS, at=NOW, **loop(empty))
    assert result.status is Status.OK, result.message
    assert result.message.endswith(", un ancien message supprimé")
    assert measured(result)["late_messages_count"] == 1
    left = sorted(path.name.partition(":")[0] for path in empty.delivered)
    assert left == ["2.awaited", "3.neighbour", "4.somebody", "5.quoted"]


async def test_a_relay_that_accepts_and_loses(run: Runner, empty: Platform) -> None:
    """The port answers, every step succeeds, and the mail is nowhere."""
    heard: list[bytes] = []
    async with listening(smtp_saying(heard)) as relay:
        smtp = {"address": "127.0.0.1", "port": relay.port, "security": "none"}
        result = await run(address=ADDRESS, timeout_s=5.0, **loop(empty, **smtp))
    assert result.status is Status.CRITICAL
    assert re.fullmatch(r"message accepté par le relais, absent de « INBOX » après \d+(,\d+)? (ms|s)", result.message)
    assert "delay_seconds" not in measured(result)
    assert measured(result)["send_seconds"] > 0
    assert b"X-Vigie-Sonde: essai/web/site\r\n" in heard
    assert b"Auto-Submitted: auto-generated\r\n" in heard


@pytest.mark.parametrize(
    ("replies", "status", "message"),
    [
        ({"DATA": b"451 4.3.0 disk\r\n"}, Status.CRITICAL, "relais : message différé : serveur saturé ou en panne, "),
        ({"body": b"554 5.7.1 spam\r\n"}, Status.CRITICAL, "relais : message refusé : refusé par le serveur "),
        ({"body": b"452 4.3.1 full\r\n"}, Status.CRITICAL, "relais : message différé : serveur saturé ou en panne, "),
        ({"RCPT": b"450 4.7.1 later\r\n"}, Status.WARNING, "relais : destinataire différé : liste grise "),
        ({"body": b""}, Status.CRITICAL, "relais : connexion fermée par le serveur (réponse SMTP à message)"),
        ({"body": b"HTTP/1.1 200 OK\r\n"}, Status.CRITICAL, "relais : ce n'est pas du SMTP (réponse SMTP à message)"),
    ],
    ids=["data-4xx", "message-5xx", "message-4xx", "greylisting", "closed", "nonsense"],
)
async def test_a_relay_that_refuses(
    run: Runner, empty: Platform, replies: dict[str, bytes], status: Status, message: str
) -> None:
    async with listening(smtp_saying([], **replies)) as relay:
        smtp = {"address": "127.0.0.1", "port": relay.port, "security": "none"}
        result = await run(address=ADDRESS, **loop(empty, **smtp))
    assert (result.status, result.message[: len(message)]) == (status, message)
    assert "send_seconds" not in measured(result)


async def test_a_relay_that_hangs_after_data(run: Runner, tmp_path: Path) -> None:
    context, ca = tls_server(tmp_path)
    async with listening(smtp_saying([], body=None)) as relay, listening(imap_saying([]), tls=context) as box:
        result = await run(
            sender="vigie@exemple.test",
            recipient=USER,
            smtp={"port": relay.port, "security": "none"},
            imap={"port": box.port, "security": "tls", "ca": ca, "login": LOGIN},
            timeout_s=1.0,
        )
    assert (result.status, result.message) == (
        Status.CRITICAL,
        "pas de réponse en 1 s (réponse SMTP à message)",
    )


async def test_nothing_is_sent_towards_a_box_that_cannot_be_opened(run: Runner, empty: Platform) -> None:
    async with listening(smtp_saying([])) as relay:
        settings = loop(empty, address="127.0.0.1", port=relay.port, security="none")
        settings["imap"]["login"] = {"user": USER, "password": Secret("faux")}
        result = await run(address=ADDRESS, **settings)
        assert relay.connections == 0
    assert result.status is Status.CRITICAL
    assert result.message.startswith("boîte : identifiants refusés, réponse NO [AUTHENTICATIONFAILED] ")


class Box:
    """An IMAP server with one mail whose header it repeats from the message that the relay got."""

    def __init__(self, sent: list[bytes], *, capability: bytes = b"", store: bytes = b"TAG OK\r\n") -> None:
        self.heard: list[bytes] = []
        self._sent = sent
        self.handler = imap_saying(
            self.heard,
            replies={
                "CAPABILITY": b"* CAPABILITY IMAP4rev1 " + capability + b"\r\nTAG OK\r\n",
                "UID SEARCH": lambda _: b"* SEARCH 7 8\r\nTAG OK\r\n" if self._sent else b"* SEARCH\r\nTAG OK\r\n",
                "UID FETCH": lambda _: self._headers(),
                "UID STORE": store,
            },
        )

    def _headers(self) -> bytes:
        ours = b"".join(line for line in self._sent if line.startswith(b"X-Vigie"))
        other = b"X-Vigie-Sonde: essai/web/site-2\r\nX-Vigie-Token: UID 7\r\n"
        mails = [b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (n, n, len(h), h) for n, h in ((8, other), (7, ours))]
        return b"".join(mails) + b"TAG OK\r\n"

    def verbs(self) -> list[bytes]:
        """The commands that change something."""
        return [b" ".join(line.split()[1:4]) for line in self.heard if b"STORE" in line or b"EXPUNGE" in line]


@pytest.mark.parametrize(
    ("capability", "store", "status", "verbs"),
    [
        (b"UIDPLUS", b"TAG OK\r\n", Status.OK, [b"UID STORE 7", b"UID EXPUNGE 7"]),
        (b"", b"TAG OK\r\n", Status.OK, [b"UID STORE 7"]),
        (b"UIDPLUS", b"TAG NO [NOPERM] read-only\r\n", Status.WARNING, [b"UID STORE 7"]),
    ],
    ids=["uidplus", "marked-only", "read-only"],
)
async def test_what_is_deleted_and_how(
    run: Runner, tmp_path: Path, capability: bytes, store: bytes, status: Status, verbs: list[bytes]
) -> None:
    sent: list[bytes] = []
    box = Box(sent, capability=capability, store=store)
    context, ca = tls_server(tmp_path)
    async with listening(smtp_saying(sent)) as relay, listening(box.handler, tls=context) as server:
        result = await run(
            sender="vigie@exemple.test",
            recipient=USER,
            smtp={"port": relay.port, "security": "none"},
            imap={"port": server.port, "security": "tls", "ca": ca, "login": LOGIN},
        )
    assert result.status is status, result.message
    assert box.verbs() == verbs
    assert ("boîte : suppression des messages d'essai refusée" in result.message) is (status is Status.WARNING)


async def test_a_search_that_is_refused(run: Runner, tmp_path: Path) -> None:
    context, ca = tls_server(tmp_path)
    handler = imap_saying([], replies={"UID SEARCH": b"TAG BAD what\r\n"})
    async with listening(handler, tls=context) as server:
        result = await run(
            sender="vigie@exemple.test",
            recipient=USER,
            imap={"port": server.port, "security": "tls", "ca": ca, "login": LOGIN},
        )
    assert result.status is Status.CRITICAL
    assert result.message == "boîte : recherche du message refusée, réponse BAD (texte masqué : la sonde a un secret)"
