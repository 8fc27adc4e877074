"""The calls for contribution of a year: 002 art. 5 for offers by sonde, the tariff's own dates for the others.

What is closed is taken as it was frozen; what is open is computed, beyond what is closed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from supervisor.billing.books import Books
from supervisor.domain import contribution, tariff_amounts
from supervisor.domain.account import Account, Codes, Engagement
from supervisor.domain.contribution import Kind, year_of
from supervisor.domain.money import show
from supervisor.domain.period import local_day, midnight
from supervisor.domain.tariff import Called, Offer, Tariff
from supervisor.domain.tariff_amounts import Amount, Order, TariffCall
from supervisor.errors import VigieError
from supervisor.store import bills


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call for contribution."""

    collectivite: str
    name: str
    siret: str | None
    codes: Codes  # of the year
    date: date
    at: int  # the instant that makes it
    kind: Kind
    offer: str
    lines: tuple[Amount, ...]  # what it is made of
    sondes: int | None  # by sonde: how many
    document: str | None = None  # number of the document that closed it

    @property
    def unit_price(self) -> Decimal | None:
        """By sonde: of one."""
        return self.lines[0].unit_price if self.sondes is not None else None

    @property
    def amount(self) -> Decimal:
        """In euros, HT."""
        return tariff_amounts.total(self.lines)


def parse_year(text: str, books: Books) -> int:
    """A year as it is written; refused if it begins in the future."""
    if not (text.isascii() and text.isdigit() and len(text) == 4 and text >= "1900"):
        raise VigieError(f"year: '{text}' is not a year; write 2026")
    year = int(text)
    if midnight(date(year, 1, 1), books.zone) > books.now:
        raise VigieError(f"year: {year} begins in the future; nothing is called for it yet")
    return year


def contributions(connection: sqlite3.Connection, books: Books, year: int, only: str | None = None) -> list[Call]:
    """The calls of a year that are dated by now, by collectivité, in order: closed ones as they are, and open ones."""
    closed = closed_calls(connection, year, only)
    accounts = {account.collectivite: account for account in books.billed(books.end_of(year), only)}
    wrong: list[str] = []
    found: list[Call] = []
    for name in sorted({*closed, *accounts}):
        kept = closed.get(name, [])
        try:
            made = [*kept, *open_calls(books, accounts[name], year, kept)] if name in accounts else kept
        except VigieError as error:
            wrong.append(f"{name}: {error}")
            continue
        found += sorted((call for call in made if call.amount), key=_order)
    if wrong:
        raise VigieError("\n".join(wrong))
    return found


def _order(call: Call) -> tuple[int, bool, bool]:
    """By instant; the annual call before a rise of the same day, also where a later document corrects it."""
    return call.at, call.kind is Kind.ADDITIONAL, call.document is None


def open_calls(books: Books, account: Account, year: int, closed: Sequence[Call] = ()) -> list[Call]:
    """What is called of one collectivité by now, beyond what is closed."""
    tariff = books.tariffs.get(account.profile, Tariff())
    by_offer: dict[str, list[Engagement]] = {}
    # An offer that was taken out of the tariff once its calls were closed has nothing left to price.
    gone = {call.offer for call in closed} - {*tariff.names}
    for engagement in account.engagements:
        if _concerns(account, engagement, year) and engagement.offer not in gone:
            by_offer.setdefault(_offer(account, engagement, tariff).name, []).append(engagement)
    made: list[Call] = []
    for name, engagements in by_offer.items():
        offer = tariff.offer(name)
        own = replace(account, engagements=tuple(engagements))
        kept = [call for call in closed if call.offer == name]
        made += (
            _by_sonde(books, own, offer, year, kept)
            if offer.per_sonde
            else _dated(books, own, offer, tariff, year, kept)
        )
    return made


def _concerns(account: Account, engagement: Engagement, year: int) -> bool:
    """May it be called for in that year? What an offer owes beyond the end of a contract counts from its start.

    An audit is called for when its report is delivered, which may be the year before the contract that says so.
    """
    first = engagement.start if engagement.audit is None else min(engagement.start, engagement.audit)
    return first.year <= year and (account.gone is None or engagement.start <= account.gone)


def _offer(account: Account, engagement: Engagement, tariff: Tariff) -> Offer:
    offer = tariff.chosen(engagement.offer)
    if offer is not None:
        return offer
    known = ", ".join(tariff.names)
    if not known:
        what = f"the profile '{account.profile}' has no tariff, add one"
    elif engagement.offer is None:
        what = f"say which offer it is of: offer: … (known: {known})"
    else:
        what = f"the tariff of '{account.profile}' has no offer '{engagement.offer}' (known: {known})"
    raise VigieError(f"contract of {engagement.start}: {what}")


