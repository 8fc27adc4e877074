"""What every act is given, and how it reads what it was asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from supervisor.config.configuration import Configuration
from supervisor.config.wording import near
from supervisor.domain.interval import FOREVER
from supervisor.domain.promise import Promises
from supervisor.domain.wall import LAST, YEARS, said
from supervisor.errors import VigieError
from supervisor.history.values import instant, show, text_or_none, words
from supervisor.proof.statement import stamp
from supervisor.store.register import Register

Arguments = dict[str, Any]
Answer = dict[str, Any]

AUTHOR = "the name of whoever does it"


class Scene(NamedTuple):
    """Where an act takes place."""

    connection: sqlite3.Connection  # within a transaction
    promises: Promises
    now: int
    closed: tuple[tuple[str, int, int], ...]  # months that are closed: name, start, end
    config: Configuration | None = None  # where no daemon runs: what it says may not be in the ledger yet

    def said(self, at: int) -> str:
        """An instant, to a person."""
        return said(at, self.promises.zone)

    def stamp(self, at: int | None) -> str | None:
        """An instant, to a program."""
        return stamp(at, self.promises.zone)

    def closed_within(self, start: int, end: int) -> list[str]:
        """The closed months that [start, end) touches."""
        return [month for month, first, last in self.closed if first < end and start < last]

    def refuse_closed(self, key: str, start: int, end: int, advice: str = "nothing was written") -> None:
        """What would change a closed month is refused."""
        found = self.closed_within(start, end)
        if found:
            raise VigieError(f"{key}: {', '.join(found)} is closed, its figures are final; {advice}")

    def await_correction(self, arguments: Arguments, key: str, start: int, end: int) -> list[str]:
        """A closed month stays as it is; what is entered for its correction waits for it. Gives what to remark."""
        if arguments.get("correction") is not True:
            self.refuse_closed(key, start, end, "to have it corrected, say that it is for a correction")
        return [
            f"{month} is closed and keeps its figures until it is corrected: vigie close --month {month} --correct"
            for month in self.closed_within(start, end)
        ]

    def tell(self, sondes: Iterable[str], since: int) -> None:
        """The incidents of these are told again, from that instant on."""
        Register(self.connection, self.promises, self.now).tell(dict.fromkeys(sondes, since))


Act = Callable[[Scene, Arguments], Answer]


def author(arguments: Arguments) -> str:
    """Who does it."""
    return words(arguments, "author", AUTHOR).strip()


def instant_of(arguments: Arguments, key: str) -> int:
    """An instant with its offset."""
    at = instant(arguments, key)
    if not 0 <= at < LAST:
        raise VigieError(f"{key}: a year from {YEARS[0]} to {YEARS[-1]} is expected")
    return at


def past(scene: Scene, arguments: Arguments, key: str = "at") -> int:
    """When it happened: now by default, never in the future."""
    if arguments.get(key) is None:
        return scene.now
    at = instant_of(arguments, key)
    if at > scene.now:
        raise VigieError(f"{key}: {scene.said(at)} is in the future; say what happened, once it has")
    return at


def window(scene: Scene, arguments: Arguments) -> tuple[int, int]:
    """From when to when."""
    start, end = instant_of(arguments, "start"), instant_of(arguments, "end")
    if end <= start:
        raise VigieError(f"end: {scene.said(end)} is not after the start, {scene.said(start)}; exchange them")
    return start, end


def collectivite(scene: Scene, arguments: Arguments) -> str:
    """One that exists."""
    owner = words(arguments, "collectivite", "the id of a collectivité")
    known = scene.promises.collectivites
    if owner not in known:
        raise VigieError(f"collectivite: no {show(owner)} in the config; {near(owner, known)}")
    return owner


def service(scene: Scene, arguments: Arguments, owner: str) -> str | None:
    """One of its services, if one is named."""
    name = text_or_none(arguments, "service", "the id of a service")
    return None if name is None else known_service(scene, owner, name)


def known_service(scene: Scene, owner: str, name: object) -> str:
    """One that exists."""
    if not isinstance(name, str) or (owner, name) not in scene.promises.services:
        known = [key[1] for key in scene.promises.services if key[0] == owner]
        raise VigieError(f"service: {owner} has no service {show(name)}; {near(str(name), known)}")
    return name


def row_number(arguments: Arguments, what: str) -> int:
    """The number of a row."""
    number = arguments.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < FOREVER:
        raise VigieError(f"id: the number of {what} is expected, found {show(number)}")
    return number
