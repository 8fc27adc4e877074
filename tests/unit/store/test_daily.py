"""Volumes by day, out of the roll-ups: against a plain recomputation from the samples."""

from __future__ import annotations

from collections import defaultdict, deque
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.base import Measurement, Result, Status
from supervisor.store import daily
from supervisor.store.batch import Batch, Sample
from supervisor.store.daily import Layouts, Seen
from tests.unit.store.database import memory
from tests.unit.store.test_measurements import roll_up
from tests.volume_past import DAY, measured

START = 1_800_000_000 // DAY * DAY
SONDES = ["a/nas/disques", "a/web/disques"]

amounts = st.integers(0, 1 << 40)
volumes = st.dictionaries(st.sampled_from(["/", "/srv", "D:\\", "é"]), st.tuples(st.integers(1, 1 << 50), amounts))
samples = st.builds(
    lambda t, sonde, seen: Sample(START + t, sonde, measured(seen)),
    st.integers(0, 4 * DAY - 1),
    st.sampled_from(SONDES),
    volumes,
)


@settings(deadline=None)
@given(st.lists(samples, max_size=40))
def test_days_are_what_the_samples_say(items: list[Sample]) -> None:
    naive: dict[tuple[str, str, int], list[tuple[float, float]]] = defaultdict(list)
    for t, sonde, result in items:
        by_name = {(m.name, dict(m.labels)["mount"]): m.value for m in result.measurements}
        for (name, mount), size in by_name.items():
            if name == "size_bytes":
                naive[sonde, mount, t // DAY].append((size, by_name["free_bytes", mount]))
    with memory() as database:
        database.apply(Batch(samples=deque(items)))
        roll_up(database, START + 5 * DAY)
        known = daily.keys(database.connection, SONDES)
        found = daily.volumes(database.connection, Layouts(), list(known), START, START + 5 * DAY)
    told = {
        (known[key], mount, int(day.at) // DAY): day
        for key, by_mount in found.items()
        for mount, volume in by_mount.items()
        for day in volume.days
    }
    assert told.keys() == naive.keys()
    for key, day in told.items():
        used = [size - free for size, free in naive[key]]
        assert day.mean == pytest.approx(fmean(used), rel=1e-9, abs=1.0)
        assert day.at % DAY == DAY / 2
        if len({size for size, _ in naive[key]}) == 1:
            assert (day.low, day.high) == pytest.approx((min(used), max(used)), rel=1e-9, abs=1.0)
    for key, by_mount in found.items():
        for mount, volume in by_mount.items():
            last = max(number for sonde, name, number in naive if (sonde, name) == (known[key], mount))
            assert volume.size_bytes == max(size for size, _ in naive[known[key], mount, last])


def test_other_measurements_are_left_alone() -> None:
    odd = (("mount", "/"),)
    results = [
        Result(Status.OK, "", (Measurement("free_bytes", 5.0, odd),)),  # no size
        Result(Status.OK, "", (Measurement("free_bytes", 5.0), Measurement("size_bytes", 9.0))),  # no mount
        Result(Status.OK, ""),
    ]
    with memory() as database:
        database.apply(Batch(samples=deque(Sample(START + t, SONDES[0], each) for t, each in enumerate(results))))
        roll_up(database, START + 2 * DAY)
        known = daily.keys(database.connection, [*SONDES, "nobody"])
        assert list(known.values()) == SONDES[:1]
        assert daily.volumes(database.connection, Layouts(), list(known), START, START + DAY) == {}
        assert daily.latest(database.connection, Layouts(), *known, START + DAY) == {}


def test_the_latest_and_shapes_that_come_later() -> None:
    layouts = Layouts()
    with memory() as database:
        database.apply(Batch(samples=deque([Sample(START, SONDES[0], measured({"/": (100.0, 40.0)}))])))
        roll_up(database, START + 3600)
        ((key, _),) = daily.keys(database.connection, SONDES).items()
        assert daily.latest(database.connection, layouts, key, START + 3600) == {"/": Seen(100.0, 40.0)}
        more = measured({"/": (100.0, 50.0), "/srv": (200.0, 10.0)})
        database.apply(Batch(samples=deque([Sample(START + 4000, SONDES[0], more)])))
        roll_up(database, START + 7200)
        seen = {"/": Seen(100.0, 50.0), "/srv": Seen(200.0, 10.0)}
        assert daily.latest(database.connection, layouts, key, START + 7200) == seen
        assert daily.latest(database.connection, layouts, key, START + 3 * DAY) == {}
