"""Are the closed documents still what was closed, and does the ledger still say the same? `--verify`.

Three questions, as of the closings of `proof.verifying`, each naming what it finds:

1. The chain: is a document, and its link to the one before it, byte for byte what was sealed?
2. The arithmetic: do the frozen inputs give the frozen figures?
3. The ledger, asked of what holds: as it was written when the document was made, does it still give the frozen inputs?

What the ledger learnt since is no finding: contracts are edited, history is imported, compensating lines are entered.
Where it makes another figure than the closed one, it is noted, until a correction takes it in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from supervisor.billing import books as ledger
from supervisor.billing import contributions, documents, inputs
from supervisor.billing.books import Books
from supervisor.billing.contributions import Call
from supervisor.billing.inputs import Body
from supervisor.domain import tariff
from supervisor.domain.account import Account
from supervisor.domain.interval import Spans, subtract
from supervisor.domain.period import parse_month
from supervisor.domain.tariff import Tariff
from supervisor.errors import VigieError
from supervisor.proof.comparing import Finding
from supervisor.proof.frozen import TROUBLE
from supervisor.proof.seal import canonical
from supervisor.proof.statement import stamp
from supervisor.store import accounts, bills
from supervisor.store.bills import Bill
from supervisor.store.positions import Position

_UNREADABLE = (*TROUBLE, ArithmeticError, VigieError)


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedBill:
    """One document, and what was found."""

    bill: Bill  # without its body: years of them would fill the memory
    findings: tuple[Finding, ...]  # what must not be
    notes: tuple[Finding, ...]  # what is known since the closing: a correction would take it in


def verify(
    connection: sqlite3.Connection, books: Books, kind: str | None = None, period: str | None = None
) -> Iterator[VerifiedBill]:
    """Every document (of a kind, of a period), in the order of the chain. `books`: what is known now."""
    corrected = bills.corrections(connection)
    verifying = _Verifying(connection, books)
    numbers: set[str] = set()
    before: Bill | None = None
    for bill in bills.every(connection):
        bare = replace(bill, body="")
        if kind in (None, bill.kind) and period in (None, bill.period):
            findings = [*_chain(bill, before, numbers, corrected[bill.number])]
            found = [*verifying.document(bill, holds=bill.number not in corrected)]
            yield VerifiedBill(
                bill=bare,
                findings=(*findings, *(each for each in found if not each.went_on)),
                notes=tuple(each for each in found if each.went_on),
            )
        numbers.add(bill.number)
        before = bare


def right(found: Sequence[VerifiedBill]) -> bool:
    """Is all well?"""
    return not any(verified.findings for verified in found)


def _chain(bill: Bill, before: Bill | None, numbers: set[str], corrected: int) -> Iterator[Finding]:
    if bill.digest != documents.chained(bill):
        yield Finding("document", "was altered: its digest is not that of what it holds")
    if bill.previous != (before.digest if before is not None else ""):
        named = f"{before.number}, the document before it" if before is not None else "nothing"
        yield Finding("document", f"is not chained to {named}: one was altered, removed or put in between")
    if bill.corrects is not None and bill.corrects not in numbers:
        yield Finding("document", f"takes the place of {bill.corrects}, which is not there")
    if corrected > 1:
        yield Finding("document", f"{corrected} documents take its place: one alone may")


class _Verifying:
    def __init__(self, connection: sqlite3.Connection, books: Books) -> None:
        self._connection = connection
        self._books = books
        self._then: tuple[Position, Books] | None = None  # that of the last document: they come in order of entry
        self._called: dict[tuple[str, str], dict[str, Any]] = {}  # by owner and year: the calls that hold, by number
        self._right: dict[tuple[str, str], dict[str, Call]] = {}  # likewise: what they should have been

    def document(self, bill: Bill, *, holds: bool) -> Iterator[Finding]:
        """What is wrong with one by itself, and, if it holds, by the ledger."""
        try:
            body = json.loads(bill.body)
            if bill.kind == bills.CALL:
                yield from self._before(bill, body)
            yield from _itself(bill, body)
            if holds:
                then = replace(self._as_of(inputs.position_of(body)), now=bill.closed_at)
                yield from _then(bill, body, then)
                yield from self._since(bill, body)
        except _UNREADABLE as error:
            yield Finding("document", f"cannot be read: {error!r}")

    def _before(self, bill: Bill, body: Body) -> Iterator[Finding]:
        """Is what it says was called before it what the documents before it call?"""
        earlier = self._called.setdefault((bill.collectivite, bill.period), {})
        if bill.corrects is None and body["called"] != list(earlier.values()):
            yield Finding(bill.collectivite, "what it holds as called before it is not what was closed before it")
        elif bill.corrects is not None:
            earlier.pop(bill.corrects, None)
        earlier[bill.number] = body["call"]

    def _since(self, bill: Bill, body: Body) -> Iterator[Finding]:
        """What is known since that a correction would take in."""
        try:
            month = bill.kind == bills.MONTH
            changed = _month_now(bill, body, self._books) if month else _changed(body["call"], self._call_now(bill))
        except VigieError as error:
            changed = str(error)
        if changed:
            yield Finding(bill.collectivite, f"by what is known now: {changed}; a correction takes it in", went_on=True)

    def _call_now(self, bill: Bill) -> dict[str, Any]:
        key = bill.collectivite, bill.period
        if key not in self._right:
            reviewed = documents.reviewed(self._connection, self._books, int(bill.period), bill.collectivite)
            self._right[key] = {each.bill.number: each.right for each in reviewed}
        return contributions.to_body(self._right[key][bill.number])

    def _as_of(self, position: Position) -> Books:
        if self._then is None or self._then[0] != position:
            self._then = position, ledger.read(self._connection, self._books.now, through=position)
        return self._then[1]


# --- the arithmetic


def _itself(bill: Bill, body: Body) -> Iterator[Finding]:
    month = bill.kind == bills.MONTH
    figures = body["figures"] if month else body["call"]
    again = inputs.month_again(body) if month else _call_again(bill, body)
    for name, value in figures.items():
        if again.get(name) != value:
            yield Finding(bill.collectivite, f"{name} is frozen as {value}; the frozen inputs give {again.get(name)}")
    account = accounts.of(body["account"])
    if account.collectivite != bill.collectivite:
        yield Finding(bill.collectivite, f"what is frozen is of another, {account.collectivite}")
    if month and [body["start"], body["end"]] != list(parse_month(bill.period).span(account.timezone)):
        yield Finding(bill.collectivite, f"what is frozen is not of {bill.period}")


def _call_again(bill: Bill, body: Body) -> dict[str, Any]:
    """The call that the frozen inputs give in the place of the frozen one; nothing if they give none."""
    year = int(bill.period)
    if bill.corrects is not None:
        return contributions.to_body(inputs.right_again(body, year)[bill.corrects])
    # Of an offer, calls are closed one after the other: what was called before leaves this one as the next.
    made, offer = inputs.calls_again(body, year), body["call"]["offer"]
    same = sorted((each for each in made if each.offer == offer and each.amount), key=lambda each: each.at)
    return contributions.to_body(same[0]) if same else {}


# --- the ledger as it was then


def _then(bill: Bill, body: Body, then: Books) -> Iterator[Finding]:
    account = accounts.of(body["account"])
    if bill.kind == bills.MONTH:
        start, end = body["start"], body["end"]
        known = then.account(bill.collectivite, parse_month(bill.period).span(then.zone)[1])
    else:
        start, end = inputs.reach(account, int(bill.period), body["as_of"])
        known = then.account(bill.collectivite, then.end_of(int(bill.period)))
        if body["tariff"] != tariff.as_json(then.tariffs.get(account.profile, Tariff())):
            yield Finding(account.profile, "its tariff in the document is not that of the ledger then")
    frozen, kept = accounts.body(account), accounts.body(known)
    for name in frozen:
        if frozen[name] != kept[name]:
            what = f"{name}: {canonical(frozen[name])} in the document, {canonical(kept[name])} in the ledger then"
            yield Finding(bill.collectivite, what)
    lives, lived = inputs.lives_of(body), then.census(bill.collectivite).within(start, end)
    for sonde in sorted({*lives, *lived}):
        one, other = lives.get(sonde, []), lived.get(sonde, [])
        for spans, there, missing in ((one, "document", "ledger then"), (other, "ledger then", "document")):
            rest = subtract(spans, other if spans is one else one)
            if rest:
                yield Finding(sonde, f"counts {_said(rest, account)} in the {there}, not in the {missing}")


def _said(spans: Spans, account: Account) -> str:
    return ", ".join(f"from {stamp(s, account.timezone)} to {stamp(e, account.timezone)}" for s, e in spans)


# --- what is known since


def _month_now(bill: Bill, body: Body, books: Books) -> str:
    month = parse_month(bill.period)
    account = books.account(bill.collectivite, month.span(books.zone)[1])
    new = inputs.of_month(books, account, month, Position())
    return ", ".join(
        "other sondes count" if name == "sondes" else _change(name, body["figures"], new["figures"])
        for name in inputs.differs(body, new)
    )


def _changed(call: dict[str, Any], right: dict[str, Any]) -> str:
    return ", ".join(_change(name, call, right) for name in right if right[name] != call[name] and name != "lines") or (
        "other lines" if right["lines"] != call["lines"] else ""
    )


def _change(name: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    return f"{name} {new[name]}, not {old[name]}"
