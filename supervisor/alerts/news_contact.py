"""A contact that will be erased, for want of any sign: what the person reads, and what operators read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from supervisor.alerts.facts import News
from supervisor.alerts.plain import plain
from supervisor.alerts.said import Said
from supervisor.alerts.standing import State
from supervisor.alerts.telling import NAME, Voice
from supervisor.french import MONTHS, NBSP, of, ordinal

OWN = State("Vos coordonnées", "○", "#5f6368")
ANOTHER = State("Contact à confirmer", "○", "#5f6368")
_COUNTED = ("contact à confirmer", "contacts à confirmer")


def say(lines: Sequence[News], voice: Voice) -> Said:
    """That it will be, when, and what keeps it."""
    latest = lines[-1]
    return _to_operators(latest, voice) if voice.reader.operator else _to_the_person(latest, voice)


def _to_the_person(latest: News, voice: Voice) -> Said:
    day, organisation, place = _day(latest, voice), plain(voice.organisation, NAME), _place(latest)
    return Said(
        state=OWN,
        heading=f"effacement le {day}, sauf réponse de votre part",
        paragraphs=(
            f"{organisation} garde vos coordonnées pour vous avertir des pannes et des maintenances des services "
            f"numériques {of(place)}. Nous sommes sans nouvelles de vous depuis près de trois ans.",
            f"Sans réponse de votre part, elles seront effacées le {day}, comme le veut la protection des données, et "
            "vous ne recevrez plus aucun de ces messages.",
        ),
        brief=f"Vigie : sans réponse de vous, vos coordonnées seront effacées le {_brief(latest, voice)}. "
        f"Pour rester averti, dites-le à {organisation}",
        counted=_COUNTED,
        asked=f"Pour continuer à les recevoir, répondez à ce message, ou dites-le à {organisation}. "
        "Sinon, vous n’avez rien à faire.",
    )


def _to_operators(latest: News, voice: Voice) -> Said:
    number, day, place = int(latest.facts["contact"]), _day(latest, voice), _place(latest)
    return Said(
        state=ANOTHER,
        heading=f"n°{NBSP}{number}, {place}, effacé le {day} sans signe de sa part",
        paragraphs=(
            f"Le contact n°{NBSP}{number} {of(place)} n’a pas donné signe depuis près de trois ans. Il en est averti, "
            f"et sera effacé le {day} si personne ne le confirme d’ici là.",
        ),
        brief=f"Contact n° {number} ({place}) effacé le {_brief(latest, voice)} s'il n'est pas confirmé",
        counted=_COUNTED,
        details=(("Contact", f"n°{NBSP}{number} (vigie contact list)"),),
        asked=f"À faire : s’il répond, ou s’il est toujours en fonction, « vigie contact confirm {number} ».",
    )


def _place(latest: News) -> str:
    return plain(str(latest.facts["place"]), NAME)


def _day(latest: News, voice: Voice) -> str:
    day = datetime.fromtimestamp(int(latest.facts["until"]), voice.zone).date()
    return f"{ordinal(day.day)}{NBSP}{MONTHS[day.month - 1]}{NBSP}{day.year}"


def _brief(latest: News, voice: Voice) -> str:
    return f"{datetime.fromtimestamp(int(latest.facts['until']), voice.zone):%d/%m/%Y}"
