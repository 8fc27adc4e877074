"""Amounts: decimals in euros, tax not included (HT), rounded half up to the cent as an accountant does. SPEC 8."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """The amount, rounded half up to the cent: of a negative one, away from zero."""
    return amount.quantize(_CENT, ROUND_HALF_UP) + 0  # what is taken off may be nothing: never "-0.00"


def show(amount: Decimal) -> str:
    """The amount as programs read it: "150.00"."""
    return f"{cents(amount):f}"
