"""Who hides behind whom: the tree of sondes, and what each node remembers for those below it. SPEC 3, reachability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple, TypeAlias

from probes.base import Status
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import Finding, Rules, Segment, SondeState

# Closed critical stretches remembered of a sonde that others depend on, for results that come late.
STRETCHES = 64
# A sonde that has no state may have a check under way: its first result may be so much older than the latest of others.
FIRST_CHECK_S = 60

Stretch = tuple[int, int | None]  # [start, end); None: open, it runs to the validity of the last result


class Entry(NamedTuple):
    """One result that an ancestor may still overrule."""

    before: SondeState | None  # the state it was judged against
    at: int
    status: Status  # as the check said
    message: str
    finding: Finding  # as it was counted

    @property
    def reaches(self) -> int:
        """From when the history may be another if this result is overruled."""
        before = self.before
        return before.critical_since if before is not None and before.critical_pending else self.at


class Node:
    """One sonde in the tree of dependencies."""

    __slots__ = ("ancestors", "canary", "critical", "descendants", "former", "id", "journal", "rules", "state")

    ended: ClassVar[None] = None  # unlike a former life

    def __init__(self, sonde_id: str, rules: Rules, *, canary: bool = False) -> None:
        self.id = sonde_id
        self.rules = rules
        self.canary = canary
        self.state: SondeState | None = None
        self.ancestors: tuple[Node, ...] = ()  # nearest first
        self.descendants: tuple[Life, ...] = ()  # parents before children, lives that are over last
        self.former: tuple[Former, ...] = ()  # its own lives that are over, oldest first
        self.journal: list[Entry] = []
        self.critical: list[Stretch] = []  # when it was critical, in this life or before; the open one last

    def critical_at(self, at: int) -> bool:
        """Is it critical at this instant, as its history stands now?"""
        for start, end in reversed(self.critical):
            if start <= at:
                return at < (end if end is not None else self.until)
        return False

    def uncertain_since(self, latest: int) -> int:
        """From when its critical stretches may still turn out otherwise; `latest`: of the latest result of any sonde.

        Its next result comes after its last one, and may confirm critical results before it; what stands in its
        journals may be overruled, with the confirmations that rest on it.
        """
        if self.state is None:
            at = latest - FIRST_CHECK_S
        else:
            at = min(latest, self.state.critical_since if self.state.critical_pending else self.state.last_at)
        if self.journal:
            at = min(at, self.journal[0].reaches)
        for life in self.former:
            at = min(at, life.journal[0].reaches)
        return at

    @property
    def until(self) -> int:
        """End of the validity of its last result."""
        return self.state.until if self.state is not None else 0

    def follow(self, trim: int, paint: tuple[Segment, ...]) -> bool:
        """Keep `critical` in step with a change; True if it was or is touched."""
        touched = repaint(self.critical, trim, paint)
        del self.critical[:-STRETCHES]
        return touched


class Former:
    """A life that a removal ended, of results that an ancestor may still overrule.

    Whatever they turn out to have been is painted up to the removal and no further: the sonde may live again since.
    """

    __slots__ = ("ancestors", "ended", "home", "journal", "rules", "state")

    canary: ClassVar[bool] = False  # nothing overrules a canary's results: none of its lives is kept

    def __init__(self, home: Node, ended: int) -> None:
        self.home = home
        self.ended = ended
        self.rules = home.rules
        self.ancestors = home.ancestors
        self.state = home.state
        self.journal = home.journal

    @property
    def id(self) -> str:
        """The sonde's."""
        return self.home.id

    @property
    def descendants(self) -> tuple[Life, ...]:
        """What depends on the sonde, whichever life of it."""
        return self.home.descendants

    def follow(self, trim: int, paint: tuple[Segment, ...]) -> None:
        """Keep the sonde's `critical` in step with a change to this life; the last one ends it."""
        since = [stretch for stretch in self.home.critical if stretch[0] >= self.ended]
        own = self.home.critical[: len(self.home.critical) - len(since)]
        repaint(own, trim, tuple(segment for segment in paint if segment.start < self.ended))
        self.home.critical = (own + since)[-STRETCHES:]


Life: TypeAlias = Node | Former


def repaint(critical: list[Stretch], trim: int, paint: tuple[Segment, ...]) -> bool:
    """Drop what was critical from `trim` on, add what is now; True if either was anything."""
    touched = False
    while critical:
        start, end = critical[-1]
        if end is not None and end <= trim:
            break
        touched = True
        critical.pop()
        if start < trim:
            critical.append((start, trim))
            break
    for index, segment in enumerate(paint):
        if segment.status is Status.CRITICAL:
            touched = True
            end = paint[index + 1].start if index + 1 < len(paint) else None
            critical.append((segment.start, end))
    return touched


def link(nodes: Mapping[str, Node], sondes: Mapping[str, Sonde], former: Iterable[Former] = ()) -> None:
    """Tie every node to what it depends on and to what depends on it; former lives keep what they depended on."""
    descendants: dict[str, list[tuple[int, Life]]] = {}
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
    tied = dict(nodes)
    for life in former:
        tied.setdefault(life.home.id, life.home)
        for ancestor in life.ancestors:
            descendants.setdefault(ancestor.id, []).append((len(sondes) + len(life.ancestors), life))
    for node in tied.values():
        below = sorted(descendants.get(node.id, ()), key=lambda pair: pair[0])
        node.descendants = tuple(descendant for _, descendant in below)
