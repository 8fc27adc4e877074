"""Vigie cut off: derived from what its judge says and what was told last."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.announcing import BEGUN, Line, To
from supervisor.domain.announcing import isolation as next_word
from supervisor.store import topics

NAME = "vigie"


class Reach(NamedTuple):
    """How Vigie stands towards its canaries."""

    cut_off_since: int | None  # None: it is not, as far as is known
    reached: bool  # one of them answers


def due(connection: sqlite3.Connection, reach: Reach, now: int) -> list[Line]:
    """What there is to be said."""
    last = topics.of_names(connection, Subject.ISOLATION, [NAME]).get(NAME)
    found = next_word(last, reach.cut_off_since, reached=reach.reached, now=now)
    if found is None:
        return []
    word, since = found
    alarm = now if word == BEGUN or last is None else last.facts["alarm"]
    topic = Topic(
        subject=Subject.ISOLATION,
        name=NAME,
        word=word,
        at=now,
        facts={"since": since, "alarm": alarm},
        urgent=True,
    )
    return [Line(topic=topic, to=To.CONCERNED if word == BEGUN else To.KNOWING)]
