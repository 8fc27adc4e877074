"""`vigie history import`: the past, through the same judge into the same tables as the present. SPEC 11.

1. The whole file is read and checked; one bad line refuses all of it, by its number.
2. The lines are applied in slices, each recorded in one transaction.
3. Sondes that history left in place and the config does not have are removed, now.

A crash between two slices leaves a prefix of the file applied; importing the same file again completes it: a result
at or before its sonde's last one is skipped, an event is known by its content. Imported history alerts nobody.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from probes.base import Status
from probes.excerpt import excerpt
from supervisor.domain.ledger import Event, LedgerEvent, Presence, apply, reconcile
from supervisor.domain.sonde import Sonde
from supervisor.errors import VigieError

SLICE = 5000
LINE_BYTES = 1 << 16  # a result is a hundred bytes; a message is shown in pages and mails
_SHOWN = 60  # characters of what is wrong that a refusal repeats
_ID = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+){2}")
_STATUSES = {status.value: status for status in Status}
_RESULT_KEYS = {"t", "sonde", "status", "message"}
_EVENT_KEYS = {
    Event.ADDED.value: {"t", "event", "sonde", "billable", "service"},
    Event.REMOVED.value: {"t", "event", "sonde"},
}


class BadLine(VigieError):
    """A line that refuses its file."""


@dataclass(slots=True)
class History:
    """A file that was read and is right. Columns rather than rows: a million lines take 20 MB, not 300."""

    at: array[int] = field(default_factory=lambda: array("q"))
    sonde: list[str] = field(default_factory=list)  # interned
    status: list[Status | None] = field(default_factory=list)  # None: an event
    message: list[str] = field(default_factory=list)
    events: dict[int, LedgerEvent] = field(default_factory=dict)  # by line index

    def __len__(self) -> int:
        return len(self.at)


def read(lines: Iterable[bytes | str], name: str, collectivites: Collection[str], now: int) -> History:
    """Check every line; raises BadLine at the first that is wrong, naming it."""
    reader = Reader(name, collectivites, now)
    for line in lines:
        reader.feed(line)
    return reader.history


class Reader:
    """Checks lines as they come."""

    def __init__(self, name: str, collectivites: Collection[str], now: int) -> None:
        self.history = History()
        self._name = name
        self._collectivites = collectivites
        self._now = now
        self._number = 0
        self._latest = -(2**62)
        self._interned: dict[str, str] = {}

    def feed(self, line: bytes | str) -> None:
        """One more line of the file; an empty one counts and says nothing."""
        self._number += 1
        if not line.strip():
            return
        if len(line) > LINE_BYTES:
            raise self._bad(f"longer than {LINE_BYTES} bytes; one result or event a line is expected")
        try:
            read = json.loads(line)
        except RecursionError:
            raise self._bad("nested too deep; one flat object a line is expected") from None
        except ValueError as error:  # also a number of more digits than Python reads
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "msg", "a number")
            raise self._bad(f"not a line of JSON ({reason}); one object a line is expected") from None
        self._take(read)

    def _bad(self, text: str) -> BadLine:
        return BadLine(f"{self._name}:{self._number}: {text}; the file is refused whole, nothing was imported")

    def _take(self, line: Any) -> None:
        if not isinstance(line, dict):
            raise self._bad('an object like {"t": …, "sonde": …, "status": …} is expected')
        at = self._instant(line.get("t"))
        if at < self._latest:
            raise self._bad(f"t: {line['t']} is before the line above; sort the lines by time")
        if at > self._now:
            raise self._bad(f"t: {line['t']} is in the future; history ends now")
        self._latest = at
        if "event" in line:
            self._event(line, at)
        else:
            self._result(line, at)

    def _instant(self, text: Any) -> int:
        if not isinstance(text, str):
            raise self._bad('t: an instant like "2026-03-02T09:00:00+01:00" is expected')
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            shown = excerpt(text, _SHOWN)
            raise self._bad(f"t: '{shown}' is not an instant; write it like 2026-03-02T09:00:00+01:00") from None
        if moment.tzinfo is None:
            raise self._bad(f"t: '{text}' has no offset from UTC; write it like {text}+01:00")
        return int(moment.timestamp() // 1)

    def _result(self, line: dict[str, Any], at: int) -> None:
        self._only(line, _RESULT_KEYS)
        said = line.get("status")
        status = _STATUSES.get(said) if isinstance(said, str) else None
        if status is None:
            raise self._bad(f"status: {_show(said)} is not one of ok, warning, critical, unknown")
        message = line.get("message", "")
        if not isinstance(message, str):
            raise self._bad("message: a text is expected")
        self._append(at, self._sonde(line), status, message)

    def _event(self, line: dict[str, Any], at: int) -> None:
        keys = _EVENT_KEYS.get(line["event"]) if isinstance(line["event"], str) else None
        if keys is None:
            raise self._bad(f"event: {_show(line['event'])} is not one of {', '.join(_EVENT_KEYS)}")
        self._only(line, keys)
        billable, service = line.get("billable", True), line.get("service")
        if not isinstance(billable, bool):
            raise self._bad("billable: true or false is expected")
        if service is not None and not isinstance(service, str):
            raise self._bad("service: the id of a service is expected")
        sonde = self._sonde(line)
        content = json.dumps([at, line["event"], sonde, billable, service])
        self.history.events[len(self.history)] = LedgerEvent(
            t=at,
            event=Event(line["event"]),
            sonde=sonde,
            billable=billable,
            service=service,
            source="import",
            digest=hashlib.sha256(content.encode()).hexdigest(),
        )
        self._append(at, sonde, None, "")

    def _only(self, line: dict[str, Any], keys: set[str]) -> None:
        for key in line:
            if key not in keys:
                raise self._bad(f"{excerpt(key, _SHOWN)}: not expected here; known: {', '.join(sorted(keys))}")

    def _sonde(self, line: dict[str, Any]) -> str:
        sonde = line.get("sonde")
        known = self._interned.get(sonde) if isinstance(sonde, str) else None
        if known is not None:
            return known
        if not isinstance(sonde, str) or not _ID.fullmatch(sonde):
            raise self._bad(f"sonde: {_show(sonde)} is not an id like collectivite/equipment/sonde")
        owner = sonde.partition("/")[0]
        if owner not in self._collectivites:
            raise self._bad(f"sonde: no collectivité '{excerpt(owner, _SHOWN)}' in the config; add its file first")
        self._interned[sonde] = sonde
        return sonde

    def _append(self, at: int, sonde: str, status: Status | None, message: str) -> None:
        history = self.history
        history.at.append(at)
        history.sonde.append(sonde)
        history.status.append(status)
        history.message.append(self._interned.setdefault(message, message))


def _show(value: Any) -> str:
    return excerpt(repr(value), _SHOWN)


class Intake(Protocol):
    """Where the lines go: the judge and the record (see record.py)."""

    def replay(self, sonde_id: str, at: int, status: Status, message: str) -> bool:
        """One result; False if it was at or before the sonde's last one."""

    def enter(self, event: LedgerEvent) -> bool:
        """One line of the ledger, and what it means for the sonde's state; False if it was known already."""

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

    def as_dict(self) -> dict[str, int]:
        """For the answer and the terminal."""
        return asdict(self)


