"""What an offer costs: the two years of a quote, and what a contract is called for in a year. SPEC 8 and 11.

Offers by sonde are quoted here like the others; what they call for follows the ledger, see `contribution`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from supervisor.domain.counting import billed
from supervisor.domain.money import cents
from supervisor.domain.tariff import Called, Deduction, Line, Offer, Price, Quantity, Tariff
from supervisor.errors import VigieError

MOST = 10_000_000  # of anything: products of it and of the largest price stay exact
_QUOTED_YEARS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a collectivité subscribes of an offer, or asks the price of."""

    start: date  # first day
    last: date | None = None  # last day, included; None while it renews itself
    population: int | None = None  # inhabitants; None: not known
    sondes: int | None = None  # to supervise, in a quote by sonde
    options: tuple[str, ...] = ()  # options chosen, or the package
    units: Mapping[str, int] = field(default_factory=dict)  # how many, by line
    audit: date | None = None  # day the report was delivered


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    """A line of a quote or of a call."""

    label: str  # in French
    quantity: int
    unit_price: Decimal  # negative for a deduction
    reference: str  # deliberation or article that set the price; "": none did, it was called already

    @property
    def amount(self) -> Decimal:
        """In euros, HT."""
        return cents(self.quantity * self.unit_price)


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotedYear:
    """What is owed for a calendar year."""

    year: int
    lines: tuple[Amount, ...]

    @property
    def total(self) -> Decimal:
        """In euros, HT."""
        return total(self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffCall:
    """What is called on one day."""

    date: date
    lines: tuple[Amount, ...]

    @property
    def amount(self) -> Decimal:
        """In euros, HT."""
        return total(self.lines)


def total(lines: tuple[Amount, ...]) -> Decimal:
    """The sum of some lines, in euros, HT."""
    return sum((line.amount for line in lines), Decimal("0.00"))


def unit_price(offer: Offer, year: int) -> Price:
    """What a sonde costs in a year, in an offer by sonde."""
    (line,) = offer.lines
    return _price(offer, line, year, None)


def quote(tariff: Tariff, name: str, order: Order) -> tuple[QuotedYear, ...]:
    """What an offer costs, for the calendar year of its start and the next, each in full.

    The next is left out where nothing of the offer is owed beyond the first: an audit is paid once.
    """
    offer = tariff.offer(name)
    limit = offer.limit
    if limit is not None and order.population is not None and order.population > limit.inhabitants:
        raise VigieError(
            f"{name}: population: {order.population} inhabitants, it is open up to {limit.inhabitants}: {limit.above}"
        )
    first = order.start.year
    lasts = max(_QUOTED_YEARS if line.years is None else line.years for line in offer.lines)
    return tuple(
        QuotedYear(year=year, lines=_owed(tariff, offer, order, year, runs=True))
        for year in range(first, first + min(_QUOTED_YEARS, lasts))
    )


def calls(tariff: Tariff, name: str, order: Order, year: int) -> tuple[TariffCall, ...]:
    """What a contract on an offer that is not by sonde is called for, for a calendar year; each with its day."""
    offer = tariff.offer(name)
    if offer.called is Called.REPORT:
        if order.audit is None or order.audit.year != year:
            return ()
        # Its first year is that of the delivery, whenever the contract was signed.
        lines = _owed(tariff, offer, replace(order, start=order.audit), year, runs=True)
        return (TariffCall(date=order.audit, lines=lines),)
    if year < order.start.year or (order.last is not None and order.last < order.start):
        return ()  # not begun yet, or ended before it began: nothing was ever engaged
    day = _day(offer.called, order, year)
    lines = _owed(tariff, offer, order, year, runs=_runs(offer.called, order, year, day))
    return (TariffCall(date=day, lines=lines),) if lines else ()


# --- when


def _day(called: Called, order: Order, year: int) -> date:
    """The day on which the amount of a year is called."""
    if called is Called.ANNIVERSARY:
        return _anniversary(order.start, year)
    if called is Called.JANUARY:
        return max(order.start, date(year, 1, 1))
    july = date(year, 7, 1)
    if called is Called.HALF_YEAR and order.start < july:
        return july
    return date(year + 1, 1, 1)


def _runs(called: Called, order: Order, year: int, day: date) -> bool:
    """Does the contract last long enough for the amount of a year to be owed? A started year is due in full."""
    if order.last is None:
        return True
    return order.last >= (day if called is Called.ANNIVERSARY else date(year, 1, 1))


def _anniversary(start: date, year: int) -> date:
    try:
        return start.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def months_later(day: date, months: int) -> date:
    """The same day of a later month; its last one, where it has no such day (31 August + 6 months: 28 February)."""
    month = day.month - 1 + months
    year = day.year + month // 12
    if year > date.max.year:
        return date.max
    month = month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


# --- how much


def _owed(tariff: Tariff, offer: Offer, order: Order, year: int, *, runs: bool) -> tuple[Amount, ...]:
    """The lines of a year; `runs`: is what has no number of years owed?"""
    index = year - order.start.year
    owed = [line for line in offer.lines if (runs if line.years is None else index < line.years)]
    if not owed:
        return ()
    lines = [*_amounts(offer, owed, order, year)]
    if index == 0 and offer.deduction is not None and order.audit is not None:
        lines += _deducted(tariff, offer.deduction, order, order.audit)
    return tuple(lines)


def _amounts(offer: Offer, lines: list[Line], order: Order, year: int) -> Iterator[Amount]:
    for kind, asked, what in (
        (Quantity.PACKAGE, order.options, "option: choose one package"),
        (Quantity.UNITS, order.units, "units: say how many of at least one"),
    ):
        _see_choice(offer, [line for line in lines if line.quantity is kind], asked, year, what)
    for line in lines:
        quantity = _quantity(offer, line, order)
        if quantity is not None:
            price = _price(offer, line, year, order.population)
            yield Amount(label=line.label, quantity=quantity, unit_price=price.amount, reference=price.reference)


def _see_choice(offer: Offer, there: list[Line], asked: Container[str], year: int, what: str) -> None:
    """Of lines that are chosen from, some are, and those have a price; where none has one, that is what is said."""
    chosen = [line for line in there if line.name in asked]
    unpriced = [line for line in chosen or there if not line.prices_of(year)]
    if unpriced and (chosen or unpriced == there):
        raise _unpublished(offer, unpriced, year)
    if there and not chosen:
        raise VigieError(f"{offer.name}: {what} of {', '.join(line.name for line in there)}")
    if len(chosen) > 1 and chosen[0].quantity is Quantity.PACKAGE:
        raise VigieError(f"{offer.name}: option: {' and '.join(line.name for line in chosen)}: keep one package only")


def _quantity(offer: Offer, line: Line, order: Order) -> int | None:
    """How many of a line; None where it is not asked for."""
    if line.quantity is Quantity.SONDES:
        if order.sondes is None:
            raise VigieError(f"{offer.name}: sondes: missing, say how many are to be supervised")
        return billed(order.sondes)
    if line.quantity is Quantity.INHABITANTS:
        return _population(offer, order.population)
    if line.quantity is Quantity.UNITS:
        return order.units.get(line.name)
    return 1 if line.quantity is Quantity.ONE or line.name in order.options else None


def _price(offer: Offer, line: Line, year: int, population: int | None) -> Price:
    prices = line.prices_of(year)
    if not prices:
        raise _unpublished(offer, [line], year)
    if len(prices) == 1 and prices[0].least == 0 and prices[0].most is None:
        return prices[0]
    inhabitants = _population(offer, population)
    for price in prices:
        if price.least <= inhabitants and (price.most is None or inhabitants <= price.most):
            return price
    raise VigieError(f"{offer.name}: population: {inhabitants}, no price of {line.name} is set for so many")


def _population(offer: Offer, population: int | None) -> int:
    if population is None:
        raise VigieError(f"{offer.name}: population: missing, the price depends on the number of inhabitants")
    return population


def _unpublished(offer: Offer, lines: list[Line], year: int) -> VigieError:
    names = ", ".join(line.name for line in lines)
    example = f"{{offer: {offer.name}, line: {lines[0].name}, from: {year}, price: …, reference: …}}"
    return VigieError(
        f"{offer.name}: {names}: no price is published for {year}; set it in the config: billing: prices: - {example}"
    )


def deducts(deduction: Deduction, audit: date, start: date) -> bool:
    """Does a contract that starts that day come soon enough after the audit? Refused where it comes before."""
    if start < audit:
        raise VigieError(
            f"audit: {audit} is after the start, {start}: there was no report to deduct yet, correct one of the two"
        )
    return start <= months_later(audit, deduction.months)


def _deducted(tariff: Tariff, deduction: Deduction, order: Order, audit: date) -> Iterator[Amount]:
    """The cost of what was delivered before, taken off: at the price of the year it was delivered in."""
    if not deducts(deduction, audit, order.start):
        return
    offer = tariff.offer(deduction.offer)
    for line in _amounts(offer, list(offer.lines), order, audit.year):
        yield Amount(label=deduction.label, quantity=1, unit_price=-line.amount, reference=line.reference)
