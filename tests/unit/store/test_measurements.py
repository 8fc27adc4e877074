"""Roll-ups are what a plain recomputation from the samples gives, in whatever pieces they are made."""

from __future__ import annotations

from collections import defaultdict, deque
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Measurement, Result, Status
from supervisor.store import rollup
from supervisor.store.batch import Batch, Sample
from supervisor.store.retention import drop_rollups, drop_samples
from supervisor.store.rollup import TIERS
from supervisor.store.samples import unpack
from supervisor.store.series import Point, series
from tests.unit.store.database import Memory, memory, result

DAY = 86400
START = 1_800_000_000 // DAY * DAY
SONDES = [f"a/r/s{index}" for index in range(5)]

values = st.floats(-1e6, 1e6)
samples = st.builds(
    lambda t, sonde, measured: Sample(START + t, sonde, result(*measured, duration_s=0.25)),
    st.integers(0, 2 * DAY - 1),
    st.sampled_from(SONDES),
    st.lists(values, max_size=2),
)


def roll_up(database: Memory, settled: int) -> None:
    """What the upkeep does, without its threads."""
    for tier in TIERS:
        while (piece := rollup.next_slice(database.connection, tier, settled)) is not None:
            database.connection.execute("begin immediate")
            rollup.save(database.connection, tier, piece)
            database.connection.execute("commit")


def naive(items: list[Sample], seconds: int, before: int) -> dict[tuple[int, str, int], list[tuple[float, ...]]]:
    """Bucket, sonde and number of measurements → the rows of numbers."""
    groups: dict[tuple[int, str, int], list[tuple[float, ...]]] = defaultdict(list)
    for t, sonde, measured in items:
        bucket = t // seconds * seconds
        if bucket + seconds <= before // seconds * seconds:
            numbers = (measured.duration_s, *(m.value for m in measured.measurements))
            groups[bucket, sonde, len(numbers)].append(numbers)
    return groups


def stored(database: Memory, table: str) -> dict[tuple[int, str, int], tuple[int, tuple[float, ...]]]:
    """The same key → number of samples and the triples."""
    rows = database.rows(f"select start, s.id, n, data from {table} join sonde s on s.key = sonde")
    return {(start, sonde, len(data) // 24): (n, unpack(data)) for start, sonde, n, data in rows}


@given(
    st.lists(samples, max_size=60),
    st.integers(1, 6),
    st.lists(st.integers(0, 3 * DAY), max_size=2),
    st.sampled_from([1, 3, 30_000]),
)
def test_roll_ups_are_those_of_a_plain_recomputation(
    items: list[Sample], flushes: int, instants: list[int], slice_rows: int
) -> None:
    settled = START + 2 * DAY + 5
    with memory() as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollup, "SLICE_ROWS", slice_rows)
        for index in range(flushes):
            database.apply(Batch(samples=deque(items[index::flushes])))
        for instant in sorted(START + t for t in instants if START + t < settled):
            roll_up(database, instant)  # in several goes: the outcome is the same
        roll_up(database, settled)
        for tier in TIERS:
            expected = naive(items, tier.seconds, settled)
            found = stored(database, tier.table)
            assert found.keys() == expected.keys()
            for key, rows in expected.items():
                count, triples = found[key]
                assert count == len(rows)
                for column, numbers in enumerate(zip(*rows, strict=True)):
                    low, mean, high = triples[3 * column : 3 * column + 3]
                    assert (low, high) == (min(numbers), max(numbers))
                    assert mean == pytest.approx(fsum(numbers) / len(numbers), abs=1e-6)


def test_a_bucket_waits_until_it_is_complete() -> None:
    with memory() as database:
        database.apply(Batch(samples=deque([Sample(START, SONDES[0], result(1.0))])))
        roll_up(database, START + 899)
        assert stored(database, "rollup_quarter") == {}
        roll_up(database, START + 900)
        assert len(stored(database, "rollup_quarter")) == 1
        assert stored(database, "rollup_hour") == {}
        roll_up(database, START + 3600)
        assert len(stored(database, "rollup_hour")) == 1


def test_a_clock_set_back_rolls_nothing_up_twice() -> None:
    with memory() as database:
        database.apply(Batch(samples=deque([Sample(START, SONDES[0], result(1.0))])))
        roll_up(database, START + 3600)
        database.apply(Batch(samples=deque([Sample(START + 5, SONDES[0], result(3.0))])))
        roll_up(database, START + 900)
        roll_up(database, START + 4500)
        assert [n for n, _ in stored(database, "rollup_quarter").values()] == [1]


def test_the_series_picks_the_buckets_and_completes_them_with_finer_ones() -> None:
    items = deque(Sample(START + t, SONDES[0], result(float(t))) for t in range(0, 2 * DAY, 60))
    end = START + 2 * DAY
    with memory() as database:
        database.apply(Batch(samples=items))
        roll_up(database, end - 1000)

        def spans(start: int, until: int) -> list[int]:
            (points,) = series(database.connection, SONDES[0], "m0_ratio", start, until).values()
            assert [point.t for point in points] == sorted({point.t for point in points})
            covered = sum(point.n for point in points)
            assert covered == (until - points[0].t) // 60, "every sample is in one point, no more"
            return sorted({point.span_s for point in points})

        assert spans(START + 3600, START + 3600 + 1800) == [0]
        assert spans(START, START + DAY) == [900]
        assert spans(end - 7200, end) == [0]
        assert spans(end - DAY, end) == [0, 900]
        assert spans(end - 42 * DAY, end) == [0, 900, 3600, 86400]


def test_a_point_holds_the_least_the_mean_and_the_most() -> None:
    with memory() as database:
        items = [Sample(START + t, SONDES[0], result(value)) for t, value in ((0, 1.0), (60, 2.0), (120, 6.0))]
        database.apply(Batch(samples=deque(items)))
        roll_up(database, START + 900)
        day = series(database.connection, SONDES[0], "m0_ratio", START, START + DAY)
        assert day == {(): [Point(START, 900, 3, 1.0, 3.0, 6.0)]}
        hour = series(database.connection, SONDES[0], "m0_ratio", START, START + 100)
        assert hour == {(): [Point(START, 0, 1, 1.0, 1.0, 1.0), Point(START + 60, 0, 1, 2.0, 2.0, 2.0)]}
        assert series(database.connection, SONDES[0], "absent", START, START + DAY) == {}
        assert series(database.connection, "a/r/absent", "m0_ratio", START, START + DAY) == {}


def test_where_fine_buckets_are_gone_coarser_ones_answer() -> None:
    items = deque(Sample(START + t, SONDES[0], result(1.0)) for t in range(0, 2 * DAY, 300))
    with memory() as database:
        database.apply(Batch(samples=items))
        roll_up(database, START + 2 * DAY)
        while drop_samples(database.connection, START + 2 * DAY):
            pass
        (points,) = series(database.connection, SONDES[0], "m0_ratio", START, START + 3600).values()
        assert [point.span_s for point in points] == [900] * 4
        while drop_rollups(database.connection, TIERS[0], START + 2 * DAY):
            pass
        (points,) = series(database.connection, SONDES[0], "m0_ratio", START, START + 7200).values()
        assert [point.span_s for point in points] == [3600] * 2


def test_nothing_is_dropped_before_it_is_rolled_up() -> None:
    items = deque(Sample(START + t, SONDES[0], result(1.0)) for t in range(0, DAY, 300))
    with memory() as database:
        database.apply(Batch(samples=items))
        assert drop_samples(database.connection, START + DAY) is False
        assert database.rows("select count(*) from sample") == [(len(items),)]
        roll_up(database, START + DAY - 1)  # all but the last quarter, hour and the day
        for tier in TIERS:
            while drop_rollups(database.connection, tier, START + 9 * DAY):
                pass
        while drop_samples(database.connection, START + 9 * DAY):
            pass
        roll_up(database, START + DAY)
        ((total, _),) = stored(database, "rollup_day").values()
        assert total == len(items)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(0, 7000), st.integers(1, 20))
