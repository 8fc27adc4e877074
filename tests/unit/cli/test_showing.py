"""What commands print, to the second and in columns."""

from __future__ import annotations

import pytest

from supervisor.cli.showing import span, table


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (540, "9 min"),
        (596, "9 min 56 s"),
        (605, "10 min 05 s"),
        (7200, "2 h"),
        (7205, "2 h 00 min 05 s"),
        (7496, "2 h 04 min 56 s"),
        (97_196, "26 h 59 min 56 s"),
    ],
)
def test_durations_are_not_cut_to_the_minute(seconds: int, said: str) -> None:
    assert span(seconds) == said


def test_numbers_are_flush_right_and_no_line_ends_in_spaces() -> None:
    lines = list(table(("what", "open_s", "why"), [("a", "7", ""), ("longer", "61200", "x")], right=(1,)))
    assert lines == [
        "what    open_s  why",
        "a            7",
        "longer   61200  x",
    ]
