"""Lease, send, mark: each message once, whatever the relays, the disk, the clock and people do. SPEC 7."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest

from supervisor.alerts.dispatcher import AT_ONCE, MOST_S
from supervisor.alerts.facts import Composed, Fact, News, Reader
from supervisor.domain.alerting import Channel
from supervisor.domain.backoff import FIRST_S, LONGEST_S, MOST, gives_up, pause_s
from supervisor.domain.contact import Seed
from supervisor.errors import VigieError
from supervisor.store import contacts
from supervisor.store.batch import Batch
from tests.unit.acts.stage import SITE, Stage, at
from tests.unit.alerts.wires import BREAK, HANG, LATER, OK, REFUSED, Post, Wire, play, words

NOON = at("03-06 09:01")
DAY_S = 86_400
MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", "+33600000001", "critical", None)  # by mail; has a number
BOTH = MAYOR._replace(sms="critical")


def people(desk: Stage, *seeds: Seed) -> None:
    """There are these to be told."""
    desk.database.apply(Batch(at=desk.now, contacts=list(seeds)))


def fails(post: Post, *seeds: Seed) -> None:
    """A site fails that these are told of."""
    people(post.desk, *seeds)
    post.result("03-06 09:00", SITE, "ok")
    post.result("03-06 09:01", SITE, "critical")


def test_it_is_leased_sent_and_marked_with_what_the_relay_calls_it() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(3600)
        (message,) = post.messages()
        assert (message.state, message.receipt, message.attempts) == ("sent", "4Rk7zQ", 1)
        ((_, letter),) = post.mail.letters
        assert (letter.to, letter.key) == ("mairie@exemple.fr", message.key)
        assert (letter.text, letter.thread) == ("opened INC-2026-000001 internet", "INC-2026-000001")
        assert post.dispatcher.standing["mail"][:4] == (0, 0, None, 0)

    play(NOON, story)


def test_a_relay_that_is_down_for_a_day_gets_each_message_once_word_for_word() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(7200)
        post.desk.result("03-06 11:00", SITE, "ok")
        post.moves.moved()
        await asyncio.sleep(DAY_S - 7200)
        assert post.dispatcher.standing["mail"].failing == 1
        post.mail.answers = [OK]
        await asyncio.sleep(2 * LONGEST_S)
        assert Counter(post.states()) == {("mail", "sent"): 2}
        # Word for word, behind what says how late it is.
        texts = [(letter.key, letter.text.rpartition("\n\n")) for _, letter in post.mail.letters]
        assert all(before == "" or before.startswith("Ce message est parti en retard") for _, (before, _, _) in texts)
        tried = Counter((key, words) for key, (_, _, words) in texts)
        # Its end follows its beginning, whatever the pauses between the attempts.
        assert [text.split()[0] for _, text in tried] == ["opened", "recovered"]
        assert [count > 20 for count in tried.values()] == [True, False]
        times = [when for when, letter in post.mail.letters if "opened" in letter.text]
        pauses = [later - earlier for earlier, later in pairwise(times)]
        assert all(0.8 * FIRST_S <= pause <= 1.2 * LONGEST_S + 5 for pause in pauses)
        assert pauses[0] < 0.1 * max(pauses)

    play(NOON, story, mail=[LATER])


def test_after_three_days_of_trying_it_is_a_dead_letter(caplog: pytest.LogCaptureFixture) -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR._replace(phone=None))
        post.start()
        await asyncio.sleep(2.8 * DAY_S)
        assert post.states() == [("mail", "waiting")]
        await asyncio.sleep(0.4 * DAY_S)
        assert post.states() == [("mail", "dead")]
        assert len(post.mail.letters) == MOST
        assert sum(one.dead for one in post.dispatcher.standing.values()) == 1
        # Somebody has repaired it: from the beginning, not for one last time.
        post.act("alert.retry", id=1)
        await asyncio.sleep(1000)
        assert len(post.mail.letters) > MOST + 3
        post.mail.answers = [OK]
        await asyncio.sleep(LONGEST_S)
        assert post.states() == [("mail", "sent")]

    with caplog.at_level(logging.ERROR):
        play(NOON, story, mail=[LATER])
    assert "message 1 to contact 1 is not delivered" in caplog.text
    assert "occupé" not in caplog.text


def test_the_pauses_add_up_to_three_days_and_are_not_everybodys() -> None:
    for key in ("a", "b"):
        whole = sum(pause_s(attempts, key) for attempts in range(1, MOST))
        assert 2.85 * DAY_S < whole < 3.15 * DAY_S
    assert len({pause_s(5, key) for key in "abcdefgh"}) > 6
    assert not gives_up(MOST - 1)
    assert gives_up(MOST)


def test_a_channel_that_raises_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(600)
        assert post.states() == [("mail", "sent")]
        assert len(post.mail.letters) == 2

    play(NOON, story, mail=[BREAK, OK])
    assert "the channel mail failed" in caplog.text


def test_one_that_hangs_is_left_and_never_sent_twice_at_once() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(MOST_S - 10)
        assert len(post.mail.letters) == 1
        post.act("alert.retry", id=1)  # impatient
        post.clock.offset += 4 * DAY_S  # and the clock is set forward
        await asyncio.sleep(5)
        assert len(post.mail.letters) == 1
        await asyncio.sleep(200)
        assert post.states() == [("mail", "sent")]
        assert len({letter.key for _, letter in post.mail.letters}) == 1
        assert len(post.mail.letters) == 2

    play(NOON, story, mail=[HANG, OK])


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(10)
        assert post.states() == [("mail", "waiting")]
        post.clock.offset -= DAY_S
        await asyncio.sleep(120)
        assert post.states() == [("mail", "sent")]
        # What comes now is told now, though the clock says that its trouble is of tomorrow.
        post.desk.result("03-06 09:02", SITE, "ok")
        post.moves.moved()
        await asyncio.sleep(120)
        assert [letter.text.split()[0] for _, letter in post.mail.letters] == ["opened", "opened", "recovered"]

    play(NOON, story, mail=[LATER, OK])


def test_a_clock_that_is_set_forward_ends_nothing() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(10)
        post.clock.offset += 30 * DAY_S
        await asyncio.sleep(400)
        assert post.states() == [("mail", "sent")]

    play(NOON, story, mail=[LATER, LATER, LATER, OK])


def test_refused_mail_is_told_by_sms() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(60)
        assert post.states() == [("mail", "refused"), ("sms", "sent")]
        assert post.sms.letters[0][1].text == post.mail.letters[0][1].text
        # Its end is told by what told its beginning.
        post.result("03-06 09:02", SITE, "ok")
        await asyncio.sleep(3600)
        assert [letter.text.split()[0] for _, letter in post.sms.letters] == ["opened", "recovered"]
        assert len(post.mail.letters) == 1

    play(NOON, story, mail=[REFUSED])


def test_unless_sms_told_it_anyway() -> None:
    async def story(post: Post) -> None:
        fails(post, BOTH)
        post.start()
        await asyncio.sleep(3600)
        assert sorted(post.states()) == [("mail", "refused"), ("sms", "sent")]
        assert len(post.sms.letters) == 1
        assert sum(one.dead for one in post.dispatcher.standing.values()) == 0

    play(NOON, story, mail=[REFUSED])


@pytest.mark.parametrize("seed", [MAYOR, BOTH, MAYOR._replace(phone=None)])
def test_what_has_nowhere_left_to_go_is_a_dead_letter(seed: Seed) -> None:
    async def story(post: Post) -> None:
        fails(post, seed)
        post.start()
        await asyncio.sleep(3600)
        assert sum(one.dead for one in post.dispatcher.standing.values()) == 1
        tries = len(post.mail.letters) + len(post.sms.letters)
        assert tries == (2 if seed.phone else 1)
        (dead,) = [message.id for message in post.messages() if message.state == "dead"]
        post.act("alert.drop", id=dead)
        await asyncio.sleep(3600)
        assert sum(one.dead for one in post.dispatcher.standing.values()) == 0
        assert len(post.mail.letters) + len(post.sms.letters) == tries

    play(NOON, story, mail=[REFUSED], sms=[REFUSED])


def test_one_dropped_on_its_way_stays_dropped() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(1)
        post.act("alert.drop", id=1)
        await asyncio.sleep(2 * MOST_S)
        assert post.states() == [("mail", "dropped")]
        assert len(post.mail.letters) == 1

    play(NOON, story, mail=[HANG, OK])


def test_a_contact_who_is_erased_meanwhile_takes_no_message_of_another_along() -> None:
    async def story(post: Post) -> None:
        post.mail.takes_s = 10.0
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(1)
        with post.desk.connection:
            contacts.erase(post.desk.connection, 1, post.desk.now, "jeanne")
        people(post.desk, Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", None, "critical"))
        post.result("03-06 09:02", SITE, "ok")
        post.result("03-06 09:03", SITE, "critical")
        post.clock.offset += 120
        await asyncio.sleep(5)
        (message,) = post.messages()
        assert (message.id, message.address, message.state) == (1, "astreinte@syndicat.fr", "waiting")
        await asyncio.sleep(6)  # the first one is answered now: it says nothing of the other
        assert post.states() == [("mail", "waiting")]
        await asyncio.sleep(60)
        assert post.mail.told == ["mairie@exemple.fr", "astreinte@syndicat.fr"]
        assert post.states() == [("mail", "sent")]

    play(NOON, story)


@pytest.mark.parametrize("number", range(1, 12))
@pytest.mark.parametrize("length", [1, 40])
def test_a_disk_that_is_full_at_any_transaction_loses_and_repeats_nothing(
    number: int, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(post: Post) -> None:
        post.shelf.fails = lambda write: number <= write < number + length
        fails(post, BOTH)
        post.start()
        await asyncio.sleep(3600)
        assert sorted(post.states()) == [("mail", "sent"), ("sms", "sent")]
        assert (len(post.mail.letters), len(post.sms.letters)) == (1, 1)

    play(NOON, story)
    assert all(record.exc_info is None for record in caplog.records)


def test_what_is_on_its_way_at_a_stop_may_arrive_and_the_rest_leaves_at_the_next_start() -> None:
    async def story(post: Post) -> None:
        fails(post, *(MAYOR._replace(name=f"m{n}", email=f"m{n}@exemple.fr") for n in range(4)))
        post.mail.takes_s = 2.0
        post.start()
        await asyncio.sleep(0.5)
        assert len(post.mail.letters) == 4
        await post.restart()
        assert Counter(post.states()) == {("mail", "sent"): 2, ("mail", "waiting"): 2}
        await asyncio.sleep(60)
        assert Counter(post.states()) == {("mail", "sent"): 4}
        tries = Counter((letter.key, letter.text) for _, letter in post.mail.letters)
        assert sorted(tries.values()) == [1, 1, 2, 2]

    play(NOON, story, mail=[HANG, OK, HANG, OK])


def test_a_hundred_leave_twenty_at_a_time_without_waiting() -> None:
    async def story(post: Post) -> None:
        fails(post, *(MAYOR._replace(name=f"m{n}", email=f"m{n}@exemple.fr") for n in range(100)))
        post.start()
        await asyncio.sleep(3)
        assert Counter(post.states()) == {("mail", "sent"): 100}
        assert len(set(post.mail.told)) == len(post.mail.told) == 100
        assert post.mail.most_under_way == AT_ONCE

    play(NOON, story)


def test_a_relay_that_hangs_leaves_room_to_sms() -> None:
    async def story(post: Post) -> None:
        mairies = [MAYOR._replace(name=f"m{n}", email=f"m{n}@exemple.fr") for n in range(2 * AT_ONCE)]
        fails(post, *mairies, Seed("syndicat", "Astreinte", None, "+33600000002", None, "critical"))
        post.start()
        await asyncio.sleep(5)
        assert post.mail.under_way.total() == AT_ONCE
        assert post.sms.told == ["+33600000002"]

    play(NOON, story, mail=[HANG])


def test_a_bug_in_the_words_of_one_message_keeps_none_from_leaving(caplog: pytest.LogCaptureFixture) -> None:
    def compose(channel: Channel, reader: Reader, facts: Sequence[Fact], news: Sequence[News], now: int) -> Composed:
        if reader.name == "Mairie":
            raise KeyError("no such word")
        return words(channel, reader, facts, news, now)

    async def story(post: Post) -> None:
        post.compose = compose
        fails(post, MAYOR, MAYOR._replace(name="Adjoint", email="adjoint@exemple.fr"))
        post.start()
        await asyncio.sleep(60)
        assert {letter.to: letter.text for _, letter in post.mail.letters} == {
            "mairie@exemple.fr": "Vigie : du nouveau sur un incident. Le message détaillé n'a pas pu être rédigé ; "
            "voir le tableau des incidents.",
            "adjoint@exemple.fr": "opened INC-2026-000001 internet",
        }

    play(NOON, story)
    assert "cannot be put into words" in caplog.text


# --- what operators do about it


def test_retried_it_goes_to_the_address_that_was_put_right() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR._replace(phone=None))
        post.start()
        await asyncio.sleep(10)
        assert post.states() == [("mail", "dead")]
        post.act("contact.edit", id=1, email="mairie@exemple.org")
        post.act("alert.retry", id=1)
        await asyncio.sleep(10)
        assert post.mail.told == ["mairie@exemple.fr", "mairie@exemple.org"]
        assert post.states() == [("mail", "sent")]

    play(NOON, story, mail=[REFUSED, OK])


def test_retried_without_any_address_left_it_says_so_and_stays_dead() -> None:
    async def story(post: Post) -> None:
        fails(post, BOTH)
        post.start()
        await asyncio.sleep(10)
        assert sorted(post.states()) == [("mail", "refused"), ("sms", "dead")]
        post.act("contact.edit", id=1, phone="", sms="")
        number = next(message.id for message in post.messages() if message.channel is Channel.SMS)
        with pytest.raises(VigieError, match="contact 1 has nothing to be reached at by sms any more"):
            post.act("alert.retry", id=number)
        assert sorted(post.states()) == [("mail", "refused"), ("sms", "dead")]

    play(NOON, story, mail=[REFUSED], sms=[REFUSED])


def test_retried_when_its_trouble_is_over_it_says_so() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR._replace(phone=None))
        post.start()
        await asyncio.sleep(10)
        assert post.states() == [("mail", "dead")]
        post.mail.answers = [LATER]
        assert post.act("alert.retry", id=1)["remarks"] == []
        await asyncio.sleep(10)
        post.mail.answers = [REFUSED]
        await asyncio.sleep(60)
        assert post.states() == [("mail", "dead")]
        post.result("03-06 09:05", SITE, "ok")
        (remark,) = post.act("alert.retry", id=1)["remarks"]
        assert remark.startswith("INC-2026-000001: over meanwhile")

    play(NOON, story, mail=[REFUSED])


def test_channels_of_a_former_config_are_closed_once_nothing_goes_by_them() -> None:
    async def story(post: Post) -> None:
        post.mail.takes_s = 45.0  # over the next look
        fails(post, MAYOR)
        post.start()
        await asyncio.sleep(1)
        post.dispatcher.replace({"mail": Wire(post.clock), "sms": Wire(post.clock)})
        await asyncio.sleep(40)
        assert not post.mail.closed
        await asyncio.sleep(60)
        assert post.mail.closed
        assert post.sms.closed
        assert post.states() == [("mail", "sent")]

    play(NOON, story)
