"""Incidents, from what is known of a sonde: SPEC 6. Pure, so that live, imported and recomputed are one thing.

An incident is a story of openings (reopenings within the grace join it); each opening has one GTI line per service
that counts the sonde. Stories are always *derived* from facts that are stored for ever: the spells of confirmed
trouble, the maintenance announced, the steps that people took. A fact learnt late (an ancestor that turns out to have
been down, a maintenance imported afterwards) therefore changes the story, never leaves it contradicting the history.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from supervisor.domain.interval import Spans, holds

GRACE_S = 1800  # the same sonde failing again so soon, this second included, reopens its incident

ServiceKey = tuple[str, str]  # collectivité, service


class StepKind(StrEnum):
    """What a person does to an incident. Stored for ever: never change a string."""

    ACKNOWLEDGE = "acknowledge"  # "vu"
    INTERVENTION = "intervention"  # "j'interviens": stops the clock
    SUSPEND = "suspend"
    RESUME = "resume"
    RESTORED = "restored"
    CAUSE = "cause"
    CLOSE = "close"
    COMMENT = "comment"
    MERGE = "merge"


CAUSES = ("collectivite", "third_party", "force_majeure", "operator")
OWN_FAULT = "collectivite"  # the collectivité's own: the GTI does not apply


class Spell(NamedTuple):
    """Confirmed trouble of one sonde: from the confirming result to the first one below; None while it lasts."""

    start: int
    end: int | None


class Step(NamedTuple):
    """One step of a person on an incident."""

    t: int
    kind: StepKind
    text: str = ""  # reason, cause or comment
    story: int | None = None  # the incident it was taken on, by its key; None: the latest as of `t`


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """An incident that a person reported, as entered."""

    t: int
    collectivite: str
    service: str | None  # None: all of the collectivité
    message: str
    author: str
    ref: str | None = None  # of an imported one
    digest: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A step as an imported file has it: on the incident of a `ref`, or on the latest of a `sonde`."""

    t: int
    kind: StepKind
    text: str
    author: str
    ref: str | None
    sonde: str | None
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """The GTI clock of one service in one opening. Calendars do not matter here: see `gti`."""

    service: ServiceKey
    start: int
    stop: int | None  # first intervention or end of the trouble; None while it runs
    suspensions: tuple[tuple[int, int | None], ...] = ()  # within [start, stop]; None: still open


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """One time that the incident was open."""

    at: int
    spell: Spell
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One incident, as the facts tell it."""

    key: int  # instant at which its first spell was confirmed: with the sonde, what it is known by
    openings: tuple[Opening, ...]
    cause: str | None
    closed_at: int | None
    acknowledged_at: int | None  # of the latest opening
    intervened_at: int | None  # likewise

    @property
    def opened_at(self) -> int:
        """When it first opened."""
        return self.openings[0].at

    @property
    def restored_at(self) -> int | None:
        """When the trouble of the latest opening ended; None while it lasts."""
        return self.openings[-1].spell.end

    @property
    def applicable(self) -> bool:
        """Does the GTI apply? Not when the cause is the collectivité's own."""
        return self.cause != OWN_FAULT


# When the lines of a spell start, by service; under None for a sonde that no service counts. Empty: it opens nothing.
Begins = Callable[[Spell], Mapping[ServiceKey | None, int]]


def tell(spells: Iterable[Spell], begins: Begins, steps: Sequence[Step], grace_s: int = GRACE_S) -> list[Story]:
    """The incidents of one sonde, in order of time.

    1. Each spell that opens something joins the story before it if that was restored at most `grace_s` ago and not
       closed; else it begins a story of its own.
    2. Each opening takes the steps from its beginning to the next one's.
    """
    steps = sorted(steps, key=lambda step: step.t)
    chains: list[list[tuple[int, Spell, Mapping[ServiceKey | None, int]]]] = []
    for spell in sorted(spells):
        starts = begins(spell)
        if not starts:
            continue
        opened = min(starts.values())
        if chains and _joins(chains[-1], opened, steps, grace_s):
            chains[-1].append((opened, spell, starts))
        else:
            chains.append([(opened, spell, starts)])
    stories = []
    for index, chain in enumerate(chains):
        until = chains[index + 1][0][0] if index + 1 < len(chains) else None
        stories.append(_story(chain, _steps_of(chain, until, steps)))
    return stories


