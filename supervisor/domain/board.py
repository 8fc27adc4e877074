"""What is known now, in memory: the latest result of every sonde, beside the states that the judge holds.

Written by the event loop alone; read by metrics and pages, from other threads too: every value is replaced, never
changed in place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from probes.base import Result, Status
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import Segment


class Latest(NamedTuple):
    """The latest result of a sonde and its instant."""

    at: int
    result: Result


class Board:
    """The present, for whoever shows it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.sondes: Mapping[str, Sonde] = {}
        self.canaries: tuple[Sonde, ...] = ()
        self.latest: dict[str, Latest] = {}
        self.checks: Counter[tuple[str, Status]] = Counter()  # by type and status of the result

    def configure(self, sondes: Mapping[str, Sonde], canaries: tuple[Sonde, ...]) -> None:
        """Show these from now on."""
        self.sondes, self.canaries = sondes, canaries
        shown = {*sondes, *(canary.id for canary in canaries)}
        for gone in [sonde_id for sonde_id in self.latest if sonde_id not in shown]:
            del self.latest[gone]

    def saw(self, sonde: Sonde, at: int, result: Result) -> None:
        """One more result."""
        self.latest[sonde.id] = Latest(at, result)
        self.checks[sonde.type, result.status] += 1

    def shown(self, sonde_id: str, at: int) -> Segment:
        """What a sonde shows at this instant."""
        state = self._judge.state(sonde_id)
        return state.shown(at) if state is not None else Segment(at, Status.UNKNOWN)

    def flapping(self, sonde_id: str) -> bool:
        """Does it change too often?"""
        state = self._judge.state(sonde_id)
        return state is not None and state.flapping

    def isolated(self, at: int) -> bool:
        """Is it Vigie that is cut off?"""
        return self._judge.isolated(at)
