"""Exemple and its neighbour under contract, the syndicat that supervises them, and what their ledger says of 2026."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from supervisor.billing.books import Books, read
from supervisor.billing.contributions import Call, contributions
from supervisor.billing.counts import CountLine, counts
from supervisor.domain import tariff
from supervisor.domain.account import Account, AccountLine, Codes, Engagement
from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.period import parse_month
from supervisor.domain.tariff import Called, Line, Offer, Price, Quantity, Tariff
from supervisor.proof.seal import canonical
from supervisor.store import accounts, bills, ledger
from supervisor.store.accounts import TariffLine
from supervisor.store.bills import Bill
from tests.unit.acts.stage import Stage, at, stage

SIRET = "21570001100012"
PROFILE = "moselle-fibre"


def offer(called: Called, quantity: Quantity, price: str) -> Tariff:
    """A tariff of one line."""
    prices = (Price(amount=Decimal(price), reference="délibération 1"),)
    line = Line(name="ligne", label="Ligne", quantity=quantity, prices=prices)
    return Tariff(offers=(Offer(name="offre", title="Offre", called=called, lines=(line,)),))


def account(name: str = "exemple", *subscribed: tuple[str, int], **more: Any) -> Account:
    """A collectivité whose contract runs from 2026 on and subscribes so many sondes from these days on."""
    sondes = tuple((date.fromisoformat(f"2026-{day}"), count) for day, count in subscribed or (("01-01", 100),))
    known: dict[str, Any] = {
        "siret": SIRET,
        "chorus": {2026: Codes(service="SUP", engagement="E-26-17")},
        "engagements": (Engagement(start=date(2026, 1, 1), sondes=sondes),),
        "organisation": "Moselle Fibre",
        "profile": PROFILE,
    }
    return Account(collectivite=name, name=name.title(), **{**known, **more})


class TownHall:
    """What is known of them changes, people close and correct, everybody looks."""

    def __init__(self, desk: Stage) -> None:
        self.desk = desk
        desk.now = at("01-01 00:00")
        self.priced(offer(Called.MID_YEAR, Quantity.SONDES, "1.00"))
        self.know(account(), account("voisine"), account("syndicat", operator=True))
        self.add("exemple", 3)
        self.add("syndicat", 2)

    # --- the ledger

    def when(self, wall: str) -> TownHall:
        """It is that time of 2026."""
        self.desk.now = at(wall)
        return self

    def know(self, *known: Account) -> None:
        """From now on this is known."""
        lines = [
            AccountLine(t=self.desk.now, collectivite=each.collectivite, account=each, source="x") for each in known
        ]
        accounts.append(self.desk.connection, lines)

    def forget(self, *gone: str) -> None:
        """Their files are gone."""
        lines = [AccountLine(t=self.desk.now, collectivite=name, account=None, source="config") for name in gone]
        accounts.append(self.desk.connection, lines)

    def priced(self, known: Tariff) -> None:
        """From now on this is the tariff."""
        body = canonical(tariff.as_json(known))
        accounts.append_tariffs(self.desk.connection, [TariffLine(t=self.desk.now, profile=PROFILE, body=body)])

    def add(self, owner: str, many: int, wall: str | None = None, group: str = "a") -> None:
        """So many sondes are added, now or at a past time."""
        t = self.desk.now if wall is None else at(wall)
        made = (
            LedgerEvent(t=t, event=Event.ADDED, sonde=f"{owner}/{group}/{number}", source="import")
            for number in range(many)
        )
        ledger.append(self.desk.connection, made)

    def alter(self, *statements: str) -> None:
        """By hand, past every trigger."""
        for (name,) in self.desk.database.rows("select name from sqlite_master where type = 'trigger'"):
            self.desk.connection.execute(f"drop trigger {name}")
        for one in statements:
            assert self.desk.connection.execute(one).rowcount > 0, f"altered nothing: {one}"

    # --- people

    def close_month(self, month: str = "2026-03", **more: Any) -> dict[str, Any]:
        """`vigie close`."""
        return self.desk.act("month.close", month=month, **more)

    def close_calls(self, year: str = "2026", **more: Any) -> dict[str, Any]:
        """`vigie billing close`."""
        return self.desk.act("billing.close", year=year, **more)

    def correct(self, sonde: str, start: str, end: str, **more: Any) -> dict[str, Any]:
        """`vigie billing correct`."""
        return self.desk.act(
            "billing.correct", **{"sonde": sonde, "from": start, "to": end, "reason": "doublon", **more}
        )

    # --- what it comes to

    @property
    def books(self) -> Books:
        """All that is known now."""
        return read(self.desk.connection, self.desk.now)

    @property
    def bills(self) -> list[Bill]:
        """The chain."""
        return list(bills.every(self.desk.connection))

    def counts(self, month: str = "2026-03") -> list[CountLine]:
        """Those of a month, whether closed or not."""
        return [replace(line, document=None) for line in counts(self.desk.connection, self.books, parse_month(month))]

    def calls(self, year: int = 2026) -> list[Call]:
        """Those of a year, whether closed or not."""
        return [replace(call, document=None) for call in contributions(self.desk.connection, self.books, year)]

    def open_calls(self, year: int = 2026) -> list[Call]:
        """Those that are not closed."""
        return [call for call in contributions(self.desk.connection, self.books, year) if call.document is None]


@contextmanager
def town_hall() -> Iterator[TownHall]:
    """Forgotten at the end."""
    with stage() as desk:
        yield TownHall(desk)
