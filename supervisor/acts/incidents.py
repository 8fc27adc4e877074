"""What people do to incidents: take them in charge, stop and suspend the clock, close them, report them. SPEC 6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, collectivite, past, service
from supervisor.config.wording import near
from supervisor.domain.incident import CAUSES, OWN_FAULT, Report, StepKind, Story
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, only, show, text_or_none, words
from supervisor.proof import desk
from supervisor.store import enquiries, entering, incidents
from supervisor.store.incidents import Entry, Incident
from supervisor.store.register import Register

JOURNAL_ONLY = "noted in the journal, it changes nothing"
# What the clocks do not hear: taken on a closed incident too.
_AFTER_CLOSING = (StepKind.COMMENT, StepKind.CAUSE)
_BASE = {"number", "author", "at"}


class _Form(NamedTuple):
    """How a step is asked for."""

    kind: StepKind
    key: str = "comment"  # what it says
    needed: bool = False


_STEPS = {
    "incident.ack": _Form(StepKind.ACKNOWLEDGE),
    "incident.intervene": _Form(StepKind.INTERVENTION),
    "incident.suspend": _Form(StepKind.SUSPEND, "reason", needed=True),
    "incident.resume": _Form(StepKind.RESUME),
    "incident.comment": _Form(StepKind.COMMENT, needed=True),
    "incident.cause": _Form(StepKind.CAUSE, "cause", needed=True),
    "incident.restore": _Form(StepKind.RESTORED),
    "incident.close": _Form(StepKind.CLOSE),
}


def step(form: _Form, scene: Scene, arguments: Arguments) -> Answer:
    """One step of a person on one incident.

    1. It is read and refused, or noted in the journal.
    2. The incident is told again, from its facts and all its steps.
    3. What differs is what the step did, and what did not is said.
    """
    only(arguments, _BASE | {form.key})
    incident = numbered(scene, words(arguments, "number", "the number of an incident"))
    text = _text(form, arguments)
    who, at = author(arguments), past(scene, arguments)
    before = _story(scene, incident)
    _refuse(scene, incident, before, form.kind, at)
    _note(scene, incident, form.kind, at, who, text)
    _retell(scene, incident)
    told = numbered(scene, incident.number)
    after = _story(scene, told)
    if incident.sonde is None and before.restored_at is None and after.restored_at is not None:
        Register(scene.connection, scene.promises, scene.now).hear(told, incidents.RECOVERED, after.restored_at)
    return _answer(scene, told, at, list(_remarks(scene, form.kind, told, before, after, at)))


def merge(scene: Scene, arguments: Arguments) -> Answer:
    """A person's report is about the same thing as another incident. Both keep their clocks: only people merge."""
    only(arguments, {"number", "into", "author"})
    incident = numbered(scene, words(arguments, "number", "the number of a reported incident"))
    other = numbered(scene, words(arguments, "into", "the number of the incident it belongs to"))
    who = author(arguments)
    if incident.sonde is not None:
        raise VigieError(f"number: {incident.number} was detected; only what people reported is merged into another")
    if incident.id == other.id:
        raise VigieError(f"into: {incident.number} cannot be merged into itself")
    for one, key in ((incident, "number"), (other, "into")):
        if one.merged_into is not None:
            root = enquiries.of_id(scene.connection, one.merged_into).number
            raise VigieError(f"{key}: {one.number} was merged into {root} already")
        _story(scene, one)
    incidents.update(scene.connection, replace(incident, merged_into=other.id))
    _note(scene, incident, StepKind.MERGE, scene.now, who, other.number)
    _note(scene, other, StepKind.MERGE, scene.now, who, incident.number)
    Register(scene.connection, scene.promises, scene.now).joined(incident, other)
    remarks = [f"merged into {other.number}; its own clock stays as it is"]
    return _answer(scene, numbered(scene, incident.number), scene.now, remarks)


def report(scene: Scene, arguments: Arguments) -> Answer:
    """A person reports an incident: on an operator's service, it holds for all who use it."""
    only(arguments, {"collectivite", "service", "message", "author", "at"})
    owner = collectivite(scene, arguments)
    fact = Report(
        t=past(scene, arguments),
        collectivite=owner,
        service=service(scene, arguments, owner),
        message=words(arguments, "message", "what was reported"),
        author=author(arguments),
    )
    scene.refuse_closed("at", fact.t, fact.t + 1)
    incident = entering.report(scene.connection, scene.promises, fact, scene.now, "live")
    register = Register(scene.connection, scene.promises, scene.now)
    register.tell_reported([incident])
    register.hear(incident, incidents.OPENED, fact.t)
    remarks = [] if incident.services else ["no service is concerned: there is no clock"]
    return _answer(scene, incident, fact.t, remarks)


ACTS: dict[str, Act] = {
    **{name: partial(step, form) for name, form in _STEPS.items()},
    "incident.merge": merge,
    "incident.report": report,
}


# --- what an act is about


def numbered(scene: Scene, number: str, key: str = "number") -> Incident:
    """The incident of that number, which has to exist; `key`: what asks for it."""
    found = incidents.numbered(scene.connection, number)
    if found is None:
        known = enquiries.numbers(scene.connection, "incident")
        raise VigieError(f"{key}: no incident {show(number)}; {near(number, known)}")
    return found


def _story(scene: Scene, incident: Incident) -> Story:
    story = desk.sheet(scene.connection, scene.promises, scene.now, incident).story
    if story is None:
        raise VigieError(f"number: {incident.number} is void: the facts say now that it never was; it takes no step")
    return story


