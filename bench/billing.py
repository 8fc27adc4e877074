"""`python -m bench.billing`: what counting costs, for collectivités whose sondes come and go for years.

The ledger is written to a database like that of a daemon, then read and counted as `vigie billing` does, month by
month. The peer is the plain way to the peaks alone: who is present, as sets, replayed line by line from memory. It must
give the same ones.
"""

from __future__ import annotations

import json
import random
import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import click

from bench.processes import BenchError
from supervisor.billing.books import read
from supervisor.billing.contributions import contributions
from supervisor.billing.counts import counts
from supervisor.domain import tariff
from supervisor.domain.account import Account, AccountLine, Engagement
from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.period import midnight, parse
from supervisor.domain.tariff import Called, Line, Offer, Price, Quantity, Tariff
from supervisor.store import accounts, ledger
from supervisor.store.accounts import TariffLine
from supervisor.store.connection import open_for_reading
from supervisor.store.store import Store

ZONE = ZoneInfo("Europe/Paris")
END = midnight(date(2026, 11, 1), ZONE)


def life(collectivites: int, sondes: int, years: int) -> Iterator[LedgerEvent]:
    """Sondes that come at the start, and a tenth of them replaced every month."""
    chance = random.Random(7)
    start = midnight(date(2026 - years, 11, 1), ZONE)
    names = {f"c{n:04d}": [f"c{n:04d}/e/s{m}" for m in range(sondes)] for n in range(collectivites)}
    for sonde in (sonde for own in names.values() for sonde in own):
        yield LedgerEvent(t=start, event=Event.ADDED, sonde=sonde, source="config")
    for month in range(1, 12 * years):
        at = start + month * 30 * 86_400 + chance.randrange(86_400)
        for owner, own in names.items():
            for place in chance.sample(range(sondes), sondes // 10):
                yield LedgerEvent(t=at, event=Event.REMOVED, sonde=own[place], source="config")
                own[place] = f"{owner}/e/s{month}-{place}"
                yield LedgerEvent(t=at, event=Event.ADDED, sonde=own[place], source="config")


def naive(events: list[LedgerEvent], start: int, end: int) -> dict[str, int]:
    """The peak of a month, by replaying the whole ledger."""
    present: dict[str, set[str]] = {}
    peaks: dict[str, int] = {}
    index = 0
    while index < len(events) and events[index].t < end:
        at = events[index].t
        if at >= start:
            peaks = {owner: max(peaks.get(owner, 0), len(own)) for owner, own in present.items()}
        while index < len(events) and events[index].t == at:
            event = events[index]
            own = present.setdefault(event.collectivite, set())
            if event.event is Event.REMOVED:
                own.discard(event.sonde)
            else:
                own.add(event.sonde)
            index += 1
    return {owner: max(peaks.get(owner, 0), len(own)) for owner, own in present.items()}


def terms(collectivites: int) -> Iterator[AccountLine]:
    """A contract by sonde for each, billed by what is counted: the basis that costs most."""
    since = date(2023, 1, 1)
    for number in range(collectivites):
        account = Account(
            collectivite=f"c{number:04d}",
            name=f"Commune {number}",
            engagements=(Engagement(start=since, sondes=((since, 100),)),),
            basis="measured",
            profile="bench",
        )
        yield AccountLine(t=0, collectivite=account.collectivite, account=account, source="config")


@contextmanager
def timed(what: str, spent: dict[str, float]) -> Iterator[None]:
    """CPU seconds of this process."""
    before = time.process_time()
    yield
    spent[what] = time.process_time() - before
    print(f"{what}: {spent[what]:.2f} s CPU")


@click.command()
@click.option("--collectivites", default=500, show_default=True)
@click.option("--sondes", default=100, show_default=True, help="Of each collectivité.")
@click.option("--years", default=3, show_default=True, help="Length of the ledger.")
def main(collectivites: int, sondes: int, years: int) -> None:
    """Write a ledger, count twelve months and a year's calls of it, and recount the peaks naively."""
    events = list(life(collectivites, sondes, years))
    months = parse("2025-11-01..2026-11-01").pieces()
    spent: dict[str, float] = {}
    with TemporaryDirectory() as directory:
        path = Path(directory) / "vigie.db"
        with Store.open(path, version="bench") as store:
            store.write_now(lambda connection: _write(connection, events, collectivites))
        print(f"{len(events)} lines of {collectivites} collectivités")
        with open_for_reading(path, "bench") as connection:
            with timed("reading the ledger", spent):
                books = read(connection, END)
            with timed("counting", spent):
                counted = [counts(connection, books, month) for month in months]
            with timed("calling", spent):
                calls = contributions(connection, books, 2026)
    with timed("counting peaks naively", spent):
        recounted = [naive(events, *month.span(ZONE)) for month in months]
    for ours, theirs in zip(counted, recounted, strict=True):
        if {line.collectivite: line.peak for line in ours} != theirs:
            raise BenchError("the naive way gives other peaks")
    print(f"{len(months)} months of {collectivites} collectivités, {len(calls)} calls")
    ratio = (spent["reading the ledger"] + spent["counting"]) / spent["counting peaks naively"]
    print(f"reading and counting everything / replaying for the peaks alone, from memory: {ratio:.2f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def _write(connection: sqlite3.Connection, events: list[LedgerEvent], collectivites: int) -> None:
    ledger.append(connection, events)
    accounts.append(connection, terms(collectivites))
    line = Line(
        name="sonde",
        label="Sonde",
        quantity=Quantity.SONDES,
        prices=(Price(amount=Decimal("1.00"), reference="bench"),),
    )
    offer = Offer(name="supervision", title="Supervision", called=Called.MID_YEAR, lines=(line,))
    body = json.dumps(tariff.as_json(Tariff(offers=(offer,))))
    accounts.append_tariffs(connection, [TariffLine(t=0, profile="bench", body=body)])


if __name__ == "__main__":
    main()
