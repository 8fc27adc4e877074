"""The events of a file of history: SPEC 11, one form each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from supervisor.domain.availability import KINDS
from supervisor.domain.incident import CAUSES, Report, StepKind, Taken
from supervisor.domain.ledger import Correction, Event, LedgerEvent
from supervisor.domain.maintenance import Exclusion, Maintenance
from supervisor.history.lines import Fact, Known
from supervisor.history.values import Wrong, instant, only, show, text_or_none, words

MAINTENANCE, EXCLUSION, INCIDENT, CORRECTION = "maintenance", "exclusion", "incident", "sonde-correction"
_BASE = {"t", "event"}
_KEYS = {
    Event.ADDED.value: _BASE | {"sonde", "billable", "service"},
    Event.REMOVED.value: _BASE | {"sonde"},
    CORRECTION: _BASE | {"sonde", "from", "to", "author", "reason"},
    MAINTENANCE: _BASE | {"collectivite", "services", "start", "end", "nature", "author"},
    EXCLUSION: _BASE | {"collectivite", "service", "start", "end", "kind", "reason", "author"},
    INCIDENT: _BASE | {"ref", "collectivite", "service", "message", "author"},
}
_STEP_KEYS = _BASE | {"ref", "sonde", "author"}
# What a step says, and whether it must.
_STEP_TEXT = {
    StepKind.ACKNOWLEDGE: ("comment", False),
    StepKind.INTERVENTION: ("comment", False),
    StepKind.SUSPEND: ("reason", True),
    StepKind.RESUME: ("comment", False),
    StepKind.RESTORED: ("comment", False),
    StepKind.CAUSE: ("cause", True),
    StepKind.CLOSE: ("comment", False),
    StepKind.COMMENT: ("comment", True),
}
_AUTHOR = "who entered it"


def digest_of(line: dict[str, Any]) -> str:
    """An event is known by its content: however its keys are ordered and its instants written."""
    content = {key: value for key, value in line.items() if value is not None}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Forms:
    """Reads the events of one file; remembers the incidents it reported."""

    def __init__(self, known: Known, sonde: Callable[[dict[str, Any]], str]) -> None:
        self._known = known
        self._sonde = sonde  # checks the `sonde` of a line
        self._refs: dict[str, int] = {}  # reported by this file, and when

    def read(self, line: dict[str, Any], at: int) -> Fact:
        """The event that a line is; Wrong if it is none."""
        kind = line["event"]
        if not isinstance(kind, str) or (kind not in _KEYS and kind not in _STEP_TEXT):
            raise Wrong(f"event: {show(kind)} is not one of {', '.join([*_KEYS, *_STEP_TEXT])}")
        if kind in _STEP_TEXT:
            return self._step(line, at, StepKind(kind))
        only(line, _KEYS[kind])
        if kind == MAINTENANCE:
            return self._maintenance(line, at)
        if kind == EXCLUSION:
            return self._exclusion(line, at)
        if kind == CORRECTION:
            return self._correction(line, at)
        return self._report(line, at) if kind == INCIDENT else self._ledger(line, at, Event(kind))

    # --- the ledger's past

    def _ledger(self, line: dict[str, Any], at: int, event: Event) -> LedgerEvent:
        billable = line.get("billable", True)
        if not isinstance(billable, bool):
            raise Wrong("billable: true or false is expected")
        service = text_or_none(line, "service", "the id of a service")
        sonde = self._sonde(line)
        content = json.dumps([at, event.value, sonde, billable, service])
        return LedgerEvent(
            t=at,
            event=event,
            sonde=sonde,
            billable=billable,
            service=service,
            source="import",
            digest=hashlib.sha256(content.encode()).hexdigest(),
        )

    def _correction(self, line: dict[str, Any], at: int) -> Correction:
        start, end = _window(line, "from", "to")
        entry = Correction(
            t=at,
            sonde=self._sonde(line),
            start=start,
            end=end,
            author=words(line, "author", _AUTHOR),
            reason=words(line, "reason", "why the sonde does not count"),
            source="import",
            digest=digest_of({**line, "t": at, "from": start, "to": end}),
        )
        self._not_closed(start, end, entry.digest, "from")
        return entry

    # --- time that counts otherwise

    def _maintenance(self, line: dict[str, Any], at: int) -> Maintenance:
        collectivite = self._collectivite(line)
        services = line.get("services")
        if services is not None and (not isinstance(services, list) or not services):
            raise Wrong("services: a list of ids is expected; leave it out for all services of the collectivité")
        start, end = _window(line)
        entry = Maintenance(
            collectivite=collectivite,
            services=None if services is None else tuple(self._service(collectivite, s) for s in services),
            start=start,
            end=end,
            nature=words(line, "nature", "what is done"),
            author=words(line, "author", _AUTHOR),
            announced_at=at,
            source="import",
            digest=digest_of({**line, "t": at, "start": start, "end": end}),
        )
        self._not_closed(start, end, entry.digest, "start")
        return entry

    def _exclusion(self, line: dict[str, Any], at: int) -> Exclusion:
        collectivite = self._collectivite(line)
        start, end = _window(line)
        if line.get("kind") not in KINDS:
            raise Wrong(f"kind: {show(line.get('kind'))} is not one of {', '.join(KINDS)}")
        entry = Exclusion(
            collectivite=collectivite,
            service=None if line.get("service") is None else self._service(collectivite, line["service"]),
            start=start,
            end=end,
            kind=line["kind"],
            reason=words(line, "reason", "why the time is left out"),
            author=words(line, "author", _AUTHOR),
            entered_at=at,
            source="import",
            digest=digest_of({**line, "t": at, "start": start, "end": end}),
        )
        self._not_closed(start, end, entry.digest, "start")
        return entry

    # --- incidents

    def _report(self, line: dict[str, Any], at: int) -> Report:
        ref = words(line, "ref", "a name that the steps on this incident repeat")
        collectivite = self._collectivite(line)
        entry = Report(
            t=at,
            ref=ref,
            collectivite=collectivite,
            service=None if line.get("service") is None else self._service(collectivite, line["service"]),
            message=text_or_none(line, "message", "what was reported") or "",
            author=words(line, "author", _AUTHOR),
            digest=digest_of({**line, "t": at}),
        )
        if ref in self._refs or self._known.refs.get(ref, entry.digest) != entry.digest:
            raise Wrong(f"ref: {show(ref)} is that of another incident already; give each its own")
        self._refs[ref] = at
        self._not_closed(at, at + 1, entry.digest, "t")
        return entry

    def _step(self, line: dict[str, Any], at: int, kind: StepKind) -> Taken:
        key, needed = _STEP_TEXT[kind]
        only(line, _STEP_KEYS | {key})
        text = words(line, key, f"a {key}") if needed else text_or_none(line, key, f"a {key}") or ""
        if kind is StepKind.CAUSE and text not in CAUSES:
            raise Wrong(f"cause: {show(text)} is not one of {', '.join(CAUSES)}")
        ref = text_or_none(line, "ref", "the ref of an incident")
        if (ref is None) == (line.get("sonde") is None):
            raise Wrong(f"{kind}: either the ref of a reported incident or the sonde of a detected one is expected")
        if ref is not None and ref not in self._refs and ref not in self._known.refs:
            raise Wrong(f"ref: no incident {show(ref)} was reported before; put its line above this one")
        return Taken(
            t=at,
            kind=kind,
            text=text,
            author=text_or_none(line, "author", _AUTHOR) or "",
            ref=ref,
            sonde=self._sonde(line) if ref is None else None,
            digest=digest_of({**line, "t": at}),
        )

    # --- what they refer to

    def _collectivite(self, line: dict[str, Any]) -> str:
        owner = words(line, "collectivite", "the id of a collectivité")
        if owner not in self._known.services:
            raise Wrong(f"collectivite: no {show(owner)} in the config; add its file first")
        return owner

    def _service(self, collectivite: str, service: Any) -> str:
        if not isinstance(service, str) or service not in self._known.services[collectivite]:
            known = ", ".join(self._known.services[collectivite]) or "none"
            raise Wrong(f"service: {collectivite} has no service {show(service)}; known: {known}")
        return service

    def _not_closed(self, start: int, end: int, digest: str | None, key: str) -> None:
        if digest not in self._known.digests and any(s < end and start < e for s, e in self._known.closed):
            raise Wrong(f"{key}: it falls into a month that is closed; its figures are final")


def _window(line: dict[str, Any], first: str = "start", last: str = "end") -> tuple[int, int]:
    start, end = instant(line, first), instant(line, last)
    if end <= start:
        raise Wrong(f"{last}: {line[last]} is not after {first}, {line[first]}; exchange them")
    return start, end
