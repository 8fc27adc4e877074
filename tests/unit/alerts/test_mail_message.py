"""A letter as a mail: what a mailbox reads in it, and what nobody can smuggle into it."""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts.mail_message import AddressError, address, compose
from supervisor.alerts.transport import Letter

SENDER = "vigie@exemple.fr"


def letter(**changed: object) -> Letter:
    written: dict[str, object] = {
        "key": "incident-45-ouvert-7",
        "to": "maire@exemple.fr",
        "subject": "Panne : accès Internet de l’école – depuis 17 h 20",
        "text": "Bonjour,\n\nL’accès est coupé.\n.\nFin.\n",
        "html": "<p>L’accès est coupé.</p>",
        "thread": "incident-45",
        "at": 1_795_000_000,
    }
    return Letter(**{**written, **changed})  # type: ignore[arg-type]


def read(of: Letter, now: int = 1_795_000_060) -> EmailMessage:
    raw = compose(of, sender=SENDER, name="Moselle Fibre", to=of.to, now=now)
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_what_a_mailbox_sees() -> None:
    message = read(letter())
    assert str(message["From"]) == "Moselle Fibre <vigie@exemple.fr>"
    assert message["To"] == "maire@exemple.fr"
    assert message["Subject"] == "Panne : accès Internet de l’école – depuis 17 h 20"
    assert message["Date"].datetime.timestamp() == 1_795_000_060  # when it leaves, not when the trouble began
    assert message["Message-ID"] == "<incident-45-ouvert-7@exemple.fr>"
    assert message["In-Reply-To"] == message["References"] == "<fil.incident-45@exemple.fr>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Vigie-Key"] == "incident-45-ouvert-7"
    assert message["List-Id"] is None
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == letter().text  # type: ignore[attr-defined]
    assert html.get_content().strip() == letter().html  # type: ignore[attr-defined]


def test_a_letter_without_html_or_thread() -> None:
    message = read(letter(html=None, thread=None))
    assert message.get_content_type() == "text/plain"
    assert message["References"] is None


def test_a_repeat_has_the_same_id_and_another_letter_has_not() -> None:
    assert read(letter(), now=1)["Message-ID"] == read(letter(), now=2)["Message-ID"]
    assert read(letter(key="a b"))["Message-ID"] != read(letter(key="a c"))["Message-ID"]


def test_ids_longer_than_a_line_are_whole() -> None:
    # Python 3.11 would encode them, and no mailbox would find the thread again.
    host = f"{'sous-domaine.' * 6}exemple.fr"
    raw = compose(letter(key="k" * 48, thread="t" * 48), sender=f"vigie@{host}", name="V", to="a@b.fr", now=0)
    lines = raw.decode("ascii").split("\r\n")
    assert f"Message-ID: <{'k' * 48}@{host}>" in lines
    assert f"References: <fil.{'t' * 48}@{host}>" in lines


@given(
    subject=st.text(max_size=300),
    key=st.text(min_size=1, max_size=80),
    thread=st.none() | st.text(min_size=1, max_size=80),
    name=st.text(min_size=1, max_size=80),
    text=st.text(st.characters(), max_size=200),
)
def test_nothing_that_is_written_becomes_a_header(
    subject: str, key: str, thread: str | None, name: str, text: str
) -> None:
    of = letter(subject=subject + "\ud800\r\nBcc: autre@exemple.fr", key=key, thread=thread, text=text + "\udc80")
    raw = compose(of, sender=SENDER, name=name + "\nBcc: x", to="maire@exemple.fr", now=0)
    raw.decode("ascii")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(raw, policy=default)
    assert message["Bcc"] is None
    expected = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"}
    expected |= {"X-Vigie-Key", "MIME-Version", "Content-Type"}
    expected |= {"In-Reply-To", "References"} if thread is not None else set()
    assert set(message.keys()) == expected
    assert len(message.keys()) == len(expected)
    assert re.fullmatch(r"<[A-Za-z0-9._-]+@exemple\.fr>", message["Message-ID"])


@pytest.mark.parametrize(
    ("written", "sent"),
    [("maire@exemple.fr", "maire@exemple.fr"), ("a.b+c@sous.exemple.fr", "a.b+c@sous.exemple.fr"),
     ("maire@forêt.fr", "maire@xn--fort-ipa.fr")],
)  # fmt: skip
def test_addresses_that_mail_reaches(written: str, sent: str) -> None:
    assert address(written) == sent


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("hélène@exemple.fr", "a des lettres accentuées avant le @"),
        ("exemple.fr", "n'est pas une adresse électronique"),
        ("maire@", "n'est pas une adresse électronique"),
        ("maire@localhost", "n'est pas une adresse électronique"),
        ("maire@exemple.fr\r\nRCPT TO:<x@y.fr>", "n'est pas une adresse électronique"),
        ("maire@exemple.fr>\r\nDATA", "n'est pas une adresse électronique"),
        ("a b@exemple.fr", "n'est pas une adresse électronique"),
        ("a..b@exemple.fr", "n'est pas une adresse électronique"),
        ("x" * 65 + "@exemple.fr", "n'est pas une adresse électronique"),
        (f"x@{'é' * 70}.fr", "n'est pas une adresse électronique"),
    ],
)
def test_addresses_that_are_refused_at_once(written: str, why: str) -> None:
    with pytest.raises(AddressError) as refused:
        address(written)
    assert why in refused.value.message
    assert "\n" not in refused.value.message


@given(st.text(max_size=120))
def test_whatever_is_written_it_is_an_address_or_a_reason(written: str) -> None:
    said = _sent_or_refused(written)
    assert said.isascii() or said.startswith("« ")
    assert not re.search(r"[\r\n]", said)
    assert said.startswith("« ") or not re.search(r"[\s<>\"]", said)


def _sent_or_refused(written: str) -> str:
    try:
        return address(written)
    except AddressError as error:
        return error.message
