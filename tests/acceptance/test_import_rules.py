"""What an import makes of a file, in tables: SPEC 3 'Exactly' and SPEC 11."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.config.configuration import Configuration
from tests.acceptance.daemon import Installation, installation
from tests.acceptance.history import START, Line, Past, configured, event, result
from tests.oracle_states import Line as OracleLine
from tests.oracle_states import SondeSpec, timelines

HORIZON = 200
# Attempts and validity of each sonde; `c` hangs behind `p`, which hangs behind `g`.
SONDES = {"g": (2, 12, None), "p": (3, 9, "e/g"), "c": (2, 7, "e/p"), "x": (1, 5, None), "y": (3, 20, None)}
STATUSES = st.sampled_from(["ok", "ok", "ok", "warning", "critical", "critical", "unknown"])
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def configuration() -> Iterator[Configuration]:
    with installation() as place:
        write(place)
        yield configured(place)


def write(place: Installation) -> None:
    """The sondes of these tests."""
    keys = {"type": "tcp", "port": 9, "interval": "1s"}
    place.write(
        a=[
            {"id": name, "attempts": attempts, "stale_after": f"{stale}s", "parent": parent, **keys}
            for name, (attempts, stale, parent) in SONDES.items()
        ]
    )


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir="/dev/shm"))  # a thousand databases: no disk is worn for this
    yield made
    shutil.rmtree(made)


@pytest.fixture
def past(configuration: Configuration, directory: Path) -> Past:
    return Past(configuration, directory)


def spans(past: Past, sonde: str) -> list[tuple[int, int | None, str]]:
    """Its intervals: start, end, status."""
    return [
        (start - START, None if end is None else end - START, status)
        for name, start, end, status, *_ in past.tables()["interval"]
        if name == sonde
    ]


@st.composite
def results(draw: st.DrawFn, names: tuple[str, ...] = tuple(SONDES)) -> list[Line]:
    """Results of some sondes in order of time."""
    lines, now = [], 0
    for step in draw(st.lists(st.integers(0, 6), max_size=60)):
        now = min(now + step, HORIZON - 1)
        lines.append(result(now, f"a/e/{draw(st.sampled_from(names))}", draw(STATUSES)))
    return lines


@st.composite
def files(draw: st.DrawFn) -> list[Line]:
    """Results, with additions and removals among them."""
    lines = draw(results())
    for _ in range(draw(st.integers(0, 6))):
        where = draw(st.integers(0, max(0, len(lines) - 1)))
        kind = draw(st.sampled_from(["sonde-added", "sonde-removed"]))
        sonde = f"a/e/{draw(st.sampled_from(['x', 'y']))}"  # no other depends on these
        when = {"t": lines[where]["t"]} if lines else {}
        lines.insert(where, {**event(0, kind, sonde), **when})
    return lines


@st.composite
def lives(draw: st.DrawFn) -> list[Line]:
    """Sondes below one another that are removed and added again now and then; no result comes while one is away."""
    lines, now, away, free = [], 0, set(), dict.fromkeys("gpc", 0)
    for step in draw(st.lists(st.integers(0, 3), min_size=10, max_size=70)):
        now = min(now + step, HORIZON - 1)
        name = draw(st.sampled_from("ggpc"))
        if now < free[name]:
            continue
        free[name] = now + 1  # one thing a second: lines of one instant are for other tests
        if name not in away and draw(st.integers(0, 4)) == 0:
            away.add(name)
            lines.append(event(now, "sonde-removed", f"a/e/{name}"))
            continue
        if name in away:
            away.remove(name)
            lines.append(event(now, "sonde-added", f"a/e/{name}"))
        lines.append(result(now, f"a/e/{name}", draw(STATUSES), message=f"at {now}"))
    return lines


# --- the judge, through the tables


@PROPERTY
@given(results() | lives())
def test_the_tables_are_what_the_oracle_paints(
    configuration: Configuration, directory: Path, lines: list[Line]
) -> None:
    past = Past(configuration, directory)
    past.take(lines)
    specs = [
        SondeSpec(f"a/e/{name}", attempts, stale, f"a/{parent}" if parent else None)
        for name, (attempts, stale, parent) in SONDES.items()
    ]
    told = [
        OracleLine(_second(line), line["sonde"], line.get("status", "removed"))
        for line in lines
        if line.get("event") != "sonde-added"
    ]
    expected = timelines(specs, told, HORIZON)
    found = past.painted(HORIZON)
    for spec in specs:
        assert found.get(spec.id, [("unknown", "no data")] * HORIZON) == expected[spec.id], spec.id


def _second(line: Line) -> int:
    moment = str(line["t"])
    return next(n for n in range(HORIZON) if result(n, "", "")["t"] == moment)


@PROPERTY
@given(results(), st.integers(1, 30))
def test_live_results_and_imported_ones_give_the_same_tables(
    configuration: Configuration, directory: Path, lines: list[Line], flush_every: int
) -> None:
    imported, lived = Past(configuration, directory), Past(configuration, directory)
    imported.take(lines)
    lived.live(lines, flush_every)
    assert lived.tables() == imported.tables()


@PROPERTY
@given(lives(), st.integers(1, 30))
def test_sondes_that_come_and_go_leave_the_same_tables_live_and_imported(
    configuration: Configuration, directory: Path, lines: list[Line], flush_every: int
) -> None:
    imported, lived = Past(configuration, directory), Past(configuration, directory)
    imported.take(lines)
    lived.live(lines, flush_every)
    tables, expected = lived.tables(), imported.tables()
    del tables["ledger"], expected["ledger"]  # which a reload writes, and it was none
    assert tables == expected


# --- files


@PROPERTY
@given(files())
def test_twice_changes_nothing(configuration: Configuration, directory: Path, lines: list[Line]) -> None:
    past = Past(configuration, directory)
    (first,) = past.take(lines)
    before = past.tables()
    (second,) = past.take(lines)
    assert past.tables() == before
    assert (second["results"], second["events"]) == (0, 0)
    assert second["known_events"] == first["events"] + first["known_events"]


@PROPERTY
@given(files(), st.data())
def test_a_file_split_in_two_is_the_whole(
    configuration: Configuration, directory: Path, lines: list[Line], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines)))
    # Lines of the same instant take effect together: a file is not cut between them.
    while 0 < at < len(lines) and lines[at]["t"] == lines[at - 1]["t"]:
        at += 1
    whole, pieces = Past(configuration, directory), Past(configuration, directory)
    (summary,) = whole.take(lines)
    first, second = pieces.take(lines[:at], lines[at:])
    assert pieces.tables() == whole.tables()
    assert {key: first[key] + second[key] for key in summary} == summary


@PROPERTY
@given(files(), st.data())
def test_a_crash_in_the_middle_is_completed_by_the_same_file(
    configuration: Configuration, directory: Path, lines: list[Line], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines)))
    while 0 < at < len(lines) and lines[at]["t"] == lines[at - 1]["t"]:
        at += 1
    whole, pieces = Past(configuration, directory), Past(configuration, directory)
    whole.take(lines)
    pieces.take(lines[:at], lines)
    assert pieces.tables() == whole.tables()


# --- sentences of the SPEC, one by one


def test_the_worked_example(past: Past) -> None:
    told = [("ok", 0), ("critical", 6), ("warning", 9), ("critical", 12), ("critical", 14), ("critical", 17)]
    past.take([result(second, "a/e/y", status) for status, second in told])
    assert spans(past, "a/e/y") == [(0, 6, "ok"), (6, 12, "warning"), (12, None, "critical")]


def test_a_removal_ends_the_state(past: Past) -> None:
    past.take([result(0, "a/e/x", "critical"), event(3, "sonde-removed", "a/e/x")])
    assert spans(past, "a/e/x") == [(0, 3, "critical")]
    assert past.tables()["state"] == []


def test_a_removal_after_the_end_of_validity_does_not_stretch_it(past: Past) -> None:
    past.take([result(0, "a/e/x", "ok"), event(30, "sonde-removed", "a/e/x")])
    assert spans(past, "a/e/x") == [(0, 5, "ok")]


def test_a_result_after_a_removal_does_not_bring_it_back(past: Past) -> None:
    (summary,) = past.take([result(0, "a/e/x", "ok"), event(3, "sonde-removed", "a/e/x"), result(4, "a/e/x", "ok")])
    assert spans(past, "a/e/x") == [(0, 3, "ok")]
    assert (summary["results"], summary["removed"]) == (1, 1)


def test_added_again_it_starts_new(past: Past) -> None:
    past.take(
        [
            result(0, "a/e/y", "ok"),
            result(1, "a/e/y", "critical"),
            result(2, "a/e/y", "critical"),
            event(3, "sonde-removed", "a/e/y"),
            event(4, "sonde-added", "a/e/y"),
            result(4, "a/e/y", "critical"),
        ]
    )
    assert spans(past, "a/e/y") == [(0, 3, "ok"), (4, None, "unknown")]


@pytest.mark.parametrize("first", ["event", "result"])
def test_lines_of_one_instant_take_effect_together(past: Past, first: str) -> None:
    removal, last = event(3, "sonde-removed", "a/e/x"), result(3, "a/e/x", "critical")
    together = [removal, last] if first == "event" else [last, removal]
    past.take([result(0, "a/e/x", "ok"), *together])
    assert spans(past, "a/e/x") == [(0, 3, "ok")]


@pytest.mark.parametrize("first", ["event", "result"])
def test_a_result_at_the_instant_of_an_addition_belongs_to_it(past: Past, first: str) -> None:
    addition, new = event(3, "sonde-added", "a/e/x"), result(3, "a/e/x", "critical")
    together = [addition, new] if first == "event" else [new, addition]
    past.take([result(0, "a/e/x", "ok"), event(2, "sonde-removed", "a/e/x"), *together])
    assert spans(past, "a/e/x") == [(0, 2, "ok"), (3, None, "critical")]


def test_removing_what_is_absent_has_no_effect(past: Past) -> None:
    past.take([event(0, "sonde-removed", "a/e/x"), event(1, "sonde-added", "a/e/x"), result(2, "a/e/x", "ok")])
    assert spans(past, "a/e/x") == [(2, None, "ok")]


def test_a_sonde_that_the_config_no_longer_has_is_removed_at_the_end(past: Past) -> None:
    lines = [event(0, "sonde-added", "a/old/site", billable=False, service="internet"), result(1, "a/old/site", "ok")]
    past.take(lines)
    tables = past.tables()
    assert [row[1:3] for row in tables["ledger"]] == [("sonde-added", "a/old/site"), ("sonde-removed", "a/old/site")]
    assert tables["ledger"][0][3:] == (0, "internet", "import")
    assert tables["ledger"][1][0] == START + 1_000_000
    assert tables["state"] == []
    past.take(lines)
    assert past.tables() == tables


def test_results_of_an_instant_already_known_are_skipped_and_counted(past: Past) -> None:
    past.take([result(0, "a/e/x", "ok"), result(5, "a/e/x", "ok")])
    (summary,) = past.take([result(4, "a/e/x", "critical"), result(5, "a/e/x", "critical"), result(6, "a/e/x", "ok")])
    assert (summary["results"], summary["skipped"]) == (1, 2)
    assert spans(past, "a/e/x") == [(0, None, "ok")]


def test_events_first_and_results_in_another_file(past: Past, configuration: Configuration, directory: Path) -> None:
    events = [
        event(0, "sonde-added", "a/e/x"),
        event(9, "sonde-removed", "a/e/x"),
        event(20, "sonde-added", "a/e/x"),
        event(29, "sonde-removed", "a/e/x"),
    ]
    told = [result(second, "a/e/x", "critical") for second in (1, 7, 8, 12, 21, 28, 40)]
    past.take(events, told)
    together = Past(configuration, directory)
    together.take(sorted([*events, *told], key=lambda line: str(line["t"])))
    assert past.tables()["interval"] == together.tables()["interval"]
    assert past.tables()["state"] == []
