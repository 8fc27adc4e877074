"""A batch becomes rows."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from itertools import chain

from supervisor.domain.promise import Promises
from supervisor.store import (
    accounts,
    beats,
    contacts,
    entering,
    incidents,
    intervals,
    ledger,
    references,
    samples,
    spells,
    states,
)
from supervisor.store.announcing import flapping
from supervisor.store.batch import Batch
from supervisor.store.keys import Keys
from supervisor.store.register import Register

log = logging.getLogger(__name__)


def apply(connection: sqlite3.Connection, keys: Keys, batch: Batch) -> None:
    """Write a batch, inside the transaction of the caller: a crash leaves all of it or nothing.

    1. Sondes seen for the first time get their number.
    2. Changes, in order: history is cut where they say and painted anew; the last interval of a sonde stays open.
    3. Forgotten sondes: an interval still open is closed where its coverage ended, then state and coverage go.
       Not of a sonde added again within the batch: its open interval is the new one, 4 and 5 replace the rest.
    4. Coverage: how far each open interval reaches. Together with 2, or a crash would stretch one state over the next.
    5. States, those that changed.
    6. Ledger lines, in order; imported ones that are known already are left out. Accounts and tariffs.
    7. Measurements, call-ins and what was learnt of pictures: the only rows nobody would miss. What is known of the
       picture of a forgotten sonde goes.
    8. Spells of trouble, from the changes; then the incidents concerned are told again: in this transaction, so that
       no trouble is ever without its incident. Those of an import only once it ends (see `register`). Before them,
       which sondes change too often: that holds their incidents back.
    9. The instant of the flush.
    """
    edits = intervals.fold(batch.changes)
    seen = (sample.sonde for sample in batch.samples), (beat.sonde for beat in batch.beats)
    keys.learn(connection, chain(edits, batch.coverage, batch.states, batch.references, *seen))
    intervals.write(connection, keys, edits)
    states.forget(connection, keys, batch.forgotten - batch.states.keys())
    states.write_coverage(connection, keys, batch.coverage)
    states.write(connection, keys, batch.states)
    ledger.append(connection, batch.ledger)
    accounts.append(connection, batch.accounts)
    accounts.append_tariffs(connection, batch.tariffs)
    contacts.seed(connection, batch.contacts, batch.at)
    samples.append(connection, keys, batch.samples)
    beats.append(connection, keys, batch.beats)
    references.forget(connection, keys, batch.forgotten)
    references.write(connection, keys, batch.references.values())
    _incidents(connection, keys, batch)
    connection.execute(
        "insert into meta values ('flushed_at', ?) on conflict (key) do update set value = excluded.value",
        [str(batch.at)],
    )


def _incidents(connection: sqlite3.Connection, keys: Keys, batch: Batch) -> None:
    touched = spells.write(connection, keys, batch.changes)
    later = touched.keys() & batch.imported if batch.promises is not None else touched.keys()
    if batch.entered and batch.promises is not None:
        later |= entering.enter(connection, batch.promises, batch.entered, batch.at)
    if later:
        spells.untell(connection, keys, later)
    touched = {**_worse(batch), **touched}
    if batch.flapping is not None and batch.promises is not None:
        states_now = {sonde: kept.state for sonde, kept in batch.states.items()}
        flapping.tell(connection, batch.promises, batch.at, batch.flapping, states_now)
    told = {**batch.due, **{sonde: since for sonde, since in touched.items() if sonde not in later}}
    if batch.promises is not None and (told or batch.due_reports):
        _tell(connection, keys, batch, batch.promises, told)


def _worse(batch: Batch) -> dict[str, int]:
    """Sondes whose incidents open at a warning, and that changed: to be critical then is no spell of its own."""
    warned = frozenset() if batch.promises is None else batch.promises.warned
    found: dict[str, int] = {}
    for change in batch.changes:
        if change.sonde in warned and change.sonde not in batch.imported:
            found[change.sonde] = min(change.at, found.get(change.sonde, change.at))
    return found


def _tell(
    connection: sqlite3.Connection, keys: Keys, batch: Batch, promises: Promises, told: Mapping[str, int]
) -> None:
    """Tell the incidents of these sondes again. A bug in it costs an incident its place for a while, never a state.

    They are noted as untold then, and told at the next start or import at the latest.
    """
    connection.execute("savepoint telling")
    try:
        register = Register(connection, promises, batch.at)
        register.tell(told)
        register.tell_reported(i for i in incidents.unrestored(connection) if i.id in batch.due_reports)
    except sqlite3.Error:
        raise  # the disk: nothing of the batch is written, all of it is tried again
    except Exception:
        log.exception("the incidents of %d sondes could not be told; their states are recorded", len(told))
        connection.execute("rollback to telling")
        spells.untell(connection, keys, told)
    connection.execute("release telling")
