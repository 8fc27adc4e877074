"""Intervals on disk are what the changes say, however they are batched; and are read back as asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.state import UNREACHABLE, Change, Segment
from supervisor.store import intervals
from supervisor.store.batch import Batch, Coverage
from tests.unit.store.database import Memory, NaiveHistory, change, memory

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
SONDES = ("a/r/x", "a/r/y")


@st.composite
def any_change(draw: st.DrawFn) -> Change:
    trim = draw(st.integers(0, 60))
    starts = draw(st.lists(st.integers(trim, trim + 30), max_size=4, unique=True))
    paint = tuple(
        Segment(
            start, draw(st.sampled_from(Status)), draw(st.sampled_from(["", "why"])), draw(st.sampled_from(["", "p"]))
        )
        for start in sorted(starts)
    )
    after = paint[-1].status if paint else UNKNOWN
    message = draw(st.sampled_from(["", "un", "deux"]))
    upto = draw(st.none() | st.integers(trim, trim + 40))
    return Change(draw(st.sampled_from(SONDES)), trim, trim, paint, UNKNOWN, after, message, upto=upto)


batches = st.lists(st.lists(any_change(), max_size=6), max_size=6)


@given(batches)
def test_intervals_are_those_of_a_plain_list(groups: list[list[Change]]) -> None:
    naive = {sonde: NaiveHistory() for sonde in SONDES}
    with memory() as database:
        for group in groups:
            database.apply(Batch(changes=group))
            for item in group:
                naive[item.sonde].apply(item)
        for sonde in SONDES:
            stored = database.rows(
                "select start, end, status, cause, via from interval join sonde s on s.key = sonde "
                "where s.id = ? order by start",
                [sonde],
            )
            assert stored == naive[sonde].spans


@given(batches, st.integers(0, 120), st.integers(0, 120), st.integers(0, 60))
def test_reading_resolves_the_open_end_and_cuts_to_what_is_asked(
    groups: list[list[Change]], start: int, end: int, validity: int
) -> None:
    naive = {sonde: NaiveHistory() for sonde in SONDES}
    with memory() as database:
        for group in groups:
            database.apply(Batch(changes=group))
            for item in group:
                naive[item.sonde].apply(item)
        expected = []
        for sonde in SONDES:
            if not naive[sonde].spans:
                continue
            until = naive[sonde].spans[-1][0] + validity
            database.apply(Batch(coverage={sonde: Coverage(0, until)}))
            for begin, stop, *rest in naive[sonde].spans:
                cut = max(begin, start), min(until if stop is None else stop, end)
                if cut[0] < cut[1]:
                    expected.append((sonde, *cut, *rest))
        found = [item[:6] for item in intervals.read(database.connection, start, end)]
        assert found == expected
        one = [item[:6] for item in intervals.read(database.connection, start, end, [SONDES[1], "a/r/absent"])]
        assert one == [row for row in expected if row[0] == SONDES[1]]


def test_a_gap_closes_the_open_interval_where_its_coverage_ended() -> None:
    with memory() as database:
        database.apply(
            Batch(changes=[change("a/r/x", 100, (100, OK))], coverage={"a/r/x": Coverage(160, 310)}),
            Batch(changes=[change("a/r/x", 310, (900, OK))], coverage={"a/r/x": Coverage(900, 1050)}),
        )
        found = [item[1:4] for item in intervals.read(database.connection, 0, 10_000)]
    assert found == [(100, 310, OK), (900, 1050, OK)]


def test_an_interval_holds_no_longer_than_its_coverage_even_if_asked_beyond() -> None:
    with memory() as database:
        database.apply(Batch(changes=[change("a/r/x", 100, (100, CRITICAL))], coverage={"a/r/x": Coverage(100, 250)}))
        assert [item[1:3] for item in intervals.read(database.connection, 0, 10_000)] == [(100, 250)]
        assert list(intervals.read(database.connection, 250, 10_000)) == []


def test_the_present_takes_the_message_of_the_result_and_repainted_stretches_keep_theirs() -> None:
    with memory() as database:
        database.apply(
            Batch(changes=[change("a/r/x", 10, (10, OK), message="tout va bien")]),
            Batch(changes=[change("a/r/x", 40, (40, UNKNOWN), message="erreur interne")]),
            # Confirmed at 60, dated back to 20; the time that an unknown result held is not repainted.
            Batch(
                changes=[
                    change("a/r/x", 20, (20, CRITICAL), (40, UNKNOWN), (50, CRITICAL), message="connexion refusée")
                ]
            ),
        )
        found = [(item.start, item.message) for item in _open_ended(database)]
    assert found == [(10, "tout va bien"), (20, "connexion refusée"), (40, "erreur interne"), (50, "connexion refusée")]


def test_messages_survive_a_repaint_within_one_batch_too() -> None:
    with memory() as database:
        database.apply(
            Batch(
                changes=[
                    change("a/r/x", 10, (10, UNKNOWN), message="erreur interne"),
                    change("a/r/x", 20, (20, CRITICAL), message="refus"),
                    change("a/r/x", 10, (10, UNKNOWN), (15, CRITICAL), message="refus encore"),
                ]
            )
        )
        found = [(item.start, item.message) for item in _open_ended(database)]
    assert found == [(10, "erreur interne"), (15, "refus encore")]


def test_what_a_change_dropped_has_no_message_left_for_the_next_one() -> None:
    first = change("a/r/x", 10, (10, CRITICAL), message="refus")
    dropped, again = change("a/r/x", 10), change("a/r/x", 10, (10, CRITICAL), message="")
    for batches in ([[first], [dropped], [again]], [[first], [dropped, again]], [[first, dropped, again]]):
        with memory() as database:
            for batch in batches:
                database.apply(Batch(changes=batch))
            assert [(item.start, item.message) for item in _open_ended(database)] == [(10, "")]


def test_a_life_that_was_over_is_painted_again_and_the_one_after_it_stays() -> None:
    with memory() as database:
        database.apply(
            Batch(
                changes=[
                    change("a/r/x", 10, (10, OK), (20, CRITICAL), message="première vie"),
                    change("a/r/x", 40, at=40),
                    change("a/r/x", 50, (50, CRITICAL), message="deuxième vie"),
                ]
            ),
            Batch(
                changes=[
                    change("a/r/x", 70, (70, WARNING), message="mieux"),
                    change("a/r/x", 15, (15, UNKNOWN), upto=40, message="injoignable"),
                    change("a/r/x", 20, (20, CRITICAL), (50, UNKNOWN), upto=40),
                    change("a/r/x", 60, (60, OK), message="bien"),
                ]
            ),
        )
        found = [(item.start, item.end, item.message) for item in _open_ended(database)]
    assert found == [
        (10, 15, ""),
        (15, 20, "injoignable"),
        (20, 40, ""),  # painted over meanwhile: its message is gone, in one batch as in two
        (50, 60, "deuxième vie"),
        (60, 2000, "bien"),
    ]


def test_a_hostile_message_is_stored_without_what_utf8_cannot_hold() -> None:
    with memory() as database:
        database.apply(Batch(changes=[change("a/r/x", 10, (10, OK), message="é\ud800\x00fin")]))
        assert [item.message for item in _open_ended(database)] == ["é?\x00fin"]


def test_cause_and_ancestor_are_kept() -> None:
    segment = Segment(10, UNKNOWN, UNREACHABLE, "a/r/lien")
    with memory() as database:
        database.apply(Batch(changes=[Change("a/r/x", 10, 10, (segment,), OK, UNKNOWN)]))
        assert [(item.cause, item.via) for item in _open_ended(database)] == [(UNREACHABLE, "a/r/lien")]


def test_one_sonde_is_found_by_its_key_and_one_period_by_its_start() -> None:
    with memory() as database:
        plan = database.rows("explain query plan " + intervals.READ.format(chosen=""), {"start": 5, "end": 9})
    assert any("SEARCH i USING PRIMARY KEY (sonde=? AND start>? AND start<?)" in str(row[3]) for row in plan)
    assert not any("TEMP B-TREE" in str(row[3]) for row in plan)


def _open_ended(database: Memory) -> list[intervals.Interval]:
    database.apply(Batch(coverage={"a/r/x": Coverage(1000, 2000)}))
    return list(intervals.read(database.connection, 0, 10_000))
