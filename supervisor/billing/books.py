"""The ledger, read: all that billing computes from, of one instant."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from supervisor.billing.effect import Terms, settled
from supervisor.config.configuration import Configuration
from supervisor.config.wording import near
from supervisor.domain import counting, tariff
from supervisor.domain.account import Account, AccountLine, Accounts
from supervisor.domain.counting import Census
from supervisor.domain.interval import Spans
from supervisor.domain.period import midnight
from supervisor.domain.tariff import Tariff
from supervisor.errors import VigieError
from supervisor.store import accounts as account_lines
from supervisor.store import ledger
from supervisor.store.positions import Position

ZONE = "Europe/Paris"  # of a ledger that knows nobody yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """What is known, as of `now`."""

    now: int
    zone: ZoneInfo  # of months and years
    accounts: Accounts
    censuses: Mapping[str, Census]  # by collectivité
    tariffs: Mapping[str, Tariff]  # by profile

    def end_of(self, year: int) -> int:
        """The instant at which a year ends."""
        return midnight(date(year + 1, 1, 1), self.zone)

    @property
    def collectivites(self) -> list[str]:
        """Everybody who was ever known, by id."""
        return sorted({*self.accounts.collectivites, *self.censuses})

    def census(self, collectivite: str) -> Census:
        """Its sondes."""
        return self.censuses.get(collectivite) or Census({})

    def account(self, collectivite: str, end: int) -> Account:
        """What is known of it now, under the rules in force at the end of a period."""
        return self.accounts.until(collectivite, min(end, self.now + 1))

    def billed(self, end: int, only: str | None = None) -> list[Account]:
        """Everybody but the operator (or one of them), at the end of a period."""
        if only is not None:
            self.known(only)
        found = [self.account(name, end) for name in self.collectivites if only in (None, name)]
        return [account for account in found if not account.operator]

    def known(self, collectivite: str) -> None:
        """Refuse one that nobody ever knew."""
        if collectivite not in self.collectivites:
            raise VigieError(
                f"collectivite: no '{collectivite}' in the ledger; {near(collectivite, self.collectivites)}"
            )


def read(
    connection: sqlite3.Connection,
    now: int,
    config: Configuration | None = None,
    *,
    through: Position | None = None,
    only: str | None = None,
) -> Books:
    """Read the ledger; with a config, as if it took effect now where it differs. Nothing is written.

    `through`: as it was written then, to see whether what was frozen is still what it says. `only`: the sondes of one
    collectivité, which is a hundred times less to read.
    """
    through = Position() if through is None else through
    lines = account_lines.lines(connection, through.account)
    tariffs = account_lines.tariffs(connection, through.tariff)
    if config is not None:
        changed, bodies = settled(Terms(Accounts(lines), tariffs), config, now)
        lines += changed
        tariffs |= {line.profile: line.body for line in bodies}
    return Books(
        now=now,
        zone=_zone(lines, config),
        accounts=Accounts(lines),
        censuses=_censuses(connection, through, only),
        tariffs={profile: tariff.from_json(json.loads(body)) for profile, body in tariffs.items()},
    )


def _zone(lines: list[AccountLine], config: Configuration | None) -> ZoneInfo:
    if config is not None:
        return ZoneInfo(config.timezone)
    said = [line.account.zone for line in lines if line.account is not None]
    return ZoneInfo(said[-1] if said else ZONE)


def _censuses(connection: sqlite3.Connection, through: Position, only: str | None) -> dict[str, Census]:
    edges = ledger.edges(connection, through.ledger, only)
    return censuses(counting.lives(edges, ledger.corrections(connection, through.correction)))


def censuses(lives: Mapping[str, Spans]) -> dict[str, Census]:
    """The lives of sondes, by collectivité."""
    by_owner: dict[str, dict[str, Spans]] = {}
    for sonde, spans in lives.items():
        by_owner.setdefault(sonde.partition("/")[0], {})[sonde] = spans
    return {owner: Census(own) for owner, own in by_owner.items()}
