"""What happens to something else than an incident, and who is due to learn it, in one transaction. docs/adr/0009."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from supervisor.domain.alerting import Kind, Subject, Told, Topic, route_topic
from supervisor.domain.promise import Promises
from supervisor.store import notices
from supervisor.store.notices import Notice
from supervisor.store.people import People
from supervisor.store.text import storable

_FIELDS = "subject, name, word, at, collectivites, facts"


def announce(
    connection: sqlite3.Connection, promises: Promises, topic: Topic, to: Iterable[Told] = (), *, alone: bool = False
) -> bool:
    """Write it down, with everybody who is due to learn it. False: it was known, and nobody is told twice.

    `to`: whom it is about, told of it whatever they subscribe to; `alone`: and nobody else.
    """
    key = _key(topic)
    row = connection.execute(
        f"insert into topic (key, {_FIELDS}) values (?, ?, ?, ?, ?, ?, ?) on conflict (key) do nothing returning id",  # noqa: S608
        (
            key,
            topic.subject,
            topic.name,
            topic.word,
            topic.at,
            json.dumps(sorted(topic.collectivites)),
            storable(json.dumps(topic.facts)),
        ),
    ).fetchone()
    if row is None:
        return False
    people = () if alone else People(connection, promises).concerned(topic.collectivites)
    routed = (told for told in route_topic(topic, people) if isinstance(told, Told))
    notices.add(connection, [_notice(row[0], key, topic, told) for told in (*to, *routed)])
    return True


def _key(topic: Topic) -> str:
    return f"{topic.subject}:{topic.name}:{topic.word}:{topic.at}"


def _notice(number: int, key: str, topic: Topic, told: Told) -> Notice:
    return Notice(
        key=f"{key}/{told.person}/{told.channel}",
        contact=told.person,
        channel=told.channel,
        kind=Kind.ALARM if topic.urgent else Kind.NEWS,
        percent=None,
        severity="critical" if topic.urgent else "warning",
        service="",
        incident=None,
        opening=0,
        at=topic.at,
        not_before=told.not_before if told.not_before > topic.at else 0,
        topic=number,
    )


def latest(connection: sqlite3.Connection, subject: Subject) -> dict[str, Topic]:
    """The last line of each that this subject has, by name: what was told of it, if anybody was there to be told."""
    rows = connection.execute(
        f"select {_FIELDS} from topic where id in (select max(id) from topic where subject = ? group by name)",  # noqa: S608
        [subject],
    )
    return {topic.name: topic for topic in map(_topic, rows)}


def of_ids(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Topic]:
    """Those lines."""
    rows = connection.execute(
        f"select {_FIELDS}, id from topic where id in (select value from json_each(?))",  # noqa: S608
        [json.dumps(sorted(numbers))],
    )
    return {int(row[-1]): _topic(row[:-1]) for row in rows}


def people(connection: sqlite3.Connection, topic: Topic) -> int:
    """How many are told of this line."""
    row = connection.execute(
        "select count(distinct n.contact) from notice n join topic t on t.id = n.topic where t.key = ?", [_key(topic)]
    ).fetchone()
    return int(row[0])


def untell(connection: sqlite3.Connection, subject: Subject, name: str, why: str) -> int:
    """What nobody was told yet of this one is not told any more; gives to how many it would have been."""
    return connection.execute(
        "update notice set state = 'dropped', why = ? where state = 'due' "
        "and topic in (select id from topic where subject = ? and name = ?)",
        (why, subject, name),
    ).rowcount


def _topic(row: Sequence[object]) -> Topic:
    subject, name, word, at, collectivites, facts = row
    return Topic(
        subject=Subject(str(subject)),
        name=str(name),
        word=str(word),
        at=int(str(at)),
        collectivites=frozenset(json.loads(str(collectivites))),
        facts=json.loads(str(facts)),
    )
