"""Durations, sizes and ratios as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.units import duration, ratio, say_duration, say_ratio, say_size, size

SECONDS = {"ms": 0.001, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "j": 86400, "w": 604800}
POWERS = ["", "K", "M", "G", "T", "P"]
SPACES = st.sampled_from(["", " ", "\u00a0", "\u202f"])  # people paste no-break spaces


@given(
    st.lists(st.tuples(st.integers(0, 999), SPACES, st.sampled_from(sorted(SECONDS))), min_size=1, max_size=4), SPACES
)
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str, str]], between: str) -> None:
    text = between.join(f"{number}{space}{unit}" for number, space, unit in parts)
    assert duration(text) == pytest.approx(sum(number * SECONDS[unit] for number, _, unit in parts))


@given(
    st.integers(0, 9999), SPACES, st.sampled_from(POWERS), st.sampled_from(["", "i"]), st.sampled_from(["B", "o", ""])
)
def test_a_size_counts_by_1000_or_by_1024(number: int, space: str, prefix: str, binary: str, byte: str) -> None:
    base = 1024 if binary else 1000
    assert size(f"{number}{space}{prefix}{binary if prefix else ''}{byte}") == number * base ** POWERS.index(prefix)


@given(st.integers(0, 100), SPACES)
def test_a_ratio_is_a_percentage_or_a_fraction(percent: int, space: str) -> None:
    assert ratio(f"{percent}{space}%") == pytest.approx(percent / 100)
    assert ratio(percent / 100) == percent / 100


@given(st.integers(0, 119))
def test_what_is_said_of_a_short_duration_is_read_back(seconds: int) -> None:
    assert duration(say_duration(seconds)) == seconds


@given(st.integers(0, 999), st.sampled_from(range(5)))
def test_what_is_said_of_a_round_size_is_read_back(number: int, power: int) -> None:
    said = say_size(number * 1024**power).replace(" octets", "")
    assert size(said) == number * 1024**power


@given(st.integers(0, 100))
def test_what_is_said_of_a_round_ratio_is_read_back(percent: int) -> None:
    assert ratio(say_ratio(percent / 100)) == pytest.approx(percent / 100)


@pytest.mark.parametrize("value", [60, "60", "", "s", "1 sec", "-5s", "1h 30", "1.5.2s", None, True, "1 h et 2 s"])
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match=r"write it like|needs its unit"):
        duration(value)


@pytest.mark.parametrize("value", ["", "Go", "1 Gx", "-1 Go", "1,5 Go", None, "1e9"])
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="write it like"):
        size(value)


@pytest.mark.parametrize("value", [96, -0.1, "96", "101 %", "-1 %", None, True, "%"])
def test_what_is_no_ratio(value: object) -> None:
    with pytest.raises(ValueError, match="write"):
        ratio(value)
