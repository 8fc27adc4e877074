"""A message put together: an SMS of as many parts as are paid for, a mail as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from supervisor.alerts import digest, telling
from supervisor.alerts.facts import Composed, Fact, News, Reader
from supervisor.alerts.gathering import Compose
from supervisor.alerts.news import Item, items
from supervisor.alerts.page import Letter, Line, Section, as_html, as_text
from supervisor.alerts.plain import plain
from supervisor.alerts.short import instead_by_sms, sms
from supervisor.alerts.standing import Standing, standings, state
from supervisor.alerts.structured import structured
from supervisor.alerts.telling import NAME, Voice
from supervisor.domain.alerting import Channel, Kind
from supervisor.french import listing, quoted, typeset

SUBJECT = 180  # characters: what, where and since when, with room for long names; what lists of mails show, and more
_CLOCKED = frozenset({Kind.GTI, Kind.BREACH, Kind.ESCALATED})
SEE = "Voir l’état des services"
SEE_ONE = "Voir l’incident"
TAKE = ("Vu", "J’interviens")  # where to say so: on the page of the incident
ASK = "Vu ou j’interviens"
_PLACES = ("vu", "interviens")  # of that page


def composer(organisation: str, zone: ZoneInfo, segments: int) -> Compose:
    """How messages are put into words, in the name of an organisation."""

    def compose(channel: Channel, reader: Reader, facts: Sequence[Fact], news: Sequence[News], now: int) -> Composed:
        voice = Voice(organisation=organisation, zone=zone, now=now, reader=reader)
        found = standings(facts if reader.operator else map(_unclocked, facts), now)
        others = items(news, voice)
        if channel is Channel.SMS:
            return Composed("", instead_by_sms(sms(found, others, voice, segments), reader, segments), "")
        letter = _letter(found, others, voice)
        letter = letter._replace(closing=[*letter.closing, *_instead(reader)])
        if channel is Channel.WEBHOOK:
            return Composed(letter.subject, as_text(letter), "", structured(facts, news, reader))
        return Composed(letter.subject, as_text(letter), as_html(letter))

    return compose


def _instead(reader: Reader) -> Iterator[str]:
    """Why somebody reads what another one was to read."""
    if reader.instead:
        named = listing([quoted(plain(name, NAME)) for name in reader.instead])
        yield f"Vous recevez ce message parce que Vigie n’a pas pu joindre {named}."


def _unclocked(fact: Fact) -> Fact:
    """The time to intervene is the operator's business: others read of the trouble itself."""
    return replace(fact, kind=Kind.OPENED, at=fact.opened_at) if fact.kind in _CLOCKED else fact


def _letter(found: Sequence[Standing], others: Sequence[Item], voice: Voice) -> Letter:
    if len(found) == 1 and not others:
        return _one(found[0], voice)
    if len(others) == 1 and not found:
        return _news(others[0], voice)
    return _several(found, others, voice)


def _news(item: Item, voice: Voice) -> Letter:
    said = item.said
    return Letter(
        subject=plain(typeset(f"{said.state.word} : {said.heading}"), SUBJECT),
        state=said.state,
        title=said.heading,
        paragraphs=said.paragraphs,
        sections=[],
        details=said.details,
        closing=[said.asked] if said.asked else [],
        link=_safe([item.latest.link]),
        link_text=SEE,
        signature=plain(voice.organisation, NAME),
    )


def _one(standing: Standing, voice: Voice) -> Letter:
    heading = telling.heading(standing, voice)
    called = state(standing)
    link = _safe([standing.fact.link])
    takes = link is not None and voice.reader.operator and not standing.over
    return Letter(
        subject=plain(typeset(heading), SUBJECT),
        state=called,
        title=heading.removeprefix(f"{called.word} : "),
        paragraphs=[telling.first(standing, voice)],
        sections=[],
        details=list(telling.details(standing, voice)),
        closing=[telling.asked(standing, voice)],
        link=link,
        link_text=ASK if takes else SEE_ONE,
        signature=plain(voice.organisation, NAME),
        buttons=[(word, f"{link}#{place}") for word, place in zip(TAKE, _PLACES, strict=True)] if takes else (),
    )


def _several(found: Sequence[Standing], others: Sequence[Item], voice: Voice) -> Letter:
    title = digest.title(found, others)
    placed = len(digest.places(found)) > 1
    quiet = voice.reader.operator or not found  # nothing is to be reassured about
    return Letter(
        subject=plain(typeset(title), SUBJECT),
        state=None,
        title=digest.opening(found, others, voice),
        paragraphs=[f"{digest.counted(found, others)}."],
        sections=[
            *(
                Section(group.title, [_line(standing, voice, placed) for standing in group.shown], group.more)
                for group in digest.groups(found)
            ),
            *_also(others),
        ],
        details=[],
        closing=[] if quiet else [telling.reassured(voice, over=all(standing.over for standing in found))],
        link=_safe([item.latest.link for item in others]),
        link_text=SEE,
        signature=plain(voice.organisation, NAME),
    )


def _line(standing: Standing, voice: Voice, placed: bool) -> Line:
    called = state(standing)
    rest = telling.heading(standing, voice, placed=placed).removeprefix(f"{called.word} : ")
    number = plain(standing.fact.incident, NAME)
    link = None if standing.over else _safe([standing.fact.link])
    if not voice.reader.operator:
        return Line(called, rest, link, f"{SEE_ONE} {number}")
    told = [number, *telling.clocked(standing, voice)]
    return Line(called, f"{rest} ({', '.join(told)})", link, f"{ASK} : {number}")


def _also(others: Sequence[Item]) -> Iterator[Section]:
    """What is no incident, under a title of its own."""
    if others:
        shown = others if len(others) <= digest.ALSO + 1 else others[: digest.ALSO]
        left = len(others) - len(shown)
        lines = [Line(item.said.state, item.said.heading) for item in shown]
        more = f"Et {digest.number(left)} autres." if left else ""
        yield Section(f"À savoir ({digest.number(len(others))})", lines, more)


def _safe(links: Iterable[str | None]) -> str | None:
    return next((link for link in links if link and link.startswith(("https://", "http://"))), None)
