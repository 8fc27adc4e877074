"""What Prometheus reads of billing: what is counted, subscribed and billed now.

Worked out from the ledger when the daemon starts, at each reload and import, and when time changes it (a month begins,
a contract starts); its text is kept, so that a scrape costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from supervisor.billing import counts, pools
from supervisor.billing.books import Books
from supervisor.billing.pools import Occupancy
from supervisor.domain.period import local_day, month_of
from supervisor.metrics import escape

HELP = {
    "vigie_billable_sondes": "Sondes that count now.",
    "vigie_subscribed_sondes": "Sondes that the contract subscribes now; 0 without one.",
    "vigie_billed_sondes": "Sondes billed for the running month, so far; 0 without a contract.",
    "vigie_billing_free_sondes": "Places left in the pools billed; no series while nothing is billed by pools.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Billing:
    """What billing comes to, as of one instant."""

    occupancies: Sequence[Occupancy] = ()  # by id
    billed: Sequence[int] = ()  # sondes, of each of them
    until: int = 0  # when time alone changes it


def billing(books: Books) -> Billing:
    """Work it out."""
    now = books.now
    month = month_of(local_day(now, books.zone))
    accounts = books.billed(now + 1)
    edges = [edge for account in accounts for edge in account.edges() if edge > now]
    return Billing(
        occupancies=pools.occupancies(books),
        billed=[counts.line(books, account, month).billed for account in accounts],
        until=min([month.span(books.zone)[1], *edges]),
    )


class BillingExposition:
    """The series of every collectivité but the operator, as text."""

    def __init__(self) -> None:
        self._kept: list[bytes | bytearray] = []  # replaced, never changed in place: scrapes run in threads
        self.shown = Billing()

    def keep(self, found: Billing) -> list[Occupancy]:
        """Show these figures from now on; gives those that have become worth a word since the figures before."""
        said = {(each.collectivite, each.exceeds) for each in pools.worth_a_word(self.shown.occupancies)}
        self.shown, self._kept = found, _parts(found)
        return [each for each in pools.worth_a_word(found.occupancies) if (each.collectivite, each.exceeds) not in said]

    def render(self) -> list[bytes | bytearray]:
        """All families, in parts."""
        return self._kept


def _parts(found: Billing) -> list[bytes | bytearray]:
    families = {name: bytearray() for name in HELP}
    for each, billed in zip(found.occupancies, found.billed, strict=True):
        for name, value in _values(each, billed):
            families[name] += f'{name}{{collectivite="{escape(each.collectivite)}"}} {value}\n'.encode()
    return [
        part
        for name, lines in families.items()
        if lines
        for part in (f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n".encode(), lines)
    ]


def _values(each: Occupancy, billed: int) -> Iterator[tuple[str, int]]:
    yield "vigie_billable_sondes", each.counted
    yield "vigie_subscribed_sondes", each.subscribed
    yield "vigie_billed_sondes", billed
    if each.free is not None:
        yield "vigie_billing_free_sondes", each.free
