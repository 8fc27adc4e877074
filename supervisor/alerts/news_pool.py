"""A pool that is nearly full: how many places are left, and what one more would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supervisor.alerts.facts import News
from supervisor.alerts.plain import plain
from supervisor.alerts.said import Said
from supervisor.alerts.standing import State
from supervisor.alerts.telling import NAME, Voice
from supervisor.french import NBSP, THIN

FULL = State("Pool presque plein", "▲", "#8a5a00")
EXCEEDS = State("Avenant à signer", "◆", "#8a5a00")


def say(lines: Sequence[News], _: Voice) -> Said:
    """How full it is."""
    latest = lines[-1]
    facts, place = latest.facts, plain("".join(latest.places[:1]) or latest.name, NAME)
    exceeds = latest.word == "exceeds"
    state = EXCEEDS if exceeds else FULL
    counted = _sondes(int(facts["counted"]))
    left = f"{facts['subscribed']} souscrites" if exceeds else _left(int(facts["free"] or 0))
    return Said(
        state=state,
        heading=f"{place}, {counted}, {left}",
        paragraphs=(_exceeding(facts, place, counted) if exceeds else _filling(place, counted, left), *_price(facts)),
        brief=f"{state.word} : {plain(place, 60)}, {counted}, {left}",
        counted=("avenant à signer", "avenants à signer")
        if exceeds
        else ("pool presque plein", "pools presque pleins"),
    )


def _sondes(many: int) -> str:
    return f"{many:,}".replace(",", THIN) + f"{NBSP}sonde{'s' if many > 1 else ''}"


def _left(free: int) -> str:
    if free < 1:
        return "aucune place libre"
    return f"{free}{NBSP}place{'s' if free > 1 else ''} libre{'s' if free > 1 else ''}"


def _filling(place: str, counted: str, left: str) -> str:
    return f"{place} : {counted} au compte, {left} dans le dernier pool de 50. Au-delà, il en faut un de plus."


def _exceeding(facts: Any, place: str, counted: str) -> str:
    return (
        f"{place} : {counted} au compte, pour {facts['subscribed']} souscrites. Un avenant est à signer : ce qui "
        "dépasse n’est pas appelé."
    )


def _price(facts: Any) -> tuple[str, ...]:
    if facts["price"] is None:
        return ()
    euros = str(facts["price"]).replace(".", ",")
    return (f"Un pool de plus coûte {euros}{NBSP}€ HT par année civile.",)
