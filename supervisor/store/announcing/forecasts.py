"""Volumes that will be full: derived from the dates that checks measure and what was told last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.announcing import EXPECTED, NEAR, OVER, Line, To
from supervisor.domain.announcing import forecast as next_word
from supervisor.domain.promise import Promises
from supervisor.store import topics

MOVED = "la date s'est éloignée avant que le message ne parte"


class Outlook(NamedTuple):
    """What a check last said of a volume."""

    sonde: str
    mount: str
    at: int  # when
    full_at: int | None  # None: it will not be
    earliest: int
    latest: int
    again: bool  # said once more when it is near: nothing else alarms then

    @property
    def name(self) -> str:
        """What its lines are found by."""
        return f"{self.sonde} {self.mount}"


def due(
    connection: sqlite3.Connection, promises: Promises, found: Iterable[Outlook], within_s: float, now: int
) -> list[Line]:
    """What there is to be said."""
    return list(_lines(connection, promises, found, within_s, now))


def _lines(
    connection: sqlite3.Connection, promises: Promises, found: Iterable[Outlook], within_s: float, now: int
) -> Iterator[Line]:
    standing = topics.standing(connection, Subject.FORECAST, (EXPECTED, NEAR))
    seen: set[str] = set()
    for outlook in found:
        seen |= {outlook.sonde, outlook.name}
        before = standing.get(outlook.name)
        left_s = None if outlook.full_at is None else outlook.full_at - outlook.at
        word = next_word(None if before is None else before.word, left_s, within_s, again=outlook.again)
        if word is not None:
            yield _line(_topic(promises, outlook, word, now))
    for name, topic in standing.items():
        sonde = str(topic.facts["sonde"])
        if name not in seen and (sonde in seen or sonde not in promises.sondes):  # the volume is no more
            yield _line(Topic(subject=Subject.FORECAST, name=name, word=OVER, at=now, facts=topic.facts))


def _line(topic: Topic) -> Line:
    return Line(topic=topic, to=To.NOBODY, instead=MOVED) if topic.word == OVER else Line(topic=topic)


def _topic(promises: Promises, outlook: Outlook, word: str, now: int) -> Topic:
    return Topic(
        subject=Subject.FORECAST,
        name=outlook.name,
        word=word,
        at=now,
        collectivites=frozenset({outlook.sonde.partition("/")[0]}),
        facts={
            "sonde": outlook.sonde,
            "machine": promises.machine(outlook.sonde),
            "mount": outlook.mount,
            "full": outlook.full_at,
            "earliest": outlook.earliest,
            "latest": outlook.latest,
        },
    )
