"""A sonde that changes too often: said once, with what is held back meanwhile; then how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from supervisor.alerts.facts import News
from supervisor.alerts.hours import brief, brief_lasting, lasting
from supervisor.alerts.plain import plain
from supervisor.alerts.said import Said
from supervisor.alerts.standing import State
from supervisor.alerts.telling import NAME, Voice
from supervisor.french import listing

FLAPPING = State("Clignote", "▲", "#8a5a00")
STEADY = State("Ne clignote plus", "●", "#2e7d32")
DOWN = State("Ne clignote plus", "■", "#b3261e")
_COUNTED = ("clignotement", "clignotements")
_LEVELS = {"ok": "normal", "warning": "à surveiller", "critical": "en panne"}
_ROOM = 40  # characters of an SMS for what it is, and for where


def say(lines: Sequence[News], voice: Voice) -> Said:
    """That it does, or that it did and how it stands."""
    latest = lines[-1]
    return _flapping(latest, voice) if latest.word == "begun" else _over(latest, voice)


def _flapping(latest: News, voice: Voice) -> Said:
    facts = latest.facts
    since, changes = int(facts["since"]), _changes(facts)
    return Said(
        state=FLAPPING,
        heading=f"{_about(latest)}, {changes} depuis {voice.since(since)}",
        paragraphs=(
            f"L’état de ce contrôle change sans cesse : {changes} depuis {voice.since(since)}. Chaque changement "
            "n’est pas annoncé : un message suivra quand l’état sera stable. Un délai d’intervention dépassé reste "
            "annoncé.",
        ),
        brief=f"Clignote : {_shortly(latest)}, {changes} depuis {brief(since, voice.now, voice.zone)}. "
        "Un message suivra quand ce sera stable",
        counted=_COUNTED,
        details=tuple(_details(latest, voice)),
    )


def _over(latest: News, voice: Voice) -> Said:
    facts = latest.facts
    level = "" if latest.word == "removed" else _LEVELS.get(str(facts["level"]), "inconnu")
    now = f"état : {level}" if level else "la sonde a été retirée"
    lasted = latest.at - int(facts["since"])
    stands = f"L’état de ce contrôle est stable : {level}." if level else "Ce contrôle a été retiré."
    return Said(
        state=DOWN if facts["level"] == "critical" and level else STEADY,
        heading=f"{_about(latest)}, {now}",
        paragraphs=(
            f"{stands} Il changeait sans cesse depuis {voice.since(int(facts['since']))} ({lasting(lasted)}).",
        ),
        brief=f"Ne clignote plus : {_shortly(latest)}, {now}, après {brief_lasting(lasted)}",
        counted=("fin de clignotement", "fins de clignotement"),
        details=tuple(_details(latest, voice)),
    )


def _changes(facts: Any) -> str:
    return f"{facts['changes']} changements" if facts["changes"] else "de nombreux changements"


def _names(facts: Any) -> str:
    """The services that it counts for; else its machine."""
    every = [plain(str(name), NAME) for _, names in facts["by_place"] for name in names]
    names = [name for name in dict.fromkeys(every) if name]
    if len(names) > 3:
        names = [*names[:2], f"{len(names) - 2} autres services"]
    return listing(names) or f"équipement {plain(str(facts['machine']), NAME)}"


def _about(latest: News) -> str:
    places = [plain(place, NAME) for place in latest.places]
    where = f"{len(places)} collectivités" if len(places) > 1 else "".join(places)
    return ", ".join(part for part in (_names(latest.facts), where) if part)


def _shortly(latest: News) -> str:
    places = [plain(place, _ROOM) for place in latest.places]
    where = f"{len(places)} collectivités" if len(places) > 1 else "".join(places)
    return ", ".join(part for part in (plain(_names(latest.facts), _ROOM), where) if part)


def _details(latest: News, voice: Voice) -> Iterator[tuple[str, str]]:
    yield "Concerne", _about(latest)
    if voice.reader.operator:
        yield "Sonde", plain(str(latest.facts["sonde"]), NAME)
