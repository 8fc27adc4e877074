"""The GTI lines of a report, with what a reader asks beside the clock: who said so, who saw it, when it was over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supervisor.domain.incident import Opening, StepKind
from supervisor.domain.interval import FOREVER
from supervisor.domain.promise import Promises
from supervisor.proof import desk
from supervisor.proof.clocks import GtiLine
from supervisor.store import incidents
from supervisor.store.incidents import Entry, Incident


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentLine:
    """One clock of one service, and its story."""

    clock: GtiLine
    author: str  # of a report; "" when detected
    reopened: bool  # the incident had been open before
    acknowledged_at: int | None  # "vu", of this opening
    restored_at: int | None  # end of the trouble of this opening
    reasons: tuple[str, ...]  # of the suspensions


def incident_lines(
    connection: sqlite3.Connection, promises: Promises, now: int, clocks: Sequence[GtiLine]
) -> tuple[IncidentLine, ...]:
    """The story of each line, in their order."""
    numbers = dict.fromkeys(line.incident for line in clocks)
    found = [incident for number in numbers if (incident := incidents.numbered(connection, number)) is not None]
    stories = {sheet.incident.number: sheet for sheet in desk.sheets(connection, promises, now, found)}
    known = {incident.number: incident for incident in found}
    journals = {
        number: desk.journal(connection, sheet, promises.zone) for number, sheet in stories.items() if sheet.story
    }
    return tuple(
        _line(line, known.get(line.incident), stories.get(line.incident), journals.get(line.incident, ()))
        for line in clocks
    )


def _line(line: GtiLine, incident: Incident | None, sheet: desk.Sheet | None, journal: Iterable[Entry]) -> IncidentLine:
    opening, until, reopened = _opening(line, sheet)
    # A closed month keeps its lines; the story may have been told otherwise since, and has no such opening then.
    start = opening.at if opening is not None else line.start
    own = [entry for entry in journal if start <= entry.t < until]
    seen = [entry.t for entry in own if entry.kind == StepKind.ACKNOWLEDGE]
    stop = line.stopped if line.stopped is not None else until
    why = (entry.text for entry in own if entry.kind == StepKind.SUSPEND and line.start <= entry.t < stop)
    return IncidentLine(
        clock=line,
        author=incident.author if incident is not None else "",
        reopened=reopened,
        acknowledged_at=min(seen, default=None),
        restored_at=opening.spell.end if opening is not None else None,
        reasons=tuple(dict.fromkeys(text for text in why if text)),
    )


def _opening(line: GtiLine, sheet: desk.Sheet | None) -> tuple[Opening | None, int, bool]:
    """The opening that the line is of, when the next one begins, and whether it is a reopening."""
    openings = sheet.story.openings if sheet is not None and sheet.story is not None else ()
    for index, opening in enumerate(openings):
        if any((own.service, own.start) == (line.service, line.start) for own in opening.lines):
            return opening, openings[index + 1].at if index + 1 < len(openings) else FOREVER, index > 0
    return None, FOREVER, False
