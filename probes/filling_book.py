"""What a check knows of the dates at which volumes fill: a book that the application keeps, thresholds, words.

The application works paces out of weeks of measurements; a check only asks the book, and holds the answer against what
it has just read: after a clean-up the date moves at the very next run.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator

from probes.base import Measurement, Run, Status
from probes.filling import HORIZON_S, Filling, Pace, filling
from probes.settings import Seconds
from probes.threshold import Below, Verdict
from probes.units import say_duration

OF = "disk"  # the type of sonde whose volumes these are
MEASURES = ("full_in_seconds", "full_in_low_seconds", "full_in_high_seconds")
RELIEF = 1.25  # an alarm ends when the date is so much farther than its threshold: estimates move a little every day
_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet",
           "août", "septembre", "octobre", "novembre", "décembre")  # fmt: skip


def _plain(value: Any) -> Any:
    return {"critical": value} if isinstance(value, str | int | float) else value


def _reached(within: Below[float]) -> Below[float]:
    """A threshold that no date can reach would be silent, and look like a watch that is kept."""
    given = [limit for limit in (within.warning, within.critical) if limit is not None]
    if not given:
        raise ValueError("no time is given; write it like 7d, or {warning: 30d, critical: 7d}")
    if not all(0 < limit <= HORIZON_S for limit in given):
        raise ValueError("dates are told for a year ahead; write more than 0 and at most 365d")
    return within


# `{warning: 30d, critical: 7d}`, or `7d` alone, which is critical.
Within = Annotated[
    Below[Seconds],
    BeforeValidator(_plain, json_schema_input_type=Below[Seconds] | Seconds),
    AfterValidator(_reached),
]


class FillingBook:
    """The pace of each volume of each sonde. The application owns it, fills it, and provides it to the checks."""

    def __init__(self) -> None:
        self._paces: dict[str, Mapping[str, Pace]] = {}
        self._raised: dict[tuple[str, str], Status] = {}
        self._resumed: dict[str, Status] = {}

    @classmethod
    def open(cls) -> Self:
        """An empty book: no volume has a date."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    def tell(self, sonde: str, paces: Mapping[str, Pace]) -> None:
        """These volumes of the sonde have a trend; no other has."""
        if paces:
            self._paces[sonde] = paces
        else:
            self._paces.pop(sonde, None)

    def resume(self, sonde: str, status: Status) -> None:
        """The state that an earlier process left the sonde in: its alarm, if it was one of ours, does not end early."""
        self._resumed[sonde] = status

    def resumed(self, sonde: str) -> bool:
        """Was it in trouble when an earlier process ended?"""
        return sonde in self._resumed

    def forget(self, sonde: str) -> None:
        """The sonde was removed."""
        self._paces.pop(sonde, None)
        self._resumed.pop(sonde, None)
        self._raised = {key: status for key, status in self._raised.items() if key[0] != sonde}

    def paces(self, sonde: str) -> Mapping[str, Pace]:
        """The volumes that have a trend."""
        return self._paces.get(sonde, {})

    def judge(self, sonde: str, mount: str, threshold: Below[float] | None, left_s: float | None) -> Status:
        """What the time that is left amounts to. An alarm once raised ends only when there is clearly more of it."""
        before = self._raised.get((sonde, mount), self._resumed.get(sonde, Status.OK))
        status = Status.OK
        if threshold is not None and left_s is not None:
            # Less time than there is, as far as an alarm that stands is concerned.
            relieved = threshold.status(left_s / RELIEF)
            status = max(threshold.status(left_s), min(relieved, before, key=_gravity), key=_gravity)
        if status is Status.OK and sonde not in self._resumed:
            self._raised.pop((sonde, mount), None)  # few volumes are in trouble
        else:
            self._raised[sonde, mount] = status
        return status


class Told(NamedTuple):
    """A date as told to people."""

    left_s: float
    said: str
    found: bool  # it is among the findings


def judge_filling(
    verdict: Verdict,
    sonde: str,
    mount: str,
    space: tuple[float, float],
    threshold: Below[float] | None,
    run: Run,
) -> Told | None:
    """Hold a volume's date against its threshold, and measure it. `space`: bytes used, and bytes in all.

    Gives the date in French, and whether it became a finding.
    """
    book = run.shared.use(FillingBook)
    pace = book.paces(sonde).get(mount)
    found = filling(pace, run.at, *space) if pace is not None else None
    left_s = found.full_at - run.at if found is not None else None
    status = book.judge(sonde, mount, threshold, left_s)
    if found is None or left_s is None:
        return None
    labels = (("mount", mount),)
    for name, instant in zip(MEASURES, found, strict=True):
        verdict.measurements.append(Measurement(name, instant - run.at, labels))
    said = say_filling(found, run.at)
    if threshold is None or status is Status.OK:
        return Told(left_s, said, found=False)
    limit = (threshold.critical if status is Status.CRITICAL else threshold.warning) or 0.0
    until = f", jusqu'à {say_duration(limit * RELIEF)}" if left_s > limit else ""  # an alarm that stands
    verdict.find(status, f"{said} : dans {say_duration(left_s)} (seuil {say_duration(limit)}{until})")
    return Told(left_s, said, found=True)


def _gravity(status: Status) -> int:
    return status.severity if status is not Status.UNKNOWN else 0


def say_filling(found: Filling, at: float) -> str:
    """For a French sentence: "plein vers le 12 décembre (entre le 9 et le 18)"."""
    full, first, last = (_Day.of(instant) for instant in found)
    year = _Day.of(at).year
    said = f"plein vers le {full.say(year)}"
    if first == last:
        return said
    if (first.month, first.year) == (last.month, last.year):
        return f"{said} (entre le {first.ordinal} et le {last.ordinal if last.month == full.month else last.say(year)})"
    return f"{said} (entre le {first.say(year)} et le {last.say(year)})"


class _Day(NamedTuple):
    number: int
    month: int
    year: int

    @classmethod
    def of(cls, instant: float) -> Self:
        told = datetime.fromtimestamp(instant, UTC)
        return cls(told.day, told.month, told.year)

    @property
    def ordinal(self) -> str:
        return "1er" if self.number == 1 else str(self.number)

    def say(self, present_year: int) -> str:
        year = f" {self.year}" if self.year != present_year else ""
        return f"{self.ordinal} {_MONTHS[self.month - 1]}{year}"
