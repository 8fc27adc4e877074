"""Counting against a recount by plain sets: a ledger of 100,000 lines, walked instant by instant. SPEC 8."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import pytest

from supervisor.domain.counting import Census, count, lives
from supervisor.domain.ledger import Correction, Event, LedgerEvent

EVENTS = 100_000
CORRECTIONS = 2_000
DAY_S = 86_400
MONTHS = [n * 30 * DAY_S + n // 3 * 3600 for n in range(37)]  # some last an hour more
NOW = MONTHS[-1] - 11 * DAY_S  # the last of them is running
CONTRACT = [(MONTHS[3] + 5 * DAY_S, MONTHS[7]), (MONTHS[7] + 1, MONTHS[7] + 2), (MONTHS[9], MONTHS[20] + 40_000)]
CONTRACT += [(MONTHS[30] + 7, NOW + 90 * DAY_S)]


@dataclass
class Ledger:
    """Lines in order, and corrections."""

    events: list[LedgerEvent] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)


def ledger(seed: int, sondes: int) -> Ledger:
    """Sondes that come, go and change, often several in one instant or at the edge of a month; most are there."""
    rng = random.Random(seed)
    instants = sorted(_instant(rng) for _ in range(EVENTS // 2))
    kinds = [Event.ADDED] * 5 + [Event.CHANGED] + [Event.REMOVED] * 4
    made, t = Ledger(), instants[0]
    there: set[str] = set()
    for number in range(EVENTS):
        t = instants[number // 2] if rng.random() < 0.7 else t
        name = f"c/e/{rng.randrange(sondes)}"
        kind = rng.choice(kinds)
        if kind is Event.CHANGED and name not in there:
            kind = Event.ADDED
        there = there - {name} if kind is Event.REMOVED else there | {name}
        about = {"billable": rng.random() < 0.95, "paused": rng.random() < 0.1}
        made.events.append(LedgerEvent(t=t, event=kind, sonde=name, source="import", **about))  # type: ignore[arg-type]
    for _ in range(CORRECTIONS):
        start = _instant(rng)
        end = start + rng.choice([1, 3600, 9 * DAY_S, 60 * DAY_S])
        name = f"c/e/{rng.randrange(sondes)}"
        about_it = {"author": "A", "reason": "B", "source": "live"}
        made.corrections.append(Correction(t=NOW, sonde=name, start=start, end=end, **about_it))  # type: ignore[arg-type]
    return made


def _instant(rng: random.Random) -> int:
    edge = rng.choice([*MONTHS[:-1], CONTRACT[1][0], CONTRACT[2][1]]) + rng.choice([0, 0, 1, -1, DAY_S])
    return edge if rng.random() < 0.1 and 0 <= edge < NOW else rng.randrange(NOW)


@dataclass
class Month:
    """What was seen of a month."""

    counts: list[int] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)
    sonde_seconds: int = 0
    distinct: set[str] = field(default_factory=set)


def recount(made: Ledger) -> tuple[dict[int, Month], dict[int, int]]:
    """Every month by its start, and how many were counted at every instant, with nothing but sets."""
    lines: dict[int, list[LedgerEvent]] = defaultdict(list)
    begun: dict[int, list[str]] = defaultdict(list)
    over: dict[int, list[str]] = defaultdict(list)
    for event in made.events:
        lines[event.t].append(event)
    for each in made.corrections:
        begun[each.start].append(each.sonde)
        over[each.end].append(each.sonde)
    edges = {edge for span in CONTRACT for edge in span}
    instants = sorted(t for t in {*lines, *begun, *over, *edges, *MONTHS[:-1]} if t < NOW)
    months: dict[int, Month] = {}
    counted: dict[int, int] = {}
    billable: set[str] = set()
    corrected: Counter[str] = Counter()
    for instant, following in pairwise([*instants, NOW]):
        for event in lines.get(instant, ()):
            off = event.event is Event.REMOVED or not event.billable
            (billable.discard if off else billable.add)(event.sonde)
        corrected.update(begun.get(instant, ()))
        corrected.subtract(over.get(instant, ()))
        seen = billable.difference(name for name, times in corrected.items() if times > 0)
        if instant in MONTHS:
            month = months[instant] = Month()
        month = months[max(months)]
        month.counts.append(len(seen))
        if any(start <= instant < end for start, end in CONTRACT):
            month.inside.append(len(seen))
        month.sonde_seconds += len(seen) * (following - instant)
        month.distinct |= seen
        counted[instant] = len(seen)
    return months, counted


@pytest.mark.parametrize(("seed", "sondes"), [(1, 120), (2, 400)])
def test_every_month_of_a_ledger_of_100_000_lines(seed: int, sondes: int) -> None:
    """Peak, first, last, mean, distinct and billed of 36 months, and the count at every instant of three years."""
    made = ledger(seed, sondes)
    months, counted = recount(made)
    census = Census(lives(made.events, made.corrections))
    assert {instant: census.at(instant) for instant in counted} == counted
    assert len({month.counts[0] for month in months.values()}) > 5
    for start, end in pairwise(MONTHS):
        month, until = months[start], min(end, NOW)
        found = count(census, CONTRACT, start, end, NOW)
        assert (found.peak, found.first, found.last) == (max(month.counts), month.counts[0], month.counts[-1])
        assert (found.mean, found.distinct) == (Fraction(month.sonde_seconds, until - start), len(month.distinct))
        assert found.under_contract == any(first < end and start < last for first, last in CONTRACT)
        assert found.inside.most == max(month.inside, default=0)
        pools = max(2, -(-max(month.inside, default=0) // 50)) if found.under_contract else 0
        assert found.billed == 50 * pools
