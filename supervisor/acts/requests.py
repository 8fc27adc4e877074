"""Requests other than incidents: received, complete, answered; each has its due date (002 art. 7)."""

from __future__ import annotations

from typing import Any

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, collectivite, past, service
from supervisor.config.wording import near
from supervisor.domain.period import local_day
from supervisor.domain.request import KINDS, PRODUCTION, Request
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, only, show, words
from supervisor.store import enquiries
from supervisor.store import requests as register
from supervisor.store.announcing import requests as announcing


def add(scene: Scene, arguments: Arguments) -> Answer:
    """A request was received; `complete`: with its whole file."""
    only(arguments, {"collectivite", "service", "kind", "message", "complete", "author", "at"})
    owner = collectivite(scene, arguments)
    kind, complete = arguments.get("kind"), arguments.get("complete", False)
    if kind not in KINDS:
        raise Wrong(f"kind: {show(kind)} is not one of {', '.join(KINDS)}")
    if not isinstance(complete, bool):
        raise Wrong("complete: true or false is expected")
    if complete and kind != PRODUCTION:
        raise Wrong(f"complete: a request that is {kind} has no file; leave it out")
    at, who = past(scene, arguments), author(arguments)
    request = Request(
        number=register.new_number(scene.connection, local_day(at, scene.promises.zone).year),
        collectivite=owner,
        service=service(scene, arguments, owner),
        kind=kind,
        message=words(arguments, "message", "what is asked for"),
        author=who,
        received_at=at,
        complete_at=at if complete else None,
        completed_by=who if complete else None,
        entered_at=scene.now,
    )
    register.add(scene.connection, request)
    announcing.received(scene.connection, scene.promises, scene.now, request)
    waits = request.due(scene.promises.zone) is None
    return _answer(scene, request.number, ["its month begins once its file is complete"] if waits else [])


def complete(scene: Scene, arguments: Arguments) -> Answer:
    """The file of a production is complete: its month begins."""
    only(arguments, {"number", "author", "at"})
    request, at = _request(scene, arguments), past(scene, arguments)
    if request.kind != PRODUCTION:
        raise VigieError(f"number: {request.number} is {request.kind}: it has no file, its week began when it came")
    if request.complete_at is not None:
        raise VigieError(f"number: the file of {request.number} is complete since {scene.said(request.complete_at)}")
    _refuse(scene, request, at)
    register.complete(scene.connection, request.number, at, author(arguments))
    announcing.completed(scene.connection, scene.promises, scene.now, numbered(scene, request.number))
    return _answer(scene, request.number, [])


def answer(scene: Scene, arguments: Arguments) -> Answer:
    """It is answered, or what it asked for is done."""
    only(arguments, {"number", "text", "author", "at"})
    request, at = _request(scene, arguments), past(scene, arguments)
    text = words(arguments, "text", "the answer")
    _refuse(scene, request, at)
    register.answer(scene.connection, request.number, at, author(arguments), text)
    announcing.answered(scene.connection, scene.promises, scene.now, numbered(scene, request.number))
    return _answer(scene, request.number, [])


ACTS: dict[str, Act] = {"request.add": add, "request.complete": complete, "request.answer": answer}


def _request(scene: Scene, arguments: Arguments) -> Request:
    return numbered(scene, words(arguments, "number", "the number of a request"))


def _refuse(scene: Scene, request: Request, at: int) -> None:
    if request.answered_at is not None:
        raise VigieError(f"number: {request.number} was answered already, {scene.said(request.answered_at)}")
    begun = max(request.received_at, request.complete_at or request.received_at)
    if at < begun:
        what = "was received" if begun == request.received_at else "was complete"
        raise VigieError(f"at: {scene.said(at)} is before {request.number} {what}, {scene.said(begun)}")


def _answer(scene: Scene, number: str, remarks: list[str]) -> Answer:
    return {"request": as_json(scene, numbered(scene, number)), "remarks": remarks}


def numbered(scene: Scene, number: str) -> Request:
    """The request of that number, which has to exist."""
    found = register.numbered(scene.connection, number)
    if found is None:
        known = enquiries.numbers(scene.connection, "request")
        raise VigieError(f"number: no request {show(number)}; {near(number, known)}")
    return found


def as_json(scene: Scene, request: Request) -> dict[str, Any]:
    """One request."""
    zone = scene.promises.zone
    return {
        "number": request.number,
        "state": request.state(zone, scene.now),
        "collectivite": request.collectivite,
        "service": request.service,
        "kind": request.kind,
        "message": request.message,
        "author": request.author,
        "received": scene.stamp(request.received_at),
        "complete": scene.stamp(request.complete_at),
        "completed_by": request.completed_by,
        "due": scene.stamp(request.due(zone)),
        "answered": scene.stamp(request.answered_at),
        "answered_by": request.answered_by,
        "answer": request.answer,
    }
