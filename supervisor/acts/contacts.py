"""Contacts: entered, edited, erased for good. SPEC 10."""

from __future__ import annotations

from typing import Any

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, collectivite, row_number
from supervisor.config.contacts import contacts_of, entered, misplaced
from supervisor.config.wording import near
from supervisor.domain.contact import Contact, Seed, lapses_at
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, only, show
from supervisor.store import contacts

FIELDS = ("name", "email", "phone", "mail", "sms", "webhook", "post", "hours", "about")
_CHANNELS = {"mail": "mail", "sms": "sms", "post": "webhook"}  # a severity, and the channel it is of
NOTHING = "none"  # to be told of nothing, as a person writes it; an empty text takes away what was said


def add(scene: Scene, arguments: Arguments) -> Answer:
    """Somebody new to be told."""
    only(arguments, {"collectivite", *FIELDS, "author"})
    take_up(scene)
    owner = collectivite(scene, arguments)
    one = _entered(owner, {key: arguments.get(key) for key in FIELDS})
    _refuse_unknown(scene, owner, arguments)
    _refuse_known(scene, one, None)
    return _answer(scene, contacts.add(scene.connection, one, scene.now, author(arguments)))


def edit(scene: Scene, arguments: Arguments) -> Answer:
    """What is given replaces what was known; an empty text takes it away."""
    only(arguments, {"id", *FIELDS, "author"})
    take_up(scene)
    known = numbered(scene, row_number(arguments, "a contact"))
    if not arguments.keys() & set(FIELDS):
        raise Wrong(f"nothing to change; give one of {', '.join(FIELDS)}")
    before = {key: getattr(known, key) for key in FIELDS}
    before["about"] = NOTHING if known.about == "" else known.about
    one = _entered(known.collectivite, before | {key: arguments[key] for key in FIELDS if key in arguments})
    _refuse_unknown(scene, known.collectivite, arguments)
    if one == known.seed:
        return _answer(scene, known.id, f"contact {known.id} was so already; nothing was written")
    _refuse_known(scene, one, known.id)
    contacts.change(scene.connection, known.id, one, scene.now, author(arguments))
    return _answer(scene, known.id)


def confirm(scene: Scene, arguments: Arguments) -> Answer:
    """Somebody had a sign of this person, who is kept for three years more."""
    only(arguments, {"id", "author"})
    take_up(scene)
    known = numbered(scene, row_number(arguments, "a contact"))
    author(arguments)
    contacts.seen(scene.connection, known.id, scene.now)
    return _answer(scene, known.id)


def erase(scene: Scene, arguments: Arguments) -> Answer:
    """Forget somebody for good; the file that may still name them does not bring them back."""
    only(arguments, {"id", "author"})
    take_up(scene)
    known = numbered(scene, row_number(arguments, "a contact"))
    contacts.erase(scene.connection, known.id, scene.now, author(arguments))
    return {
        "contact": {"id": known.id, "collectivite": known.collectivite},
        "remarks": [
            f"nothing of contact {known.id} is left in the database; backups made before keep it until they expire",
            *([] if known.created_by else [f"if the file of {known.collectivite} still names them, remove it there"]),
        ],
    }


ACTS: dict[str, Act] = {"contact.add": add, "contact.edit": edit, "contact.confirm": confirm, "contact.erase": erase}


def take_up(scene: Scene) -> None:
    """Where no daemon runs, the config may name somebody that the database does not know yet."""
    if scene.config is not None:
        contacts.seed(scene.connection, contacts_of(scene.config), scene.now)


def _entered(owner: str, values: dict[str, Any]) -> Seed:
    for key, value in values.items():
        if value is not None and not isinstance(value, str):
            raise Wrong(f"{key}: a text is expected, found {show(value)}")
    told = {channel: values.pop(key) or None for key, channel in _CHANNELS.items()}
    given: dict[str, Any] = {key: value.strip() for key, value in values.items() if value is not None and value.strip()}
    if "about" in given:
        given["about"] = [word.strip() for word in given["about"].split(",") if given["about"] != NOTHING]
    try:
        return entered(owner, {**given, "alerts": told})
    except ValueError as error:
        raise Wrong(str(error)) from None


def _refuse_unknown(scene: Scene, owner: str, given: Arguments) -> None:
    """What is given must be there now; what was given once may be gone since, which `vigie check` says."""
    hours, webhook, about = (given.get(key) or "" for key in ("hours", "webhook", "about"))
    calendars = sorted({name for name, _ in scene.promises.calendars})
    hooks = sorted(scene.promises.webhooks)
    if hours and hours.strip() not in calendars:
        raise VigieError(f"hours: there is no calendar {show(hours)}, {near(hours, calendars)}")
    if webhook and webhook.strip() not in hooks:
        raise VigieError(f"webhook: there is no webhook {show(webhook)}, {near(webhook, hooks)}")
    wrong = None if owner in scene.promises.operators else misplaced(word.strip() for word in about.split(","))
    if wrong is not None:
        raise VigieError(f"about: {wrong}")


def _refuse_known(scene: Scene, one: Seed, number: int | None) -> None:
    for other in contacts.every(scene.connection, one.collectivite):
        if other.id != number and other.name == one.name:
            raise VigieError(
                f"name: contact {other.id} of {one.collectivite} is named {show(one.name)} already; edit that one"
            )
    known = contacts.named(scene.connection, one.collectivite, one.name)
    if number is None and known is not None:
        raise VigieError(
            f"name: contact {known.id} of {one.collectivite}, now {show(known.name)}, was entered as {show(one.name)}; "
            "edit that one"
        )


def numbered(scene: Scene, number: int) -> Contact:
    """The one of that number."""
    found = contacts.numbered(scene.connection, number)
    if found is None:
        choices = [str(one.id) for one in contacts.every(scene.connection)]
        raise VigieError(f"id: no contact {number}; {near(str(number), choices)}")
    return found


def _answer(scene: Scene, number: int, *remarks: str) -> Answer:
    return {"contact": as_json(scene, numbered(scene, number)), "remarks": list(remarks)}


def written(one: Contact | Seed) -> dict[str, Any]:
    """What a person says of a contact."""
    return {
        "collectivite": one.collectivite,
        "name": one.name,
        "email": one.email,
        "phone": one.phone,
        "webhook": one.webhook,
        "alerts": {"mail": one.mail, "sms": one.sms, "webhook": one.post},
        "hours": one.hours,
        "about": None if one.about is None else [topic for topic in one.about.split(",") if topic],
    }


def as_json(scene: Scene, one: Contact) -> dict[str, Any]:
    """One contact."""
    operator = one.collectivite in scene.promises.operators
    return {
        "id": one.id,
        **written(one),
        "seen": scene.stamp(one.seen_at),
        "kept_until": None if operator else scene.stamp(lapses_at(one.seen_at, scene.promises.zone)),
        "warned": scene.stamp(one.warned_at),
        "created": scene.stamp(one.created_at),
        "created_by": one.created_by or None,
        "changed": scene.stamp(one.changed_at),
        "changed_by": one.changed_by,
    }
