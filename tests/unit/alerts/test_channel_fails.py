"""A channel by which nothing leaves is told by the others, once; and so is its end. SPEC 7."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable

import pytest

from supervisor.cli.alert_outbox import _failing
from supervisor.domain.backoff import MOST, pause_s, tries_over
from supervisor.domain.channel_health import FAILING, WORKING, Health, news_of
from supervisor.domain.contact import Seed
from supervisor.store import channels
from tests.unit.acts.stage import IMAP, SITE
from tests.unit.alerts.test_dispatcher import MAYOR, NOON, fails, people
from tests.unit.alerts.wires import LATER, OK, Post, play

DAY_S = 86_400
ON_CALL = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", "+33600000002", "warning", "critical")
PUT_OFF = LATER._replace(theirs=True)  # by the receiver
DOWN, BACK = "channel mail failing", "channel mail working"


def told(post: Post) -> list[str]:
    """What was said of channels, by SMS."""
    return [letter.text for _, letter in post.sms.letters if letter.text.startswith("channel")]


def own(post: Post) -> bool:
    """Has the channel itself failed?"""
    return post.desk.connection.execute("select own from channel where name = 'mail'").fetchone() == (1,)


async def until(true: Callable[[], bool]) -> None:
    """Time passes until then."""
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(10)
    raise AssertionError("never")


def test_it_is_told_by_the_other_channel_once_and_its_end_too() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(890)
        assert told(post) == []
        await asyncio.sleep(60)
        assert told(post) == [DOWN]
        await asyncio.sleep(DAY_S)
        post.result("03-06 09:02", SITE, "ok")
        assert told(post) == [DOWN]
        assert not [letter for _, letter in post.mail.letters if "channel" in letter.text]
        assert post.dispatcher.standing["mail"].fails_since == NOON
        post.mail.answers = [OK]
        await asyncio.sleep(4000 + 600)
        assert told(post) == [DOWN, BACK]
        assert post.dispatcher.standing["mail"].fails_since is None
        await asyncio.sleep(DAY_S)
        assert told(post) == [DOWN, BACK]

    play(NOON, story, mail=[LATER])


@pytest.mark.parametrize("stopped_at", [0.05, 300, 899, 905, 931])
def test_a_restart_neither_loses_nor_repeats_it(stopped_at: float) -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(stopped_at)
        await post.restart()
        await asyncio.sleep(1000)
        await post.restart()
        assert told(post) == [DOWN]
        post.mail.answers = [OK]
        await asyncio.sleep(3000)
        await post.restart()
        await asyncio.sleep(3000)
        assert told(post) == [DOWN, BACK]

    play(NOON, story, mail=[LATER])


def test_one_receiver_who_puts_us_off_is_no_failure_and_two_are() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        people(post.desk, ON_CALL._replace(mail=None))
        post.start()
        await asyncio.sleep(3 * 3600)
        assert told(post) == []
        people(post.desk, ON_CALL._replace(name="Adjoint", email="adjoint@syndicat.fr", sms=None))
        post.result("03-06 09:02", IMAP, "ok")
        post.result("03-06 09:03", IMAP, "critical")
        await asyncio.sleep(3600)
        assert told(post) == [DOWN]

    play(NOON, story, mail=[PUT_OFF])


def test_what_a_receiver_put_off_for_hours_is_no_time_that_the_channel_failed() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        people(post.desk, ON_CALL._replace(mail=None))
        post.start()
        await asyncio.sleep(3 * 3600)
        post.mail.answers = [LATER]
        await until(lambda: post.dispatcher.standing["mail"].failing == 1 and own(post))
        await asyncio.sleep(800)
        assert told(post) == []
        await asyncio.sleep(200)
        assert told(post) == [DOWN]

    play(NOON, story, mail=[PUT_OFF])


def test_one_that_comes_and_goes_is_told_of_once() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(1000)
        assert told(post) == [DOWN]
        for minute in range(3, 30, 3):  # it takes one, and fails again for the next
            post.mail.answers = [OK]
            await asyncio.sleep(600)
            post.mail.answers = [LATER]
            post.result(f"03-06 09:{minute:02}", SITE, "ok")
            post.result(f"03-06 09:{minute + 1:02}", SITE, "critical")
            await asyncio.sleep(600)
        assert told(post) == [DOWN]
        post.mail.answers = [OK]
        await asyncio.sleep(3 * 3600)
        assert told(post) == [DOWN, BACK]

    play(NOON, story, mail=[LATER])


def test_one_that_fails_for_less_than_that_is_not_told() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        for minute in range(3, 30, 3):
            await asyncio.sleep(300)
            post.mail.answers = [OK]
            await asyncio.sleep(900)
            post.mail.answers = [LATER]
            post.result(f"03-06 09:{minute:02}", SITE, "ok")
            post.result(f"03-06 09:{minute + 1:02}", SITE, "critical")
        assert told(post) == []

    play(NOON, story, mail=[LATER])


def test_a_clock_that_jumps_a_day_raises_no_alarm() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(40)
        post.clock.offset += DAY_S
        await asyncio.sleep(180)
        assert told(post) == []
        post.mail.answers = [OK]
        await asyncio.sleep(3600)
        assert told(post) == []

    play(NOON, story, mail=[LATER])


def test_nor_does_one_that_is_set_back_keep_it_waiting() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(600)
        post.clock.offset -= DAY_S
        await asyncio.sleep(1000)
        assert told(post) == [DOWN]
        post.mail.answers = [OK]
        await asyncio.sleep(600)
        post.clock.offset -= 3600
        await asyncio.sleep(1800)  # of the hour nothing is waited for
        assert told(post) == [DOWN, BACK]

    play(NOON, story, mail=[LATER])


def test_nothing_tried_is_nothing_known() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(100)
        post.act("alert.drop", id=1)  # the relay is down all the same
        await asyncio.sleep(DAY_S)
        assert told(post) == []

    play(NOON, story, mail=[LATER])


def test_when_every_channel_fails_each_waits_for_the_others_and_is_told_once() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(3600)
        assert {name: one.fails_since is not None for name, one in post.dispatcher.standing.items()} == {
            "mail": True,
            "sms": True,
        }
        post.sms.answers = post.mail.answers = [OK]
        await asyncio.sleep(6 * 3600)
        assert len({letter.key for _, letter in post.sms.letters if DOWN in letter.text}) == 1
        assert len({letter.key for _, letter in post.mail.letters if "channel sms failing" in letter.text}) == 1
        assert {state for _, state in post.states()} == {"sent"}
        assert all(one.fails_since is None for one in post.dispatcher.standing.values())

    play(NOON, story, mail=[LATER], sms=[LATER])


def test_without_another_channel_it_is_in_the_log_and_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)  # of a commune: not to be told of it
        post.start()
        await asyncio.sleep(1000)
        assert post.dispatcher.standing["mail"].fails_since == NOON
        assert post.sms.letters == []

    play(NOON, story, mail=[LATER])
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == "nothing leaves by mail any more (waiting: 1); nobody is told: " + (
        "no operator has another channel"
    )


def test_a_relay_that_is_back_gets_what_waits_at_once_oldest_first() -> None:
    async def story(post: Post) -> None:
        seeds = [MAYOR._replace(name=f"m{n:02}", email=f"m{n:02}@exemple.fr", phone=None) for n in range(50)]
        fails(post, *seeds)
        post.start()
        await asyncio.sleep(DAY_S)
        before = len(post.mail.letters)
        post.mail.answers = [OK]
        began = post.clock.monotonic()
        await until(lambda: all(state == "sent" for _, state in post.states()))
        assert post.clock.monotonic() - began < 1500  # not the hour of the longest pause
        arrived = post.mail.letters[before:]
        assert len(arrived) == 50
        assert [letter.to for _, letter in arrived[1:40]] == sorted(letter.to for _, letter in arrived[1:40])
        assert {message.attempts for message in post.messages()} <= set(range(28, 33))

    play(NOON, story, mail=[LATER])


def test_news_do_not_pile_up_before_a_relay_that_is_down() -> None:
    async def story(post: Post) -> None:
        fails(post, MAYOR)
        people(post.desk, Seed("autre", "Autre", "autre@autre.fr", None, "critical", None))
        post.start()
        for hour in range(9, 17):
            for minute in (10, 30, 50):
                await asyncio.sleep(1200)
                post.result(f"03-06 {hour:02}:{minute:02}", SITE, "ok")
                post.result(f"03-06 {hour:02}:{minute + 5:02}", SITE, "critical")
        assert len(post.states()) <= 9  # of 24 failures in 8 hours
        post.mail.answers = [OK]
        post.result("03-06 17:10", SITE, "ok")
        await asyncio.sleep(3 * 3600)
        assert {state for _, state in post.states()} == {"sent"}
        assert post.mail.letters[-1][1].text.startswith("recovered")

    play(NOON, story, mail=[LATER])


def test_how_many_attempts_prove_that_time_passed() -> None:
    assert [tries_over(s) for s in (0, 1, 30, 31, 90, 450, 451)] == [1, 2, 2, 3, 3, 5, 6]
    assert tries_over(43_200) < MOST
    for key in "abcdef":
        waited = sum(pause_s(attempts, key) for attempts in range(1, tries_over(450)))
        assert 0.8 * 450 <= waited <= 1.2 * 450


def test_the_rule() -> None:
    down = Health("mail", fails_from=1000, own=True, waiting=1, tries=9, receivers=1)
    assert news_of(down, alarmed=False, now=1900, after_s=900) == FAILING
    for health in (
        down._replace(waiting=0),
        down._replace(own=False),
        down._replace(tries=4),
        down._replace(fails_from=1001),
        Health("mail", works_from=0),
        Health("mail"),
    ):
        assert news_of(health, alarmed=False, now=1900, after_s=900) is None
    assert news_of(down._replace(own=False, receivers=2), alarmed=False, now=1900, after_s=900) == FAILING
    assert news_of(down, alarmed=True, now=9999, after_s=900) is None
    assert news_of(Health("mail", works_from=1000), alarmed=True, now=1899, after_s=900) is None
    assert news_of(Health("mail", works_from=1000), alarmed=True, now=1900, after_s=900) == WORKING


def test_what_waits_for_a_channel_that_is_no_longer_configured_says_nothing_of_it() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(10)
        post.dispatcher.replace({"sms": post.sms})
        post.desk.connection.execute("delete from channel")
        await asyncio.sleep(7200)
        assert told(post) == []
        assert post.desk.connection.execute("select count(*) from channel where name = 'mail'").fetchone() == (0,)

    play(NOON, story, mail=[LATER])


def test_the_list_of_messages_begins_with_it() -> None:
    async def story(post: Post) -> None:
        fails(post, ON_CALL)
        post.start()
        await asyncio.sleep(800)
        assert channels.failing(post.desk.connection) == []
        await asyncio.sleep(200)
        assert channels.failing(post.desk.connection) == [("mail", NOON, None)]
        post.mail.answers = [OK]
        await asyncio.sleep(1200)
        ((name, since, works_from),) = channels.failing(post.desk.connection)
        assert (name, since) == ("mail", NOON)
        assert works_from is not None
        row = {"channel": name, "since": "2026-03-06T09:01:00+01:00", "works_from": None}
        (line,) = _failing([row])
        assert re.fullmatch(r"mail fails since 2026-03-06 \S+: nothing leaves by it", line)
        (line,) = _failing([{**row, "works_from": "2026-03-06T09:20:00+01:00"}])
        assert re.fullmatch(r"mail fails since 2026-03-06 \S+: messages leave again since 2026-03-06 \S+", line)

    play(NOON, story, mail=[LATER])
