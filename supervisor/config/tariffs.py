"""Tariffs as they are written: the `tariff:` of a profile, and the prices that the main file adds to it (SPEC 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from probes.settings import settings
from supervisor.config.fields import Id, Name
from supervisor.config.forms import Form, Place
from supervisor.config.prices import Inhabitants, OfferPriceEntry, PriceEntry, prices_of
from supervisor.config.wording import near, say
from supervisor.config.written import items, text
from supervisor.domain.tariff import Called, Deduction, Limit, Line, Offer, Price, Quantity, Tariff


def _member(kind: type[Quantity] | type[Called], value: Any) -> Any:
    known = [str(member) for member in kind]
    if value not in known:
        raise ValueError(f"{say(value)} is not possible here, {near(str(value), known)}")
    return kind(value)


@settings
class LineEntry:
    """One line of an offer."""

    label: Name
    """What a quote calls it, in French."""
    quantity: Annotated[Quantity, BeforeValidator(partial(_member, Quantity))]
    """How many are owed."""
    years: int | None = Field(default=None, ge=1, le=100)
    """Owed for so many years from the first on, also by those who leave; without it, while the contract runs."""
    prices: tuple[PriceEntry, ...] = ()
    """Prices; none where none is published."""


@settings
class LimitEntry:
    """Up to how many inhabitants an offer is open."""

    inhabitants: Inhabitants
    """The last number it is open to."""
    above: Name
    """What is said above it, in French."""


@settings
class DeductEntry:
    """What is taken off the first year."""

    offer: str
    """The offer whose cost it is."""
    months: int = Field(ge=1, le=120)
    """How long after its delivery the contract may start."""
    label: Name
    """What a quote calls it, in French."""


@settings
class OfferEntry:
    """What a collectivité can subscribe."""

    title: Name
    """Its name in French."""
    called: Annotated[Called, BeforeValidator(partial(_member, Called))]
    """When the amount of a year is called."""
    limit: LimitEntry | None = None
    """Up to how many inhabitants it is open."""
    deduct: DeductEntry | None = None
    """What is taken off the first year."""
    lines: Annotated[dict[Id, LineEntry], Field(min_length=1)]
    """Its lines by name."""


@settings
class TariffEntry:
    """What an operator asks for its services."""

    offers: dict[Id, OfferEntry] = Field(default_factory=dict)
    """Offers by name; one of the same name as an extended profile's wins over it."""
    prices: tuple[OfferPriceEntry, ...] = ()
    """Prices laid over those of the lines."""


_FORM: Form[TariffEntry] = Form(TariffEntry)
_OFFER: Form[OfferEntry] = Form(OfferEntry)
_PRICE: Form[OfferPriceEntry] = Form(OfferPriceEntry)


class TariffReader:
    """The offers of a profile, of what it extends and of the main file. What is wrong is noted, and left out."""

    def __init__(self) -> None:
        self._offers: dict[str, Offer] = {}
        self.whole = True  # False: something written could not be read, so that a name may be missing for that

    @property
    def tariff(self) -> Tariff:
        """What was read."""
        return Tariff(offers=tuple(self._offers.values()))

    def absorb(self, value: dict[str, Any], place: Place) -> None:
        """Add the `tariff:` of a profile: 1 its offers, 2 what they say of one another, 3 its other prices."""
        self.whole = _FORM.read(value, place) is not None and self.whole
        offers, written = place.key("offers"), value.get("offers")
        named = written if isinstance(written, dict) else {}
        for name, each in named.items():
            entry = _OFFER.quietly(each, offers.key(name))
            if entry is not None:
                self._offers[name] = _offer(name, entry, offers.key(name))
        if not self.whole:
            return  # what they say of one another may be of one that could not be read
        for offer in self._offers.values():
            if offer.deduction is None or not {offer.name, offer.deduction.offer} & named.keys():
                continue  # nothing that this file changes
            _check_deduction(offer, self._offers, offers.key(offer.name).key("deduct").key("offer"))
        self.price(value, place)

    def price(self, section: Any, place: Place) -> None:
        """Lay the `prices` of a section over those that are there."""
        if not self.whole:
            return
        seen: set[tuple[str, str, int | None]] = set()
        for written, at in items(section, "prices", place):
            offer, line = self._named(written, at)
            entry = _PRICE.quietly(written, at)
            if offer is None or line is None or entry is None:
                continue
            key = (offer.name, line.name, entry.since)
            if key in seen:
                at.wrong(f"{offer.name} has a price of {entry.line} from that year on already, keep one of the two")
            else:
                self._offers[offer.name] = _laid(offer, line, entry, at)
            seen.add(key)

    def _named(self, written: Any, place: Place) -> tuple[Offer | None, Line | None]:
        """The offer and the line that a price is for, as far as there are such."""
        wanted, of = text(written, "offer"), text(written, "line")
        offer = None if wanted is None else self._offers.get(wanted)
        if wanted is not None and offer is None:
            place.key("offer").wrong(f"there is no offer '{wanted}', {near(wanted, self._offers)}")
        if offer is None or of is None:
            return offer, None
        lines = {line.name: line for line in offer.lines}
        if of not in lines:
            place.key("line").wrong(f"{offer.name} has no line '{of}', {near(of, lines)}")
        return offer, lines.get(of)


