"""Who is on call: somebody takes turns of another over, or gives them back. SPEC 7."""

from __future__ import annotations

from typing import Any

from supervisor.acts.contacts import take_up
from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, instant_of, row_number
from supervisor.config.wording import near
from supervisor.domain.contact import Contact
from supervisor.domain.oncall import Replacement, Turn, Who
from supervisor.errors import VigieError
from supervisor.history.values import only, show, words
from supervisor.store import contacts, oncall
from supervisor.store.oncall import OnCall


def replace(scene: Scene, arguments: Arguments) -> Answer:
    """From one instant to another this contact has the turns of a rota, whoever's they are."""
    only(arguments, {"rota", "from", "until", "by", "author"})
    take_up(scene)
    name = words(arguments, "rota", "the name of a rota")
    if name not in scene.promises.duty.rotas:
        raise VigieError(f"rota: there is no rota {show(name)}; {near(name, scene.promises.duty.rotas)}")
    contact = _contact(scene, words(arguments, "by", "a contact like syndicat/Alice"))
    start, end = instant_of(arguments, "from"), instant_of(arguments, "until")
    if end <= start:
        raise VigieError(f"until: {scene.said(end)} is not after from, {scene.said(start)}; exchange them")
    if end <= scene.now:
        raise VigieError(f"until: {scene.said(end)} has passed; who was on call then cannot be changed")
    before = [one for one in _standing(scene, name) if one.start < end and start < one.end]
    entered = oncall.enter(scene.connection, name, start, end, contact.id, author(arguments), scene.now)
    remarks = [f"replacement {one.id} overlaps it: the latest entered holds" for one in before]
    if start < scene.now:
        remarks.append(f"it holds from now on, {scene.said(scene.now)}")
    return {"replacement": as_json(scene, entered), "remarks": remarks}


def cancel(scene: Scene, arguments: Arguments) -> Answer:
    """The turns are again whose they were; one that has begun holds up to now."""
    only(arguments, {"id", "author"})
    number = row_number(arguments, "a replacement")
    known = {one.id: one for one in oncall.replacements(scene.connection)}
    if number not in known:
        raise VigieError(f"id: no replacement {number}; {near(str(number), map(str, known))}")
    one = known[number]
    if one.cancelled_at is not None:
        raise VigieError(f"id: replacement {number} was cancelled already, {scene.said(one.cancelled_at)}")
    if one.end <= scene.now:
        raise VigieError(f"id: replacement {number} ended, {scene.said(one.end)}; what is over cannot be cancelled")
    oncall.cancel(scene.connection, number, author(arguments), scene.now)
    (cancelled,) = (each for each in oncall.replacements(scene.connection) if each.id == number)
    return {"replacement": as_json(scene, cancelled), "remarks": []}


ACTS: dict[str, Act] = {"oncall.replace": replace, "oncall.cancel": cancel}


def _standing(scene: Scene, name: str) -> list[Replacement]:
    return [one for one in oncall.replacements(scene.connection) if one.rota == name and one.cancelled_at is None]


def _contact(scene: Scene, written: str) -> Contact:
    """One of the operator's: whoever is on call is told of every collectivité."""
    who = Who.parse(written)
    if who.collectivite not in scene.promises.operators:
        known = ", ".join(sorted(scene.promises.operators)) or "there is none"
        raise VigieError(f"by: {show(written)} is no contact of the operator ({known}); write it like syndicat/Alice")
    found = OnCall(scene.connection, scene.promises.duty).contact(who)
    if found is None:
        choices = [one.name for one in contacts.every(scene.connection, who.collectivite)]
        raise VigieError(f"by: {who.collectivite} has no contact {show(who.name)}; {near(who.name, choices)}")
    return found


def as_json(scene: Scene, one: Replacement) -> dict[str, Any]:
    """One replacement."""
    return {
        "id": one.id,
        "rota": one.rota,
        "from": scene.stamp(one.start),
        "until": scene.stamp(one.end),
        "contact": named(scene, one.contact),
        "author": one.author,
        "entered": scene.stamp(one.entered_at),
        "cancelled": scene.stamp(one.cancelled_at),
        "cancelled_by": one.cancelled_by,
    }


def turn_json(scene: Scene, rota: str, turn: Turn) -> dict[str, Any]:
    """One turn."""
    return {
        "rota": rota,
        "from": scene.stamp(turn.since),
        "until": scene.stamp(turn.until),
        "contact": named(scene, turn.contact),
        "replacement": turn.replacement,
    }


def named(scene: Scene, number: int) -> dict[str, Any] | None:
    """Who that is by now; None: erased."""
    one = contacts.numbered(scene.connection, number)
    return None if one is None else {"id": one.id, "collectivite": one.collectivite, "name": one.name}
