"""Is what was closed still what was closed, and do the tables still say the same? `vigie close --verify`.

Three questions, each naming what it finds:

1. The chain: are a closing, its parts and its link to the one before it byte for byte what was sealed?
2. The arithmetic: do the frozen inputs give the frozen figures?
3. The tables: do the intervals, the ledger, the register of exclusions and the incidents still give the frozen inputs?
   Asked of the latest version of a month. The config is not asked: calendars, rules and contracts may change after a
   closing without touching it, so the tables are read under what was promised *then*.

What no digest can show is a chain whose end was cut off or forged from some closing on; the digest of the last one,
which is printed, kept elsewhere does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from supervisor.domain.availability import KINDS, Figures
from supervisor.domain.gti import clock
from supervisor.domain.incident import Line
from supervisor.proof import frozen
from supervisor.proof.comparing import Finding, compare
from supervisor.proof.frozen import FrozenMonth, FrozenPart, Unreadable
from supervisor.proof.seal import chained, digest
from supervisor.store import closings
from supervisor.store.closings import Closing, Part


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """One closing, and what was found."""

    closing: Closing
    services: int
    lines: int
    findings: tuple[Finding, ...]  # what must not be
    notes: tuple[Finding, ...]  # what went on after the closing: a correction would take it in


def verify(connection: sqlite3.Connection, month: str | None = None) -> Iterator[Verified]:
    """Every closing (of one month), in the order of the chain."""
    last = {closing.month: closing.version for closing in closings.every(connection)}
    versions: dict[str, int] = {}
    for closing in closings.every(connection, month):
        expected = versions.get(closing.month, 0) + 1
        versions[closing.month] = closing.version
        findings = [*_chain(connection, closing, expected)]
        verifying = _Verifying(connection, closing)
        findings += verifying.itself()
        notes: list[Finding] = []
        if closing.version == last[closing.month] and verifying.month is not None and verifying.readable:
            for finding in compare(connection, verifying.month, verifying.readable):
                (notes if finding.went_on else findings).append(finding)
        yield Verified(
            closing=closing,
            services=verifying.services,
            lines=verifying.lines,
            findings=tuple(dict.fromkeys(findings)),
            notes=tuple(dict.fromkeys(notes)),
        )


def _chain(connection: sqlite3.Connection, closing: Closing, expected: int) -> Iterator[Finding]:
    if closing.digest != chained(closing):
        yield Finding("closing", "was altered: its digest is not that of what it holds")
    before = closings.before(connection, closing.id)
    if closing.previous != (before.digest if before is not None else ""):
        named = f"{before.month} version {before.version}, the closing before it" if before is not None else "nothing"
        yield Finding("closing", f"is not chained to {named}: one was altered, removed or put in between")
    if closing.version != expected:
        yield Finding("closing", f"version {expected} is missing")


class _Verifying:
    """What one closing says of itself."""

    def __init__(self, connection: sqlite3.Connection, closing: Closing) -> None:
        self._connection = connection
        self._closing = closing
        self.month: FrozenMonth | None = None  # None: its head cannot be read
        self.readable: list[str] = []  # collectivités whose parts can be
        self.services = 0
        self.lines = 0

    def itself(self) -> Iterator[Finding]:
        """What is wrong with its parts, by themselves."""
        try:
            month = self.month = frozen.month(self._closing)
        except Unreadable as error:
            yield Finding("closing", str(error))
            return
        sealed = dict(month.parts)
        for part in closings.parts(self._connection, self._closing.id):
            yield from self._part(month, part, sealed.pop(part.collectivite, None))
        for collectivite in sealed:
            yield Finding(collectivite, "its part is missing")

    def _part(self, month: FrozenMonth, part: Part, sealed: str | None) -> Iterator[Finding]:
        actual = digest(part.body)
        if sealed is None:
            yield Finding(part.collectivite, "its part was added: the closing does not list it")
        elif actual != sealed:
            yield Finding(part.collectivite, "its part was altered: its digest is not the one that the closing lists")
        if part.digest != actual:
            yield Finding(part.collectivite, "the digest beside its part is not that of the part: one was altered")
        try:
            found = frozen.part(part.body, month)
            wrong = [*_arithmetic(month, found)]
        except (Unreadable, *frozen.TROUBLE) as error:
            yield Finding(part.collectivite, f"its part cannot be read: {error}")
            return
        yield from wrong
        self.readable.append(part.collectivite)
        self.services += len(found.services)
        self.lines += len(found.lines)


def _arithmetic(month: FrozenMonth, part: FrozenPart) -> Iterator[Finding]:
    """Where the frozen inputs do not give the frozen figures."""
    for service in part.services:
        again = service.seconds(month.start, month.end).figures(month.exclude)
        for name, was, now in _unequal(service.figures, again):
            yield Finding("/".join(service.promise.key), f"{name} is frozen as {was}; the frozen inputs give {now}")
    calendars = {service.promise.key: service.promise.calendar for service in part.services}
    for line in part.lines:
        facts = Line(service=line.service, start=line.start, stop=line.stopped, suspensions=line.suspensions)
        shown = clock(facts, calendars[line.service], month.gti_s, month.closing.closed_at, applicable=line.applicable)
        for name, value in shown._asdict().items():
            if getattr(line, name) != value:
                yield Finding(
                    "/".join(line.service),
                    f"{line.incident}: {name} is frozen as {getattr(line, name)}; the frozen inputs give {value}",
                )


def _unequal(one: Figures, other: Figures) -> Iterator[tuple[str, int, int]]:
    """The figures that differ, by name."""
    for field in fields(Figures):
        if field.name != "kinds" and getattr(one, field.name) != getattr(other, field.name):
            yield field.name, getattr(one, field.name), getattr(other, field.name)
    for kind in KINDS:
        if one.kinds[kind] != other.kinds[kind]:
            yield f"kinds.{kind}", one.kinds[kind], other.kinds[kind]


def right(found: Sequence[Verified]) -> bool:
    """Is all well?"""
    return not any(verified.findings for verified in found)
