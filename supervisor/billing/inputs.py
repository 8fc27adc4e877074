"""What a closed document holds beside its figures: all that they are made of, and the figures made of it again.

Nothing else is needed to do the sums: neither the config nor any other table. SPEC 8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from supervisor.billing import contributions, counts
from supervisor.billing.books import Books
from supervisor.billing.contributions import Call, frozen_call, open_calls
from supervisor.domain import counting, tariff
from supervisor.domain.account import Account, Accounts
from supervisor.domain.contribution import Kind, year_of
from supervisor.domain.counting import Census
from supervisor.domain.interval import Span, Spans
from supervisor.domain.period import Period, local_day
from supervisor.domain.tariff import Tariff
from supervisor.store import accounts
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
    return {
        "format": _FORMAT,
        "call": contributions.to_body(call),
        "rank": rank,
        "called": [contributions.to_body(each) for each in called],
        "account": accounts.body(account),
        "lives": books.census(account.collectivite).within(*reach(account, year, call.at)),
        "tariff": tariff.as_json(books.tariffs.get(account.profile, Tariff())),
        "ledger": position._asdict(),
    }


def reach(account: Account, year: int, at: int) -> Span:
    """From when to when the sondes matter to a call of that instant."""
    return year_of(account, year).start, at + 1


def slot_of(body: Body) -> Slot:
    """Where a frozen call has its place."""
    call = frozen_call(body["call"], "")
    return Slot(call.offer, call.kind, call.date, body["rank"])


def put_right(call: Call, slot: Slot, fresh: Iterable[Call]) -> Call:
    """What a call should have been, given all that the year is called for: nothing, if there is none in its place."""
    nothing = replace(
        call,
        document=None,
        sondes=None if call.sondes is None else 0,
        lines=tuple(replace(line, quantity=0) for line in call.lines),
    )
    return slotted(fresh).get(slot, nothing)


def calls_again(body: Body, year: int) -> list[Call]:
    """What the frozen inputs of a call make of the year, up to it and beyond what was called before."""
    account = accounts.of(body["account"])
    books = Books(
        now=body["call"]["at"],
        zone=account.timezone,
        accounts=Accounts(()),
        censuses={account.collectivite: census_of(body)},
        tariffs={account.profile: tariff.from_json(body["tariff"])},
    )
    called = [frozen_call(each, "") for each in body["called"]]
    return [] if account.operator else open_calls(books, account, year, called)


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
