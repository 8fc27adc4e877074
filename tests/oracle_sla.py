"""A brute-force oracle of `vigie sla --json`: SPEC sections 4, 5 and 6, one cell a second, slow and obviously right.

It was written from the text of the SPEC alone, without reading the code it is there to check. What a configuration
and a file of history mean is in `oracle_sla_history.py`, calendars are in `oracle_sla_calendar.py`, incidents and
their clocks in `oracle_sla_gti.py`, states in `oracle_states.py`. Here, every second of a service is painted, and the
paint is counted.

What the SPEC leaves open in section 5, and the choice made here:

- `kinds` counts the union of each kind by itself, whether or not `sla.exclude` names it: a second under two kinds is in
  both, so that the kinds may add up to more than `excluded_s`.
- A maintenance counts as the kind `maintenance` only if it was announced strictly before its start; an announcement
  that comes late counts for none of it, the part still to come included. An exclusion of the kind `maintenance` is held
  to the same rule.
- "A sonde of it": what the config says, whatever was removed or moved since.
- Nothing left to judge (the bounds are null) and a target: `undetermined`.
- Several contracts: each of them, from `since` on. `until` is the end of the period, or now if that comes first.
- "Unreachable" is the cause of a second that an unreachable result holds, up to its stale_after; with
  `when_unreachable: down`, such a sonde counts as critical in the rule.
- `raw_availability` is the first formula with E empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from tests.oracle_sla_calendar import Axis, chunks, period
from tests.oracle_sla_gti import announced, gti_lines
from tests.oracle_sla_history import Life, Line, Service, World, lives, second_of

KINDS = ("maintenance", "force_majeure", "collectivite", "third_party")


class Oracle:
    """One configuration and one file of history, imported at `now` and looked at in the same second."""

    def __init__(self, world: World, lines: Sequence[Line], now: int) -> None:
        self._world = world
        # "An event is known by its content": said twice, it happened once.
        self._lines = [line for place, line in enumerate(lines) if line not in lines[:place] or "event" not in line]
        self._now = now
        self._lives = lives(world, self._lines, now)

    def sla(self, asked: str) -> dict[str, Any]:
        """What `vigie sla --period ASKED --json` says, with instants as POSIX seconds and ratios as fractions."""
        start, end = period(asked, self._world.zone)
        return {
            "period": asked,
            "until": min(end, self._now),
            "services": [self._figures(service, start, min(end, self._now)) for service in self._world.services],
            "gti": gti_lines(self._world, self._lives, self._lines, (start, end), self._now),
        }

    def _figures(self, service: Service, start: int, end: int) -> dict[str, Any]:
        kinds = self._kinds(service)
        total = Ledger()
        for axis in chunks(start, end):
            total.add(axis, self._painted(service, axis), {k: axis.spans(w) for k, w in kinds.items()}, self._left_out)
        target = self._world.sla["target"]
        measured = total.open - total.excluded
        return {
            "collectivite": service.collectivite,
            "service": service.id,
            "target": target,
            "open_s": total.open,
            "excluded_s": total.excluded,
            "down_s": total.down,
            "unknown_s": total.unknown,
            "kinds": total.kinds,
            "availability": _but(total.down, measured - total.unknown),
            "low": _but(total.down + total.unknown, measured),
            "high": _but(total.down, measured),
            "verdict": _verdict(target, total.down, total.unknown, measured),
            "raw_availability": _but(total.raw_down, total.open - total.raw_unknown),
        }

    @property
    def _left_out(self) -> tuple[str, ...]:
        return tuple(self._world.sla["exclude"])

    def _kinds(self, service: Service) -> dict[str, list[tuple[int, int]]]:
        """The time of each kind that holds for a service."""
        found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
        found["maintenance"] = list(announced(self._world, self._lines)[service.name])
        for line in self._lines:
            if line.get("event") == "exclusion" and service.name in self._world.touched(line):
                window = second_of(line["start"]), second_of(line["end"])
                if line["kind"] != "maintenance" or second_of(line["t"]) < window[0]:
                    found[line["kind"]].append(window)
        return found

    def _painted(self, service: Service, axis: Axis) -> tuple[int, int, int]:
        """Contracted opening seconds, those the rule calls down, and those it cannot tell."""
        contracted = service.calendar.open(axis) & axis.spans(service.promised)
        taking_part = [
            life
            for sonde, its_lives in self._lives.items()
            for life in its_lives
            if life.service == service.name or sonde in service.uses
        ]
        up, down = _ruled(service, taking_part, axis)
        return contracted, contracted & down, contracted & ~down & ~up


@dataclass
class Ledger:
    """Seconds counted so far."""

    open: int = 0
    excluded: int = 0
    down: int = 0
    unknown: int = 0
    raw_down: int = 0
    raw_unknown: int = 0
    kinds: dict[str, int] | None = None

    def add(self, axis: Axis, painted: tuple[int, int, int], kinds: dict[str, int], left_out: Iterable[str]) -> None:
        """Count the cells of a piece of the period."""
        contracted, down, unknown = painted
        excluded = 0
        for kind in left_out:
            excluded |= kinds[kind] & contracted
        before = self.kinds or dict.fromkeys(KINDS, 0)
        self.kinds = {kind: before[kind] + (kinds[kind] & contracted).bit_count() for kind in KINDS}
        self.open += contracted.bit_count()
        self.excluded += excluded.bit_count()
        self.down += (down & ~excluded).bit_count()
        self.unknown += (unknown & ~excluded).bit_count()
        self.raw_down += down.bit_count()
        self.raw_unknown += unknown.bit_count()


def _ruled(service: Service, taking_part: Sequence[Life], axis: Axis) -> tuple[int, int]:
    """The seconds the rule calls up, and those it calls down."""
    bad = ("critical", "unreachable") if service.down_when_unreachable else ("critical",)
    there = [axis.span(life.start, life.end) for life in taking_part]
    ups = [life.cells(axis, "ok", "warning") for life in taking_part]
    downs = [life.cells(axis, *bad) for life in taking_part]
    not_up = [there & ~up for there, up in zip(there, ups, strict=True)]
    could_be_up = [there & ~down for there, down in zip(there, downs, strict=True)]
    somebody = _at_least(1, there)
    if service.rule == "all":
        return somebody & ~_at_least(1, not_up), _at_least(1, downs)
    if service.rule == "any":
        return _at_least(1, ups), somebody & ~_at_least(1, could_be_up)
    k = service.rule["at_least"]
    return _at_least(k, ups), somebody & ~_at_least(k, could_be_up)


def _at_least(k: int, sets: Sequence[int]) -> int:
    """The seconds that are in k of these sets."""
    found = 0
    for chosen in combinations(sets, k):
        together = chosen[0]
        for one in chosen[1:]:
            together &= one
        found |= together
    return found


def _but(lost: int, of: int) -> Fraction | None:
    return 1 - Fraction(lost, of) if of else None


def _verdict(target: float | None, down: int, unknown: int, measured: int) -> str | None:
    if target is None:
        return None
    low, high, promised = _but(down + unknown, measured), _but(down, measured), Fraction(str(target))
    if low is None or high is None:
        return "undetermined"
    if low >= promised:
        return "met"
    return "missed" if high < promised else "undetermined"
