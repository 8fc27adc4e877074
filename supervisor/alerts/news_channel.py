"""A channel fails, or works again: what operators read of it, by another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from supervisor.alerts.facts import News
from supervisor.alerts.hours import brief, brief_lasting, lasting
from supervisor.alerts.said import Said
from supervisor.alerts.standing import State
from supervisor.alerts.telling import Voice
from supervisor.domain.channel_health import FAILING

DOWN = State("Envoi en panne", "■", "#b3261e")
BACK = State("Envoi rétabli", "●", "#2e7d32")
_COUNTED = ("panne d’envoi", "pannes d’envoi")


class _Words(NamedTuple):
    none: str
    they: str
    look: str  # what to look at

    @property
    def begun(self) -> str:
        """They, at the beginning of a sentence."""
        return f"{self.they[0].upper()}{self.they[1:]}"


_WORDS: Mapping[str, _Words] = {
    "mail": _Words("aucun mail", "les mails", "le relais de messagerie"),
    "sms": _Words("aucun SMS", "les SMS", "la passerelle SMS"),
    "webhook": _Words("aucun webhook", "les webhooks", "les programmes qui les reçoivent"),
}


def say(lines: Sequence[News], voice: Voice) -> Said:
    """The last line has the last word."""
    latest = lines[-1]
    return _down(latest, voice) if latest.word == FAILING else _back(latest, voice)


def _down(latest: News, voice: Voice) -> Said:
    words, since, waiting = _WORDS[latest.name], int(latest.facts["since"]), int(latest.facts["waiting"])
    wait = f"{waiting} attend" if waiting == 1 else f"{waiting} attendent"
    waits = "1 message attend" if waiting == 1 else f"{waiting} messages attendent"
    return Said(
        state=DOWN,
        heading=f"plus {words.none} ne part depuis {voice.since(since)}",
        paragraphs=(
            f"Depuis {voice.since(since)}, {words.none} n’est parti : {waits}. Vigie réessaie pendant trois jours, "
            "mais les contacts qui n’ont pas d’autre moyen ne sont prévenus de rien.",
        ),
        brief=f"Plus {words.none} ne part depuis {brief(since, voice.now, voice.zone)} ({wait}). Vérifier {words.look}",
        counted=_COUNTED,
        asked=f"Vérifiez {words.look} ; « vigie alert list » montre ce qui est répondu à chaque essai.",
        urgent=True,
    )


def _back(latest: News, voice: Voice) -> Said:
    words = _WORDS[latest.name]
    since, until, waited = (int(latest.facts[name]) for name in ("since", "until", "waited"))
    length = max(until - since, 0)
    had = "1 message a attendu" if waited == 1 else f"{waited} messages ont attendu"
    return Said(
        state=BACK,
        heading=f"{words.they} partent de nouveau depuis {voice.since(until)}, après {lasting(length)}",
        paragraphs=(
            f"{words.begun} partent de nouveau depuis {voice.since(until)}. Rien n’était parti pendant "
            f"{lasting(length)} : {had}.",
        ),
        brief=f"{words.begun} partent de nouveau depuis "
        f"{brief(until, voice.now, voice.zone)}, après {brief_lasting(length)} ({had})",
        counted=_COUNTED,
    )
