"""Replies of SMTP, and what refusals say."""

from __future__ import annotations

import pytest

from probes.base import Status
from probes.smtp_reply import Reply, is_last, read, refused_login, refused_mail


def test_a_reply_of_several_lines() -> None:
    lines = [b"250-mx.exemple.fr", b"250-SIZE 1000", b"250 AUTH PLAIN"]
    assert [is_last(line) for line in lines] == [False, False, True]
    assert read(lines) == Reply(250, "", ("mx.exemple.fr", "SIZE 1000", "AUTH PLAIN"))


def test_enhanced_codes_are_taken_off() -> None:
    reply = read([b"450-4.7.1 wait", b"450 4.7.1 and see"])
    assert reply == Reply(450, "4.7.1", ("wait", "and see"))
    assert (reply.said(), reply.text(), reply.good) == ("450 4.7.1", "wait and see", False)


def test_a_bare_code_is_a_reply() -> None:
    assert is_last(b"250")
    assert read([b"250"]) == Reply(250, "", ("",))


@pytest.mark.parametrize("line", [b"", b"25", b"2500 x", b"abc hello", b"150 x", b"650 x", b"* OK", b"\xff\xfe\x00"])
def test_what_is_no_reply(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a reply"):
        is_last(line)
    with pytest.raises(ValueError, match="not a reply"):
        read([line])


def test_two_replies_in_one() -> None:
    with pytest.raises(ValueError, match="two replies"):
        read([b"250-yes", b"550 no"])


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"450 4.7.1 try again later", Status.WARNING),
        (b"451 4.7.0 rate limited", Status.WARNING),
        (b"450 4.2.0 <x>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/", Status.WARNING),
        (b"451 Graylisted", Status.WARNING),
        (b"450 not now", Status.WARNING),
        (b"450 4.1.8 sender domain not found", Status.WARNING),
        (b"451 4.3.0 lookup failure", Status.CRITICAL),
        (b"450 4.4.3 no route", Status.CRITICAL),
        (b"452 insufficient storage", Status.CRITICAL),
        (b"452 4.2.2 over quota", Status.CRITICAL),
        (b"421 closing", Status.CRITICAL),
        (b"550 5.1.1 unknown", Status.CRITICAL),
        (b"550 5.7.1 greylisted for ever", Status.CRITICAL),
    ],
)
def test_put_off_or_refused(line: bytes, status: Status) -> None:
    found, message = refused_mail(read([line]), "destinataire")
    assert found is status
    assert message.startswith("destinataire différé : " if line.startswith(b"4") else "destinataire refusé : ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"535 5.7.8 bad", "identifiants refusés"),
        (b"530 5.7.0 Must issue STARTTLS", "authentification refusée : chiffrement exigé"),
        (b"432 4.7.12 transition", "authentification refusée : mot de passe à changer"),
        (b"454 4.7.0 later", "authentification indisponible pour l'instant"),
        (b"500 what", "authentification refusée"),
    ],
)
def test_logins(line: bytes, message: str) -> None:
    assert refused_login(read([line])) == message
