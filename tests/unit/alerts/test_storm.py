"""Five thousand failures: how many messages a person gets, and that each of the failures is in one of them. SPEC 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from probes.base import Status
from supervisor.alerts.facts import Composed, Fact, News, Reader
from supervisor.alerts.gathering import Gathering
from supervisor.domain.alerting import Channel
from supervisor.domain.contact import Seed
from supervisor.domain.judge import Judge
from supervisor.domain.promise import Promise, Promises
from supervisor.domain.sonde import FlappingRule
from supervisor.store import outbox
from supervisor.store.batch import Batch, Coverage
from tests.unit.acts.stage import SITE, Stage, at, stage
from tests.unit.builders import sonde

COMMUNES, EACH = 100, 50
BEGAN = at("03-06 09:00")


def one_word(channel: Channel, reader: Reader, facts: Sequence[Fact], news: Sequence[News], now: int) -> Composed:
    """So many facts."""
    return Composed("", str(len(facts)), "")


class Storm:
    """A hundred communes of fifty sondes, two people each, and ten of the operator's, by mail and SMS."""

    def __init__(self, desk: Stage) -> None:
        self.desk = desk
        names = [f"c{number:03}" for number in range(COMMUNES)]
        self.sondes = [f"{name}/e/s{number:02}" for name in names for number in range(EACH)]
        like = desk.promises.services["exemple", "internet"]
        self.promises = self._promises(desk.promises, like, names)
        people = [(name, n) for name in names for n in range(2)] + [("syndicat", n) for n in range(10)]
        seeds = [Seed(c, f"p{n}", f"p{n}@{c}.fr", "+33600000001", "critical", "critical") for c, n in people]
        self.people = len(people)
        desk.database.apply(Batch(at=BEGAN, contacts=seeds))
        self.judge = Judge(FlappingRule())
        self.judge.configure({name: sonde(name, attempts=1, stale_after_s=86_400) for name in self.sondes}, ())
        self.results(self.sondes, BEGAN, Status.OK)

    def _promises(self, promises: Promises, like: Promise, names: list[str]) -> Promises:
        services = {
            (name, "internet"): replace(
                like, key=(name, "internet"), own=tuple(s for s in self.sondes if s.startswith(f"{name}/"))
            )
            for name in names
        }
        return replace(
            promises,
            services={**promises.services, **services},
            sondes=dict.fromkeys(self.sondes, "internet"),
            collectivites={**promises.collectivites, **dict.fromkeys(names, "Commune")},
        )

    def results(self, sondes: Sequence[str], when: int, status: Status) -> None:
        """All of these say that, in one transaction."""
        changes, coverage = [], {}
        for name in sondes:
            changes += self.judge.observe(name, when, status, "") or []
            state = self.judge.state(name)
            assert state is not None
            coverage[name] = Coverage(state.last_at, state.until)
        self.desk.database.apply(Batch(at=when, changes=changes, coverage=coverage, promises=self.promises))

    def look(self, now: int) -> None:
        """What leaves by then is made."""
        gathering = Gathering(
            promises=self.promises, compose=one_word, channels=frozenset({"mail", "sms"}), public_url=None
        )
        connection, next_at = self.desk.connection, now
        while next_at == now:  # so many at a time
            connection.execute("begin immediate")
            next_at = gathering.gather(connection, now).next_at or 0
            connection.execute("commit")

    def messages(self) -> Counter[tuple[int, Channel]]:
        """How many each person got, by each channel."""
        return Counter(
            (message.contact, message.channel) for message in outbox.undelivered_or_since(self.desk.connection, 0)
        )

    def facts(self) -> Counter[tuple[int, Channel]]:
        """How many things each person was told, by each channel."""
        found: Counter[tuple[int, Channel]] = Counter()
        for message in outbox.undelivered_or_since(self.desk.connection, 0):
            found[message.contact, message.channel] += int(message.body.text)
        return found


@pytest.fixture
def storm() -> Iterator[Storm]:
    """Nothing has failed yet."""
    with stage(gti_s=None) as desk:
        yield Storm(desk)


def all_told(storm: Storm) -> None:
    """Each failure is told to two people of its commune and ten of the operator, once by each channel."""
    facts = storm.facts()
    assert len(facts) == 2 * storm.people
    assert sorted(set(facts.values())) == [EACH, COMMUNES * EACH]
    assert storm.desk.database.rows("select count(*) from notice where state <> 'gathered'") == [(0,)]


def test_at_once_they_are_one_message_a_person(storm: Storm) -> None:
    storm.results(storm.sondes, BEGAN + 60, Status.CRITICAL)
    for second in (60, 61, 120, 600, 3600):
        storm.look(BEGAN + second)
    assert set(storm.messages().values()) == {1}
    all_told(storm)


def test_within_five_minutes_they_are_three_at_most(storm: Storm) -> None:
    # In another order than theirs: each commune's come over all of the five minutes.
    turns = [storm.sondes[first::15] for first in range(15)]
    for turn, sondes in enumerate(turns):
        now = BEGAN + 60 + 20 * turn
        storm.results(sondes, now, Status.CRITICAL)
        storm.look(now)
    for second in (360, 420, 1200, 7200):
        storm.look(BEGAN + second)
    assert max(storm.messages().values()) == 3
    all_told(storm)


def test_with_what_recovers_meanwhile_they_are_few_all_the_same(storm: Storm) -> None:
    before: Sequence[str] = ()
    for turn in range(30):
        now = BEGAN + 60 + 10 * turn
        storm.results(before, now, Status.OK)
        before = storm.sondes[turn::300]
        storm.results(before, now, Status.CRITICAL)
        storm.look(now)
    storm.results(before, BEGAN + 360, Status.OK)
    assert max(storm.messages().values()) <= 3
    for second in range(360, 7200, 120):
        storm.look(BEGAN + second)
    assert max(storm.messages().values()) <= 5
    told = sum(len(storm.sondes[turn::300]) for turn in range(30))
    assert max(storm.facts().values()) == 2 * told
    assert storm.desk.database.rows("select count(*) from notice where state <> 'gathered'") == [(0,)]


def test_some_are_told_at_a_time_so_that_what_happens_is_recorded_meanwhile() -> None:
    with stage(gti_s=None) as desk:
        people = [Seed("exemple", f"p{number}", f"p{number}@exemple.fr", mail="critical") for number in range(5)]
        desk.database.apply(Batch(at=desk.now, contacts=people))
        desk.result("03-06 09:00", SITE, "ok")
        desk.result("03-06 09:01", SITE, "critical")
        gathering = Gathering(
            promises=desk.promises, compose=one_word, channels=frozenset({"mail"}), public_url=None, at_once=2
        )
        looks = []
        for _ in range(4):
            desk.connection.execute("begin immediate")
            looks.append(gathering.gather(desk.connection, desk.now))
            desk.connection.execute("commit")
        assert [(each.messages, each.next_at == desk.now) for each in looks] == [
            (2, True), (2, True), (1, False), (0, False),
        ]  # fmt: skip
        assert sorted(message.contact for message in outbox.undelivered_or_since(desk.connection, 0)) == [1, 2, 3, 4, 5]
