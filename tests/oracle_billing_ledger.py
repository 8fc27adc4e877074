"""What the billing oracle makes of imports: which sondes were billable at any instant, by replaying every line.

Written from the text of the SPEC alone. What it leaves open, and the choice made here:

- Lines of one `t` about the same sonde: the later one says how it stands, whatever was before it.
- An event "known by its content" counts where it was first told.
- A line that an import brings late, before an earlier import, is replayed at its own place.
- A correction is absolute: not billable over [from, to), whatever is added inside it, even by a later import.
- A result tells the ledger nothing: only additions do. What the config alone has, and whether it calls a sonde
  billable, counts from when a daemon loads it (SPEC 5); an import only removes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Written = dict[str, Any]

ADDED, REMOVED, CORRECTED = "sonde-added", "sonde-removed", "sonde-correction"


@dataclass(frozen=True)
class Step:
    """One import, or the start of a daemon: when, what the config was, and what the file held."""

    at: int
    collectivites: tuple[Written, ...]
    lines: tuple[Written, ...] = ()
    basis: str = "subscribed"
    daemon: bool = False

    def account(self, name: str) -> Written | None:
        """A collectivité as its file has it."""
        return next((each for each in self.collectivites if each["collectivite"] == name), None)

    def sondes(self) -> dict[str, bool]:
        """The sondes of the config, and whether they are billable."""
        return {
            f"{each['collectivite']}/{machine['id']}/{sonde['id']}": sonde.get("billable", True)
            for each in self.collectivites
            for machine in each.get("equipment", ())
            for sonde in machine["sondes"]
        }


@dataclass(frozen=True)
class Entry:
    """A sonde is there from an instant on (and billable or not), or it is not there any more."""

    t: int
    sonde: str
    billable: bool | None  # None: removed


@dataclass(frozen=True)
class Correction:
    """A sonde that is not billable for a while."""

    sonde: str
    start: int
    end: int


class Ledger:
    """The life of every sonde, as a series of imports told it."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._entries: list[Entry] = []
        self._corrections: dict[str, list[Correction]] = {}
        known: set[tuple[Any, ...]] = set()
        for step in steps:
            for line in step.lines:
                content = _content(line)
                if content is not None and content not in known:
                    known.add(content)
                    self._tell(line)
            self._configure(step)

    def _tell(self, line: Mapping[str, Any]) -> None:
        sonde = line["sonde"]
        if line["event"] == CORRECTED:
            correction = Correction(sonde, second_of(line["from"]), second_of(line["to"]))
            self._corrections.setdefault(sonde, []).append(correction)
        else:
            billable = line.get("billable", True) if line["event"] == ADDED else None
            self._entries.append(Entry(second_of(line["t"]), sonde, billable))

    def _configure(self, step: Step) -> None:
        """What history left in place and the config lacks goes; what the config has comes or changes with a daemon."""
        there, wanted = self._present(step.at), step.sondes()
        self._entries += [Entry(step.at, sonde, None) for sonde in there if sonde not in wanted]
        changed = {sonde: is_so for sonde, is_so in wanted.items() if there.get(sonde) is not is_so}
        self._entries += [Entry(step.at, sonde, is_so) for sonde, is_so in changed.items() if step.daemon]

    def _present(self, at: int) -> dict[str, bool]:
        there: dict[str, bool] = {}
        for entry in self._in_order():
            if entry.t <= at:
                _take(there, entry)
        return there

    def _in_order(self) -> list[Entry]:
        return sorted(self._entries, key=lambda entry: entry.t)

    def collectivites(self) -> set[str]:
        """Every collectivité that ever had a sonde."""
        return {_owner(entry.sonde) for entry in self._entries}

    def instants(self, collectivite: str) -> set[int]:
        """Every instant at which the count of a collectivité may change."""
        corrections = [each for sonde in self._corrections.values() for each in sonde]
        return {entry.t for entry in self._entries if _owner(entry.sonde) == collectivite} | {
            edge for each in corrections if _owner(each.sonde) == collectivite for edge in (each.start, each.end)
        }

    def billable(self, collectivite: str, instants: Iterable[int]) -> Iterator[tuple[int, frozenset[str]]]:
        """The billable sondes of a collectivité at each of these instants, lines of that very instant included."""
        there: dict[str, bool] = {}
        waiting = [entry for entry in self._in_order() if _owner(entry.sonde) == collectivite][::-1]
        for instant in sorted(instants):
            while waiting and waiting[-1].t <= instant:
                _take(there, waiting.pop())
            yield instant, frozenset(s for s, is_so in there.items() if is_so and not self._corrected(s, instant))

    def _corrected(self, sonde: str, instant: int) -> bool:
        return any(each.start <= instant < each.end for each in self._corrections.get(sonde, ()))


def _take(there: dict[str, bool], entry: Entry) -> None:
    if entry.billable is None:
        there.pop(entry.sonde, None)
    else:
        there[entry.sonde] = entry.billable


def _content(line: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """By what a line of the ledger is known; None for a line of something else."""
    if line.get("event") not in (ADDED, REMOVED, CORRECTED):
        return None
    window = tuple(second_of(line[key]) for key in ("from", "to") if key in line)
    said = line.get("billable", True), line.get("service"), line.get("author"), line.get("reason")
    return (second_of(line["t"]), line["event"], line["sonde"], window, *said)


def _owner(sonde: str) -> str:
    return sonde.split("/")[0]


def second_of(text: str) -> int:
    """The whole second of an instant, truncated."""
    return int(datetime.fromisoformat(text).timestamp())
