"""What happens to something else than an incident, and who is due to learn it, in one transaction. docs/adr/0009."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence

from supervisor.domain.alerting import Channel, Kind, Person, Subject, Told, Topic, route_topic
from supervisor.domain.announcing import Line, To
from supervisor.domain.promise import Promises
from supervisor.store import contacts, notices
from supervisor.store.notices import Notice
from supervisor.store.people import People
from supervisor.store.text import storable

OF_THE_WATCH = frozenset({Subject.ISOLATION, Subject.CHANNEL})

_FIELDS = "subject, name, word, at, collectivites, facts"


def take(connection: sqlite3.Connection, promises: Promises, lines: Iterable[Line]) -> int:
    """Write lines down, each with everybody whom it is for; gives how many were not known."""
    people = People(connection, promises)  # read once: there may be hundreds of lines
    return sum(_take(connection, people, line) for line in lines)


def _take(connection: sqlite3.Connection, people: People, line: Line) -> bool:
    topic = line.topic
    if line.instead:
        notices.untell(connection, topic.subject, topic.name, line.instead)
    if line.to is To.CONCERNED:
        return _announce(connection, people, topic)
    names = (topic.name, *line.after)
    knowing = _knowing(connection, topic.subject, names) if line.to is To.KNOWING else ()
    return _announce(connection, people, topic, knowing)


def announce(
    connection: sqlite3.Connection, promises: Promises, topic: Topic, to: Iterable[Told] = (), *, alone: bool = False
) -> bool:
    """Write it down, with everybody who is due to learn it. False: it was known, and nobody is told twice.

    `to`: whom it is about, told of it whatever they subscribe to; `alone`: and nobody else.
    """
    return _announce(connection, People(connection, promises), topic, to=to, alone=alone)


def _announce(
    connection: sqlite3.Connection,
    people: People,
    topic: Topic,
    only: Collection[tuple[int, Channel]] | None = None,
    to: Iterable[Told] = (),
    *,
    alone: bool = False,
) -> bool:
    """`only`: to no other person and channel than these."""
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
    if only is not None and not only:  # nobody
        return True
    concerned = [] if alone else list(_concerned(connection, people, topic, only))
    routed = [each for each in route_topic(topic, concerned) if isinstance(each, Told)]
    if only is not None:
        routed = [each for each in routed if (each.person, each.channel) in only]
    notices.add(connection, [_notice(row[0], key, topic, each) for each in (*to, *routed)])
    return True


def _concerned(
    connection: sqlite3.Connection, people: People, topic: Topic, only: Collection[tuple[int, Channel]] | None
) -> Iterator[Person]:
    """Of what makes Vigie blind or dumb those on call learn too, and its end whoever of them knows of it."""
    called: dict[int, Person] = {}
    if topic.subject in OF_THE_WATCH:
        known = [contacts.numbered(connection, number) for number in sorted({number for number, _ in only or ()})]
        found = people.on_call(topic.at) if only is None else (people.reached(one) for one in known if one is not None)
        called = {person.id: person for person in found}
    yield from (person for person in people.concerned(topic.collectivites) if person.id not in called)
    yield from called.values()


def _key(topic: Topic) -> str:
    return f"{topic.subject}:{topic.name}:{topic.word}:{topic.at}"


def _knowing(connection: sqlite3.Connection, subject: Subject, names: Iterable[str]) -> set[tuple[int, Channel]]:
    """Who learnt, or is due to learn, a line of these; not by a message that nobody got."""
    rows = connection.execute(
        "select distinct n.contact, n.channel from topic t join notice n on n.topic = t.id "
        "left join message m on m.id = n.message where t.subject = ? and t.name in (select value from json_each(?)) "
        "and (n.state = 'due' or m.state in ('waiting', 'sent'))",
        (subject, json.dumps(list(names))),
    )
    return {(contact, Channel(channel)) for contact, channel in rows}


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


_LATEST = "select max(id) from topic where subject = ? group by name"


def _by_name(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> dict[str, Topic]:
    rows = connection.execute(f"select {_FIELDS} from topic where {where}", values)  # noqa: S608  ours
    return {topic.name: topic for topic in map(_topic, rows)}


def latest(connection: sqlite3.Connection, subject: Subject) -> dict[str, Topic]:
    """The last line of each that this subject has, by name: what was told of it, if anybody was there to be told."""
    return _by_name(connection, f"id in ({_LATEST})", [subject])


def standing(connection: sqlite3.Connection, subject: Subject, words: Iterable[str]) -> dict[str, Topic]:
    """Of these, those whose last line is one of these words."""
    where = f"id in ({_LATEST}) and word in (select value from json_each(?))"  # noqa: S608  ours
    return _by_name(connection, where, (subject, json.dumps(list(words))))


def of_names(connection: sqlite3.Connection, subject: Subject, names: Iterable[str]) -> dict[str, Topic]:
    """The last lines of these, those that there are."""
    where = "id in (select (select max(id) from topic where subject = ? and name = value) from json_each(?))"
    return _by_name(connection, where, (subject, json.dumps(list(names))))


def of_ids(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Topic]:
    """Those lines."""
    rows = connection.execute(
        f"select {_FIELDS}, id from topic where id in (select value from json_each(?))",  # noqa: S608
        [json.dumps(sorted(numbers))],
    )
    return {int(row[-1]): _topic(row[:-1]) for row in rows}


def people(connection: sqlite3.Connection, topic: Topic, names: Iterable[str]) -> int:
    """How many are told of this line by one of these channels."""
    row = connection.execute(
        "select count(distinct n.contact) from notice n join topic t on t.id = n.topic where t.key = ? "
        "and n.channel in (select value from json_each(?))",
        (_key(topic), json.dumps(list(names))),
    ).fetchone()
    return int(row[0])


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
