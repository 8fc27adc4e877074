"""What people do about messages that did not arrive. SPEC 7."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, row_number
from supervisor.config.wording import near
from supervisor.domain.alerting import TROUBLE
from supervisor.domain.link import masked
from supervisor.errors import VigieError
from supervisor.history.values import only
from supervisor.store import contacts, enquiries, links, notices, outbox
from supervisor.store.outbox import Body, Message


def retry(scene: Scene, arguments: Arguments) -> Answer:
    """Try it again now, to the address that the contact has by now: a wrong one may be why it did not arrive."""
    only(arguments, {"id", "author"})
    message = _stuck(scene, arguments)
    author(arguments)
    contact = contacts.numbered(scene.connection, message.contact)
    address = None if contact is None else contact.address(message.channel)
    if address is None:
        raise VigieError(
            f"id: contact {message.contact} has nothing to be reached at by {message.channel} any more; "
            f"vigie contact edit {message.contact} gives it back, vigie alert drop {message.id} settles it"
        )
    if address != message.address:
        outbox.reword(scene.connection, message.id, _readdressed(scene, message, address))
    outbox.revive(scene.connection, message.id, address, scene.now)
    return _answer(scene, message.id, *_over(scene, message))


def drop(scene: Scene, arguments: Arguments) -> Answer:
    """It is not tried any more, and no longer counts as undelivered."""
    only(arguments, {"id", "author"})
    message = _stuck(scene, arguments)
    outbox.drop(scene.connection, message.id, scene.now, author(arguments))
    return _answer(scene, message.id)


ACTS: dict[str, Act] = {"alert.retry": retry, "alert.drop": drop}


def _stuck(scene: Scene, arguments: Arguments) -> Message:
    number = row_number(arguments, "a message")
    message = outbox.numbered(scene.connection, number)
    if message is None:
        choices = [str(one.id) for one in outbox.undelivered(scene.connection)]
        raise VigieError(f"id: no message {number}; {near(str(number), choices)}")
    if message.state not in ("waiting", "dead"):
        raise VigieError(f"id: message {number} is {message.state}, and stays so")
    return message


def _readdressed(scene: Scene, message: Message, address: str) -> Body:
    """The same words, with links that are worth something where they go now, and nothing where they went before."""
    told = notices.of_message(scene.connection, message.id)
    found = sorted({notice.incident for notice in told if notice.incident is not None})

    def put(text: str) -> str:
        return links.readdressed(scene.connection, text, found, message.contact, message.address, address)

    body = message.body
    return replace(body, text=put(body.text), html=None if body.html is None else put(body.html))


def _over(scene: Scene, message: Message) -> Iterator[str]:
    """Its words are those of the day when it was made, and who was told of nothing is told of no end."""
    told = notices.of_message(scene.connection, message.id)
    trouble = {notice.incident for notice in told if notice.incident is not None and notice.kind in TROUBLE}
    found = [enquiries.of_id(scene.connection, incident) for incident in sorted(trouble)]
    over = [one.number for one in found if one.restored_at is not None or one.void_at is not None]
    if over and message.state == "dead":
        yield (
            f"{', '.join(over[:3])}{' and others' if len(over) > 3 else ''}: over meanwhile, and the message says that "
            f"it lasts; vigie alert drop {message.id} keeps it from leaving"
        )


def _answer(scene: Scene, number: int, *remarks: str) -> Answer:
    message = outbox.numbered(scene.connection, number)
    return {"message": None if message is None else as_json(scene, message), "remarks": list(remarks)}


def as_json(scene: Scene, message: Message) -> dict[str, Any]:
    """One message."""
    contact = contacts.numbered(scene.connection, message.contact)
    return {
        "id": message.id,
        "key": message.key,
        "contact": None if contact is None else {"id": contact.id, "name": contact.name},
        "collectivite": None if contact is None else contact.collectivite,
        "channel": message.channel,
        "to": message.address,
        "subject": message.body.subject,
        "text": masked(message.body.text),
        "state": message.state,
        "made": scene.stamp(message.made_at),
        "attempts": message.attempts,
        "next": scene.stamp(message.next_at) if message.state == "waiting" else None,
        "failure": message.failure or None,
        "receipt": message.receipt or None,
        "ended": scene.stamp(message.ended_at),
        "ended_by": message.ended_by,
    }