def _by_sonde(books: Books, account: Account, offer: Offer, year: int, closed: Iterable[Call]) -> Iterator[Call]:
    """Annual on 1 July, then every rise by itself; what is closed is called already."""
    called = sum(call.sondes or 0 for call in closed)
    span = year_of(account, year)
    for rise in contribution.rises(account, books.census(account.collectivite), span, books.now, called):
        price = tariff_amounts.unit_price(offer, year)
        yield _call(
            account,
            year,
            day=local_day(rise.at, account.timezone),
            at=rise.at,
            kind=rise.kind,
            offer=offer.name,
            lines=(
                Amount(
                    label=offer.lines[0].label,
                    quantity=rise.sondes,
                    unit_price=price.amount,
                    reference=price.reference,
                ),
            ),
            sondes=rise.sondes,
        )


def _dated(
    books: Books, account: Account, offer: Offer, tariff: Tariff, year: int, closed: Iterable[Call]
) -> Iterator[Call]:
    """On the days that the tariff says, beyond what is closed: held against its amounts, for a day may be put right."""
    covered = sum((call.amount for call in closed), Decimal("0.00"))
    for each in _due(books, account, offer, tariff, year, priced=not covered):
        called = min(covered, each.amount)
        covered -= called
        if each.amount == called:
            continue
        already = Amount(label="Déjà appelé", quantity=1, unit_price=-called, reference="")
        yield _call(
            account,
            year,
            day=each.date,
            at=midnight(each.date, account.timezone),
            kind=Kind.ADDITIONAL if called else Kind.ANNUAL,
            offer=offer.name,
            lines=(*each.lines, already) if called else each.lines,
            sondes=None,
        )


def _due(books: Books, account: Account, offer: Offer, tariff: Tariff, year: int, *, priced: bool) -> list[TariffCall]:
    """What is called by now, by date.

    What is owed by calendar year is owed once, whatever the number of contracts: on the terms of the last one.
    `priced`: what has no price is refused; otherwise it is left out, for it was closed when it had one.
    """
    found: list[TariffCall] = []
    for engagement in account.engagements:
        try:
            calls = tariff_amounts.calls(tariff, offer.name, order_of(account, engagement), year)
        except VigieError:
            if priced:
                raise
            continue
        found += (each for each in calls if midnight(each.date, account.timezone) <= books.now)
    if offer.called is Called.ANNIVERSARY:  # each contract has its own
        return sorted(found, key=lambda each: each.date)
    return [replace(found[-1], date=min(each.date for each in found))] if found else []


def order_of(account: Account, engagement: Engagement) -> Order:
    """What a contract subscribes."""
    return Order(
        start=engagement.start,
        last=account.last(engagement),
        population=account.population,
        options=engagement.options,
        units=engagement.units,
        audit=engagement.audit,
    )


def _call(
    account: Account,
    year: int,
    *,
    day: date,
    at: int,
    kind: Kind,
    offer: str,
    lines: tuple[Amount, ...],
    sondes: int | None,
) -> Call:
    return Call(
        collectivite=account.collectivite,
        name=account.name,
        siret=account.siret,
        codes=account.chorus.get(year, Codes()),
        date=day,
        at=at,
        kind=kind,
        offer=offer,
        lines=lines,
        sondes=sondes,
    )


# --- frozen


def to_body(call: Call) -> dict[str, Any]:
    """A call, for a document."""
    return {
        "collectivite": call.collectivite,
        "name": call.name,
        "siret": call.siret,
        "service": call.codes.service,
        "engagement": call.codes.engagement,
        "date": call.date.isoformat(),
        "at": call.at,
        "kind": str(call.kind),
        "offer": call.offer,
        "sondes": call.sondes,
        "lines": [
            {
                "label": line.label,
                "quantity": line.quantity,
                "unit_price": show(line.unit_price),
                "reference": line.reference,
            }
            for line in call.lines
        ],
        "amount": show(call.amount),
    }


def closed_calls(connection: sqlite3.Connection, year: int, only: str | None = None) -> dict[str, list[Call]]:
    """The closed calls of a year that hold, by collectivité, in the order in which they were closed."""
    found: dict[str, list[Call]] = {}
    for bill in bills.latest(connection, bills.CALL, str(year)):
        if only in (None, bill.collectivite):
            found.setdefault(bill.collectivite, []).append(frozen_call(json.loads(bill.body)["call"], bill.number))
    return found


def frozen_call(said: dict[str, Any], document: str) -> Call:
    """The call of a document."""
    return Call(
        collectivite=said["collectivite"],
        name=said["name"],
        siret=said["siret"],
        codes=Codes(service=said["service"], engagement=said["engagement"]),
        date=date.fromisoformat(said["date"]),
        at=said["at"],
        kind=Kind(said["kind"]),
        offer=said["offer"],
        lines=tuple(Amount(**{**line, "unit_price": Decimal(line["unit_price"])}) for line in said["lines"]),
        sondes=said["sondes"],
        document=document,
    )