def report(at: int, services: Collection[ServiceKey], steps: Sequence[Step]) -> Story:
    """The incident that a person reported at `at`: only people restore or close it, which ends its trouble."""
    steps = sorted(steps, key=lambda step: step.t)
    end = next((step.t for step in steps if step.kind in (StepKind.RESTORED, StepKind.CLOSE)), None)
    starts: dict[ServiceKey | None, int] = dict.fromkeys(sorted(services), at)
    return _story([(at, Spell(at, end), starts)], steps)


def _joins(
    chain: list[tuple[int, Spell, Mapping[ServiceKey | None, int]]], opened: int, steps: Sequence[Step], grace_s: int
) -> bool:
    restored = chain[-1][1].end
    if restored is None or opened - restored > grace_s:
        return False
    return not any(step.kind is StepKind.CLOSE for step in _steps_of(chain, opened, steps) if step.t <= opened)


def _steps_of(
    chain: list[tuple[int, Spell, Mapping[ServiceKey | None, int]]], until: int | None, steps: Sequence[Step]
) -> list[Step]:
    """The steps on this story: those taken on it, and those on "the latest" while it was the latest."""
    key, opened = chain[0][1].start, chain[0][0]
    return [
        step
        for step in steps
        if step.story == key or (step.story is None and opened <= step.t and (until is None or step.t < until))
    ]


def _story(chain: list[tuple[int, Spell, Mapping[ServiceKey | None, int]]], steps: list[Step]) -> Story:
    openings = []
    for index, (opened, spell, starts) in enumerate(chain):
        until = chain[index + 1][0] if index + 1 < len(chain) else None
        own = [step for step in steps if opened <= step.t and (until is None or step.t < until)]
        lines = (_line(service, start, spell.end, own) for service, start in starts.items() if service is not None)
        openings.append(Opening(at=opened, spell=spell, lines=tuple(lines)))
    causes = [step.text for step in steps if step.kind is StepKind.CAUSE]
    latest = [step for step in steps if step.t >= chain[-1][0]]
    return Story(
        key=chain[0][1].start,
        openings=tuple(openings),
        cause=causes[-1] if causes else None,
        closed_at=_first(steps, StepKind.CLOSE),
        acknowledged_at=_first(latest, StepKind.ACKNOWLEDGE),
        intervened_at=_first(latest, StepKind.INTERVENTION),
    )


def _first(steps: Iterable[Step], kind: StepKind) -> int | None:
    return next((step.t for step in steps if step.kind is kind), None)


def _line(service: ServiceKey, start: int, end: int | None, steps: Sequence[Step]) -> Line:
    """The clock of one service: stopped by the first intervention or by the end of the trouble."""
    steps = [step for step in steps if step.t >= start]
    stops = [t for t in (end, _first(steps, StepKind.INTERVENTION)) if t is not None]
    stop = min(stops, default=None)
    suspensions: list[tuple[int, int | None]] = []
    for step in steps:
        if stop is not None and step.t >= stop:
            break  # after the stop a step is journal only
        is_open = bool(suspensions) and suspensions[-1][1] is None
        if step.kind is StepKind.SUSPEND and not is_open:
            suspensions.append((step.t, None))
        elif step.kind is StepKind.RESUME and is_open:
            suspensions[-1] = (suspensions[-1][0], step.t)
    if suspensions and suspensions[-1][1] is None:
        suspensions[-1] = (suspensions[-1][0], stop)
    return Line(service=service, start=start, stop=stop, suspensions=tuple(suspensions))


def line_start(spell: Spell, announced: Spans, shown: Callable[[], Spans], now: int) -> int | None:
    """When the line of a service with this announced maintenance starts for this spell; None: it does not (yet).

    At the confirmation; if that falls into maintenance, at the first instant from its end on at which the sonde shows
    the trouble and no maintenance goes on. `shown` gives when it did, and is asked only then.
    """
    at: int | None = spell.start
    while at is not None:
        window = holds(announced, at)
        if window is None:
            break
        at = next((max(start, window[1]) for start, end in shown() if end > window[1]), None)
    if at is None or at > now or (spell.end is not None and at >= spell.end):
        return None
    return at
