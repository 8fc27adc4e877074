"""What the judge knows survives a restart, to the last field."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.judge import Judge
from supervisor.domain.state import Finding, Segment, SondeState
from supervisor.domain.topology import Entry
from supervisor.store import states
from supervisor.store.batch import Batch, Coverage, Kept
from tests.unit.store.database import memory

instants = st.integers(0, 4_000_000_000)
statuses = st.sampled_from(Status)
words = st.sampled_from(["", "check failed", "unreachable"])
ids = st.sampled_from(["", "a/r/lien"])
segments = st.builds(Segment, instants, statuses, words, ids)
any_state = st.builds(
    SondeState,
    instants,
    instants,
    st.none() | statuses,
    st.integers(0, 9),
    instants,
    st.booleans(),
    st.integers(0, 9),
    instants,
    st.booleans(),
    st.lists(segments, max_size=4).map(tuple),
    st.lists(instants, max_size=4).map(tuple),
    st.booleans(),
)
entries = st.builds(
    Entry,
    st.none() | any_state,
    instants,
    statuses,
    st.sampled_from(["", "déjà"]),
    st.builds(Finding, statuses, words, ids),
)


@given(any_state, st.lists(entries, max_size=4))
def test_a_state_and_its_journal_come_back_as_they_were(state: SondeState, journal: list[Entry]) -> None:
    kept = Kept(state, tuple(journal))
    batch = Batch(coverage={"a/r/x": Coverage(state.last_at, state.until)}, states={"a/r/x": kept})
    with memory() as database:
        database.apply(batch)
        loaded = states.load(database.connection)
    assert loaded == {"a/r/x": (state, journal)}
    assert all(type(status) is Status for status in [loaded["a/r/x"][0].level] if status is not None)


def test_coverage_alone_moves_the_two_instants_of_a_state() -> None:
    state = SondeState(100, 250, Status.OK, tail=(Segment(100, Status.OK),))
    with memory() as database:
        database.apply(
            Batch(coverage={"a/r/x": Coverage(100, 250)}, states={"a/r/x": Kept(state)}),
            Batch(coverage={"a/r/x": Coverage(160, 310)}),
        )
        assert states.load(database.connection)["a/r/x"][0] == state._replace(last_at=160, until=310)


def test_what_is_loaded_is_what_a_judge_takes() -> None:
    state = SondeState(100, 250, Status.CRITICAL, tail=(Segment(90, Status.CRITICAL),), critical_confirmed=True)
    with memory() as database:
        database.apply(Batch(coverage={"a/r/x": Coverage(100, 250)}, states={"a/r/x": Kept(state)}))
        judge = Judge()
        assert judge.restore(states.load(database.connection)) == ["a/r/x"]
    assert judge.state("a/r/x") == state


def test_a_hostile_message_in_a_journal_is_kept() -> None:
    entry = Entry(None, 5, Status.CRITICAL, "\ud800", Finding(Status.CRITICAL))
    state = SondeState(5, 155, tail=(Segment(5, Status.UNKNOWN),))
    with memory() as database:
        database.apply(Batch(coverage={"a/r/x": Coverage(5, 155)}, states={"a/r/x": Kept(state, (entry,))}))
        assert states.load(database.connection)["a/r/x"][1] == [entry._replace(message="?")]
