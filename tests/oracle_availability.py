"""A brute-force oracle of SPEC section 5, one cell a second, and small random services to hold against it.

It is written from the text of the SPEC: no span, no sweep and no function of `supervisor.domain` but its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from probes.base import Status
from supervisor.domain.rule import Member, Piece, Rule, Truth

KINDS = ("maintenance", "force_majeure", "collectivite", "third_party")
START, END = 1000, 1040  # short, so that every kind of touching and overlapping happens often
PROPERTY = settings(max_examples=200, deadline=None)  # the time an example takes says nothing on a busy machine

Seconds = set[int]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A service over [START, END), with all that its figures depend on."""

    rule: Rule
    members: list[Member]
    unreachable_is_down: bool
    opening: list[tuple[int, int]]
    windows: dict[str, list[tuple[int, int]]]
    exclude: frozenset[str]


def seconds(spans: Sequence[tuple[int, int]]) -> Seconds:
    """Each second of some spans."""
    return {second for start, end in spans for second in range(start, end)}


def found_at(member: Member, second: int) -> tuple[Status, str] | None:
    """What a sonde showed at a second; None when it did not take part."""
    if not any(since <= second < until for since, until in member.spans):
        return None
    for piece in member.pieces:
        if piece.start <= second < piece.end:
            return piece.status, piece.cause
    return Status.UNKNOWN, "no data"


def truth_at(rule: Rule, members: Sequence[Member], second: int, unreachable_is_down: bool) -> Truth:
    """Try all that the unknown sondes may be: a truth that every try agrees on is known."""
    sondes = [found for member in members if (found := found_at(member, second)) is not None]
    if not sondes:
        return Truth.UNKNOWN
    tries: list[list[bool]] = [[]]
    for status, cause in sondes:
        if status in (Status.OK, Status.WARNING):
            may_be = [True]
        elif status is Status.CRITICAL or (unreachable_is_down and cause == "unreachable"):
            may_be = [False]
        else:
            may_be = [True, False]
        tries = [[*tried, up] for tried in tries for up in may_be]
    verdicts = {all(ups) if rule.need is None else sum(ups) >= rule.need for ups in tries}
    if len(verdicts) == 2:
        return Truth.UNKNOWN
    return Truth.UP if verdicts == {True} else Truth.DOWN


def count(case: Case, start: int = START, end: int = END) -> dict[str, Any]:
    """The figures of [start, end), by looking at each second."""
    opened = seconds(case.opening)
    under: Mapping[str, Seconds] = {kind: seconds(case.windows.get(kind, [])) for kind in KINDS}
    counts: dict[str, Any] = dict.fromkeys(
        ("open_s", "up_s", "excluded_s", "down_s", "unknown_s", "raw_down_s", "raw_unknown_s"), 0
    )
    counts["kinds"] = dict.fromkeys(KINDS, 0)
    for second in range(start, end):
        if second not in opened:
            continue
        counts["open_s"] += 1
        for kind in KINDS:
            counts["kinds"][kind] += second in under[kind]
        truth = truth_at(case.rule, case.members, second, case.unreachable_is_down)
        if truth is not Truth.UP:
            counts[f"raw_{truth}_s"] += 1
        excluded = any(second in under[kind] for kind in case.exclude)
        counts["excluded_s" if excluded else f"{truth}_s"] += 1
    return counts


def spans(most: int = 4) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Sorted, disjoint, not touching; some of them beyond the period."""
    edges = st.sets(st.integers(START - 5, END + 5), max_size=2 * most).map(sorted)
    return edges.map(lambda found: list(zip(found[::2], found[1::2], strict=False)))


@st.composite
def pieces(draw: st.DrawFn) -> list[Piece]:
    """A sonde's history: stretches that touch, or leave gaps."""
    now, history = START + draw(st.integers(-5, 15)), []
    for _ in range(draw(st.integers(0, 6))):
        length = draw(st.integers(1, 15))
        status = draw(st.sampled_from(Status))
        cause = draw(st.sampled_from(["unreachable", "check failed"])) if status is Status.UNKNOWN else ""
        history.append(Piece(now, now + length, status, cause))
        now += length + draw(st.sampled_from([0, 0, 0, 4]))
    return history


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any service."""
    taking_part = st.one_of(st.just([(START - 10, END + 10)]), spans())
    members = [
        Member(sonde=f"a/e/s{rank}", spans=draw(taking_part), pieces=draw(pieces()))
        for rank in range(draw(st.integers(0, 4)))
    ]
    kinds = draw(st.sets(st.sampled_from(KINDS), max_size=3))
    return Case(
        rule=draw(st.sampled_from([Rule.ALL, Rule.ANY, Rule.at_least(2), Rule.at_least(3)])),
        members=members,
        unreachable_is_down=draw(st.booleans()),
        opening=[(max(s, START), min(e, END)) for s, e in draw(spans()) if max(s, START) < min(e, END)],
        windows={kind: draw(spans(2)) for kind in sorted(kinds)},
        exclude=draw(st.frozensets(st.sampled_from(KINDS))),
    )
