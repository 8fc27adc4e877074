"""Pools that are nearly full: derived from what is counted and what was told last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.announcing import EXCEEDS, FULL, OVER, Line, To
from supervisor.domain.announcing import pool as next_word
from supervisor.store import topics

EMPTIER = "il y a de nouveau de la place"


class Taken(NamedTuple):
    """How full the last pool of a collectivité is."""

    collectivite: str
    counted: int
    subscribed: int
    free: int | None
    full: bool  # nearly
    exceeds: bool
    price: str | None  # of one more pool, a year: "50.00"; None: nobody knows


def due(connection: sqlite3.Connection, found: Iterable[Taken], now: int) -> list[Line]:
    """What there is to be said."""
    return list(_lines(connection, found, now))


def _lines(connection: sqlite3.Connection, found: Iterable[Taken], now: int) -> Iterator[Line]:
    standing = topics.standing(connection, Subject.POOL, (FULL, EXCEEDS))
    seen = set()
    for taken in found:
        seen.add(taken.collectivite)
        before = standing.get(taken.collectivite)
        word = next_word(None if before is None else before.word, full=taken.full, exceeds=taken.exceeds)
        if word is not None:
            yield _line(_topic(taken, word, now))
    for name in standing.keys() - seen:  # it is no member any more
        yield _line(Topic(subject=Subject.POOL, name=name, word=OVER, at=now))


def _line(topic: Topic) -> Line:
    return Line(topic=topic, to=To.NOBODY, instead=EMPTIER) if topic.word == OVER else Line(topic=topic)


def _topic(taken: Taken, word: str, now: int) -> Topic:
    return Topic(
        subject=Subject.POOL,
        name=taken.collectivite,
        word=word,
        at=now,
        collectivites=frozenset({taken.collectivite}),
        facts={
            "counted": taken.counted,
            "subscribed": taken.subscribed,
            "free": taken.free,
            "price": taken.price,
        },
    )
