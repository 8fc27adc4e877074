"""A disk that is full, faulty, read-only, or prepared by root: real ones, in a mount namespace of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.store.contents import SONDES
from tests.integration.store.disk_scenarios import MAX_SAMPLES

EVERYTHING = {"ledger": 50 * 20, "intervals": 50 * 20, "last": 49, "latest_sample": 49, "integrity": "ok", "foreign": 0}


def played(scenario: str, *, private: bool = True) -> dict[str, Any]:
    """Play a scenario in a process of its own; what it saw."""
    command = [sys.executable, "-m", "tests.integration.store.disk_scenarios", scenario]
    if private:
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            pytest.fail("this test mounts a small disk of its own: it needs root, and `unshare` (package util-linux)")
        command = ["unshare", "--mount", "--propagation", "private", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    seen["log"] = done.stderr.splitlines()
    return seen


def assert_only_measurements_were_lost(seen: dict[str, Any], reason: str) -> None:
    assert seen["failing"].startswith(reason)
    assert len(seen["words"]) == 1, "every flush says the same"
    assert reason in next(iter(seen["words"]))
    assert seen["words"].popitem()[1] == 40
    # 40 batches wait: their changes and ledger lines, the latest coverage and state, measurements up to the limit, and
    # the call-in of a sonde that nobody had seen before.
    assert seen["pending"] == 40 * 20 * 2 + 2 * 20 + MAX_SAMPLES + 1
    assert seen["read_meanwhile"] == len(SONDES), "what is on disk stays readable"
    assert seen["dropped_samples"] == 40 * 20 - MAX_SAMPLES
    assert seen["left"] == 0
    assert seen["newcomer"] == 1
    assert EVERYTHING.items() <= seen.items()
    assert seen["samples"] == 50 * 20 - seen["dropped_samples"]
    assert len(seen["log"]) == 2, "told once when it began and once when it ended"
    assert reason in seen["log"][0]
    assert "is written again; 500 measurements were given up" in seen["log"][1]


def test_a_full_disk_costs_measurements_alone_and_heals_by_itself() -> None:
    seen = played("full")
    assert_only_measurements_were_lost(seen, "the disk is full")
    assert seen["opened_on_a_full_disk"] == "", "what is up to date needs no room to be opened"
    assert "new.db: the disk is full" in seen["created_on_a_full_disk"]
    assert EVERYTHING.items() <= seen["after"].items()


def test_writes_that_fail_cost_measurements_alone_and_heal_by_themselves() -> None:
    assert_only_measurements_were_lost(played("faulty", private=False), "the disk reports an error")


def test_a_read_only_disk_is_refused_and_left_alone() -> None:
    seen = played("read_only")
    for words in (seen["opened"], seen["created"]):
        assert "Read-only file system" in words
    assert seen["untouched"]
    assert (seen["after"]["ledger"], seen["after"]["integrity"]) == (20, "ok")


def test_what_root_creates_belongs_to_the_owner_of_the_directory() -> None:
    owners = played("started_by_root")["owners"]
    assert {name.removeprefix("read ") for name in owners} == {
        f"vigie.db{end}" for end in ("", "-wal", "-shm", ".lock")
    }
    assert set(map(tuple, owners.values())) == {(4242, 4243)}
