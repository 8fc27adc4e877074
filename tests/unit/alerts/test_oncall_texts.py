"""What is said to who is on call, in French."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Status
from supervisor.alerts import gsm7
from supervisor.alerts.composing import composer
from supervisor.alerts.facts import Composed, News
from supervisor.domain.alerting import Channel, Kind, Subject
from tests.unit.alerts.wordings import LINK, ON_CALL, PARIS, SECRETARY, TOWN, at, fact, mail, plain_spaces, sms

NOW = "03-06 17:40"
LINE = {
    "number": "INC-2026-000123",
    "services": ["Messagerie"],
    "place": TOWN,
    "since": at("03-06 17:25"),
    "deadline": at("03-09 09:55"),
}


def untaken(**changed: object) -> Composed:
    """Nobody has come for a quarter of an hour."""
    return mail(ON_CALL, NOW, fact(Kind.ESCALATED, NOW, **changed))


def test_nobody_has_come() -> None:
    said = untaken()
    assert plain_spaces(said.subject) == (
        "Panne non prise en charge : Messagerie, Mairie de Ségolène-les-Étangs, depuis 17 h 25"
    )
    text = plain_spaces(said.text)
    assert "Personne n’a pris l’incident en charge depuis 15 min." in text
    assert "« vu »" in text
    assert sms(ON_CALL, NOW, fact(Kind.ESCALATED, NOW, link=None, said="")) == (
        "Panne non prise en charge : Messagerie depuis 17h25 (15 min), Mairie de Ségolène-les-Étangs. "
        "Intervenir avant lun. 9/3 9h55. INC-2026-000123"
    )


def test_whoever_is_called_has_the_link_and_other_words_give_way_to_it() -> None:
    def said(*names: str, place: str, link: str = LINK) -> str:
        return sms(ON_CALL, NOW, fact(Kind.ESCALATED, NOW, services=names, collectivite=place, link=link, said=""))

    assert said("Web", place="Arles") == (
        "Panne non prise en charge : Web depuis 17h25 (15 min), Arles. Intervenir avant lun. 9/3 9h55. "
        f"INC-2026-000123 {LINK}"
    )
    assert said("Messagerie", place=TOWN) == (
        "Panne non prise en charge : Messagerie depuis 17h25, Mairie de Ségolène-les-Ét... "
        f"Intervenir avant lun. 9/3 9h55 {LINK}"
    )
    assert said("Gestion électronique des documents", place="Communauté de communes du Pays de Bitche") == (
        "Panne non prise en charge : Gestion électroni... depuis 17h25, Communauté de... "
        f"Intervenir avant lun. 9/3 9h55 {LINK}"
    )
    # A link that leaves no room for any name is none that helps.
    assert "INC-2026-000123" in said("Messagerie", place=TOWN, link=LINK + "x" * 80)


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=5), st.text(max_size=80))
def test_names_never_take_the_place_of_the_link(names: list[str], place: str) -> None:
    said = sms(ON_CALL, NOW, fact(Kind.ESCALATED, NOW, services=tuple(names), collectivite=place))
    assert LINK in said
    assert gsm7.parts(said) == 1


def test_of_a_report_and_of_a_warning() -> None:
    reported = untaken(sonde="", said="plus rien")
    assert reported.subject.startswith("Signalement non pris en charge")
    assert "Personne n’a pris l’incident en charge" in reported.text
    assert untaken(severity=Status.WARNING).subject.startswith("Alerte non prise en charge")


def test_what_is_over_by_then_is_told_as_that() -> None:
    over = mail(ON_CALL, "03-06 18:00", fact(Kind.ESCALATED, NOW), fact(Kind.RECOVERED, "03-06 17:50"))
    assert plain_spaces(over.subject).startswith("Retour à la normale")


def test_a_commune_reads_of_the_trouble_alone() -> None:
    assert "pris en charge" not in mail(SECRETARY, NOW, fact(Kind.ESCALATED, NOW)).text


def test_who_stands_in_reads_for_whom() -> None:
    reader = replace(ON_CALL, instead=("Alice Martin", "Bruno"))
    text = plain_spaces(mail(reader, NOW, fact()).text)
    assert "Vous recevez ce message parce que Vigie n’a pas pu joindre « Alice Martin » et « Bruno »." in text
    short = fact(services=("Web",), collectivite="Arles", said="", link=None)
    assert sms(replace(reader, instead=("Alice",)), NOW, short).endswith("INC-2026-000123 (Alice injoignable)")
    assert sms(reader, NOW, short).endswith("injoignables)")
    assert gsm7.parts(sms(reader, NOW, fact())) == 1


def turn(word: str, channel: Channel = Channel.MAIL, **facts: object) -> Composed:
    """It changed hands on a Monday."""
    news = News(
        subject=Subject.TURN, name="astreinte", word=word, at=at("03-09 09:00"), places=(), facts=facts, link=None
    )
    return composer("Moselle Fibre", PARIS, 1)(channel, ON_CALL, [], [news], at("03-09 09:00"))


def test_the_turn_is_yours_and_what_lasts() -> None:
    facts = {"contact": 2, "until": at("03-16 09:00"), "count": 3, "incidents": [LINE, {**LINE, "deadline": None}]}
    said = turn("begun", **facts)
    assert plain_spaces(said.subject) == "À vous l’astreinte : « astreinte », jusqu’à lundi 16 mars à 9 h"
    text = plain_spaces(said.text)
    assert "3 incidents sont en cours." in text
    assert (
        "INC-2026-000123 : Messagerie, Mairie de Ségolène-les-Étangs, depuis vendredi 6 mars à 17 h 25, "
        "intervenir avant 9 h 55"
    ) in text
    assert "Et encore : 1 autre" in text
    assert turn("begun", Channel.SMS, **facts).text.startswith(
        "Vous etes d'astreinte (astreinte) jusqu'à lun. 16/3 9h. 3 incidents en cours, d'abord : Messagerie, Mairie"
    )


def test_when_nothing_lasts() -> None:
    facts = {"contact": 2, "until": at("03-16 09:00"), "count": 0, "incidents": []}
    assert "Aucun incident n’est en cours." in plain_spaces(turn("begun", **facts).text)
    assert turn("begun", Channel.SMS, **facts).text == (
        "Vous etes d'astreinte (astreinte) jusqu'à lun. 16/3 9h. Aucun incident en cours"
    )


@pytest.mark.parametrize(("holder", "said"), [(2, "à la personne suivante"), (None, "Personne ne vous succède")])
def test_the_turn_is_over(holder: int | None, said: str) -> None:
    text = plain_spaces(turn("over", contact=holder, until=None).text)
    assert "s’est terminé à 9 h" in text
    assert said in text
    assert turn("over", Channel.SMS, contact=holder).text == "Votre astreinte (astreinte) est finie depuis 9h"
