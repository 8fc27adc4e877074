"""What a link of a message opens, to whom, until when, and what is done through it. SPEC 7 and 10."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.acts.links import MOVED, NOTED, OVER, NoLink
from supervisor.acts.performing import perform
from supervisor.domain.contact import Contact, Seed
from supervisor.domain.link import Link, Signed, read, token
from supervisor.errors import VigieError
from supervisor.heartbeats import own_key as beats_key
from supervisor.store import contacts, incidents, links, meta
from supervisor.store.batch import Batch
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, at, stage
from tests.unit.alerts.wires import looked

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", "+33600000001", "critical", "critical")
NIGHT = Seed("syndicat", "Jeanne", "jeanne@syndicat.fr", "+33600000002", "warning", "critical")
PAUL = Seed("syndicat", "Paul", "paul@syndicat.fr", None, "warning", None)
KEY = bytes(range(32))
ADDRESS = "jeanne@syndicat.fr"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def desk() -> Iterator[Stage]:
    """The site fails at 9:01; a mayor and two of the operators are told."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, NIGHT, PAUL]))
        for name in (LINK, SITE, IMAP):
            made.result("03-06 09:00", name, "ok")
        made.result("03-06 09:01", SITE, "critical")
        yield made


def contact(desk: Stage, name: str) -> Contact:
    """The one of that name."""
    return next(one for one in contacts.every(desk.connection) if one.name == name)


def link(desk: Stage, name: str = "Jeanne", incident: int = 1, address: str | None = None) -> str:
    """What their mail has."""
    found = contact(desk, name)
    (about,) = incidents.read(desk.connection, "id = ?", [incident])
    acts = found.collectivite == "syndicat"
    return links.signed(links.own_key(desk.connection), about, found.id, address or str(found.email), acts=acts)


def follow(desk: Stage, text: str, step: str = "vu", opening: str = "03-06 09:01") -> str:
    """Somebody clicks on a button of a page that showed this opening."""
    desk.connection.execute("begin immediate")
    try:
        request = {"act": "link.follow", "token": text, "step": step, "opening": at(opening)}
        answer = perform(desk.connection, desk.promises, desk.now, request)
    except BaseException:
        desk.connection.execute("rollback")
        raise
    desk.connection.execute("commit")
    return str(answer["became"])


def steps(desk: Stage) -> list[tuple[str, str]]:
    """What people did, and who."""
    return desk.database.rows("select kind, author from journal where author <> '' order by id")


def opens(desk: Stage, text: str, wall: str | None = None) -> bool:
    """Does it open anything?"""
    return links.opened(desk.connection, text, desk.now if wall is None else at(wall)) is not None


# --- what is done


def test_seen_then_intervened_in_the_name_of_who_was_told(desk: Stage) -> None:
    assert follow(desk, link(desk)) == NOTED
    desk.now = at("03-06 10:00")
    assert follow(desk, link(desk, "Paul"), "interviens") == NOTED
    assert steps(desk) == [("acknowledge", "Jeanne"), ("intervention", "Paul")]
    (line,) = desk.act("incident.comment", number=desk.number(), comment="x")["lines"]
    assert (line["state"], line["elapsed_s"]) == ("stopped", 3540)
    # Nobody is reminded of a clock that stopped.
    assert looked(desk, "03-06 10:00")
    desk.now = at("03-06 17:00")
    desk.database.apply(Batch(at=desk.now, due={SITE: desk.now}, promises=desk.promises))
    assert looked(desk, "03-06 17:00") == []


def test_a_double_click_does_nothing_twice_and_a_second_person_is_noted_too(desk: Stage) -> None:
    assert [follow(desk, link(desk)) for _ in range(3)] == [NOTED] * 3
    assert [follow(desk, link(desk, address="+33600000002")) for _ in range(2)] == [NOTED] * 2  # by the link of an SMS
    assert follow(desk, link(desk, "Paul")) == NOTED
    assert steps(desk) == [("acknowledge", "Jeanne"), ("acknowledge", "Paul")]


def test_what_is_over_takes_no_step(desk: Stage) -> None:
    desk.result("03-06 09:30", SITE, "ok")
    assert [follow(desk, link(desk), step) for step in ("vu", "interviens")] == [OVER] * 2
    desk.act("incident.close", number=desk.number())
    assert follow(desk, link(desk)) == OVER
    assert [kind for kind, _ in steps(desk)] == ["close"]


