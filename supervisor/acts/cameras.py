"""What people do to cameras: have the picture learnt anew, once what it shows was changed on purpose."""

from __future__ import annotations

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author
from supervisor.domain.incident import StepKind
from supervisor.domain.ledger import Event
from supervisor.errors import VigieError
from supervisor.history.values import only, show, words
from supervisor.store import incidents, ledger, references
from supervisor.store.incidents import Entry
from supervisor.store.references import Learning

TYPE = "camera"
LEARN = "camera.learn"


def learn(scene: Scene, arguments: Arguments) -> Answer:
    """What was learnt is forgotten, on the record, and in the journal of the incident that the change opened."""
    only(arguments, {"sonde", "reason", "author"})
    sonde = _camera(scene, words(arguments, "sonde", "the id of a camera's sonde"))
    learning = Learning(sonde, scene.now, author(arguments), words(arguments, "reason", "why it is learnt anew"))
    known = references.learn_anew(scene.connection, learning)
    remarks = [] if known else [f"nothing had been learnt of {sonde}: its next picture is the first"]
    for incident in incidents.of_sonde(scene.connection, sonde):
        if incident.restored_at is None and incident.void_at is None:
            text = f"référence de l'image réapprise : {learning.reason}"
            entry = Entry(
                incident=incident.id,
                t=scene.now,
                kind=StepKind.COMMENT,
                author=learning.author,
                text=text,
                entered_at=scene.now,
            )
            incidents.note(scene.connection, [entry])
            remarks.append(f"noted in the journal of {incident.number}; it ends once the camera is seen well")
    return {"sonde": sonde, "t": scene.stamp(scene.now), "remarks": remarks}


ACTS: dict[str, Act] = {LEARN: learn}


def _camera(scene: Scene, sonde: str) -> str:
    lines = ledger.of(scene.connection, sonde)
    kind = lines[-1].type if lines and lines[-1].event is not Event.REMOVED else ""
    if scene.config is not None and sonde in scene.config.sondes:  # no daemon wrote to the ledger what it says
        kind = scene.config.sondes[sonde].type
    if kind != TYPE:
        raise VigieError(f"sonde: {show(sonde)} is no camera; `vigie camera list` names them")
    return sonde
