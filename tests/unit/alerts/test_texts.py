"""The whole texts, as each reader has them before their eyes: to be read aloud."""

# ruff: noqa: E501 - a paragraph of a mail is one line

from __future__ import annotations

import re
from dataclasses import replace

from probes.base import Status
from supervisor.alerts.facts import Fact, Reader
from supervisor.domain.alerting import Kind
from supervisor.french import typeset
from tests.unit.alerts.wordings import LINK, ON_CALL, SECRETARY, at, fact, mail, many, plain_spaces, sms


def test_the_operator_on_call() -> None:
    told = fact()
    letter = mail(ON_CALL, "03-06 17:25", told)
    assert letter.subject == "Panne : Messagerie, Mairie de Ségolène-les-Étangs, depuis 17 h 25"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Le service « Messagerie » (Mairie de Ségolène-les-Étangs) est en panne depuis 17 h 25.

Intervenir avant : lundi 9 mars à 9 h 55 (GTI)
Constat : « 192.0.2.1 ne répond pas (3 requêtes ICMP) »
Sonde : segolene/routeur/lien
Incident : INC-2026-000123

À faire : commencer l’intervention et l’enregistrer (« j’interviens »). Un simple « vu » n’arrête pas le délai d’intervention.

Vu ou j’interviens :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(ON_CALL, "03-06 17:25", told) == (
        "Panne : Messagerie depuis 17h25, Mairie de Ségolène-les-Étangs. Intervenir avant lun. 9/3 9h55. INC-2026-000123 https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w"
    )


def test_the_secretary() -> None:
    told = fact()
    letter = mail(SECRETARY, "03-06 17:25", told)
    assert letter.subject == "Panne : Messagerie, Mairie de Ségolène-les-Étangs, depuis 17 h 25"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Le service « Messagerie » (Mairie de Ségolène-les-Étangs) est en panne depuis 17 h 25.

Référence à rappeler : INC-2026-000123

Vous n’avez rien à faire : l’équipe de Moselle Fibre est prévenue et s’en occupe. Vous recevrez un message au retour à la normale.

Voir l’incident :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(SECRETARY, "03-06 17:25", told) == (
        "Panne : Messagerie depuis 17h25, Mairie de Ségolène-les-Étangs. Moselle Fibre s'en occupe, rien à faire de votre part. Un message suivra au retour à la normale"
    )


def test_the_secretary_when_it_is_back() -> None:
    told = fact(Kind.RECOVERED, "03-06 17:29")
    letter = mail(SECRETARY, "03-06 17:30", told)
    assert letter.subject == "Retour à la normale : Messagerie, Mairie de Ségolène-les-Étangs, à 17 h 29, après 4 min"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Le service « Messagerie » (Mairie de Ségolène-les-Étangs) est revenu à la normale à 17 h 29. La panne, commencée à 17 h 25, a duré 4 min.

Référence à rappeler : INC-2026-000123

Vous n’avez rien à faire.

Voir l’incident :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(SECRETARY, "03-06 17:30", told) == (
        "Retour à la normale : Messagerie à 17h29, après 4 min, Mairie de Ségolène-les-Étangs. Rien à faire de votre part. Moselle Fibre"
    )


def test_the_operator_when_it_is_back() -> None:
    told = fact(Kind.RECOVERED, "03-06 17:29")
    letter = mail(ON_CALL, "03-06 17:30", told)
    assert letter.subject == "Retour à la normale : Messagerie, Mairie de Ségolène-les-Étangs, à 17 h 29, après 4 min"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Le service « Messagerie » (Mairie de Ségolène-les-Étangs) est revenu à la normale à 17 h 29. La panne, commencée à 17 h 25, a duré 4 min.

Constat pendant l’incident : « 192.0.2.1 ne répond pas (3 requêtes ICMP) »
Sonde : segolene/routeur/lien
Incident : INC-2026-000123

À faire : noter la cause, puis clore l’incident.

Voir l’incident :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(ON_CALL, "03-06 17:30", told) == (
        "Retour à la normale : Messagerie à 17h29, après 4 min, Mairie de Ségolène-les-Étangs. INC-2026-000123"
    )


