"""What a closed document holds beside its figures: all that they are made of, and the figures made of it again.

Nothing else is needed to do the sums: neither the config nor any other table. SPEC 8.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from supervisor.billing import contributions, counts
from supervisor.billing.books import Books
from supervisor.billing.contributions import Call, frozen_call, open_calls
from supervisor.domain import counting, tariff
from supervisor.domain.account import Account, Accounts, Codes
from supervisor.domain.contribution import Kind, year_of
from supervisor.domain.counting import Census
from supervisor.domain.interval import Span, Spans
from supervisor.domain.period import Period, local_day
from supervisor.domain.tariff import Tariff
from supervisor.store import accounts
from supervisor.store.bills import Bill
from supervisor.store.positions import Position

_FORMAT = 1  # of the JSON: to be raised when its meaning changes

Body = dict[str, Any]
Figures = dict[str, Any]


# --- the count of a month


def of_month(books: Books, account: Account, month: Period, position: Position) -> Body:
    """The count of a collectivité, and what it is made of."""
    start, end = month.span(account.timezone)
    return {
        "format": _FORMAT,
        "start": start,
        "end": end,
        "figures": counts.to_body(counts.line(books, account, month)),
        "account": accounts.body(account),
        "lives": books.census(account.collectivite).within(start, end),
        "ledger": position._asdict(),
    }


def month_again(body: Body) -> Figures:
    """The figures that the frozen inputs of a month give."""
    account = accounts.of(body["account"])
    start, end = body["start"], body["end"]
    year = local_day(start, account.timezone).year
    return counts.to_body(counts.of(account, year, counting.count(census_of(body), account.spans(), start, end, end)))


def differs(old: Body, new: Body) -> list[str]:
    """What a correction of a month would change: figures by name, and "sondes" where others count than were counted."""
    figures = [name for name, value in new["figures"].items() if old["figures"].get(name) != value]
    return figures + (["sondes"] if lives_of(old) != lives_of(new) else [])


# --- a call


class Slot(NamedTuple):
    """The place of a call in its year: what a correction puts another figure in."""

    offer: str
    kind: Kind
    date: date
    rank: int  # among those of the same day


def slotted(calls: Iterable[Call], taken: Counter[tuple[str, Kind, date]] | None = None) -> dict[Slot, Call]:
    """Calls by their place; `taken`: how many there are already of each day."""
    seen: Counter[tuple[str, Kind, date]] = Counter(taken)
    found = {}
    for call in calls:
        day = (call.offer, call.kind, call.date)
        found[Slot(*day, seen[day])] = call
        seen[day] += 1
    return found


def of_call(
    books: Books, account: Account, year: int, call: Call, rank: int, called: Sequence[Call], position: Position
) -> Body:
    """A call, and what it is made of; `called`: what was called of the year before it."""
    return {**_call(books, account, year, call, rank, position, call.at), "called": _bodies(called)}


def of_correction(
    books: Books, account: Account, year: int, call: Call, rank: int, former: Sequence[Closed], position: Position
) -> Body:
    """A call that takes the place of another, and what it is made of; `former`: the closed calls of the year as found.

    It is made of all that the year calls for by now, hence of nothing called before it.
    """
    said = [
        {"number": each.number, "rank": each.slot.rank, "call": contributions.to_body(each.call)} for each in former
    ]
    return {**_call(books, account, year, call, rank, position, books.now), "called": [], "former": said}


def _call(books: Books, account: Account, year: int, call: Call, rank: int, position: Position, as_of: int) -> Body:
    return {
        "format": _FORMAT,
        "call": contributions.to_body(call),
        "rank": rank,
        "as_of": as_of,  # the year is called for up to then
        "account": accounts.body(account),
        "lives": books.census(account.collectivite).within(*reach(account, year, as_of)),
        "tariff": tariff.as_json(books.tariffs.get(account.profile, Tariff())),
        "ledger": position._asdict(),
    }


def _bodies(calls: Iterable[Call]) -> list[Body]:
    return [contributions.to_body(each) for each in calls]


def reach(account: Account, year: int, as_of: int) -> Span:
    """From when to when the sondes matter to what is called by that instant."""
    return year_of(account, year).start, as_of + 1


def slot_of(body: Body) -> Slot:
    """Where a frozen call has its place."""
    call = frozen_call(body["call"], "")
    return Slot(call.offer, call.kind, call.date, body["rank"])


class Closed(NamedTuple):
    """A closed call that holds."""

    number: str  # of its document
    slot: Slot
    call: Call


def closed_of(bill: Bill) -> Closed:
    """The call of a document."""
    body = json.loads(bill.body)
    return Closed(bill.number, slot_of(body), frozen_call(body["call"], bill.number))


def put_right(closed: Sequence[Closed], fresh: Sequence[Call], account: Account, year: int) -> list[Call]:
    """What each closed call of a year should have been, given all that the year is called for.

    Where those of an offer come to just that, they are right, whatever their dates and however they were split: nobody
    gets a letter for nothing. Otherwise each is what is called in its place, or nothing.
    """
    wrong = {offer for offer in {each.slot.offer for each in closed} if _differ(offer, closed, fresh)}
    placed = slotted(fresh)
    codes = account.chorus.get(year, Codes())
    right = (placed.get(each.slot, _nothing(each.call)) if each.slot.offer in wrong else each.call for each in closed)
    return [replace(each, name=account.name, siret=account.siret, codes=codes, document=None) for each in right]


def _differ(offer: str, closed: Iterable[Closed], fresh: Iterable[Call]) -> bool:
    """Do they come to something else than is due, or at another price?"""
    called = [each.call for each in closed if each.slot.offer == offer and each.call.amount]
    due = [call for call in fresh if call.offer == offer]
    prices = {call.unit_price for call in due}
    if any(prices and call.unit_price not in prices for call in called):
        return True
    by_sonde = all(call.sondes is not None for call in (*called, *due))
    return _sum(called, by_sonde=by_sonde) != _sum(due, by_sonde=by_sonde)


def _sum(calls: Iterable[Call], *, by_sonde: bool) -> Decimal:
    return sum((Decimal(call.sondes or 0) if by_sonde else call.amount for call in calls), Decimal(0))


def _nothing(call: Call) -> Call:
    """A call that should not have been."""
    return replace(
        call,
        sondes=None if call.sondes is None else 0,
        lines=tuple(replace(line, quantity=0) for line in call.lines),
    )


def calls_again(body: Body, year: int) -> list[Call]:
    """What the frozen inputs of a call make of the year, up to it and beyond what was called before."""
    account = accounts.of(body["account"])
    books = Books(
        now=body["as_of"],
        zone=account.timezone,
        accounts=Accounts(()),
        censuses={account.collectivite: census_of(body)},
        tariffs={account.profile: tariff.from_json(body["tariff"])},
    )
    called = [frozen_call(each, "") for each in body["called"]]
    return [] if account.operator else open_calls(books, account, year, called)


def right_again(body: Body, year: int) -> dict[str, Call]:
    """What the frozen inputs of a correction make of the closed calls that it found, by number and in their order."""
    closed = [Closed(each["number"], slot_of(each), frozen_call(each["call"], "")) for each in body["former"]]
    right = put_right(closed, calls_again(body, year), accounts.of(body["account"]), year)
    return {each.number: call for each, call in zip(closed, right, strict=True)}


# --- what both have


def census_of(body: Body) -> Census:
    """The sondes, as frozen."""
    return Census(lives_of(body))


def lives_of(body: Body) -> dict[str, Spans]:
    """When each counted, as frozen."""
    return {sonde: [(start, end) for start, end in spans] for sonde, spans in body["lives"].items()}


def position_of(body: Body) -> Position:
    """How far the ledger was written."""
    return Position(**body["ledger"])
