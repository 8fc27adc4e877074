"""A channel by which nothing leaves any more: operators are told by the others, and when it works again. SPEC 7."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from supervisor.domain.alerting import Channel, Subject, Topic
from supervisor.domain.channel_health import FAILING, Health, news_of
from supervisor.domain.promise import Promises
from supervisor.store import channels, topics

if TYPE_CHECKING:
    from sqlite3 import Connection

log = logging.getLogger(__name__)

AFTER_S = 900


class Noted(NamedTuple):
    """What was told of a channel."""

    topic: Topic
    people: int  # who are told


def watch(connection: Connection, promises: Promises, names: Collection[str], after_s: int, now: int) -> list[Noted]:
    """Announce it, in the transaction that sees it."""
    channels.heed_clock(connection, now)
    told = topics.latest(connection, Subject.CHANNEL)
    found = []
    for health in channels.healths(connection):
        before = told.get(health.name)
        alarm = before if before is not None and before.word == FAILING else None
        word = news_of(health, alarmed=alarm is not None, now=now, after_s=after_s) if health.name in names else None
        if word is not None:
            topic = _topic(connection, health, alarm, word, now)
            topics.announce(connection, promises, topic)
            found.append(Noted(topic, topics.people(connection, topic, names)))
    return found


def _topic(connection: Connection, health: Health, alarm: Topic | None, word: str, now: int) -> Topic:
    if alarm is None:
        facts = {"since": health.fails_from, "waiting": health.waiting}
    else:
        since, until = alarm.facts["since"], health.works_from or now
        facts = {"since": since, "until": until, "waited": channels.waited(connection, health.name, since, until)}
    return Topic(
        subject=Subject.CHANNEL,
        name=health.name,
        word=word,
        at=now,
        facts=facts,
        urgent=word == FAILING,
        spares=frozenset({Channel(health.name)}),
    )


def note(found: Iterable[Noted]) -> None:
    """In the log, once it is on disk: the only place where it is to be read when there is no other channel."""
    for topic, people in found:
        if topic.word != FAILING:
            log.warning("messages leave by %s again (had to wait: %d)", topic.name, topic.facts["waited"])
            continue
        told = (
            f"operators told by other channels: {people}"
            if people
            else "nobody is told: no operator has another channel"
        )
        log.error("nothing leaves by %s any more (waiting: %d); %s", topic.name, topic.facts["waiting"], told)
