"""Maintenance: planned, changed, cancelled in the transaction of who does it; begun and ended by time. SPEC 6."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.announcing import Line, To
from supervisor.domain.maintenance import Maintenance
from supervisor.domain.promise import Promises
from supervisor.domain.works import (
    CANCELLED,
    ENDED,
    OLD_S,
    PLANNED,
    Said,
    Work,
    next_word,
    series_name,
    works,
)
from supervisor.store import topics, windows

AHEAD_S = 86_400  # what begins later has nothing to be said by time
UNTOLD = "annulée avant d'être dite"


def due(connection: sqlite3.Connection, promises: Promises, now: int) -> list[Line]:
    """What the time that passed makes to be said, also while nobody looked."""
    near = windows.maintenances(connection, now - OLD_S - 1, now + AHEAD_S)
    return list(_lines(connection, promises, now, near))


def entered(connection: sqlite3.Connection, promises: Promises, now: int, entries: Sequence[Maintenance]) -> None:
    """Somebody planned, prolonged or cancelled these."""
    topics.take(connection, promises, list(_lines(connection, promises, now, entries)))


def series(
    connection: sqlite3.Connection, promises: Promises, now: int, entries: Sequence[Maintenance], every: str
) -> None:
    """Somebody planned these, which are one series: that is said once."""
    number = entries[0].series
    if number is None:
        return
    facts = {"times": len(entries), "every": every, "last": [entries[-1].start, entries[-1].end]}
    topic = _topic(promises, now, series_name(number), PLANNED, entries[:1], facts)
    topics.take(connection, promises, [Line(topic=topic)])


def series_cancelled(
    connection: sqlite3.Connection, promises: Promises, now: int, entries: Sequence[Maintenance]
) -> None:
    """Somebody cancelled what was left of a series; what of it was under way ends by itself."""
    left = [entry for entry in entries if entry.start >= now]
    number = entries[0].series
    if left and number is not None:
        facts = {"times": len(left), "reason": left[0].cancel_reason, "last": [left[-1].start, left[-1].end]}
        topic = _topic(promises, now, series_name(number), CANCELLED, left[:1], facts)
        topics.take(connection, promises, [Line(topic=topic, to=To.KNOWING, instead=UNTOLD)])
    entered(connection, promises, now, entries)


def _lines(
    connection: sqlite3.Connection, promises: Promises, now: int, entries: Iterable[Maintenance]
) -> Iterator[Line]:
    live = [entry for entry in windows.whole(connection, entries) if entry.source == "live"]
    found = works(live)
    names = {work.name for work in found} | {work.series for work in found if work.series is not None}
    known = topics.of_names(connection, Subject.MAINTENANCE, names)
    for work in found:
        of_series = known.get(work.series or "")
        last = _said(work, known.get(work.name), of_series)
        word = next_word(work, last, now, hushed=of_series is not None and of_series.word == CANCELLED)
        if word is not None:
            yield _line(promises, now, work, word, last)


def _said(work: Work, own: Topic | None, of_series: Topic | None) -> Said | None:
    """What was said of it last: with its series, if nothing was of it alone."""
    if own is not None:
        return Said(own.word, own.at, (int(own.facts["start"]), int(own.facts["end"])))
    if of_series is None:
        return None
    first = work.entries[0]
    return Said(PLANNED, first.announced_at, (first.start, first.end))


def _line(promises: Promises, now: int, work: Work, word: str, last: Said | None) -> Line:
    facts: dict[str, Any] = {}
    span = work.span or (work.entries[0].start, work.entries[-1].end)
    if last is not None and last.span != span:
        facts["before"] = list(last.span)
    if word in (CANCELLED, ENDED) and work.reason:
        facts["reason"] = work.reason
    topic = _topic(promises, now, work.name, word, work.entries, {**facts, "start": span[0], "end": span[1]})
    if word == CANCELLED:
        return Line(topic=topic, to=To.KNOWING, after=_series(work), instead=UNTOLD)
    return Line(topic=topic, to=To.KNOWING, after=_series(work)) if word == ENDED else Line(topic=topic)


def _series(work: Work) -> tuple[str, ...]:
    return () if work.series is None else (work.series,)


def _topic(
    promises: Promises, now: int, name: str, word: str, entries: Sequence[Maintenance], facts: Mapping[str, Any]
) -> Topic:
    first = entries[0]
    touched: dict[str, list[str]] = {first.collectivite: []}
    for key in sorted({key for entry in entries for key in promises.concerned(entry.collectivite, entry.services)}):
        promise = promises.services.get(key)
        touched.setdefault(key[0], []).append(key[1] if promise is None else promise.name)
    return Topic(
        subject=Subject.MAINTENANCE,
        name=name,
        word=word,
        at=now,
        collectivites=frozenset(touched),
        facts={
            "start": first.start,
            "end": first.end,
            "nature": first.nature,
            "by_place": touched,
            **facts,
        },
    )
