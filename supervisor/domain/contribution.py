"""What a contract by sonde calls for in a year: 002 art. 5 and annexe 2 art. 3.

The *level* at an instant is what is billed then: nothing outside the contract, at least the minimum inside. On 1 July
the highest level of 1 January to 30 June is called; from then on every rise above what was called is called by itself,
so that the calls of a year add up to its highest level. Nothing is ever prorated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from supervisor.domain.account import Account
from supervisor.domain.counting import Census, billed
from supervisor.domain.period import local_day, midnight


class Kind(StrEnum):
    """Which call it is. Stored for ever: never change a string."""

    ANNUAL = "annual"  # on 1 July
    ADDITIONAL = "additional"  # a rise from 1 July on


class Basis(StrEnum):
    """What the level is that of."""

    SUBSCRIBED = "subscribed"  # of what the contract subscribes
    MEASURED = "measured"  # of what the ledger counts
    HIGHEST = "highest"  # of the larger of the two


class Rise(NamedTuple):
    """A call, before it has a price."""

    at: int  # the instant that makes it
    kind: Kind
    sondes: int


class Level(NamedTuple):
    """What is billed from an instant on, until the next one."""

    at: int
    level: int


class Year(NamedTuple):
    """A calendar year in the local time of a collectivité."""

    start: int
    july: int  # its 1 July
    end: int


def year_of(account: Account, year: int) -> Year:
    """The instants of a year."""
    zone = account.timezone
    return Year(*(midnight(day, zone) for day in (date(year, 1, 1), date(year, 7, 1), date(year + 1, 1, 1))))


def levels(account: Account, census: Census, start: int, end: int, basis: str | None = None) -> Iterator[Level]:
    """Every instant of [start, end) at which the level may change, `start` first; of another basis, if one is asked."""
    basis = account.basis if basis is None else basis
    edges = {start, *(edge for edge in account.edges() if start < edge < end)}
    if basis != Basis.SUBSCRIBED:
        edges.update(census.edges(start + 1, end))
    for at in sorted(edges):
        yield Level(at, _level(account, census, at, basis))


def _level(account: Account, census: Census, at: int, basis: str) -> int:
    engagement = account.engaged(at)
    if engagement is None:
        return 0
    subscribed = billed(engagement.subscribed(local_day(at, account.timezone)))
    counted = billed(census.at(at)) if basis != Basis.SUBSCRIBED else 0
    return {Basis.SUBSCRIBED: subscribed, Basis.MEASURED: counted}.get(Basis(basis), max(subscribed, counted))


def rises(account: Account, census: Census, year: Year, now: int, called: int = 0) -> list[Rise]:
    """The calls of a year that are dated by now, beyond what was `called` of it, for good, already."""
    if now < year.july:
        return []
    made: list[Rise] = []
    steps = list(levels(account, census, year.start, min(year.end, now + 1)))
    first_half = max(level for at, level in steps if at < year.july)
    if first_half > called:
        # After the annual call was closed, the first half can still turn out higher: the rest is called by itself.
        made.append(Rise(year.july, Kind.ADDITIONAL if called else Kind.ANNUAL, first_half - called))
        called = first_half
    for at, level in steps:
        if level > called:  # never in the first half, the highest of which is called by now
            made.append(Rise(at, Kind.ADDITIONAL, level - called))
            called = level
    return made


class Excess(NamedTuple):
    """More is billed of what is counted in a year than of what is subscribed: an « avenant à signer »."""

    since: int  # the first instant of the year that exceeds
    counted: int  # sondes, where it exceeds most
    counted_billed: int
    subscribed: int  # sondes, then
    subscribed_billed: int
    lasts: bool  # up to now, or to the end of the year
    sondes: int  # billed beyond what the year calls for; 0 where a later subscription covered it


def excess(account: Account, census: Census, year: Year, now: int) -> Excess | None:
    """Does the number of sondes counted exceed what the contract subscribes, by whole pools?"""
    if now < year.start:
        return None
    found: list[Excess] = []
    lasts = False
    for at, counted_billed in levels(account, census, year.start, min(year.end, now + 1), Basis.MEASURED):
        engagement = account.engaged(at)
        subscribed = engagement.subscribed(local_day(at, account.timezone)) if engagement is not None else 0
        lasts = engagement is not None and counted_billed > billed(subscribed)
        if lasts:
            counted = census.at(at)
            found.append(Excess(at, counted, counted_billed, subscribed, billed(subscribed), lasts=True, sondes=0))
    if not found:
        return None
    worst = max(found, key=lambda each: each.counted_billed - each.subscribed_billed)  # the first of several
    wanted, called = (highest(account, census, year, now, basis) for basis in (Basis.HIGHEST, Basis.SUBSCRIBED))
    return worst._replace(since=found[0].since, lasts=lasts, sondes=wanted - called)


def highest(account: Account, census: Census, year: Year, now: int, basis: str | None = None) -> int:
    """The highest level of a year that has begun, so far: what its calls add up to."""
    return max(level for _, level in levels(account, census, year.start, min(year.end, now + 1), basis))
