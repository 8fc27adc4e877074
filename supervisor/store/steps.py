"""The steps of escalations: written with the opening they are of, taken when they become due. docs/adr/0011."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from probes.base import Status
from supervisor.domain.alerting import Channel, Kind
from supervisor.domain.calendar import Calendar
from supervisor.domain.escalation import Delay
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import FOREVER
from supervisor.domain.promise import Promises


class Row(NamedTuple):
    """One target of one step of one opening."""

    id: int
    incident: int
    opening: int
    number: int  # of the step, from 0
    target: str  # a rota by name, or a contact as "collectivite/Name"
    channels: tuple[Channel, ...]  # none: by every one that reaches them
    kind: Kind  # what it is told as
    severity: str
    delay: Delay
    begins: int  # from when on the delay runs
    due_at: int
    held: bool  # by a maintenance


_FIELDS = "id, incident, opening, number, target, channels, kind, severity, after, business, begins, due_at, held"


def begin(
    connection: sqlite3.Connection,
    promises: Promises,
    *,
    incident: int,
    opening: int,
    kind: Kind,
    severity: Status,
    services: Iterable[ServiceKey],
    begins: int,
) -> None:
    """It opened, opened again or became worse: what is to be done about it while nobody takes it in charge.

    What was given up meanwhile, for a recovery that was none, is taken up again; what was told is not told again,
    unless it was of a warning that is critical by now: that is another thing to be called for. Who is still to be
    called of it is called then, of what it is by then.
    """
    rows = _rows(promises, incident, opening, kind, severity, services, begins)
    connection.executemany(
        "insert into step (incident, opening, number, target, channels, kind, severity, after, business, begins, "
        "due_at, state) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending') "
        "on conflict (incident, opening, number, target) do update set state = 'pending', why = '', held = 0, "
        "kind = excluded.kind, severity = excluded.severity, begins = excluded.begins, due_at = excluded.due_at "
        "where state = 'dropped' or (state = 'told' and severity = 'warning' and excluded.severity = 'critical' "
        "and excluded.after is not null)",
        [
            (*row[1:5], json.dumps(row.channels), row.kind, row.severity, *_stored(row.delay), row.begins, row.due_at)
            for row in rows
        ],
    )
    if kind is Kind.WORSENED:
        connection.execute(
            "update step set severity = ? where incident = ? and opening = ? and state = 'pending'",
            (severity, incident, opening),
        )


def foreseen(
    promises: Promises, incident: int, opening: int, severity: Status, services: Iterable[ServiceKey]
) -> Iterator[Row]:
    """What would be begun today."""
    return _rows(promises, incident, opening, Kind.OPENED, severity, services, opening)


def _rows(
    promises: Promises,
    incident: int,
    opening: int,
    kind: Kind,
    severity: Status,
    services: Iterable[ServiceKey],
    begins: int,
) -> Iterator[Row]:
    calendars = calendars_of(promises, services)
    for number, step in enumerate(promises.duty.steps):
        for target in step.tell if severity.severity >= step.since.severity else ():
            yield Row(
                id=0,
                incident=incident,
                opening=opening,
                number=number,
                target=target,
                channels=step.by,
                kind=_kind(step.delay, kind),
                severity=severity,
                delay=step.delay,
                begins=begins,
                due_at=step.delay.due(begins, calendars),
                held=False,
            )


def _stored(delay: Delay) -> tuple[int | None, bool]:
    return delay.after_s, delay.business


def _kind(delay: Delay, opened: Kind) -> Kind:
    """What waits for nothing tells of the trouble; what waits, that nobody came."""
    if delay.after_s is None:
        return Kind.BREACH
    return Kind.ESCALATED if delay.after_s else opened


def calendars_of(promises: Promises, services: Iterable[ServiceKey]) -> Collection[Calendar]:
    """Those of the services that are still promised."""
    return [promises.services[key].calendar for key in services if key in promises.services]


def breached(connection: sqlite3.Connection, incident: int, opening: int, now: int) -> None:
    """Its time to intervene ran out: what waits for that is due."""
    connection.execute(
        "update step set due_at = ? where incident = ? and opening = ? and after is null and state = 'pending' "
        "and due_at > ?",
        (now, incident, opening, now),
    )


def end(connection: sqlite3.Connection, incident: int, opening: int, why: str) -> None:
    """It is over: nothing of it is to be done any more."""
    connection.execute(
        "update step set state = 'dropped', why = ?, held = 0 where incident = ? and opening = ? and state = 'pending'",
        (why, incident, opening),
    )


def ready(connection: sqlite3.Connection, now: int) -> list[Row]:
    """What is due, and what a maintenance holds: it may be longer or shorter by now."""
    rows = connection.execute(
        f"select {_FIELDS} from step where state = 'pending' and due_at <= :now union "  # noqa: S608
        f"select {_FIELDS} from step where state = 'pending' and held = 1 order by incident, number, id",
        {"now": now},
    )
    return [_row(row) for row in rows]


def of_opening(connection: sqlite3.Connection, incident: int, opening: int) -> Iterator[tuple[Row, str, str]]:
    """All of an opening, in order, with what became of each and why."""
    rows = connection.execute(
        f"select {_FIELDS}, state, why from step where incident = ? and opening = ? order by number, id",  # noqa: S608
        (incident, opening),
    )
    for *row, state, why in rows:
        yield _row(row), state, why


def numbered(connection: sqlite3.Connection, number: int) -> Row | None:
    """The one of that number."""
    row = connection.execute(f"select {_FIELDS} from step where id = ?", [number]).fetchone()  # noqa: S608
    return None if row is None else _row(row)


def next_due(connection: sqlite3.Connection, now: int) -> int | None:
    """When the next one is."""
    row = connection.execute("select min(due_at) from step where state = 'pending' and due_at > ?", [now]).fetchone()
    found: int | None = row[0]
    return found if found is None or found < FOREVER else None


def told(connection: sqlite3.Connection, row: Row) -> None:
    """Somebody is due to learn it."""
    connection.execute("update step set state = 'told', why = '', held = 0 where id = ?", [row.id])


def untold(connection: sqlite3.Connection, contact: int) -> None:
    """This contact goes: a step that it was to learn, and nobody has learnt yet, is to be taken again, by others."""
    connection.execute(
        "update step set state = 'pending' where state = 'told' and id in (select step from notice "
        "where contact = ? and step is not null) and not exists (select 1 from notice n left join message m "
        "on m.id = n.message where n.step = step.id and (m.state = 'sent' or (n.contact <> ? "
        "and (n.state = 'due' or m.state = 'waiting'))))",
        (contact, contact),
    )


def telling(connection: sqlite3.Connection, found: Iterable[int]) -> set[int]:
    """Of these notices, by number, what a step told the same person by the same channel, then or later."""
    rows = connection.execute(
        "select n.id from json_each(?) join notice n on n.id = value "
        "join step s on s.incident = n.incident and s.opening = n.opening "
        "join notice b on b.step = s.id and b.contact = n.contact and b.channel = n.channel and b.at >= n.at "
        "join message m on m.id = b.message where m.state in ('waiting', 'sent') "
        "and (b.severity = 'critical' or n.severity = 'warning') and (b.kind = 'breach' or n.kind <> 'breach')",
        [json.dumps(list(found))],
    )
    return {number for (number,) in rows}


def drop(connection: sqlite3.Connection, row: Row, why: str) -> None:
    """It is not taken."""
    connection.execute("update step set state = 'dropped', why = ?, held = 0 where id = ?", (why, row.id))


def put_off(connection: sqlite3.Connection, row: Row, *, begins: int, due_at: int, held: bool) -> None:
    """It is due at another instant."""
    connection.execute("update step set begins = ?, due_at = ?, held = ? where id = ?", (begins, due_at, held, row.id))


def hasten(connection: sqlite3.Connection, row: Row, now: int) -> bool:
    """Nobody of this step can be reached: the next one is due at once. False: there is none.

    One that waited for a breach tells that nobody came, then: nothing is breached yet.
    """
    following = connection.execute(
        "select min(number) from step where incident = ? and opening = ? and number > ? and state = 'pending'",
        (row.incident, row.opening, row.number),
    ).fetchone()[0]
    if following is None:
        return False
    connection.execute(
        "update step set due_at = min(due_at, ?), kind = iif(after is null, ?, kind), after = ifnull(after, 0) "
        "where incident = ? and opening = ? and number = ? and state = 'pending'",
        (now, Kind.ESCALATED, row.incident, row.opening, following),
    )
    return True


def _row(row: Sequence[object]) -> Row:
    values = dict(zip(_FIELDS.split(", "), row, strict=True))
    after, business = values.pop("after"), bool(values.pop("business"))
    values["channels"] = tuple(Channel(name) for name in json.loads(str(values["channels"])))
    values["kind"], values["held"] = Kind(str(values["kind"])), bool(values["held"])
    return Row(delay=Delay(after_s=after, business=business), **values)  # type: ignore[arg-type]
