"""A brute-force oracle of `vigie billing counts` and `vigie billing contributions`: SPEC sections 8 and 11.

It was written from the text of the SPEC alone, without reading the code it is there to check, save for what is called
above closed calls (below). What imports tell about sondes is in `oracle_billing_ledger.py`, local days and contracts
are in `oracle_billing_contracts.py`. Here, the sets of billable sondes at all instants at which anything may change are
laid side by side and looked at.

What the SPEC leaves open, and the choice made here:

- The running month is what came before now; a call is listed once its instant is now or past.
- Contracts are looked at over the whole month, its future included: `billed` is 100 in the month of a first contract.
- A contract, a SIRET, a name hold for every month and call that is not closed; the basis is the one known by the end of
  the year asked for, and the present one if nothing was known yet.
- After calls of a year were closed, what a later edit raises above their sum is called beside them: as `additional`, on
  1 July when it is the first half that turned out higher. Here the oracle follows the program: the SPEC says nothing.
- A call for nothing is not listed. Without a contract that says how many sondes are subscribed, none are (so that
  inside the contract the level is 100).
- A price of 1 € holds for any year, those before the programme included.
- Collectivités are in order of their ids, the one order that is left when the config is gone; calls of one by instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

from tests.oracle_billing_contracts import DAY, Contract, begins, contracts, days_of_month, local_day
from tests.oracle_billing_ledger import Ledger, Step, Written

UNIT_PRICE = "1.00"  # 002 annexe 2 art. 3: « d'1 € par sonde »

Row = dict[str, Any]
Made = tuple[str, int, Row]  # a call: of which collectivité, of which instant


class Future(Exception):
    """What was asked for has not begun."""


@dataclass(frozen=True)
class Closing:
    """What was closed, and when; a month that was closed before is corrected."""

    at: int
    months: tuple[str, ...] = ()
    years: tuple[int, ...] = ()


class Oracle:
    """A series of imports and closings, looked at `now`."""

    def __init__(self, zone: str, steps: Sequence[Step], now: int, closings: Sequence[Closing] = ()) -> None:
        self._zone = zone
        self._steps = steps
        self._now = now
        self._closings = closings
        self._ledger = Ledger(steps)

    def _as_of(self, closing: Closing) -> Oracle:
        """What was known when something was closed; of months, nothing that was closed before binds."""
        steps = [step for step in self._steps if step.at <= closing.at]
        before = [Closing(each.at, years=each.years) for each in self._closings if each.at < closing.at]
        return Oracle(self._zone, steps, closing.at, before)

    # --- counts

    def counts(self, month: str) -> Row:
        """What `vigie billing counts --month MONTH --json` says, with `mean` as a fraction."""
        days = days_of_month(month)
        start, until = begins(self._zone, days[0]), min(begins(self._zone, days[-1] + DAY), self._now)
        if start >= self._now:
            raise Future(month)
        closings = [closing for closing in self._closings if month in closing.months]
        if closings:
            return self._as_of(closings[-1]).counts(month)
        return {"month": month, "counts": [self._count(name, days, start, until) for name in self.members()]}

    def _count(self, name: str, days: list[date], start: int, until: int) -> Row:
        instants = sorted(t for t in self._instants(name) | {start} if start <= t < until)
        seen = list(self._ledger.billable(name, instants))
        lasting = [stop - t for t, stop in zip(instants, [*instants[1:], until], strict=True)]
        agreed = self._contracts(name)
        billed = 0
        if any(contract.runs(day) for contract in agreed for day in days):
            inside = [len(there) for t, there in seen if self._running(agreed, t) is not None]
            billed = billed_for(max(inside, default=0))
        return {
            "collectivite": name,
            "siret": self._account(name).get("siret"),
            "peak": max(len(there) for _, there in seen),
            "first": len(seen[0][1]),
            "last": len(seen[-1][1]),
            "mean": Fraction(sum(len(there) * s for (_, there), s in zip(seen, lasting, strict=True)), until - start),
            "distinct": len(frozenset().union(*(there for _, there in seen))),
            "billed": billed,
            "pools": billed // 50,
        }

    # --- contributions

    def contributions(self, year: int) -> Row:
        """What `vigie billing contributions --year YEAR --json` says."""
        start, end = begins(self._zone, date(year, 1, 1)), begins(self._zone, date(year + 1, 1, 1))
        if start > self._now:
            raise Future(year)
        calls = [call for _, _, call in sorted(self._called(year, start, end), key=lambda made: made[:2])]
        return {"year": year, "calls": calls, "total": f"{sum(call['sondes'] for call in calls)}.00"}

    def _called(self, year: int, start: int, end: int) -> list[Made]:
        """Closed calls as they were, and what is called above them."""
        closings = [closing for closing in self._closings if year in closing.years]
        made = self._as_of(closings[-1])._called(year, start, end) if closings else []
        for name in self.members():
            closed = sum(call["sondes"] for home, _, call in made if home == name)
            made += [(name, instant, call) for instant, call in self._calls(name, year, (start, end), closed)]
        return made

    def _calls(self, name: str, year: int, span: tuple[int, int], called: int) -> Iterator[tuple[int, Row]]:
        summer = begins(self._zone, date(year, 7, 1))
        if self._now < summer:
            return
        instants = {t for t in self._instants(name) | {span[0], summer} if span[0] <= t < span[1]}
        levels = self._levels(name, self._basis(name, span[1]), instants)
        spring = max(level for t, level in levels if t < summer)
        if spring > called:
            kind = "additional" if called else "annual"
            yield summer, self._call(name, date(year, 7, 1), kind, spring - called)
            called = spring
        for instant, level in levels:
            if summer <= instant <= self._now and level > called:
                yield instant, self._call(name, local_day(self._zone, instant), "additional", level - called)
                called = level

    def _call(self, name: str, day: date, kind: str, sondes: int) -> Row:
        return {
            "collectivite": name,
            "siret": self._account(name).get("siret"),
            "date": day.isoformat(),
            "kind": kind,
            "sondes": sondes,
            "unit_price": UNIT_PRICE,
            "amount": f"{sondes}.00",
        }

    def _levels(self, name: str, basis: str, instants: set[int]) -> list[tuple[int, int]]:
        """The level at each of these instants."""
        agreed, found = self._contracts(name), []
        for instant, there in self._ledger.billable(name, instants):
            contract = self._running(agreed, instant)
            level = 0
            if contract is not None:
                subscribed = billed_for(contract.subscribed(local_day(self._zone, instant)))
                measured = billed_for(len(there))
                level = {"subscribed": subscribed, "measured": measured, "highest": max(subscribed, measured)}[basis]
            found.append((instant, level))
        return found

    # --- who, and what was agreed

    def members(self) -> list[str]:
        """Every collectivité known to config or ledger that is not the operator's own."""
        known = {each["collectivite"] for step in self._steps for each in step.collectivites}
        everybody = sorted(known | self._ledger.collectivites())
        return [name for name in everybody if not self._account(name).get("operator")]

    def _account(self, name: str) -> Written:
        """As its file has it, or had it last."""
        return next(account for step in reversed(self._steps) if (account := step.account(name)) is not None)

    def _contracts(self, name: str) -> list[Contract]:
        had = [step.account(name) is not None for step in self._steps]
        last = max(number for number, it_had in enumerate(had) if it_had)
        gone = local_day(self._zone, self._steps[last + 1].at) if last + 1 < len(self._steps) else None
        return contracts(self._account(name), gone)

    def _basis(self, name: str, end: int) -> str:
        """The latest that was known of it by the end of the year, or by now."""
        said = [(step.at, step.basis) for step in self._steps if step.account(name) is not None]
        by_then = [basis for at, basis in said if at < end]
        return by_then[-1] if by_then else said[-1][1]

    def _running(self, agreed: list[Contract], instant: int) -> Contract | None:
        day = local_day(self._zone, instant)
        return next((contract for contract in agreed if contract.runs(day)), None)

    def _instants(self, name: str) -> set[int]:
        """Every instant at which a count or a level may change."""
        edges = {edge for contract in self._contracts(name) for edge in contract.edges()}
        return self._ledger.instants(name) | {begins(self._zone, day) for day in edges}


def billed_for(count: int) -> int:
    """At least 100 sondes, then pools of 50 (002 annexe 2 art. 3)."""
    return max(100, 50 * ceil(Fraction(count, 50)))
