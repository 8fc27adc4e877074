"""Requests: to who asked, that it came, its number and its date, and the answer; to operators, what is left to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from supervisor.alerts.facts import News
from supervisor.alerts.hours import brief
from supervisor.alerts.plain import plain
from supervisor.alerts.said import Said
from supervisor.alerts.spans import at_hour
from supervisor.alerts.standing import State
from supervisor.alerts.telling import NAME, SAID, Voice
from supervisor.french import quoted

STATES = {
    "received": State("Demande reçue", "◇", "#1a56a0"),
    "completed": State("Dossier complet", "◇", "#1a56a0"),
    "due": State("Demande à échéance", "▲", "#8a5a00"),
    "late": State("Demande en retard", "◆", "#b3261e"),
    "answered": State("Demande traitée", "●", "#2e7d32"),
}
_COUNTED = {
    "received": ("demande reçue", "demandes reçues"),
    "completed": ("dossier complet", "dossiers complets"),
    "due": ("demande à échéance", "demandes à échéance"),
    "late": ("demande en retard", "demandes en retard"),
    "answered": ("demande traitée", "demandes traitées"),
}

_ASKED = "Répondez à la demande, ou convenez d’une autre date."


def say(lines: Sequence[News], voice: Voice) -> Said:
    """As it stands."""
    latest = lines[-1]
    facts, state = latest.facts, STATES[latest.word]
    number, place = plain(latest.name, NAME), plain(str(facts["place"]), NAME)
    open_ = latest.word != "answered"
    due = at_hour(int(facts["due"]), voice.now, voice.zone) if facts["due"] is not None and open_ else ""
    parts = (number, place if voice.reader.operator else "", f"échéance {due}" if due else "")
    return Said(
        state=state,
        heading=", ".join(part for part in parts if part),
        paragraphs=tuple(_sentences(latest, voice, number, due)),
        brief=_brief(latest, voice, number, place),
        counted=_COUNTED[latest.word],
        details=tuple(_details(facts, number, place if voice.reader.operator else "")),
        asked=_ASKED if voice.reader.operator and latest.word in ("due", "late") else "",
    )


def _sentences(latest: News, voice: Voice, number: str, due: str) -> Iterator[str]:
    facts = latest.facts
    own = "La demande" if voice.reader.operator else "Votre demande"
    if latest.word == "received":
        yield f"{own} {number} a été reçue {voice.on(int(facts['received']))}."
        yield _promise(facts, due)
    elif latest.word == "completed":
        yield f"Le dossier de {own[0].lower()}{own[1:]} {number} est complet."
        yield _promise(facts, due)
    elif latest.word == "due":
        yield f"{own} {number} arrive à échéance {due} : elle n’a pas encore de réponse."
    elif latest.word == "late":
        yield f"{own} {number} n’a pas de réponse, et son échéance est passée depuis {voice.since(int(facts['due']))}."
    else:
        yield f"{own} {number} a reçu sa réponse {voice.on(int(facts['answered'] or latest.at))}."


def _promise(facts: Any, due: str) -> str:
    if not due:
        return "Le délai d’un mois commencera quand le dossier sera complet."
    what = "La mise en service est prévue" if facts["kind"] == "production" else "Une réponse sera donnée"
    return f"{what} au plus tard {due}."


def _details(facts: Any, number: str, place: str) -> Iterator[tuple[str, str]]:
    """`place`: to whoever does not know."""
    yield ("Collectivité", place) if place else ("Référence à rappeler", number)
    service = plain(str(facts["service"] or ""), NAME)
    if service:
        yield "Service", service
    asked, answer = plain(str(facts["message"]), SAID), plain(str(facts["answer"] or ""), SAID)
    if asked:
        yield "Demande", quoted(asked)
    if answer:
        yield "Réponse", quoted(answer)


def _brief(latest: News, voice: Voice, number: str, place: str) -> str:
    due = latest.facts["due"]
    until = "" if due is None or latest.word == "answered" else f", échéance {brief(int(due), voice.now, voice.zone)}"
    return f"{STATES[latest.word].word} : {number}, {plain(place, 50)}{until}"
