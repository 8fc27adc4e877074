"""What an unquoted YAML word means: the plain reading, without the surprises of YAML 1.1.

PyYAML turns `no` into False, `0123` into 83 and `10:30` into 630. Here a word means what it looks like, and one
that YAML would read as something else becomes a `Trap`: no text, no number, so that whatever field it is written
in refuses it and its mistake says why. A flag alone accepts `on`, `off`, `yes` and `no`.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
_CERTAIN = frozenset({"true", "false"})
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURPRISES = (
    (re.compile(r"[-+]?0[0-9_]+"), "an octal number"),
    (re.compile(r"[-+]?0[xX][0-9a-fA-F_]+"), "a hexadecimal number"),
    (re.compile(r"[-+]?0[bB][01_]+"), "a binary number"),
    (re.compile(r"0o[0-7]+"), "an octal number"),
    (re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*"), "a number with '_' between its digits"),
    (re.compile(r"-?[0-9]{19,}"), "a number of more than 18 digits"),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)"), "an infinite number"),
    (re.compile(r"\.(?:nan|NaN|NAN)"), "a value that is no number"),
)


class Trap:
    """A word that YAML reads otherwise than it looks."""

    __slots__ = ("text", "why")

    def __init__(self, text: str, why: str) -> None:
        self.text = text
        self.why = why  # what is wrong and what would be right

    def __repr__(self) -> str:
        return f"Trap({self.text!r})"


class Word(Trap):
    """`yes`, `no`, `on`, `off`: a flag may be written so, a text may not."""

    __slots__ = ("as_bool",)

    def __init__(self, text: str, as_bool: bool) -> None:
        super().__init__(text, f'{text} is read by YAML as a boolean; write it between quotes: "{text}"')
        self.as_bool = as_bool


EMPTY = Trap("", "nothing is written here; give a value, or remove the line")


def plain(text: str) -> Any:
    """The value of an unquoted word: text, number, flag, date, nothing, or a trap."""
    first = text[:1]
    if first and first not in "-+.0123456789":
        return _word(text)
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) else Trap(text, f"{text} is too large a number; write a smaller one")
    if _DATE.fullmatch(text):
        return _date(text)
    if not text:
        return EMPTY
    for pattern, reading in _SURPRISES:
        if pattern.fullmatch(text):
            why = f'{text} is read by YAML as {reading}; write plain digits, or put it between quotes: "{text}"'
            return Trap(text, why)
    return text


def _word(text: str) -> Any:
    if text in _NULLS:
        return None
    lower = text.lower()
    if lower in _BOOLEANS and text in (lower, lower.capitalize(), lower.upper()):
        return _BOOLEANS[lower] if lower in _CERTAIN else Word(text, _BOOLEANS[lower])
    return text


def _date(text: str) -> date | Trap:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return Trap(text, f"{text} is a date that does not exist; correct it, or put it between quotes if it is a text")
