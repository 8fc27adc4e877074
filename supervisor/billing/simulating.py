"""What a changed config would cost, before it is applied: pools, level, calls of the running year. SPEC 8.

The ledger is read twice: as it is, and with the lines that the config would add to it now. Both are then carried on to
the end of the year with nothing else changing; the difference of their calls is what the change adds. Nothing is
written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

from supervisor.billing import pools
from supervisor.billing.amendments import amendment
from supervisor.billing.books import Books, censuses, read
from supervisor.billing.contributions import Call, closed_calls, open_calls
from supervisor.billing.effect import Effect, effect, standing
from supervisor.billing.pools import Occupancy
from supervisor.config.configuration import Configuration
from supervisor.domain import contribution, counting
from supervisor.domain.account import Account
from supervisor.domain.contribution import Kind
from supervisor.domain.counting import POOL, billed
from supervisor.domain.money import show
from supervisor.domain.period import local_day
from supervisor.domain.tariff import Tariff
from supervisor.errors import VigieError
from supervisor.proof.statement import stamp
from supervisor.store import ledger

_DAY_S = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """A collectivité at one instant, before the change or after it."""

    sondes: int  # that count
    subscribed: int
    billed: int  # of what counts; 0 without a contract
    level: int | None  # what is billed under its basis; None while nothing is billed by pools
    free: int | None  # places left in the pools billed
    amendment: Decimal | None  # amount of the « avenant à signer » of the year so far
    ends: date | None  # last day of the contract that runs

    @property
    def pools(self) -> int:
        """Pools of 50 billed."""
        return self.billed // POOL

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "sondes": self.sondes,
            "subscribed": self.subscribed,
            "billed": self.billed,
            "pools": self.pools,
            "level": self.level,
            "free": self.free,
            "amendment": None if self.amendment is None else show(self.amendment),
            "ends": None if self.ends is None else self.ends.isoformat(),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Addition:
    """What is called more (or less) on one day."""

    date: date
    kind: Kind
    sondes: int | None  # None where the offer is not paid by sonde
    amount: Decimal  # in euros, HT

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "date": self.date.isoformat(),
            "kind": str(self.kind),
            "sondes": self.sondes,
            "amount": show(self.amount),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What changes for one collectivité."""

    collectivite: str
    now: Side
    then: Side
    calls: tuple[Addition, ...]  # of the running year, by date
    wrong: str | None  # why amounts cannot be told

    @property
    def amount(self) -> Decimal:
        """In euros, HT."""
        return sum((call.amount for call in self.calls), Decimal("0.00"))

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "collectivite": self.collectivite,
            "now": self.now.as_json(),
            "then": self.then.as_json(),
            "calls": [call.as_json() for call in self.calls],
            "amount": None if self.wrong is not None else show(self.amount),
            "wrong": self.wrong,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulation:
    """What a config changes."""

    at: str  # the instant, with its offset
    year: int
    changes: tuple[Change, ...]  # by id
    remarks: tuple[Occupancy, ...]  # pools that are nearly full then

    @property
    def total(self) -> Decimal:
        """In euros, HT; of those whose amount can be told."""
        return sum((change.amount for change in self.changes), Decimal("0.00"))

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "at": self.at,
            "year": self.year,
            "collectivites": [change.as_json() for change in self.changes],
            "total": show(self.total),
        }


def simulate(
    connection: sqlite3.Connection, configuration: Configuration, now: int, *, everybody: bool = False
) -> Simulation:
    """What the config would change if it took effect now; of `everybody`, or of those it changes something for."""
    known = standing(connection)
    changed = effect(known, configuration, now)
    before = read(connection, now)
    lives = counting.lives(chain(ledger.edges(connection), changed.sondes), ledger.corrections(connection))
    after = replace(read(connection, now, configuration), censuses=censuses(lives))
    year = local_day(now, after.zone).year
    closed = closed_calls(connection, year)
    touched = _touched(changed)
    found = []
    for name in sorted({account.collectivite for books in (before, after) for account in books.billed(now + 1)}):
        change = _change(before, after, name, year, closed.get(name, []))
        if everybody or name in touched or change.now != change.then or change.calls:
            found.append(change)
    shown = {change.collectivite for change in found}
    return Simulation(
        at=str(stamp(now, after.zone)),
        year=year,
        changes=tuple(found),
        remarks=tuple(each for each in pools.nearly_full(after) if each.collectivite in shown),
    )


def _touched(changed: Effect) -> set[str]:
    return {line.collectivite for line in changed.sondes} | {line.collectivite for line in changed.accounts}


def _change(before: Books, after: Books, name: str, year: int, closed: Sequence[Call]) -> Change:
    calls: list[Addition] = []
    amounts: list[Decimal | None] = [None, None]
    wrong = None
    try:
        calls = _difference(_calls(before, name, year, closed), _calls(after, name, year, closed))
        amounts = [_amendment(books, name, year) for books in (before, after)]
    except VigieError as error:  # a price that nobody set: the counts can be told all the same
        calls, wrong = [], str(error)
    now, then = (_side(books, name, amount) for books, amount in zip((before, after), amounts, strict=True))
    return Change(collectivite=name, now=now, then=then, calls=tuple(calls), wrong=wrong)


def _side(books: Books, name: str, amount: Decimal | None) -> Side:
    account, census, at = books.account(name, books.now + 1), books.census(name), books.now
    if account.operator:
        return Side(sondes=census.at(at), subscribed=0, billed=0, level=None, free=None, amendment=None, ends=None)
    tariff = books.tariffs.get(account.profile, Tariff())
    place = pools.occupancy(account, tariff, census.at(at), at)
    engagement = account.engaged(at)
    return Side(
        sondes=place.counted,
        subscribed=place.subscribed,
        billed=0 if engagement is None else billed(place.counted),
        level=next(contribution.levels(account, census, at, at + 1)).level
        if pools.by_pools(account, tariff, at)
        else None,
        free=place.free,
        amendment=amount,
        ends=None if engagement is None else account.last(engagement),
    )


def _amendment(books: Books, name: str, year: int) -> Decimal | None:
    account = books.account(name, books.end_of(year))
    found = None if account.operator else amendment(books, account, year)
    return None if found is None else found.amount


def _calls(books: Books, name: str, year: int, closed: Sequence[Call]) -> list[Call]:
    """What is still to be called of the year, up to its end and the day after: an offer may be called then."""
    end = books.end_of(year)
    account: Account = books.account(name, end)
    return [] if account.operator else open_calls(replace(books, now=end + _DAY_S), account, year, closed)


def _difference(before: Iterable[Call], after: Iterable[Call]) -> list[Addition]:
    """By day and kind: the calls of `after`, less those of `before`."""
    found: dict[tuple[date, Kind], Addition] = {}
    for sign, calls in ((-1, before), (1, after)):
        for call in calls:
            key = call.date, call.kind
            so_far = found.get(key, Addition(date=call.date, kind=call.kind, sondes=None, amount=Decimal("0.00")))
            sondes = so_far.sondes if call.sondes is None else (so_far.sondes or 0) + sign * call.sondes
            found[key] = replace(so_far, sondes=sondes, amount=so_far.amount + sign * call.amount)
    listed = sorted(found.values(), key=lambda each: (each.date, each.kind is Kind.ADDITIONAL))
    return [each for each in listed if each.sondes or each.amount]
