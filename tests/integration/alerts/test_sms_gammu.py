"""SMS through a modem: a real gammu-smsd and its dummy phone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from supervisor.alerts.keys import digest
from supervisor.alerts.sms import SmsTransport
from supervisor.alerts.transport import Outcome
from tests.integration.alerts.letters import letter, texting
from tests.integration.alerts.modem import Modem, modem
from tests.integration.probes.running import until

TO = "+33600000001"


@pytest.fixture
def phone(tmp_path: Path) -> Modem:
    return modem(tmp_path)


def channel(phone: Modem, timeout: str = "60s", **more: object) -> SmsTransport:
    return texting({"type": "gammu", "spool": str(phone.spool), "timeout": timeout}, **more)


def transmitted(phone: Modem) -> list[str]:
    """What the daemon says it transmitted, part by part."""
    return [line for line in phone.log().splitlines() if "Transmitted " in line]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
async def test_the_modem_sends_it_as_one_message_with_its_accents(phone: Modem, locale: str) -> None:
    text = "École d'Exemple : accès Internet coupé depuis 17 h 20, forêt {5 €}"
    spelt = text.replace("ê", "e")
    with phone.daemon(locale):
        attempt = await channel(phone).send(letter(TO, text=text))
        assert attempt.outcome is Outcome.SENT, (attempt, phone.log())
    assert attempt.detail == "modem (gammu-smsd) : émis"
    assert (phone.spool / "sent" / attempt.receipt).read_bytes().decode("utf-16") == spelt
    assert list((phone.spool / "outbox").iterdir()) == []
    (line,) = transmitted(phone)
    assert f"(total: 1) to {TO}" in line
    # As gammu-smsd read it, whose log has no accents in the locale C: coding 3 is the alphabet of 7 bits.
    seen = spelt if locale == "C.UTF-8" else "".join(c if c.isascii() else "?" for c in spelt)
    assert f'Found 1 sms to "{TO}" with text "{seen}" cod 3 lgt {len(text)} ' in phone.log()


async def test_a_message_of_two_parts(phone: Modem) -> None:
    with phone.daemon():
        attempt = await channel(phone, segments=2).send(letter(TO, text="Panne à l'école. " * 15))
        assert attempt.outcome is Outcome.SENT, phone.log()
    assert [line.partition(".txt ")[2].partition(" to")[0] for line in transmitted(phone)] == [
        "(part: 1)",
        "(total: 2)",
    ]


async def test_a_repeat_is_not_sent_again(phone: Modem) -> None:
    with phone.daemon():
        first = await channel(phone).send(letter(TO))
        again = await channel(phone).send(letter(TO))
        other = await channel(phone).send(letter(TO, key="incident-45-restored"))
    assert [attempt.outcome for attempt in (first, again, other)] == [Outcome.SENT] * 3
    assert again.detail == "modem (gammu-smsd) : déjà émis"
    assert again.receipt == first.receipt != other.receipt
    assert len(transmitted(phone)) == 2


async def test_a_try_that_was_cut_short_is_found_again(phone: Modem) -> None:
    sending = asyncio.create_task(channel(phone).send(letter(TO)))
    await until(lambda: any((phone.spool / "outbox").glob(f"OUTA*_{digest('incident-45-ouvert-7')}.txt")))
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    with phone.daemon():
        assert (await channel(phone).send(letter(TO))).outcome is Outcome.SENT
    assert len(transmitted(phone)) == 1


async def test_without_the_daemon_it_is_withdrawn_in_time(phone: Modem) -> None:
    attempt = await channel(phone, timeout="1s").send(letter(TO))
    assert attempt.outcome is Outcome.LATER
    assert attempt.detail == "modem (gammu-smsd) : pas émis en 1 s ; vérifier gammu-smsd et le modem"
    assert list((phone.spool / "outbox").iterdir()) == []


async def test_a_modem_that_fails_is_told_and_tried_again(phone: Modem) -> None:
    """The dummy phone never fails: what gammu-smsd does of a message then is done in its place."""
    outbox = phone.spool / "outbox"

    async def give_up() -> None:
        await until(lambda: any(outbox.glob("OUTA*")))
        (name,) = outbox.iterdir()
        name.rename(phone.spool / "error" / name.name)

    attempt, _ = await asyncio.gather(channel(phone).send(letter(TO)), give_up())
    assert attempt.outcome is Outcome.LATER
    assert attempt.detail == "modem (gammu-smsd) : le modem n'a pas pu l'émettre ; vérifier gammu-smsd et le modem"
    with phone.daemon():
        assert (await channel(phone).send(letter(TO))).outcome is Outcome.SENT, phone.log()
    assert list((phone.spool / "error").iterdir()) == []


async def test_a_spool_that_is_not_there(phone: Modem) -> None:
    (phone.spool / "outbox").rmdir()
    attempt = await channel(phone).send(letter(TO))
    assert attempt.outcome is Outcome.LATER
    assert "répertoire de gammu-smsd inutilisable : " in attempt.detail
    assert "No such file" in attempt.detail


async def test_when_the_internet_is_down_the_modem_sends(phone: Modem) -> None:
    internet = {"type": "http", "url": "http://127.0.0.1:1/", "form": {"to": "{to}", "text": "{text}"}}
    with phone.daemon():
        both = texting(internet, {"type": "gammu", "spool": str(phone.spool)})
        attempt = await both.send(letter(TO))
    assert (attempt.outcome, attempt.detail) == (Outcome.SENT, "modem (gammu-smsd) : émis")
