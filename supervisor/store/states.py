"""What the judge knows of every sonde, kept over a restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from probes.base import Status
from supervisor.domain.state import Finding, Segment, SondeState
from supervisor.domain.topology import Entry
from supervisor.store.batch import Coverage, Kept
from supervisor.store.keys import Keys
from supervisor.store.text import storable

_DEFAULTS = tuple(SondeState._field_defaults.items())  # all but the first two fields, which are in `coverage`
_STATUS = {str(status): status for status in Status}


def write_coverage(connection: sqlite3.Connection, keys: Keys, coverage: Mapping[str, Coverage]) -> None:
    """Every sonde that had a result: the most frequent write of all."""
    connection.executemany(
        "insert into coverage values (?, ?, ?) "
        "on conflict (sonde) do update set last_at = excluded.last_at, until = excluded.until",
        [(keys.sondes[sonde], last_at, until) for sonde, (last_at, until) in coverage.items()],
    )


def write(connection: sqlite3.Connection, keys: Keys, states: Mapping[str, Kept]) -> None:
    """The states that changed."""
    connection.executemany(
        "insert into state values (?, ?, ?) "
        "on conflict (sonde) do update set json = excluded.json, journal = excluded.journal",
        (
            (keys.sondes[sonde], _write_state(kept.state), _write_journal(kept.journal) if kept.journal else None)
            for sonde, kept in states.items()
        ),
    )


def forget(connection: sqlite3.Connection, keys: Keys, sondes: Iterable[str]) -> None:
    """Removed sondes have no present. Their last interval, if nothing closed it, ends where it was known to."""
    gone = [(keys.sondes[sonde],) for sonde in sondes if sonde in keys.sondes]
    connection.executemany(
        "delete from interval where sonde = ? and end is null "
        "and start >= (select until from coverage where coverage.sonde = interval.sonde)",
        gone,
    )
    connection.executemany(
        "update interval set end = coverage.until from coverage "
        "where interval.sonde = ? and interval.end is null and coverage.sonde = interval.sonde",
        gone,
    )
    connection.executemany("delete from state where sonde = ?", gone)
    connection.executemany("delete from coverage where sonde = ?", gone)


def load(connection: sqlite3.Connection) -> dict[str, tuple[SondeState, list[Entry]]]:
    """All of them, as `Judge.restore` wants them."""
    rows = connection.execute(
        "select s.id, c.last_at, c.until, st.json, st.journal "
        "from state st join sonde s on s.key = st.sonde join coverage c on c.sonde = st.sonde"
    ).fetchall()
    # One document is parsed twice as fast as 20,000.
    states = json.loads(f"[{','.join(row[3] for row in rows)}]")
    return {
        sonde: (_read_state(last_at, until, state), _read_journal(journal) if journal else [])
        for (sonde, last_at, until, _, journal), state in zip(rows, states, strict=True)
    }


# --- as text. Only what differs from the default is written: short for the many that are well, and a field that a
# later version adds needs no migration.


def _write_state(state: SondeState) -> str:
    return json.dumps(_state_fields(state), separators=(",", ":"))


def _state_fields(state: SondeState) -> dict[str, Any]:
    fields: dict[str, Any] = {
        key: value for (key, usual), value in zip(_DEFAULTS, state[2:], strict=True) if value != usual
    }
    if state.tail:
        fields["tail"] = [_shorten(segment) for segment in state.tail]
    return fields


def _shorten(segment: Segment) -> list[Any]:
    return list(segment if segment.via else segment[:3] if segment.cause else segment[:2])


def _read_state(last_at: int, until: int, fields: dict[str, Any]) -> SondeState:
    if "level" in fields:
        fields["level"] = _STATUS[fields["level"]]
    if "tail" in fields:
        fields["tail"] = tuple(Segment(start, _STATUS[status], *why) for start, status, *why in fields["tail"])
    if "changes" in fields:
        fields["changes"] = tuple(fields["changes"])
    return SondeState(last_at, until, **fields)


def _write_journal(journal: tuple[Entry, ...]) -> str:
    return json.dumps(
        [
            [
                None if before is None else [before.last_at, before.until, _state_fields(before)],
                at,
                status,
                storable(message),
                finding,
            ]
            for before, at, status, message, finding in journal
        ],
        separators=(",", ":"),
    )


def _read_journal(text: str) -> list[Entry]:
    return [
        Entry(
            None if before is None else _read_state(*before),
            at,
            _STATUS[status],
            message,
            Finding(_STATUS[finding[0]], *finding[1:]),
        )
        for before, at, status, message, finding in json.loads(text)
    ]
