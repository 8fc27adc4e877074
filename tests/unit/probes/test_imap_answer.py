"""Answers of IMAP, and names as it writes them."""

from __future__ import annotations

import pytest

from probes.imap_answer import (
    Answer,
    Line,
    announced,
    mailbox_name,
    read_status,
    refused_login,
    refused_mailbox,
    uid_of,
)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", b"INBOX"),
        ("Envoyés", b"Envoy&AOk-s"),
        ("R&D", b"R&-D"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501, 5.1.3
        ("😀", b"&2D3eAA-"),
    ],
)
def test_names_of_mailboxes(name: str, written: bytes) -> None:
    assert mailbox_name(name) == written


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (b"OK done", Answer("OK", "", "done")),
        (b"no [AUTHENTICATIONFAILED] sorry", Answer("NO", "AUTHENTICATIONFAILED", "sorry")),
        (b"OK [UIDNEXT 12] next", Answer("OK", "UIDNEXT", "next")),
        (b"BAD", Answer("BAD", "", "")),
    ],
)
def test_statuses(text: bytes, answer: Answer) -> None:
    assert read_status(text) == answer


@pytest.mark.parametrize("text", [b"", b"OKAY fine", b"250 ok", b"\xff"])
def test_what_is_no_status(text: bytes) -> None:
    with pytest.raises(ValueError, match="not a status"):
        read_status(text)


def test_literals_are_announced_at_the_end() -> None:
    assert announced(b"* 1 FETCH (BODY[] {12}") == 12
    assert announced(b"a LOGIN {3+}") == 3
    assert announced(b"{12} and more") is None
    assert announced(b"{9999999999}") is None


def test_the_uid_is_never_read_from_what_a_stranger_wrote() -> None:
    line = Line((b"1 FETCH (BODY[HEADER.FIELDS (X)] {7}", b"UID 666", b" UID 12)"))
    assert uid_of(line) == 12
    assert uid_of(Line((b"1 FETCH (BODY[] {7}", b"UID 666", b")"))) is None


def test_words_of_untagged_answers() -> None:
    answer = Answer("OK", "", "", (Line((b"SEARCH 3 4",)), Line((b"",)), Line((b"5 EXISTS",)), Line((b"search 9",))))
    assert answer.words(b"SEARCH") == [b"3", b"4", b"9"]


def test_refusals() -> None:
    assert refused_login(Answer("NO", "UNAVAILABLE", "")) == "authentification indisponible pour l'instant"
    assert refused_login(Answer("NO", "", "")) == "authentification refusée"
    assert (
        refused_mailbox(Answer("NO", "NONEXISTENT", ""), "X") == "boîte « X » impossible à ouvrir : elle n'existe pas"
    )
    assert refused_mailbox(Answer("NO", "", ""), "X") == "boîte « X » impossible à ouvrir"
