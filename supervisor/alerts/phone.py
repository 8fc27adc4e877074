"""Telephone numbers in the one form that gateways take, E.164; French ones overseas included."""

from __future__ import annotations

import re
from typing import NamedTuple

_EXAMPLE = "écrivez-le au format international, par exemple +33 6 00 00 00 01"
_WRITTEN = re.compile(r"[ .\-/()\u00a0\u202f\u2009]")


class PhoneError(Exception):
    """A number that nothing can be sent to; `message` says why and what to do, in French."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _Plan(NamedTuple):
    """The numbers behind one country code."""

    where: str  # in French, with its preposition
    number: re.Pattern[str]  # without the country code
    mobile: re.Pattern[str]  # those that receive SMS


def _plan(where: str, number: str, mobile: str) -> _Plan:
    return _Plan(where, re.compile(number), re.compile(mobile))


# The numbering plans of the French republic. Those of four overseas departments share +262, +590, +594 and +596 with
# nine digits as in metropolitan France; the Pacific and Saint-Pierre-et-Miquelon have shorter ones of their own, all
# of which are let through: which of them are mobile changes.
_PLANS = {
    "33": _plan("en métropole", r"[1-9]\d{8}", r"[67]\d{8}"),
    "262": _plan("à La Réunion et à Mayotte", r"[1-9]\d{8}", r"[67]\d{8}"),
    "590": _plan("en Guadeloupe, à Saint-Martin et à Saint-Barthélemy", r"[1-9]\d{8}", r"[67]\d{8}"),
    "594": _plan("en Guyane", r"[1-9]\d{8}", r"[67]\d{8}"),
    "596": _plan("en Martinique", r"[1-9]\d{8}", r"[67]\d{8}"),
    "508": _plan("à Saint-Pierre-et-Miquelon", r"\d{6}|[1-9]\d{8}", r"\d{6}|\d{9}"),
    "681": _plan("à Wallis-et-Futuna", r"\d{6}", r"\d{6}"),
    "687": _plan("en Nouvelle-Calédonie", r"\d{6}", r"\d{6}"),
    "689": _plan("en Polynésie française", r"\d{8}", r"\d{8}"),
}
# A mobile number of ten digits tells by its beginning in which department it is.
_OVERSEAS = {"0690": "590", "0691": "590", "0692": "262", "0693": "262", "0639": "262", "0694": "594"}
_OVERSEAS |= {"0696": "596", "0697": "596"}


def e164(text: str, country: str | None = None) -> str:
    """`+33600000001` of a number as people write it; raises PhoneError.

    One of ten digits is accepted only where the config says `country: FR`.
    """
    written = text.strip()
    digits = _WRITTEN.sub("", written.replace("(0)", "") if written.startswith(("+", "00")) else written)
    if re.fullmatch(r"00[1-9]\d+", digits):
        digits = f"+{digits[2:]}"
    if re.fullmatch(r"0[1-9]\d{8}", digits):
        digits = _national(written, digits, country)
    if re.fullmatch(r"\+[1-9]\d{6,14}", digits) is None or not digits.isascii():
        raise PhoneError(f"« {_short(written)} » n'est pas un numéro de téléphone : {_EXAMPLE}")
    _check(written, digits)
    return digits


def _national(written: str, digits: str, country: str | None) -> str:
    code = _OVERSEAS.get(digits[:4], "33")
    number = f"+{code}{digits[1:]}"
    if country != "FR":
        raise PhoneError(
            f"le numéro « {_short(written)} » est sans indicatif de pays : écrivez-le {number}, "
            "ou précisez « country: FR » dans la section « sms » de la configuration"
        )
    return number


def _check(written: str, digits: str) -> None:
    code = next((code for code in _PLANS if digits.startswith(f"+{code}")), None)
    if code is None:
        return
    plan, number = _PLANS[code], digits[len(code) + 1 :]
    if number.startswith("0") and plan.number.fullmatch(number[1:]):
        raise PhoneError(f"le numéro « {_short(written)} » a un 0 de trop : écrivez-le +{code}{number[1:]}")
    if plan.number.fullmatch(number) is None:
        raise PhoneError(
            f"le numéro « {_short(written)} » n'a pas le nombre de chiffres attendu {plan.where} : vérifiez-le"
        )
    if plan.mobile.fullmatch(number) is None:
        raise PhoneError(
            f"le numéro « {_short(written)} » est celui d'un poste fixe, qui ne reçoit pas de SMS : "
            "donnez un numéro de portable"
        )


def _short(text: str) -> str:
    return text if len(text) <= 24 and text.isprintable() else f"{text[:20]!a}…"
