"""What the ledger keeps of each collectivité beside its sondes: contract, SIRET, basis, profile; dated, append-only.

SPEC 8: figures come from the ledger alone, also once the collectivité's file is gone. How its lines are read
(docs/adr/0007): what is open is computed with what is known *now*, so that an edited contract or a corrected SIRET
holds for every open month and call; `basis`, `operator` and `profile` are those in force at the end of the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from supervisor.domain.contract import last_day
from supervisor.domain.interval import FOREVER, Span, normalise
from supervisor.domain.period import day_after, local_day, midnight


@dataclass(frozen=True, kw_only=True, slots=True)
class Codes:
    """What Chorus Pro needs on the calls of one year: 002 art. 5."""

    service: str | None = None  # code service
    engagement: str | None = None  # numéro d'engagement


@dataclass(frozen=True, kw_only=True, slots=True)
class Engagement:
    """A contract."""

    start: date
    end: date | None = None  # last day, included, where the contract itself says so
    notice: date | None = None  # day the letter of leave was received
    sondes: tuple[tuple[date, int], ...] = ()  # subscribed from that day on
    offer: str | None = None  # of the tariff; None: its only one
    options: tuple[str, ...] = ()
    units: Mapping[str, int] = field(default_factory=dict)  # by line of the tariff
    audit: date | None = None  # day the report was delivered, where an offer takes its price off

    @property
    def last(self) -> date | None:
        """Last day, included; None while it renews itself."""
        return last_day(self.start, self.end, self.notice)

    def subscribed(self, day: date) -> int:
        """Sondes subscribed on a day of the contract."""
        return next((count for since, count in reversed(self.sondes) if since <= day), 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A collectivité, as billing sees it."""

    collectivite: str
    name: str
    operator: bool = False  # the syndicat itself: never billed
    siret: str | None = None
    population: int | None = None
    chorus: Mapping[int, Codes] = field(default_factory=dict)  # by year
    engagements: tuple[Engagement, ...] = ()  # one after the other
    organisation: str = ""  # who calls for its contribution
    convention: str = ""  # and under which convention
    basis: str = "subscribed"  # or "measured", "highest"
    profile: str = ""  # whose tariff holds
    zone: str = "Europe/Paris"  # of local days
    gone: date | None = None  # day its file disappeared: no contract runs after it

    @property
    def timezone(self) -> ZoneInfo:
        """Of local days."""
        return ZoneInfo(self.zone)

    def last(self, engagement: Engagement) -> date | None:
        """Last day of a contract, included, the disappearance of the file considered."""
        ends = [day for day in (engagement.last, self.gone) if day is not None]
        return min(ends, default=None)

    def spans(self) -> list[Span]:
        """When a contract runs."""
        return normalise(self._span(engagement) for engagement in self.engagements)

    def engaged(self, instant: int) -> Engagement | None:
        """The contract that runs at this instant."""
        for engagement in self.engagements:
            start, end = self._span(engagement)
            if start <= instant < end:
                return engagement
        return None

    def edges(self) -> list[int]:
        """The instants at which a contract, or what it subscribes, changes."""
        zone = self.timezone
        edges = {edge for engagement in self.engagements for edge in self._span(engagement)}
        edges |= {midnight(day, zone) for engagement in self.engagements for day, _ in engagement.sondes}
        return sorted(edges - {FOREVER})

    def _span(self, engagement: Engagement) -> Span:
        last = self.last(engagement)
        end = FOREVER if last is None else midnight(day_after(last), self.timezone)
        return midnight(engagement.start, self.timezone), end


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountLine:
    """One line of the ledger: from `t` on, this is known of a collectivité."""

    t: int
    collectivite: str
    account: Account | None  # None: its file is gone
    source: str  # "config"


class Accounts:
    """The lines, read."""

    def __init__(self, lines: Iterable[AccountLine]) -> None:
        self._versions: dict[str, list[tuple[int, Account]]] = {}
        for line in lines:
            versions = self._versions.setdefault(line.collectivite, [])
            if line.account is not None:
                versions.append((line.t, line.account))
            elif versions:
                last = versions[-1][1]
                versions.append((line.t, replace(last, gone=local_day(line.t, last.timezone))))

    def latest(self, collectivite: str) -> Account:
        """What is known now."""
        versions = self._versions.get(collectivite)
        return versions[-1][1] if versions else Account(collectivite=collectivite, name=collectivite)

    def until(self, collectivite: str, end: int) -> Account:
        """What is known now, under the rules in force just before `end`; under those of now, if none were known yet."""
        latest = self.latest(collectivite)
        then = [account for t, account in self._versions.get(collectivite, ()) if t < end]
        ruled = then[-1] if then else latest
        return replace(latest, operator=ruled.operator, basis=ruled.basis, profile=ruled.profile)

    @property
    def collectivites(self) -> Sequence[str]:
        """Everybody who was ever known."""
        return sorted(self._versions)


def reconcile(accounts: Accounts, config: Mapping[str, Account], t: int) -> list[AccountLine]:
    """The lines that bring the ledger in step with a configuration that takes effect at `t`."""
    known = {collectivite: accounts.latest(collectivite) for collectivite in accounts.collectivites}
    lines = [
        AccountLine(t=t, collectivite=collectivite, account=None, source="config")
        for collectivite, account in known.items()
        if collectivite not in config and account.gone is None
    ]
    lines += [
        AccountLine(t=t, collectivite=collectivite, account=account, source="config")
        for collectivite, account in config.items()
        if known.get(collectivite) != account
    ]
    return lines
