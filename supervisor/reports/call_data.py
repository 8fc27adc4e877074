"""What a call for contribution rests on, gathered for the letter: its document, its contract, the sondes counted.

A closed call is told from its document alone: its letter is the same for ever. An open one is told from the ledger,
cut to the same extent, so that the draft says what the document will.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple, TypedDict

from supervisor.billing import inputs
from supervisor.billing.books import Books
from supervisor.billing.contributions import Call, contributions, frozen_call
from supervisor.domain import contribution, tariff
from supervisor.domain.account import Account
from supervisor.domain.contribution import Basis, Excess, Kind, Year, year_of
from supervisor.domain.counting import Census, billed
from supervisor.domain.interval import Spans
from supervisor.domain.period import local_day
from supervisor.domain.tariff import Tariff
from supervisor.store import accounts, bills
from supervisor.store.bills import Bill


class Standing(NamedTuple):
    """How many sondes there were at the instant that the amount comes from."""

    at: int
    subscribed: int
    counted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Roll:
    """The sondes counted at an instant: the date of the call, or the instant that decided."""

    at: int
    since: Mapping[str, int]  # by sonde, the oldest first; never before the year of the call
    decides: bool  # does the amount rest on it?


@dataclass(frozen=True, kw_only=True, slots=True)
class CallReport:
    """All that a letter says."""

    call: Call
    year: int
    account: Account
    title: str  # of the offer, in French
    before: int  # by sonde: how many the year had been called for
    standing: Standing | None  # by sonde, and where the contract as it is known gives the amount
    roll: Roll | None  # by sonde
    excess: Excess | None  # by sonde: the amendment to be signed, as of the date of the call
    document: Bill | None  # None while it is open
    replaced: Call | None  # the one that the document takes the place of
    made_at: int  # when it was closed; of a draft, now
    version: str

    @property
    def year_start(self) -> int:
        """What was before it is not told."""
        return year_of(self.account, self.year).start


class _Source(NamedTuple):
    """What a letter is told from."""

    account: Account
    lives: Mapping[str, Spans]
    before: int
    title: str


def call_reports(
    connection: sqlite3.Connection, books: Books, year: int, only: str | None, version: str
) -> Iterator[CallReport]:
    """One a call of the year that is dated by now; closed ones that a correction brought down to nothing included."""
    called: Counter[tuple[str, str]] = Counter()
    calls = [*contributions(connection, books, year, only), *_taken_back(connection, year, only)]
    for call in sorted(calls, key=lambda call: (call.collectivite, call.document is None, call.at)):
        whose = (call.collectivite, call.offer)
        document = bills.numbered(connection, call.document) if call.document is not None else None
        source = _open(books, call, year, called[whose]) if document is None else _frozen(document)
        called[whose] += call.sondes or 0
        replaced = bills.numbered(connection, document.corrects) if document is not None and document.corrects else None
        yield CallReport(
            call=call,
            year=year,
            account=source.account,
            title=source.title,
            before=source.before,
            **_by_sonde(call, year, source),
            document=document,
            replaced=None if replaced is None else _call_of(replaced),
            made_at=books.now if document is None else document.closed_at,
            version=version,
        )


def _taken_back(connection: sqlite3.Connection, year: int, only: str | None) -> Iterator[Call]:
    """No longer among the contributions; but there is a letter that says so."""
    for bill in bills.latest(connection, bills.CALL, str(year)):
        call = _call_of(bill)
        if not call.amount and only in (None, call.collectivite):
            yield call


def _call_of(bill: Bill) -> Call:
    return frozen_call(json.loads(bill.body)["call"], bill.number)


def _frozen(document: Bill) -> _Source:
    body, year = json.loads(document.body), int(document.period)
    offer = tariff.from_json(body["tariff"]).offer(body["call"]["offer"])
    return _Source(accounts.of(body["account"]), inputs.lives_of(body), _before(document, body, year), offer.title)


def _before(document: Bill, body: inputs.Body, year: int) -> int:
    """What was called before it; a correction stands among those that it found, each as it should have been."""
    if document.corrects is None:
        earlier = [frozen_call(each, "") for each in body["called"]]
    else:
        right = inputs.right_again(body, year)
        earlier = [right[number] for number in takewhile(lambda number: number != document.corrects, right)]
    return sum(call.sondes or 0 for call in earlier if call.offer == body["call"]["offer"])


def _open(books: Books, call: Call, year: int, before: int) -> _Source:
    account = books.account(call.collectivite, books.end_of(year))
    by_sonde = call.sondes is not None
    lives = books.census(call.collectivite).within(*inputs.reach(account, year, call.at)) if by_sonde else {}
    title = books.tariffs.get(account.profile, Tariff()).offer(call.offer).title
    return _Source(account, lives, before, title)


# --- by sonde


class _BySonde(TypedDict):
    standing: Standing | None
    roll: Roll | None
    excess: Excess | None


def _by_sonde(call: Call, year: int, source: _Source) -> _BySonde:
    if call.sondes is None:
        return _BySonde(standing=None, roll=None, excess=None)
    # A contract that names no offer is of the only one there is.
    own = tuple(each for each in source.account.engagements if each.offer in (None, call.offer))
    account, census, span = (
        replace(source.account, engagements=own),
        Census(source.lives),
        year_of(source.account, year),
    )
    standing = _standing(account, census, call, span, source.before + call.sondes)
    return _BySonde(
        standing=standing,
        roll=_roll(account, census, call, standing),
        excess=_excess(account, census, call, span),
    )


def _standing(account: Account, census: Census, call: Call, span: Year, billed_then: int) -> Standing | None:
    """The annual call is of the first instant at which the first half of the year was highest; a rise, of its own."""
    steps = list(contribution.levels(account, census, span.start, call.at + 1))
    if call.kind is Kind.ANNUAL:
        at = next((at for at, level in steps if at < span.july and level == billed_then), None)
    else:
        at = call.at if steps[-1].level == billed_then else None
    engagement = None if at is None else account.engaged(at)
    if at is None or engagement is None:
        return None
    return Standing(at, engagement.subscribed(local_day(at, account.timezone)), census.at(at))


def _roll(account: Account, census: Census, call: Call, standing: Standing | None) -> Roll:
    decides = standing is not None and (
        account.basis == Basis.MEASURED
        or (account.basis == Basis.HIGHEST and billed(standing.counted) > billed(standing.subscribed))
    )
    at = standing.at if standing is not None and decides else call.at
    return Roll(at=at, since=census.present(at), decides=decides)


def _excess(account: Account, census: Census, call: Call, span: Year) -> Excess | None:
    """Judged where it costs: under the basis `subscribed`, unless what was signed since covers it."""
    found = contribution.excess(account, census, span, call.at) if account.basis == Basis.SUBSCRIBED else None
    return found if found is not None and found.sondes else None
