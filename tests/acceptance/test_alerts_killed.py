"""Alerts under `kill -9`, at each step of a delivery and at any instant, while incidents come and go."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter, defaultdict
from contextlib import suppress
from subprocess import TimeoutExpired

from supervisor.alerts.keys import token
from supervisor.control import ask
from supervisor.domain.escalation import NOT_OPEN
from tests.acceptance.daemon import PATIENCE_S, Daemon, Figures, Installation, integrity, until
from tests.acceptance.mail_sink import STEPS, MailSink, Taken
from tests.acceptance.targets import Targets, tcp

KILLS = int(os.environ.get("VIGIE_KILLS", "15"))
COMMUNES = [f"c{number:02}" for number in range(60)]
READERS = 4  # of each commune
PATIENT = "5s"  # between checks, and for an answer: where each alarm must be one that the test made
TROUBLE = ("opened", "reopened")
TARGETS_CALLED = ("astreinte", "syndicat/Chef")
ON_CALL = {
    "on_call": [
        {
            "name": "astreinte",
            "members": ["syndicat/Alice", "syndicat/Bruno"],
            "from": "2026-01-05",
            "handover": {"at": "09:00"},
        }
    ],
    # The second is due while the mails of the first are on their way.
    "escalation": [{"after": "0m", "tell": ["astreinte"]}, {"after": "1s", "tell": ["syndicat/Chef"]}],
}


class Communes:
    """One sonde each, well or not as the test wants."""

    def __init__(
        self, place: Installation, world: Targets, sink: MailSink, *, on_call: bool = False, every: str = "1s"
    ) -> None:
        self.place = place
        self.on_call = on_call  # somebody is called by a rota and steps, whom no severity of their own tells
        self.sink = sink
        self.failing: set[str] = set()
        place.main["flapping"] = {"changes": 1000}  # each change is told here
        place.main["alerts"] = {
            "from": "vigie@syndicat.test",
            "mail": {"relays": [{"host": "127.0.0.1", "port": sink.port, "security": "none", "timeout": "60s"}]},
            **(ON_CALL if on_call else {}),
        }
        place.write()
        if on_call:
            team = [{"name": name, "email": f"{name}@syndicat.test"} for name in ("Alice", "Bruno", "Chef")]
            place.write_collectivite("syndicat", [], operator=True, contacts=team)
        for name in COMMUNES:
            port = world.serve(self._answering(name))
            readers = [
                {"name": f"Lecteur {n}", "email": f"l{n}@{name}.test", "alerts": {"mail": "critical"}}
                for n in range(READERS)
            ]
            place.write_collectivite(
                name,
                [{"id": "e", "address": "127.0.0.1", "sondes": [tcp("s", port, expect="up", interval=every)]}],
                contacts=readers,
            )

    def _answering(self, name: str):  # type: ignore[no-untyped-def]
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"down\n" if name in self.failing else b"up\n")
            await writer.drain()

        return answer

    def due(self) -> dict[str, tuple[str, int, int, str]]:
        """What the journal says each reader has to be told, by the notice's key: worked out from it alone."""
        contacts = defaultdict(list)
        for number, commune in self.place.rows("select id, collectivite from contact"):
            contacts[commune].append(number)
        found = {}
        lines = (
            "select j.digest, j.kind, j.incident, i.collectivite from journal j join incident i on i.id = j.incident"
        )
        for digest, kind, incident, commune in self.place.rows(lines):
            if kind in (*TROUBLE, "recovered"):
                found.update({f"{digest}/{n}/mail": (kind, incident, n, commune) for n in contacts[commune]})
        return found

    def waiting(self) -> set[str]:
        """The keys of the notices that nothing was made of yet."""
        return {key for (key,) in self.place.rows("select key from notice where state = 'due'")}

    def lasting(self) -> set[str]:
        """The communes that an incident is open for."""
        return {name for (name,) in self.place.rows("select collectivite from incident where restored_at is null")}

    def pending(self) -> int:
        """Messages that have not left yet."""
        return int(self.place.rows("select count(*) from message where state = 'waiting'")[0][0])


def check_steps(place: Installation, on_record: set[str]) -> Counter[str]:
    """Each opening has its steps, each step was taken once or not due any more; gives how many came to what.

    Who was called is told of the end.
    """
    openings = set(place.rows("select incident, t from journal where kind in ('opened', 'reopened')"))
    steps = place.rows("select id, incident, opening, target, state, why from step")
    wanted = sorted((*opening, target) for opening in openings for target in TARGETS_CALLED)
    assert sorted((incident, opening, target) for _, incident, opening, target, _, _ in steps) == wanted
    assert {why for *_, state, why in steps if state == "dropped"} <= {NOT_OPEN}
    keys = defaultdict(list)
    for step, key, contact in place.rows("select step, key, contact from notice where step is not null"):
        keys[step].append((key, contact))
    ends = {(incident, opening, contact): key for incident, opening, contact, key in place.rows(
        "select incident, opening, contact, key from notice where kind = 'recovered'")}  # fmt: skip
    for number, incident, opening, _, state, _ in steps:
        assert state in ("told", "dropped")  # all is over: nothing is to come
        assert len(keys[number]) == (state == "told")
        for key, contact in keys[number]:
            assert key in on_record, f"lost: {key}"
            assert ends[incident, opening, contact] in on_record
    return Counter(state for *_, state, _ in steps)


def told_by(place: Installation) -> dict[str, list[str]]:
    """Which notices each message tells."""
    found: dict[str, list[str]] = defaultdict(list)
    for message, key in place.rows("select m.key, n.key from notice n join message m on m.id = n.message"):
        found[message].append(key)
    return found


