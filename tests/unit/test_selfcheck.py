"""Alive, ready, well: what each of them takes to be wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from supervisor.selfcheck import LATE_S, LOOKS_WITHIN_S, SelfCheck
from supervisor.store.channels import Standing

NOW = 5000.0
WORKS, FAILS, UNUSED = Standing(worked_at=1000), Standing(pending=1, worked_at=1000, fails_since=2000), Standing()


class Parts:
    """What it reads."""

    def __init__(self) -> None:
        self.advancing = True
        self.lags = [0.1, 0.0]
        self.failing: str | None = None
        self.looked_at: float | None = NOW - 1
        self.standing = {"mail": WORKS, "sms": UNUSED}

    def checked(self) -> SelfCheck:
        """Of all of that."""
        pools = [SimpleNamespace(lag=lambda now, lag=lag: lag) for lag in self.lags]
        parts: dict[str, Any] = {
            "engine": SimpleNamespace(advancing=lambda within_s: self.advancing, pools=pools),
            "record": None,
            "recorder": SimpleNamespace(failing=self.failing),
            "watchdog": None,
            "dispatcher": SimpleNamespace(looked_at=self.looked_at, standing=self.standing),
            "clock": SimpleNamespace(wall=lambda: NOW, monotonic=lambda: NOW),
        }
        made = SelfCheck(**parts)
        made.started = True
        return made


def test_all_is_well() -> None:
    for change in (
        {},
        {"looked_at": None},  # not yet
        {"lags": [LATE_S + 1, 0.0]},  # one pool alone restarts nothing and alarms nobody: its lag shows
        {"lags": []},
        {"standing": {"mail": FAILS, "sms": WORKS}},  # who is told of it by SMS
        {"standing": {"mail": UNUSED, "sms": UNUSED}},
        {"standing": {}},
    ):
        parts = Parts()
        vars(parts).update(change)
        assert parts.checked().ready() == []
        assert parts.checked().well() == [], change


@pytest.mark.parametrize(
    ("change", "ready", "said"),
    [
        ({"advancing": False}, False, "no check advanced"),
        ({"failing": "the disk is full"}, False, "the database cannot be written: the disk is full"),
        ({"looked_at": NOW - LOOKS_WITHIN_S - 1}, False, "the outbox was not looked at for 121 s"),
        ({"lags": [LATE_S + 1, LATE_S + 2]}, True, "checks are 31 s late in every pool"),
        ({"standing": {"mail": FAILS, "sms": UNUSED}}, True, "no alert leaves: nothing by mail"),
        ({"standing": {"mail": FAILS, "sms": FAILS}}, True, "no alert leaves: nothing by mail, sms"),
    ],
)
def test_what_is_wrong(change: dict[str, Any], ready: bool, said: str) -> None:
    parts = Parts()
    vars(parts).update(change)
    assert (parts.checked().ready() == []) is ready
    (trouble,) = parts.checked().well()
    assert trouble.startswith(said)
