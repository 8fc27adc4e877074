"""What the API answers to programs of billing: each answer from one instant of the ledger, in the reader's thread."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from supervisor.billing.amendments import amendments
from supervisor.billing.books import Books, read
from supervisor.billing.contributions import contributions, parse_year
from supervisor.billing.counts import begun, counts
from supervisor.billing.explaining import explain
from supervisor.billing.statement import amendments_json, contributions_json, counts_json
from supervisor.domain.period import parse_month
from supervisor.errors import VigieError
from supervisor.reports import billing_table
from supervisor.store import tokens
from supervisor.store.errors import StoreError
from supervisor.store.errors import explain as reason
from supervisor.store.store import Store
from supervisor.web.api import Question, Refusal
from supervisor.web.resources import CSV, MACHINE

T = TypeVar("T")

log = logging.getLogger(__name__)


class BillingAnswers:
    """What the API stands on."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    async def admits(self, token: bytes) -> bool:
        """Does this token open the figures of billing? Looked up at each request: a revocation holds at once."""
        return await _reading(self._store.read(lambda connection: tokens.admits(connection, token, tokens.BILLING)))

    async def answer(self, question: Question) -> bytes:
        """The answer as it is sent; VigieError says what is wrong with the question."""
        now = int(self._now())
        return await _reading(self._store.read(lambda connection: answer(connection, now, question)))


async def _reading(query: Awaitable[T]) -> T:
    try:
        return await query
    except (StoreError, sqlite3.Error) as error:
        log.warning("the API cannot read the database: %s", reason(error))
        raise Refusal(503, "the database cannot be read now; ask again later") from None


def answer(connection: sqlite3.Connection, now: int, question: Question) -> bytes:
    """The answer to one question, from the ledger as it is."""
    only = question.arguments.get("collectivite")
    books = read(connection, now, only=only)
    if only is not None and only not in books.collectivites:
        raise _unknown()
    return _ANSWERS[question.resource](connection, books, question, only)


def _counts(connection: sqlite3.Connection, books: Books, question: Question, only: str | None) -> bytes:
    month = parse_month(question.arguments["month"])
    begun(month, books)
    with _computing():
        lines = counts(connection, books, month, only)
    if question.form == CSV:
        return billing_table.counts_french(month, lines)
    if question.form == MACHINE:
        return billing_table.counts_machine(lines)
    return _json(counts_json(month.name, lines))


def _contributions(connection: sqlite3.Connection, books: Books, question: Question, only: str | None) -> bytes:
    year = parse_year(question.arguments["year"], books)
    with _computing():
        calls = contributions(connection, books, year, only)
    if question.form == CSV:
        return billing_table.calls_french(year, calls)
    if question.form == MACHINE:
        return billing_table.calls_machine(calls)
    return _json(contributions_json(year, calls))


def _amendments(_: sqlite3.Connection, books: Books, question: Question, only: str | None) -> bytes:
    year = parse_year(question.arguments["year"], books)
    with _computing():
        return _json(amendments_json(year, amendments(books, year, only), books.zone))


def _explain(connection: sqlite3.Connection, books: Books, question: Question, _: str | None) -> bytes:
    month = parse_month(question.arguments["month"])
    begun(month, books)
    try:
        return _json(explain(connection, books, question.arguments["collectivite"], month))
    except VigieError:  # the operator, or one that came after the month was closed: there is no count to explain
        raise _unknown() from None


_Answer = Callable[[sqlite3.Connection, Books, Question, str | None], bytes]
_ANSWERS: Mapping[str, _Answer] = {
    "counts": _counts,
    "contributions": _contributions,
    "amendments": _amendments,
    "explain": _explain,
}


def _unknown() -> Refusal:
    """Whatever the reason; unlike the command it names no neighbour, which may not be the caller's to know."""
    return Refusal(404, "collectivite: there is none of this id, or nothing to tell of it")


@contextmanager
def _computing() -> Iterator[None]:
    """What is refused from here on is no fault of the question: the ledger lacks a price, an offer."""
    try:
        yield
    except VigieError as error:
        raise Refusal(409, str(error)) from None


def _json(said: Mapping[str, Any]) -> bytes:
    """As the commands print it, to the byte."""
    return (json.dumps(said, ensure_ascii=False) + "\n").encode()
