"""Sondes that change too often: told in the transaction that records it, which holds their incidents back."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.announcing import BEGUN, Line, To
from supervisor.domain.announcing import flapping as next_words
from supervisor.domain.promise import Promises
from supervisor.domain.state import SondeState
from supervisor.store import notices, topics
from supervisor.store.apart import apart


def standing(connection: sqlite3.Connection) -> Collection[str]:
    """The sondes of which it was said."""
    return topics.standing(connection, Subject.FLAPPING, [BEGUN]).keys()


def tell(
    connection: sqlite3.Connection,
    promises: Promises,
    now: int,
    flapping: frozenset[str],
    states: Mapping[str, SondeState],
) -> None:
    """These change too often now, all of them. A bug in it costs a message, never a state."""
    with apart(connection, "telling that sondes change too often"):
        before = topics.standing(connection, Subject.FLAPPING, [BEGUN])
        words = {} if not flapping and not before else next_words(before, flapping, frozenset(promises.sondes))
        lines = [
            Line(
                topic=_topic(promises, now, sonde, word, states.get(sonde), before.get(sonde)),
                to=To.CONCERNED if word == BEGUN else To.KNOWING,
            )
            for sonde, word in words.items()
        ]
        topics.take(connection, promises, lines)
        if words:
            notices.hold_flapping(connection, [sonde for sonde, word in words.items() if word == BEGUN])
            notices.release_flapping(connection, [sonde for sonde, word in words.items() if word != BEGUN])


def _topic(
    promises: Promises, now: int, sonde: str, word: str, state: SondeState | None, before: Topic | None
) -> Topic:
    services = promises.counting(sonde, promises.sondes.get(sonde))
    touched: dict[str, list[str]] = {sonde.partition("/")[0]: []}
    for key in services:
        touched.setdefault(key[0], []).append(promises.services[key].name)
    facts: dict[str, Any] = {
        "sonde": sonde,
        "machine": promises.machine(sonde),
        "by_place": touched,
        "changes": 0 if state is None else len(state.changes),
        "since": state.changes[0] if state is not None and state.changes else now,
        "level": None if state is None or state.level is None else str(state.level),
    }
    if before is not None:
        facts["since"] = before.facts["since"]
    return Topic(
        subject=Subject.FLAPPING,
        name=sonde,
        word=word,
        at=now,
        collectivites=frozenset(touched),
        facts=facts,
    )
