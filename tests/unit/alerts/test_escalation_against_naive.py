"""Who is called over random stories of failures, turns and people, against a model written from SPEC 7 alone.

The model counts on its fingers: who has the turn at an instant, which steps are due, who was told. It reads no table.
What waits for the gap between two messages when somebody takes the incident in charge, or the turn changes hands, may
leave or not: the model says so, and what must be and what may be is held against what was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.store import outbox
from tests.unit.acts.stage import SITE, Stage, at
from tests.unit.alerts.test_against_naive import gather, result
from tests.unit.alerts.watch import ALICE, BRUNO, CHIEF, rota, step, watch

FIRST = at("03-02 09:00")
DAY_S = 86_400
GAP_S = 900  # the longest between two messages
MEMBERS = ("Alice", "Bruno")


@dataclass
class Opening:
    """One time that the site fails."""

    begun: int
    what: str
    left: list[tuple[int, str]]  # steps to come
    told: dict[str, int] = field(default_factory=dict)  # who learns of it for sure, and when they were told last
    perhaps: set[str] = field(default_factory=set)  # who does if it left in time
    read: set[str] = field(default_factory=set)  # who took over the turn while it lasted
    stopped: bool = False


@dataclass
class Naive:
    """Who is called."""

    steps: list[tuple[int, str]]
    must: Counter[tuple[str, str]] = field(default_factory=Counter)
    may: Counter[tuple[str, str]] = field(default_factory=Counter)
    replaced: list[tuple[int, int, str]] = field(default_factory=list)
    opening: Opening | None = None
    over_at: int | None = None
    incidents: int = 0
    holder: str = "Bruno"

    @property
    def number(self) -> str:
        """Of the latest incident."""
        return f"INC-2026-{self.incidents:06}"

    def on_call(self, now: int) -> str:
        """Whoever took the turn over last, else whose day it is."""
        for start, end, name in reversed(self.replaced):
            if start <= now < end:
                return name
        return MEMBERS[(now - FIRST) // DAY_S % 2]

    def look(self, now: int) -> None:
        """Turns change hands, then the steps that are due are taken."""
        holder = self.on_call(now)
        if holder != self.holder:
            self.must[self.holder, "turn astreinte over"] += 1
            self.must[holder, "turn astreinte begun"] += 1
            self.hand_over(holder, now)
            self.holder = holder
        opening = self.opening
        for delay, target in list(opening.left) if opening is not None and not opening.stopped else ():
            assert opening is not None
            if opening.begun + delay <= now:
                opening.left.remove((delay, target))
                self.tell(opening, target == "astreinte", delay, now)

    def tell(self, opening: Opening, rota: bool, delay: int, now: int) -> None:
        """One step, to whoever has the turn or to the chief."""
        name = self.holder if rota else "Chef"
        what = "escalated" if delay else opening.what
        self.must[name, f"{what} {self.number}"] += 1
        opening.told[name] = now

    def hand_over(self, holder: str, now: int) -> None:
        """What had no time to leave goes along."""
        opening = self.opening
        if opening is not None:
            opening.read.add(holder)
        if opening is not None and opening.told.get(self.holder, 0) > now - GAP_S:
            self.loosen(self.holder)
            for what in ("escalated", opening.what):
                self.may[holder, f"{what} {self.number}"] += 9
            opening.perhaps.add(holder)

    def loosen(self, name: str) -> None:
        """What somebody was to be told of this opening may not have left."""
        assert self.opening is not None
        for what in ("escalated", self.opening.what):
            key = name, f"{what} {self.number}"
            self.may[key] += self.must.pop(key, 0)
        self.opening.told.pop(name, None)
        self.opening.perhaps.add(name)

    def fails(self, now: int) -> None:
        """Again within half an hour is the same incident."""
        if self.opening is not None:
            return
        again = self.over_at is not None and now - self.over_at <= 1800
        self.incidents += not again
        self.opening = Opening(now, "reopened" if again else "opened", list(self.steps))

    def taken(self, now: int) -> None:
        """Somebody takes it in charge."""
        if self.opening is not None and not self.opening.stopped:
            self.opening.stopped = True
            for name in [name for name, when in self.opening.told.items() if when > now - GAP_S]:
                self.loosen(name)

    def recovers(self, now: int) -> None:
        """Told to whoever was told of this opening, or read that it lasts."""
        opening = self.opening
        if opening is None:
            return
        for name in opening.told.keys() | opening.read:
            self.must[name, f"recovered {self.number}"] += 1
        for name in opening.perhaps - opening.told.keys() - opening.read:
            self.may[name, f"recovered {self.number}"] += 1
        self.opening, self.over_at = None, now


ACT = st.sampled_from(["fails", "fails", "recovers", "taken", "comes", "waits", "waits"])
AFTER = st.sampled_from([5, 61, 400, 901, 1900, 7200, 40_000])
STORY = st.lists(
    st.tuples(AFTER, ACT, st.sampled_from(["syndicat/Chef", "syndicat/Bruno"]), st.sampled_from([600, 30_000])),
    max_size=14,
)
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 300, 900, 5000]), st.sampled_from(["astreinte", "syndicat/Chef"])),
    min_size=1,
    max_size=3,
    unique=True,
).map(lambda steps: sorted(steps, key=lambda one: one[0]))


def told(instant: int) -> str:
    """An instant, as an act is."""
    return datetime.fromtimestamp(instant, UTC).isoformat()


class Played:
    """One story, to Vigie and to the model."""

    def __init__(self, desk: Stage, steps: list[tuple[int, str]]) -> None:
        self.desk = desk
        self.naive = Naive(steps)
        self.now = at("03-06 08:00")  # a Friday, an hour before Bruno's day ends

    def look(self) -> None:
        """What may leave leaves, and arrives."""
        self.naive.look(self.now)
        gather(self.desk, self.now)
        self.desk.connection.execute("update message set state = 'sent', ended_at = made_at where state = 'waiting'")

    def passes(self, seconds: int) -> None:
        """As a daemon would, it looks when something is due."""
        end = self.now + seconds
        known = self.naive.opening
        for delay, _ in self.naive.steps:
            if known is not None and self.now < known.begun + delay < end:
                self.now = known.begun + delay
                self.look()
        self.now = end
        self.look()

    def does(self, act: str, by: str, seconds: int) -> None:
        """Something happens."""
        desk, now = self.desk, self.now
        desk.now = now
        if act == "fails":
            self.naive.fails(now)
            result(desk, SITE, "critical", now)
        elif act == "recovers":
            self.naive.recovers(now)
            result(desk, SITE, "ok", now)
        elif act == "taken" and self.naive.opening is not None:
            self.naive.taken(now)
            desk.act(("incident.ack", "incident.intervene")[seconds == 600], number=self.naive.number)
        elif act == "comes":
            self.naive.replaced.append((now, now + seconds, by.partition("/")[2]))
            desk.act("oncall.replace", rota="astreinte", by=by, **{"from": told(now)}, until=told(now + seconds))
        self.look()

    def ends(self) -> None:
        """All of it has left."""
        for _ in range(9):
            self.passes(GAP_S)
        read = self.arrived()
        assert not self.naive.must - read, f"missing: {self.naive.must - read}"
        assert not read - self.naive.must - self.naive.may, f"too much: {read - self.naive.must - self.naive.may}"
        for name, what in read:
            if what.startswith("recovered"):
                number = what.split(" ")[1]
                learnt = [f"{kind} {number}" for kind in ("opened", "reopened", "escalated")]
                assert any(read[name, each] for each in (*learnt, "turn astreinte begun"))

    def arrived(self) -> Counter[tuple[str, str]]:
        """Who was told what, as the model says it."""
        found: Counter[tuple[str, str]] = Counter()
        for message in outbox.undelivered_or_since(self.desk.connection, FIRST):
            name = message.body.subject.partition(" ")[2]
            for said in message.body.text.split("; "):
                words = said.split(" ")
                found[name, " ".join(words if words[0] == "turn" else words[:2])] += 1
        return found


@given(STEPS, STORY)
@settings(max_examples=30, deadline=None)
def test_who_has_the_turn_is_called_then_the_chief_until_somebody_comes(
    steps: list[tuple[int, str]], story: list[tuple[int, str, str, int]]
) -> None:
    people = [seed._replace(phone=None) for seed in (ALICE, BRUNO, CHIEF)]
    with watch(*(step(delay, target) for delay, target in steps), on_call=rota(days=1), people=tuple(people)) as desk:
        desk.connection.execute("delete from notice where message is not null")
        desk.connection.execute("delete from message")
        played = Played(desk, steps)
        for after, *act in story:
            played.passes(after)
            played.does(*act)
        played.ends()
