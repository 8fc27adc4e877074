"""The sonde ledger: written once, never changed; triggers refuse it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from supervisor.domain.ledger import Event, LedgerEvent, Presence, follow
from supervisor.store.text import storable

_FIELDS = "t, event, sonde, type, billable, paused, service, source, author, reason, digest"


def append(connection: sqlite3.Connection, events: Iterable[LedgerEvent]) -> None:
    """Add lines at the end. One whose digest is there already is the same event imported again: left out."""
    connection.executemany(
        f"insert into ledger ({_FIELDS}, collectivite) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
        "on conflict (digest) do nothing",
        [
            (
                event.t,
                event.event,
                event.sonde,
                event.type,
                event.billable,
                event.paused,
                event.service,
                event.source,
                storable(event.author),
                storable(event.reason),
                event.digest,
                event.collectivite,
            )
            for event in events
        ],
    )


def events(connection: sqlite3.Connection, until: int | None = None) -> Iterator[LedgerEvent]:
    """The lines that took effect up to and including `until` (all by default), by instant then by line."""
    yield from _read(connection, "? is null or t <= ?", (until, until))


def of(connection: sqlite3.Connection, sonde: str) -> list[LedgerEvent]:
    """The lines of one sonde, by instant then by line."""
    return list(_read(connection, "sonde = ?", (sonde,)))


def _read(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> Iterator[LedgerEvent]:
    rows = connection.execute(f"select {_FIELDS} from ledger where {where} order by t, id", values)  # noqa: S608
    for t, event, sonde, kind, billable, paused, service, source, author, reason, digest in rows:
        yield LedgerEvent(
            t=t,
            event=Event(event),
            sonde=sonde,
            type=kind,
            billable=bool(billable),
            paused=bool(paused),
            service=service,
            source=source,
            author=author,
            reason=reason,
            digest=digest,
        )


def standing(connection: sqlite3.Connection, at: int | None = None) -> dict[str, Presence]:
    """Where every sonde of the ledger stands once all lines of the instant `at` have taken effect (now by default)."""
    return follow(events(connection, at))


def present_sondes(connection: sqlite3.Connection, at: int) -> dict[str, Presence]:
    """Who is in at this instant, from the ledger alone."""
    return {sonde: presence for sonde, presence in standing(connection, at).items() if presence.present}
