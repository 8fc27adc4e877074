"""Contacts of whom there is no sign: warned, then erased after three years, never without the warning. SPEC 10."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.alerts.composing import composer
from supervisor.alerts.facts import Composed, Reader
from supervisor.alerts.gathering import Gathering
from supervisor.domain.alerting import Channel, Subject
from supervisor.domain.contact import WARNED_S, Seed, lapses_at
from supervisor.store import contacts, outbox, topics
from supervisor.store.batch import Batch
from supervisor.store.errors import StoreError
from supervisor.store.lapsing import AUTHOR, Lapsing, lapse, unwarned
from supervisor.store.outbox import Message
from tests.unit.acts.stage import PARIS, Stage, stage
from tests.unit.alerts.wires import OPEN, Shelf, looked
from tests.unit.alerts.wordings import plain_spaces

CLERK = Seed("exemple", "Mme Martin", "martin@exemple.fr", "+33600000001", sms="critical")
TEAM = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", mail="warning")
DAY = 86_400


def when(wall: str) -> int:
    """That time in Metz."""
    return int(datetime.fromisoformat(wall).replace(tzinfo=PARIS).timestamp())


ENTERED = when("2026-03-06 09:00")
LAPSES = when("2029-03-06 09:00")
WARNS = LAPSES - WARNED_S


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A clerk and the operator's team."""
    with stage() as made:
        take_up(made, CLERK, TEAM)
        yield made


def take_up(desk: Stage, *seeds: Seed, now: int = ENTERED) -> None:
    """The config takes effect."""
    desk.database.apply(Batch(at=now, contacts=list(seeds)))


def look(desk: Stage, now: int, passed_s: int = 60, channels: Collection[str] = OPEN) -> None:
    """One look, in its transaction."""
    desk.connection.execute("begin immediate")
    lapse(desk.connection, desk.promises, channels, now, passed_s)
    desk.connection.execute("commit")


def names(desk: Stage) -> list[str]:
    """Who is left."""
    return [one.name for one in contacts.every(desk.connection)]


def waiting(desk: Stage) -> list[Message]:
    """What is on its way."""
    return [message for message in outbox.undelivered_or_since(desk.connection, 0) if message.state == "waiting"]


def warn(desk: Stage, now: int = WARNS) -> None:
    """The warning leaves, and arrives."""
    look(desk, now)
    looked(desk, now)
    for message in waiting(desk):
        outbox.sent(desk.connection, message, now, "")


def test_three_years_are_three_years_of_the_calendar() -> None:
    assert lapses_at(when("2026-03-06 09:00"), PARIS) == when("2029-03-06 09:00")
    assert lapses_at(when("2026-03-28 09:00"), PARIS) == when("2029-03-28 09:00")  # summer time by then
    assert lapses_at(when("2028-02-29 09:00"), PARIS) == when("2031-03-01 09:00")


def test_warned_by_mail_thirty_days_before_and_the_operators_too(desk: Stage) -> None:
    look(desk, WARNS - 1)
    assert looked(desk, WARNS - 1) == []
    look(desk, WARNS)
    assert looked(desk, WARNS) == [
        ("mail Astreinte", "contact contact 1 warned"),
        ("mail Mme Martin", "contact contact 1 warned"),
    ]
    look(desk, WARNS + 60)
    assert looked(desk, WARNS + DAY) == []


def test_erased_for_good_at_three_years_and_not_brought_back(desk: Stage) -> None:
    warn(desk)
    look(desk, LAPSES - 1, WARNED_S)
    assert names(desk) == ["Mme Martin", "Astreinte"]
    look(desk, LAPSES)
    assert names(desk) == ["Astreinte"]
    assert desk.database.rows("select erased_at, erased_by from contact_erased") == [(LAPSES, AUTHOR)]
    image = desk.connection.serialize()
    for trace in (b"martin@exemple.fr", b"33600000001", b"Mme Martin"):
        assert trace not in image
    take_up(desk, CLERK, now=LAPSES + 60)
    assert names(desk) == ["Astreinte"]


