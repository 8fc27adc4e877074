"""The alphabet of SMS (3GPP TS 23.038, GSM 7 bit), so that a French message is read and is not charged three times.

One character outside it (ç, ê, a non-breaking space) turns a whole message to UCS-2: 70 characters instead of 160.
"""

from __future__ import annotations

import re
import unicodedata

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"  # behind an escape: each counts double
_COST = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENDED, 2)}

SINGLE = 160  # septets of a message alone
PART = 153  # of each part of a longer one: the rest is the header that joins them
_CUT = "..."
_QUOTED = re.compile(r"(«)\s+|\s+(»)")  # the space within French quotation marks goes with them

# What decomposition does not give. Quotation marks and dashes become what a telephone keyboard has.
_SAID = {
    "œ": "oe", "Œ": "Oe", "ÿ": "y", "Ÿ": "Y", "ç": "c", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‹": "'", "›": "'", "’": "'", "‘": "'", "‚": "'", "`": "'",
    "´": "'", "ʼ": "'", "′": "'", "″": '"',
    "–": "-", "—": "-", "―": "-", "‐": "-", "‑": "-", "−": "-", "­": "", "…": "...", "•": "-", "·": ".",
    "×": "x", "÷": "/", "°": "o", "º": "o", "ª": "a", "²": "2", "³": "3", "µ": "u", "≤": "<=", "≥": ">=", "≠": "<>",
    "≈": "~", "→": "->", "←": "<-", "↑": "+", "↓": "-", "©": "(c)", "®": "(R)", "™": "(TM)", "№": "No", "\t": " ",
    "\r\n": "\n", "\u2028": "\n", "\u2029": "\n", "¦": "|", "✅": "OK", "✔": "OK", "✓": "OK", "❌": "X", "✗": "X",
}  # fmt: skip


def spell(text: str) -> str:
    """`text` with the alphabet's letters only, as close as can be: « École fermée » becomes "École fermée".

    A sign that means nothing without its picture (an emoji) is dropped.
    """
    whole = unicodedata.normalize("NFC", _QUOTED.sub(r"\1\2", text).replace("\r\n", "\n"))
    spelt = "".join(_letter(character) for character in whole)
    return spelt.replace("\r", "\n").replace("\f", "\n")


def _letter(character: str) -> str:
    if character in _COST:
        return character
    if character in _SAID:
        return _SAID[character]
    if character.isspace():  # non-breaking, thin, ideographic…
        return " "
    # É is in the alphabet and Ê is not: accents are given up one by one, compatibility forms (ﬁ, ①) taken apart.
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    if bare == character:
        return "?" if unicodedata.category(character)[0] in "LN" else ""
    return "".join(_letter(c) for c in bare)


def septets(text: str) -> int:
    """How long it is on the air; ValueError when it has a character outside the alphabet."""
    try:
        return sum(_COST[character] for character in text)
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in the alphabet of SMS") from None


def parts(text: str) -> int:
    """How many messages it is charged as."""
    if septets(text) <= SINGLE:
        return 1
    found, room = 1, PART
    for character in text:  # an escape and its character are never parted
        cost = _COST[character]
        if cost > room:
            found, room = found + 1, PART
        room -= cost
    return found


def fit(text: str, most: int = 1) -> str:
    """`text` spelt and cut so that it is charged as `most` messages at most.

    It is cut between two words where there is one in the last third, and ends with "..." then: what matters stands
    first in it, and a cut is seen.
    """
    spelt = "\n".join(" ".join(line.split()) for line in spell(text).splitlines()).strip()
    if parts(spelt) <= most:
        return spelt
    end = _longest(spelt, most)
    while end and spelt[end - 1].isspace():
        end -= 1
    between = max(spelt.rfind(" ", 0, end + 1), spelt.rfind("\n", 0, end + 1))
    if between >= end * 2 // 3:
        end = between
    return spelt[:end].rstrip(" \n,;:.-(") + _CUT


def _longest(spelt: str, most: int) -> int:
    """How many characters of it fit, with the mark of the cut behind them."""
    low, high = 0, min(len(spelt), PART * most + SINGLE)
    while low < high:
        middle = (low + high + 1) // 2
        if parts(spelt[:middle] + _CUT) <= most:
            low = middle
        else:
            high = middle - 1
    return low
