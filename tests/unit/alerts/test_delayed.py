"""A message that leaves long after it was written: what a mairie reads then, and what fits an SMS."""

from __future__ import annotations

import asyncio
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts import gsm7
from supervisor.alerts.delayed import LATE_S, Setting, delayed
from supervisor.alerts.facts import Reader
from supervisor.alerts.transport import Letter
from supervisor.domain.alerting import Channel, Kind
from tests.unit.acts.stage import SITE
from tests.unit.alerts.test_dispatcher import BOTH, NOON, people
from tests.unit.alerts.wires import LATER, OK, Post, play
from tests.unit.alerts.wordings import LINK, ON_CALL, PARIS, SECRETARY, at, fact, mail, plain_spaces, sms

WRITTEN = "03-06 17:25"


def written(reader: Reader, channel: Channel) -> Letter:
    """The mail of a commune fails on Friday at 17:25."""
    body = mail(reader, WRITTEN, fact())
    text = sms(reader, WRITTEN, fact()) if channel is Channel.SMS else body.text
    html = body.html if channel is Channel.MAIL else None
    return Letter(key="k", to="x", subject=body.subject, text=text, html=html, thread=None, at=at(WRITTEN))


def read(reader: Reader, channel: Channel, wall: str, segments: int = 1) -> Letter:
    """As it leaves then."""
    return delayed(written(reader, channel), channel, at(wall), Setting(PARIS, segments))


def test_a_mail_says_when_it_was_written_and_when_it_left() -> None:
    letter = read(SECRETARY, Channel.MAIL, "03-07 09:05")
    assert plain_spaces(letter.subject) == (
        "Message du vendredi 6 mars à 17 h 25 – Panne : Messagerie, Mairie de Ségolène-les-Étangs, depuis 17 h 25"
    )
    said = (
        "Ce message est parti en retard : écrit vendredi 6 mars à 17 h 25, il n’a pu être envoyé que samedi 7 mars "
        "à 9 h 05. La situation a pu changer entre-temps."
    )
    assert plain_spaces(letter.text).startswith(
        f"Bonjour,\n\n{said}\n\nLe service « Messagerie » (Mairie de Ségolène-les-Étangs) est en panne depuis 17 h 25."
    )
    assert f"<p>Bonjour,</p>\n<p>{said}</p>" in unescape(plain_spaces(letter.html or ""))


def test_of_the_same_day_the_hours_are_enough() -> None:
    letter = read(SECRETARY, Channel.MAIL, "03-06 19:00")
    assert plain_spaces(letter.subject).startswith("Message de 17 h 25 – Panne : Messagerie")
    assert "écrit à 17 h 25, il n’a pu être envoyé qu’à 19 h." in plain_spaces(letter.text)


def test_of_another_year_it_has_its_year() -> None:
    letter = delayed(written(SECRETARY, Channel.MAIL), Channel.MAIL, at("2027-01-04 08:00"), Setting(PARIS, 1))
    assert "écrit vendredi 6 mars 2026 à 17 h 25, il n’a pu être envoyé que lundi 4 janvier à 8 h." in plain_spaces(
        letter.text
    )


@pytest.mark.parametrize("channel", Channel)
def test_what_leaves_when_it_was_written_leaves_as_it_is(channel: Channel) -> None:
    letter = written(ON_CALL, channel)
    for now in (letter.at - 86_400, letter.at, letter.at + LATE_S - 1):
        assert delayed(letter, channel, now, Setting(PARIS, 1)) == letter


def test_an_sms_keeps_its_one_segment_and_its_link() -> None:
    assert read(SECRETARY, Channel.SMS, "03-07 09:05").text == (
        "Message du 6/3 17h25, parti le 7/3 9h05. Panne : Messagerie depuis 17h25, Mairie de Ségolène-les-Étangs. "
        "Moselle Fibre s'en occupe, rien à faire de votre..."
    )
    assert read(ON_CALL, Channel.SMS, "03-06 19:00").text == (
        "Message de 17h25, parti à 19h. Panne : Messagerie depuis 17h25, Mairie de Ségolène-les-Étangs. "
        f"Intervenir... {LINK}"
    )


@given(st.text(max_size=200), st.sampled_from(["", f" {LINK}", f" {LINK} (Alice injoignable)"]), st.integers(1, 3))
def test_whatever_it_says(said: str, link: str, segments: int) -> None:
    text = gsm7.fit(said, segments) + link
    letter = Letter(key="k", to="x", subject="", text=text, html=None, thread=None, at=at(WRITTEN))
    found = delayed(letter, Channel.SMS, at("03-09 08:00"), Setting(PARIS, segments)).text
    assert gsm7.parts(gsm7.spell(found)) <= segments
    assert found.startswith("Message du 6/3 17h25, parti le 9/3 8h.")
    assert LINK in found or not link


def test_the_dispatcher_says_it_of_what_could_not_leave_at_once() -> None:
    async def story(post: Post) -> None:
        people(post.desk, BOTH)
        post.start()
        post.result("03-06 09:00", SITE, "ok")
        post.result("03-06 09:01", SITE, "critical")
        await asyncio.sleep(6 * 3600)
        subjects = [letter.subject for _, letter in post.mail.letters]
        assert subjects[0] == "mail Mairie"
        assert "parti en retard" not in post.mail.letters[0][1].text
        assert plain_spaces(subjects[-1]).startswith("Message de ")
        assert "parti en retard" in post.mail.letters[-1][1].text
        assert len({letter.key for _, letter in post.mail.letters}) == 1

    play(NOON, story, mail=[*[LATER] * 12, OK])


def test_an_end_says_it_too() -> None:
    body = mail(SECRETARY, "03-06 18:00", fact(Kind.RECOVERED, "03-06 17:50"))
    letter = Letter(key="k", to="x", subject=body.subject, text=body.text, html=body.html, thread=None, at=at(WRITTEN))
    found = delayed(letter, Channel.MAIL, at("03-07 09:05"), Setting(PARIS, 1))
    assert plain_spaces(found.subject).startswith("Message du vendredi 6 mars à 17 h 25 – Retour à la normale")