def test_nor_what_never_was(desk: Stage) -> None:
    desk.result("03-06 09:01", LINK, "critical")
    assert desk.database.rows("select void_at is not null from incident where id = 1") == [(1,)]
    assert follow(desk, link(desk)) == OVER


def test_who_clicks_on_a_page_of_before_has_not_seen_that_it_began_again(desk: Stage) -> None:
    assert follow(desk, link(desk)) == NOTED
    desk.result("03-06 09:30", SITE, "ok")
    desk.result("03-06 09:40", SITE, "critical")
    assert follow(desk, link(desk), "interviens") == MOVED
    assert follow(desk, link(desk), "vu", "03-06 09:40") == NOTED  # of this opening it is a step of its own
    assert steps(desk) == [("acknowledge", "Jeanne")] * 2


@pytest.mark.parametrize("step", ["close", "VU", "", None, 1])
def test_no_other_step_is_taken(desk: Stage, step: object) -> None:
    with pytest.raises(VigieError, match="is not one of vu, interviens"):
        follow(desk, link(desk), step)  # type: ignore[arg-type]


def test_pressing_is_a_sign_of_the_person_and_looking_is_none(desk: Stage) -> None:
    before = contact(desk, "Jeanne").seen_at
    desk.now = at("03-06 10:00")
    assert opens(desk, link(desk))
    with pytest.raises(NoLink):
        follow(desk, link(desk)[:-1] + "*")
    assert contact(desk, "Jeanne").seen_at == before
    follow(desk, link(desk))
    assert contact(desk, "Jeanne").seen_at == at("03-06 10:00")
    assert contact(desk, "Paul").seen_at == before


# --- who may


def test_a_commune_only_looks(desk: Stage) -> None:
    assert opens(desk, link(desk, "Mairie"))
    with pytest.raises(NoLink):
        follow(desk, link(desk, "Mairie"), "interviens")
    # Not even with a right that it had when it was sent.
    desk.promises = replace(desk.promises, operators=frozenset({"autre"}))
    with pytest.raises(NoLink):
        follow(desk, link(desk))
    assert steps(desk) == []


def test_a_commune_that_becomes_the_operator_may_not_act_by_what_it_was_sent_before(desk: Stage) -> None:
    text = link(desk, "Mairie")
    desk.promises = replace(desk.promises, operators=frozenset({"exemple", "syndicat"}))
    with pytest.raises(NoLink):
        follow(desk, text)


def test_nothing_of_it_can_be_changed(desk: Stage) -> None:
    desk.result("03-06 09:02", IMAP, "critical")
    text = link(desk)
    head, _, signature = text.rpartition("x")
    forged = [
        head.replace("a", "v") + f"x{signature}",  # the right
        f"2{head[1:]}x{signature}",  # the incident
        f"{head[:-1]}3x{signature}",  # the person
        link(desk, "Mairie").replace("v", "a"),
        f"0{text}",
        f"{text} ",
        f"{text}\n",
        text.upper(),
        text[:-1],
        head,
        "",
        "1a2x" + "0" * 12,
        "9" * 400,
        "1a2x" + "é" * 12,
        "１a2x" + "0" * 12,
    ]
    assert opens(desk, text)
    assert [one for one in forged if opens(desk, one)] == []
    changed = [
        text[:place] + letter + text[place + 1 :]
        for place in range(len(text))
        for letter in ALPHABET
        if letter != text[place]
    ]
    assert [one for one in changed if opens(desk, one)] == []


def test_every_refusal_says_the_same(desk: Stage) -> None:
    text = link(desk)
    said = set()
    for one in ("", "x", "1a2x000000000000", text[:-1] + "*", link(desk, "Mairie"), "9a9x000000000000"):
        with pytest.raises(VigieError) as refused:
            follow(desk, one or "vide")
        said.add(str(refused.value))
    assert said == {"token: this link opens nothing"}


