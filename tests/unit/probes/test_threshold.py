"""Thresholds, and the verdict that findings add up to."""

from __future__ import annotations

from itertools import permutations

import pytest
from pydantic import ValidationError

from probes.base import Measurement, Run, Shared, Status
from probes.threshold import Above, Below, Verdict
from probes.units import say_duration


def a_run() -> Run:
    return Run(shared=Shared(), at=0.0, timeout_s=1.0, trace=[])


@pytest.mark.parametrize(("value", "status"), [(1.9, "ok"), (2.0, "warning"), (4.9, "warning"), (5.0, "critical")])
def test_above_includes_its_limit(value: float, status: str) -> None:
    assert Above(warning=2.0, critical=5.0).status(value) is Status(status)


@pytest.mark.parametrize(("value", "status"), [(30.1, "ok"), (30.0, "warning"), (7.1, "warning"), (7.0, "critical")])
def test_below_includes_its_limit(value: float, status: str) -> None:
    assert Below(warning=30.0, critical=7.0).status(value) is Status(status)


def test_either_limit_may_be_missing() -> None:
    assert Above(critical=5.0).status(4) is Status.OK
    assert Above(warning=5.0).status(9) is Status.WARNING
    assert Below(critical=5.0).status(6) is Status.OK


@pytest.mark.parametrize("limits", [{"warning": 5.0, "critical": 5.0}, {"warning": 6.0, "critical": 5.0}])
def test_limits_in_the_wrong_order_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="must be below"):
        Above(**limits)
    with pytest.raises(ValidationError, match="must be above"):
        Below(warning=limits["critical"], critical=limits["warning"])


def test_nothing_found_is_ok_with_the_given_message() -> None:
    verdict = Verdict(a_run())
    verdict.measurements.append(Measurement("rtt_seconds", 0.1))
    result = verdict.result("tout va bien")
    assert (result.status, result.message) == (Status.OK, "tout va bien")
    assert result.measurements == (Measurement("rtt_seconds", 0.1),)


@pytest.mark.parametrize("order", list(permutations([Status.UNKNOWN, Status.WARNING, Status.CRITICAL])))
def test_the_worst_known_trouble_wins_and_is_said_first(order: tuple[Status, ...]) -> None:
    verdict = Verdict(a_run())
    for status in order:
        verdict.find(status, str(status))
    result = verdict.result("")
    assert (result.status, result.message) == (Status.CRITICAL, "critical ; warning ; unknown")


def test_equals_stay_in_the_order_they_were_found() -> None:
    verdict = Verdict(a_run())
    for text in ("b", "a", "c"):
        verdict.find(Status.WARNING, text)
    assert verdict.result("").message == "b ; a ; c"


def test_unknown_alone_is_unknown() -> None:
    verdict = Verdict(a_run())
    verdict.find(Status.UNKNOWN, "rien vu")
    assert verdict.result("")[:2] == (Status.UNKNOWN, "rien vu")


def test_judging_a_value_says_the_limit_it_reached() -> None:
    run = a_run()
    verdict = Verdict(run)
    threshold = Above(warning=1.0, critical=5.0)
    verdict.judge(None, 99.0, "délai", say_duration)
    verdict.judge(threshold, 0.5, "délai", say_duration)
    verdict.judge(threshold, 2.0, "connexion", say_duration)
    verdict.judge(threshold, 6.0, "réponse", say_duration)
    assert verdict.result("").message == "réponse 6 s (seuil 5 s) ; connexion 2 s (seuil 1 s)"
    assert run.trace is not None
    assert [line.partition(":")[0] for line in run.trace] == ["ok", "warning", "critical"]
