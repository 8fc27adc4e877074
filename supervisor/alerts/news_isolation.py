"""Vigie itself is cut off: what it says of that, to operators alone."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.alerts.facts import News
from supervisor.alerts.hours import brief, brief_lasting, lasting
from supervisor.alerts.said import Said
from supervisor.alerts.standing import State
from supervisor.alerts.telling import Voice

CUT_OFF = State("Vigie isolée", "■", "#b3261e")
BACK = State("Vigie de nouveau reliée", "●", "#2e7d32")
_COUNTED = ("coupure de Vigie", "coupures de Vigie")


def say(lines: Sequence[News], voice: Voice) -> Said:
    """That it is, or that it was and how long."""
    latest = lines[-1]
    return _back(latest, voice) if latest.word == "ended" else _cut_off(latest, voice)


def _cut_off(latest: News, voice: Voice) -> Said:
    began = int(latest.facts.get("since", latest.at))
    since = brief(began, voice.now, voice.zone)
    return Said(
        state=CUT_OFF,
        heading=f"plus rien n’est surveillé depuis {voice.since(began)}",
        paragraphs=(
            f"Depuis {voice.since(began)}, aucun des repères du superviseur ne répond : c’est Vigie qui est coupée "
            "du réseau, et non les collectivités. Les états sont inconnus jusqu’à son retour ; aucune commune n’est "
            "alertée.",
        ),
        brief=f"Vigie isolée depuis {since} : plus rien n'est surveillé. Vérifier son accès au réseau",
        counted=_COUNTED,
        asked="Vérifiez l’accès au réseau de la machine qui porte Vigie.",
        urgent=True,
    )


def _back(latest: News, voice: Voice) -> Said:
    began = int(latest.facts["since"])
    lasted = latest.at - began
    return Said(
        state=BACK,
        heading=f"{voice.on(latest.at)}, après {lasting(lasted)}",
        paragraphs=(
            f"Les repères du superviseur répondent de nouveau {voice.on(latest.at)}. Le temps de la coupure reste "
            "inconnu dans les disponibilités : il ne compte ni pour ni contre.",
        ),
        brief=f"Vigie de nouveau reliée à {brief(latest.at, voice.now, voice.zone)}, après {brief_lasting(lasted)}",
        counted=_COUNTED,
    )
