"""A message put together: an SMS of as many parts as are paid for, a mail as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from supervisor.alerts import digest, telling
from supervisor.alerts.facts import Composed, Fact, Reader
from supervisor.alerts.gathering import Compose
from supervisor.alerts.page import Letter, Line, Section, as_html, as_text
from supervisor.alerts.plain import plain
from supervisor.alerts.short import sms
from supervisor.alerts.standing import Standing, standings, state
from supervisor.alerts.telling import NAME, Voice
from supervisor.domain.alerting import Channel, Kind
from supervisor.french import typeset

SUBJECT = 180  # characters: what, where and since when, with room for long names; what lists of mails show, and more
SEE = "Voir l’état des services"  # the page that links lead to


def composer(organisation: str, zone: ZoneInfo, segments: int) -> Compose:
    """How messages are put into words, in the name of an organisation."""

    def compose(channel: Channel, reader: Reader, facts: Sequence[Fact], now: int) -> Composed:
        voice = Voice(organisation=organisation, zone=zone, now=now, reader=reader)
        found = standings(facts if reader.operator else map(_unclocked, facts), now)
        if channel is Channel.SMS:
            return Composed("", sms(found, voice, segments), "")
        letter = _one(found[0], voice) if len(found) == 1 else _several(found, voice)
        return Composed(letter.subject, as_text(letter), as_html(letter))

    return compose


def _unclocked(fact: Fact) -> Fact:
    """The time to intervene is the operator's business: others read of the trouble itself."""
    return replace(fact, kind=Kind.OPENED, at=fact.opened_at) if fact.kind in (Kind.GTI, Kind.BREACH) else fact


def _one(standing: Standing, voice: Voice) -> Letter:
    heading = telling.heading(standing, voice)
    called = state(standing)
    return Letter(
        subject=plain(typeset(heading), SUBJECT),
        state=called,
        title=heading.removeprefix(f"{called.word} : "),
        paragraphs=[telling.first(standing, voice)],
        sections=[],
        details=list(telling.details(standing, voice)),
        closing=[telling.asked(standing, voice)],
        link=_link([standing]),
        link_text=SEE,
        signature=plain(voice.organisation, NAME),
    )


def _several(found: Sequence[Standing], voice: Voice) -> Letter:
    title = digest.title(found)
    placed = len(digest.places(found)) > 1
    operator = voice.reader.operator
    return Letter(
        subject=plain(typeset(title), SUBJECT),
        state=None,
        title=digest.opening(found, voice),
        paragraphs=[f"{digest.counted(found)}."],
        sections=[
            Section(group.title, [_line(standing, voice, placed) for standing in group.shown], group.more)
            for group in digest.groups(found)
        ],
        details=[],
        closing=[] if operator else [telling.reassured(voice, over=all(standing.over for standing in found))],
        link=_link(found),
        link_text=SEE,
        signature=plain(voice.organisation, NAME),
    )


def _line(standing: Standing, voice: Voice, placed: bool) -> Line:
    called = state(standing)
    rest = telling.heading(standing, voice, placed=placed).removeprefix(f"{called.word} : ")
    if not voice.reader.operator:
        return Line(called, rest)
    told = [plain(standing.fact.incident, NAME), *telling.clocked(standing, voice)]
    return Line(called, f"{rest} ({', '.join(told)})")


def _link(found: Sequence[Standing]) -> str | None:
    """Where to look: of the worst, which comes first."""
    links = (standing.fact.link for standing in found)
    return next((link for link in links if link and link.startswith(("https://", "http://"))), None)
