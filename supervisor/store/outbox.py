"""The outbox: what is to leave, leased, tried again, marked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.domain.alerting import Channel
from supervisor.domain.backoff import FIRST_S, LONGEST_S
from supervisor.store.text import storable


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """The words of a message."""

    subject: str
    text: str
    html: str | None
    thread: str | None
    data: Mapping[str, Any] | None = None  # the same for programs


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message, as it stands."""

    id: int
    key: str
    contact: int
    channel: Channel
    address: str
    body: Body
    made_at: int
    state: str  # waiting, sent; refused: another one left instead; dead: nobody is left to tell; dropped by somebody
    attempts: int
    next_at: int
    failure: str  # of the latest attempt
    receipt: str
    ended_at: int | None
    ended_by: str | None


_FIELDS = (
    "id, key, contact, channel, address, body, made_at, state, attempts, next_at, failure, receipt, ended_at, ended_by"
)


def add(
    connection: sqlite3.Connection,
    *,
    key: str,
    contact: int,
    channel: Channel,
    address: str,
    body: Body,
    now: int,
    notices: Iterable[int],
) -> int:
    """A message with all it tells: from here on it leaves as it is, or is seen not to."""
    row = connection.execute(
        "insert into message (key, contact, channel, address, body, made_at, state, next_at) "
        "values (?, ?, ?, ?, ?, ?, 'waiting', ?) returning id",
        (key, contact, channel, address, _words(body), now, now),
    ).fetchone()
    connection.executemany(
        "update notice set state = 'gathered', message = ? where id = ?", ((row[0], notice) for notice in notices)
    )
    return int(row[0])


def lease(
    connection: sqlite3.Connection, now: int, room: Mapping[Channel, int], held: Collection[int]
) -> list[Message]:
    """Take what is due, oldest first, as many as each channel has room for.

    A lease is this process's, and ends with it: `held` are those that it has on their way. One process has the
    database, so what no process holds any more is free at once, whatever became of the clock. What was tried
    in the future, or is further ahead than its pause, is of a clock that was set back since.
    """
    due = (
        "state = 'waiting' and (next_at <= :now or ifnull(tried_at, made_at) > :now "
        "or next_at > :now + 2 * min(:first << min(attempts, 16), :longest))"
    )
    rows: list[Sequence[object]] = []
    for channel, most in room.items():
        rows += connection.execute(
            "update message set attempts = attempts + 1, tried_at = :now where id in (select id from message "  # noqa: S608
            f"where {due} and channel = :channel and id not in (select value from json_each(:held)) "
            f"order by next_at, id limit :most) returning {_FIELDS}",
            {
                "now": now,
                "first": FIRST_S,
                "longest": LONGEST_S,
                "channel": channel,
                "held": json.dumps(sorted(held)),
                "most": max(most, 0),
            },
        ).fetchall()
    return sorted((_message(row) for row in rows), key=lambda message: message.id)


def sent(connection: sqlite3.Connection, message: Message, now: int, receipt: str) -> None:
    """The other end has it."""
    _end(connection, message, now, "sent", "", receipt)


def again(connection: sqlite3.Connection, message: Message, at: int, failure: str) -> None:
    """It did not leave; it is tried again then."""
    connection.execute(
        f"update message set next_at = ?, failure = ? where {_ITSELF}",  # noqa: S608
        (at, storable(failure), message.id, message.key),
    )


AT_A_TIME = 2  # for each that is taken: what waited falls upon a relay that is back as fast as it takes it, no faster


def bring_forward(connection: sqlite3.Connection, channel: Channel, now: int) -> None:
    """The channel took one: the oldest that were last tried before it was back need not wait for their pause.

    That try is on the house, or a relay that comes and goes would use the days up in which a message is tried.
    """
    connection.execute(
        "update message set next_at = :now, attempts = attempts - 1 where id in (select id from message "
        "indexed by message_due where state = 'waiting' and channel = :channel and failure <> '' and attempts > 0 "
        "and next_at > :now "
        "and tried_at < (select works_from from channel where name = :channel) order by id limit :most)",
        {"now": now, "channel": channel, "most": AT_A_TIME},
    )


def give_up(connection: sqlite3.Connection, message: Message, now: int, failure: str, state: str) -> None:
    """It will not leave: another one does instead (refused), or nobody is left to tell (dead)."""
    _end(connection, message, now, state, failure, "")


# By its key too: when a contact was erased meanwhile, another message may have its number.
_ITSELF = "id = ? and key = ? and state = 'waiting'"


def _end(connection: sqlite3.Connection, message: Message, now: int, state: str, failure: str, receipt: str) -> None:
    connection.execute(
        f"update message set state = ?, ended_at = ?, failure = ?, receipt = ? where {_ITSELF}",  # noqa: S608
        (state, now, storable(failure), storable(receipt), message.id, message.key),
    )


