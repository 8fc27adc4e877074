"""What is said of something else than an incident, in French."""

from __future__ import annotations

from supervisor.alerts.composing import composer
from supervisor.alerts.facts import Composed, News, Reader
from supervisor.domain.alerting import Channel, Subject
from tests.unit.alerts.wordings import ON_CALL, PARIS, at, fact, plain_spaces


def isolation(word: str, wall: str, **facts: object) -> News:
    """Of Vigie."""
    return News(
        subject=Subject.ISOLATION, name="vigie", word=word, at=at(wall), places=(), facts=facts, link="https://v.fr/"
    )


def told(channel: Channel, reader: Reader, wall: str, *news: News) -> Composed:
    """As it is read at that time."""
    return composer("Moselle Fibre", PARIS, 1)(channel, reader, [], news, at(wall))


def test_isolation() -> None:
    cut = isolation("begun", "03-06 17:25")
    mail = told(Channel.MAIL, ON_CALL, "03-06 17:26", cut)
    assert plain_spaces(mail.subject) == "Vigie isolée : plus rien n’est surveillé depuis 17 h 25"
    assert "aucune commune n’est alertée" in plain_spaces(mail.text)
    assert told(Channel.SMS, ON_CALL, "03-06 17:26", cut).text == (
        "Vigie isolée depuis 17h25 : plus rien n'est surveillé. Vérifier son accès au réseau"
    )


def test_isolation_that_is_over_when_it_is_told() -> None:
    lines = isolation("begun", "03-06 17:25"), isolation("ended", "03-06 18:10", since=at("03-06 17:25"))
    mail = told(Channel.MAIL, ON_CALL, "03-06 18:11", *lines)
    assert plain_spaces(mail.subject) == "Vigie de nouveau reliée : à 18 h 10, après 45 min"
    assert told(Channel.SMS, ON_CALL, "03-06 18:11", *lines).text == ("Vigie de nouveau reliée à 18h10, après 45 min")


def test_beside_incidents_it_has_a_section_of_its_own_and_comes_first_by_sms() -> None:
    cut = isolation("begun", "03-06 17:25")
    say = composer("Moselle Fibre", PARIS, 1)
    mail = say(Channel.MAIL, ON_CALL, [fact()], [cut], at("03-06 17:26"))
    assert plain_spaces(mail.subject).startswith("1 panne, 1 coupure de Vigie")
    assert "À savoir (1)" in plain_spaces(mail.text)
    assert "Vigie isolée depuis 17h25" in say(Channel.SMS, ON_CALL, [fact()], [cut], at("03-06 17:26")).text


def channel(name: str, word: str, wall: str, **facts: object) -> News:
    """Of a channel."""
    return News(subject=Subject.CHANNEL, name=name, word=word, at=at(wall), places=(), facts=facts, link=None)


def test_a_channel_that_fails_and_works_again() -> None:
    down = channel("mail", "failing", "03-06 17:40", since=at("03-06 17:25"), waiting=12)
    brief = told(Channel.SMS, ON_CALL, "03-06 17:40", down).text
    assert brief == "Plus aucun mail ne part depuis 17h25 (12 attendent). Vérifier le relais de messagerie"
    mail = told(Channel.MAIL, ON_CALL, "03-06 17:40", channel("sms", "failing", "03-06 17:40", **down.facts))
    assert plain_spaces(mail.subject) == "Envoi en panne : plus aucun SMS ne part depuis 17 h 25"
    assert "aucun SMS n’est parti : 12 messages attendent" in plain_spaces(mail.text)
    assert "la passerelle SMS" in plain_spaces(mail.text)
    one = channel("webhook", "failing", "03-06 17:40", since=at("03-06 17:25"), waiting=1)
    assert "1 message attend." in plain_spaces(told(Channel.MAIL, ON_CALL, "03-06 17:40", one).text)
    facts = {"since": at("03-06 17:25"), "until": at("03-06 19:30"), "waited": 1}
    back = channel("mail", "working", "03-06 19:45", **facts)
    for lines in ([back], [down, back]):
        assert told(Channel.SMS, ON_CALL, "03-06 19:45", *lines).text == (
            "Les mails partent de nouveau depuis 19h30, après 2h05 (1 message a attendu)"
        )
    mail = told(Channel.MAIL, ON_CALL, "03-06 19:45", channel("sms", "working", "03-06 19:45", **facts))
    assert plain_spaces(mail.subject) == "Envoi rétabli : les SMS partent de nouveau depuis 19 h 30, après 2 h 05"
    assert "Les SMS partent de nouveau depuis 19 h 30. Rien n’était parti pendant 2 h 05 : 1 message a attendu." in (
        plain_spaces(mail.text)
    )
