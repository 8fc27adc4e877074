"""Pages as their visitors read them, however they are written and whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.page_text import PageText, decode_page

META = '<html><meta http-equiv="Content-Type" content="text/html; charset={}"><p>é €'


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("été".encode(), None, "été"),
        ("été".encode("latin-1"), "ISO-8859-1", "été"),
        ("l’été".encode("windows-1252"), "iso-8859-1", "l’été"),  # what Windows calls Latin-1
        ("été €".encode("iso-8859-15"), "ISO-8859-15", "été €"),
        ("été".encode("latin-1"), None, "été"),  # not UTF-8, nothing said
        ("été, ça, là".encode() + b"\xe9", None, "été, ça, là�"),  # UTF-8 but for a byte
        ("é".encode()[:1], None, "Ã"),
        ("\ufeffété".encode(), "iso-8859-1", "été"),  # the mark wins, and is no text
        ("été".encode("utf-16"), None, "été"),
        ("\ufeffété".encode("utf-16-be"), "utf-8", "été"),
        (META.format("windows-1252").encode("windows-1252"), None, META.format("windows-1252")),
        (META.format("utf-8").encode(), None, META.format("utf-8")),
        (META.format("utf-16").encode(), None, META.format("utf-16")),  # it lies, or we could not read it
        ("<meta charset=latin1>é".encode("latin-1"), None, "<meta charset=latin1>é"),
        ("<meta charset=latin1>é".encode(), "utf-8", "<meta charset=latin1>é"),  # the header wins
        ('<?xml version="1.0" encoding="ISO-8859-1"?>é'.encode("latin-1"), None, None),
        (b"\xff\xfe", "utf-8", ""),
        (b"xn--", "punycode", "xn--"),
        (b"abc", "no such charset", "abc"),
    ],
)
def test_encodings(data: bytes, charset: str | None, text: str | None) -> None:
    assert decode_page(data, charset) == (text if text is not None else data.decode("latin-1"))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("Commune d&#039;Exemple", "Commune d'Exemple"),
        ("Commune d&#x2019;Exemple", "Commune d'Exemple"),
        ("Commune d’Exemple", "Commune d'Exemple"),
        ("Commune d'Exemple", "Commune d’Exemple"),
        ("momentan&eacute;ment indisponible", "momentanément indisponible"),
        ("Ch\N{LATIN SMALL LETTER A WITH CIRCUMFLEX}teau", "Cha\u0302teau"),
        ("Cha\u0302teau", "Château"),
        ("Mairie\N{NO-BREAK SPACE}: horaires", "Mairie : horaires"),
        ("Mairie&nbsp;: horaires", "Mairie : horaires"),
        ("en cours\n      de  maintenance", "en cours de maintenance"),
        ("<h1>Maintenance en cours</h1>", "maintenance en cours"),
        ("ACCÈS INTERDIT", "accès interdit"),
        ("<FORM action=x>", "<form"),
        ("état", "État".lower()),
        ("a &amp; b", "a & b"),
        ("&amp;", "&amp;"),
        ("  ", "  "),
    ],
)
def test_words_that_are_there(page: str, words: str) -> None:
    assert PageText(page).holds(words)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("fatal error", "Fatal error"),  # a capital is meant
        ("maintenance terminée", "maintenance en cours"),
        ("Commune dExemple", "Commune d'Exemple"),
        ("&notanentity;", "notanentity."),
        ("", "a"),
        ("abc", "   "),
        ("abc", "'"),
    ],
)
def test_words_that_are_not(page: str, words: str) -> None:
    assert not PageText(page).holds(words)


@pytest.mark.parametrize(
    "page",
    [
        "&#" + "9" * 1_000_000 + ";z",
        "&#9999999;&#x110000;&#xd800;z",
        "&" * 1_000_000 + "z",
        "a" + "\u0301\u0323" * 250_000 + "z",
        "z" + "\u0301" * 500_000,
        "<meta " * 170_000 + "z",
        " " * 1_000_000 + "z",
    ],
    ids=["digits", "no characters", "ampersands", "two accents each", "accents", "tags", "spaces"],
)
def test_pages_made_to_cost_end(page: str) -> None:
    """Normalising the accents as Unicode says takes minutes, and the library's reader of entities raises."""
    read = PageText(decode_page(page.encode("utf-8", "replace"), None))
    assert not read.holds("z absent")
    assert not read.holds("Z'")


@given(st.text(max_size=200), st.text(min_size=1, max_size=20))
def test_what_is_written_is_found(around: str, words: str) -> None:
    assert PageText(around + words + around).holds(words)


@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "utf-16", "iso-8859-1", "idna", "é"]))
def test_whatever_the_bytes_there_is_a_text(data: bytes, charset: str | None) -> None:
    assert len(decode_page(data, charset)) <= len(data)
