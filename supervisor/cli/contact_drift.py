"""Where the contacts of the config are no longer those of the database."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from supervisor.config.configuration import Configuration
from supervisor.config.contacts import contacts_of
from supervisor.domain.contact import Contact, Seed, differing
from supervisor.store import contacts
from supervisor.store.connection import open_for_reading


def drift(configuration: Configuration) -> Iterator[str]:
    """What to tell of each; nothing before Vigie first ran, and never an address or a number."""
    if not configuration.database.exists():
        return
    with open_for_reading(configuration.database, version("vigie")) as connection:
        met: set[int] = set()
        for seed in contacts_of(configuration):
            known = contacts.named(connection, seed.collectivite, seed.name)
            if known is not None:
                met.add(known.id)
                yield from _said(seed, known)
            elif contacts.was_erased(connection, seed):
                yield f"{_name(seed)} was erased, and is not taken up again: remove it from the file"
        for contact in contacts.every(connection):
            if contact.id not in met and not contact.created_by and contact.collectivite in configuration.collectivites:
                yield (
                    f"{_name(contact.seed)} is in no file any more, and is told all the same: "
                    f"vigie contact erase {contact.id} forgets it"
                )


def _said(seed: Seed, known: Contact) -> Iterator[str]:
    fields = [*(["name"] if known.name != seed.name else []), *differing(known.seed, seed)]
    if fields:
        yield (
            f"{_name(seed)} has another {', '.join(fields)} in the database, which holds: "
            f"correct the file, or vigie contact edit {known.id}"
        )


def _name(seed: Seed) -> str:
    return f"{seed.collectivite}: contact '{seed.name}'"
