"""A batch is what it says, and two written together are what they are one after the other."""

from __future__ import annotations

import sqlite3
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Measurement, Result, Status
from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.state import Segment, SondeState
from supervisor.store import beats, states
from supervisor.store.batch import Batch, Beat, Coverage, Kept, Sample
from tests.unit.store.database import change, memory, result
from tests.unit.store.test_history import SONDES, any_change

instants = st.integers(0, 1000)
sondes = st.sampled_from(SONDES)


@st.composite
def any_batch(draw: st.DrawFn) -> Batch:
    batch = Batch(changes=draw(st.lists(any_change(), max_size=3)))
    for sonde in draw(st.lists(sondes, max_size=3)):
        if draw(st.booleans()):
            batch.changes.append(change(sonde, draw(st.integers(0, 90))))  # what ends its history
            batch.forget(sonde)
        else:
            state = SondeState(draw(instants), draw(instants), Status.OK, tail=(Segment(draw(instants), Status.OK),))
            batch.coverage[sonde] = Coverage(state.last_at, state.until)
            batch.states[sonde] = Kept(state)
    for sonde in draw(st.lists(sondes, max_size=2)):
        batch.ledger.append(
            LedgerEvent(
                t=draw(instants),
                event=draw(st.sampled_from(Event)),
                sonde=sonde,
                source="import",
                digest=draw(st.sampled_from([None, "d1", "d2"])),
            )
        )
        batch.samples.append(Sample(draw(instants), sonde, result(draw(st.floats(-9, 9)))))
        batch.beats.append(Beat(sonde, draw(instants), draw(st.none() | st.integers(0, 3))))
    return batch


def copied(batch: Batch) -> Batch:
    """A batch with the same content, that may be changed."""
    copy = Batch()
    copy.absorb(batch)
    return copy


@given(st.lists(any_batch(), min_size=2, max_size=4))
def test_batches_absorbed_after_a_failure_end_as_if_each_had_been_written(batches: list[Batch]) -> None:
    together = Batch()
    for batch in batches:
        together.absorb(copied(batch))
    with memory() as one_by_one, memory() as at_once:
        one_by_one.apply(*batches)
        at_once.apply(together)
        assert at_once.dump() == one_by_one.dump()


def test_a_removed_sonde_has_no_present_and_keeps_its_past() -> None:
    state = SondeState(100, 250, Status.OK, tail=(Segment(100, Status.OK),))
    with memory() as database:
        database.apply(
            Batch(
                changes=[change("a/r/x", 100, (100, Status.OK))],
                coverage={"a/r/x": Coverage(100, 250)},
                states={"a/r/x": Kept(state)},
            )
        )
        gone = Batch(changes=[change("a/r/x", 200)])
        gone.forget("a/r/x")
        database.apply(gone)
        assert states.load(database.connection) == {}
        assert database.rows("select start, end from interval") == [(100, 200)]


def test_an_interval_that_nothing_closed_ends_with_its_coverage_when_the_sonde_is_forgotten() -> None:
    with memory() as database:
        database.apply(
            Batch(changes=[change("a/r/x", 100, (100, Status.OK))], coverage={"a/r/x": Coverage(100, 250)}),
            Batch(forgotten={"a/r/x"}),
        )
        assert database.rows("select start, end from interval") == [(100, 250)]
        database.apply(
            Batch(changes=[change("a/r/x", 300, (300, Status.OK))], coverage={"a/r/x": Coverage(290, 300)}),
            Batch(forgotten={"a/r/x"}),
        )
        assert database.rows("select start, end from interval") == [(100, 250)]


def test_a_sonde_removed_and_added_again_within_a_batch_starts_new() -> None:
    state = SondeState(300, 450, Status.OK, tail=(Segment(300, Status.OK),))
    batch = Batch(changes=[change("a/r/x", 100, (100, Status.CRITICAL)), change("a/r/x", 200)])
    batch.coverage["a/r/x"] = Coverage(100, 250)
    batch.forget("a/r/x")
    batch.changes.append(change("a/r/x", 300, (300, Status.OK)))
    batch.coverage["a/r/x"] = Coverage(300, 450)
    batch.states["a/r/x"] = Kept(state)
    with memory() as database:
        database.apply(batch)
        assert states.load(database.connection) == {"a/r/x": (state, [])}
        assert database.rows("select start, end, status from interval") == [(100, 200, "critical"), (300, None, "ok")]


def test_numbers_given_in_a_transaction_that_failed_are_given_again() -> None:
    with memory() as database:
        database.connection.execute("begin immediate")
        database.keys.learn(database.connection, ["a/r/x"])
        database.keys.shape(database.connection, (("m_ratio", ()),), "a/b/c", 0)
        database.connection.execute("rollback")
        database.keys.undo()
        database.apply(Batch(samples=_samples("a/r/y", result(1.0))))
        assert database.rows("select id from sonde") == [("a/r/y",)]
        assert database.rows("select count(*) from sample x join shape s on s.id = x.shape") == [(1,)]


def test_what_is_no_number_is_left_out_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    infinite = Result(Status.OK, "", (Measurement("a_ratio", float("nan")), Measurement("b_ratio", 2.0)), float("inf"))
    text = Result(Status.OK, "", (Measurement("a_ratio", "deux"),))  # type: ignore[arg-type]  # a foreign technique
    with memory() as database:
        database.apply(Batch(samples=_samples("a/r/x", infinite) + _samples("a/r/y", text)))
        assert database.rows("select names from sample x join shape s on s.id = x.shape") == [('[["b_ratio"]]',)]
    assert "1 measurements left out: not numbers, the first from a/r/y" in caplog.text


def test_measurements_of_a_labelled_shape_share_its_row() -> None:
    disk = Result(Status.OK, "", (Measurement("free_ratio", 0.5, (("mount", "/srv\ud800"),)),), 1.0)
    with memory() as database:
        database.apply(Batch(samples=_samples("a/r/x", disk) + _samples("a/r/y", disk)))
        assert len(database.rows("select * from shape")) == 1
        restarted = type(database.keys)(database.connection)
        shape = (("duration_seconds", ()), ("free_ratio", (("mount", "/srv\ud800"),)))
        assert restarted.shape(database.connection, shape, "a/b/c", 0) == 1


def test_the_last_hundred_calls_of_each_heartbeat_are_kept() -> None:
    calls = [Beat("a/r/x", t, 0, 2**62, 1.5, "fini") for t in range(150)]
    with memory() as database:
        database.apply(Batch(beats=[*calls[:70], Beat("a/r/y", 5)]), Batch(beats=calls[70:]))
        assert beats.of_sonde(database.connection, "a/r/x") == calls[50:]
        assert beats.latest(database.connection) == {"a/r/x": calls[-1], "a/r/y": Beat("a/r/y", 5)}


def test_a_state_of_a_sonde_without_a_number_is_refused_by_the_schema() -> None:
    with memory() as database, pytest.raises(sqlite3.IntegrityError):
        database.connection.execute("insert into coverage values (99, 1, 2)")


def _samples(sonde: str, measured: Result) -> deque[Sample]:
    return deque([Sample(7, sonde, measured)])