def test_a_sign_keeps_somebody_for_three_years_more(desk: Stage) -> None:
    look(desk, WARNS)
    contacts.seen(desk.connection, 1, WARNS + DAY)
    assert ("mail Mme Martin", "contact contact 1 warned") not in looked(desk, WARNS + DAY)
    look(desk, LAPSES, 2 * WARNED_S)
    look(desk, LAPSES + WARNED_S, 2 * WARNED_S)
    assert names(desk) == ["Mme Martin", "Astreinte"]
    warn(desk, when("2032-02-05 09:00"))
    assert topics.latest(desk.connection, Subject.CONTACT)["contact 1"].at == when("2032-02-05 09:00")
    assert not contacts.seen(desk.connection, 7, WARNS)


def test_the_operators_own_team_is_never_erased_by_time(desk: Stage) -> None:
    look(desk, when("2040-01-01 00:00"))
    assert topics.latest(desk.connection, Subject.CONTACT).keys() == {"contact 1"}


def test_the_days_count_from_when_the_warning_has_left(desk: Stage) -> None:
    look(desk, WARNS)
    for day in range(40):  # a relay that is down
        look(desk, WARNS + day * DAY, DAY)
        looked(desk, WARNS + day * DAY)
    assert contacts.every(desk.connection, "exemple")[0].warned_s == 0
    for message in waiting(desk):
        outbox.sent(desk.connection, message, LAPSES + 10 * DAY, "")
    for day in range(10, 39):
        look(desk, LAPSES + day * DAY, DAY)
    assert "Mme Martin" in names(desk)
    look(desk, LAPSES + 39 * DAY, DAY)
    assert "Mme Martin" not in names(desk)


def test_who_cannot_be_reached_is_erased_all_the_same(desk: Stage) -> None:
    look(desk, WARNS)
    looked(desk, WARNS)
    for message in waiting(desk):
        outbox.give_up(desk.connection, message, WARNS, "boîte inconnue", "dead")
    look(desk, LAPSES, WARNED_S)
    assert names(desk) == ["Astreinte"]


def test_nobody_is_erased_whom_no_channel_warns(desk: Stage) -> None:
    look(desk, LAPSES, WARNED_S, ())
    look(desk, LAPSES + WARNED_S, WARNED_S, ())
    assert "Mme Martin" in names(desk)
    found = unwarned(contacts.every(desk.connection), desk.promises, (), LAPSES)
    assert [one.name for one in found] == ["Mme Martin"]
    assert unwarned(contacts.every(desk.connection), desk.promises, {"sms"}, LAPSES) == []
    assert unwarned(contacts.every(desk.connection), desk.promises, (), WARNS - 1) == []
    look(desk, LAPSES + 2 * WARNED_S, 60, {"sms"})  # the mail was closed meanwhile
    assert ("sms Mme Martin", "contact contact 1 warned") in looked(desk, LAPSES + 2 * WARNED_S)


def test_a_warning_whose_channel_was_closed_is_made_anew(desk: Stage) -> None:
    look(desk, WARNS)
    gathering = Gathering(
        promises=desk.promises, compose=lambda *_: Composed("", "", ""), channels=frozenset(), public_url=None
    )
    desk.connection.execute("begin")
    gathering.gather(desk.connection, WARNS)
    desk.connection.execute("commit")
    look(desk, LAPSES, WARNED_S)
    look(desk, LAPSES + 60)
    assert ("mail Mme Martin", "contact contact 1 warned") in looked(desk, LAPSES + 60)


def test_a_clock_that_leaps_ahead_erases_nobody_and_set_back_takes_the_warning_back(desk: Stage) -> None:
    warn(desk)
    for _ in range(100):
        look(desk, LAPSES + 3650 * DAY)  # a minute each
    assert names(desk) == ["Mme Martin", "Astreinte"]
    look(desk, WARNS - DAY)
    assert contacts.every(desk.connection, "exemple")[0].warned_at is None
    look(desk, WARNS - DAY + WARNED_S, WARNED_S)
    assert contacts.every(desk.connection, "exemple")[0].warned_s == 0  # warned anew, and counted anew