def test_the_secretary_of_a_false_alarm() -> None:
    told = fact(Kind.WITHDRAWN, "03-09 09:00")
    letter = mail(SECRETARY, "03-09 09:00", told)
    assert (
        letter.subject
        == "Fausse alerte : Messagerie, Mairie de Ségolène-les-Étangs, pas de panne vendredi 6 mars à 17 h 25"
    )
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Fausse alerte : le service « Messagerie » (Mairie de Ségolène-les-Étangs) n’était pas en panne vendredi 6 mars à 17 h 25, contrairement à notre message.

Référence à rappeler : INC-2026-000123

Vous n’avez rien à faire.

Voir l’incident :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(SECRETARY, "03-09 09:00", told) == (
        "Fausse alerte : Messagerie (pas de panne ven. 6/3 17h25), Mairie de Ségolène-les-Étangs. Rien à faire de votre part. Moselle Fibre"
    )


def test_what_is_to_be_watched() -> None:
    told = fact(severity=Status.WARNING, services=("Accès Internet", "Messagerie", "Téléphonie"))
    letter = mail(SECRETARY, "03-07 08:00", told)
    assert (
        letter.subject
        == "À surveiller : Accès Internet, Messagerie et Téléphonie, Mairie de Ségolène-les-Étangs, depuis hier à 17 h 25"
    )
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Les services « Accès Internet », « Messagerie » et « Téléphonie » (Mairie de Ségolène-les-Étangs) ne sont pas en panne, mais ils sont à surveiller depuis hier à 17 h 25.

Référence à rappeler : INC-2026-000123

Vous n’avez rien à faire : l’équipe de Moselle Fibre est prévenue et s’en occupe. Vous recevrez un message au retour à la normale.

Voir l’incident :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(SECRETARY, "03-07 08:00", told) == (
        "A surveiller : Accès Internet, Messagerie, Téléphonie depuis hier 17h25, Mairie de Ségolène-les-Étangs. Moselle Fibre s'en occupe, rien à faire de votre part"
    )


def test_what_got_worse() -> None:
    told = fact(Kind.WORSENED, "03-06 18:02", deadline=None)
    letter = mail(ON_CALL, "03-06 18:02", told)
    assert letter.subject == "Panne : Messagerie, Mairie de Ségolène-les-Étangs, depuis 18 h 02"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Le service « Messagerie » (Mairie de Ségolène-les-Étangs) est en panne depuis 18 h 02, après un premier signe à 17 h 25.

Constat : « 192.0.2.1 ne répond pas (3 requêtes ICMP) »
Sonde : segolene/routeur/lien
Incident : INC-2026-000123

À faire : commencer l’intervention et l’enregistrer (« j’interviens »). Un simple « vu » n’arrête pas le délai d’intervention.

Vu ou j’interviens :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(ON_CALL, "03-06 18:02", told) == (
        "Panne : Messagerie depuis 18h02, Mairie de Ségolène-les-Étangs. INC-2026-000123 https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w 192.0.2.1 ne répond pas (3..."
    )


def test_three_quarters_of_the_time() -> None:
    told = fact(Kind.GTI, "03-09 09:20", percent=75)
    letter = mail(ON_CALL, "03-09 09:20", told)
    assert letter.subject == "GTI à 75 % : Messagerie, Mairie de Ségolène-les-Étangs, échéance à 9 h 55"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Le service « Messagerie » (Mairie de Ségolène-les-Étangs) est en panne depuis vendredi 6 mars à 17 h 25. Le délai d’intervention est écoulé à 75 % : aucune intervention n’était commencée à 9 h 20.

Intervenir avant : 9 h 55 (GTI)
Constat : « 192.0.2.1 ne répond pas (3 requêtes ICMP) »
Sonde : segolene/routeur/lien
Incident : INC-2026-000123

À faire : commencer l’intervention et l’enregistrer (« j’interviens »). Un simple « vu » n’arrête pas le délai d’intervention.