def reword(connection: sqlite3.Connection, number: int, body: Body) -> None:
    """It goes elsewhere than it was made for."""
    connection.execute("update message set body = ? where id = ?", (_words(body), number))


def revive(connection: sqlite3.Connection, number: int, address: str, now: int) -> None:
    """Somebody wants it tried again, from the beginning, at the address that is known now."""
    connection.execute(
        "update message set state = 'waiting', ended_at = null, ended_by = null, attempts = 0, address = ?, "
        "next_at = ? where id = ?",
        (address, now, number),
    )


def drop(connection: sqlite3.Connection, number: int, now: int, author: str) -> None:
    """Somebody wants it tried no more."""
    connection.execute(
        "update message set state = 'dropped', ended_at = ?, ended_by = ? where id = ?",
        (now, storable(author), number),
    )


def made(connection: sqlite3.Connection, contact: int, channel: Channel, since: int, now: int) -> list[int]:
    """When the messages to somebody by a channel were made, in order; not those of a clock that was set back."""
    rows = connection.execute(
        "select made_at from message where contact = ? and channel = ? and made_at > ? and made_at <= ? "
        "order by made_at",
        (contact, channel, since, now),
    )
    return [at for (at,) in rows]


def stuck(connection: sqlite3.Connection, contact: int, channel: Channel) -> bool:
    """Does a message to somebody wait that could not leave?"""
    row = connection.execute(
        "select 1 from message where contact = ? and channel = ? and state = 'waiting' and failure <> '' limit 1",
        (contact, channel),
    ).fetchone()
    return row is not None


def next_at(connection: sqlite3.Connection, channels: Iterable[Channel], held: Collection[int]) -> int | None:
    """When the next one is due by one of these channels, but for those that are on their way."""
    row = connection.execute(
        "select min(next_at) from message where state = 'waiting' and channel in (select value from json_each(?)) "
        "and id not in (select value from json_each(?))",
        (json.dumps(list(channels)), json.dumps(sorted(held))),
    ).fetchone()
    found: int | None = row[0]
    return found


def numbered(connection: sqlite3.Connection, number: int) -> Message | None:
    """The message of that number."""
    return next(iter(_read(connection, "id = ?", [number])), None)


# By the indexes of what is open: a table of a year's messages is not read for the few that wait.
_OPEN = (
    "select id from message indexed by message_due where state = 'waiting' union all "
    "select id from message indexed by message_dead where state = 'dead'"
)


def undelivered(connection: sqlite3.Connection) -> list[Message]:
    """What waits, and what nobody could be told."""
    return _read(connection, f"id in ({_OPEN})", ())


def undelivered_or_since(connection: sqlite3.Connection, at: int) -> list[Message]:
    """What waits, what nobody could be told, however old; and all from then on."""
    return _read(connection, f"id in ({_OPEN}) or made_at >= ?", [at])


SLICE_ROWS = 2_000


def forget(connection: sqlite3.Connection, before: int) -> bool:
    """Drop some of what was told, or dropped, before then, with its addresses and words; is there more?"""
    ended = connection.execute(
        "select id from message where state <> 'waiting' and ended_at < ? limit ?", (before, SLICE_ROWS)
    ).fetchall()
    connection.executemany("delete from notice where message = ?", ended)
    connection.executemany("delete from message where id = ?", ended)
    dropped = connection.execute(
        "delete from notice where id in (select id from notice where state = 'dropped' and at < ? limit ?)",
        (before, SLICE_ROWS),
    ).rowcount
    steps = connection.execute(
        "delete from step where id in (select id from step s where state <> 'pending' and begins < ? "
        "and not exists (select 1 from notice where step = s.id) limit ?)",
        (before, SLICE_ROWS),
    ).rowcount
    topics = connection.execute(
        "delete from topic where id in (select id from topic t where at < ? "
        "and exists (select 1 from topic later where (later.subject, later.name) = (t.subject, t.name) "
        "and later.id > t.id) and not exists (select 1 from notice where topic = t.id) limit ?)",
        (before, SLICE_ROWS),
    ).rowcount  # the last line of each stays: it is what stands
    return SLICE_ROWS in (len(ended), dropped, steps, topics)


def _words(body: Body) -> str:
    words: dict[str, Any] = {"subject": body.subject, "text": body.text, "html": body.html, "thread": body.thread}
    if body.data is not None:
        words["data"] = body.data
    return storable(json.dumps(words))


def _read(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Message]:
    rows = connection.execute(f"select {_FIELDS} from message where {where} order by id", values)  # noqa: S608
    return [_message(row) for row in rows]


def _message(row: Sequence[object]) -> Message:
    values = dict(zip(_FIELDS.split(", "), row, strict=True))
    values["body"] = Body(**json.loads(str(values["body"])))
    values["channel"] = Channel(str(values["channel"]))
    return Message(**values)  # type: ignore[arg-type]
