"""Sizes as people wrote them."""

from __future__ import annotations

import pytest

from probes.units import say_limit, size


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("40 Go", "40 Go"),
        ("1.5 Go", "1,5 Go"),
        ("500 Mo", "500 Mo"),
        ("2 To", "2 To"),
        ("2500 Go", "2,5 To"),
        ("20 GiB", "20 Gio"),
        ("512 MiB", "512 Mio"),
        ("123456789 B", "118 Mio"),
        ("900 B", "900 octets"),
    ],
)
def test_a_limit_is_said_in_the_units_of_whoever_wrote_it(written: str, said: str) -> None:
    assert say_limit(size(written)) == said
