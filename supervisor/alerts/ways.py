"""In which order several ways to the same end are tried: as configured, but one that just failed comes last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

REST_S = 60.0  # a relay that hangs would cost its deadline at each letter


class Ways(Generic[T]):
    """The ways of one channel, none of which is ever left out: the only one is tried however often it fails."""

    def __init__(self, ways: Sequence[T], monotonic: Callable[[], float]) -> None:
        self._ways = tuple(ways)
        self._monotonic = monotonic
        self._rests_until = [0.0] * len(self._ways)

    def order(self) -> list[T]:
        """Those that work first, each in its place."""
        now = self._monotonic()
        places = sorted(range(len(self._ways)), key=lambda place: (self._rests_until[place] > now, place))
        return [self._ways[place] for place in places]

    def failed(self, way: T) -> None:
        """It did not answer, or not as it should: the others first for a while."""
        self._rests_until[self._ways.index(way)] = self._monotonic() + REST_S

    def worked(self, way: T) -> None:
        """It answered."""
        self._rests_until[self._ways.index(way)] = 0.0
