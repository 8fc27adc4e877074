"""What passed between two readings of an interface, and when nothing can be said of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.snmp.ports import Reading, rates


def reading(at_s: float = 0.0, received: int = 0, sent: int = 0, **more: Any) -> Reading:
    values: dict[str, Any] = {
        "at_s": at_s,
        "uptime": int(100 * at_s) + 5000,
        "place": (1,),
        "admin": 1,
        "oper": 1,
        "speed_bps": 1e9,
        "wide": True,
        "octets": (received, sent),
        "errors": (0, 0),
        "discontinuity": 0,
    }
    return Reading(**{**values, **more})


def test_rates() -> None:
    found = rates(reading(errors=(1, 2)), reading(60, 60_000, 120_000, errors=(4, 5)))
    assert found == (1000, 2000, 0.1, None)


@given(
    wide=st.booleans(),
    start=st.integers(0, (1 << 64) - 1),
    passed=st.integers(0, 7_000_000_000),
    errors=st.integers(0, 999),
)
def test_counters_wrap(wide: bool, start: int, passed: int, errors: int) -> None:
    modulus = 1 << (64 if wide else 32)
    passed %= modulus
    before = reading(0, start % modulus, 0, wide=wide, errors=((1 << 32) - 3, 0))
    after = reading(60, (start + passed) % modulus, 0, wide=wide, errors=((errors - 3) % (1 << 32), 0))
    found = rates(before, after)
    assert found is not None
    assert found.in_bytes == passed / 60
    assert found.errors == errors / 60


def test_the_agent_s_clock_wraps_after_497_days() -> None:
    found = rates(reading(0, uptime=(1 << 32) - 3000), reading(60, 600, 0, uptime=3000))
    assert found is not None
    assert found.in_bytes == 10


def test_the_agent_s_clock_is_the_one_that_counts() -> None:
    """Our own includes what the network and the loop took."""
    found = rates(reading(0, uptime=0), reading(61.5, 600, 0, uptime=6000))
    assert found is not None
    assert found.in_bytes == 10


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"uptime": 9_000_000}, {"uptime": 1000}),  # restarted
        ({"uptime": 5000}, {"uptime": 5000}),  # the same instant
        ({"uptime": None}, {}),
        ({}, {"uptime": None}),
        ({}, {"discontinuity": 7}),  # a card was changed
        ({}, {"place": (2,)}),
        ({}, {"wide": False}),
        ({}, {"octets": None}),
        ({"octets": None}, {}),
        ({"octets": (5000, 0)}, {"octets": (0, 0)}),  # set back without a word
        ({"octets": (5000, 0), "speed_bps": 0.0}, {"octets": (0, 0), "speed_bps": 0.0}),
        ({}, {"octets": (1 << 40, 0)}),  # more than the wire carries
    ],
)
def test_readings_that_do_not_compare(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert rates(reading(0, **before), reading(60, **after)) is None


def test_errors_that_were_set_back_or_are_not_counted() -> None:
    for before, after in (((9, 9), (0, 0)), (None, (0, 0)), ((0, 0), None)):
        found = rates(reading(0, errors=before), reading(60, 60, 60, errors=after))
        assert found is not None
        assert found.errors is None
