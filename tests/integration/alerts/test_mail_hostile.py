"""Relays that hang, break, babble or refuse at each step: what becomes of the mail, and of the next relay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from probes.secret import Secret
from supervisor.alerts import mail_relay
from supervisor.alerts.transport import Outcome
from supervisor.alerts.ways import REST_S
from tests.integration.alerts.letters import Ticking, letter, mailing
from tests.integration.alerts.relays import CLOSE, DATA, EHLO, END, GREETING, HANG, MAIL, RCPT, RSET, Relay, relay

TO = "maire@exemple.test"


def way(to: Relay, **more: Any) -> dict[str, Any]:
    """Patient, unless it is known to hang."""
    timeout = "1s" if HANG in to.says.values() else "60s"
    return {"host": "127.0.0.1", "port": to.port, "security": "none", "timeout": timeout, **more}


@pytest.mark.parametrize(
    ("step", "answer", "words"),
    [
        (GREETING, HANG, "pas de réponse en 1 s"),
        (GREETING, CLOSE, "connexion fermée par le relais"),
        (GREETING, "554 5.3.2 maintenance", "le relais n'accueille pas, réponse « 554 5.3.2 maintenance »"),
        (GREETING, "bonjour", "réponse"),
        (EHLO, HANG, "pas de réponse en 1 s"),
        (MAIL, HANG, "pas de réponse en 1 s"),
        (MAIL, CLOSE, "connexion fermée par le relais"),
        (MAIL, "451 4.3.0 busy", "refus temporaire"),
        (MAIL, "550 5.7.1 who are you", "expéditeur refusé (section alerts, clé « from »)"),
        (MAIL, "blah", "réponse illisible"),
        (RCPT, HANG, "pas de réponse en 1 s"),
        (RCPT, "421 4.7.0 too many", "refus temporaire"),
        (RCPT, "451 4.7.1 greylisted", "refus temporaire"),
        (RCPT, "554 5.7.1 Client host rejected", "le relais ne nous accepte pas"),
        (RCPT, "530 authentication required", "le relais ne nous accepte pas"),
        (DATA, "451 4.3.0 queue full", "refus temporaire"),
        (END, "452 4.3.1 no space", "refus temporaire"),
        (END, "554 5.7.1 spam", "message refusé"),
    ],
)
async def test_the_next_relay_takes_it_at_once(step: str, answer: str, words: str) -> None:
    async with relay({step: answer}) as bad, relay() as good:
        channel = mailing(way(bad), way(good))
        attempt = await channel.send(letter(TO))
        await channel.close()
        assert attempt.outcome is Outcome.SENT, attempt
        assert attempt.receipt == "4Rk7zQ"
        assert (len(bad.mails), len(good.mails)) == (0, 1)
    async with relay({step: answer}) as alone:
        attempt = await mailing(way(alone)).send(letter(TO))
        assert attempt.outcome is (Outcome.REFUSED if answer == "554 5.7.1 spam" else Outcome.LATER)
        assert attempt.theirs is (answer == "451 4.7.1 greylisted")  # of all these the receiver's own doing
        assert words in attempt.detail
        assert f"127.0.0.1:{alone.port}" in attempt.detail
        assert "\n" not in attempt.detail


@pytest.mark.parametrize("answer", [HANG, CLOSE, "nonsense"])
async def test_after_the_mail_was_handed_over_it_may_have_been_taken(answer: str) -> None:
    """Later, not now through the next relay; then through that one, with the same Message-ID."""
    now = Ticking()
    async with relay({END: answer}) as doubtful, relay() as good:
        channel = mailing(way(doubtful), way(good), monotonic=now)
        first = await channel.send(letter(TO))
        assert first.outcome is Outcome.LATER
        assert good.commands == []
        second = await channel.send(letter(TO))
        await channel.close()
        assert second.outcome is Outcome.SENT
        assert doubtful.commands.count("DATA") == 1
        assert b"Message-ID: <incident-45-ouvert-7@exemple.test>\r\n" in good.mails[0]


@pytest.mark.parametrize(
    "answer", ["550 5.1.1 no such user", "550 unknown", "552 5.2.2 full for ever", "553 5.1.3 bad"]
)
async def test_a_receiver_that_does_not_exist_is_refused_without_asking_others(answer: str) -> None:
    async with relay({RCPT: answer}) as bad, relay() as good:
        attempt = await mailing(way(bad), way(good)).send(letter(TO))
        assert attempt.outcome is Outcome.REFUSED
        assert answer in attempt.detail
        assert good.commands == []


async def test_a_mail_that_every_relay_refuses_for_ever_is_refused_and_else_tried_again() -> None:
    async with relay({END: "554 5.6.0 bad content"}) as first, relay({END: "552 5.3.4 too big"}) as second:
        attempt = await mailing(way(first), way(second)).send(letter(TO))
        assert attempt.outcome is Outcome.REFUSED
        assert "bad content" in attempt.detail
        assert "too big" in attempt.detail
    async with relay({END: "554 5.6.0 bad content"}) as first, relay({RCPT: "451 4.7.1 later"}) as second:
        attempt = await mailing(way(first), way(second)).send(letter(TO))
        assert attempt.outcome is Outcome.LATER


async def test_a_relay_that_hangs_costs_its_deadline_once() -> None:
    now = Ticking()
    async with relay({GREETING: HANG}) as deaf, relay() as good:
        channel = mailing(way(deaf), way(good), monotonic=now)
        for _ in range(3):
            assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        assert deaf.listening is not None
        assert deaf.listening.connections == 1
        now.now += REST_S
        await channel.send(letter(TO))
        assert deaf.listening.connections == 2
        await channel.close()


@pytest.mark.parametrize("end", [CLOSE, "421 4.7.0 too many messages in this connection"])
async def test_a_kept_connection_that_the_relay_ended_is_no_failure(end: str) -> None:
    async with relay({MAIL: ["250 Ok", end, "250 Ok"]}) as tired:
        channel = mailing(way(tired))
        for _ in range(2):
            assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        await channel.close()
        assert tired.listening is not None
        assert (tired.listening.connections, len(tired.mails)) == (2, 2)


async def test_a_kept_connection_that_was_reset_while_idle_is_no_failure() -> None:
    async with relay() as restarted:
        channel = mailing(way(restarted))
        assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        assert restarted.listening is not None
        for task in asyncio.all_tasks():
            if "serve" in repr(task.get_coro()):
                task.cancel()  # the relay's own session, as at its restart
        async with asyncio.timeout(5):
            await restarted.listening.idle.wait()
        assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        await channel.close()
        assert len(restarted.mails) == 2


async def test_a_connection_is_ended_after_so_many_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_relay, "MOST_MAILS", 3)
    async with relay() as good:
        channel = mailing(way(good))
        for _ in range(7):
            assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        await channel.close()
        assert good.listening is not None
        assert (good.listening.connections, good.commands.count("QUIT")) == (3, 3)


async def test_an_idle_connection_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_relay, "IDLE_S", 0.01)
    async with relay() as good:
        channel = mailing(way(good))
        assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        assert good.listening is not None
        async with asyncio.timeout(5):
            await good.listening.idle.wait()
        assert good.commands[-1] == "QUIT"
        await channel.close()


async def test_after_a_refusal_the_connection_is_made_clean() -> None:
    async with relay({RCPT: ["550 5.1.1 no such user", "250 Ok"]}) as good:
        channel = mailing(way(good))
        assert (await channel.send(letter(TO))).outcome is Outcome.REFUSED
        assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        await channel.close()
        assert good.listening is not None
        assert good.listening.connections == 1
        assert good.commands.count("RSET") == 1


async def test_a_relay_that_cannot_even_reset_is_left() -> None:
    async with relay({RCPT: "550 5.1.1 no such user", RSET: HANG}) as bad:
        channel = mailing(way(bad))
        assert (await channel.send(letter(TO))).outcome is Outcome.REFUSED
        await channel.close()


async def test_letters_at_the_same_time_have_a_connection_each() -> None:
    async with relay() as good:
        channel = mailing(way(good))
        attempts = await asyncio.gather(*(channel.send(letter(TO, key=f"k{n}")) for n in range(10)))
        assert {attempt.outcome for attempt in attempts} == {Outcome.SENT}
        assert len({mail.partition(b"Message-ID: ")[2][:30] for mail in good.mails}) == 10
        await channel.close()


async def test_cut_short_in_the_middle_nothing_stays_open() -> None:
    async with relay({END: HANG}) as slow:
        channel = mailing(way(slow, timeout="60s"))
        sending = asyncio.create_task(channel.send(letter(TO)))
        async with asyncio.timeout(5):
            await slow.hung.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert slow.listening is not None
        async with asyncio.timeout(5):
            await slow.listening.idle.wait()
        await channel.close()


async def test_a_line_of_one_dot_does_not_end_the_mail() -> None:
    async with relay() as good:
        channel = mailing(way(good))
        await channel.send(letter(TO, text="un\n.\ndeux\n..\nQUIT\n", html=None))
        await channel.close()
        assert b"\r\nun\r\n..\r\ndeux\r\n...\r\nQUIT\r\n" in good.mails[0]
        assert good.commands.count("QUIT") == 1


OFFERING = "250-relais.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"
LOGIN = {"user": "vigie", "password": Secret("mot-de-passe")}


@pytest.mark.parametrize(
    ("says", "more", "words"),
    [
        ({GREETING: HANG}, {"security": "tls"}, "pas de réponse en 1 s"),
        ({}, {"security": "tls"}, "réponse qui n'est pas du TLS"),
        ({GREETING: CLOSE}, {"security": "tls"}, "connexion"),
        ({EHLO: OFFERING, "STAR": HANG}, {"security": "starttls"}, "pas de réponse en 1 s"),
        ({EHLO: OFFERING, "STAR": CLOSE}, {"security": "starttls"}, "connexion fermée par le relais"),
        ({EHLO: OFFERING, "STAR": "454 4.7.0 not now"}, {"security": "starttls"}, "réponse « 454 4.7.0 not now »"),
        # What is slipped in behind the consent, in clear, is never read as if it had come by TLS.
        ({EHLO: OFFERING, "STAR": "220 go\r\n250 hello"}, {"security": "starttls"}, "127.0.0.1"),
        ({EHLO: OFFERING, "AUTH": HANG}, LOGIN, "pas de réponse en 1 s"),
        ({EHLO: OFFERING, "AUTH": "454 4.7.0 db down"}, LOGIN, "authentification impossible pour l'instant"),
        ({EHLO: OFFERING, "AUTH": "535 5.7.8 bad"}, LOGIN, "identifiants refusés"),
        ({EHLO: OFFERING, "AUTH": CLOSE}, LOGIN, "connexion fermée par le relais"),
        ({EHLO: "250-relais.test\r\n250 AUTH GSSAPI"}, LOGIN, "aucune authentification utilisable"),
    ],
)
async def test_what_breaks_on_the_way_to_tls_and_login(says: Any, more: dict[str, Any], words: str) -> None:
    async with relay(says) as bad, relay() as good:
        attempt = await mailing(way(bad, **more)).send(letter(TO))
        assert attempt.outcome is Outcome.LATER
        assert words in attempt.detail, attempt
        assert "mot-de-passe" not in attempt.detail
        assert not any(command.startswith("MAIL") for command in bad.commands)
        channel = mailing(way(bad, **more), way(good))
        assert (await channel.send(letter(TO))).outcome is Outcome.SENT
        await channel.close()
