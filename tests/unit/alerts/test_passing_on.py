"""Somebody cannot be reached by anything: the same goes to the next person, and stops somewhere. SPEC 7."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.contact import Seed
from supervisor.domain.escalation import Duty, Step
from supervisor.store import topics
from supervisor.store.batch import Batch
from supervisor.store.oncall import OnCall
from supervisor.store.unnaming import ERASED
from tests.unit.acts.stage import SITE, at, iso
from tests.unit.alerts.watch import ALICE, BRUNO, CHIEF, INC, STEPS, rota, step, watch
from tests.unit.alerts.wires import LATER, OK, REFUSED, Answer, Post, play

BEGAN = at("03-06 09:01")
OPENED, UNTAKEN = f"opened {INC} internet", f"escalated {INC} internet"
BY_MAIL = [seed._replace(phone=None) for seed in (ALICE, BRUNO, CHIEF)]


def told(
    *people: Seed,
    steps: Iterable[Step] = (),
    mail: Iterable[Answer] = (OK,),
    sms: Iterable[Answer] = (OK,),
    then: Callable[[Post], Coroutine[Any, Any, None]] | None = None,
) -> list[tuple[str, str, str]]:
    """A site fails on a Friday; who was written to, with what state, and what it said; turns were told before."""
    found: list[tuple[str, str, str]] = []

    async def story(post: Post) -> None:
        desk = post.desk
        desk.promises = replace(
            desk.promises, duty=Duty(rotas={"astreinte": rota()} if steps else {}, steps=tuple(steps))
        )
        desk.database.apply(Batch(at=desk.now, contacts=list(people)))
        if steps:
            holder = desk.database.rows("select id from contact where name = 'Alice'")[0][0]
            topics.announce(
                desk.connection,
                desk.promises,
                Topic(subject=Subject.TURN, name="astreinte", word="begun", at=1, facts={"contact": holder}),
                (),
            )
        desk.result("03-06 09:00", SITE, "ok")
        desk.result("03-06 09:01", SITE, "critical")
        post.start()
        await asyncio.sleep(60)
        if then is not None:
            await then(post)
        found.extend((one.address.partition("@")[0], one.state, one.body.text) for one in post.messages())

    play(BEGAN, story, mail=mail, sms=sms)
    return found


def test_of_a_rota_the_next_member() -> None:
    found = told(*BY_MAIL, steps=STEPS, mail=[REFUSED, OK])
    assert found == [("alice", "refused", OPENED), ("bruno", "sent", OPENED)]


def test_then_the_next_step_at_once_then_it_is_dead() -> None:
    found = told(*BY_MAIL, steps=STEPS, mail=[REFUSED])
    assert found == [("alice", "refused", OPENED), ("bruno", "refused", OPENED), ("chef", "dead", UNTAKEN)]


def test_who_was_replaced_is_asked_last() -> None:
    with watch(on_call=rota("Alice", "Bruno", "Zoe"), people=(ALICE, BRUNO, CHIEF, Seed("syndicat", "Zoe"))) as desk:
        desk.now = at("03-06 08:00")
        desk.act("oncall.replace", rota="astreinte", by="syndicat/Chef", **{"from": iso("03-06 08:00")},
                 until=iso("03-08 20:00"))  # fmt: skip
        order = OnCall(desk.connection, desk.promises.duty).order("astreinte", at("03-06 12:00"))
        assert [one.name for one in order] == ["Chef", "Bruno", "Zoe", "Alice"]


def test_by_every_channel_of_a_person_before_the_next_one() -> None:
    found = told(ALICE, BRUNO, CHIEF, steps=[step(0, "astreinte")], mail=[REFUSED, OK])
    assert found == [("alice", "refused", OPENED), (str(ALICE.phone), "sent", OPENED)]


def test_of_a_step_without_a_successor_another_one_of_the_team() -> None:
    found = told(*BY_MAIL, steps=[step(0, "syndicat/Chef")], mail=[REFUSED, OK])
    assert found == [("chef", "refused", OPENED), ("alice", "sent", OPENED)]


def test_of_anything_else_another_contact_who_does_not_know_yet() -> None:
    first = Seed("exemple", "A", "a@exemple.fr", None, "critical", None)
    warned = Seed("exemple", "C", "c@exemple.fr", None, "warning", None)
    spare = Seed("exemple", "B", "b@exemple.fr")
    assert told(first, spare, mail=[REFUSED, OK]) == [("a", "refused", OPENED), ("b", "sent", OPENED)]
    # C knows already; whoever is told of nothing stands in.
    assert told(first, warned, spare, mail=[REFUSED, OK]) == [
        ("a", "refused", OPENED), ("c", "sent", OPENED), ("b", "sent", OPENED),
    ]  # fmt: skip
    assert told(first, spare, mail=[REFUSED]) == [("a", "refused", OPENED), ("b", "dead", OPENED)]
    assert told(first, warned, mail=[REFUSED, OK]) == [("a", "dead", OPENED), ("c", "sent", OPENED)]


def test_never_one_of_another_commune_nor_of_the_operator() -> None:
    mayor = Seed("exemple", "A", "a@exemple.fr", None, "critical", None)
    others = Seed("autre", "B", "b@autre.fr"), Seed("syndicat", "C", "c@syndicat.fr")
    assert told(mayor, *others, mail=[REFUSED]) == [("a", "dead", OPENED)]


def test_its_end_is_told_to_who_stood_in_and_to_nobody_else() -> None:
    async def ends(post: Post) -> None:
        post.result("03-06 09:05", SITE, "ok")
        await asyncio.sleep(600)

    found = told(*BY_MAIL, steps=[step(0, "astreinte")], mail=[REFUSED, OK], then=ends)
    assert found == [
        ("alice", "refused", OPENED), ("bruno", "sent", OPENED), ("bruno", "sent", f"recovered {INC} internet"),
    ]  # fmt: skip


def test_who_stands_in_reads_for_whom() -> None:
    readers: list[tuple[str, tuple[str, ...]]] = []

    async def story(post: Post) -> None:
        whole = post.compose

        def compose(channel: Any, reader: Any, *rest: Any) -> Any:
            readers.append((reader.name, reader.instead))
            return whole(channel, reader, *rest)

        post.compose = compose
        first = Seed("exemple", "A", "a@exemple.fr", None, "critical", None)
        seeds = [first, *(Seed("exemple", name, f"{name}@exemple.fr") for name in "BC")]
        post.desk.database.apply(Batch(at=post.desk.now, contacts=seeds))
        post.desk.result("03-06 09:00", SITE, "ok")
        post.desk.result("03-06 09:01", SITE, "critical")
        post.start()
        await asyncio.sleep(60)

    play(BEGAN, story, mail=[REFUSED, REFUSED, OK])
    assert readers == [("A", ()), ("B", ("A",)), ("C", ("A",))]


def test_an_alarm_goes_to_a_colleague_and_a_turn_to_nobody_else() -> None:
    found: dict[str, list[tuple[str, str]]] = {}

    async def story(post: Post) -> None:
        hears = BY_MAIL[0]._replace(mail="critical")
        post.desk.database.apply(Batch(at=post.desk.now, contacts=[hears, BY_MAIL[1]]))
        post.start()
        cut_off = Topic(subject=Subject.ISOLATION, name="vigie", word="begun", at=BEGAN, urgent=True)
        assert topics.announce(post.desk.connection, post.desk.promises, cut_off)
        post.moves.moved()
        await asyncio.sleep(60)
        found["alarm"] = [(one.address.partition("@")[0], one.state) for one in post.messages()]
        post.mail.answers = [REFUSED]
        post.desk.promises = replace(post.desk.promises, duty=Duty(rotas={"astreinte": rota()}))
        post.moves.moved()
        await asyncio.sleep(3600)
        found["turn"] = [(one.address.partition("@")[0], one.state) for one in post.messages()][2:]

    play(BEGAN, story, mail=[REFUSED, OK])
    assert found == {"alarm": [("alice", "refused"), ("bruno", "sent")], "turn": [("alice", "dead")]}


def test_of_who_is_erased_nothing_of_that_stays() -> None:
    async def story(post: Post) -> None:
        whole = post.compose

        def compose(channel: Any, reader: Any, *rest: Any) -> Any:
            made = whole(channel, reader, *rest)
            return made._replace(text=" for ".join([made.text, *reader.instead]))

        post.compose = compose
        desk = post.desk
        names = "Ségolène", "Bernard", "Claire"
        seeds = [Seed("exemple", name, f"{name}@exemple.fr", None, "critical", None) for name in names[:2]]
        desk.database.apply(Batch(at=desk.now, contacts=[*seeds, Seed("exemple", names[2], "claire@exemple.fr")]))
        desk.result("03-06 09:00", SITE, "ok")
        desk.result("03-06 09:01", SITE, "critical")
        post.start()
        await asyncio.sleep(60)
        named = [(message.contact, message.state) for message in post.messages() if "Ségolène" in message.body.text]
        assert named == [(3, state)]
        desk.act("contact.erase", id=1)
        post.moves.moved()
        await asyncio.sleep(7200)
        (message,) = (message for message in post.messages() if message.contact == 3)
        assert (message.body.subject, message.body.text) == ("mail Claire", left)
        assert desk.database.rows("select count(*) from notice where instead is not null") == [(0,)]
        assert "Ségolène".encode() not in desk.connection.serialize()

    # What was read keeps its subject alone; what could not leave yet leaves without the name.
    state, left = "sent", ERASED
    play(BEGAN, story, mail=[REFUSED, OK])
    state, left = "waiting", OPENED
    play(BEGAN, story, mail=[REFUSED, OK, LATER])
