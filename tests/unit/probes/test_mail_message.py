"""The test mail of `mail-loop`, and how it is known again."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP

from probes.mail_message import Mark, read, write

MARK = Mark("syndicat/zimbra/boucle", "0123456789abcdef", 1_790_000_060)


def test_what_is_written_is_read_again() -> None:
    mail = write(MARK, "vigie@exemple.fr", "essai@exemple.fr", 1_790_000_000.0)
    assert read(mail.partition(b"\r\n\r\n")[0]) == MARK
    parsed = message_from_bytes(mail, policy=SMTP)
    assert (parsed["From"], parsed["To"]) == ("vigie@exemple.fr", "essai@exemple.fr")
    assert parsed["Message-ID"] == "<0123456789abcdef@exemple.fr>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert "syndicat/zimbra/boucle" in parsed.get_content()
    assert all(len(line) <= 998 and line.isascii() for line in mail.split(b"\r\n"))


def test_a_long_name_that_is_folded_is_read_again() -> None:
    long = Mark("/".join(["c" * 60, "e" * 60, "s" * 60]), "t" * 32, 5)
    assert read(write(long, "a@exemple.fr", "b@exemple.fr", 0.0).partition(b"\r\n\r\n")[0]) == long


def test_what_is_no_test_mail() -> None:
    assert read(b"Subject: X-Vigie-Sonde: a/b/c\r\nFrom: x@exemple.fr") is None
    assert read(b"") is None


def test_nobody_waits_for_a_mail_without_a_date() -> None:
    assert read(b"x-vigie-sonde: a/b/c\r\nX-Vigie-Until: demain") == Mark("a/b/c", "", 0)
