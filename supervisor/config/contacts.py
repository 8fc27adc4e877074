"""Contacts of the config: what seeds the database, and the rules that those entered by hand keep too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from supervisor.config.collectivites import Contact
from supervisor.config.configuration import Configuration
from supervisor.config.wording import explain
from supervisor.domain.alerting import GTI, OF_NO_PLACE
from supervisor.domain.contact import Seed, spelt

OF_OPERATORS = frozenset({GTI, *OF_NO_PLACE})


def contacts_of(configuration: Configuration) -> Iterator[Seed]:
    """Those that the files name, in config order."""
    for owner in configuration.collectivites.values():
        for contact in owner.contacts:
            yield _seed(owner.id, contact)


def misplaced(about: Iterable[str]) -> str | None:
    """What to say of what a contact of a commune asks to be told of, and never is."""
    wrong = next((word for word in about if word in OF_OPERATORS), None)
    return None if wrong is None else f"'{wrong}' is told to the operator's contacts alone, remove it"


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
        collectivite,
        contact.name,
        contact.email,
        contact.phone,
        mail=contact.alerts.mail,
        sms=contact.alerts.sms,
        webhook=contact.webhook,
        post=contact.alerts.webhook,
        hours=contact.hours,
        about=spelt(contact.about),
    )
