"""From a result to the record: judge, board, database. The one line that all results take, live or imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from probes.base import Result, Status
from supervisor.domain.board import Board
from supervisor.domain.judge import Judge
from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import Change
from supervisor.store.batch import Entered
from supervisor.store.recorder import Recorder


class Record:
    """Judges results and notes what is to be written of them. Called by the event loop alone; never waits."""

    def __init__(self, judge: Judge, board: Board, recorder: Recorder) -> None:
        self._judge = judge
        self._board = board
        self._recorder = recorder
        self._digests: set[str] = set()
        self._ended: dict[str, int] = {}
        self.skipped = 0  # results at or before their sonde's last one

    # --- live

    def take(self, sonde: Sonde, at: int, result: Result) -> list[Change] | None:
        """One result of a check. The changes it made, None if it came too late to count."""
        before = self._judge.state(sonde.id)
        changes = self._judge.observe(sonde.id, at, result.status, result.message)
        after = self._judge.state(sonde.id)
        if changes is None or after is None:
            self.skipped += 1
            return None
        self._board.saw(sonde, at, result)
        self._recorder.note_result(sonde.id, result, before, after, self._judge.journal(sonde.id))
        if changes:
            self._note(changes, sonde.id)
            self._recorder.urgent()
        return changes

    def rewind(self, at: float) -> None:
        """The clock was set back: what is written of the instants to come is not true."""
        self._note(list(self._judge.rewind(int(at))))
        self._recorder.urgent()

    # --- the ledger

    def enter_all(self, events: Iterable[LedgerEvent]) -> None:
        """The config's own lines, at the instant it takes effect: what is removed ends."""
        events = list(events)
        self._recorder.note_ledger(events)
        for event in events:
            if event.event is Event.REMOVED:
                self.end(event.sonde, event.t)

    def end(self, sonde_id: str, at: int, *, imported: bool = False) -> None:
        """The sonde is no more: its state ends, its history stays."""
        changes = self._judge.remove(sonde_id, at)
        if changes:
            self._note(changes, sonde_id, imported=imported)
            self._recorder.note_removed(sonde_id)

    # --- history that is imported

    def knows(self, digests: Iterable[str], ended: Mapping[str, int]) -> None:
        """The imported events that the ledger has already, and where the history of each sonde that is over ends."""
        self._digests = set(digests)
        self._ended = dict(ended)

    def enter(self, event: LedgerEvent) -> bool:
        """One imported line of the ledger; False if it was known already."""
        if event.digest is not None:
            if event.digest in self._digests:
                return False
            self._digests.add(event.digest)
        self._recorder.note_ledger([event])
        state = self._judge.state(event.sonde)
        if event.event is Event.REMOVED and state is not None and state.last_at <= event.t:
            self.end(event.sonde, event.t, imported=True)
        return True

    def note(self, fact: Entered) -> bool:
        """What a person entered, from a file; False if it was known already."""
        if fact.digest is not None:
            if fact.digest in self._digests:
                return False
            self._digests.add(fact.digest)
        self._recorder.note_entered([fact])
        return True

    def passed(self, event: LedgerEvent) -> None:
        """The replay has come past a line that the ledger had already: results before a removal end with it."""
        state = self._judge.state(event.sonde)
        # One at its very instant belongs to what was added again then: any other ended when the line was entered.
        if event.event is Event.REMOVED and state is not None and state.last_at < event.t:
            self.end(event.sonde, event.t, imported=True)

    def replay(self, sonde_id: str, at: int, status: Status, message: str) -> bool:
        """One imported result; False if it was at or before the sonde's last one, also of a life that is over."""
        if at < self._ended.get(sonde_id, at) and self._judge.state(sonde_id) is None:
            return False
        changes = self._judge.observe(sonde_id, at, status, message)
        if changes is None:
            return False
        if changes:
            self._note(changes, imported=True)
        state = self._judge.state(sonde_id)
        if state is not None:
            self._recorder.note_state(sonde_id, state, self._judge.journal(sonde_id), imported=True)
        return True

    # ---

    def _note(self, changes: list[Change], noted: str = "", *, imported: bool = False) -> None:
        """Note the changes, and the states of all they touch but the one that is noted already."""
        self._recorder.note_changes(changes, imported=imported)
        for sonde_id in {change.sonde for change in changes}:
            if sonde_id == noted:
                continue
            state = self._judge.state(sonde_id)
            if state is None:  # judged again back to before its first result
                self._recorder.note_removed(sonde_id)
            else:
                self._recorder.note_state(sonde_id, state, self._judge.journal(sonde_id), imported=imported)
