"""Whatever there is to tell, it is told: one line of subject, a page that stays whole, an SMS that fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.base import Status
from supervisor.alerts import gsm7
from supervisor.alerts.facts import Fact, Reader
from supervisor.alerts.plain import plain
from supervisor.alerts.standing import standings, state
from supervisor.domain.alerting import Kind
from tests.unit.alerts.wordings import LINK, ON_CALL, SECRETARY, TOWN, at, fact, mail, many, sms

HOSTILE = (
    '"><script>alert(1)</script><img src=http://evil.example/x.png>',
    "\r\nBcc: everybody@example.org\r\n\r\n<h1>",
    "\u202etxt.exe\u2066\u200b\u200f",
    "e" + "\u0301" * 5000,
    "x" * 10_000,
    " \n\t" * 3000,
    "\ud800\udfff\x00\x1b[31m",
    "]]>&lt;&amp; {{ 7*7 }} {% raw %}",
    "👩‍👩‍👧‍👦 مرحبا 漢字",
    "",
)
TEXT = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=60)
INSTANTS = st.integers(0, 4_000_000_000)
FACTS = st.lists(
    st.builds(
        Fact,
        kind=st.sampled_from(Kind),
        percent=st.none() | st.integers(0, 1000),
        at=INSTANTS,
        severity=st.sampled_from(Status),
        incident=st.sampled_from(["INC-2026-000001", "INC-2026-000002", "INC-2026-000003"]) | TEXT,
        collectivite=TEXT,
        services=st.lists(TEXT, max_size=6).map(tuple),
        equipment=TEXT,
        sonde=TEXT,
        said=TEXT,
        opened_at=INSTANTS,
        over_at=st.none() | INSTANTS,
        deadline=st.none() | INSTANTS,
        link=st.sampled_from(
            [None, LINK, "https://vigie.exemple.fr/?a=1&b=2", "javascript:alert(1)", 'https://x/"><script>']
        ),
    ),
    min_size=1,
    max_size=6,
)
READERS = st.builds(Reader, name=TEXT, operator=st.booleans(), collectivite=TEXT)
ELEMENTS = {
    "html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "span", "strong", "bdi", "br", "ul", "li", "a",
}  # fmt: skip
INVISIBLE = re.compile("[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


class Page(HTMLParser):
    """What is in a page, and that each element is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@settings(max_examples=200, deadline=None)
@given(READERS, FACTS, st.sampled_from(["03-06 17:25", "01-01 00:00", "10-25 02:30"]), TEXT)
def test_a_mail_stays_whole(reader: Reader, facts: list[Fact], now: str, organisation: str) -> None:
    letter = mail(reader, now, *facts, organisation=organisation)
    assert letter.subject
    assert letter.subject.isprintable()
    assert len(letter.subject) <= 181
    assert not INVISIBLE.search(letter.text + letter.html.replace("\n", ""))
    (letter.text + letter.html).encode("utf-8")
    page = Page(letter.html)
    assert page.open == []
    assert page.seen <= ELEMENTS
    assert {name for name, _ in page.attributes} <= {
        "lang", "dir", "charset", "name", "content", "style", "role", "aria-hidden", "href",
    }  # fmt: skip
    assert all(value.startswith("https://") for name, value in page.attributes if name == "href")
    assert not any("url(" in value for _, value in page.attributes)
    assert len(letter.text) < 20_000


@settings(max_examples=200, deadline=None)
@given(READERS, FACTS, st.integers(1, 4), TEXT)
def test_an_sms_fits(reader: Reader, facts: list[Fact], segments: int, organisation: str) -> None:
    said = sms(reader, "03-06 17:25", *facts, segments=segments, organisation=organisation)
    assert said
    assert "\n" not in said
    assert gsm7.spell(said) == said
    assert gsm7.parts(said) <= segments


