"""Sondes that come and go below others, through the tables: intervals and spells against the oracle of SPEC 3."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.incident import Spell
from supervisor.domain.state import Change, Segment
from supervisor.history.rehearsal import followed
from supervisor.store import spells
from supervisor.store.batch import Batch, Coverage
from tests.oracle_states import NO_DATA, Line, SondeSpec, confirmations, timelines
from tests.unit.state_histories import HORIZON, History, configured, lives, take
from tests.unit.store.database import Memory, memory

OK, CRITICAL, UNKNOWN = Status.OK, Status.CRITICAL, Status.UNKNOWN
Cell = tuple[str, str]


TOP, BELOW = SondeSpec("a/e/s0", 3, 20, None), SondeSpec("a/e/s1", 1, 20, "a/e/s0")
# The recovery at 25 was unreachable: the trouble that began at 10 lasted until the removal.
TOLD = [
    Line(10, "a/e/s1", "critical"),
    Line(20, "a/e/s0", "critical"),
    Line(21, "a/e/s0", "critical"),
    Line(25, "a/e/s1", "ok"),
    Line(30, "a/e/s1", "removed"),
    Line(31, "a/e/s0", "critical"),
]


@settings(max_examples=200, deadline=None)
@given(lives(), st.integers(1, 20))
@example(([TOP, BELOW], TOLD, ()), 2)
def test_the_tables_are_what_the_oracle_says(history: History, flush_every: int) -> None:
    specs, lines, canaries = history
    painted = timelines(specs, lines, HORIZON, canaries)
    expected = {spec.id: spells_of(spec.id, history, painted[spec.id]) for spec in specs if spec.id not in canaries}
    judge = configured(specs, canaries)
    changes: list[Change] = []
    with memory() as database:
        for index in range(0, len(lines), flush_every):
            new = [change for line in lines[index : index + flush_every] for change in take(judge, line)]
            states = {spec.id: judge.state(spec.id) for spec in specs}
            coverage = {name: Coverage(s.last_at, s.until) for name, s in states.items() if s is not None}
            database.apply(Batch(changes=new, coverage=coverage))
            changes += new
        assert cells_of(database) == {name: cells for name, cells in painted.items() if set(cells) != {NO_DATA}}
        assert {name: spells.of(database.connection, name) for name in expected} == expected
    assert {name: rehearsed(changes, name) for name in expected} == expected


def cells_of(database: Memory) -> dict[str, list[Cell]]:
    """Status and cause of every second of every sonde that has a history."""
    cells: dict[str, list[Cell]] = {}
    rows = database.rows(
        "select s.id, i.start, ifnull(i.end, c.until), i.status, i.cause "
        "from interval i join sonde s on s.key = i.sonde left join coverage c on c.sonde = s.key"
    )
    for sonde, start, end, status, cause in rows:
        seconds = cells.setdefault(sonde, [NO_DATA] * HORIZON)
        for second in range(start, min(end, HORIZON)):
            assert seconds[second] == NO_DATA, "two intervals at once"
            seconds[second] = (status, cause)
    return cells


def spells_of(sonde: str, history: History, cells: list[Cell]) -> list[Spell]:
    """Each confirmation, up to the first result below it, or to the removal."""
    specs, lines, canaries = history
    removals = [line.t for line in lines if (line.sonde, line.status) == (sonde, "removed")]
    found = []
    for name, level, _, confirmed in confirmations(specs, lines, HORIZON, canaries):
        if (name, level) == (sonde, "critical"):
            below = (t for t in range(confirmed, HORIZON) if cells[t][0] in ("ok", "warning"))
            ends = [*(t for t in removals if t > confirmed), *below]
            found.append(Spell(confirmed, min(ends, default=None)))
    return found


def rehearsed(changes: Iterable[Change], sonde: str) -> list[Spell]:
    """The spells as a rehearsal follows them."""
    known: list[Spell] = []
    for change in changes:
        if change.sonde == sonde:
            known = followed(known, change)
    return known


def test_trouble_confirmed_at_the_very_removal_is_none() -> None:
    undone = Change("a/e/s1", 25, 25, (), OK, OK, undone=True, upto=30)
    confirmed = Change("a/e/s1", 30, 30, (Segment(30, CRITICAL),), OK, CRITICAL, trouble=True, upto=30)
    ended = Change("a/e/s1", 30, 30, (), CRITICAL, UNKNOWN, upto=30)
    with memory() as database:
        database.apply(Batch(changes=[undone, confirmed, ended]))
        assert spells.of(database.connection, "a/e/s1") == []
    assert rehearsed([undone, confirmed, ended], "a/e/s1") == []
