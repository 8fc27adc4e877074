"""Maintenance: what is done, to which services, from when to when, and that nothing is asked of who reads it.

What it says of the present is that of the moment when the message leaves: what was planned when it was noted, and has
begun or ended since, is told as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from supervisor.alerts.facts import News
from supervisor.alerts.hours import brief, moment
from supervisor.alerts.plain import plain
from supervisor.alerts.said import Said
from supervisor.alerts.spans import stretch
from supervisor.alerts.standing import State
from supervisor.alerts.telling import NAME, SAID, Voice
from supervisor.french import listing, quoted

PLANNED = State("Maintenance prévue", "◇", "#1a56a0")
CHANGED = State("Maintenance déplacée", "◇", "#1a56a0")
PROLONGED = State("Maintenance prolongée", "◇", "#1a56a0")
CANCELLED = State("Maintenance annulée", "○", "#5f6368")
BEGUN = State("Maintenance en cours", "▶", "#1a56a0")
ENDED = State("Maintenance terminée", "●", "#2e7d32")
_COUNTED = ("maintenance", "maintenances")
_EVERY = {"day": "chaque jour", "week": "chaque semaine", "month": "chaque mois"}
_SERVICES = 4  # that are named, of many
_PLACES = 3  # that a subject names
_LISTED = 12  # that the letter names
_NOTHING_ASKED = "Aucune action n’est attendue de votre part."
_IF_NOT = "Aucune action n’est attendue de votre part. Si un service ne fonctionne pas, signalez-le-nous."


class _Told(NamedTuple):
    """What every form of it is made of."""

    facts: Any
    voice: Voice
    state: State
    what: str  # "Messagerie", "3 collectivités"
    when: str

    def span(self, start: int, end: int) -> str:
        return stretch(start, end, self.voice.now, self.voice.zone)


def say(lines: Sequence[News], voice: Voice) -> Said:
    """As it stands."""
    latest = lines[-1]
    facts = latest.facts
    state = _state(latest, voice.now)
    start, end = int(facts["start"]), int(facts["end"])
    told = _Told(facts, voice, state, _what(latest, voice), stretch(start, end, voice.now, voice.zone))
    return Said(
        state=state,
        heading=", ".join(part for part in (told.what, _heading_when(told)) if part),
        paragraphs=(_sentence(told, start, end), *_touched(latest, told)),
        brief=_brief(told, start, end),
        counted=_COUNTED,
        details=tuple(_details(told, latest.places if voice.reader.operator else ())),
        asked="" if voice.reader.operator else _IF_NOT if state is ENDED else _NOTHING_ASKED,
    )


def _state(latest: News, now: int) -> State:
    if latest.word == "cancelled":
        return CANCELLED
    if "times" in latest.facts:
        return PLANNED
    if latest.word == "ended" or now >= int(latest.facts["end"]):
        return ENDED
    if latest.word == "changed":
        start, end = latest.facts.get("before", (None, 0))
        return PROLONGED if start == latest.facts["start"] and end < int(latest.facts["end"]) else CHANGED
    return BEGUN if now >= int(latest.facts["start"]) else PLANNED


def _what(latest: News, voice: Voice) -> str:
    """For who runs it, where it is; for the others, what of theirs it touches."""
    if voice.reader.operator:
        places = [plain(place, NAME) for place in latest.places]
        return f"{len(places)} collectivités" if len(places) > _PLACES else listing(places)
    return listing(_named(_services(latest))) or "tous vos services"


def _services(latest: News) -> list[str]:
    every = [plain(name, NAME) for _, names in latest.facts["by_place"] for name in names]
    return list(dict.fromkeys(name for name in every if name))


def _named(names: list[str]) -> list[str]:
    if len(names) <= _SERVICES:
        return names
    return [*names[: _SERVICES - 1], f"{len(names) - _SERVICES + 1} autres services"]


def _heading_when(told: _Told) -> str:
    times = told.facts.get("times")
    return f"{times} fois, {_EVERY.get(told.facts.get('every'), '')}".rstrip(", ") if times else told.when


def _sentence(told: _Told, start: int, end: int) -> str:
    voice = told.voice
    if "times" in told.facts:
        return _series(told, start, end)
    if told.state is CANCELLED:
        return f"La maintenance prévue {told.when} n’aura pas lieu."
    if told.state is ENDED:
        return f"La maintenance qui a eu lieu {told.when} est terminée."
    until = moment(end, voice.now, voice.zone)
    if told.state is CHANGED:
        before = told.facts.get("before")
        no_more = f", et non plus {told.span(*before)}" if before else ""
        return f"Les dates d’une maintenance changent : elle a lieu {told.when}{no_more}."
    if told.state is PROLONGED:
        before = _at(moment(int(told.facts["before"][1]), voice.now, voice.zone))
        return f"La maintenance est prolongée : elle doit se terminer {_at(until)}, et non plus {before}."
    if told.state is BEGUN:
        return f"Une maintenance a commencé {voice.on(start)}. Elle doit se terminer {_at(until)}."
    return f"Une maintenance est prévue {told.when}."


def _series(told: _Told, start: int, end: int) -> str:
    times, last = int(told.facts["times"]), told.span(*told.facts["last"])
    if told.state is CANCELLED:
        if times == 1:
            return f"La maintenance prévue {told.when}, la dernière d’une série, n’aura pas lieu."
        return f"Les {times} maintenances prévues, la première {told.when}, la dernière {last}, n’auront pas lieu."
    every = _EVERY.get(told.facts.get("every"), "")
    return (
        f"Une maintenance aura lieu {times} fois{f', {every}' if every else ''} : la première fois "
        f"{told.span(start, end)}, la dernière {last}."
    )


def _at(until: str) -> str:
    return f"à {until}" if until[:1].isdigit() else until


def _touched(latest: News, told: _Told) -> Iterator[str]:
    """What it means for the services."""
    if told.state in (CANCELLED, ENDED):
        return
    quotes = [quoted(name) for name in _services(latest)]
    when = "Jusque-là" if int(latest.facts["start"]) <= told.voice.now else "Pendant ce temps"
    if not quotes:
        yield f"{when}, tous les services peuvent être interrompus."
    elif len(quotes) == 1:
        yield f"{when}, le service {quotes[0]} peut être interrompu."
    elif len(quotes) <= _SERVICES:
        yield f"{when}, les services {listing(quotes)} peuvent être interrompus."
    else:
        shown = ", ".join(quotes[: _SERVICES - 1])
        yield f"{when}, les services {shown} et {len(quotes) - _SERVICES + 1} autres peuvent être interrompus."


def _details(told: _Told, places: Sequence[str]) -> Iterator[tuple[str, str]]:
    shown = [plain(place, NAME) for place in places]
    if shown:
        left = len(shown) - _LISTED
        name = "Collectivité" if len(shown) == 1 else "Collectivités"
        yield name, listing([*shown[:_LISTED], f"{left} autres"] if left > 1 else shown)
    nature = plain(str(told.facts["nature"]), SAID)
    if nature:
        yield "Nature", nature
    reason = plain(str(told.facts.get("reason") or ""), SAID)
    if reason:
        yield ("Motif de l’annulation" if told.state is CANCELLED else "Arrêtée avant l’heure"), reason


def _brief(told: _Told, start: int, end: int) -> str:
    now, zone = told.voice.now, told.voice.zone
    return f"{told.state.word} : {told.what}, {brief(start, now, zone)} - {brief(end, now, zone)}"
