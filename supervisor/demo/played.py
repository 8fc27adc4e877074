"""One server that the demo plays: open or closed, well or ailing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Mode(StrEnum):
    """How a server, or a job, misbehaves; the strings are those of stage.yaml."""

    WELL = "well"
    CLOSED = "closed"  # nothing listens any more
    MUTE = "mute"  # takes the connection, says nothing
    ERROR = "error"  # answers that it cannot
    SLOW = "slow"  # answers after a few seconds
    ENDLESS = "endless"  # an answer that never ends
    WRONG = "wrong"  # answers something else than it should
    FAIL = "fail"  # a job: calls to say that it failed
    FORGET = "forget"  # a job: does not call


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a server stands."""

    name: str  # "collectivite/equipment/kind"
    owner: str  # name of the collectivité, for what its pages say
    kind: str  # "http", "imap"…
    address: str


class Listening(Protocol):
    """What asyncio gives for an open port: a server, or a datagram transport."""

    def close(self) -> None:
        """Stop listening."""


class Ailing:
    """What faults may strike: several at once; it is well again when the last one is over."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ailments: dict[str, Mode] = {}  # by fault

    @property
    def mode(self) -> Mode:
        """How it behaves now: a closed port wins, then the latest fault."""
        modes = list(self._ailments.values())
        if Mode.CLOSED in modes:
            return Mode.CLOSED
        return modes[-1] if modes else Mode.WELL

    async def strike(self, fault: str, mode: Mode) -> None:
        """A fault begins."""
        self._ailments[fault] = mode
        await self.settle()

    async def heal(self, fault: str) -> None:
        """A fault is over."""
        if self._ailments.pop(fault, None) is not None:
            await self.settle()

    async def settle(self) -> None:
        """Act upon the mode, where that is more than looking at it."""


Open = Callable[["Played"], Awaitable[Listening]]


class Played(Ailing):
    """A server at its place."""

    def __init__(self, place: Place, port: int, open_: Open) -> None:
        super().__init__(place.name)
        self.place = place
        self.port = port
        self._open = open_
        self._listening: Listening | None = None

    async def settle(self) -> None:
        """Open or close the port, whichever it should be."""
        if self.mode is Mode.CLOSED:
            self.close()
        elif self._listening is None:
            self._listening = await self._open(self)

    def close(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
