"""What is said of maintenance, requests, forecasts, pools and flapping, in French, to who reads it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts import gsm7
from supervisor.alerts.composing import composer
from supervisor.alerts.facts import Composed, News, Reader
from supervisor.domain.alerting import Channel, Subject
from tests.unit.alerts.test_texts_hostile import HOSTILE, INVISIBLE, Page
from tests.unit.alerts.wordings import ON_CALL, PARIS, SECRETARY, TOWN, at, plain_spaces

NATURE = "remplacement du routeur"
BOTH = ("Accès Internet", "Messagerie")


def news(
    subject: Subject, word: str, wall: str, /, name: str = "un", places: tuple[str, ...] = (TOWN,), **facts: Any
) -> News:
    """One line."""
    return News(subject=subject, name=name, word=word, at=at(wall), places=places, facts=facts, link="https://v.fr/")


def maintenance(word: str, wall: str, start: str = "03-10 22:00", end: str = "03-11 02:00", **more: Any) -> News:
    """Of two services of the town."""
    known = {"start": at(start), "end": at(end), "nature": NATURE, "by_place": [[TOWN, list(BOTH)]]}
    return news(Subject.MAINTENANCE, word, wall, **{**known, **more})


def request(word: str, wall: str, **more: Any) -> News:
    """An administrative one, of Friday 6 March."""
    known = {"place": TOWN, "kind": "administrative", "service": None, "message": "une adresse", "answer": "",
             "received": at("03-06 09:00"), "due": at("03-13 09:00"), "answered": None}  # fmt: skip
    return news(Subject.REQUEST, word, wall, name="DEM-2026-000012", **{**known, **more})


def flapping(word: str, wall: str, **more: Any) -> News:
    """Of the link of the town."""
    known = {"sonde": "segolene/routeur/lien", "machine": "routeur",
             "by_place": [[TOWN, ["Accès Internet"]]], "changes": 6,
             "since": at("03-06 10:05"), "level": "critical"}  # fmt: skip
    return news(Subject.FLAPPING, word, wall, **{**known, **more})


def forecast(word: str, wall: str, **more: Any) -> News:
    """Of a volume of a NAS."""
    known = {"sonde": "segolene/nas/disque", "machine": "nas",
             "mount": "/volume1", "full": at("03-28 09:00"),
             "earliest": at("03-25 09:00"), "latest": at("04-02 09:00")}  # fmt: skip
    return news(Subject.FORECAST, word, wall, **{**known, **more})


def pool(word: str, **more: Any) -> News:
    """Of a hundred places."""
    known = {"counted": 97, "subscribed": 100, "free": 3, "price": "50.00"}
    return news(Subject.POOL, word, "03-06 09:00", **{**known, **more})


def read(reader: Reader, wall: str, *lines: News, channel: Channel = Channel.MAIL) -> Composed:
    """With spaces that can be typed."""
    found = composer("Moselle Fibre", PARIS, 1)(channel, reader, [], lines, at(wall))
    return Composed(plain_spaces(found.subject), plain_spaces(found.text), found.html)


def test_a_secretary_reads_of_a_maintenance() -> None:
    mail = read(SECRETARY, "03-06 09:00", maintenance("planned", "03-06 09:00"))
    assert mail.subject == (
        "Maintenance prévue : Accès Internet et Messagerie, du mardi 10 mars à 22 h au mercredi 11 mars à 2 h"
    )
    assert mail.text == (
        "Bonjour,\n\n"
        "Une maintenance est prévue du mardi 10 mars à 22 h au mercredi 11 mars à 2 h.\n\n"
        "Pendant ce temps, les services « Accès Internet » et « Messagerie » peuvent être interrompus.\n\n"
        "Nature : remplacement du routeur\n\n"
        "Aucune action n’est attendue de votre part.\n\n"
        "Voir l’état des services :\nhttps://v.fr/\n\n"
        "Moselle Fibre\n"
    )


@pytest.mark.parametrize(
    ("line", "wall", "subject", "sentence"),
    [
        (
            maintenance("planned", "03-06 09:00", "03-10 08:00", "03-10 12:00"), "03-06 09:00",
            "Maintenance prévue : Accès Internet et Messagerie, mardi 10 mars de 8 h à 12 h",
            "Une maintenance est prévue mardi 10 mars de 8 h à 12 h.",
        ),
        (
            maintenance("planned", "03-10 21:58"), "03-10 22:05",  # it has begun before the message left
            "Maintenance en cours : Accès Internet et Messagerie, du mardi 10 mars à 22 h au mercredi 11 mars à 2 h",
            "Une maintenance a commencé à 22 h. Elle doit se terminer demain à 2 h.",
        ),
        (
            maintenance("changed", "03-10 23:00", end="03-11 04:00", before=[at("03-10 22:00"), at("03-11 02:00")]),
            "03-10 23:00",
            "Maintenance prolongée : Accès Internet et Messagerie, du mardi 10 mars à 22 h au mercredi 11 mars à 4 h",
            "elle doit se terminer demain à 4 h, et non plus demain à 2 h.",
        ),
        (
            maintenance("changed", "03-08 09:00", "03-12 08:00", "03-12 09:00",
                        before=[at("03-10 22:00"), at("03-11 02:00")]), "03-08 09:00",
            "Maintenance déplacée : Accès Internet et Messagerie, jeudi 12 mars de 8 h à 9 h",
            "elle a lieu jeudi 12 mars de 8 h à 9 h, et non plus du mardi 10 mars à 22 h au mercredi 11 mars à 2 h.",
        ),
        (
            maintenance("cancelled", "03-08 09:00", reason="le prestataire est malade"), "03-08 09:00",
            "Maintenance annulée : Accès Internet et Messagerie, du mardi 10 mars à 22 h au mercredi 11 mars à 2 h",
            "n’aura pas lieu.\n\nNature : remplacement du routeur\nMotif de l’annulation : le prestataire est malade\n",
        ),
        (
            maintenance("ended", "03-11 02:00"), "03-11 02:00",
            "Maintenance terminée : Accès Internet et Messagerie, du mardi 10 mars à 22 h au mercredi 11 mars à 2 h",
            "Si un service ne fonctionne pas, signalez-le-nous.",
        ),
        (
            maintenance("planned", "03-06 09:00", "03-10 12:00", "03-10 13:00", times=12, every="week",
                        last=[at("05-26 12:00"), at("05-26 13:00")]), "03-06 09:00",
            "Maintenance prévue : Accès Internet et Messagerie, 12 fois, chaque semaine",
            "la première fois mardi 10 mars de 12 h à 13 h, la dernière mardi 26 mai de 12 h à 13 h.",
        ),
        (
            maintenance("cancelled", "03-06 09:00", "03-10 12:00", "03-10 13:00", times=11, reason="x",
                        last=[at("05-26 12:00"), at("05-26 13:00")]), "03-06 09:00",
            "Maintenance annulée : Accès Internet et Messagerie, 11 fois",
            "Les 11 maintenances prévues, la première mardi 10 mars de 12 h à 13 h, la dernière",
        ),
        (
            maintenance("planned", "03-06 09:00", by_place=[[TOWN, []]]), "03-06 09:00",
            "Maintenance prévue : tous vos services, du mardi 10 mars à 22 h au mercredi 11 mars à 2 h",
            "tous les services peuvent être interrompus.",
        ),
        (
            request("received", "03-06 09:00"), "03-06 09:00",
            "Demande reçue : DEM-2026-000012, échéance vendredi 13 mars à 9 h",
            "Votre demande DEM-2026-000012 a été reçue à 9 h.\n\nUne réponse sera donnée au plus tard vendredi 13 mars",
        ),
        (
            request("received", "03-06 09:00", kind="production", due=None), "03-06 09:00",
            "Demande reçue : DEM-2026-000012", "Le délai d’un mois commencera quand le dossier sera complet.",
        ),
        (
            request("completed", "03-09 09:00", kind="production", due=at("04-09 09:00")), "03-09 09:00",
            "Dossier complet : DEM-2026-000012, échéance jeudi 9 avril à 9 h",
            "La mise en service est prévue au plus tard jeudi 9 avril à 9 h.",
        ),
        (
            request("answered", "03-16 10:00", answered=at("03-16 09:30"), answer="C’est fait."), "03-16 10:00",
            "Demande traitée : DEM-2026-000012", "Réponse : « C’est fait. »",
        ),
        (
            forecast("expected", "03-06 09:00"), "03-06 09:00",
            f"Disque bientôt plein : /volume1 de nas, {TOWN}, vers le 28 mars",
            "sera plein vers le 28 mars (entre le 25 mars et le 2 avril).",
        ),
    ],
)  # fmt: skip
def test_what_others_read(line: News, wall: str, subject: str, sentence: str) -> None:
    mail = read(SECRETARY, wall, line)
    assert mail.subject == subject
    assert sentence in mail.text


@pytest.mark.parametrize(
    ("line", "wall", "subject", "sentence"),
    [
        (
            maintenance("planned", "03-06 09:00", places=tuple(f"Commune {n}" for n in range(300)),
                        by_place=[[f"Commune {n}", ["Messagerie"]] for n in range(300)]), "03-06 09:00",
            "Maintenance prévue : 300 collectivités, du mardi 10 mars à 22 h au mercredi 11 mars à 2 h",
            "Commune 10, Commune 11 et 288 autres",
        ),
        (
            request("due", "03-11 09:00"), "03-11 09:00",
            f"Demande à échéance : DEM-2026-000012, {TOWN}, échéance vendredi 13 mars à 9 h",
            "Répondez à la demande, ou convenez d’une autre date.",
        ),
        (
            request("late", "03-13 09:01"), "03-13 09:01",
            f"Demande en retard : DEM-2026-000012, {TOWN}, échéance vendredi 13 mars à 9 h",
            "son échéance est passée depuis 9 h.",
        ),
        (
            flapping("begun", "03-06 10:40"), "03-06 10:40",
            f"Clignote : Accès Internet, {TOWN}, 6 changements depuis 10 h 05", "Sonde : segolene/routeur/lien",
        ),
        (
            flapping("ended", "03-06 12:10"), "03-06 12:10",
            f"Ne clignote plus : Accès Internet, {TOWN}, état : en panne", "est stable : en panne.",
        ),
        (
            flapping("removed", "03-06 12:10", by_place=[[TOWN, []]]), "03-06 12:10",
            f"Ne clignote plus : équipement routeur, {TOWN}, la sonde a été retirée", "Ce contrôle a été retiré.",
        ),
        (
            forecast("near", "03-22 09:00", earliest=at("03-28 09:00"), latest=at("03-28 09:00")), "03-22 09:00",
            f"Disque plein sous peu : /volume1 de nas, {TOWN}, vers le 28 mars", "sera plein vers le 28 mars.\n",
        ),
        (
            pool("full"), "03-06 09:00", f"Pool presque plein : {TOWN}, 97 sondes, 3 places libres",
            "Un pool de plus coûte 50,00 € HT par année civile.",
        ),
        (
            pool("full", free=0, price=None), "03-06 09:00",
            f"Pool presque plein : {TOWN}, 97 sondes, aucune place libre", "Au-delà, il en faut un de plus.\n\nVoir",
        ),
        (
            pool("exceeds", counted=101), "03-06 09:00", f"Avenant à signer : {TOWN}, 101 sondes, 100 souscrites",
            "Un avenant est à signer",
        ),
    ],
)  # fmt: skip
def test_what_operators_read(line: News, wall: str, subject: str, sentence: str) -> None:
    mail = read(ON_CALL, wall, line)
    assert mail.subject == subject
    assert sentence in mail.text


def test_of_one_thing_the_last_word_alone_is_said() -> None:
    lines = (
        maintenance("planned", "03-06 09:00"),
        maintenance("begun", "03-10 22:00"),
        maintenance("ended", "03-11 02:00"),
    )
    mail = read(SECRETARY, "03-11 08:00", *lines)
    assert mail.subject.startswith("Maintenance terminée : ")
    assert "prévue" not in mail.text


def test_by_sms_it_is_flapping_in_one_segment() -> None:
    assert read(ON_CALL, "03-06 10:40", flapping("begun", "03-06 10:40"), channel=Channel.SMS).text == (
        f"Clignote : Accès Internet, {TOWN}, 6 changements depuis 10h05. Un message suivra quand ce sera stable"
    )
    assert read(ON_CALL, "03-06 12:10", flapping("ended", "03-06 12:10"), channel=Channel.SMS).text == (
        f"Ne clignote plus : Accès Internet, {TOWN}, état : en panne, après 2h05"
    )


def test_a_commune_that_asked_reads_of_its_services_and_not_of_sondes() -> None:
    mail = read(SECRETARY, "03-06 10:40", flapping("begun", "03-06 10:40"))
    assert "Concerne : Accès Internet" in mail.text
    assert "segolene/routeur/lien" not in mail.text


TEXT = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=60)
INSTANTS = st.integers(0, 4_000_000_000)
TIMES = st.none() | st.integers(1, 400)


@st.composite
def any_news(draw: st.DrawFn) -> News:
    """Whatever anybody wrote anywhere."""
    subject = draw(
        st.sampled_from(
            sorted({Subject.MAINTENANCE, Subject.REQUEST, Subject.FLAPPING, Subject.FORECAST, Subject.POOL})
        )
    )
    words = {
        Subject.MAINTENANCE: ("planned", "changed", "cancelled", "begun", "ended"),
        Subject.REQUEST: ("received", "completed", "due", "late", "answered"),
        Subject.FLAPPING: ("begun", "ended", "removed"),
        Subject.FORECAST: ("expected", "near"),
        Subject.POOL: ("full", "exceeds"),
    }
    names = draw(st.lists(TEXT, max_size=6))
    span = draw(INSTANTS), draw(INSTANTS)
    facts: dict[Subject, dict[str, Any]] = {
        Subject.MAINTENANCE: {
            "start": span[0], "end": span[1], "nature": draw(TEXT), "by_place": [[draw(TEXT), names]],
            "before": [draw(INSTANTS), draw(INSTANTS)], "reason": draw(TEXT),
        },
        Subject.REQUEST: {
            "place": draw(TEXT), "kind": draw(st.sampled_from(["administrative", "production"])),
            "service": draw(st.none() | TEXT), "message": draw(TEXT), "answer": draw(TEXT), "received": span[0],
            "due": span[1], "answered": draw(st.none() | INSTANTS),
        },
        Subject.FLAPPING: {
            "sonde": "a/b/c", "machine": draw(TEXT),
            "by_place": [[draw(TEXT), names]],
            "changes": draw(st.integers(0, 9)),
            "since": span[0], "level": draw(st.sampled_from([None, "ok", "warning", "critical"])),
        },
        Subject.FORECAST: {
            "sonde": "a/b/c", "machine": draw(TEXT),
            "mount": draw(TEXT), "full": span[0], "earliest": span[1], "latest": span[0],
        },
        Subject.POOL: {
            "counted": draw(st.integers(0, 10**6)), "subscribed": draw(st.integers(0, 10**6)),
            "free": draw(st.none() | st.integers(0, 50)), "price": draw(st.sampled_from([None, "50.00"])),
        },
    }  # fmt: skip
    said = facts[subject]
    times = draw(TIMES)
    if subject is Subject.MAINTENANCE and times is not None:
        said |= {"times": times, "every": draw(st.sampled_from(["day", "week", "month"])), "last": list(span)}
    return News(
        subject=subject,
        name=draw(TEXT),
        word=draw(st.sampled_from(words[subject])),
        at=draw(INSTANTS),
        places=tuple(draw(st.lists(TEXT, max_size=5))),
        facts=said,
        link=draw(st.sampled_from([None, "https://vigie.exemple.fr/", "javascript:alert(1)"])),
    )


@given(st.lists(any_news(), min_size=1, max_size=4), st.sampled_from([ON_CALL, SECRETARY]), INSTANTS)
def test_whatever_is_in_it_it_is_told_and_inert(lines: list[News], reader: Reader, now: int) -> None:
    say = composer("Moselle Fibre", PARIS, 1)
    mail = say(Channel.MAIL, reader, [], lines, now)
    assert mail.subject
    assert "\n" not in mail.subject
    assert not INVISIBLE.search(mail.subject)
    assert not INVISIBLE.search(mail.text)
    page = Page(mail.html)
    assert not page.open
    assert "script" not in page.seen
    assert not [value for name, value in page.attributes if name == "href" and not re.match("https?://", value)]
    sms = say(Channel.SMS, reader, [], lines, now).text
    assert gsm7.parts(gsm7.spell(sms)) == 1
