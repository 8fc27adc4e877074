"""The outbox: leased once at a time, marked once, forgotten after a while."""

from __future__ import annotations

from supervisor.domain.alerting import Channel
from supervisor.store import outbox
from supervisor.store.outbox import Body
from tests.unit.store.database import Memory, memory

BODY = Body(subject="Panne", text="Messagerie", html=None, thread=None)


def add(database: Memory, key: str, now: int) -> int:
    """A message that waits."""
    return outbox.add(
        database.connection,
        key=key,
        contact=1,
        channel=Channel.MAIL,
        address="mairie@exemple.fr",
        body=BODY,
        now=now,
        notices=[],
    )


def test_a_lease_is_of_one_and_ends_by_itself() -> None:
    with memory() as database:
        first, second = add(database, "a", 100), add(database, "b", 101)
        assert [m.id for m in outbox.lease(database.connection, 100, 400, 9)] == [first]
        assert [m.id for m in outbox.lease(database.connection, 101, 401, 9)] == [second]
        assert outbox.lease(database.connection, 399, 800, 9) == []
        (again,) = outbox.lease(database.connection, 400, 800, 9)
        assert (again.id, again.key, again.body, again.attempts) == (first, "a", BODY, 2)
        assert outbox.next_at(database.connection) == 401


def test_no_more_than_there_is_room_for() -> None:
    with memory() as database:
        for number in range(5):
            add(database, str(number), 100)
        assert len(outbox.lease(database.connection, 100, 400, 2)) == 2
        assert outbox.lease(database.connection, 100, 400, 0) == []


def test_what_ended_stays_ended() -> None:
    with memory() as database:
        number = add(database, "a", 100)
        outbox.sent(database.connection, number, 105, "4Rk7")
        outbox.again(database.connection, number, 200, "trop tard")
        outbox.give_up(database.connection, number, 200, "trop tard", "dead")
        message = outbox.numbered(database.connection, number)
        assert message is not None
        assert (message.state, message.receipt, message.ended_at, message.failure) == ("sent", "4Rk7", 105, "")
        assert outbox.standing(database.connection) == outbox.Standing()


def test_how_it_stands() -> None:
    with memory() as database:
        tried, dead = add(database, "a", 100), add(database, "b", 90)
        add(database, "c", 110)
        outbox.again(database.connection, tried, 130, "relais injoignable")
        outbox.give_up(database.connection, dead, 120, "adresse inconnue", "dead")
        assert outbox.standing(database.connection) == outbox.Standing(pending=2, failing=1, oldest_at=100, dead=1)


def test_what_was_told_is_forgotten_after_a_while_and_what_waits_is_not() -> None:
    with memory() as database:
        told, lately, waiting = add(database, "a", 100), add(database, "b", 100), add(database, "c", 100)
        outbox.sent(database.connection, told, 110, "")
        outbox.sent(database.connection, lately, 210, "")
        assert outbox.forget(database.connection, 200) is False
        assert [m.id for m in outbox.since(database.connection, 0)] == [lately, waiting]
