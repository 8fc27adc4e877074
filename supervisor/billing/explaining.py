"""What the count of one collectivité and month is made of, so that anybody can do the sums again by hand. SPEC 8.

A closed month is explained by what its document froze; the tables only add why a sonde counts, or does not, as they had
it when the month was closed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from supervisor.billing import amendments, counts, inputs
from supervisor.billing.books import Books
from supervisor.billing.counts import CountLine, begun, frozen_line
from supervisor.billing.statement import amendments_json, count_json
from supervisor.domain import counting
from supervisor.domain.account import Account, Engagement
from supervisor.domain.counting import Census
from supervisor.domain.interval import FOREVER, Span, Spans, clip, holds, intersect, length, normalise, subtract
from supervisor.domain.ledger import Correction, LedgerEvent, Presence, apply
from supervisor.domain.period import Period
from supervisor.errors import VigieError
from supervisor.proof.statement import stamp
from supervisor.store import accounts, bills, ledger
from supervisor.store.positions import Position

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Subject:
    """What is explained."""

    account: Account
    census: Census
    line: CountLine
    start: int
    end: int
    now: int
    position: Position  # how far the ledger is read

    @property
    def until(self) -> int:
        """The end of what is counted: that of the month, or now."""
        return max(self.start, min(self.end, self.now))

    @property
    def last_at(self) -> int:
        """The instant that `last` is counted at."""
        return self.end - 1 if self.now >= self.end else self.until

    def stamp(self, at: int | None) -> str | None:
        """An instant, with its offset."""
        return stamp(at, self.account.timezone)

    def spans(self, spans: Spans) -> list[Json]:
        """Times, with their offsets."""
        return [{"from": self.stamp(start), "to": self.stamp(end)} for start, end in spans]


def explain(connection: sqlite3.Connection, books: Books, collectivite: str, month: Period) -> Json:
    """The figures of a month, and all that they are made of."""
    begun(month, books)
    books.known(collectivite)
    subject = _subject(connection, books, collectivite, month)
    account, census, until = subject.account, subject.census, subject.until
    count = counting.count(census, account.spans(), subject.start, subject.end, subject.now)
    corrections = _corrections(connection, subject)
    in_force = [each for each in corrections if each.id <= subject.position.correction]
    lives = _lives(ledger.of_collectivite(connection, collectivite, subject.position.ledger))
    to_sign, wrong = _amendment(books, collectivite, month.first.year)
    return {
        "month": month.name,
        **count_json(subject.line),
        "name": subject.line.name,
        "document": subject.line.document,
        "start": subject.stamp(subject.start),
        "until": subject.stamp(until),
        "elapsed_s": until - subject.start,
        "last_at": subject.stamp(subject.last_at),
        "sonde_seconds": census.seconds(subject.start, until),
        "peak_at": subject.stamp(count.anywhere.at),
        "peak_inside": count.inside.most,
        "peak_inside_at": subject.stamp(count.inside.at),
        "basis": account.basis,
        "gone": None if account.gone is None else account.gone.isoformat(),
        "contracts": [_contract(subject, engagement) for engagement in account.engagements],
        "sondes": list(_sondes(subject, books.census(collectivite), lives, in_force)),
        "left_out": list(_left_out(subject, lives, in_force)),
        "corrections": [_correction(subject, each) for each in corrections],
        "amendment": to_sign,
        "remarks": [remark for remark in (subject.line.warning, wrong) if remark is not None],
    }


def _subject(connection: sqlite3.Connection, books: Books, collectivite: str, month: Period) -> _Subject:
    frozen = {bill.collectivite: bill for bill in bills.latest(connection, bills.MONTH, month.name)}
    if collectivite in frozen:
        bill = frozen[collectivite]
        body = json.loads(bill.body)
        return _Subject(
            account=accounts.of(body["account"]),
            census=inputs.census_of(body),
            line=frozen_line(body["figures"], bill.number),
            start=body["start"],
            end=body["end"],
            now=body["end"],
            position=inputs.position_of(body),
        )
    if frozen:
        raise VigieError(f"collectivite: {month.name} is closed, and has no count of '{collectivite}'")
    _, end = month.span(books.zone)
    account = books.account(collectivite, end)
    if account.operator:
        raise VigieError(f"collectivite: '{collectivite}' is the operator, of which nothing is billed")
    start, end = month.span(account.timezone)
    return _Subject(
        account=account,
        census=books.census(collectivite),
        line=counts.line(books, account, month),
        start=start,
        end=end,
        now=books.now,
        position=Position(),
    )


# --- contracts


def _contract(subject: _Subject, engagement: Engagement) -> Json:
    runs = clip(replace(subject.account, engagements=(engagement,)).spans(), subject.start, subject.end)
    last = subject.account.last(engagement)
    return {
        "start": engagement.start.isoformat(),
        "end": None if engagement.end is None else engagement.end.isoformat(),
        "notice": None if engagement.notice is None else engagement.notice.isoformat(),
        "last_day": None if last is None else last.isoformat(),
        "offer": engagement.offer,
        "sondes": [{"from": since.isoformat(), "count": count} for since, count in engagement.sondes],
        "runs": subject.spans(runs),
    }


def _amendment(books: Books, collectivite: str, year: int) -> tuple[Json | None, str | None]:
    """The amendment to be signed in that year, so far; and why it cannot be told."""
    account = books.account(collectivite, books.end_of(year))
    try:
        found = None if account.operator else amendments.amendment(books, account, year)
    except VigieError as error:  # a price that nobody set: what is counted can be told all the same
        return None, str(error)
    return (None if found is None else amendments_json(year, [found], books.zone)["amendments"][0]), None


# --- sondes


class _Life:
    """A sonde, as the lines of the ledger have it."""

    def __init__(self) -> None:
        self._turns: dict[int, Presence] = {}  # the last line of an instant holds from it on
        self._last: Presence | None = None

    def add(self, event: LedgerEvent) -> None:
        """One more line."""
        self._last = self._turns[event.t] = apply(self._last, event)

    def at(self, instant: int) -> Presence | None:
        """How it stands then."""
        return next((presence for t, presence in reversed(self._turns.items()) if t <= instant), None)

    def spans(self, *, billable: bool | None = None, paused: bool | None = None) -> list[Span]:
        """When it is there, and billable (or paused) or not where that is asked."""
        edges = [*self._turns.items(), (FOREVER, None)]
        return normalise(
            (start, end)
            for (start, presence), (end, _) in pairwise(edges)
            if presence is not None
            and presence.present
            and billable in (None, presence.billable)
            and paused in (None, presence.paused)
        )


def _lives(events: Sequence[LedgerEvent]) -> dict[str, _Life]:
    lives: dict[str, _Life] = {}
    for event in events:
        lives.setdefault(event.sonde, _Life()).add(event)
    return lives


def _sondes(
    subject: _Subject, census: Census, lives: Mapping[str, _Life], corrections: Sequence[Correction]
) -> Iterator[Json]:
    """Those that count, by id; `census`: of all time, for what began before the month.

    One that was added at this very second is in `last` already, and counts for no time yet.
    """
    within = subject.census.within(subject.start, subject.until)
    still = subject.census.present(subject.last_at)
    for sonde in sorted({*within, *still}):
        spans = within.get(sonde) or [(subject.until, subject.until)]
        start, end = spans[-1]
        life = holds(census.lives.get(sonde, ()), start)
        known = lives.get(sonde, _Life())
        yield {
            "sonde": sonde,
            "since": subject.stamp(start if life is None else life[0]),
            "until": None if sonde in still else subject.stamp(end),
            "ended": None if sonde in still else _ended(sonde, end, known, corrections),
            "spans": subject.spans(spans),
            "seconds": length(spans),
            "paused": subject.spans(intersect(spans, known.spans(paused=True))),
        }


def _ended(sonde: str, at: int, life: _Life, corrections: Sequence[Correction]) -> str:
    """Why it counts no more from that instant on."""
    presence = life.at(at)
    if presence is None or not presence.present:
        return "removed"
    if not presence.billable:
        return "not billable"
    return "; ".join(f"correction {each.id}" for each in corrections if each.sonde == sonde and each.start == at)


def _left_out(subject: _Subject, lives: Mapping[str, _Life], corrections: Sequence[Correction]) -> Iterator[Json]:
    """When a sonde was there and did not count, by id: it was not billable, or a correction says so."""
    for sonde, life in sorted(lives.items()):
        there = clip(life.spans(), subject.start, subject.until)
        missing = subtract(there, subject.census.lives.get(sonde, ()))
        reasons = [("not billable", life.spans(billable=False))]
        reasons += [
            (f"correction {each.id}", intersect(life.spans(billable=True), [(each.start, each.end)]))
            for each in corrections
            if each.sonde == sonde
        ]
        for why, spans in reasons:
            for span in intersect(missing, spans):
                yield {"sonde": sonde, **subject.spans([span])[0], "why": why}


def _corrections(connection: sqlite3.Connection, subject: _Subject) -> list[Correction]:
    """Those that touch the month, in the order in which they were entered."""
    return [
        each
        for each in ledger.corrections(connection)
        if each.collectivite == subject.account.collectivite and each.start < subject.end and each.end > subject.start
    ]


def _correction(subject: _Subject, correction: Correction) -> Json:
    return {
        "id": correction.id,
        "sonde": correction.sonde,
        "from": subject.stamp(correction.start),
        "to": subject.stamp(correction.end),
        "author": correction.author,
        "reason": correction.reason,
        "entered": subject.stamp(correction.t),
        "waits": correction.id > subject.position.correction,  # for the closed month to be corrected
    }