def test_of_one_whose_collectivite_became_the_operator_nothing_is_counted(desk: Stage) -> None:
    warn(desk)
    desk.promises = replace(desk.promises, operators=frozenset({"syndicat", "exemple"}))
    look(desk, LAPSES, WARNED_S)
    assert names(desk) == ["Mme Martin", "Astreinte"]


STEP = st.tuples(
    st.integers(0, 12) | st.just(0),  # days that pass in truth
    st.sampled_from((0, 0, 0, 4000, -4000, 40, -40)),  # and by how many the wall clock is wrong from then on
    st.sampled_from(("look", "look", "look", "restart", "send", "seen")),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_whatever_clocks_relays_and_crashes_do_a_warning_left_thirty_days_before(
    steps: list[tuple[int, int, str]],
) -> None:
    with stage() as desk:
        take_up(desk, CLERK)
        true, wrong, left = WARNS - 20 * DAY, 0, None
        for days, off, what in steps:
            true, wrong = true + days * DAY, off * DAY
            wall = true + wrong
            if what == "send":
                looked(desk, wall)
                for message in waiting(desk):
                    outbox.sent(desk.connection, message, wall, "")
                    left = true
            elif what == "seen":
                contacts.seen(desk.connection, 1, wall)
                left = None if names(desk) else left
            look(desk, wall, 0 if what == "restart" else days * DAY)
            if not names(desk):
                assert left is not None
                assert true - left >= WARNED_S
                break


def test_looks_count_by_the_monotonic_clock_and_an_hour_at_most(desk: Stage) -> None:
    clock = iter([0.0, 60.9, 121.0, 90_000.0, 90_060.0])
    shelf = Shelf(desk.connection)
    lapsing = Lapsing(shelf, lambda: desk.promises, lambda: OPEN, lambda: next(clock))  # type: ignore[arg-type]
    warn(desk)

    def counted() -> int:
        asyncio.run(lapsing.look(WARNS))
        return contacts.every(desk.connection, "exemple")[0].warned_s

    assert [counted() for _ in range(4)] == [0, 60, 120, 3720]
    shelf.fails = lambda _: True
    with pytest.raises(StoreError, match="full"):
        counted()


READERS = (
    Reader(name="Mme Martin", operator=False, collectivite="Commune d’Exemple"),
    Reader(name="Astreinte", operator=True, collectivite="Moselle Fibre"),
)


@pytest.mark.parametrize(
    ("channel", "reader", "expected"),
    [
        (Channel.MAIL, READERS[0], "Vos coordonnées : effacement le 6 mars 2029, sauf réponse de votre part"),
        (
            Channel.SMS,
            READERS[0],
            "Vigie : sans réponse de vous, vos coordonnées seront effacées le 06/03/2029. "
            "Pour rester averti, dites-le à Moselle Fibre",
        ),
        (Channel.MAIL, READERS[1], "Contact à confirmer : n° 1, Exemple, effacé le 6 mars 2029 sans signe de sa part"),
    ],
)
def test_the_words(desk: Stage, channel: Channel, reader: Reader, expected: str) -> None:
    look(desk, WARNS)
    told = topics.latest(desk.connection, Subject.CONTACT)["contact 1"]
    gathering = Gathering(
        promises=desk.promises, compose=composer("Moselle Fibre", PARIS, 2), channels=OPEN, public_url=None
    )
    contact = contacts.every(desk.connection, "exemple")[0]
    composed = gathering.compose(channel, reader, [], [gathering.view.news(contact, told)], WARNS)
    assert plain_spaces(composed.subject or composed.text) == expected
    assert "Mme Martin" not in composed.text
