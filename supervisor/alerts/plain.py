"""What others wrote (names, what a server answered), made fit to stand in a sentence: one line, bounded, inert."""

from __future__ import annotations

import re
import unicodedata

_SCANNED = 4  # characters looked at for each that is kept: ten megabytes of nothing cost nothing
_PILED = 2  # accents on one letter: no language of a message piles up more
_BREAKABLE = re.compile(r"\s+")


def plain(text: str, most: int) -> str:
    """At most so many characters of it, on one line, cut between two words, with "…" for the rest.

    Characters without a shape are dropped: those that turn the direction of reading or hide letters (bidi, zero width),
    halves of pairs that no mail can carry, and heaps of accents that would cover the lines around.
    """
    kept: list[str] = []
    piled = 0
    for character in unicodedata.normalize("NFC", text[: most * _SCANNED]):
        category = unicodedata.category(character)
        piled = piled + 1 if category in ("Mn", "Me") else 0
        if category in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        elif category[0] != "C" and piled <= _PILED:
            kept.append(character)
    flat = _BREAKABLE.sub(" ", "".join(kept)).strip()
    if len(flat) <= most:
        return flat if len(text) <= most * _SCANNED else f"{flat[: most - 1]}…"
    end = flat.rfind(" ", most // 2, most)
    return flat[: end if end > 0 else most - 1].rstrip(" ,;:.(«") + "…"
