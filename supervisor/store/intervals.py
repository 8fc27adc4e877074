"""What every sonde was, and when: the intervals kept for ever."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from probes.base import Status
from supervisor.domain.interval import FOREVER
from supervisor.domain.state import Change
from supervisor.store.keys import Keys
from supervisor.store.text import storable


class Span(NamedTuple):
    """One interval of one sonde, as stored."""

    start: int
    end: int | None  # None: the present one
    status: Status
    cause: str
    via: str
    message: str  # of the result that made it known, if any


class Painted(NamedTuple):
    """A span to be stored, and whether the message that the database has of the same stretch comes before its own."""

    span: Span
    recall: bool


class Edit(NamedTuple):
    """What is done to the history of one sonde: all that begins in [trim, upto) is replaced by what is painted."""

    trim: int
    upto: int
    painted: list[Painted]


class Interval(NamedTuple):
    """One stretch of one sonde's history, as read: with an end, and cut to what was asked."""

    sonde: str
    start: int
    end: int
    status: Status
    cause: str
    via: str
    message: str


def fold(changes: Iterable[Change]) -> dict[str, list[Edit]]:
    """The net effect of changes on each sonde, to be carried out in order.

    It is one edit, three statements, however much a sonde flapped meanwhile; more only where a life that is over turns
    out otherwise, which leaves alone what came after it.
    """
    edits: dict[str, list[Edit]] = {}
    for change in changes:
        trim = min(change.trim, change.paint[0].start) if change.paint else change.trim
        upto = FOREVER if change.upto is None else change.upto
        of_sonde = edits.setdefault(change.sonde, [])
        if not of_sonde or of_sonde[-1].upto != upto:
            of_sonde.append(Edit(FOREVER, upto, []))
        edit = of_sonde[-1]
        said = _cut(edit.painted, trim)
        # From edit.trim on, the database no longer counts: what a change before this one dropped is gone for good.
        edit.painted.extend(_paint(change, said, edit.trim))
        of_sonde[-1] = edit._replace(trim=min(trim, edit.trim))
    return edits


def _cut(painted: list[Painted], trim: int) -> dict[tuple[int, Status], Painted]:
    """Drop all from `trim` on; gives what was dropped, for its messages."""
    said = {}
    while painted and painted[-1].span.start >= trim:
        dropped = painted.pop()
        said[dropped.span.start, dropped.span.status] = dropped
    if painted:
        span, recall = painted[-1]
        if span.end is None or span.end > trim:
            painted[-1] = Painted(span._replace(end=trim), recall)
    return said


def _paint(change: Change, said: dict[tuple[int, Status], Painted], stored: int) -> Iterator[Painted]:
    """The segments as spans. A repainted stretch keeps the message it had; the present takes the result's.

    What a stretch that begins before `stored` had is in the database, of the others it is in `said`.
    """
    for index, segment in enumerate(change.paint):
        last = index + 1 == len(change.paint)
        end = change.upto if last else change.paint[index + 1].start
        if end is not None and change.upto is not None:
            end = min(end, change.upto)
        if end is not None and end <= segment.start:
            continue
        new = storable(change.message) if segment.status is change.after else ""
        span = Span(segment.start, end, segment.status, segment.cause, segment.via, new)
        before = said.get((segment.start, segment.status))
        # What is ok takes no message from before: there is nothing to explain, and no need to look for one.
        if segment.status is Status.OK or (last and new):
            yield Painted(span, recall=False)
        elif segment.start < stored:
            yield Painted(span, recall=True)
        elif before is None:
            yield Painted(span, recall=False)
        else:
            yield Painted(span._replace(message=before.span.message or new), before.recall)


def write(connection: sqlite3.Connection, keys: Keys, edits: Mapping[str, Sequence[Edit]]) -> None:
    """Carry the edits out: the first of every sonde together, then the second ones, if any."""
    numbered = [[(keys.sondes[sonde], edit) for edit in of_sonde] for sonde, of_sonde in edits.items()]
    for together in zip_longest(*numbered):
        _write(connection, [edit for edit in together if edit is not None])


def _write(connection: sqlite3.Connection, edits: list[tuple[int, Edit]]) -> None:
    """Carry out one edit a sonde."""
    spans = [(key, *span) for key, edit in edits for span in _reminded(connection, key, edit)]
    connection.executemany(
        "delete from interval where sonde = ? and start >= ? and start < ?",
        ((key, edit.trim, edit.upto) for key, edit in edits),
    )
    # What began before the cut and reached beyond it, or was open, now ends there.
    connection.executemany(
        "update interval set end = :trim where sonde = :sonde and (end is null or end > :trim) "
        "and start = (select max(start) from interval where sonde = :sonde and start < :trim)",
        ({"sonde": key, "trim": edit.trim} for key, edit in edits),
    )
    connection.executemany("insert into interval values (?, ?, ?, ?, ?, ?, ?)", spans)


def _reminded(connection: sqlite3.Connection, key: int, edit: Edit) -> list[Span]:
    """The spans, with the messages that the database has of stretches that are painted again."""
    if not any(recall for _, recall in edit.painted):
        return [span for span, _ in edit.painted]
    rows = connection.execute(
        "select start, status, message from interval where sonde = ? and start >= ? and start < ?",
        (key, edit.trim, edit.upto),
    )
    said = {(start, status): message for start, status, message in rows}
    return [
        span._replace(message=said.get((span.start, span.status), "") or span.message) if recall else span
        for span, recall in edit.painted
    ]


READ = """
select s.id, max(i.start, :start), min(ifnull(i.end, c.until), :end), i.status, i.cause, i.via, i.message
from sonde s cross join interval i left join coverage c on c.sonde = s.key
where i.sonde = s.key and :start < :end and i.start < :end and ifnull(i.end, c.until) > max(i.start, :start)
-- From the one that :start falls into on, not from the first of the sonde's life.
and i.start >= ifnull((select max(start) from interval where sonde = s.key and start <= :start), :start)
{chosen}
order by s.id, i.start
"""
_STATUS = {str(status): status for status in Status}


def read(
    connection: sqlite3.Connection, start: int, end: int, sondes: Iterable[str] | None = None
) -> Iterator[Interval]:
    """The history of these sondes (all by default) within [start, end), by sonde id then start.

    Row by row: a year of 20,000 sondes is never in memory. Must be used up inside the query that `Store.read` runs.
    """
    bounds: dict[str, int | str] = {"start": start, "end": end}
    chosen = ""
    if sondes is not None:
        bounds["sondes"] = json.dumps(list(sondes))
        chosen = "and s.id in (select value from json_each(:sondes))"
    for sonde, begin, stop, status, cause, via, message in connection.execute(READ.format(chosen=chosen), bounds):
        yield Interval(sonde, begin, stop, _STATUS[status], cause, via, message)


def ends(connection: sqlite3.Connection) -> dict[str, int]:
    """Where the history of each sonde that has no present ends."""
    return dict(
        connection.execute(
            "select s.id, max(i.end) from interval i join sonde s on s.key = i.sonde "
            "where i.sonde not in (select sonde from state) group by i.sonde having max(i.end) is not null"
        )
    )


def starts(connection: sqlite3.Connection, sondes: Iterable[str] | None = None) -> dict[str, int]:
    """The first result of each sonde (all by default) that ever had one."""
    chosen = "" if sondes is None else "where s.id in (select value from json_each(?))"
    return dict(
        connection.execute(
            "select s.id, (select min(start) from interval where sonde = s.key) as first from sonde s "  # noqa: S608
            f"{chosen} group by s.key having first is not null",
            [] if sondes is None else [json.dumps(list(sondes))],
        )
    )
