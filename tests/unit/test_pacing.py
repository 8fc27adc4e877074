"""When messages may leave: few in a storm, none held up that is alone. SPEC 7."""

from __future__ import annotations

from bisect import insort
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.pacing import GAPS_S, HOUR_S, QUIET_S, leaves_at


def left(ready: list[int], most_an_hour: int | None = None) -> list[int]:
    """What leaves, where each that is ready while one waits goes with it."""
    sent: list[int] = []
    for at in sorted(ready):
        if sent and at <= sent[-1]:
            continue  # it went with the one that was waiting
        insort(sent, leaves_at(sent, at, most_an_hour))
    return sent


def test_the_first_one_leaves_at_once_and_so_does_one_after_a_quiet_time() -> None:
    assert left([100]) == [100]
    assert left([100, 100 + QUIET_S]) == [100, 100 + QUIET_S]


def test_five_thousand_failures_of_five_minutes_are_three_messages() -> None:
    storm = [number * 300 // 5000 for number in range(5000)]
    assert left(storm) == [0, 60, 360]


def test_a_run_goes_on_at_the_longest_pause_for_as_long_as_it_lasts() -> None:
    sent = left(list(range(0, 4000, 10)))
    assert [later - earlier for earlier, later in pairwise(sent)] == [60, 300, *[900] * (len(sent) - 3)]


def test_the_hourly_cap_counts_any_sixty_minutes() -> None:
    assert leaves_at([0, 60, 360], 400, 3) == HOUR_S
    assert leaves_at([0, 60, 360], 400, 4) == 360 + GAPS_S[2]


@given(st.lists(st.integers(0, 20_000), max_size=200), st.none() | st.integers(1, 5))
def test_nothing_is_early_too_frequent_or_forgotten(ready: list[int], most: int | None) -> None:
    sent = left(ready, most)
    assert sent == sorted(set(sent))
    for at in ready:
        assert any(message >= at for message in sent)
    for message in sent:
        assert most is None or sum(message - HOUR_S < at <= message for at in sent) <= most
    for first, fourth in zip(sent, sent[3:], strict=False):
        assert fourth - first >= sum(GAPS_S[:2])