def _text(form: _Form, arguments: Arguments) -> str:
    if not form.needed:
        return text_or_none(arguments, form.key, f"a {form.key}") or ""
    text = words(arguments, form.key, f"a {form.key}")
    if form.kind is StepKind.CAUSE and text not in CAUSES:
        raise Wrong(f"cause: {show(text)} is not one of {', '.join(CAUSES)}")
    return text


def _refuse(scene: Scene, incident: Incident, story: Story, kind: StepKind, at: int) -> None:
    """A step that cannot be taken, or not then."""
    scene.refuse_closed("at", at, at + 1)
    opened = story.openings[-1].at
    if at < opened:
        again = "reopened" if len(story.openings) > 1 else "opened"
        raise VigieError(f"at: {scene.said(at)} is before {incident.number} was {again}, {scene.said(opened)}")
    if story.closed_at is not None:
        runs = any(line.stop is None for line in story.openings[-1].lines)
        if kind is StepKind.CLOSE:
            raise VigieError(f"number: {incident.number} was closed already, {scene.said(story.closed_at)}")
        if kind not in _AFTER_CLOSING and at >= story.closed_at and not runs:
            raise VigieError(
                f"number: {incident.number} was closed, {scene.said(story.closed_at)}; only a comment or its cause "
                "can be added"
            )
    if kind in (StepKind.RESTORED, StepKind.CLOSE) and incident.sonde is not None:
        status = enquiries.shown(scene.connection, incident.sonde, at)
        if status == "critical" or (status == "warning" and incident.sonde in scene.promises.warned):
            raise VigieError(
                f"number: {incident.sonde} is {status}; {incident.number} cannot be said to be over before it recovers"
            )


# --- doing it


def _note(scene: Scene, incident: Incident, kind: StepKind, at: int, who: str, text: str) -> None:
    entry = Entry(incident=incident.id, t=at, kind=kind, author=who, text=text, entered_at=scene.now)
    incidents.note(scene.connection, [entry])


def _retell(scene: Scene, incident: Incident) -> None:
    if incident.sonde is None:
        Register(scene.connection, scene.promises, scene.now).tell_reported([incident])
    else:
        # The instant after its opening, not that of the step: the story told anew begins at the latest one before.
        scene.tell([incident.sonde], incident.opened_at + 1)


# --- what became of it


def _answer(scene: Scene, incident: Incident, at: int, remarks: list[str]) -> Answer:
    found = desk.sheet(scene.connection, scene.promises, scene.now, incident)
    return {
        "incident": incident.number,
        "state": incident.life,
        "t": scene.stamp(at),
        "services": found.services,
        "remarks": remarks,
        "lines": [desk.dial_json(dial, scene.promises.zone) for dial in found.latest],
    }


def _remarks(scene: Scene, kind: StepKind, incident: Incident, before: Story, after: Story, at: int) -> Iterator[str]:
    if kind is StepKind.ACKNOWLEDGE:
        yield from _acknowledged(scene, before, after)
    elif kind in (StepKind.INTERVENTION, StepKind.SUSPEND, StepKind.RESUME):
        if after.openings[-1].lines == before.openings[-1].lines:
            yield f"{_why_unmoved(scene, kind, after, at)}: {JOURNAL_ONLY}"
    elif kind is StepKind.CAUSE:
        if before.cause not in (None, after.cause):
            yield f"the cause was {before.cause} until now"
        yield "GTI not applicable" if after.cause == OWN_FAULT else "the GTI applies"
    elif kind is StepKind.RESTORED:
        yield from _restored(scene, incident, before, after)
    elif kind is StepKind.CLOSE:
        yield from _closed(incident, before, after)


def _acknowledged(scene: Scene, before: Story, after: Story) -> Iterator[str]:
    if before.acknowledged_at is not None and before.acknowledged_at == after.acknowledged_at:
        yield f"seen already, {scene.said(before.acknowledged_at)}: {JOURNAL_ONLY}"
    if any(line.stop is None for line in after.openings[-1].lines):
        yield "the GTI goes on: only an intervention stops it"


def _why_unmoved(scene: Scene, kind: StepKind, story: Story, at: int) -> str:
    lines = story.openings[-1].lines
    if not lines:
        return "no service counts it, there is no clock"
    stops = [line.stop for line in lines]
    stopped = max((stop for stop in stops if stop is not None), default=None)
    if stopped is not None and None not in stops and stopped <= at:
        return f"the clock was stopped, {scene.said(stopped)}"
    if kind is StepKind.SUSPEND:
        since = [
            start for line in lines for start, end in line.suspensions if start <= at and (end is None or at < end)
        ]
        return f"suspended already, since {scene.said(since[0])}" if since else "the clock had not started"
    return "no suspension was open" if kind is StepKind.RESUME else "the clock had not started"


def _restored(scene: Scene, incident: Incident, before: Story, after: Story) -> Iterator[str]:
    if incident.sonde is not None:
        yield f"what Vigie detected is restored by its sonde, not by a person: {JOURNAL_ONLY}"
    elif before.restored_at is not None and before.restored_at == after.restored_at:
        yield f"restored already, {scene.said(before.restored_at)}: {JOURNAL_ONLY}"


def _closed(incident: Incident, before: Story, after: Story) -> Iterator[str]:
    if incident.sonde is None and before.restored_at is None:
        yield "closed without having been restored: this ends it too"
    elif after.restored_at is None:
        yield f"{incident.sonde} has not been seen well since: the GTI goes on until it is, or somebody intervenes"
