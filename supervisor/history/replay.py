"""Applies a file of history, line by line, through the judge and the record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from probes.base import Status
from supervisor.domain.incident import Report, Taken
from supervisor.domain.ledger import Correction, Event, LedgerEvent, Presence, apply, reconcile
from supervisor.domain.maintenance import Exclusion, Maintenance
from supervisor.domain.sonde import Sonde
from supervisor.history.lines import History

SLICE = 5000


Entered = Maintenance | Exclusion | Report | Taken | Correction


class Intake(Protocol):
    """Where the lines go: the judge and the record (see record.py)."""

    def replay(self, sonde_id: str, at: int, status: Status, message: str) -> bool:
        """One result; False if it was at or before the sonde's last one."""

    def enter(self, event: LedgerEvent) -> bool:
        """One line of the ledger, and what it means for the sonde's state; False if it was known already."""

    def note(self, fact: Entered) -> bool:
        """A maintenance, an exclusion, a report, a step; False if it was known already."""

    def passed(self, event: LedgerEvent) -> None:
        """The replay has come past a line that the ledger had already: what it means for the sonde's state."""


@dataclass(slots=True)
class Summary:
    """What an import did."""

    lines: int = 0
    results: int = 0  # taken
    skipped: int = 0  # at or before their sonde's last result
    removed: int = 0  # of a sonde that had been removed
    events: int = 0  # taken
    known_events: int = 0
    absent: int = 0  # events taken that remove a sonde which is not there: they have no effect

    def as_dict(self) -> dict[str, int]:
        """For the answer and the terminal."""
        return asdict(self)


class Replay:
    """Applies a file.

    Lines of the same instant take effect together: the ledger's first, so that a result at the very instant of its
    sonde's removal comes after it, and at that of its addition belongs to it; then what counts otherwise (maintenance,
    exclusions, corrections), then results, then reports and steps, which thus find the incident that a result of their
    instant opened.
    """

    def __init__(
        self, history: History, intake: Intake, existing: Iterable[LedgerEvent], first: Mapping[str, int]
    ) -> None:
        self._history = history
        self._intake = intake
        self._first = dict(first)  # result of each sonde
        self._existing = deque(existing)  # the ledger as it was, in order of (t, line)
        self._standing: dict[str, Presence] = {}  # as of the line being applied
        self.summary = Summary()

    def slices(self) -> Iterator[int]:
        """Apply the file; yields the number of lines done after each slice, for the caller to record and breathe."""
        at, total, index = self._history.at, len(self._history), 0
        while index < total:
            stop = min(index + SLICE, total)
            while stop < total and at[stop] == at[stop - 1]:
                stop += 1
            while index < stop:
                group = index
                while group < stop and at[group] == at[index]:
                    group += 1
                self._together(range(index, group))
                index = group
            self.summary.lines = stop
            yield stop

    def standing(self) -> dict[str, Presence]:
        """Where every sonde stands after the file and the whole ledger."""
        self._catch_up(2**62)
        return self._standing

    def _catch_up(self, at: int) -> None:
        while self._existing and self._existing[0].t <= at:
            self._intake.passed(self._existing[0])
            self._enter(self._existing.popleft())

    def _enter(self, event: LedgerEvent) -> bool:
        """Follow the ledger; False if the line removes what is not there."""
        presence = self._standing.get(event.sonde)
        if event.event is Event.REMOVED and presence is None and self._first.get(event.sonde, event.t) >= event.t:
            return False  # neither added nor ever seen: there is nothing to remove
        self._standing[event.sonde] = apply(presence, event)
        return event.event is not Event.REMOVED or presence is None or presence.present

    def _together(self, lines: range) -> None:
        history = self._history
        self._catch_up(history.at[lines.start])
        facts = [history.events[index] for index in lines if index in history.events] if history.events else []
        for fact in facts:
            if isinstance(fact, LedgerEvent) and self._taken(self._intake.enter(fact)) and not self._enter(fact):
                self.summary.absent += 1
        for fact in facts:
            if isinstance(fact, Maintenance | Exclusion | Correction):
                self._taken(self._intake.note(fact))
        for index in lines:
            status = history.status[index]
            if status is not None:
                self._result(history.at[index], history.sonde[index], status, history.message[index])
        for kind in (Report, Taken):
            for fact in facts:
                if isinstance(fact, kind):
                    self._taken(self._intake.note(fact))

    def _taken(self, new: bool) -> bool:
        if new:
            self.summary.events += 1
        else:
            self.summary.known_events += 1
        return new

    def _result(self, at: int, sonde: str, status: Status, message: str) -> None:
        summary, presence = self.summary, self._standing.get(sonde)
        if presence is not None and presence.ever_removed and (not presence.present or at < presence.since):
            summary.removed += 1
        elif self._intake.replay(sonde, at, status, message):
            self._first.setdefault(sonde, at)
            summary.results += 1
        else:
            summary.skipped += 1


def leftovers(standing: Mapping[str, Presence], sondes: Mapping[str, Sonde], now: int) -> list[LedgerEvent]:
    """The removals, now, of what history left in place and the config does not have."""
    return [event for event in reconcile(standing, sondes, now) if event.event is Event.REMOVED]
