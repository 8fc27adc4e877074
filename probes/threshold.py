"""Thresholds on what was measured, and the verdict they add up to: one way for every technique."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import model_validator

from probes.base import Measurement, Result, Run, Status
from probes.settings import settings

N = TypeVar("N", int, float)


@settings
class Above(Generic[N]):
    """Trouble when the value reaches the threshold: RTT, loss, response time, delay."""

    warning: N | None = None
    critical: N | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Above[N]:
        if self.warning is not None and self.critical is not None and self.warning >= self.critical:
            raise ValueError("the warning threshold must be below the critical one")
        return self

    def status(self, value: float) -> Status:
        """What this value amounts to."""
        if self.critical is not None and value >= self.critical:
            return Status.CRITICAL
        if self.warning is not None and value >= self.warning:
            return Status.WARNING
        return Status.OK


@settings
class Below(Generic[N]):
    """Trouble when the value falls to the threshold: time left before expiry, free space."""

    warning: N | None = None
    critical: N | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Below[N]:
        if self.warning is not None and self.critical is not None and self.warning <= self.critical:
            raise ValueError("the warning threshold must be above the critical one")
        return self

    def status(self, value: float) -> Status:
        """What this value amounts to."""
        if self.critical is not None and value <= self.critical:
            return Status.CRITICAL
        if self.warning is not None and value <= self.warning:
            return Status.WARNING
        return Status.OK


AnyThreshold = Above[float] | Above[int] | Below[float] | Below[int]


class Verdict:
    """Collects the findings of one run; the worst one is its status, and the message says the worst first."""

    __slots__ = ("_findings", "_run", "measurements")

    def __init__(self, run: Run) -> None:
        self._run = run
        self._findings: list[tuple[Status, str]] = []
        self.measurements: list[Measurement] = []

    def find(self, status: Status, message: str) -> None:
        """Add a finding that is not ok: a French phrase saying what was seen."""
        self._findings.append((status, message))
        self._run.note(f"{status}: {message}")

    def judge(self, threshold: AnyThreshold | None, value: float, what: str, say: Callable[[float], str]) -> None:
        """Hold a value against its threshold; `what` names it in French ("délai", "perte")."""
        if threshold is None:
            return
        status = threshold.status(value)
        if status is Status.OK:
            if self._run.trace is not None:
                self._run.note(f"ok: {what} {say(value)} is within {threshold}")
            return
        limit = threshold.critical if status is Status.CRITICAL else threshold.warning
        self.find(status, f"{what} {say(value)} (seuil {say(limit or 0)})")

    def result(self, ok_message: str) -> Result:
        """The whole run in one result; `unknown` only when nothing worse than ok is known."""
        if not self._findings:
            return Result(Status.OK, ok_message, tuple(self.measurements))
        self._findings.sort(key=_rank)  # stable: among equals, in the order they were found
        message = " ; ".join(message for _, message in self._findings)
        return Result(self._findings[0][0], message, tuple(self.measurements))


_WORST_FIRST = (Status.CRITICAL, Status.WARNING, Status.UNKNOWN)


def _rank(finding: tuple[Status, str]) -> int:
    return _WORST_FIRST.index(finding[0])
