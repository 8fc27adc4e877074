"""Before a file is applied: do the steps it takes on detected incidents come after those incidents?

Whether a sonde has an incident is known only once its results were judged. So the sondes concerned, and what they
depend on, are judged once beforehand by a judge of their own; nothing else of the file is looked at, and nothing kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from supervisor.domain.incident import ServiceKey, Spell, StepKind, Taken, line_start
from supervisor.domain.interval import Spans, union
from supervisor.domain.judge import Judge
from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.maintenance import Maintenance, by_service, maintenance_windows
from supervisor.domain.promise import Promises
from supervisor.domain.state import Change
from supervisor.history.lines import History

Refuse = Callable[[int, str], Exception]  # line of the file, what is wrong


class Rehearsal:
    """Plays the part of a file that steps depend on."""

    def __init__(
        self,
        judge: Judge,
        promises: Promises,
        spells: Mapping[str, Sequence[Spell]],
        announced: Iterable[Maintenance],
    ) -> None:
        self._judge = judge  # of the sondes concerned alone; nobody else's
        self._promises = promises
        self._spells = {sonde: list(known) for sonde, known in spells.items()}
        self._services: dict[str, set[str]] = {}  # that a sonde was added with
        self._gone: set[str] = set()  # removed: what comes after is no more than noise
        self._announced: Mapping[ServiceKey, Spans] = {}
        self._add_windows(announced)

    def play(self, history: History, concerned: set[str], refuse: Refuse) -> None:
        """Judge what concerns these sondes; raises what `refuse` makes of the first step that cannot be taken."""
        index, total = 0, len(history)
        while index < total:
            stop = index
            while stop < total and history.at[stop] == history.at[index]:
                stop += 1
            self._together(history, range(index, stop), concerned, refuse)
            index = stop

    def _together(self, history: History, lines: range, concerned: set[str], refuse: Refuse) -> None:
        facts = [(index, history.events[index]) for index in lines if index in history.events]
        self._add_windows([fact for _, fact in facts if isinstance(fact, Maintenance)])
        for _, fact in facts:
            if isinstance(fact, LedgerEvent) and fact.sonde in concerned:
                self._ledger(fact)
        for index in lines:
            status, sonde = history.status[index], history.sonde[index]
            if status is not None and sonde in concerned and sonde not in self._gone:
                self._follow(self._judge.observe(sonde, history.at[index], status) or ())
        for index, fact in facts:
            if isinstance(fact, Taken) and fact.sonde is not None:
                wrong = self._wrong(fact, fact.sonde)
                if wrong is not None:
                    raise refuse(history.numbers[index], wrong)

    def _ledger(self, event: LedgerEvent) -> None:
        state = self._judge.state(event.sonde)
        if event.service is not None:
            self._services.setdefault(event.sonde, set()).add(event.service)
        if event.event is not Event.REMOVED:
            self._gone.discard(event.sonde)
        elif state is not None:
            self._gone.add(event.sonde)
            if state.last_at <= event.t:
                self._follow(self._judge.remove(event.sonde, event.t))

    def _follow(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._spells[change.sonde] = followed(self._spells.get(change.sonde, ()), change)

    def _wrong(self, step: Taken, sonde: str) -> str | None:
        if not any(self._opens(sonde, spell, step.t) for spell in self._spells.get(sonde, ())):
            return f"{step.kind}: {sonde} has had no incident up to that instant; a step comes after its incident"
        if step.kind in (StepKind.RESTORED, StepKind.CLOSE):
            state = self._judge.state(sonde)
            lasting = self._spells[sonde][-1].end is None
            if lasting and state is not None and step.t < state.until and _in_trouble(state.shown(step.t).status):
                return f"{step.kind}: {sonde} is in trouble at that instant; wait for its recovery"
        return None

    def _opens(self, sonde: str, spell: Spell, at: int) -> bool:
        """Has this spell opened an incident by then, for whichever service it may count?"""
        if spell.start > at:
            return False
        own = {self._promises.sondes.get(sonde), *self._services.get(sonde, ())}
        keys = {key for service in own for key in self._promises.counting(sonde, service)}
        shown = [(spell.start, spell.end if spell.end is not None else at + 1)]
        return any(
            line_start(spell, self._announced.get(key, ()), lambda: shown, at) is not None
            for key in keys or {(sonde.partition("/")[0], "")}
        )

    def _add_windows(self, entries: Iterable[Maintenance]) -> None:
        found = by_service(maintenance_windows(entries, self._promises))
        if found:
            self._announced = {
                key: union(self._announced.get(key, ()), found.get(key, ())) for key in {*self._announced, *found}
            }


def _in_trouble(status: str) -> bool:
    return status in ("warning", "critical")


def followed(spells: Sequence[Spell], change: Change) -> list[Spell]:
    """The spells of a sonde after one more change: what `store.spells` writes, without a database.

    Of a life that is over, a spell that lasts ends with it; what is known of later lives stays.
    """
    end = change.upto
    later = [spell for spell in spells if end is not None and spell.start >= end]
    own = list(spells[: len(spells) - len(later)])
    if change.undone:
        own = [
            spell._replace(end=end) if spell.end is None or spell.end >= change.at else spell
            for spell in own
            if spell.start < change.at
        ]
    lasting = bool(own) and own[-1].end == end
    if change.trouble and not lasting:
        own.append(Spell(change.at, end))
    elif lasting and not change.trouble:
        own[-1] = own[-1]._replace(end=change.at)
    return [spell for spell in own if spell.end is None or spell.start < spell.end] + later
