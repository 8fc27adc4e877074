"""kill -9 at any moment: nothing that was acknowledged is lost, nothing is there in part."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROUNDS = 40


def test_forty_writers_killed_at_random(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.store.crash_nursery", tmp_path / "db", str(ROUNDS), "57"],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rounds"] == ROUNDS
    assert told["acknowledged"] > ROUNDS, "the kills came too early to prove anything"
