"""Who is told of what happens, through which channel, from when on; and who is not, and why. SPEC 7.

Pure: the same function decides in the transaction that writes the notices, and in `vigie alert preview`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from probes.base import Status
from supervisor.domain.calendar import Calendar


class Channel(StrEnum):
    """How somebody is told. Stored: never change a string."""

    MAIL = "mail"
    SMS = "sms"
    WEBHOOK = "webhook"


class Kind(StrEnum):
    """What there is to tell. Stored: never change a string."""

    OPENED = "opened"
    REOPENED = "reopened"
    WORSENED = "worsened"  # a warning became critical
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"  # it turned out never to have been
    GTI = "gti"  # so much of the time to intervene is used up
    BREACH = "breach"  # all of it
    ESCALATED = "escalated"  # nobody has taken it in charge for so long
    NEWS = "news"  # of something else than an incident
    ALARM = "alarm"  # likewise, and it waits for no gap and no cap


class Subject(StrEnum):
    """What else than an incident people are told of. Stored: never change a string."""

    MAINTENANCE = "maintenance"  # planned, changed, begun, ended
    FORECAST = "forecast"  # a volume that will be full
    POOL = "pool"  # that is nearly full
    REQUEST = "request"  # that is due
    ISOLATION = "isolation"  # of Vigie itself
    FLAPPING = "flapping"  # a sonde that changes too often
    CHANNEL = "channel"  # by which nothing leaves any more
    TURN = "turn"  # on call, handed over
    CONTACT = "contact"  # that will be erased


LOUD = frozenset({Subject.ISOLATION, Subject.FLAPPING, Subject.CHANNEL, Subject.TURN})  # also by what rings
OF_OPERATORS = frozenset(Subject)  # what people are told of who say nothing else
OF_COMMUNES = frozenset({Subject.MAINTENANCE, Subject.REQUEST})
# Of nobody's place: they are told to operators alone, or to the one person whom they are about.
OF_NO_PLACE = frozenset({Subject.ISOLATION, Subject.CHANNEL, Subject.TURN, Subject.CONTACT})
INCIDENTS, GTI = "incidents", "gti"  # what people subscribe to beside subjects


NOT_ABOUT = "n'est pas abonné à ce sujet"
TROUBLE = frozenset({Kind.OPENED, Kind.REOPENED, Kind.WORSENED})
OVER = frozenset({Kind.RECOVERED, Kind.WITHDRAWN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who may be told."""

    id: int
    collectivite: str
    operator: bool  # of the team that runs the platform: concerned by everything
    since: Mapping[Channel, Status]  # from which severity on, by channel; none of those that are not there
    hours: Calendar | None = None  # None: at any hour
    about: frozenset[Subject] = OF_OPERATORS  # what else than incidents they are told of
    incidents: bool = True  # they are told of what opens
    gti: bool = True  # and of the time to intervene


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to an incident."""

    kind: Kind
    at: int
    severity: Status  # of the incident now: warning or critical
    collectivites: frozenset[str]  # whose services it touches
    quiet_until: int = 0  # when the maintenance of all it touches ends: nothing but an end is told before
    told: Mapping[int, Collection[Channel]] = field(default_factory=dict)  # who learns of this opening, by person
    reported: bool = False  # by a person: seen by no sonde


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """Something that happened to something else than an incident: a line of its own journal."""

    subject: Subject
    name: str  # which one: "maintenance 12", the id of a sonde
    word: str  # what became of it: "planned", "begun"
    at: int
    collectivites: frozenset[str] = frozenset()  # whose people it concerns, beside the operator's
    facts: Mapping[str, Any] = field(default_factory=dict)  # what its words are made from: plain JSON
    urgent: bool = False  # it waits for no gap, no cap and nobody's hours
    spares: frozenset[Channel] = frozenset()  # by which it would not arrive: it is told by the others


class Told(NamedTuple):
    """Somebody is to be told."""

    person: int
    channel: Channel
    not_before: int  # later than the event where it is outside of their hours


class Spared(NamedTuple):
    """Somebody whom it concerns is not told."""

    person: int
    channel: Channel
    why: str  # in French: operators read it


def route(event: Event, people: Iterable[Person]) -> Iterator[Told | Spared]:
    """Everybody whom an event concerns, by each of their channels."""
    for person in people:
        if not (person.operator or person.collectivite in event.collectivites or person.id in event.told):
            continue
        told = event.told.get(person.id, ()) if event.kind in OVER else ()
        for channel in Channel:
            since = person.since.get(channel)
            if since is None and channel not in told:  # told by it all the same, where their own refused it
                continue
            why = _why_not(event, person, channel, since or Status.CRITICAL)
            yield Told(person.id, channel, _opening(event, person)) if not why else Spared(person.id, channel, why)


def route_topic(topic: Topic, people: Iterable[Person]) -> Iterator[Told | Spared]:
    """Everybody whom something else than an incident concerns, by each of their channels."""
    for person in people:
        if not (person.operator or person.collectivite in topic.collectivites):
            continue
        for channel in person.since:
            if topic.subject not in person.about:
                yield Spared(person.id, channel, NOT_ABOUT)
            elif channel in topic.spares:
                yield Spared(person.id, channel, "c'est ce moyen d'envoi qui est en panne")
            elif channel is Channel.SMS and topic.subject not in LOUD:
                yield Spared(person.id, channel, "ce sujet n'est pas dit par SMS")
            else:
                at = topic.at if topic.urgent else opens(topic.at, person.hours)
                yield Told(person.id, channel, at)


def _why_not(event: Event, person: Person, channel: Channel, since: Status) -> str:
    told = channel in event.told.get(person.id, ())
    if event.kind in OVER:
        return "" if told else "n'a pas été averti de la panne par ce moyen"
    if event.kind in (Kind.GTI, Kind.BREACH) and not person.operator:
        return "le délai d'intervention ne regarde que l'exploitant"
    if not (person.gti if event.kind in (Kind.GTI, Kind.BREACH) else person.incidents):
        return NOT_ABOUT
    if event.reported and channel is Channel.SMS and not person.operator:
        return "un signalement n'est pas confirmé par SMS à la collectivité"
    if event.severity.severity < since.severity:
        return "n'est averti par ce moyen que des pannes"
    return ""


def _opening(event: Event, person: Person) -> int:
    """When it can be told: at once; or when a maintenance is over, the person's hours begin. An end does not wait."""
    if event.kind in OVER:
        return event.at
    return opens(max(event.at, event.quiet_until), person.hours)


def opens(at: int, hours: Calendar | None) -> int:
    """That instant, or the beginning of somebody's hours after it. Hours that never come are none."""
    if hours is None or hours.is_open(at):
        return at
    # The instant at which the first opening second has elapsed, less that second.
    first = hours.after(at, 1)
    return at if first is None else first - 1
