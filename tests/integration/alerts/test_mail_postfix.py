"""Mails through a real Postfix: what it takes, what it refuses for now and for ever, TLS and logins."""

from __future__ import annotations

import email
import os
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from probes.secret import Secret
from supervisor.alerts.transport import Outcome
from tests.integration.alerts.letters import letter, mailing
from tests.integration.probes.authority import root
from tests.integration.probes.mail_servers import FULL, PASSWORD, USER, Platform
from tests.integration.probes.running import until
from tests.own_address import ADDRESS


def relay(mail: Platform, **more: Any) -> dict[str, Any]:
    return {"host": ADDRESS, "port": mail.smtp, "ca": mail.ca, "timeout": "60s", **more}


def boxed(mail: Platform, key: str) -> EmailMessage:
    """The one mail of this key in the box."""
    read = [email.message_from_bytes(path.read_bytes(), policy=default) for path in mail.delivered]
    (found,) = [message for message in read if message["X-Vigie-Key"] == key]
    assert isinstance(found, EmailMessage)
    return found


async def until_boxed(mail: Platform, key: str) -> EmailMessage:
    """The queue manager delivers a moment after it accepted."""
    await until(lambda: any(key.encode() in path.read_bytes() for path in mail.delivered))
    return boxed(mail, key)


@pytest.mark.parametrize(
    "how",
    [
        {"security": "starttls"},
        {"security": "tls"},
        {"security": "none"},
        {"security": "starttls", "user": USER, "password": Secret(PASSWORD)},
        {"security": "tls", "user": USER, "password": Secret(PASSWORD)},
    ],
    ids=["starttls", "tls", "plain", "starttls-login", "tls-login"],
)
async def test_a_mail_arrives_whole(mail: Platform, how: dict[str, Any]) -> None:
    port = {"starttls": mail.smtp, "tls": mail.smtps, "none": mail.plain}[how["security"]]
    channel = mailing(relay(mail, port=port, **how))
    key = f"essai-{os.urandom(6).hex()}"
    attempt = await channel.send(letter(USER, key=key))
    await channel.close()
    assert attempt.outcome is Outcome.SENT, attempt
    assert attempt.detail == f"accepté par {ADDRESS}:{port}"
    assert re.fullmatch(r"[0-9A-Za-z]+", attempt.receipt)
    # The queue id that Postfix knows it by; its log is written by a process of its own.
    await until(lambda: attempt.receipt in mail.log())
    message = await until_boxed(mail, key)
    assert message["Subject"] == "Panne : accès Internet de l’école"
    assert message["Message-ID"] == f"<{key}@exemple.test>"
    assert message["References"] == "<fil.incident-45@exemple.test>"
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "L’accès Internet de l’école est coupé depuis 17 h 20."
    protocol = "ESMTP" if how["security"] == "none" else "ESMTPSA" if "user" in how else "ESMTPS"
    assert f"with {protocol} id {attempt.receipt}" in " ".join(str(message["Received"]).split())


async def test_mails_share_a_connection(mail: Platform) -> None:
    channel = mailing(relay(mail))
    attempts = [await channel.send(letter(USER, key=f"essai-{os.urandom(6).hex()}")) for _ in range(3)]
    await channel.close()
    assert [attempt.outcome for attempt in attempts] == [Outcome.SENT] * 3
    receipts = [attempt.receipt for attempt in attempts]
    await until(lambda: all(f" {receipt}: client=" in mail.log() for receipt in receipts))
    taken = [line for line in mail.log().splitlines() if any(f" {receipt}: client=" in line for receipt in receipts)]
    (process,) = {found[0] for line in taken if (found := re.search(r"/smtpd\[\d+\]", line))}
    said = [line for line in mail.log().splitlines() if process in line]
    between = said[said.index(taken[0]) : said.index(taken[-1])]
    assert len(taken) == 3
    assert not [line for line in between if "connect from" in line]


@pytest.mark.parametrize(
    ("to", "outcome", "words"),
    [
        ("inconnu@exemple.test", Outcome.REFUSED, "destinataire refusé"),
        ("attente@exemple.test", Outcome.LATER, "refus temporaire"),  # greylisting
        ("surcharge@exemple.test", Outcome.LATER, "refus temporaire"),
        (FULL, Outcome.LATER, "refus temporaire"),
        # A 5xx that is about us: Postfix refuses to relay at RCPT. The receiver exists; the relay must be put right.
        ("maire@ailleurs.test", Outcome.LATER, "le relais ne nous accepte pas"),
        ("hélène@exemple.test", Outcome.REFUSED, "lettres accentuées"),
        ("maire@exemple.test\r\nDATA", Outcome.REFUSED, "n'est pas une adresse électronique"),
    ],
)
async def test_what_a_refusal_means(mail: Platform, to: str, outcome: Outcome, words: str) -> None:
    channel = mailing(relay(mail))
    attempt = await channel.send(letter(to))
    assert attempt.outcome is outcome, attempt
    assert words in attempt.detail
    assert attempt.theirs is (to in ("attente@exemple.test", FULL))
    assert "\n" not in attempt.detail
    # The connection is good for the next mail all the same.
    key = f"essai-{os.urandom(6).hex()}"
    assert (await channel.send(letter(USER, key=key))).outcome is Outcome.SENT
    await channel.close()
    await until_boxed(mail, key)


async def test_a_wrong_password_is_told_and_not_shown(mail: Platform) -> None:
    channel = mailing(relay(mail, user=USER, password=Secret("Xk9-faux-mot")))
    attempt = await channel.send(letter(USER))
    assert attempt.outcome is Outcome.LATER
    assert "identifiants refusés (« user » et « password » du relais)" in attempt.detail
    assert "Xk9-faux-mot" not in attempt.detail


async def test_a_login_where_none_is_offered(mail: Platform) -> None:
    channel = mailing(relay(mail, port=mail.plain, security="none", user=USER, password=Secret(PASSWORD)))
    attempt = await channel.send(letter(USER))
    assert attempt.outcome is Outcome.LATER
    assert "le relais ne propose aucune authentification" in attempt.detail


async def test_starttls_is_never_given_up(mail: Platform) -> None:
    channel = mailing(relay(mail, port=mail.plain))
    attempt = await channel.send(letter(USER))
    assert attempt.outcome is Outcome.LATER
    assert "le relais ne propose pas STARTTLS" in attempt.detail


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_another_authority(mail: Platform, security: str, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(root("Une autre racine").pem)
    port = mail.smtp if security == "starttls" else mail.smtps
    channel = mailing(relay(mail, port=port, security=security, ca=str(other)))
    attempt = await channel.send(letter(USER))
    assert attempt.outcome is Outcome.LATER
    assert "autorité inconnue" in attempt.detail
    assert "corriger le certificat, ou « ca » du relais" in attempt.detail
    # What is not verified is accepted, when the config says so.
    trusting = mailing(relay(mail, port=port, security=security, ca=None, verify=False))
    assert (await trusting.send(letter(USER))).outcome is Outcome.SENT
    await trusting.close()


async def test_the_next_relay_takes_what_the_first_refuses_for_now(mail: Platform) -> None:
    deaf = {"host": ADDRESS, "port": 1, "timeout": "2s"}
    key = f"essai-{os.urandom(6).hex()}"
    channel = mailing(deaf, relay(mail))
    attempt = await channel.send(letter(USER, key=key))
    await channel.close()
    assert attempt.outcome is Outcome.SENT
    assert attempt.detail == f"accepté par {ADDRESS}:{mail.smtp}"
    await until_boxed(mail, key)
