"""Who knows what of an incident: what was told them, or will be whatever happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from supervisor.domain.alerting import Channel, Kind

_LEARNT = "(m.state in ('waiting', 'sent') or (n.state = 'due' and n.not_before <= :now))"
_TOLD = (
    "select n.contact, n.channel from notice n left join message m on m.id = n.message "  # noqa: S608
    f"where n.incident = :incident and n.opening = :opening and {_LEARNT}"
)
_NAMED = "(n.channel <> 'sms' or e.key = 0)"  # of what lasts, an SMS names the most urgent
_LASTING = "t.subject = 'turn' and e.value ->> 'number' = i.number"
_READ = (
    "select n.contact, n.channel from topic t cross join json_each(t.facts, '$.incidents') e "  # noqa: S608
    "cross join incident i cross join notice n left join message m on m.id = n.message "
    f"where t.at >= :opening and i.id = :incident and {_LASTING} and e.value ->> 'since' = :opening "
    f"and n.topic = t.id and {_NAMED} and {_LEARNT}"
)
_WAITS = (
    "m.contact = :contact and m.channel = :channel and m.state = 'waiting' and (m.attempts > 0 or m.failure <> '') "
    "and n.message = m.id"
)
_TRIED = (
    "select n.incident, n.opening from message m cross join notice n "  # noqa: S608
    f"where {_WAITS} and n.incident is not null and n.kind not in ('recovered', 'withdrawn')"
)
_TRIED_TURN = (
    "select i.id, e.value ->> 'since' from message m cross join notice n cross join topic t "  # noqa: S608
    "cross join json_each(t.facts, '$.incidents') e cross join incident i "
    f"where {_WAITS} and t.id = n.topic and {_LASTING} and {_NAMED}"
)


def told(connection: sqlite3.Connection, incident: int, opening: int, now: int) -> Mapping[int, set[Channel]]:
    """Who learns of this opening whatever happens: their message is made, or waits for nothing but others to join.

    Not by a channel that refused it for ever, where another one told it, nor by a message that nobody got. Whoever took
    over a turn learns of what lasts by the message that says so.
    """
    rows = connection.execute(
        f"{_TOLD} union {_READ}",
        {"incident": incident, "opening": opening, "now": now},
    )
    found: dict[int, set[Channel]] = {}
    for contact, channel in rows:
        found.setdefault(contact, set()).add(Channel(channel))
    return found


def end_told(connection: sqlite3.Connection, incident: int, opening: int) -> bool:
    """Is the last that people learn of this opening, or are still to learn, that it is over?"""
    row = connection.execute(
        "select kind from notice where incident = ? and opening = ? and state <> 'dropped' "
        "and kind in ('opened', 'reopened', 'recovered') order by id desc limit 1",
        (incident, opening),
    ).fetchone()
    return row is not None and row[0] == Kind.RECOVERED


def knows_of_trouble(connection: sqlite3.Connection, contact: int, channel: Channel) -> bool:
    """Was somebody told, by this channel, of a critical that lasts, or of what they are still to be told the end?

    Without the second, what fails and recovers in turn would be one first failure after another. A warning is no such
    knowledge: a disk that fills for a month would take the haste from every failure until it is emptied.
    """
    row = connection.execute(
        "select 1 from notice where contact = :contact and channel = :channel and state = 'due' "
        "and kind in ('recovered', 'withdrawn') "
        "union all "
        "select 1 from notice n join incident i on i.id = n.incident join message m on m.id = n.message "
        "where n.contact = :contact and n.channel = :channel and n.state = 'gathered' and n.severity = 'critical' "
        "and n.kind in ('opened', 'reopened', 'worsened', 'escalated') and m.state in ('waiting', 'sent') "
        "and i.restored_at is null and i.void_at is null limit 1",
        {"contact": contact, "channel": channel},
    ).fetchone()
    return row is not None


def untold(connection: sqlite3.Connection, contact: int, channel: Channel) -> set[tuple[int, int]]:
    """Incidents and openings of which a message to somebody was tried and has not left: their end is told after it."""
    rows = connection.execute(
        f"{_TRIED} union {_TRIED_TURN}",
        {"contact": contact, "channel": channel},
    )
    return set(rows)


def openings_told(connection: sqlite3.Connection, contact: int, channel: Channel) -> set[tuple[int, int]]:
    """Incidents and openings of which somebody was told something, or is being."""
    rows = connection.execute(
        "select distinct n.incident, n.opening from notice n join message m on m.id = n.message where n.contact = ? "
        "and n.channel = ? and n.state = 'gathered' and n.incident is not null and m.state in ('waiting', 'sent')",
        (contact, channel),
    )
    return set(rows)


def concerned(connection: sqlite3.Connection, incident: int, opening: int) -> set[int]:
    """Who was to be told anything of this opening, whether it reached them or not."""
    rows = connection.execute(
        "select distinct contact from notice where incident = ? and opening = ?", (incident, opening)
    )
    return {contact for (contact,) in rows}
