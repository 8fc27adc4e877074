"""The settings of `link`, and the clocks of a round trip."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import ValidationError

from probes.icmp import _elapsed, _Sent
from probes.link import PROBE, LinkSettings


@pytest.mark.parametrize(
    "settings",
    [
        {"packets": 0},
        {"packets": 101},
        {"spacing": "-1s"},
        {"spacing": "11s"},
        {"wait": 0},
        {"size": 65001},
        {"family": "ipv5"},
        {"rtt": {"warning": "2s", "critical": "1s"}},
        {"loss": {"critical": "101 %"}},
        {"interval": "60s"},
    ],
)
def test_mistakes_are_found_at_load(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LinkSettings(**settings)


def test_settings_as_they_come_from_yaml() -> None:
    written: dict[str, Any] = {"anchors": ["192.0.2.1"], "rtt": {"warning": "150ms"}, "loss": {"critical": "20 %"}}
    settings = LinkSettings(**written)
    assert settings.anchors == ("192.0.2.1",)
    assert settings.rtt is not None
    assert settings.rtt.warning == 0.15
    assert settings.loss is not None
    assert settings.loss.critical == 0.2
    assert hash(settings) == hash(LinkSettings(**written))


def sent(wall_s: float, ago_s: float) -> _Sent:
    return _Sent(None, 0, wall_s, time.monotonic() - ago_s)  # type: ignore[arg-type]  # the run plays no part


def test_the_kernels_stamp_leaves_the_loop_out() -> None:
    assert _elapsed(sent(1000.0, 0.5), 1000.02) == pytest.approx(0.02)  # the loop came round 480 ms later


@pytest.mark.parametrize("stamp", [0.0, 999.0, 1000.0, 4600.0], ids=["none", "backwards", "stuck", "forwards"])
def test_a_wall_clock_that_was_stepped_is_not_believed(stamp: float) -> None:
    left = time.monotonic()
    assert 0.5 <= _elapsed(sent(1000.0, 0.5), stamp) <= 0.5 + time.monotonic() - left


def test_the_technique_says_what_silence_means() -> None:
    assert (PROBE.type, PROBE.on_timeout, PROBE.needs_address) == ("link", "critical", True)
