"""`vigie history import` then `vigie sla --json`, against the brute-force oracle, on random histories.

Every field of every service and of every GTI line must agree to the second, for several periods of each history. The
real commands run in the test's own process, with the clock of the scenario; `VIGIE_SCENARIOS=500 VIGIE_FIRST=1000` in
the environment asks for others than the few of the default run.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner

from supervisor.cli import main
from tests.acceptance.sla_histories import Scenario, scenario
from tests.acceptance.sla_worlds import write
from tests.oracle_sla import Oracle

FIRST = int(os.environ.get("VIGIE_FIRST", "0"))
SCENARIOS = int(os.environ.get("VIGIE_SCENARIOS", "40"))
RATIOS = ("availability", "low", "high", "raw_availability", "target")
ROUNDING = 1e-12  # of a float that is one division away from two whole numbers

Answer = dict[str, Any]
Sla = Callable[[Path, str], Answer]


def sla(config: Path, asked: str) -> Answer:
    """What the command answers for a period."""
    answer: Answer = json.loads(vigie("sla", "--config", str(config), "--period", asked, "--json"))
    return answer


def vigie(*words: str) -> str:
    """What a command prints; it must succeed."""
    ran = CliRunner().invoke(main, words, catch_exceptions=False)
    assert ran.exit_code == 0, f"vigie {' '.join(words)}: {ran.output}"
    return ran.stdout


def imported(told: Scenario, root: Path) -> Path:
    """The configuration of a scenario, whose history is in its database."""
    config, file = write(told.world, root), root / "history.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in told.lines))
    vigie("history", "import", "--config", str(config), str(file))
    return config


def differences_of(told: Scenario, ask: Sla = sla) -> list[str]:
    """Where the program and the oracle disagree about a scenario."""
    root = Path(tempfile.mkdtemp(dir="/dev/shm"))  # a database a scenario: no disk is worn for this
    oracle = Oracle(told.world, told.lines, told.now)
    try:
        with time_machine.travel(datetime.fromtimestamp(told.now, UTC), tick=False):
            config = imported(told, root)
            return [
                f"{asked}: {what}"
                for asked in told.periods
                for what in differences(oracle.sla(asked), ask(config, asked))
            ]
    finally:
        shutil.rmtree(root)


# --- comparing two answers


def differences(expected: Answer, found: Answer) -> list[str]:
    """What is not the same in an answer of the oracle and one of the command."""
    told = list(_unlike("answer", {key: expected[key] for key in ("period", "until")}, found))
    names = [[(each["collectivite"], each["service"]) for each in one["services"]] for one in (expected, found)]
    if names[0] != names[1]:
        return [*told, f"services: expected {names[0]}, found {names[1]}"]
    for mine, yours in zip(expected["services"], found["services"], strict=True):
        told += _unlike(f"{mine['collectivite']}/{mine['service']}", mine, yours)
    return told + list(_unlike_lines(expected["gti"], found["gti"]))


def _unlike(name: str, expected: Answer, found: Answer) -> Iterator[str]:
    for key, value in expected.items():
        if key not in found:
            yield f"{name}: no {key}"
        elif not _same(key, value, found[key]):
            yield f"{name}: {key}: expected {_shown(key, value)}, found {found[key]}"


def _same(key: str, expected: Any, found: Any) -> bool:
    if expected is None or found is None:
        return expected is found
    if key in ("until", "start", "deadline", "stopped"):
        return bool(expected == _instant(found))
    if key in RATIOS:
        return abs(Fraction(str(expected)) - Fraction(str(found))) <= ROUNDING
    if key == "kinds":  # one that holds for no second may be left out
        return bool(expected == {**dict.fromkeys(expected, 0), **found})
    return type(expected) is type(found) and bool(expected == found)


def _instant(text: str) -> float:
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None, f"{text} has no offset"
    return moment.timestamp()


def _shown(key: str, value: Any) -> Any:
    if key in ("until", "start", "deadline", "stopped") and value is not None:
        return datetime.fromtimestamp(value, UTC).isoformat()
    return f"{value} ({float(value)})" if isinstance(value, Fraction) else value


def _unlike_lines(expected: list[Answer], found: list[Answer]) -> Iterator[str]:
    mine, yours = _by_name(expected), _by_name([{**line, "start": int(_instant(line["start"]))} for line in found])
    yield from (f"gti: {name} is missing" for name in mine if name not in yours)
    yield from (f"gti: {name} is not expected" for name in yours if name not in mine)
    for name in mine.keys() & yours.keys():
        if len(mine[name]) != len(yours[name]):
            yield f"gti: {name}: expected {len(mine[name])} times, found {len(yours[name])}"
        for one, other in zip(mine[name], yours[name], strict=False):
            rest = {key: value for key, value in one.items() if key not in ("incident", "start")}
            yield from _unlike(f"gti: {name}", rest, other)
    starts = [_instant(line["start"]) for line in found]
    if starts != sorted(starts):
        yield f"gti: not by start: {starts}"
    if _together(mine) != _together(yours) and mine.keys() == yours.keys():
        yield f"gti: incidents: expected {_together(mine)}, found {_together(yours)}"


def _by_name(lines: list[Answer]) -> dict[str, list[Answer]]:
    named: dict[str, list[Answer]] = defaultdict(list)
    for line in lines:
        start = datetime.fromtimestamp(line["start"], UTC).isoformat()
        named[f"{line['ref'] or line['sonde']} for {line['collectivite']}/{line['service']} at {start}"].append(line)
    return named


def _together(lines: dict[str, list[Answer]]) -> list[list[str]]:
    """Which lines are of one incident, whatever it is called."""
    incidents: dict[Any, list[str]] = defaultdict(list)
    for name, same in lines.items():
        for line in same:
            incidents[line["incident"]].append(name)
    return sorted(sorted(names) for names in incidents.values())


# --- tests


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SCENARIOS))
def test_every_figure_agrees_with_the_oracle(seed: int) -> None:
    told = scenario(seed)
    found = differences_of(told)
    assert not found, f"scenario({seed}), {len(found)} differences:\n" + "\n".join(found[:20])


def as_printed(answer: Answer) -> Answer:
    """An answer of the oracle as the command would print it."""
    printed = deepcopy(answer)
    for each in (printed, *printed["gti"]):
        for key in ("until", "start", "deadline", "stopped"):
            if each.get(key) is not None:
                each[key] = datetime.fromtimestamp(each[key], UTC).isoformat()
    for service in printed["services"]:
        service |= {key: float(service[key]) for key in RATIOS if service[key] is not None}
    return printed


def test_a_comparison_finds_any_field_that_is_wrong() -> None:
    """Otherwise the others could not fail: the oracle agrees with itself, and with nothing that was touched."""
    told = scenario(3)
    expected = Oracle(told.world, told.lines, told.now).sla(told.periods[0])
    assert expected["services"]
    assert expected["gti"]
    assert differences(expected, as_printed(expected)) == []
    for part in ("services", "gti"):
        for number, line in enumerate(expected[part]):
            for key in line:
                wrong = as_printed(expected)
                wrong[part][number][key] = _other(key, wrong[part][number][key])
                told_apart = key != "incident" or [each[key] for each in expected[part]].count(line[key]) > 1
                assert bool(differences(expected, wrong)) == told_apart, (part, number, key)


def _other(key: str, value: Any) -> Any:
    if key in ("start", "deadline", "stopped"):
        return "2020-01-01T00:00:00+00:00"
    if key == "kinds":
        return {**value, "maintenance": value["maintenance"] + 1}
    if key == "incident":
        return "another"
    return f"{value}?" if isinstance(value, str) else (value or 0) + 1