def check(communes: Communes) -> tuple[int, int, Counter[str]]:
    """Nothing is lost, nothing is told in other words; gives messages that arrived, repeats, and steps."""
    place, mails = communes.place, communes.sink.mails
    integrity(place)
    by_key: dict[str, list[Taken]] = defaultdict(list)
    for mail in mails:
        by_key[mail.key].append(mail)
    for key, copies in by_key.items():
        assert len(set(copies)) == 1, f"{key} says {len(set(copies))} things"
    rows = place.rows("select key, address, body, state from message")
    assert by_key.keys() <= {token(key) for key, *_ in rows}  # nothing left that is not on record
    arrived, told = set(), told_by(place)
    for key, address, body, state in rows:
        assert told[key], "a message that tells nothing"
        copies = by_key.get(token(key), [])
        assert state in ("waiting", "sent")
        assert copies or state == "waiting", f"{key} is marked as sent and never came"
        if copies:
            assert (copies[0].to, copies[0].subject) == (address, json.loads(body)["subject"])
            assert copies[0].text.split() == json.loads(body)["text"].split()
            arrived.update(told[key])
    in_messages = [key for keys in told.values() for key in keys]
    assert len(in_messages) == len(set(in_messages))
    waiting = communes.waiting() | {n for key, *_, state in rows if state == "waiting" for n in told[key]}
    due = communes.due()
    assert due.keys() <= arrived | waiting, f"lost: {sorted(due.keys() - arrived - waiting)[:5]}"
    steps = check_steps(place, arrived | waiting) if communes.on_call else Counter()
    return len(by_key), len(mails) - len(by_key), steps


def kill_within(daemon: Daemon, seconds: float) -> None:
    """Unless a step of a delivery did so before."""
    with suppress(TimeoutExpired):
        daemon.process.wait(seconds)
    daemon.kill()


def test_nothing_is_lost_and_repeats_are_the_same(place: Installation, world: Targets, figures: Figures) -> None:
    communes = Communes(place, world, sink := MailSink(world), on_call=True)
    chance = random.Random(20261121)
    killed: Counter[str] = Counter()
    with place.running() as daemon:
        daemon.wait_statuses({f"{name}/e/s": 0 for name in COMMUNES})
        assert daemon.stop() == 0
    for kill in range(KILLS):
        # First others fail each time, and it dies at one step after the other of their mails. Then some fail, others
        # are well again, and it dies at any instant: of its start, or of its work.
        first = COMMUNES[kill * 5 : (kill + 1) * 5]
        wanted = STEPS[kill % len(STEPS)] if first else None
        communes.failing ^= set(first or chance.sample(COMMUNES, 5))
        with place.start() as daemon:
            # Connections are kept: the first one is the only one to be sure of.
            after = 0 if wanted == "connected" else chance.randrange(2 * READERS)
            sink.when(wanted, daemon.process.kill, after)
            if not first and kill % 2:
                daemon.wait_ready()
            kill_within(daemon, PATIENCE_S if first else chance.random())
            killed[sink.reached or "any instant"] += 1
        integrity(place)
    communes.failing = set(COMMUNES)
    sink.when(None, daemon.process.kill)
    with place.running() as daemon:
        until(lambda: communes.lasting() == set(COMMUNES), "an incident for each")
        communes.failing = set()
        until(lambda: not communes.lasting(), "each of them is over")
        until(lambda: communes.pending() == 0, "all that was made has left")
        assert daemon.stop() == 0
    messages, repeats, steps = check(communes)
    readers = {f"l{n}@{name}.test" for name in COMMUNES for n in range(READERS)}
    called = {mail.to for mail in sink.mails} - readers
    assert {mail.to for mail in sink.mails} >= readers
    assert len(called) == 2  # who has the turn, and their chief
    assert steps["told"] > 2 * KILLS
    assert set(killed) >= set(STEPS)
    due = Counter(kind for kind, *_ in communes.due().values())
    figures(
        f"kill -9 of alerts: {KILLS} kills at {dict(sorted(killed.items()))}; to be told: {dict(sorted(due.items()))}; "
        f"steps of the escalation: {dict(steps)}; "
        f"{messages} messages arrived, {repeats} repeats with the same Message-ID and words, "
        f"{len(communes.waiting())} things wait their turn, lost: 0"
    )


def test_a_relay_that_was_down_gets_everything_once(place: Installation, world: Targets) -> None:
    communes = Communes(place, world, sink := MailSink(world), every=PATIENT)
    sink.down = True
    with place.running() as daemon:
        daemon.wait_statuses({f"{name}/e/s": 0 for name in COMMUNES})
        communes.failing = set(COMMUNES)
        wanted = len(COMMUNES) * READERS
        until(
            lambda: place.rows("select count(*) from message where failure <> ''") == [(wanted,)],
            "each message was tried",
        )
        until(lambda: daemon.metrics().value("vigie_outbox_failing") == wanted, "it is to be seen")
        assert daemon.metrics().value("vigie_outbox_dead") == 0
        assert sink.mails == []
        sink.down = False
        # What waits for its pause is tried when it is over. Operators need not wait, and one that leaves brings all.
        ask(place.control, {"command": "act", "act": "alert.retry", "id": 1, "author": "jeanne"})
        until(lambda: communes.pending() == 0, "all of it has left", 2 * PATIENCE_S)
        assert daemon.stop() == 0
    assert check(communes) == (wanted, 0, Counter())
