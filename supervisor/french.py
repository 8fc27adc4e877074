"""French as it is set and declined: names of days and months, spaces that do not break, "de" before a name, lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

NBSP: Final = "\N{NO-BREAK SPACE}"
THIN: Final = "\N{NARROW NO-BREAK SPACE}"  # before ; ! ? and between thousands

DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_WIDE = re.compile(r"(?<=«) | (?=[»:%])")
_NARROW = re.compile(r" (?=[;!?])")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")  # inside a word: 'x' stays as a machine wrote it
_VOWELS = "aàâeéèêëhiîïoôuùûœ"  # an h of a place or a body is nearly always mute
# What collectivités are called by, as "de" takes it; others take "de" or "d’".
_DE: Final = {
    "du": ("syndicat", "centre", "conseil", "département", "pays", "pôle", "sivom", "sivu", "groupement", "ccas"),
    "de la": ("communauté", "commune", "ville", "métropole", "régie", "mairie", "région", "caisse"),
    "de l’": ("agglomération", "agence", "association", "école", "établissement", "eurométropole", "union", "office"),
}
_ARTICLES: Final = {"le": "du", "la": "de la", "les": "des"}


def typeset(text: str) -> str:
    """Curved apostrophes; and the spaces inside « » and before : ; ! ? % are not where a line may break.

    Of what others wrote too: their words stay, but a report is not set in two ways.
    """
    return _NARROW.sub(THIN, _WIDE.sub(NBSP, _APOSTROPHE.sub("’", text)))


def quoted(text: str) -> str:
    """What somebody else wrote. What quotes something itself stands as it is: « » do not hold another « »."""
    return text if "«" in text or "»" in text else f"«{NBSP}{text}{NBSP}»"


def of(name: str) -> str:
    """ "du Syndicat …", "de la Commune …", "des Trois-Lanternes", "d’Arles": a collectivité after "de"."""
    first, _, rest = name.partition(" ")
    if first.lower() in _ARTICLES and rest:
        return f"{_ARTICLES[first.lower()]} {rest}"
    if name.lower().startswith(("l’", "l'")):
        return f"de {name[0].lower()}’{name[2:]}"
    for article, words in _DE.items():
        if first.lower() in words:
            return f"{article}{'' if article.endswith('’') else ' '}{name}"
    return f"d’{name}" if name[:1].lower() in _VOWELS else f"de {name}"


def listing(words: Sequence[str]) -> str:
    """ "a, b et c"."""
    return " et ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def ordinal(day: int) -> str:
    """A day of the month: only the first is an ordinal."""
    return "1er" if day == 1 else str(day)
