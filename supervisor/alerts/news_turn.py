"""A turn on call changes hands: what is said to who has it now, and to who had it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from supervisor.alerts.facts import News
from supervisor.alerts.hours import brief
from supervisor.alerts.plain import plain
from supervisor.alerts.said import Said
from supervisor.alerts.standing import State
from supervisor.alerts.telling import NAME, Voice
from supervisor.french import listing, quoted

_MINE = State("À vous l’astreinte", "◆", "#8a5a00")
_OVER = State("Fin d’astreinte", "●", "#2e7d32")
_COUNTED = ("changement d’astreinte", "changements d’astreinte")


def say(lines: Sequence[News], voice: Voice) -> Said:
    """The last word: who gave a turn back and got it again has it."""
    latest = lines[-1]
    return _begun(latest, voice) if latest.word == "begun" else _over(latest, voice)


def _begun(latest: News, voice: Voice) -> Said:
    name, until = quoted(plain(latest.name, NAME)), int(latest.facts["until"])
    left = int(latest.facts["count"])
    return Said(
        state=_MINE,
        heading=f"{name}, jusqu’à {voice.since(until)}",
        paragraphs=(
            f"Vous êtes d’astreinte ({name}) depuis {voice.since(latest.at)}, jusqu’à {voice.since(until)}.",
            _lasting(left),
        ),
        brief=f"Vous êtes d'astreinte ({plain(latest.name, 30)}) jusqu'à {brief(until, voice.now, voice.zone)}. "
        f"{_briefly(latest.facts, voice)}",
        counted=_COUNTED,
        details=tuple(_details(latest.facts, voice)),
        asked="À faire : reprendre les incidents en cours." if left else "",
    )


def _over(latest: News, voice: Voice) -> Said:
    name = quoted(plain(latest.name, NAME))
    after = (
        "Ce qui ne vous avait pas encore été dit l’est à la personne suivante."
        if latest.facts["contact"] is not None
        else "Personne ne vous succède : aucun autre membre n’est connu."
    )
    return Said(
        state=_OVER,
        heading=f"{name}, {voice.on(latest.at)}",
        paragraphs=(f"Votre tour d’astreinte ({name}) s’est terminé {voice.on(latest.at)}. {after}",),
        brief=f"Votre astreinte ({plain(latest.name, 30)}) est finie depuis {brief(latest.at, voice.now, voice.zone)}",
        counted=_COUNTED,
    )


def _lasting(count: int) -> str:
    if not count:
        return "Aucun incident n’est en cours."
    return "Un incident est en cours." if count == 1 else f"{count} incidents sont en cours."


def _briefly(facts: Mapping[str, Any], voice: Voice) -> str:
    count = int(facts["count"])
    if not count:
        return "Aucun incident en cours"
    said = "1 incident en cours" if count == 1 else f"{count} incidents en cours, d'abord"
    worst = facts["incidents"][0]
    limit = f", avant {brief(worst['deadline'], voice.now, voice.zone)}" if worst["deadline"] is not None else ""
    since = brief(worst["since"], voice.now, voice.zone)
    return f"{said} : {plain(_about(worst), 50)} depuis {since}{limit}"


def _details(facts: Mapping[str, Any], voice: Voice) -> Iterator[tuple[str, str]]:
    for one in facts["incidents"]:
        parts = [_about(one), f"depuis {voice.since(one['since'])}"]
        if one["deadline"] is not None:
            passed = one["deadline"] <= voice.now
            parts.append(f"{'délai dépassé depuis' if passed else 'intervenir avant'} {voice.since(one['deadline'])}")
        yield plain(one["number"], NAME), ", ".join(parts)
    left = int(facts["count"]) - len(facts["incidents"])
    if left:
        yield "Et encore", "1 autre" if left == 1 else f"{left} autres"


def _about(one: Mapping[str, Any]) -> str:
    names = [plain(name, NAME) for name in one["services"]]
    return ", ".join(part for part in (listing(names), plain(one["place"], NAME)) if part)