def test_it_dies_with_who_it_was_sent_to_and_with_their_address(desk: Stage) -> None:
    mail, phone = link(desk), link(desk, address="+33600000002")
    number = contact(desk, "Jeanne").id
    contacts.change(desk.connection, number, NIGHT._replace(name="Léa"), desk.now, "x")
    assert opens(desk, mail)  # the same mailbox, by another name
    contacts.change(desk.connection, number, NIGHT._replace(email="lea@syndicat.fr"), desk.now, "x")
    assert not opens(desk, mail)
    assert opens(desk, phone)
    assert opens(desk, link(desk))
    contacts.erase(desk.connection, number, desk.now, "x")
    assert not opens(desk, phone)


def test_it_lives_as_long_as_the_incident_and_thirty_days(desk: Stage) -> None:
    text = link(desk)
    assert opens(desk, text, "12-31 00:00")
    desk.result("03-06 09:30", SITE, "ok")
    assert opens(desk, text, "04-05 10:29:59")  # in summer time
    assert not opens(desk, text, "04-05 10:30")
    desk.now = at("03-20 09:00")
    desk.act("incident.close", number=desk.number())
    assert opens(desk, text, "04-05 10:30")
    assert not opens(desk, text, "04-19 10:00")


def test_another_database_opens_none_of_them(desk: Stage) -> None:
    text = link(desk)
    with stage() as other:
        other.database.apply(Batch(at=other.now, contacts=[MAYOR, NIGHT, PAUL]))
        other.result("03-06 09:00", SITE, "ok")
        other.result("03-06 09:01", SITE, "critical")
        assert not opens(other, text)  # it has no key yet
        assert link(other) != text
        assert not opens(other, text)


def test_its_key_is_of_this_purpose_alone(desk: Stage) -> None:
    key = links.own_key(desk.connection)
    assert len(key) == 32
    assert key == links.own_key(desk.connection)
    kept = {beats_key(desk.connection).hex(), meta.get(desk.connection, contacts.KEY), key.hex()}
    assert len(kept) == 3


# --- as it is written


def test_what_is_signed_is_all_of_it() -> None:
    link_, signed = Link(7, 12, True), Signed("INC-2026-000007", "exemple", ADDRESS)
    others = [
        token(KEY, link_._replace(incident=8), signed),
        token(KEY, link_._replace(contact=13), signed),
        token(KEY, link_._replace(acts=False), signed),
        *(token(KEY, link_, signed._replace(**{name: "autre"})) for name in Signed._fields),
        token(KEY[::-1], link_, signed),
    ]
    signatures = {one.rpartition("x")[2] for one in (token(KEY, link_, signed), *others)}
    assert len(signatures) == 8


@given(st.integers(1, 9_999_999_999), st.integers(1, 9_999_999_999), st.booleans(), st.binary(min_size=1))
def test_it_is_read_as_it_was_written_in_few_plain_letters(incident: int, person: int, acts: bool, key: bytes) -> None:
    written = token(key, Link(incident, person, acts), Signed("INC-2026-000007", "exemple", ADDRESS))
    assert read(written) == (incident, person, acts)
    assert written.isascii()
    assert written.isalnum()
    assert len(written) == len(str(incident)) + len(str(person)) + 14
    assert read(token(None, Link(incident, person, acts), Signed("", "", ""))) is None


def test_short_enough_for_an_sms() -> None:
    assert len("/i/" + token(KEY, Link(999_999, 99_999, True), Signed("", "", ""))) == 28


# --- a dead letter that goes to another address


def test_retried_to_another_address_its_links_are_worth_something_there(desk: Stage) -> None:
    text = link(desk)
    assert len(looked(desk, "03-06 09:01")) == 5
    number = contact(desk, "Jeanne").id
    row = ("select id, body from message where contact = ? and channel = 'mail'", (number,))
    message = desk.database.rows(*row)[0][0]
    words = f'{{"subject": "s", "text": "https://v.fr/i/{text} .", "html": "<a href={text}#vu>", "thread": null}}'
    desk.connection.execute("update message set state = 'dead', ended_at = 1, body = ? where id = ?", (words, message))
    contacts.change(desk.connection, number, NIGHT._replace(email="lea@syndicat.fr"), desk.now, "x")
    answer = desk.act("alert.retry", id=message)
    assert answer["message"]["text"] == f"https://v.fr/i/{text[:-12]}{'*' * 12} ."  # who asks is not who it is for
    body = desk.database.rows(*row)[0][1]
    assert not opens(desk, text)
    assert opens(desk, link(desk))
    assert body == words.replace(text, link(desk))
