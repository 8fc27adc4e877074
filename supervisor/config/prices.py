"""A price as it is written: whole cents, from when on, for how many inhabitants, and who set it (SPEC 8)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probes.settings import settings
from supervisor.config.fields import Name
from supervisor.config.forms import Place
from supervisor.config.wording import say
from supervisor.domain.money import cents
from supervisor.domain.tariff import Limit, Price, Quantity
from supervisor.domain.tariff_amounts import MOST

_DEAREST = 1_000_000  # euros a unit: nothing of these conventions comes near
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]+)?")


def _amount(value: Any) -> Any:
    """A price: a number is read by its digits as written, never as a float that is nearly it."""
    if isinstance(value, Decimal):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"{Decimal(str(value)):f}" if number else value
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise ValueError(f"{say(value)} is not a price in euros, write it like 12.50")
    amount = Decimal(text)
    if amount.is_signed():
        raise ValueError(f"{text} is negative, write a price from 0.00 on")
    if -int(amount.as_tuple().exponent) > 2:
        raise ValueError(f"{text} has more than two decimals, write whole cents, like 12.50")
    if amount > _DEAREST:
        raise ValueError(f"{text} is too large a price, write at most {_DEAREST}")
    return cents(amount)


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": _DEAREST}, {"type": "string", "pattern": r"^[0-9.]+$"}]}
    ),
]
Year = Annotated[int, Field(ge=2000, le=2100)]
Inhabitants = Annotated[int, Field(ge=0, le=MOST)]


@settings
class BandEntry:
    """The price for some numbers of inhabitants."""

    least: Inhabitants = Field(alias="from")
    """First number of inhabitants."""
    most: Inhabitants | None = Field(default=None, alias="to")
    """Last number of inhabitants, included; without it there is no end."""
    price: Amount
    """Euros, HT."""


@settings
class PriceEntry:
    """A price, from when on it holds, and who set it."""

    # Described by `Field`: pydantic reads the texts below fields of a class itself, not of the one it extends.
    since: Year | None = Field(
        default=None,
        alias="from",
        description="First calendar year it holds for; without it, any year until a dated price takes over.",
    )
    price: Amount | None = Field(default=None, description="Euros, HT, whatever the number of inhabitants.")
    bands: tuple[BandEntry, ...] = Field(
        default=(), description="Instead of `price`: one for some numbers of inhabitants, from 0 on and without a hole."
    )
    reference: Name = Field(description="Deliberation or article that set it.")

    @model_validator(mode="after")
    def _one_kind(self) -> PriceEntry:
        if (self.price is None) == (not self.bands):
            raise ValueError("a price is either 'price' or 'bands', write one of the two")
        return self


@settings
class OfferPriceEntry(PriceEntry):
    """A price of one line of one offer; it wins over one of the same `from`."""

    offer: str
    """Offer of the profile."""
    line: str
    """Line of the offer."""


def prices_of(entry: PriceEntry, quantity: Quantity, limit: Limit | None, place: Place) -> tuple[Price, ...]:
    """The prices that an entry stands for, one for each band, after noting at its place what is wrong with them."""
    if entry.price is not None:
        return (Price(amount=entry.price, reference=entry.reference, since=entry.since),)
    at = place.key("bands")
    if quantity is Quantity.SONDES:
        at.wrong("a sonde costs the same whatever the number of inhabitants, write price: …")
    _check_bands(entry.bands, limit, at)
    return tuple(
        Price(amount=band.price, reference=entry.reference, since=entry.since, least=band.least, most=band.most)
        for band in entry.bands
    )


def _check_bands(bands: tuple[BandEntry, ...], limit: Limit | None, place: Place) -> None:
    """From 0 on, each begins where the one before ends, up to the limit of the offer or without end."""
    begins: int | None = 0
    for index, band in enumerate(bands):
        at = place.item(index, None)
        if begins is None:
            at.wrong("the band before has no end, give it a 'to' or remove this one")
        elif band.least > begins:
            hole = f"{begins} inhabitants" if band.least == begins + 1 else f"{begins} to {band.least - 1} inhabitants"
            at.key("from").wrong(f"no band is for {hole}, write from: {begins}")
        elif band.least < begins:
            at.key("from").wrong(f"{band.least} inhabitants are in the band before too, write from: {begins}")
        if band.most is not None and band.most < band.least:
            at.key("to").wrong(f"{band.most} is below 'from' {band.least}, correct one of them")
        begins = None if band.most is None else band.most + 1
    if begins is not None and (limit is None or limit.inhabitants >= begins):
        last = place.item(len(bands) - 1, None).key("to")
        last.wrong(
            f"above {begins - 1} inhabitants there is no price, remove the last 'to' "
            f"or give the offer limit: {{inhabitants: {begins - 1}, above: …}}"
        )
