"""From the tables to the seconds of every service: what availability is computed from."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from supervisor.domain.availability import KINDS, Figures, measure
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import FOREVER, Span, Spans, clip, intersect, normalise
from supervisor.domain.ledger import LedgerEvent
from supervisor.domain.participation import Stay, stays
from supervisor.domain.promise import Promise, Promises, Window
from supervisor.domain.rule import Member, Piece, Run, runs
from supervisor.store import intervals, ledger, windows


@dataclass(frozen=True, kw_only=True, slots=True)
class Seconds:
    """All the seconds of one service over one stretch, with where they come from."""

    promise: Promise
    start: int
    end: int  # not after now
    opening: Spans  # O: opening time within the stretch, the contract and `since`
    members: tuple[Member, ...]
    windows: tuple[Window, ...]  # those that hold for it
    runs: tuple[Run, ...]

    @property
    def by_kind(self) -> dict[str, list[Span]]:
        """Time under each kind of exclusion, however windows overlap."""
        spans: dict[str, list[Span]] = {kind: [] for kind in KINDS}
        for window in self.windows:
            spans[window.kind].append((max(window.start, self.start), min(window.end, self.end)))
        return {kind: normalise(found) for kind, found in spans.items()}

    def figures(self, exclude: Iterable[str]) -> Figures:
        """The four-way ledger."""
        return measure(self.opening, self.runs, self.by_kind, tuple(exclude))


def read(
    connection: sqlite3.Connection,
    promises: Promises,
    start: int,
    end: int,
    collectivite: str | None = None,
    as_of: int = FOREVER,
) -> Iterator[Seconds]:
    """The seconds of every service (of one collectivité) within [start, end), in config order.

    `as_of`: exclusions entered or revoked later are left aside. One collectivité at a time: memory holds the intervals
    of one, and of the shared platforms.
    """
    chosen = [promise for key, promise in promises.services.items() if collectivite is None or key[0] == collectivite]
    reader = _Reader(connection, promises, start, end, chosen, as_of)
    grouped: dict[str, list[Promise]] = defaultdict(list)
    for promise in chosen:
        grouped[promise.key[0]].append(promise)
    for owner, group in grouped.items():
        yield from reader.seconds(owner, group)


class _Reader:
    def __init__(
        self,
        connection: sqlite3.Connection,
        promises: Promises,
        start: int,
        end: int,
        chosen: list[Promise],
        as_of: int,
    ) -> None:
        self._connection = connection
        self._promises = promises
        self._start, self._end = start, end
        self._events = _by_owner(ledger.events(connection))
        self._configured = _by_owner_of(promises.sondes)
        self._windows: dict[ServiceKey, list[Window]] = defaultdict(list)
        for window in windows.read(connection, promises, start, end, as_of):
            for key in window.services:
                self._windows[key].append(window)
        shared = {sonde for promise in chosen for sonde in promise.uses}
        self._shared = self._members(sorted(shared))

    def seconds(self, owner: str, group: list[Promise]) -> Iterator[Seconds]:
        """The services of one collectivité."""
        sondes = sorted({*self._events.get(owner, {}), *self._configured.get(owner, ())})
        own = self._members(sondes)
        counted: dict[str, list[tuple[str, Stay]]] = defaultdict(list)
        for sonde, (there, _) in own.items():
            for stay in there:
                if stay.service is not None:
                    counted[stay.service].append((sonde, stay))
        for promise in group:
            members = self._of(promise, counted.get(promise.key[1], []), own)
            opening = intersect(
                promise.calendar.openings(self._start, self._end), clip(promise.bounds, self._start, self._end)
            )
            seen = runs(promise.rule, members, self._start, self._end, unreachable_is_down=promise.unreachable_is_down)
            yield Seconds(
                promise=promise,
                start=self._start,
                end=self._end,
                opening=opening,
                members=tuple(members),
                windows=tuple(self._windows.get(promise.key, ())),
                runs=tuple(seen),
            )

    def _of(
        self,
        promise: Promise,
        counted: list[tuple[str, Stay]],
        own: Mapping[str, tuple[list[Stay], list[Piece]]],
    ) -> list[Member]:
        spans: dict[str, list[Span]] = defaultdict(list)
        for sonde, stay in counted:
            spans[sonde].append((stay.start, stay.end))
        for sonde in promise.uses:
            spans[sonde].extend((stay.start, stay.end) for stay in self._shared[sonde][0])
        members = []
        for sonde, found in spans.items():
            within = clip(normalise(found), self._start, self._end)
            if within:
                pieces = (own.get(sonde) or self._shared[sonde])[1]
                members.append(Member(sonde=sonde, spans=within, pieces=pieces))
        return members

    def _members(self, sondes: list[str]) -> dict[str, tuple[list[Stay], list[Piece]]]:
        """When each is there, and what it showed."""
        if not sondes:
            return {}
        first = intervals.starts(self._connection, sondes)
        pieces: dict[str, list[Piece]] = defaultdict(list)
        for found in intervals.read(self._connection, self._start, self._end, sondes):
            pieces[found.sonde].append(Piece(found.start, found.end, found.status, found.cause))
        there = {}
        for sonde in sondes:
            events = self._events.get(sonde.partition("/")[0], {}).get(sonde, [])
            there[sonde] = (
                stays(events, first.get(sonde), self._promises.sondes.get(sonde)),
                pieces.get(sonde, []),
            )
        return there


def _by_owner(events: Iterable[LedgerEvent]) -> dict[str, dict[str, list[LedgerEvent]]]:
    found: dict[str, dict[str, list[LedgerEvent]]] = {}
    for event in events:
        found.setdefault(event.collectivite, {}).setdefault(event.sonde, []).append(event)
    return found


def _by_owner_of(sondes: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for sonde in sondes:
        found[sonde.partition("/")[0]].append(sonde)
    return found
