"""What somebody does who has no login but the link of a message: "vu", "j'interviens". SPEC 7."""

from __future__ import annotations

from supervisor.acts import incidents
from supervisor.acts.scene import Act, Answer, Arguments, Scene
from supervisor.domain.contact import Contact
from supervisor.domain.incident import StepKind
from supervisor.errors import VigieError
from supervisor.history.values import only, show, words
from supervisor.proof import desk
from supervisor.proof.desk import Sheet
from supervisor.store import contacts, links
from supervisor.store.incidents import journal

# By the word of the page's button: the step, and the act that any operator takes it by.
STEPS = {
    "vu": (StepKind.ACKNOWLEDGE, "incident.ack"),
    "interviens": (StepKind.INTERVENTION, "incident.intervene"),
}
NOTED, OVER, MOVED = "noted", "over", "moved"  # what became of it


class NoLink(VigieError):
    """It opens nothing, or does not let its bearer act."""


def follow(scene: Scene, arguments: Arguments) -> Answer:
    """One step, in the name of the contact that the link was sent to; `opening`: what the page showed.

    Said once more it is the same step: nothing is written. What is over, or began anew since the page was read, takes
    none: whoever clicked has not seen that.
    """
    only(arguments, {"token", "step", "opening"})
    found = links.opened(scene.connection, words(arguments, "token", "the end of a link"), scene.now)
    if found is None or not found.acts or found.contact.collectivite not in scene.promises.operators:
        raise NoLink("token: this link opens nothing")
    contacts.seen(scene.connection, found.contact.id, scene.now)  # a scanner presses no button
    step = arguments.get("step")
    if not isinstance(step, str) or step not in STEPS:
        raise VigieError(f"step: {show(step)} is not one of {', '.join(STEPS)}")
    kind, act = STEPS[step]
    sheet = desk.sheet(scene.connection, scene.promises, scene.now, found.incident)
    if sheet.story is None or found.incident.life != "open":
        return {"became": OVER, "remarks": []}
    if sheet.story.openings[-1].at != arguments.get("opening"):
        return {"became": MOVED, "remarks": []}
    if not taken(scene, sheet, found.contact, kind):
        incidents.ACTS[act](scene, {"number": found.incident.number, "author": found.contact.name})
    return {"became": NOTED, "remarks": []}


def taken(scene: Scene, sheet: Sheet, contact: Contact, kind: StepKind) -> bool:
    """Has this person taken this step already, in the opening that lasts?"""
    opening = sheet.incident.opened_at if sheet.story is None else sheet.story.openings[-1].at
    return any(
        (entry.kind, entry.author) == (kind, contact.name) and entry.t >= opening
        for entry in journal(scene.connection, sheet.incident)
    )


ACTS: dict[str, Act] = {"link.follow": follow}
