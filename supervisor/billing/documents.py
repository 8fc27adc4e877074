"""Closing: counts of months and calls of years become documents, frozen with all that they are made of. SPEC 8.

A document is one row, sealed by the digest of everything else in it, the digest of the document before it included:
whoever alters an old one has to alter every later one too. What turns out to be wrong is put right by a new document
that refers to the old one, which stays. `inputs` says what is frozen, `verifying` looks whether it still holds.

All of this runs in the transaction of the caller: every document of a closing is written, or none and VigieError.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from supervisor.billing import inputs
from supervisor.billing.books import Books
from supervisor.billing.contributions import Call, closed_calls, contributions, open_calls, to_body
from supervisor.billing.inputs import Body, Closed, Figures
from supervisor.domain.period import Period
from supervisor.errors import VigieError
from supervisor.proof.seal import canonical, digest
from supervisor.store import bills, positions
from supervisor.store.bills import Bill
from supervisor.store.text import storable


@dataclass(frozen=True, kw_only=True, slots=True)
class Hand:
    """Whose hand closes, and when."""

    author: str
    at: int
    reason: str = ""  # of a correction


class Count(NamedTuple):
    """A month's document."""

    bill: Bill
    figures: Figures
    former: Figures | None  # those of the document it takes the place of


class Called(NamedTuple):
    """A call's document."""

    bill: Bill
    call: Call
    former: Call | None  # the call that it puts right


def chained(bill: Bill) -> str:
    """What the digest of a document has to be."""
    sealed = {
        "number": bill.number,
        "kind": bill.kind,
        "period": bill.period,
        "collectivite": bill.collectivite,
        "corrects": bill.corrects,
        "closed_at": bill.closed_at,
        "author": bill.author,
        "reason": bill.reason,
        "body": bill.body,
        "previous": bill.previous,
    }
    return digest(canonical(sealed))


class _Chain:
    """The end of the chain, where the documents of one closing are written one after the other."""

    def __init__(self, connection: sqlite3.Connection, hand: Hand, kind: str, period: str) -> None:
        self._connection = connection
        self._hand = hand
        self._kind = kind
        self._period = period

    def write(self, number: str, owner: str, body: Body, former: Bill | None = None) -> Bill:
        """One more document; `former`: the one that it takes the place of."""
        before = bills.before(self._connection)
        bill = Bill(
            number=number,
            kind=self._kind,
            period=self._period,
            collectivite=owner,
            corrects=None if former is None else former.number,
            closed_at=self._hand.at,
            author=storable(self._hand.author),
            reason=storable(self._hand.reason),
            body=canonical(body),
            previous="" if before is None else before.digest,
            digest="",
        )
        bill = replace(bill, digest=chained(bill))
        bills.add(self._connection, bill)
        return bill


# --- months


def close_month(connection: sqlite3.Connection, books: Books, month: Period, hand: Hand) -> list[Count]:
    """Freeze the counts of a month: of each collectivité that has no document of it yet, or whose document is wrong."""
    _, end = month.span(books.zone)
    there = {bill.collectivite: bill for bill in bills.latest(connection, bills.MONTH, month.name)}
    chain, position = _Chain(connection, hand, bills.MONTH, month.name), positions.here(connection)
    made = []
    for account in books.billed(end):
        body = inputs.of_month(books, account, month, position)
        former = there.get(account.collectivite)
        old = None if former is None else json.loads(former.body)
        if old is not None and not inputs.differs(old, body):
            continue
        version = 1 if former is None else _version(former) + 1
        number = f"{month.name}/{account.collectivite}/{version}"
        bill = chain.write(number, account.collectivite, body, former)
        made.append(Count(bill, body["figures"], None if old is None else old["figures"]))
    return made


def _version(bill: Bill) -> int:
    return int(bill.number.rpartition("/")[2])


# --- calls


def close_calls(
    connection: sqlite3.Connection, books: Books, year: int, hand: Hand, only: str | None = None
) -> list[Called]:
    """Freeze the calls of a year that are dated by now and open."""
    kept = closed_calls(connection, year, only)
    chain, position = _Chain(connection, hand, bills.CALL, str(year)), positions.here(connection)
    made = []
    for owner, calls in groupby(contributions(connection, books, year, only), lambda call: call.collectivite):
        account = books.account(owner, books.end_of(year))
        called = kept.get(owner, [])
        taken = Counter((call.offer, call.kind, call.date) for call in called)
        for slot, call in inputs.slotted((call for call in calls if call.document is None), taken).items():
            body = inputs.of_call(books, account, year, call, slot.rank, called, position)
            number = bills.next_number(connection, str(year))
            made.append(Called(chain.write(number, owner, body), replace(call, document=number), None))
            called = [*called, call]
    return made


def correct_calls(connection: sqlite3.Connection, books: Books, year: int, hand: Hand, owner: str) -> list[Called]:
    """Put right the closed calls of a year that are not what the year is called for, as far as is known now.

    Calls that should have been and are missing are open: closing them is not a correction.
    """
    books.known(owner)
    found = reviewed(connection, books, year, owner)
    if not found:
        raise VigieError(f"collectivite: no call of {year} is closed for {owner}; there is nothing to correct")
    account = books.account(owner, books.end_of(year))
    chain, position = _Chain(connection, hand, bills.CALL, str(year)), positions.here(connection)
    former = [each.closed for each in found]
    made = []
    for bill, closed, right in found:
        if to_body(right) == to_body(closed.call):
            continue
        body = inputs.of_correction(books, account, year, right, closed.slot.rank, former, position)
        number = bills.next_number(connection, str(year))
        document = chain.write(number, owner, body, bill)
        made.append(Called(document, replace(right, document=number), closed.call))
    if not made:
        raise VigieError(
            f"collectivite: what is closed of {year} for {owner} is what is called for by all that is known now; "
            "there is nothing to correct"
        )
    return made


class Review(NamedTuple):
    """A closed call, and what it should have been."""

    bill: Bill
    closed: Closed
    right: Call


def reviewed(connection: sqlite3.Connection, books: Books, year: int, owner: str) -> list[Review]:
    """The closed calls of a year that hold, each with what it should have been by what is known now."""
    held = [bill for bill in bills.latest(connection, bills.CALL, str(year)) if bill.collectivite == owner]
    if not held:
        return []
    closed = [inputs.closed_of(bill) for bill in held]
    account = books.account(owner, books.end_of(year))
    right = inputs.put_right(closed, calls_from_scratch(books, owner, year), account, year)
    return [Review(*each) for each in zip(held, closed, right, strict=True)]


def calls_from_scratch(books: Books, owner: str, year: int) -> list[Call]:
    """What a year is called for by now, as if nothing of it were closed."""
    account = books.account(owner, books.end_of(year))
    return [] if account.operator else open_calls(books, account, year)
