"""The outbox: leased once at a time, marked once, forgotten after a while."""

from __future__ import annotations

from supervisor.domain.alerting import Channel
from supervisor.store import channels, outbox
from supervisor.store.outbox import Body, Message
from tests.unit.store.database import Memory, memory

BODY = Body(subject="Panne", text="Messagerie", html=None, thread=None)
ROOM = {Channel.MAIL: 9}


def add(database: Memory, key: str, now: int) -> Message:
    """A message that waits."""
    number = outbox.add(
        database.connection,
        key=key,
        contact=1,
        channel=Channel.MAIL,
        address="mairie@exemple.fr",
        body=BODY,
        now=now,
        notices=[],
    )
    message = outbox.numbered(database.connection, number)
    assert message is not None
    return message


def leased(database: Memory, now: int, room: int = 9, held: frozenset[int] = frozenset()) -> list[int]:
    """What is taken."""
    return [message.id for message in outbox.lease(database.connection, now, {Channel.MAIL: room}, held)]


def test_what_is_on_its_way_is_not_taken_again_and_what_nobody_holds_is() -> None:
    with memory() as database:
        first = add(database, "a", 100)
        assert leased(database, 100) == [first.id]
        second = add(database, "b", 101)
        assert leased(database, 101, held=frozenset({first.id})) == [second.id]
        (again, _) = outbox.lease(database.connection, 101, ROOM, frozenset())
        assert (again.id, again.key, again.body, again.attempts) == (first.id, "a", BODY, 2)


def test_no_more_than_there_is_room_for() -> None:
    with memory() as database:
        for number in range(5):
            add(database, str(number), 100)
        assert len(leased(database, 100, 2)) == 2
        assert leased(database, 100, 0) == []


def test_what_ended_stays_ended() -> None:
    with memory() as database:
        message = add(database, "a", 100)
        outbox.sent(database.connection, message, 105, "4Rk7")
        outbox.again(database.connection, message, 200, "trop tard")
        outbox.give_up(database.connection, message, 200, "trop tard", "dead")
        ended = outbox.numbered(database.connection, message.id)
        assert ended is not None
        assert (ended.state, ended.receipt, ended.ended_at, ended.failure) == ("sent", "4Rk7", 105, "")
        assert channels.standing(database.connection, ["mail"]) == {"mail": channels.Standing()}


def test_how_it_stands() -> None:
    with memory() as database:
        tried, dead = add(database, "a", 100), add(database, "b", 90)
        add(database, "c", 110)
        outbox.again(database.connection, tried, 130, "relais injoignable")
        outbox.give_up(database.connection, dead, 120, "adresse inconnue", "dead")
        assert channels.standing(database.connection, ["sms"]) == {
            "mail": channels.Standing(pending=2, failing=1, oldest_at=100, dead=1),
            "sms": channels.Standing(),
        }


def test_a_dead_letter_is_listed_however_old_beside_what_is_recent() -> None:
    with memory() as database:
        dead, old, recent = add(database, "a", 100), add(database, "b", 100), add(database, "c", 900)
        outbox.give_up(database.connection, dead, 120, "adresse inconnue", "dead")
        outbox.sent(database.connection, old, 120, "")
        outbox.sent(database.connection, recent, 910, "")
        found = outbox.undelivered_or_since(database.connection, 800)
        assert [message.id for message in found] == [dead.id, recent.id]


def test_what_was_told_is_forgotten_after_a_while_and_what_waits_is_not() -> None:
    with memory() as database:
        told, lately, waiting = add(database, "a", 100), add(database, "b", 100), add(database, "c", 100)
        outbox.sent(database.connection, told, 110, "")
        outbox.sent(database.connection, lately, 210, "")
        assert outbox.forget(database.connection, 200) is False
        assert [message.id for message in outbox.undelivered_or_since(database.connection, 0)] == [
            lately.id,
            waiting.id,
        ]
