"""`vigie history import` then `vigie billing counts` and `contributions`, against the brute-force oracle.

Every field of every month and call of random installations must agree. The real commands run in the test's own
process, with the clock of the world; one world is told to real processes with the real clock.
`VIGIE_SCENARIOS=500 VIGIE_FIRST=1000` in the environment asks for others than the few of the default run.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from itertools import groupby, product
from pathlib import Path
from typing import Any, TypeVar

import pytest
import time_machine
from click.testing import CliRunner

from supervisor.cli import main
from tests.acceptance.billing_worlds import CLOSED_S, World, world
from tests.acceptance.daemon import Installation, installation, until
from tests.oracle_billing import Closing, Oracle
from tests.oracle_billing_contracts import local_day
from tests.oracle_billing_ledger import Step

# The eight from 180 on are enough to tell apart each of the 22 ways in which the oracle was made wrong on purpose.
FIRST = int(os.environ.get("VIGIE_FIRST", "180"))
SCENARIOS = int(os.environ.get("VIGIE_SCENARIOS", "8"))
ROUNDING = 1e-9  # of a float that is one division away from two whole numbers
REAL = 44  # the world that is told to real processes

Answer = dict[str, Any]
T = TypeVar("T")


def vigie(*arguments: str) -> str:
    """What a command prints; it must succeed."""
    ran = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert ran.exit_code == 0, f"vigie {' '.join(arguments)}: {ran.output}"
    return ran.stdout


def asked_of(told: World) -> list[str]:
    """The months and years that a world is asked for."""
    return [*told.months, *map(str, told.years)]


def words(asked: str) -> list[str]:
    """The command that answers for a month or a year."""
    return ["counts", "--month", asked] if "-" in asked else ["contributions", "--year", asked]


def answers(told: World, *where: str) -> dict[str, str]:
    """What the commands print."""
    return {asked: vigie("billing", *words(asked), "--json", *where) for asked in asked_of(told)}


def expected_of(oracle: Oracle, name: str) -> Answer:
    """What the oracle says of a month or a year."""
    return oracle.counts(name) if "-" in name else oracle.contributions(int(name))


@contextmanager
def clock(instant: int) -> Iterator[None]:
    """It is that second, all the time."""
    with time_machine.travel(datetime.fromtimestamp(instant, UTC), tick=False):
        yield


def told_in(told: World, root: Path) -> Path:
    """The main file of an installation that lived through a world."""
    closed: set[str] = set()
    for step in told.steps:
        config, history = told.write(step, root)
        with clock(step.at):
            vigie("history", "import", str(history), "--config", str(config))
        for closing in told.closings:
            if closing.at == step.at + CLOSED_S:
                close(config, closing, closed)
    return root / "vigie.yaml"


def close(config: Path, closing: Closing, closed: set[str]) -> None:
    """Close months, or correct those that are `closed` already, and the calls of years."""
    by = ["--author", "Ana", "--config", str(config)]
    with clock(closing.at):
        for month in closing.months:
            why = ["--correct", "--reason", "Historique complété"] if month in closed else []
            vigie("close", "--month", month, *why, *by)
            closed.add(month)
        for year in closing.years:
            vigie("billing", "close", "--year", str(year), *by)


def differences_of(told: World, root: Path) -> list[str]:
    """Where the program and the oracle disagree about a world, and what changes that should not."""
    oracle = Oracle(told.zone, told.steps, told.now, told.closings)
    config = ["--config", str(told_in(told, root))]
    with clock(told.now):
        first = answers(told, *config)
        found = [
            f"{name}: {what}"
            for name, text in first.items()
            for what in differences(expected_of(oracle, name), json.loads(text))
        ]
        vigie("close", "--verify", *config)
        vigie("history", "import", str(root / "history.jsonl"), *config)
        found += [f"{name}: not the same after a second import" for name in unlike(first, answers(told, *config))]
        told.write(Step(told.now, (), basis=told.steps[-1].basis), root)
        now = running(told.zone, told.now)
        gone = {
            "files": unlike(first, answers(told, *config)) - now,
            "config": unlike(first, answers(told, "--database", str(root / "v.db"))),
        }
        return found + [f"{name}: not the same without the {what}" for what, names in gone.items() for name in names]


def unlike(one: dict[str, str], other: dict[str, str]) -> set[str]:
    """The questions whose answers are not the same to the byte."""
    return {name for name in one if one[name] != other[name]}


def running(zone: str, now: float) -> set[str]:
    """The month and the year that are not over."""
    today = local_day(zone, int(now))
    return {f"{today:%Y-%m}", f"{today:%Y}"}


# --- comparing two answers


def differences(expected: Answer, found: Answer) -> list[str]:
    """What is not the same in an answer of the oracle and one of a command."""
    rows = "counts" if "counts" in expected else "calls"
    told = list(_unlike("answer", {**expected, rows: None}, {**found, rows: None}))
    mine, yours = _by_name(expected[rows]), _by_name(found[rows])
    told += [f"{name} is missing" for name in mine.keys() - yours.keys()]
    told += [f"{name} is not expected" for name in yours.keys() - mine.keys()]
    if list(yours) != sorted(yours):
        told.append(f"not in the order of ids: {list(yours)}")
    for name in mine.keys() & yours.keys():
        if len(mine[name]) != len(yours[name]):
            told.append(f"{name}: expected {_shown(mine[name])}, found {_shown(yours[name])}")
        for one, other in zip(mine[name], yours[name], strict=False):
            told += _unlike(f"{name} {one.get('date', '')}", one, other)
    return told


def _by_name(rows: list[Answer]) -> dict[str, list[Answer]]:
    return {name: list(same) for name, same in groupby(rows, lambda row: str(row["collectivite"]))}


def _shown(calls: list[Answer]) -> list[str]:
    return [f"{call.get('date')} {call.get('kind')} {call.get('sondes')}" for call in calls]


def _unlike(name: str, expected: Answer, found: Answer) -> Iterator[str]:
    for key in expected.keys() | found.keys():
        if key not in found:
            yield f"{name}: no {key}"
        elif key not in expected:
            yield f"{name}: {key} is not expected"
        elif not _same(expected[key], found[key]):
            yield f"{name}: {key}: expected {expected[key]}, found {found[key]}"


def _same(expected: Any, found: Any) -> bool:
    if isinstance(expected, Fraction):
        return isinstance(found, int | float) and abs(expected - Fraction(found)) <= ROUNDING
    return type(expected) is type(found) and bool(expected == found)


# --- tests


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SCENARIOS))
def test_every_figure_agrees_with_the_oracle(seed: int) -> None:
    """SPEC 8: counts and calls; the same file twice; the same past without the collectivités' files."""
    told = world(seed)
    root = Path(tempfile.mkdtemp(dir="/dev/shm"))  # a database a world: no disk is worn for this
    try:
        found = differences_of(told, root)
    finally:
        shutil.rmtree(root)
    assert not found, f"world({seed}), {len(found)} differences:\n" + "\n".join(found[:20])


