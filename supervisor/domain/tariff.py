"""What operators ask for their offers, as data over a handful of kinds. SPEC 8; the articles are in each profile.

A tariff is offers, an offer is lines, a line has a rule of quantity and prices by year and by number of inhabitants.
`tariff_amounts` makes quotes and calls of it. The ledger keeps it as JSON, so that calls have a price with the config
gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from supervisor.domain.money import show
from supervisor.errors import VigieError


class Quantity(StrEnum):
    """How many of a line are owed. Stored in the ledger: never change a string."""

    ONE = "one"  # one, always
    SONDES = "sondes"  # the sondes billed: whole pools, and the minimum
    INHABITANTS = "inhabitants"  # the population
    UNITS = "units"  # the number given for this line; none given, none owed
    OPTION = "option"  # one, if the option of this name is chosen
    PACKAGE = "package"  # one, of the one package that is chosen


class Called(StrEnum):
    """When the amount of a calendar year is called. Stored in the ledger: never change a string."""

    MID_YEAR = "mid-year"  # 1 July, and at each rise from then on: by sonde, see `contribution`
    JANUARY = "january"  # 1 January of the year; the first day of the contract, in its first year
    NEXT_JANUARY = "next-january"  # 1 January of the year after
    HALF_YEAR = "half-year"  # the end of the half-year in which the contract first runs: 1 July or 1 January
    ANNIVERSARY = "anniversary"  # the first day of the contract, and the same day of the years after
    REPORT = "report"  # once, the day the audit's report is delivered


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """An amount, and what it holds for."""

    amount: Decimal  # in euros, HT, whole cents
    reference: str  # deliberation or article that set it
    since: int | None = None  # first year it holds for; None: any year, until a dated one takes over
    least: int = 0  # inhabitants from which it holds…
    most: int | None = None  # …to which, included; None: no end


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of an offer."""

    name: str  # what prices, units and options call it by
    label: str  # in French
    quantity: Quantity
    prices: tuple[Price, ...] = ()  # empty where none is published
    years: int | None = None  # owed for so many years from the first on, whatever happens; None: while it runs

    def prices_of(self, year: int) -> tuple[Price, ...]:
        """Those that hold in a year, one for each band of inhabitants: of the latest date that has come."""
        come = [price.since for price in self.prices if price.since is not None and price.since <= year]
        latest = max(come, default=None)
        return tuple(price for price in self.prices if price.since == latest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """Up to how many inhabitants an offer is open: looked at when it is quoted, a commune that has it may grow."""

    inhabitants: int  # the last number it is open to
    above: str  # what is said above it, in French


@dataclass(frozen=True, kw_only=True, slots=True)
class Deduction:
    """Another offer, whose cost is taken off the first year of this one when it was delivered shortly before."""

    offer: str  # name, in the same tariff
    label: str  # of the line of the deduction, in French
    months: int  # how long after the delivery the contract may start


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What a collectivité can subscribe."""

    name: str
    title: str  # in French
    called: Called
    lines: tuple[Line, ...]
    limit: Limit | None = None
    deduction: Deduction | None = None

    def of(self, *quantities: Quantity) -> tuple[Line, ...]:
        """The lines of these rules of quantity."""
        return tuple(line for line in self.lines if line.quantity in quantities)

    @property
    def per_sonde(self) -> bool:
        """Is it paid by sonde? Then its calls follow the ledger."""
        return self.called is Called.MID_YEAR

    @property
    def options(self) -> tuple[str, ...]:
        """What may be chosen: options, or packages."""
        return tuple(line.name for line in self.of(Quantity.OPTION, Quantity.PACKAGE))

    @property
    def units(self) -> tuple[str, ...]:
        """The lines that a number may be given for."""
        return tuple(line.name for line in self.of(Quantity.UNITS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """The offers of a profile."""

    offers: tuple[Offer, ...] = ()

    def offer(self, name: str) -> Offer:
        """The offer of that name; refused where there is none."""
        for offer in self.offers:
            if offer.name == name:
                return offer
        raise VigieError(f"offer: there is no '{name}'; known: {', '.join(self.names) or 'none, there is no tariff'}")

    def chosen(self, name: str | None) -> Offer | None:
        """The offer of a contract: the one it names, else the only one there is; None where that says nothing."""
        found = [offer for offer in self.offers if name in (None, offer.name)]
        return found[0] if len(found) == 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        """Of its offers."""
        return tuple(offer.name for offer in self.offers)


# --- as the ledger keeps it


def as_json(tariff: Tariff) -> dict[str, Any]:
    """The tariff in JSON, by the names of the fields above: one that is renamed keeps its old name here."""
    plain: dict[str, Any] = _plain(asdict(tariff))
    return plain


def from_json(kept: Mapping[str, Any]) -> Tariff:
    """The tariff that was kept."""
    return Tariff(offers=tuple(_offer(offer) for offer in kept["offers"]))


def _plain(value: Any) -> Any:
    """What JSON can hold. None is left out, so that a field added later changes no text that was kept before."""
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items() if below is not None}
    if isinstance(value, tuple):
        return [_plain(below) for below in value]
    if isinstance(value, Decimal):
        return show(value)
    return str(value) if isinstance(value, StrEnum) else value


def _offer(kept: Mapping[str, Any]) -> Offer:
    limit, deduction = kept.get("limit"), kept.get("deduction")
    return Offer(
        name=kept["name"],
        title=kept["title"],
        called=Called(kept["called"]),
        lines=tuple(_line(line) for line in kept["lines"]),
        limit=None if limit is None else Limit(**limit),
        deduction=None if deduction is None else Deduction(**deduction),
    )


def _line(kept: Mapping[str, Any]) -> Line:
    return Line(
        name=kept["name"],
        label=kept["label"],
        quantity=Quantity(kept["quantity"]),
        prices=tuple(Price(**{**price, "amount": Decimal(price["amount"])}) for price in kept["prices"]),
        years=kept.get("years"),
    )