def test_retention_drops_what_is_older_and_nothing_else(sizes: list[int], before: int, slice_rows: int) -> None:
    with memory() as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr("supervisor.store.retention.SLICE_ROWS", slice_rows)
        for block, size in enumerate(sizes):
            items = [Sample(START + 600 * block, SONDES[n % 5], result(1.0)) for n in range(size)]
            database.apply(Batch(samples=deque(items)))
        roll_up(database, START + 7200)
        while drop_samples(database.connection, START + before):
            pass
        kept = [START + 600 * block for block, size in enumerate(sizes) for _ in range(size) if 600 * block >= before]
        assert [row[0] for row in database.rows("select t from sample order by id")] == kept
        ranges = database.rows("select first, last from sample_block order by first")
        ids = [row[0] for row in database.rows("select id from sample order by id")]
        assert [n for first, last in ranges for n in range(first, last + 1)] == ids
        before_rows = stored(database, "rollup_quarter")
        while drop_rollups(database.connection, TIERS[0], START + before):
            pass
        assert stored(database, "rollup_quarter") == {
            key: row for key, row in before_rows.items() if key[0] + 900 > START + before
        }


def test_names_that_change_at_each_check_do_not_grow_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Of a hostile agent, or of snapshots: 100 names a day are learnt, then only what bears none is kept."""

    def sample(number: int, t: int, sonde: str = SONDES[0]) -> Sample:
        measured = Measurement("free_ratio", 0.5, (("mount", f"/{number}"),))
        return Sample(t, sonde, Result(Status.OK, "", (measured, Measurement("age_seconds", 3.0))))

    with memory() as database:
        database.apply(Batch(samples=deque(sample(number, START + number) for number in range(300))))
        shapes = [names for (names,) in database.rows("select names from shape")]
        assert len(shapes) == 101
        assert shapes[-1] == '[["duration_seconds"],["age_seconds"]]'
        assert database.rows("select count(*) from sample") == [(300,)]
        assert [record.message.partition(":")[0] for record in caplog.records] == [
            "a/r/s0 names what it measures otherwise at each check"
        ]
        database.apply(Batch(samples=deque([sample(0, START + 400), sample(900, START + 401, SONDES[1])])))
        database.apply(Batch(samples=deque([sample(901, START + DAY)])))  # another day
        assert database.rows("select count(*) from shape") == [(103,)]