def test_real_processes_and_the_real_clock_say_the_same() -> None:
    """In which second something happened is not known: one of those it may have been must explain every answer.

    SPEC 8: what history left and the config lacks goes at the import; what the config has counts from the daemon on.
    """
    told = world(REAL)
    with installation() as place:
        (place.root / "collectivites").rmdir()
        _, history = told.write(told.steps[0], place.root)
        imported, _ = _seconds_of(partial(_vigie, place, "history", "import", str(history)))
        _another_second(imported)
        with place.start() as daemon:
            started, _ = _seconds_of(daemon.wait_ready)
            _another_second(started)
            for name in sorted(running(told.zone, time.time())):
                asked, text = _seconds_of(partial(_vigie, place, "billing", *words(name), "--json"))
                possible = [
                    differences(
                        expected_of(Oracle(told.zone, _lived(told.steps[0], *seconds), now), name), json.loads(text)
                    )
                    for *seconds, now in product(imported, started, asked)
                ]
                assert [] in possible, possible[0]


def _lived(step: Step, imported: int, started: int) -> list[Step]:
    """An import, then a daemon."""
    return [replace(step, at=imported), replace(step, at=started, lines=(), daemon=True)]


def _vigie(place: Installation, *words: str) -> str:
    ran = place.vigie(*words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _seconds_of(act: Callable[[], T]) -> tuple[range, T]:
    """The seconds in which something may have read the clock, and what it gave."""
    before = int(time.time())
    given = act()
    return range(before, int(time.time()) + 1), given


def _another_second(than: range) -> None:
    """What happens in one second takes effect together: let the next thing be of another."""
    until(lambda: time.time() >= than[-1] + 1, "the next second")


def test_a_comparison_finds_any_field_that_is_wrong() -> None:
    """Otherwise the others could not fail: the oracle agrees with itself, and with nothing that was touched."""
    told = world(REAL)
    oracle = Oracle(told.zone, told.steps, told.now, told.closings)
    whole = [expected_of(oracle, name) for name in asked_of(told)]
    assert all(any(answer.get(rows) for answer in whole) for rows in ("counts", "calls"))
    for expected in whole:
        rows = "counts" if "counts" in expected else "calls"
        assert differences(expected, _printed(expected)) == []
        for number, row in enumerate(expected[rows]):
            for key in row:
                wrong = _printed(expected)
                wrong[rows][number][key] = _other(row[key])
                assert differences(expected, wrong), (rows, number, key)
        assert differences(expected, {**expected, "more": 1})


def _printed(answer: Answer) -> Answer:
    printed = deepcopy(answer)
    for row in printed.get("counts", ()):
        row["mean"] = float(row["mean"])
    return printed


def _other(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value}?" if isinstance(value, str) else float(value) + 1e-6