@settings(max_examples=200, deadline=None)
@given(FACTS, st.integers(1, 4))
def test_an_sms_has_a_link_whole_or_not_at_all_and_behind_the_number(facts: list[Fact], segments: int) -> None:
    facts = [replace(one, link=LINK, incident="INC-2026-000001", services=("Messagerie",)) for one in facts]
    said = sms(ON_CALL, "03-06 17:25", *facts, segments=segments)
    called = all(one.kind is Kind.ESCALATED for one in facts)  # whose link may take the number's place
    if "https" in said:
        before, _, rest = said.partition(f" {LINK}")
        assert before.endswith("INC-2026-000001") or called
        assert "https" not in before
        assert rest[:1] in ("", " ")
    assert "https" not in sms(SECRETARY, "03-06 17:25", *facts, segments=segments)


@settings(max_examples=100, deadline=None)
@given(READERS, FACTS, st.data())
def test_the_same_facts_in_any_order_make_the_same_message(
    reader: Reader, facts: list[Fact], data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(facts))
    assert mail(reader, "03-06 17:25", *facts) == mail(reader, "03-06 17:25", *mixed)
    assert sms(reader, "03-06 17:25", *facts) == sms(reader, "03-06 17:25", *mixed)


@pytest.mark.parametrize("said", HOSTILE)
def test_what_a_server_says_moves_nothing_of_what_is_told(said: str) -> None:
    told = fact(said=said)
    letter = mail(ON_CALL, "03-06 17:25", told)
    assert letter.subject == mail(ON_CALL, "03-06 17:25", fact()).subject
    assert letter.text.count("\n") <= mail(ON_CALL, "03-06 17:25", fact()).text.count("\n")
    assert mail(SECRETARY, "03-06 17:25", told) == mail(SECRETARY, "03-06 17:25", fact())
    assert sms(ON_CALL, "03-06 17:25", told).startswith(sms(ON_CALL, "03-06 17:25", fact(said="")))


def test_a_server_sends_nobody_anywhere_by_sms() -> None:
    assert "evil" not in sms(ON_CALL, "03-06 17:25", fact(said="voir HTTP://evil.example/a"), segments=3)


def test_what_a_person_wrote_is_read_in_their_own_commune_only() -> None:
    told = fact(sonde="", said="Mme Martin n'a plus de téléphone")
    elsewhere = Reader(name="Accueil", operator=False, collectivite="Autre mairie")
    assert "Mme Martin" in mail(SECRETARY, "03-06 17:25", told).text
    assert "Mme Martin" not in mail(elsewhere, "03-06 17:25", told).text


@given(st.text(st.characters(), max_size=300), st.integers(8, 100))
def test_what_is_made_plain_is_short_and_stays_as_it_is(text: str, most: int) -> None:
    made = plain(text, most)
    assert len(made) <= most
    assert made.isprintable()
    assert plain(made, most) == made


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


ALL: Sequence[Fact] = [
    fact(kind, severity=severity, sonde=sonde, percent=75)
    for kind in Kind
    for severity in (Status.WARNING, Status.CRITICAL)
    for sonde in ("a/b/c", "")
]


@pytest.mark.parametrize("told", ALL, ids=lambda told: f"{told.kind}-{told.severity}-{bool(told.sonde)}")
def test_a_badge_is_read_light_or_dark(told: Fact) -> None:
    called = state(standings([told], at("03-09 12:00"))[0])
    assert _contrast(called.colour, "#ffffff") >= 4.5  # its letters, WCAG 1.4.3
    assert _contrast(called.colour, "#121212") >= 2.5  # its edge on a dark page: seen, and nothing hangs on it
    assert called.word
    assert f'aria-hidden="true">{called.sign}</span>' in mail(ON_CALL, "03-09 12:00", told).html


def test_states_that_differ_differ_in_shape_or_word() -> None:
    states = {state(standings([told], at("03-09 12:00"))[0]) for told in ALL}
    assert len({called.word for called in states}) == len(states)


def test_a_page_is_french_and_sets_no_colour_but_those_of_its_badges() -> None:
    html = mail(ON_CALL, "03-06 17:31", *many(40)).html
    assert '<html lang="fr"' in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert html.count("<h1") == 1
    body = html[html.index("<body") :]
    assert "color: #" not in re.sub(r"background: #\w{6}; color: #ffffff", "", body)
    assert TOWN not in html
