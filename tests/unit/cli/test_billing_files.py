"""The forms in which billing answers: one at a time, and options that would do nothing are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from supervisor.cli.billing import billing

COUNTS = ("counts", "--month", "2026-03")
CALLS = ("contributions", "--year", "2026")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((*COUNTS, "--csv", "--json"), "--json and --csv: keep one of them"),
        ((*CALLS, "--csv", "--pdf"), "--csv and --pdf: keep one of them"),
        ((*CALLS, "--json", "--csv", "--pdf"), "--json and --csv and --pdf: keep one of them"),
        ((*COUNTS, "--machine"), "--machine is about the CSV; add --csv"),
        ((*CALLS, "--pdf", "--machine"), "--machine is about the CSV; add --csv"),
        ((*COUNTS, "--output", "x"), "--output is about files; add --csv\n"),
        ((*CALLS, "--json", "--output", "x"), "--output is about files; add --csv or --pdf"),
        ((*COUNTS, "--pdf"), "No such option"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_opened(
    tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    done = CliRunner().invoke(billing, [*words, "--config", str(tmp_path / "none.yaml")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert why in done.stderr
    assert not list(tmp_path.iterdir())
