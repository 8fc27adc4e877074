"""More is counted than the contract subscribes: an « avenant à signer », and what it would come to. SPEC 8."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from supervisor.billing.books import Books
from supervisor.domain import contribution, tariff_amounts
from supervisor.domain.account import Account
from supervisor.domain.contribution import Basis, year_of
from supervisor.domain.money import cents
from supervisor.domain.tariff import Tariff


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """One collectivité that should sign one."""

    collectivite: str
    name: str
    siret: str | None
    since: int  # the first instant of the year that exceeds
    counted: int  # most sondes counted beyond what is subscribed
    counted_billed: int
    subscribed: int  # sondes subscribed then
    subscribed_billed: int
    lasts: bool  # does it still exceed?
    sondes: int  # billed beyond what the year calls for
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """In euros, HT: what would be called besides."""
        return cents(self.sondes * self.unit_price)


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
    census, span = books.census(account.collectivite), year_of(account, year)
    over = contribution.excess(account, census, span, books.now)
    if not over:
        return None
    worst = max(over, key=lambda each: (each.counted_billed - each.subscribed_billed, -each.at))
    wanted, called = (
        contribution.highest(account, census, span, books.now, basis) for basis in (Basis.HIGHEST, Basis.SUBSCRIBED)
    )
    return Amendment(
        collectivite=account.collectivite,
        name=account.name,
        siret=account.siret,
        since=over[0].at,
        counted=worst.counted,
        counted_billed=worst.counted_billed,
        subscribed=worst.subscribed,
        subscribed_billed=worst.subscribed_billed,
        lasts=over[-1].lasts,
        sondes=wanted - called,
        unit_price=tariff_amounts.unit_price(own[-1][1], year).amount,
    )
