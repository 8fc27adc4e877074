"""Where each incident stands, of all the things there are to tell of it: one line each, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from probes.base import Status
from supervisor.alerts.facts import Fact
from supervisor.domain.alerting import OVER, TROUBLE, Kind


class State(NamedTuple):
    """In a word and a shape; the colour only helps: it holds white letters, and stands out on white and on black."""

    word: str
    sign: str
    colour: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One incident."""

    fact: Fact  # what stands, of all that happened
    times: int = 1  # how often it opened, of what is told now
    breached: bool = False  # the time to intervene ran out

    @property
    def over(self) -> bool:
        """Nothing lasts of it."""
        return self.fact.kind in OVER

    @property
    def down(self) -> bool:
        """As bad as can be: not merely to be watched."""
        return self.fact.severity is Status.CRITICAL

    @property
    def reported(self) -> bool:
        """By a person: no sonde saw it."""
        return not self.fact.sonde

    @property
    def rank(self) -> int:
        """Worst first: 0 a promise broken, 1 about to be, 2 down, 3 to watch, 4 over, 5 never was."""
        if self.fact.kind is Kind.BREACH:
            return 0
        if self.fact.kind is Kind.GTI:
            return 1
        if self.over:
            return 4 if self.fact.kind is Kind.RECOVERED else 5
        return 2 if self.down else 3


def state(standing: Standing) -> State:
    """What it is called. Words that agree with nothing: a service may be masculine, feminine or plural."""
    fact = standing.fact
    if fact.kind is Kind.BREACH:
        return State("Délai d’intervention dépassé", "◆", "#b3261e")
    if fact.kind is Kind.GTI:
        return State(f"GTI à {fact.percent} %" if fact.percent is not None else "GTI entamée", "◆", "#8a5a00")
    if fact.kind is Kind.RECOVERED:
        return State("Retour à la normale", "●", "#2e7d32")
    if fact.kind is Kind.WITHDRAWN:
        return State("Fausse alerte", "○", "#5f6368")
    if fact.kind is Kind.ESCALATED:
        return _untaken(standing)
    again = fact.kind is Kind.REOPENED or standing.times > 1
    if standing.reported:
        return State("Problème signalé de nouveau" if again else "Problème signalé", "■", "#b3261e")
    if standing.down:
        return State("De nouveau en panne" if again else "Panne", "■", "#b3261e")
    return State("De nouveau à surveiller" if again else "À surveiller", "▲", "#8a5a00")


def _untaken(standing: Standing) -> State:
    """Nobody has taken it in charge."""
    if standing.reported:
        return State("Signalement non pris en charge", "■", "#b3261e")
    if standing.down:
        return State("Panne non prise en charge", "■", "#b3261e")
    return State("Alerte non prise en charge", "▲", "#8a5a00")


def standings(facts: Iterable[Fact], now: int) -> list[Standing]:
    """One for each incident, worst first, then the oldest. The same facts in another order give the same."""
    by_incident: dict[str, list[Fact]] = {}
    for fact in facts:
        by_incident.setdefault(fact.incident, []).append(fact)
    found = [_standing(told, now) for told in by_incident.values()]
    return sorted(found, key=lambda one: (one.rank, one.fact.opened_at, one.fact.incident))


def _standing(told: Sequence[Fact], now: int) -> Standing:
    opened = max(fact.opened_at for fact in told)
    last = [fact for fact in told if fact.opened_at == opened]
    fact = max(last, key=_weight)
    if fact.kind not in OVER and fact.over_at is not None and opened <= fact.over_at <= now:
        # It ended while the message waited, or went round by another channel: nobody is told that it lasts.
        fact = replace(fact, kind=Kind.RECOVERED, at=fact.over_at)
    times = len({one.opened_at for one in told if one.kind in TROUBLE} | {opened})
    return Standing(fact=fact, times=times, breached=any(one.kind is Kind.BREACH for one in last))


def _weight(fact: Fact) -> tuple[bool, bool, int, int, int, str]:
    """What has the last word: an end; a broken promise; of the rest the last, and of one instant the worst."""
    return (
        fact.kind in OVER,
        fact.kind is Kind.BREACH,
        fact.at,
        fact.percent or 0,
        fact.severity.severity if fact.severity is not Status.UNKNOWN else 0,
        f"{fact.kind} {fact}",
    )
