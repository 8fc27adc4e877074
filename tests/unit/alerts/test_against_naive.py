"""Who was told what, over random stories, against a model written from SPEC 7 and the ADR alone.

The model keeps a list of what each person knows by each channel; it reads no table and asks no code of Vigie.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.base import Status
from supervisor.alerts.gathering import Gathering
from supervisor.domain.alerting import Channel
from supervisor.domain.contact import Seed
from supervisor.store import outbox
from supervisor.store.batch import Batch
from tests.unit.acts.stage import LINK, SITE, Stage, at, stage
from tests.unit.alerts.wires import words
from tests.unit.builders import sonde

BEGAN = at("03-06 09:00")
GRACE_S = 1800
RANK = {"warning": 1, "critical": 2}
Reader = tuple[str, str]  # name and channel
Person = tuple[str, str | None, str | None]  # whose, and from which severity on by mail and by SMS


@dataclass
class Trouble:
    """One sonde's incident, as people would tell it."""

    number: str
    since: str  # how bad it is: warning or critical
    over_at: int | None = None
    announced: Counter[Reader] = field(default_factory=Counter)  # who is to learn of this opening


@dataclass
class Naive:
    """Who is told what."""

    warned: bool
    people: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    told: Counter[tuple[Reader, str]] = field(default_factory=Counter)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    count: int = 0
    taken_back: Counter[tuple[Reader, str, str]] = field(default_factory=Counter)  # told only if there was time to

    def concerned(self, how_bad: str) -> set[Reader]:
        """Whose commune it is, and the operator; from the severity on that they asked for."""
        found = set()
        for commune, name, mail, sms in self.people:
            if commune not in ("exemple", "syndicat"):
                continue
            for channel, since in (("mail", mail), ("sms", sms)):
                if since is not None and RANK[since] <= RANK[how_bad]:
                    found.add((name, channel))
        return found

    def lasts(self, name: str) -> bool:
        """Is it in trouble?"""
        return name in self.troubles and self.troubles[name].over_at is None

    def cut(self, now: int, looked: bool) -> None:
        """The site fails, and it turns out at once to be its link: who was told of the one is told that it was none."""
        known = self.troubles.get(SITE)
        again = known is not None and known.over_at is not None and now - known.over_at <= GRACE_S
        if not again:
            self.count += 1
        number = known.number if again and known is not None else f"INC-2026-{self.count:06}"
        for reader in self.concerned("critical"):
            self.taken_back[reader, "reopened" if again else "opened", number] += looked
        self.shows(LINK, "critical", now)

    def shows(self, name: str, status: str, now: int) -> None:
        """A sonde is found like that; behind a dead link nothing is found of the site."""
        if name == SITE and self.lasts(LINK):
            return
        lowest = 1 if self.warned and name == SITE else 2
        bad = RANK.get(status, 0) >= lowest
        trouble = self.troubles.get(name)
        lasting = trouble is not None and trouble.over_at is None
        if bad and trouble is not None and not lasting and now - (trouble.over_at or 0) <= GRACE_S:
            trouble.over_at, trouble.since = None, status
            trouble.announced = Counter(self.concerned(status))
            self.tell(trouble, "reopened", trouble.announced)
        elif bad and not lasting:
            self.count += 1
            trouble = self.troubles[name] = Trouble(f"INC-2026-{self.count:06}", status)
            trouble.announced = Counter(self.concerned(status))
            self.tell(trouble, "opened", trouble.announced)
        elif bad and trouble is not None and RANK[status] > RANK[trouble.since]:
            trouble.since = status
            worse = Counter(self.concerned(status))
            trouble.announced |= worse
            self.tell(trouble, "worsened", worse)
        elif not bad and lasting and trouble is not None:
            trouble.over_at = now
            self.tell(trouble, "recovered", trouble.announced)

    def tell(self, trouble: Trouble, what: str, readers: Counter[Reader]) -> None:
        """They are told it, now or with what comes next."""
        for reader in readers:
            self.told[reader, f"{what} {trouble.number}"] += 1


PERSON = st.tuples(
    st.sampled_from(["exemple", "exemple", "autre", "syndicat"]),
    st.sampled_from([None, "warning", "critical"]),
    st.sampled_from([None, "warning", "critical"]),
)
STEP = st.one_of(
    st.tuples(
        st.just("shows"),
        st.sampled_from([SITE, SITE, LINK]),
        st.sampled_from(["ok", "warning", "critical"]),
    ),
    st.tuples(st.just("comes"), PERSON),
    st.tuples(st.just("cut"), st.booleans()),
    st.tuples(st.just("look")),
)
STORY = st.lists(st.tuples(st.sampled_from([1, 20, 61, 400, 1800, 1801, 5000]), STEP), max_size=25)


