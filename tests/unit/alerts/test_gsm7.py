"""Whatever is written leaves as an SMS of the 7-bit alphabet, no longer than asked, and still reads as French."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts.gsm7 import PART, SINGLE, fit, parts, septets, spell

# 3GPP TS 23.038, 6.2.1 and 6.2.1.1, written down again from its tables, row by row.
BASIC = set(
    "@Δ 0¡P¿p£_!1AQaq$Φ\"2BRbr¥Γ#3CScsèΛ¤4DTdtéΩ%5EUeuùΠ&6FVfvìΨ'7GWgw"
    "òΣ(8HXhxÇΘ)9IYiy\nΞ*:JZjzØ+;KÄkäøÆ,<LÖlö\ræ-=MÑmñÅß.>NÜnüåÉ/?O§oà"
)
EXTENDED = set("\f^{}\\[~]|€")

FRENCH = st.text(
    "abcdefghijklmnopqrstuvwxyz éèêëàâäçîïôöûùüœæÿÉÈÊËÀÂÇÎÔŒ«»’‘“”–—…·•°ªº²€[]{}~^|\\"
    "\u00a0\u202f\u2009🙂✅.,;:!?-0123456789\n"
)
ANY = st.text(max_size=400) | FRENCH


def cost(text: str) -> int:
    return sum(2 if character in EXTENDED else 1 for character in text)


@given(ANY)
def test_it_never_needs_another_alphabet(text: str) -> None:
    assert set(spell(text)) <= BASIC | EXTENDED
    assert set(fit(text)) <= BASIC | EXTENDED


@given(ANY, st.integers(1, 6))
def test_it_is_never_longer_than_asked(text: str, most: int) -> None:
    cut = fit(text, most)
    assert parts(cut) <= most
    assert cost(cut) <= (SINGLE if most == 1 else PART * most)


@given(ANY, st.integers(1, 3))
def test_done_twice_is_done_once(text: str, most: int) -> None:
    assert spell(spell(text)) == spell(text)
    assert fit(fit(text, most), most) == fit(text, most)


@given(ANY, st.integers(1, 3))
def test_what_fits_is_not_cut_and_what_is_cut_begins_as_it_did(text: str, most: int) -> None:
    flat = "\n".join(" ".join(line.split()) for line in spell(text).splitlines()).strip()
    cut = fit(text, most)
    if parts(flat) <= most:
        assert cut == flat
    else:
        assert cut.endswith("...")
        assert flat.startswith(cut.removesuffix("..."))


@given(st.text(sorted(BASIC | EXTENDED), max_size=700))
def test_septets_and_parts_are_those_of_the_standard(text: str) -> None:
    assert septets(text) == cost(text)
    # Part by part, an escape and its character together.
    found, used = 1, 0
    for character in text:
        size = cost(character)
        if used + size > 153:
            found, used = found + 1, 0
        used += size
    assert parts(text) == (1 if cost(text) <= 160 else found)


def test_an_escape_and_its_character_stay_together() -> None:
    assert parts("€" * 80) == 1
    assert parts("€" * 81) == 2
    assert parts("€" * 152) == 2
    assert parts("€" * 153) == 3  # 306 septets, twice 153, but each part holds 76 of them and loses one septet


def test_a_character_outside_the_alphabet_is_not_counted_by_guess() -> None:
    with pytest.raises(ValueError, match="'ê' is not in the alphabet"):
        septets("fenêtre")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("« Ça va » dit l’élève", '"Ça va" dit l\'élève'),
        ("Reçu : forêt, Noël, île, hôpital, août, œuvre, naïf", "Recu : foret, Noel, ile, hopital, aout, oeuvre, naif"),
        ("de 9 h à 17 h – lundi…", "de 9 h à 17 h - lundi..."),
        ("120\u202f000\u00a0€", "120 000 €"),
        ("École ÉTÉ Ça Œuvre ÊTRE", "École ÉTÉ Ça Oeuvre ETRE"),
        ("salle n° 2 à 21 °C", "salle no 2 à 21 oC"),
        ("Panne ⚠️ serveur 🔥", "Panne  serveur "),
        ("ﬁche ①", "fiche 1"),
        ("e\u0301cole", "école"),
        ("Владимир", "????????"),
    ],
)
def test_french_stays_french(written: str, read: str) -> None:
    assert spell(written) == read


def test_it_is_cut_between_words_and_says_so() -> None:
    told = "Mairie d'Exemple : accès Internet coupé depuis 17 h 20. " + "Trente sondes ne répondent plus. " * 6
    cut = fit(told)
    assert cut.startswith("Mairie d'Exemple : accès Internet coupé depuis 17 h 20. Trente")
    assert cut.removesuffix("...") in told
    assert told[len(cut) - 3] in " ."
    assert parts(cut) == 1


def test_a_word_that_never_ends_is_cut_in_the_middle() -> None:
    assert fit("a" * 500) == "a" * 157 + "..."
    assert septets(fit("€" * 500)) == 159  # 78 of them and the mark: the last septet would be half an escape
