"""A ledger in memory for the tests of billing, written line by line: the collectivité `a`, and its sondes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from supervisor.billing.books import Books, read
from supervisor.config.loader import tariff_of
from supervisor.domain.account import Account, AccountLine, Engagement
from supervisor.domain.ledger import Correction, Event, LedgerEvent
from supervisor.domain.tariff import as_json
from supervisor.store import accounts, ledger
from supervisor.store.accounts import TariffLine

ZONE = ZoneInfo("Europe/Paris")
SIRET = "21570001100012"


def at(text: str) -> int:
    """An instant in local time: "2026-03-05" or "2026-03-05T10:00"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def named(start: int, end: int) -> list[str]:
    """So many sondes: s000, s001…"""
    return [f"a/e/s{number:03}" for number in range(start, end)]


def engagement(
    start: str = "2026-01-01", sondes: int = 100, end: str | None = None, notice: str | None = None
) -> Engagement:
    """A contract."""
    days = [None if day is None else date.fromisoformat(day) for day in (start, end, notice)]
    first, last, letter = days
    assert first is not None
    return Engagement(start=first, end=last, notice=letter, sondes=((first, sondes),))


class Ledger:
    """Written line by line."""

    def __init__(self, connection: sqlite3.Connection, profile: str = "moselle-fibre") -> None:
        self.connection = connection
        self.account = Account(
            collectivite="a", name="Commune a", siret=SIRET, engagements=(engagement(),), profile=profile
        )
        body = json.dumps(as_json(tariff_of(profile, None)))
        accounts.append_tariffs(self.connection, [TariffLine(t=at("2026-01-01"), profile=profile, body=body)])

    def know(self, when: str, **changes: object) -> Account:
        """From then on, that is known of `a` (or of another collectivité)."""
        account: Account = replace(self.account, **changes)  # type: ignore[arg-type]
        line = AccountLine(t=at(when), collectivite=account.collectivite, account=account, source="config")
        accounts.append(self.connection, [line])
        if account.collectivite == "a":
            self.account = account
        return account

    def gone(self, when: str) -> None:
        """The file of `a` disappears."""
        accounts.append(self.connection, [AccountLine(t=at(when), collectivite="a", account=None, source="config")])

    def write(
        self, when: str, event: Event, sondes: Iterable[str], *, billable: bool = True, paused: bool = False
    ) -> None:
        """Sondes are added, changed or removed."""
        ledger.append(
            self.connection,
            [
                LedgerEvent(t=at(when), event=event, sonde=sonde, billable=billable, paused=paused, source="config")
                for sonde in sondes
            ],
        )

    def correct(self, sonde: str, start: str, end: str) -> int:
        """It does not count over that time; gives the number of the correction."""
        correction = Correction(
            t=at("2026-04-01"),
            sonde=sonde,
            start=at(start),
            end=at(end),
            author="Comptable",
            reason="Ajoutée par erreur",
            source="live",
        )
        return ledger.correct(self.connection, correction)

    def books(self, now: str) -> Books:
        """All of it, read."""
        return read(self.connection, at(now))