def gather(desk: Stage, now: int) -> None:
    """What may leave by then leaves."""
    gathering = Gathering(promises=desk.promises, compose=words, channels=frozenset({"mail", "sms"}), public_url=None)
    desk.connection.execute("begin immediate")
    gathering.gather(desk.connection, now)
    desk.connection.execute("commit")


def arrange(desk: Stage, warned: bool) -> None:
    """The site hangs behind its link, and may open incidents at a warning."""
    opens = Status.WARNING if warned else Status.CRITICAL
    desk.promises = replace(desk.promises, warned=frozenset({SITE}) if warned else frozenset())
    known = {name: sonde(name, attempts=1, stale_after_s=10**7) for name in (SITE, LINK)}
    known[SITE] = replace(known[SITE], incident_from=opens, parent=LINK)
    desk._judge.configure(known, ())


def arrived(desk: Stage) -> Counter[tuple[Reader, str]]:
    """To whom, by what, and what."""
    found: Counter[tuple[Reader, str]] = Counter()
    for message in outbox.undelivered_or_since(desk.connection, 0):
        channel, _, name = message.body.subject.partition(" ")
        for fact in message.body.text.split("; "):
            what, number, _ = fact.split(" ")
            found[(name, channel), f"{what} {number}"] += 1
    return found


class Played:
    """One story, played to Vigie and to the model."""

    def __init__(self, desk: Stage, warned: bool) -> None:
        self.desk = desk
        self.naive = Naive(warned)
        self.now = BEGAN
        arrange(desk, warned)
        for name in (SITE, LINK):
            result(desk, name, "ok", self.now)

    def comes(self, person: Person) -> None:
        """Somebody is there to be told from now on."""
        name = f"p{len(self.naive.people)}"
        commune, mail, sms = person
        self.naive.people.append((commune, name, mail, sms))
        seed = Seed(commune, name, f"{name}@{commune}.fr", "+33600000001", mail, sms)
        self.desk.database.apply(Batch(at=self.now, contacts=[seed]))

    def shows(self, name: str, status: str) -> None:
        """A sonde is found like that."""
        self.naive.shows(name, status, self.now)
        result(self.desk, name, status, self.now)

    def cut(self, looked: bool) -> None:
        """The site fails, and at the same instant its link: the first was only the second."""
        if self.naive.lasts(LINK) or self.naive.lasts(SITE):
            return
        result(self.desk, SITE, "critical", self.now)
        if looked:
            self.look()
        self.naive.cut(self.now, looked)
        result(self.desk, LINK, "critical", self.now)

    def look(self) -> None:
        """What may leave leaves."""
        gather(self.desk, self.now)

    def ends(self) -> None:
        """Whatever the pace, all of it has left in the end; what was told is what was to be."""
        for _ in range(40):
            self.now += 900
            self.look()
        told = arrived(self.desk)
        for (reader, what, number), most in self.naive.taken_back.items():
            taken_back = told.pop((reader, f"withdrawn {number}"), 0)
            assert taken_back <= most
            told[reader, f"{what} {number}"] -= taken_back
        assert min(told.values(), default=0) >= 0
        assert +told == self.naive.told
        most_an_hour(self.desk)


@given(st.booleans(), st.lists(PERSON, min_size=1, max_size=4), STORY)
@settings(max_examples=150, deadline=None)
def test_everybody_is_told_what_concerns_them_once_and_its_end_if_they_were_told(
    warned: bool, people: list[Person], story: list[tuple[int, tuple[Any, ...]]]
) -> None:
    with stage(gti_s=None) as desk:
        played = Played(desk, warned)
        for person in people:
            played.comes(person)
        for after, (what, *how) in story:
            played.now += after
            getattr(played, what)(*how)
        played.ends()


def result(desk: Stage, name: str, status: str, now: int) -> None:
    """One result, recorded at once."""
    desk.now = now
    changes = desk._judge.observe(name, now, Status(status), "")
    assert changes is not None
    desk.database.apply(Batch(at=now, changes=changes, promises=desk.promises))


def most_an_hour(desk: Stage) -> None:
    """Of SMS no more than the cap, but for a first critical after each of the others."""
    by_person: dict[int, list[int]] = {}
    for message in outbox.undelivered_or_since(desk.connection, 0):
        if message.channel is Channel.SMS:
            by_person.setdefault(message.contact, []).append(message.made_at)
    for times in by_person.values():
        for first in times:
            assert sum(first <= other < first + 3600 for other in times) <= 12
