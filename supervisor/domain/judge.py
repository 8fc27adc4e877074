"""From results to changes: every sonde's state, who hides behind whom, and isolation. SPEC 3.

The judge gives what SPEC 3 says of *all* the results received so far, whatever their order between sondes. A result
may be judged before its parent's failure is confirmed and dated back before it: each sonde that depends on another
therefore keeps a short journal of the results an ancestor may still overrule, and is judged again from there. So a
child that failed a second before its parent is, once the parent is confirmed, history that never was; even if the child
has been removed meanwhile (see `former`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from probes.base import Status
from supervisor.domain.former import FormerLives
from supervisor.domain.sonde import FlappingRule, Sonde
from supervisor.domain.state import (
    CHECK_FAILED,
    ISOLATED,
    UNREACHABLE,
    Change,
    Finding,
    Rules,
    SondeState,
    advance,
)
from supervisor.domain.topology import Entry, Life, Node, link

# A result is kept for revision as long as an ancestor's failure that began before it is unconfirmed. An ancestor
# whose every second result is `unknown` can stay so for days: beyond this many results the oldest are final.
JOURNAL_LIMIT = 4096


# What a result counts as when nothing hides it.
_FINDINGS = {status: Finding(status, CHECK_FAILED if status is Status.UNKNOWN else "") for status in Status}


class Judge:
    """Holds every sonde's state in memory; says what each result changes."""

    def __init__(self, flapping: FlappingRule | None = None) -> None:
        self._flapping = flapping or FlappingRule()
        self._nodes: dict[str, Node] = {}
        self._former = FormerLives()
        self._canaries: tuple[Node, ...] = ()
        self._latest = 0  # instant of the latest result of any sonde

    # --- what there is to judge

    def configure(
        self, sondes: Mapping[str, Sonde], canaries: Iterable[Sonde], flapping: FlappingRule | None = None
    ) -> None:
        """Take the sondes of a configuration; states of those already known are kept, others are forgotten."""
        self._flapping = flapping or self._flapping
        known, self._nodes = self._former.homes() | self._nodes, {}
        canary_ids = set()
        for canary in canaries:
            canary_ids.add(canary.id)
            self._add(canary, known, canary=True)
        self._canaries = tuple(self._nodes.values())
        for sonde in sondes.values():
            if sonde.id not in canary_ids:
                self._add(sonde, known, canary=False)
        link(self._nodes, sondes, self._former)

    def _add(self, sonde: Sonde, known: dict[str, Node], *, canary: bool) -> None:
        rules = Rules(sonde.attempts, sonde.stale_after_s, self._flapping, sonde.incident_from)
        node = known.get(sonde.id)
        if node is None or node.canary is not canary:
            node = Node(sonde.id, rules, canary=canary)
        node.rules = rules
        self._nodes[sonde.id] = node

    def restore(self, states: Mapping[str, tuple[SondeState, list[Entry]]]) -> list[str]:
        """Take up the states of an earlier run; gives those whose sonde is not configured any more."""
        orphans = []
        for sonde_id, (state, journal) in states.items():
            node = self._nodes.get(sonde_id)
            if node is None:
                orphans.append(sonde_id)
                node = self._nodes[sonde_id] = Node(sonde_id, self._default_rules())
            node.state, node.journal = state, journal
            node.follow(state.tail[0].start, state.tail)
            self._latest = max(self._latest, state.last_at)
        return orphans

    def _default_rules(self) -> Rules:
        return Rules(3, 150, self._flapping)  # the config's defaults: history may speak of sondes that are gone

    # --- what is known

    def state(self, sonde_id: str) -> SondeState | None:
        """Its state, None if it has none (yet, or any more)."""
        node = self._nodes.get(sonde_id)
        return node.state if node is not None else None

    def journal(self, sonde_id: str) -> list[Entry]:
        """The results of it that an unconfirmed failure above may still overrule: to be kept with the state."""
        node = self._nodes[sonde_id]
        if node.journal:
            for above in (*node.ancestors, *self._canaries):
                state = above.state
                if state is not None and state.critical_count and not state.critical_confirmed:
                    return node.journal
        return []

    def ancestors(self, sonde_id: str) -> list[str]:
        """What it depends on, nearest first, canaries last."""
        node = self._nodes[sonde_id]
        if node.canary:
            return []
        return [n.id for n in (*node.ancestors, *self._canaries)]

    def descendants(self, sonde_id: str) -> list[str]:
        """What depends on it; nothing on what is no more."""
        node = self._nodes.get(sonde_id)
        return [below.id for below in node.descendants if below.ended is None] if node is not None else []

    def blocked(self, sonde_id: str, at: int) -> bool:
        """Does a critical ancestor (or isolation) hide this sonde at this instant?"""
        return self._hidden(self._nodes[sonde_id], at) is not None

    def hidden_since(self, sonde_id: str, at: int) -> int | None:
        """If it is hidden at this instant, since when; None if it is not (or is no more)."""
        node = self._nodes.get(sonde_id)
        if node is None:
            return None
        if not node.canary and self.isolated(at):
            return max(canary.critical[-1][0] for canary in self._canaries)
        starts = [above.critical[-1][0] for above in node.ancestors if above.critical_at(at)]
        return min(starts, default=None)

    def isolated(self, at: int) -> bool:
        """Do all canaries fail at this instant?"""
        return bool(self._canaries) and all(canary.critical_at(at) for canary in self._canaries)

    # --- what happens

    def observe(self, sonde_id: str, at: int, status: Status, message: str = "") -> list[Change] | None:
        """One result; the changes it makes, to this sonde first. None: not newer than its last one, skipped."""
        node = self._nodes.get(sonde_id)
        if node is None:
            node = self._nodes[sonde_id] = Node(sonde_id, self._default_rules())
        if node.state is not None and at <= node.state.last_at:
            return None
        self._latest = max(self._latest, at)
        changes: list[Change] = []
        self._take(node, at, status, message, changes)
        return changes

    def remove(self, sonde_id: str, at: int) -> list[Change]:
        """The sonde ends here: its state too. What it hid is judged without it from this instant on."""
        node = self._nodes.get(sonde_id)
        if node is None or node.state is None:
            return []
        ending = _removal(node, node.state, at)
        changes = [ending]
        if node.journal and node.journal[-1].at >= self._settled(node):
            self._former.keep(node, at)
        node.state, node.journal = None, []
        if node.follow(ending.trim, ()):
            self._reconsider(node, ending.trim, changes)
        self._former.sweep(self._latest, self._settled)
        return changes

    def rewind(self, at: int) -> Iterator[Change]:
        """The clock was set back to `at`: what was written of later instants was misdated, it becomes no data.

        Levels stay and unconfirmed counts start again, as after any gap; the instants to come will be lived again.
        """
        self._latest = min(self._latest, at)
        self._former.clear()
        for node in self._nodes.values():
            state = node.state
            if state is None or state.last_at < at:
                continue
            before = state.shown(state.last_at).status
            reset = state._replace(last_at=at - 1, until=at - 1)  # so that the next result, at `at`, is a new start
            if not state.warning_confirmed:
                reset = reset._replace(warning_count=0)
            if not state.critical_confirmed:
                reset = reset._replace(critical_count=0)
            last = state.tail[-1]
            node.state = reset._replace(tail=(last._replace(start=min(last.start, at - 1)),))
            node.journal = []
            node.follow(at - 1, ())
            trouble = node.rules.trouble(state)
            yield Change(node.id, at - 1, at - 1, (), before, Status.UNKNOWN, trouble=trouble, undone=True)

    # --- the rule

    def _take(self, node: Node, at: int, status: Status, message: str, changes: list[Change]) -> None:
        before = node.state
        finding = self._finding(node, at, status)
        if node.ancestors or (self._canaries and not node.canary):
            self._prune(node)
            node.journal.append(Entry(before, at, status, message, finding))
        node.state, change = advance(node.id, before, at, finding, node.rules, message)
        if change is not None:
            changes.append(change)
        if node.descendants or node.canary:
            self._spread(node, before, change, changes)

    def _finding(self, node: Life, at: int, status: Status) -> Finding:
        return self._hidden(node, at) or _FINDINGS[status]

    def _hidden(self, node: Life, at: int) -> Finding | None:
        if self._canaries and not node.canary and self.isolated(at):
            return Finding(Status.UNKNOWN, ISOLATED)
        for ancestor in node.ancestors[::-1]:  # the furthest is the cause of the nearer ones
            if ancestor.critical and ancestor.critical_at(at):
                return Finding(Status.UNKNOWN, UNREACHABLE, ancestor.id)
        return None

    def _prune(self, node: Node) -> None:
        """Forget the results that nothing above can overrule any more; the last one may share its instant."""
        journal = node.journal
        if len(journal) < 2:
            return
        settled, drop = self._settled(node), 0
        while drop + 1 < len(journal) and journal[drop].at < settled:
            drop += 1
        del journal[: max(drop, len(journal) - JOURNAL_LIMIT)]

    def _settled(self, node: Life) -> int:
        """Up to when nothing above it can turn out otherwise."""
        settled = latest = self._latest
        for above in node.ancestors + self._canaries:
            since = above.uncertain_since(latest)
            if since < settled:
                settled = since
        return settled

    def _spread(self, node: Node, before: SondeState | None, change: Change | None, changes: list[Change]) -> None:
        if change is not None:
            if node.follow(change.trim, change.paint):
                self._reconsider(node, change.trim, changes)
        elif before is not None and before.until <= self._latest and node.critical and node.critical[-1][1] is None:
            self._reconsider(node, before.until, changes)  # critical for longer than was known
        if self._former:
            self._former.sweep(self._latest, self._settled)

    def _reconsider(self, node: Node, since: int, changes: list[Change]) -> None:
        """Its critical stretches changed from `since` on: so may whatever it hides."""
        if not node.canary:
            for below in node.descendants:
                self._revise(below, since, changes)
        elif all(canary.critical for canary in self._canaries):
            for other in (*self._nodes.values(), *self._former):
                if not other.canary:
                    self._revise(other, since, changes)

    def _revise(self, node: Life, since: int, changes: list[Change]) -> None:
        journal = node.journal
        if not journal or journal[-1].at < since:
            return
        for index, entry in enumerate(journal):  # noqa: B007  the index is what is looked for
            if entry.at >= since and self._finding(node, entry.at, entry.status) != entry.finding:
                break
        else:
            return
        again, node.journal = journal[index:], journal[:index]
        undone = self._return_to(node, again[0])
        changes.append(undone)
        for entry in again:
            before = node.state
            finding = self._finding(node, entry.at, entry.status)
            node.journal.append(entry._replace(before=before, finding=finding))
            node.state, change = advance(node.id, before, entry.at, finding, node.rules, entry.message)
            if change is not None:
                changes.append(change._replace(upto=node.ended))
                node.follow(change.trim, change.paint)
        if node.ended is not None and node.state is not None:
            ending = _removal(node, node.state, node.ended)
            changes.append(ending)
            node.follow(ending.trim, ())
        for below in node.descendants:
            self._revise(below, undone.trim, changes)

    def _return_to(self, node: Life, entry: Entry) -> Change:
        """Undo this result and all after it, in the state and in the history."""
        shown = node.state.shown(entry.at).status if node.state is not None else Status.UNKNOWN
        node.state = entry.before
        tail = entry.before.tail if entry.before is not None else ()
        trim, after = (tail[0].start, tail[-1].status) if tail else (entry.at, Status.UNKNOWN)
        node.follow(trim, tail)
        trouble = node.rules.trouble(node.state)
        return Change(node.id, entry.at, trim, tail, shown, after, "", trouble, undone=True, upto=node.ended)


def _removal(life: Life, state: SondeState, at: int) -> Change:
    """What was held longer than that ends at this instant, and there is no trouble any more."""
    return Change(life.id, at, min(at, state.until), (), state.shown(at).status, Status.UNKNOWN, upto=life.ended)
