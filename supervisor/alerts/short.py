"""An SMS: the service and what happened first, what is left out last, in as many parts as are paid for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from supervisor.alerts import digest, gsm7
from supervisor.alerts.facts import Fact, Reader
from supervisor.alerts.hours import brief, brief_lasting
from supervisor.alerts.news import Item
from supervisor.alerts.plain import plain
from supervisor.alerts.standing import Standing, state
from supervisor.alerts.telling import SAID, Voice, began, denied, named, names, where
from supervisor.domain.alerting import Kind
from supervisor.french import listing

_ROOMS = (100, 70, 50, 36, 26, 18, 12)  # characters for a name: as many as let the rest be read
_LINKING = 36  # characters of a name that a link may leave: below, the name says more
_CALLING = 26  # likewise, where the link is what somebody is asked to open
_LEAST = 24  # septets under which what was said is not worth beginning
_LINKED = re.compile(r"(?i)\b(?:https?:|www\.)\S*")


def sms(found: Sequence[Standing], others: Sequence[Item], voice: Voice, segments: int) -> str:
    """In the alphabet of SMS, and never longer than asked."""
    if not found and not others:
        return ""
    if len(found) == 1 and not others:
        return _one(found[0], voice, segments)
    if len(others) == 1 and not found:
        return gsm7.fit(others[0].said.brief, segments)
    return _several(found, others, voice, segments)


def instead_by_sms(said: str, reader: Reader, segments: int) -> str:
    """With who could not be reached, as far as there is room."""
    if not reader.instead:
        return said
    # In brackets: a full stop behind a link becomes part of it on some telephones.
    longer = f"{said} ({plain(listing(reader.instead), 40)} injoignable{'s' if len(reader.instead) > 1 else ''})"
    return gsm7.fit(longer, segments) if _fits(longer, segments) else said


def _one(standing: Standing, voice: Voice, segments: int) -> str:
    link = _link(standing, voice)
    for said in _linked(standing, voice) if link else ():
        if _fits(said + link, segments):
            return _grown(said, _may(standing, voice), segments, cut=True, link=link)
    for room in _ROOMS:
        said = _must(standing, voice, room)
        if _fits(said, segments):
            return _grown(said, _may(standing, voice), segments, cut=voice.reader.operator)
    return gsm7.fit(_must(standing, voice, _ROOMS[-1]), segments)


def _linked(standing: Standing, voice: Voice) -> Iterator[str]:
    """What stands before a link, longest first.

    Who is asked to come needs the link above all: names give way to it, then for how long nobody has come, then the
    number, which the page has.
    """
    called = standing.fact.kind is Kind.ESCALATED
    rooms = [room for room in _ROOMS if room >= (_CALLING if called else _LINKING)]
    yield from (_must(standing, voice, room) for room in rooms)
    if called:
        yield from (_must(standing, voice, room, lasting=False) for room in rooms)
        yield from (_must(standing, voice, room, lasting=False, numbered=False) for room in _ROOMS)


def _must(standing: Standing, voice: Voice, room: int, *, numbered: bool = True, lasting: bool = True) -> str:
    """What nobody may miss."""
    fact = standing.fact
    parts = [f"{_headed(standing, voice, room, lasting=lasting)}, {plain(fact.collectivite, room)}"]
    if not voice.reader.operator:
        if not standing.over:
            return _joined([*parts, _cared_for(voice)])
        return _joined([*parts, "Rien à faire de votre part"])
    if fact.deadline is not None and not standing.over and fact.kind is not Kind.BREACH:
        late = fact.deadline <= voice.now
        when = brief(fact.deadline, voice.now, voice.zone)
        parts.append(f"Délai dépassé depuis {when}" if late else f"Intervenir avant {when}")
    return _joined([*parts, plain(fact.incident, 20)] if numbered else parts)


def _may(standing: Standing, voice: Voice) -> Iterator[Sequence[str]]:
    """What is added as far as there is room: of each, the first way to say it that fits."""
    if not standing.over:
        yield list(_behind(standing.fact))
    if not voice.reader.operator:
        yield [plain(voice.organisation, 60) if standing.over else "Un message suivra au retour à la normale"]
        return
    if standing.over:
        return  # what was said of a trouble would contradict its end
    # Telephones make a link of anything: what a server said is no place to send somebody to.
    yield [_LINKED.sub("(lien)", plain(standing.fact.said, SAID))]


def _behind(fact: Fact) -> Iterator[str]:
    """ "Injoignables : Messagerie, Téléphonie +2 autres": all the names, or fewer, or how many there are."""
    shown, left = named(fact.behind)
    every = len(shown) + left
    word = "Injoignable" if every == 1 else "Injoignables"
    for most in range(len(shown), 0, -1):
        others = every - most
        more = f" +{others} {'autre' if others == 1 else 'autres'}" if others else ""
        yield f"{word} : {', '.join(shown[:most])}{more}"
    if shown:
        yield "1 service injoignable" if every == 1 else f"{every} services injoignables"


def _link(standing: Standing, voice: Voice) -> str:
    """Where an operator says "j'interviens"; "" where there is none, or it cannot be spelt."""
    link = standing.fact.link
    if link is None or not voice.reader.operator or standing.over or gsm7.spell(link) != link:
        return ""
    return f" {link}" if link.startswith(("https://", "http://")) else ""


def _headed(standing: Standing, voice: Voice, room: int, *, lasting: bool) -> str:
    """ "Panne : Messagerie depuis 17h25"."""
    word, about, when = state(standing).word, _what(standing.fact, room), _when(standing, voice, lasting=lasting)
    return f"{word} : {about} {when}" if about else f"{word} {when}"


def _what(fact: Fact, room: int) -> str:
    shown, left = names(fact)
    if not shown:
        return plain(fact.equipment, room)
    whole = ", ".join(shown) + (f" +{left} autres" if left else "")
    others = len(shown) - 1 + left
    if len(whole) <= room or not others:
        return plain(whole, room)
    return f"{plain(shown[0], room)} +{others} {'autre' if others == 1 else 'autres'}"


def _when(standing: Standing, voice: Voice, *, lasting: bool) -> str:
    fact = standing.fact

    def at(instant: int) -> str:
        return brief(instant, voice.now, voice.zone)

    if fact.kind is Kind.RECOVERED:
        once = f"après {brief_lasting(fact.at - fact.opened_at)}"
        return f"{_on(fact.at, voice)}, {once if standing.times == 1 else f'après {standing.times} interruptions'}"
    if fact.kind is Kind.WITHDRAWN:
        return f"({denied(standing)} {_on(fact.opened_at, voice)})"
    if fact.kind is Kind.GTI and not standing.reported:
        return f"({'panne' if standing.down else 'à surveiller'} depuis {at(fact.opened_at)})"
    if fact.kind is Kind.ESCALATED:
        return f"depuis {at(fact.opened_at)}" + (f" ({brief_lasting(fact.at - fact.opened_at)})" if lasting else "")
    if standing.reported and fact.kind is not Kind.BREACH:
        return _on(fact.opened_at, voice)
    return f"depuis {at(fact.at if fact.kind is Kind.BREACH else began(fact))}"


def _on(instant: int, voice: Voice) -> str:
    said = brief(instant, voice.now, voice.zone)
    return said if " " in said else f"à {said}"


def _joined(parts: Sequence[str]) -> str:
    """As sentences; what was cut ends with its own mark."""
    ended = [part if part.endswith("…") else f"{part}." for part in parts[:-1]]
    return " ".join([*ended, *parts[-1:]])


def _cared_for(voice: Voice) -> str:
    who = plain(voice.organisation, 30)
    return f"{who} s'en occupe, rien à faire de votre part" if who else "Rien à faire de votre part"


def _several(found: Sequence[Standing], others: Sequence[Item], voice: Voice, segments: int) -> str:
    """How many, then the worst by name as far as there is room, then how many are not named."""
    head = f"{brief(voice.now, voice.now, voice.zone)} : {digest.counted(found, others, briefly=True)}"
    named = digest.places(found, others)
    tail = "" if voice.reader.operator or not found else ". Rien à faire de votre part"
    if len(named) > 1:
        head += f", {digest.number(len(named))} collectivités"
    elif named:
        head += f", {plain(named[0], 40)}"
    text = f"{head}{tail}"
    lines: list[str] = []
    every = [
        *(item.said.brief for item in others if item.said.urgent),
        *(_listed(standing, placed=len(named) > 1) for standing in found),
        *(item.said.brief for item in others if not item.said.urgent),
    ]
    for line in every:
        left = len(every) - len(lines) - 1
        more = f"; +{digest.number(left)}" if left else ""
        longer = f"{head}. {'; '.join([*lines, line])}{more}{tail}"
        if not _fits(longer, segments):
            break
        lines.append(line)
        text = longer
    urgent = sum(item.said.urgent for item in others)
    link = _link(found[0], voice) if len(lines) > urgent and found else ""  # of the worst, once it is named
    return gsm7.fit(text, segments) + (link if _fits(text + link, segments) else "")


def _listed(standing: Standing, *, placed: bool) -> str:
    """ "Panne : Messagerie (Mairie d’Arles)": since when is for who opens the mail."""
    word = "Délai dépassé" if standing.fact.kind is Kind.BREACH else state(standing).word
    place = plain(where(standing.fact), 30) if placed else ""
    return " ".join(part for part in (f"{word} :", _what(standing.fact, 36), f"({place})" if place else "") if part)


def _grown(said: str, optional: Iterable[Sequence[str]], segments: int, *, cut: bool, link: str = "") -> str:
    """As much more as there is room for. No mark touches the link: telephones would take it for a part of that."""
    said += link
    for ways in optional:
        longer = [
            f"{said} {way}" if link and said.endswith(link) else _joined([said, way]) for way in filter(None, ways)
        ]
        fitting = next((one for one in longer if _fits(one, segments)), None)
        if fitting is not None:
            said = fitting
        elif len(longer) == 1 and cut and _fits(f"{said}. {'x' * _LEAST}", segments):
            fitted = gsm7.fit(longer[0], segments)
            if not (link and fitted.rstrip(".").endswith(link)):
                return fitted
    return gsm7.fit(said, segments)


def _fits(text: str, segments: int) -> bool:
    return gsm7.parts(gsm7.spell(text)) <= segments
