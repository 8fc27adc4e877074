"""Batches whose every part says which batch it is, and what is found of them in a database afterwards."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from probes.base import Measurement, Result, Status
from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.state import Change, Segment, SondeState
from supervisor.store.batch import Batch, Beat, Coverage, Kept, Sample

VERSION = "0.0.1"
SONDES = tuple(f"commune/machine-{index}/sonde" for index in range(20))
EVERY_S = 60  # instants between two batches


def numbered(number: int) -> Batch:
    """The batch of this number: every kind of row, for every sonde."""
    t = number * EVERY_S
    status = Status.CRITICAL if number % 2 else Status.OK
    batch = Batch(at=t)
    for sonde in SONDES:
        state = SondeState(t, t + 150, status, tail=(Segment(t, status),), changes=(number,))
        batch.changes.append(Change(sonde, t, t, state.tail, Status.UNKNOWN, status, f"lot {number}"))
        batch.coverage[sonde] = Coverage(t, t + 150)
        batch.states[sonde] = Kept(state)
        batch.ledger.append(LedgerEvent(t=t, event=Event.CHANGED, sonde=sonde, source="config", reason=str(number)))
        batch.samples.append(Sample(t, sonde, Result(status, "", (Measurement("n_ratio", number),), 0.5)))
        batch.beats.append(Beat(sonde, t, number))
    return batch


class Found(NamedTuple):
    """Which batches each table shows to be there."""

    coverage: set[int]
    states: set[int]
    intervals: list[int]  # starts, of the first sonde
    open_intervals: int
    ledger: list[int]
    samples: list[int]
    beats: set[int]
    rolled_up: int  # samples counted in the quarters
    due: int  # samples that the quarters' mark says are in them


def found(connection: sqlite3.Connection) -> Found:
    """Look."""

    def column(query: str) -> list[int]:
        return [row[0] for row in connection.execute(query)]

    return Found(
        coverage=set(column(f"select distinct last_at / {EVERY_S} from coverage")),
        states=set(column("select distinct json_extract(json, '$.changes[0]') from state")),
        intervals=column(f"select start / {EVERY_S} from interval where sonde = 1 order by start"),
        open_intervals=column("select count(*) from interval where end is null")[0],
        ledger=column("select cast(reason as integer) from ledger group by reason having count(*) = 20 order by 1"),
        samples=column(f"select t / {EVERY_S} from sample group by t having count(*) = 20 order by 1"),
        beats=set(column("select max(exit_code) from beat group by sonde")),
        rolled_up=column("select ifnull(sum(n), 0) from rollup_quarter")[0],
        due=column(
            "select count(*) from sample where t < ifnull((select start from rollup_mark where tier = 'quarter'), 0)"
        )[0],
    )


def batches(connection: sqlite3.Connection) -> int:
    """How many batches are there, from the first on without a hole; raises if any is there in part."""
    there = found(connection)
    count = len(there.ledger)
    upto = list(range(count))
    last = {count - 1} if count else set()
    expected = Found(last, last, upto, len(SONDES) if count else 0, upto, upto, last, there.due, there.due)
    if there != expected:
        raise AssertionError(f"{there} instead of {expected}")
    broken = (
        connection.execute("pragma integrity_check").fetchall(),
        connection.execute("pragma foreign_key_check").fetchall(),
    )
    if broken != ([("ok",)], []):
        raise AssertionError(f"damaged: {broken}")
    return count
