"""What was learnt of each camera's picture. Numbers alone: no picture can be made of them again."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import NamedTuple, Self


class Known(NamedTuple):
    """Of one camera."""

    reference: bytes  # as `analyse` wrote it
    state: str  # the latest that could be told, "" while none could
    at: float  # POSIX time of the picture it is from


def _nobody(_sonde: str, _known: Known) -> None:
    """Nobody keeps it: `vigie probe` records nothing."""


class ReferenceBook:
    """The references, by sonde. The application owns it, fills it from the store, and provides it to the checks."""

    def __init__(self, noted: Callable[[str, Known], None] = _nobody) -> None:
        self._known: dict[str, Known] = {}
        self._noted = noted
        self._admitted: Set[str] | None = None

    @classmethod
    def open(cls) -> Self:
        """An empty book: what a check finds when nobody provided one."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    def of(self, sonde: str) -> Known | None:
        """What is known of this one."""
        return self._known.get(sonde)

    def recall(self, sonde: str, known: Known) -> None:
        """It is read back from the store."""
        self._known[sonde] = known

    def learn(self, sonde: str, before: Known | None, after: Known) -> None:
        """A check that began with `before` learnt this; too late if all was forgotten meanwhile."""
        if self._known.get(sonde) is before and (self._admitted is None or sonde in self._admitted):
            self._known[sonde] = after
            self._noted(sonde, after)

    def forget(self, sonde: str) -> bool:
        """Learn this one anew; False if nothing was known of it."""
        return self._known.pop(sonde, None) is not None

    def admit(self, sondes: Set[str]) -> list[str]:
        """Keep these and no other; gives those that were forgotten."""
        self._admitted = frozenset(sondes)
        gone = [sonde for sonde in self._known if sonde not in sondes]
        for sonde in gone:
            del self._known[sonde]
        return gone
