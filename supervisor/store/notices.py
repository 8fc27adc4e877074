"""Notices: what each person is due to learn, written with what makes it true."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from supervisor.domain.alerting import Channel, Kind, Subject


class Notice(NamedTuple):
    """One fact for one person by one channel."""

    key: str  # of the journal's line, the person and the channel: told again, it is the same
    contact: int
    channel: Channel
    kind: Kind
    percent: int | None  # of a GTI
    severity: str
    service: str  # "collectivite/service" of a GTI
    incident: int | None  # exactly one of this and `topic`
    opening: int  # of the incident
    at: int
    not_before: int  # 0: whenever there is room; else when the hours of who is told begin
    topic: int | None = None
    step: int | None = None  # of an escalation
    instead: int | None = None  # the contact who could not be reached
    id: int = 0  # given by the database


_FIELDS = (
    "key, contact, channel, kind, percent, severity, service, incident, opening, at, not_before, topic, step, instead"
)


def add(connection: sqlite3.Connection, notices: Iterable[Notice]) -> None:
    """Those that are there already stay as they are."""
    connection.executemany(
        f"insert into notice ({_FIELDS}, state) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'due') "  # noqa: S608
        "on conflict (key) do nothing",
        (notice[:14] for notice in notices),
    )


def drop(
    connection: sqlite3.Connection, incident: int, opening: int, after: int, why: str, kinds: Iterable[Kind] = Kind
) -> None:
    """What was still to be told of this opening, later than that instant, is not any more."""
    connection.execute(
        "update notice set state = 'dropped', why = ? where incident = ? and opening = ? and state = 'due' "
        "and not_before > ? and kind in (select value from json_each(?))",
        (why, incident, opening, after, json.dumps(list(kinds))),
    )


MAINTAINED = "en maintenance"


def hold(connection: sqlite3.Connection, incident: int, opening: int, now: int, until: int) -> None:
    """What could be told of this opening by now is told from that instant on; 0: what was held is held no longer."""
    connection.execute(
        "update notice set not_before = :until, why = iif(:until, :why, '') where incident = :incident "
        "and opening = :opening and state = 'due' and kind not in ('recovered', 'withdrawn') "
        "and (why = :why or (:until and not_before <= :now))",
        {"until": until, "why": MAINTAINED, "incident": incident, "opening": opening, "now": now},
    )


FLAPPING = "clignote : dit une fois, pas à chaque changement"
_APART = 1 << 40  # added to an instant, it is one that never comes, and known again

_OF_SONDES = (
    "state = 'due' and kind in ('opened', 'reopened', 'worsened', 'recovered', 'withdrawn') "
    "and incident in (select i.id from json_each(?) join incident i on i.sonde = value)"
)


def hold_flapping(connection: sqlite3.Connection, sondes: Sequence[str]) -> None:
    """What comes and goes of these is not told as long as they change too often; what a GTI has to say is."""
    connection.execute(
        f"update notice set not_before = iif(why = ?, 0, not_before) + ?, why = ? where {_OF_SONDES} and why <> ?",  # noqa: S608
        (MAINTAINED, _APART, FLAPPING, json.dumps(sondes), FLAPPING),
    )


def release_flapping(connection: sqlite3.Connection, sondes: Sequence[str]) -> None:
    """They are steady again: what is still to be told leaves, when it would have."""
    connection.execute(
        f"update notice set not_before = not_before - ?, why = '' where {_OF_SONDES} and why = ?",  # noqa: S608
        (_APART, json.dumps(sondes), FLAPPING),
    )


def mutable(connection: sqlite3.Connection, now: int, *, maintained: bool) -> list[tuple[int, int]]:
    """Incidents and openings of which something is held; where anything is maintained, of which it may have to be."""
    return connection.execute(
        "select distinct incident, opening from notice indexed by notice_due where state = 'due' "
        "and incident is not null and kind not in ('recovered', 'withdrawn') and (why = ? or (? and not_before <= ?))",
        (MAINTAINED, maintained, now),
    ).fetchall()


def give_up(connection: sqlite3.Connection, found: Iterable[Notice], why: str) -> None:
    """Nobody is there to be told."""
    connection.executemany(
        "update notice set state = 'dropped', why = ? where id = ? and state = 'due'",
        ((why, notice.id) for notice in found),
    )


def untell(connection: sqlite3.Connection, subject: Subject, name: str, why: str) -> int:
    """What nobody was told yet of something else than an incident is not told any more; gives how much it was."""
    return connection.execute(
        "update notice set state = 'dropped', why = ? where state = 'due' "
        "and topic in (select id from topic where subject = ? and name = ?)",
        (why, subject, name),
    ).rowcount


def postpone(connection: sqlite3.Connection, found: Iterable[Notice], until: int) -> None:
    """These are told from that instant on."""
    connection.executemany(
        "update notice set not_before = ? where id = ? and state = 'due'", ((until, notice.id) for notice in found)
    )


def latest_haste(connection: sqlite3.Connection, contact: int, channel: Channel, now: int) -> int | None:
    """When the latest message that told somebody of a breach, or was an alarm, was made."""
    row = connection.execute(
        "select max(m.made_at) from notice n join message m on m.id = n.message where n.contact = ? "
        "and n.channel = ? and n.state = 'gathered' and n.kind in ('breach', 'alarm') and m.made_at <= ?",
        (contact, channel, now),
    ).fetchone()
    found: int | None = row[0]
    return found


class Waiting(NamedTuple):
    """What one person is due to learn by one channel."""

    contact: int
    channel: Channel
    notices: Sequence[Notice]  # in the order in which it happened


def waiting(connection: sqlite3.Connection, now: int) -> Iterator[Waiting]:
    """What may be told by now, one after the other: of hundreds of thousands some are told at a time."""
    pairs = connection.execute(
        "select contact, channel from notice where state = 'due' and not_before <= ? group by contact, channel", [now]
    ).fetchall()
    for contact, channel in pairs:
        rows = connection.execute(
            f"select {_FIELDS}, id from notice where state = 'due' and contact = ? and channel = ? "  # noqa: S608
            "and not_before <= ? order by at, id",
            (contact, channel, now),
        )
        yield Waiting(contact, Channel(channel), [_notice(row) for row in rows.fetchall()])


def of_message(connection: sqlite3.Connection, message: int) -> list[Notice]:
    """What a message tells."""
    rows = connection.execute(f"select {_FIELDS}, id from notice where message = ? order by at, id", [message])  # noqa: S608
    return [_notice(row) for row in rows]


def tell_by(connection: sqlite3.Connection, found: Iterable[Notice], channel: Channel) -> bool:
    """Let the same person learn these by another channel; is there anything that they do, or will, learn by it?

    What they are due to learn by it anyway stays as it is. What it could not tell them either is not tried again.
    """
    others = [
        notice._replace(key=f"{notice.key.rpartition('/')[0]}/{channel}", channel=channel, not_before=0)
        for notice in found
    ]
    add(connection, others)
    return any(
        connection.execute(
            "select 1 from notice n left join message m on m.id = n.message where n.key = ? "
            "and (n.state = 'due' or m.state in ('waiting', 'sent'))",
            [other.key],
        ).fetchone()
        for other in others
    )


def base(notice: Notice) -> str:
    """What its key has in common with those of others who are told the same."""
    return notice.key.rpartition("/")[0].rpartition("/")[0]


def knowing(connection: sqlite3.Connection, notice: Notice) -> set[int]:
    """Who was told the same, or was to be and could not."""
    start = f"{base(notice)}/"
    rows = connection.execute("select contact from notice where key >= ? and key < ?", (start, f"{start[:-1]}0"))
    return {contact for (contact,) in rows}


def unsent(connection: sqlite3.Connection, contact: int, rota: str) -> list[Notice]:
    """What somebody is still to learn for having that rota's turn."""
    rows = connection.execute(
        f"select {', '.join(f'n.{field}' for field in _FIELDS.split(', '))}, n.id "  # noqa: S608
        "from notice n join step s on s.id = n.step left join message m on m.id = n.message "
        "where n.contact = ? and s.target = ? and (n.state = 'due' or m.state = 'waiting') order by n.at, n.id",
        (contact, rota),
    )
    return [_notice(row) for row in rows]


def next_hour(connection: sqlite3.Connection, now: int) -> int | None:
    """When somebody's hours begin, of those for whom something waits."""
    row = connection.execute("select min(not_before) from notice where state = 'due' and not_before > ?", [now])
    found: int | None = row.fetchone()[0]
    return found


def _notice(row: Sequence[object]) -> Notice:
    found = Notice(*row)  # type: ignore[arg-type]
    return found._replace(channel=Channel(found.channel), kind=Kind(found.kind))
