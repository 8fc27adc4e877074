"""Numbers as people write them, here and overseas."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts.phone import PhoneError, e164


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+33600000001", "+33600000001"),
        ("+33 6 00 00 00 01", "+33600000001"),
        ("+33 (0)6 00 00 00 01", "+33600000001"),
        ("0033 6.00.00.00.01", "+33600000001"),
        ("+33\u00a07\u202f00-00-00-01", "+33700000001"),
        ("+262 692 00 00 01", "+262692000001"),
        ("+262639000001", "+262639000001"),
        ("+590 690 00 00 01", "+590690000001"),
        ("+594694000001", "+594694000001"),
        ("+596 696 00 00 01", "+596696000001"),
        ("+508 550001", "+508550001"),
        ("+681 820001", "+681820001"),
        ("+687 750001", "+687750001"),
        ("+689 87 00 00 01", "+68987000001"),
        ("+352 621 000 001", "+352621000001"),
        ("+49 151 00000001", "+4915100000001"),
    ],
)
def test_what_is_accepted_anywhere(written: str, number: str) -> None:
    assert e164(written) == number
    assert e164(number, "FR") == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("06 00 00 00 01", "+33600000001"),
        ("07.00.00.00.01", "+33700000001"),
        # The ten digits of a mobile overseas are not one of metropolitan France.
        ("0690 00 00 01", "+590690000001"),
        ("0692 00 00 01", "+262692000001"),
        ("0639 00 00 01", "+262639000001"),
        ("0694 00 00 01", "+594694000001"),
        ("0696 00 00 01", "+596696000001"),
    ],
)
def test_a_national_number_needs_a_country(written: str, number: str) -> None:
    assert e164(written, "FR") == number
    with pytest.raises(PhoneError) as refused:
        e164(written)
    assert f"écrivez-le {number}, ou précisez « country: FR »" in refused.value.message


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "n'est pas un numéro de téléphone : écrivez-le au format international"),
        ("mairie", "n'est pas un numéro de téléphone"),
        ("+33", "n'est pas un numéro de téléphone"),
        ("06 00 00 00", "n'est pas un numéro de téléphone"),
        ("+٣٣٦٠٠٠٠٠٠٠١", "n'est pas un numéro de téléphone"),
        ("+33600000001\r\nBcc: x", "n'est pas un numéro de téléphone"),
        ("+330600000001", "a un 0 de trop : écrivez-le +33600000001"),
        ("+262 0692 00 00 01", "a un 0 de trop : écrivez-le +262692000001"),
        ("+3360000000", "n'a pas le nombre de chiffres attendu en métropole"),
        ("+687 75000", "n'a pas le nombre de chiffres attendu en Nouvelle-Calédonie"),
        ("+33387000001", "est celui d'un poste fixe, qui ne reçoit pas de SMS"),
        ("03 87 00 00 01", "est celui d'un poste fixe"),
        ("+590590000001", "est celui d'un poste fixe"),
    ],
)
def test_what_is_refused_says_what_to_do(written: str, why: str) -> None:
    with pytest.raises(PhoneError) as refused:
        e164(written, "FR")
    assert why in refused.value.message
    assert "\n" not in refused.value.message


@given(st.text(max_size=40), st.sampled_from([None, "FR"]))
def test_whatever_is_written_it_is_a_number_or_a_reason(written: str, country: str | None) -> None:
    said = _number_or_why(written, country)
    if said[0] == "+":
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", said)
        assert e164(said) == said
    else:
        assert " : " in said
        assert said.isprintable()


def _number_or_why(written: str, country: str | None) -> str:
    try:
        return e164(written, country)
    except PhoneError as error:
        return error.message