Vu ou j’interviens :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(ON_CALL, "03-09 09:20", told) == (
        "GTI à 75 % : Messagerie (panne depuis ven. 6/3 17h25), Mairie de Ségolène-les-Étangs. Intervenir avant 9h55. INC-2026-000123. 192.0.2.1 ne répond pas (3..."
    )


def test_a_breach() -> None:
    told = fact(Kind.BREACH, "03-09 09:55", percent=100)
    letter = mail(ON_CALL, "03-09 09:55", told)
    assert letter.subject == "Délai d’intervention dépassé : Messagerie, Mairie de Ségolène-les-Étangs, depuis 9 h 55"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Le service « Messagerie » (Mairie de Ségolène-les-Étangs) est en panne depuis vendredi 6 mars à 17 h 25. Le délai d’intervention prévu est dépassé depuis 9 h 55 : aucune intervention n’était commencée à cette heure.

Constat : « 192.0.2.1 ne répond pas (3 requêtes ICMP) »
Sonde : segolene/routeur/lien
Incident : INC-2026-000123

À faire : commencer l’intervention et l’enregistrer (« j’interviens »), ce qui arrête le dépassement.

Vu ou j’interviens :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(ON_CALL, "03-09 09:55", told) == (
        "Délai d'intervention dépassé : Messagerie depuis 9h55, Mairie de Ségolène-les-Étangs. INC-2026-000123 https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w"
    )


def test_what_a_person_reported() -> None:
    told = fact(sonde="", equipment="", services=(), said="On n'a plus de téléphone à l'accueil", deadline=None)
    letter = mail(SECRETARY, "03-06 17:25", told)
    assert letter.subject == "Problème signalé : Mairie de Ségolène-les-Étangs, à 17 h 25"
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Un problème a été signalé à 17 h 25 (Mairie de Ségolène-les-Étangs).

Signalement : « On n’a plus de téléphone à l’accueil »
Référence à rappeler : INC-2026-000123

Vous n’avez rien à faire : l’équipe de Moselle Fibre est prévenue et s’en occupe. Vous recevrez un message au retour à la normale.

Voir l’incident :
https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Moselle Fibre
"""
    )
    assert sms(SECRETARY, "03-06 17:25", told) == (
        "Problème signalé à 17h25, Mairie de Ségolène-les-Étangs. Moselle Fibre s'en occupe, rien à faire de votre part. Un message suivra au retour à la normale"
    )


def test_several_things_at_once() -> None:
    told = [
        fact(),
        fact(incident="INC-2026-000124", services=("Accès Internet",)),
        fact(Kind.RECOVERED, "03-06 17:29", incident="INC-2026-000124", services=("Accès Internet",)),
        fact(
            Kind.BREACH, "03-06 17:20", incident="INC-2026-000120",
            opened_at=at("03-06 14:00"), collectivite="Commune d'Arles-sur-Orne",
        ),
    ]  # fmt: skip
    letter = mail(ON_CALL, "03-06 17:31", *told)
    assert (
        letter.subject
        == "1 délai d’intervention dépassé, 1 panne, 1 retour à la normale : Commune d’Arles-sur-Orne et Mairie de Ségolène-les-Étangs"
    )
    assert (
        plain_spaces(letter.text)
        == """\
Bonjour,

Situation à 17 h 31, dans 2 collectivités :

1 délai d’intervention dépassé, 1 panne, 1 retour à la normale.

En cours (2) :
- Délai d’intervention dépassé : Messagerie, Commune d’Arles-sur-Orne, depuis 17 h 20 (INC-2026-000120)
  https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w
- Panne : Messagerie, Mairie de Ségolène-les-Étangs, depuis 17 h 25 (INC-2026-000123, intervenir avant lundi 9 mars à 9 h 55)
  https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w

Terminé (1) :
- Retour à la normale : Accès Internet, Mairie de Ségolène-les-Étangs, à 17 h 29, après 4 min (INC-2026-000124)

