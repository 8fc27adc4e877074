"""What a webhook is told beside the words: nothing that a mail to the same reader would not say."""

from __future__ import annotations

import json

from supervisor.alerts.facts import News
from supervisor.alerts.structured import MOST, structured
from supervisor.domain.alerting import Subject
from tests.unit.alerts.wordings import ON_CALL, SECRETARY, TOWN, at, fact, many

PLANNED = News(
    subject=Subject.MAINTENANCE,
    name="maintenance 12",
    word="planned",
    at=at("03-06 09:00"),
    places=(TOWN,),
    facts={"nature": "onduleur de la salle 3"},
    link=None,
    place_ids=("segolene",),
)


def test_news_with_its_facts_for_operators_alone() -> None:
    (told,) = structured([], [PLANNED], ON_CALL)["news"]
    assert told == {
        "subject": "maintenance",
        "name": "maintenance 12",
        "word": "planned",
        "at": at("03-06 09:00"),
        "collectivites": [{"id": "segolene", "name": TOWN}],
        "facts": {"nature": "onduleur de la salle 3"},
    }
    (told,) = structured([], [PLANNED], SECRETARY)["news"]
    assert told["facts"] is None


def test_what_a_check_said_is_for_operators_what_a_person_said_for_their_own_commune_too() -> None:
    reported = fact(sonde="", said="Plus de téléphone")
    elsewhere = fact(sonde="", said="Plus de téléphone", collectivite="Autre mairie")
    assert [structured([one], [], SECRETARY)["events"][0]["said"] for one in (fact(), reported, elsewhere)] == [
        None,
        "Plus de téléphone",
        None,
    ]
    event = structured([fact()], [], ON_CALL)["events"][0]
    assert (event["said"], event["deadline"]) == ("192.0.2.1 ne répond pas (3 requêtes ICMP)", at("03-09 09:55"))


def test_a_storm_stays_below_what_servers_take() -> None:
    told = structured(many(5_000), [PLANNED] * 3, ON_CALL)
    assert (len(told["events"]), len(told["news"]), told["left_out"]) == (MOST, 3, 5_000 - MOST)
    assert len(json.dumps(told)) < 800_000