def _laid(offer: Offer, line: Line, entry: PriceEntry, at: Place) -> Offer:
    """The offer with that price instead of the one of the same year, or beside the others."""
    others = tuple(price for price in line.prices if price.since != entry.since)
    priced = replace(line, prices=others + prices_of(entry, line.quantity, offer.limit, at))
    return replace(offer, lines=tuple(priced if each is line else each for each in offer.lines))


def _offer(name: str, entry: OfferEntry, place: Place) -> Offer:
    limit = None if entry.limit is None else Limit(inhabitants=entry.limit.inhabitants, above=entry.limit.above)
    deduct = entry.deduct
    offer = Offer(
        name=name,
        title=entry.title,
        called=entry.called,
        lines=tuple(
            _line(line_name, line, limit, place.key("lines").key(line_name)) for line_name, line in entry.lines.items()
        ),
        limit=limit,
        deduction=None if deduct is None else Deduction(offer=deduct.offer, label=deduct.label, months=deduct.months),
    )
    _check_sondes(offer, place)
    return offer


def _line(name: str, entry: LineEntry, limit: Limit | None, place: Place) -> Line:
    prices: list[Price] = []
    for index, price in enumerate(entry.prices):
        at = place.key("prices").item(index, None)
        if any(price.since == other.since for other in entry.prices[:index]):
            at.wrong("there is a price from that year on already, keep one of the two")
        prices += prices_of(price, entry.quantity, limit, at)
    return Line(name=name, label=entry.label, quantity=entry.quantity, prices=tuple(prices), years=entry.years)


def _check_sondes(offer: Offer, place: Place) -> None:
    """An offer by sonde is one line, and its calls follow the ledger: nothing else has a place in it."""
    counted = offer.of(Quantity.SONDES)
    if offer.per_sonde and not counted:
        place.key("called").wrong(f"{offer.called} is for offers by sonde, write another one or quantity: sondes")
    elif counted and not offer.per_sonde:
        place.key("called").wrong(f"what is paid by sonde is called {Called.MID_YEAR}, write that")
    elif counted and (len(offer.lines) > 1 or counted[0].years is not None or offer.limit or offer.deduction):
        place.wrong(
            "an offer by sonde has one line and no 'years', 'limit' or 'deduct', write the rest as another offer"
        )


def _check_deduction(offer: Offer, offers: Mapping[str, Offer], place: Place) -> None:
    if offer.deduction is None:
        return
    name = offer.deduction.offer
    taken = offers.get(name)
    if taken is None:
        place.wrong(f"there is no offer '{name}', {near(name, offers)}")
    elif taken.deduction is not None or len(taken.of(Quantity.ONE, Quantity.INHABITANTS)) < len(taken.lines):
        place.wrong(f"'{name}' depends on more than the population, name an offer without options, units or deduction")