Moselle Fibre
"""
    )
    assert sms(ON_CALL, "03-06 17:31", *told) == (
        "17h31 : 1 délai dépassé, 1 panne, 1 retour à la normale, 2 collectivités. Délai dépassé : Messagerie (Commune d'Arles-sur-Orne); +2"
    )


def test_five_thousand_things_are_a_page_that_is_read() -> None:
    letter = mail(ON_CALL, "03-06 17:31", *many(5000))
    text = plain_spaces(letter.text)
    assert letter.subject == "5 000 pannes dans 130 collectivités"
    assert "Situation à 17 h 31, dans 130 collectivités :\n\n5 000 pannes.\n" in text
    assert text.count("\n- Panne : ") == 25
    assert "\nEt 4 975 autres : Commune 25 (39), Commune 26 (39), " in text
    assert " et 118 autres collectivités.\n" in text
    assert len(letter.html) < 30_000
    assert sms(ON_CALL, "03-06 17:31", *many(5000)) == (
        "17h31 : 5 000 pannes, 130 collectivités. Panne : Service 0 (Commune 0); Panne : Service 1 (Commune 1); Panne : Service 2 (Commune 2); +4 997"
    )


def test_a_short_failure_that_is_told_late_is_told_as_over() -> None:
    """Opened and recovered in one message, or opened only but over by the time it leaves: the same words."""
    both = mail(SECRETARY, "03-06 17:30", fact(), fact(Kind.RECOVERED, "03-06 17:29"))
    late = mail(SECRETARY, "03-06 17:30", fact(over_at=at("03-06 17:29")))
    assert both == late
    assert both.subject == "Retour à la normale : Messagerie, Mairie de Ségolène-les-Étangs, à 17 h 29, après 4 min"


def test_what_flaps_is_one_line_that_says_how_often() -> None:
    told = []
    for minute in (0, 10, 20):
        opened = at(f"03-06 17:{minute:02d}")
        told += [
            fact(Kind.REOPENED if minute else Kind.OPENED, opened_at=opened),
            fact(Kind.RECOVERED, f"03-06 17:{minute + 4:02d}", opened_at=opened),
        ]
    over = mail(SECRETARY, "03-06 17:30", *told)
    assert over.subject.endswith("à 17 h 24, après 3 interruptions")
    assert "Il y a eu 3 interruptions ; la dernière a commencé à 17 h 20." in plain_spaces(over.text)
    lasts = mail(SECRETARY, "03-06 17:30", *told[:-1])
    assert lasts.subject == "De nouveau en panne : Messagerie, Mairie de Ségolène-les-Étangs, depuis 17 h 20"


def test_a_commune_reads_nothing_of_deadlines_or_machines() -> None:
    for told in (fact(Kind.GTI, "03-09 09:20", percent=75), fact(Kind.BREACH, "03-09 09:55", percent=100), fact()):
        letter = mail(SECRETARY, "03-09 10:00", told)
        said = letter.subject + letter.text + letter.html + sms(SECRETARY, "03-09 10:00", told)
        for word in ("GTI", "Délai", "délai", "ICMP", "192.0.2.1", "segolene/routeur", "sonde", "Sonde"):
            assert word not in said


def test_a_promise_that_was_broken_before_the_end_is_not_forgotten() -> None:
    told = [fact(Kind.BREACH, "03-09 09:55", percent=100), fact(Kind.RECOVERED, "03-09 10:02")]
    letter = mail(ON_CALL, "03-09 10:03", *told)
    assert letter.subject.startswith("Retour à la normale : Messagerie")
    assert "Délai d’intervention : dépassé avant le retour à la normale\n" in plain_spaces(letter.text)


def test_what_counts_for_no_service_is_called_by_its_machine() -> None:
    told = fact(services=(), equipment="sw-coeur")
    assert mail(ON_CALL, "03-06 17:25", told).subject.startswith("Panne : équipement sw-coeur, Mairie")
    assert "\nL’équipement « sw-coeur » (Mairie" in plain_spaces(mail(ON_CALL, "03-06 17:25", told).text)


def test_thirty_services_are_three_names_and_a_number() -> None:
    told = fact(link=None, services=tuple(f"Service {n}" for n in range(30)))
    assert mail(ON_CALL, "03-06 17:25", told).subject == (
        "Panne : Service 0, Service 1, Service 2 et 27 autres services, Mairie de Ségolène-les-Étangs, depuis 17 h 25"
    )
    assert sms(ON_CALL, "03-06 17:25", told).startswith(
        "Panne : Service 0, Service 1, Service 2 +27 autres depuis 17h25"
    )


def test_who_repairs_is_named_as_french_wants_it() -> None:
    for organisation, said in (
        ("Syndicat mixte Somme Numérique", "l’équipe du Syndicat mixte Somme Numérique est prévenue"),
        ("Communauté de communes du Lac", "l’équipe de la Communauté de communes du Lac est prévenue"),
        ("Agglomération d'Arles", "l’équipe de l’Agglomération d’Arles est prévenue"),
        ("Arles Agglo", "l’équipe d’Arles Agglo est prévenue"),
    ):
        assert said in mail(SECRETARY, "03-06 17:25", fact(), organisation=organisation).text


def test_a_long_name_leaves_room_for_what_matters() -> None:
    town = "Communauté d'agglomération des Trois-Vallées et du Plateau de Ségolène-les-Étangs-et-Bois-Joli"
    said = sms(
        ON_CALL, "03-06 17:25", fact(collectivite=town, services=("Messagerie collaborative et agendas partagés",))
    )
    assert said == (
        "Panne : Messagerie collaborative et agendas... depuis 17h25, Communauté d'agglomération des... Intervenir avant lun. 9/3 9h55. INC-2026-000123"
    )


def test_a_link_that_leaves_no_room_for_what_matters_is_left_out() -> None:
    told = fact(services=("Accès Internet",))
    for host in ("v.fr", "vigie.fr", "vigie.syndicat.fr", "vigie.syndicat-mixte-numerique-des-trois-vallees.fr"):
        link = LINK.replace("vigie.exemple.fr", host)
        said = sms(ON_CALL, "03-06 17:25", replace(told, link=link))
        must = sms(ON_CALL, "03-06 17:25", replace(told, link=None, said=""))
        assert said.startswith(must)
        assert len(said) <= 160
        assert said.endswith(link) is (len(must) + 1 + len(link) <= 160)


def test_names_give_way_to_a_link_as_long_as_they_are_known() -> None:
    town = "Communauté de communes des Trois-Vallées et du Plateau"
    assert sms(ON_CALL, "03-06 17:25", fact(collectivite=town)) == (
        f"Panne : Messagerie depuis 17h25, Communauté de communes des... Intervenir avant lun. 9/3 9h55. INC-2026-000123 {LINK}"
    )


def test_buttons_lead_to_the_page_of_the_incident_for_those_who_can_take_it_up() -> None:
    def buttons(told: Fact, reader: Reader = ON_CALL) -> list[tuple[str, str]]:
        return re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', mail(reader, "03-06 17:31", told).html)

    assert buttons(fact()) == [(f"{LINK}#vu", "Vu"), (f"{LINK}#interviens", "J’interviens")]
    assert buttons(fact(Kind.RECOVERED, "03-06 17:29")) == [(LINK, "Voir l’incident")]
    assert buttons(fact(), SECRETARY) == [(LINK, "Voir l’incident")]
    assert buttons(fact(link=None)) == []
    assert buttons(fact(link="javascript:alert(1)")) == []


def test_in_a_list_each_that_lasts_has_its_own() -> None:
    told = [
        fact(link=f"{LINK}1"),
        fact(incident="INC-2026-000124", link=f"{LINK}2"),
        fact(Kind.RECOVERED, "03-06 17:29", incident="INC-2026-000125", link=f"{LINK}3"),
    ]
    for reader, words in ((ON_CALL, "Vu ou j’interviens : "), (SECRETARY, "Voir l’incident ")):
        letter = mail(reader, "03-06 17:31", *told)
        found = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', letter.html)
        assert [(link, re.sub("<[^>]+>", "", word)) for link, word in found] == [
            (f"{LINK}1", typeset(f"{words}INC-2026-000123")),
            (f"{LINK}2", typeset(f"{words}INC-2026-000124")),
        ]
        assert re.findall(r"https\S+", letter.text) == [f"{LINK}1", f"{LINK}2"]
