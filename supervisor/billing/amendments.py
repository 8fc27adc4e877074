"""More is counted than the contract subscribes: an « avenant à signer », and what it would come to. SPEC 8."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from supervisor.billing.books import Books
from supervisor.domain import contribution, tariff_amounts
from supervisor.domain.account import Account
from supervisor.domain.contribution import Basis, Excess, year_of
from supervisor.domain.money import cents
from supervisor.domain.tariff import Tariff


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """One collectivité that should sign one."""

    collectivite: str
    siret: str | None
    excess: Excess
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """In euros, HT: what would be called besides."""
        return cents(self.excess.sondes * self.unit_price)


def amendments(books: Books, year: int, only: str | None = None) -> list[Amendment]:
    """Who has more sondes than the contract subscribes, under the basis `subscribed`; of a year, so far."""
    found = (amendment(books, account, year) for account in books.billed(books.end_of(year), only))
    return [each for each in found if each is not None]


def amendment(books: Books, account: Account, year: int) -> Amendment | None:
    """Has it more sondes than its contract subscribes?"""
    tariff = books.tariffs.get(account.profile, Tariff())
    chosen = [(each, tariff.chosen(each.offer)) for each in account.engagements]
    own = [(engagement, offer) for engagement, offer in chosen if offer is not None and offer.per_sonde]
    if account.basis != Basis.SUBSCRIBED or not own:
        return None
    account = replace(account, engagements=tuple(engagement for engagement, _ in own))
    over = contribution.excess(account, books.census(account.collectivite), year_of(account, year), books.now)
    if over is None:
        return None
    return Amendment(
        collectivite=account.collectivite,
        siret=account.siret,
        excess=over,
        unit_price=tariff_amounts.unit_price(own[-1][1], year).amount,
    )
