"""How full the pools billed are: before one more sonde costs a whole pool, operators are told.

That is: 45 of the 50 places of the last pool billed are taken. Under the basis `subscribed` nothing more is billed by
itself, so counting more than the contract subscribes is told as well: an « avenant à signer ».
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from supervisor.billing.books import Books
from supervisor.config.accounts import accounts_of
from supervisor.config.configuration import Configuration
from supervisor.domain.account import Account
from supervisor.domain.contribution import Basis
from supervisor.domain.counting import POOL, billed
from supervisor.domain.period import local_day
from supervisor.domain.tariff import Quantity, Tariff

_FEW = POOL // 10  # places left: 90 % of a pool is taken


@dataclass(frozen=True, kw_only=True, slots=True)
class Occupancy:
    """Where a collectivité stands now."""

    collectivite: str
    counted: int  # sondes
    subscribed: int  # sondes; 0 while no contract runs
    free: int | None  # places left in the pools billed; None while nothing is billed by pools
    exceeds: bool  # is an amendment to be signed?
    pool_price: Decimal | None = None  # of one more pool, in euros HT a year; None: not published, or not so billed

    @property
    def nearly_full(self) -> bool:
        """Is it worth a word?"""
        return self.exceeds or (self.free is not None and self.free <= _FEW)

    def __str__(self) -> str:
        if self.exceeds:
            return (
                f"{self.collectivite}: avenant à signer: {self.counted} sondes are counted "
                f"({billed(self.counted)} billed), {self.subscribed} subscribed"
            )
        left = "no place is left" if not self.free else f"{self.free} place{'s' * (self.free > 1)} left"
        return f"{self.collectivite}: the last pool is nearly full: {self.counted} sondes are counted, {left}"


def nearly_full(books: Books) -> list[Occupancy]:
    """Who has a last pool that is nearly full, or more than the contract subscribes, now; by id."""
    return worth_a_word(occupancies(books))


def worth_a_word(found: Iterable[Occupancy]) -> list[Occupancy]:
    """Those among them."""
    return [each for each in found if each.nearly_full]


def occupancies(books: Books) -> list[Occupancy]:
    """Everybody but the operator, by id."""
    return [
        occupancy(
            account,
            books.tariffs.get(account.profile, Tariff()),
            books.census(account.collectivite).at(books.now),
            books.now,
        )
        for account in books.billed(books.now + 1)
    ]


def configured(configuration: Configuration, now: int) -> list[Occupancy]:
    """The same, of a configuration that no ledger knows yet; in config order."""
    counted = Counter(sonde.collectivite for sonde in configuration.sondes.values() if sonde.billable)
    return [
        occupancy(account, configuration.tariff, counted[name], now)
        for name, account in accounts_of(configuration).items()
        if not account.operator
    ]


def occupancy(account: Account, tariff: Tariff, counted: int, now: int) -> Occupancy:
    """Of one collectivité that has so many sondes."""
    engagement = account.engaged(now)
    subscribed = 0 if engagement is None else engagement.subscribed(local_day(now, account.timezone))
    if not by_pools(account, tariff, now):
        return Occupancy(
            collectivite=account.collectivite, counted=counted, subscribed=subscribed, free=None, exceeds=False
        )
    # What is measured is billed whatever was subscribed; otherwise the pools subscribed are there to be filled.
    places = billed(counted if account.basis == Basis.MEASURED else max(counted, subscribed))
    return Occupancy(
        collectivite=account.collectivite,
        counted=counted,
        subscribed=subscribed,
        free=places - counted,
        exceeds=account.basis == Basis.SUBSCRIBED and billed(counted) > billed(subscribed),
        pool_price=_pool_price(account, tariff, now),
    )


def _pool_price(account: Account, tariff: Tariff, now: int) -> Decimal | None:
    engagement = account.engaged(now)
    offer = None if engagement is None else tariff.chosen(engagement.offer)
    lines = () if offer is None else offer.of(Quantity.SONDES)
    prices = [price for line in lines for price in line.prices_of(local_day(now, account.timezone).year)]
    # Several bands of inhabitants: which of them it is, quotes know.
    return POOL * prices[0].amount if len(prices) == 1 else None


def by_pools(account: Account, tariff: Tariff, now: int) -> bool:
    """Does a contract run that is paid by sonde? Whoever asks for its amount is told of an offer that is no more."""
    engagement = account.engaged(now)
    offer = None if engagement is None else tariff.chosen(engagement.offer)
    return offer is not None and offer.per_sonde
