"""How the channels of alerts fare: what became of each message, noted in the transaction that marks it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from supervisor.domain.alerting import Subject
from supervisor.domain.channel_health import FAILING, Health
from supervisor.store import topics


def worked(connection: sqlite3.Connection, name: str, now: int) -> None:
    """It took a message on."""
    connection.execute(
        "insert into channel (name, worked_at, works_from) values (:name, :now, :now) on conflict (name) do update "
        "set worked_at = :now, works_from = ifnull(works_from, :now), fails_from = null, own = 0",
        {"name": name, "now": now},
    )


def failed(connection: sqlite3.Connection, name: str, now: int, *, own: bool) -> None:
    """It did not; `own`: whoever the message had been for. What its receivers put off before proves nothing of it."""
    connection.execute(
        "insert into channel (name, fails_from, own) values (:name, :now, :own) on conflict (name) do update set "
        "works_from = null, fails_from = iif(:own > own, :now, ifnull(fails_from, :now)), own = max(own, :own)",
        {"name": name, "now": now, "own": int(own)},
    )


def heed_clock(connection: sqlite3.Connection, now: int) -> None:
    """What a clock that was set back since says of the future begins now, or nothing would be told until then."""
    connection.execute(
        "update channel set worked_at = min(worked_at, :now), works_from = min(works_from, :now), "
        "fails_from = min(fails_from, :now) where :now < max(ifnull(worked_at, 0), ifnull(works_from, 0), "
        "ifnull(fails_from, 0))",
        {"now": now},
    )


def healths(connection: sqlite3.Connection) -> list[Health]:
    """Of every channel that was ever tried."""
    rows = connection.execute(
        "select c.name, c.works_from, c.fails_from, c.own, ifnull(m.waiting, 0), ifnull(m.tries, 0), "
        "ifnull(m.receivers, 0) from channel c left join (select channel, count(*) as waiting, "
        "max(attempts) as tries, count(distinct address) as receivers from message indexed by message_due "
        "where state = 'waiting' and failure <> '' group by channel) m on m.channel = c.name order by c.name"
    ).fetchall()
    return [Health(name, works, fails, bool(own), *counts) for name, works, fails, own, *counts in rows]


def waited(connection: sqlite3.Connection, name: str, since: int, until: int) -> int:
    """How many messages could not leave by it in that time, those that still do not included."""
    row = connection.execute(
        "select count(*) from message where channel = :name and made_at < :until and attempts > 0 and id in ("
        "select id from message indexed by message_due where state = 'waiting' union all "
        "select id from message indexed by message_ended where state <> 'waiting' and ended_at >= :since)",
        {"name": name, "since": since, "until": until},
    ).fetchone()
    return int(row[0])


class Standing(NamedTuple):
    """What there is to see of one channel."""

    pending: int = 0  # messages that wait to leave
    failing: int = 0  # of these, tried already
    oldest_at: int | None = None  # when the oldest of them was made
    dead: int = 0  # messages that nobody got, and nobody has looked at
    worked_at: int | None = None  # when it last took one on
    fails_since: int | None = None  # told of as failing, since then


def failing(connection: sqlite3.Connection) -> list[tuple[str, int, int | None]]:
    """Those that were told of as failing, since when, and since when they take messages again, which may not last."""
    told = topics.latest(connection, Subject.CHANNEL)
    found = {health.name: health.works_from for health in healths(connection)}
    return [(name, line.facts["since"], found.get(name)) for name, line in told.items() if line.word == FAILING]


def standing(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, Standing]:
    """Of these channels, and of any other by which something is still to leave."""
    found = {name: Standing() for name in sorted(names)}
    rows = connection.execute(
        "select channel, sum(state = 'waiting'), sum(state = 'waiting' and failure <> ''), "
        "min(iif(state = 'waiting', made_at, null)), sum(state = 'dead') from ("
        "select channel, state, failure, made_at from message indexed by message_due where state = 'waiting' union all "
        "select channel, state, failure, made_at from message indexed by message_dead where state = 'dead') "
        "group by channel"
    )
    found |= {name: Standing(*counts) for name, *counts in rows}
    told = topics.latest(connection, Subject.CHANNEL)
    for name, worked_at in connection.execute("select name, worked_at from channel"):
        if name in found:
            line = told.get(name)
            since = line.facts["since"] if line is not None and line.word == FAILING else None
            found[name] = found[name]._replace(worked_at=worked_at, fails_since=since)
    return found