class Replay:
    """Applies a file.

    Lines of the same instant take effect together: the ledger's first, so that a result at the very instant of its
    sonde's removal comes after it, and at that of its addition belongs to it.
    """

    def __init__(self, history: History, intake: Intake, existing: Iterable[LedgerEvent]) -> None:
        self._history = history
        self._intake = intake
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

    def _enter(self, event: LedgerEvent) -> None:
        self._standing[event.sonde] = apply(self._standing.get(event.sonde), event)

    def _together(self, lines: range) -> None:
        history, summary = self._history, self.summary
        self._catch_up(history.at[lines.start])
        for index in lines if history.events else ():
            event = history.events.get(index)
            if event is not None and self._intake.enter(event):
                summary.events += 1
                self._enter(event)
            elif event is not None:
                summary.known_events += 1
        for index in lines:
            status = history.status[index]
            if status is None:
                continue
            at, sonde = history.at[index], history.sonde[index]
            presence = self._standing.get(sonde)
            if presence is not None and presence.ever_removed and (not presence.present or at < presence.since):
                summary.removed += 1
            elif self._intake.replay(sonde, at, status, history.message[index]):
                summary.results += 1
            else:
                summary.skipped += 1


def leftovers(standing: Mapping[str, Presence], sondes: Mapping[str, Sonde], now: int) -> list[LedgerEvent]:
    """The removals, now, of what history left in place and the config does not have."""
    return [event for event in reconcile(standing, sondes, now) if event.event is Event.REMOVED]
