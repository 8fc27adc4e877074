"""Who hides behind whom: the tree of sondes, and what each node remembers for those below it. SPEC 3, reachability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from probes.base import Status
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import Finding, Rules, Segment, SondeState

# Closed critical stretches remembered of a sonde that others depend on, for results that come late.
STRETCHES = 64


class Entry(NamedTuple):
    """One result that an ancestor may still overrule."""

    before: SondeState | None  # the state it was judged against
    at: int
    status: Status  # as the check said
    message: str
    finding: Finding  # as it was counted


class Node:
    """One sonde in the tree of dependencies."""

    __slots__ = ("ancestors", "canary", "critical", "descendants", "id", "journal", "rules", "state")

    def __init__(self, sonde_id: str, rules: Rules, *, canary: bool = False) -> None:
        self.id = sonde_id
        self.rules = rules
        self.canary = canary
        self.state: SondeState | None = None
        self.ancestors: tuple[Node, ...] = ()  # nearest first
        self.descendants: tuple[Node, ...] = ()  # parents before children
        self.journal: list[Entry] = []
        self.critical: list[tuple[int, int | None]] = []  # its critical stretches [start, end), the open one last

    def critical_at(self, at: int) -> bool:
        """Is it critical at this instant, as its history stands now?"""
        for start, end in reversed(self.critical):
            if start <= at:
                return at < (end if end is not None else self.until)
        return False

    def uncertain_since(self, at: int) -> int:
        """From when its critical stretches may still turn out otherwise, `at` at the latest.

        Its next result comes after its last one, and may confirm critical results before it; what stands in its
        journal may be overruled, with the confirmations that rest on it.
        """
        if self.state is not None:
            at = min(at, self.state.critical_since if self.state.critical_pending else self.state.last_at)
        if self.journal:
            before = self.journal[0].before
            first = self.journal[0].at
            at = min(at, first, before.critical_since if before is not None and before.critical_pending else first)
        return at

    @property
    def until(self) -> int:
        """End of the validity of its last result."""
        return self.state.until if self.state is not None else 0

    def follow(self, trim: int, paint: tuple[Segment, ...]) -> bool:
        """Keep `critical` in step with a change; True if it was or is touched."""
        touched = False
        while self.critical:
            start, end = self.critical[-1]
            if end is not None and end <= trim:
                break
            touched = True
            self.critical.pop()
            if start < trim:
                self.critical.append((start, trim))
                break
        for index, segment in enumerate(paint):
            if segment.status is Status.CRITICAL:
                touched = True
                end = paint[index + 1].start if index + 1 < len(paint) else None
                self.critical.append((segment.start, end))
        del self.critical[:-STRETCHES]
        return touched


def link(nodes: Mapping[str, Node], sondes: Mapping[str, Sonde]) -> None:
    """Tie every node to what it depends on and to what depends on it."""
    descendants: dict[str, list[tuple[int, Node]]] = {}
    for sonde in sondes.values():
        chain: list[Node] = []
        parent = sonde.parent
        while parent is not None and parent in nodes and len(chain) < len(sondes):
            chain.append(nodes[parent])
            parent = sondes[parent].parent if parent in sondes else None
        node = nodes[sonde.id]
        node.ancestors = tuple(chain)
        for ancestor in chain:
            descendants.setdefault(ancestor.id, []).append((len(chain), node))
    for node in nodes.values():
        below = sorted(descendants.get(node.id, ()), key=lambda pair: pair[0])
        node.descendants = tuple(descendant for _, descendant in below)
