"""Contacts of the config: what seeds the database, and the rules that those entered by hand keep too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from supervisor.config.collectivites import Contact
from supervisor.config.configuration import Configuration
from supervisor.config.wording import explain
from supervisor.domain.contact import Seed, same_person


def contacts_of(configuration: Configuration) -> Iterator[Seed]:
    """Those that the files name, in config order."""
    for owner in configuration.collectivites.values():
        for contact in owner.contacts:
            yield _seed(owner.id, contact)


def twice(contacts: tuple[Contact, ...]) -> Iterator[int]:
    """Which of them have the name of one before: it is by its name that a contact is known."""
    seen: set[str] = set()
    for index, contact in enumerate(contacts):
        if same_person(contact.name) in seen:
            yield index
        seen.add(same_person(contact.name))


def entered(collectivite: str, values: dict[str, Any]) -> Seed:
    """A contact as it is entered, under the rules of the files; ValueError names what is wrong and what is right."""
    try:
        return _seed(collectivite, TypeAdapter(Contact).validate_python(values))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in found["loc"]) or "contact"
        raise ValueError(f"{where}: {explain(found, ())}") from None


def _seed(collectivite: str, contact: Contact) -> Seed:
    return Seed(
        collectivite, contact.name, contact.email, contact.phone, mail=contact.alerts.mail, sms=contact.alerts.sms
    )
