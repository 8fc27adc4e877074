"""`vigie contract end`: when a letter of leave ends a contract, and why. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from probes import registry
from supervisor.cli.options import Day, config_option
from supervisor.cli.performing import json_option
from supervisor.cli.showing import say, table
from supervisor.config.configuration import Configuration
from supervisor.config.contracts import Contract
from supervisor.config.loader import load
from supervisor.config.wording import near
from supervisor.domain.contract import Leave, last_day, leave
from supervisor.errors import VigieError


@click.group()
def contract() -> None:
    """What the collectivités subscribed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ending:
    """A contract that a letter ends."""

    collectivite: str | None  # None: the contract was described on the command line
    leave: Leave
    written: bool  # does the config say it already?

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        found = self.leave
        days = ("start", "received", "notice_from", "notice_to", "first_year_ends", "last_day")
        return {
            "collectivite": self.collectivite,
            **{name: getattr(found, name).isoformat() for name in days},
            "why": found.why,
            "due": found.due,
        }

    def as_text(self) -> Iterator[str]:
        """For people."""
        found = self.leave
        yield f"last day: {found.last_day}"
        yield f"why: {found.why} (002 art. 11)"
        yield f"due: {found.due} in full, as every year that has begun"
        if self.written:
            yield "the config says so already"
        elif found.fixed_end != found.last_day:
            replaced = "" if found.fixed_end is None else f", instead of what ends it on {found.fixed_end}"
            yield f"in the config, contract of {found.start}: write `notice: {found.received}`{replaced}"


@contract.command()
@config_option
@json_option
@click.argument("collectivite", required=False)
@click.option("--received", type=Day(), required=True, help="Day the letter of leave was received.")
@click.option("--start", type=Day(), help="First day of the contract: no config is read.")
def end(config: Path, as_one_object: bool, collectivite: str | None, received: date, start: date | None) -> None:
    """The last day of a contract that a letter of leave ends, and why; of all that run then, without COLLECTIVITE.

    The first year is firm. The notice of two months runs from the 1st of the month after the letter. A year that has
    begun is due in full.
    """
    if start is not None:
        if collectivite is not None:
            raise click.UsageError("--start describes a contract of its own: leave out COLLECTIVITE")
        _say_one(_Ending(collectivite=None, leave=leave(start, received), written=False), as_one_object)
        return
    configuration = load(config, registry.load())
    if collectivite is not None:
        _say_one(_ending(collectivite, _contracts(configuration, collectivite), received), as_one_object)
        return
    found = list(_endings(configuration, received))
    answer = {"received": received.isoformat(), "contracts": [each.as_json() for each in found]}
    say(answer, _table(found), as_one_object=as_one_object)


def _say_one(ending: _Ending, as_one_object: bool) -> None:
    say(ending.as_json(), ending.as_text(), as_one_object=as_one_object)


def _contracts(configuration: Configuration, collectivite: str) -> Sequence[Contract]:
    found = configuration.collectivites.get(collectivite)
    if found is None:
        known = near(collectivite, configuration.collectivites)
        raise VigieError(f"collectivite: no '{collectivite}' in the config; {known}")
    if not found.contracts:
        raise VigieError(f"collectivite: '{collectivite}' has no contract in the config: there is nothing to leave")
    return found.contracts


def _endings(configuration: Configuration, received: date) -> Iterator[_Ending]:
    """Of every contract that runs on the day of the letter, in config order."""
    for name, each in configuration.collectivites.items():
        running = [contract for contract in each.contracts if _runs(contract, received)]
        if running:
            yield _ending(name, running, received)


def _runs(contract: Contract, day: date) -> bool:
    last = last_day(contract.start, contract.end, contract.notice)
    return contract.start <= day and (last is None or day <= last)


def _ending(collectivite: str, contracts: Sequence[Contract], received: date) -> _Ending:
    """Of the contract that runs on the day of the letter; the one nearest to it is what is refused otherwise."""
    begun = [contract for contract in contracts if contract.start <= received]
    later = [contract for contract in contracts if contract.start > received]
    concerned = begun[-1] if begun and (not later or _runs(begun[-1], received)) else later[0]
    known = last_day(concerned.start, concerned.end, concerned.notice)
    written = concerned.notice == received
    return _Ending(
        collectivite=collectivite,
        leave=leave(concerned.start, received, None if written else known),
        written=written,
    )


def _table(endings: Iterable[_Ending]) -> Iterator[str]:
    header = ("COLLECTIVITE", "START", "LAST DAY", "DUE", "WHY")
    rows = [
        (
            each.collectivite or "",
            each.leave.start.isoformat(),
            each.leave.last_day.isoformat(),
            str(each.leave.due),
            each.leave.why,
        )
        for each in endings
    ]
    return table(header, rows)
