"""Reads a file of history and checks it, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from probes.base import Status
from probes.excerpt import excerpt
from supervisor.domain.incident import Taken
from supervisor.history.events import Forms
from supervisor.history.lines import BadLine, History, Known
from supervisor.history.values import SHOWN, Wrong, instant, is_sonde, only, show

LINE_BYTES = 1 << 16  # a result is a hundred bytes; a message is shown in pages and mails
_STATUSES = {status.value: status for status in Status}
_RESULT_KEYS = {"t", "sonde", "status", "message"}


def read(lines: Iterable[bytes | str], name: str, known: Known, now: int) -> History:
    """Check every line; raises BadLine at the first that is wrong, naming it."""
    reader = Reader(name, known, now)
    for line in lines:
        reader.feed(line)
    return reader.history


class Reader:
    """Checks lines as they come."""

    def __init__(self, name: str, known: Known, now: int) -> None:
        self.history = History()
        self._name = name
        self._known = known
        self._now = now
        self._number = 0
        self._latest = -(2**62)
        self._interned: dict[str, str] = {}
        self._forms = Forms(known, self._sonde)

    def feed(self, line: bytes | str) -> None:
        """One more line of the file; an empty one counts and says nothing."""
        self._number += 1
        if not line.strip():
            return
        try:
            self._take(self._parse(line))
        except Wrong as wrong:
            raise self.bad(self._number, str(wrong)) from None

    def bad(self, number: int, text: str) -> BadLine:
        """The refusal of the file because of one line."""
        return BadLine(f"{self._name}:{number}: {text}; the file is refused whole, nothing was imported")

    def _parse(self, line: bytes | str) -> Any:
        if len(line) > LINE_BYTES:
            raise Wrong(f"longer than {LINE_BYTES} bytes; one result or event a line is expected")
        try:
            return json.loads(line)
        except RecursionError:
            raise Wrong("nested too deep; one flat object a line is expected") from None
        except ValueError as error:  # also a number of more digits than Python reads
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "msg", "a number")
            raise Wrong(f"not a line of JSON ({reason}); one object a line is expected") from None

    def _take(self, line: Any) -> None:
        if not isinstance(line, dict):
            raise Wrong('an object like {"t": …, "sonde": …, "status": …} is expected')
        at = instant(line, "t")
        if at < self._latest:
            raise Wrong(f"t: {line['t']} is before the line above; sort the lines by time")
        if at > self._now:
            raise Wrong(f"t: {line['t']} is in the future; history ends now")
        self._latest = at
        if "event" in line:
            self._event(line, at)
        else:
            self._result(line, at)

    def _result(self, line: dict[str, Any], at: int) -> None:
        only(line, _RESULT_KEYS)
        said = line.get("status")
        status = _STATUSES.get(said) if isinstance(said, str) else None
        if status is None:
            raise Wrong(f"status: {show(said)} is not one of ok, warning, critical, unknown")
        message = line.get("message", "")
        if not isinstance(message, str):
            raise Wrong("message: a text is expected")
        self._append(at, self._sonde(line), status, message)

    def _event(self, line: dict[str, Any], at: int) -> None:
        history, fact = self.history, self._forms.read(line, at)
        history.events[len(history)] = fact
        history.numbers[len(history)] = self._number
        if isinstance(fact, Taken) and fact.sonde is not None:
            history.stepped.add(fact.sonde)
        self._append(at, getattr(fact, "sonde", None) or "", None, "")

    def _sonde(self, line: dict[str, Any]) -> str:
        sonde = line.get("sonde")
        known = self._interned.get(sonde) if isinstance(sonde, str) else None
        if known is not None:
            return known
        if not isinstance(sonde, str) or not is_sonde(sonde):
            raise Wrong(f"sonde: {show(sonde)} is not an id like collectivite/equipment/sonde")
        owner = sonde.partition("/")[0]
        if owner not in self._known.services:
            raise Wrong(f"sonde: no collectivité '{excerpt(owner, SHOWN)}' in the config; add its file first")
        self._interned[sonde] = sonde
        return sonde

    def _append(self, at: int, sonde: str, status: Status | None, message: str) -> None:
        history = self.history
        history.at.append(at)
        history.sonde.append(sonde)
        history.status.append(status)
        history.message.append(self._interned.setdefault(message, message))
