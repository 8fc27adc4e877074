"""The count of a month: what each collectivité had of sondes, and what is billed of it. SPEC 8."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from supervisor.billing.books import Books
from supervisor.domain import counting
from supervisor.domain.account import Account, Codes
from supervisor.domain.counting import MonthCount
from supervisor.domain.period import Period
from supervisor.errors import VigieError
from supervisor.proof.statement import stamp
from supervisor.store import bills, closings


@dataclass(frozen=True, kw_only=True, slots=True)
class CountLine:
    """The count of one collectivité."""

    collectivite: str
    name: str
    siret: str | None
    codes: Codes  # of the year
    peak: int
    first: int
    last: int
    mean: Fraction
    distinct: int
    billed: int
    under_contract: bool
    document: str | None = None  # number of the document that froze it

    @property
    def pools(self) -> int:
        """Pools of 50 billed."""
        return self.billed // counting.POOL

    @property
    def warning(self) -> str | None:
        """What whoever bills should know."""
        if self.under_contract or not self.distinct:
            return None
        return f"{self.collectivite}: no contract runs in this month, and sondes are counted ({self.peak} at most)"


def counts(connection: sqlite3.Connection, books: Books, month: Period, only: str | None = None) -> list[CountLine]:
    """Every collectivité but the operator, by id; of a closed month, what was frozen and nothing else."""
    begun(month, books)
    frozen = bills.latest(connection, bills.MONTH, month.name)
    if frozen:
        if only is not None:
            books.known(only)
        own = (bill for bill in frozen if only in (None, bill.collectivite))
        found = [frozen_line(json.loads(bill.body)["figures"], bill.number) for bill in own]
        return sorted(found, key=lambda line: line.collectivite)
    _, end = month.span(books.zone)
    return [line(books, account, month) for account in books.billed(end, only)]


def left_out(connection: sqlite3.Connection, books: Books, month: Period, only: str | None = None) -> Iterator[str]:
    """Whom a closed month does not count, because nobody knew them yet, or because it was closed without counts."""
    if month.name not in {name for name, _, _ in closings.closed_months(connection, books.zone)}:
        return
    frozen = {bill.collectivite for bill in bills.latest(connection, bills.MONTH, month.name)}
    _, end = month.span(books.zone)
    found = [line(books, account, month) for account in books.billed(end, only) if account.collectivite not in frozen]
    if found and not frozen:
        yield f"{month.name} was closed by a version that froze no counts: these may change until a correction does"
        return
    for each in found:
        if each.billed or each.distinct:
            yield (
                f"{each.collectivite}: was not known when {month.name} was closed, and is not counted ({each.billed} "
                f"billed): vigie close --month {month.name} --correct takes it in"
            )


def line(books: Books, account: Account, month: Period) -> CountLine:
    """The count of one collectivité, as the ledger has it."""
    start, end = month.span(account.timezone)
    found = counting.count(books.census(account.collectivite), account.spans(), start, end, books.now)
    return of(account, month.first.year, found)


def of(account: Account, year: int, count: MonthCount) -> CountLine:
    """A count with the name it goes by."""
    return CountLine(
        collectivite=account.collectivite,
        name=account.name,
        siret=account.siret,
        codes=account.chorus.get(year, Codes()),
        peak=count.peak,
        first=count.first,
        last=count.last,
        mean=count.mean,
        distinct=count.distinct,
        billed=count.billed,
        under_contract=count.under_contract,
    )


def begun(month: Period, books: Books) -> None:
    """Refuse a month that begins in the future."""
    start, _ = month.span(books.zone)
    if start > books.now:
        raise VigieError(
            f"month: {month.name} begins in the future, {stamp(start, books.zone)}; nothing is counted of it yet"
        )


# --- frozen


def to_body(line: CountLine) -> dict[str, Any]:
    """The figures, for a document."""
    return {
        "collectivite": line.collectivite,
        "name": line.name,
        "siret": line.siret,
        "service": line.codes.service,
        "engagement": line.codes.engagement,
        "peak": line.peak,
        "first": line.first,
        "last": line.last,
        "mean": str(line.mean),
        "distinct": line.distinct,
        "billed": line.billed,
        "under_contract": line.under_contract,
    }


def frozen_line(figures: dict[str, Any], document: str) -> CountLine:
    """The figures of a document."""
    said = dict(figures)
    codes = Codes(service=said.pop("service"), engagement=said.pop("engagement"))
    return CountLine(**{**said, "mean": Fraction(str(said["mean"])), "codes": codes, "document": document})
