"""The text of a page as its visitor reads it: decoded as browsers do, and compared as people do."""

from __future__ import annotations

import re
import sys
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from html.entities import html5

_PRESCAN = 1024  # bytes in which a page says its own encoding (WHATWG, "prescan a byte stream")
_META = re.compile(rb"<(?:meta\b[^>]*?|\?xml\b[^>]*?)(?:charset|encoding)\s*=\s*[\"']?\s*([a-z0-9_-]+)", re.IGNORECASE)
_MARKS = ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"))
# Python has codecs that take quadratic time or run for other purposes (punycode, idna): only what web pages use. Those
# that say ASCII or Latin-1 are read as windows-1252, which holds them: their apostrophes and euros come from there.
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
    "iso-8859-15": "iso-8859-15",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_RUN = re.compile("[a-z0-9]+")
_TYPOGRAPHY = (("’", "'"), ("‘", "'"))
# Our own, and not html.unescape nor a whole normalisation: a page of digits makes the one raise, and a page of
# combining marks keeps the other busy for minutes.
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_COMPOSED = re.compile("[A-Za-z][\u0300-\u0327]")  # a letter and one accent: all that French and its neighbours need


def decode_page(data: bytes, charset: str | None) -> str:
    """The text: its mark says how, else the server's header, else the page; bytes that do not fit are replaced."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace")
    codec = _CHARSETS.get(charset.lower(), "") if charset is not None else ""
    if not codec and (said := _META.search(data[:_PRESCAN])):
        codec = _CHARSETS.get(said[1].decode().lower(), "")
        codec = "utf-8" if codec.startswith("utf-16") else codec  # it could not have been read so far
    if codec:
        return data.decode(codec, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        # Nothing is said: what browsers of Western Europe suppose, unless it is UTF-8 but for a few bytes.
        text = data.decode("utf-8", "replace")
        foreign = len(text) - len(text.encode("ascii", "ignore"))
        return text if 2 * text.count("�") < foreign else data.decode("windows-1252", "replace")


class PageText:
    """Looks for words of the config in a page."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lower = ""  # these two are made when they are needed: most words are found as they are written
        self._read = ""

    def holds(self, words: str) -> bool:
        """Whether the words are there, however the page spells their accents, apostrophes and spaces.

        Written in lower case they are found in any case: "maintenance en cours" begins sentences too.
        """
        if words in self._text:
            return True
        self._lower = self._lower or self._text.lower()
        # The longest part that has one spelling only: nine in ten pages do not hold it, and cost nothing more.
        if max(_RUN.findall(words.lower()), key=len, default="") not in self._lower:
            return False
        self._read = self._read or _read(self._text)
        wanted = _read(words)
        return bool(wanted) and (wanted in self._read or (words == words.lower() and wanted in self._read.lower()))


def _read(text: str) -> str:
    """Entities, composed accents, typographic apostrophes and runs of spaces in one spelling."""
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if not text.isascii():
        for odd, plain in _TYPOGRAPHY:
            text = text.replace(odd, plain)
        text = _COMPOSED.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)
    return " ".join(text.split())


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if not name.startswith("#"):
        return html5.get(name + ";", match[0])
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(code) if code <= sys.maxunicode else match[0]
