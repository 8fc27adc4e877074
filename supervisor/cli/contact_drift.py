"""Where the contacts of the config are no longer those of the database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from importlib.metadata import version

from supervisor.config.configuration import Configuration
from supervisor.config.contacts import contacts_of
from supervisor.config.promises import promises_of
from supervisor.domain.contact import Contact, Seed, differing
from supervisor.domain.oncall import Who
from supervisor.store import contacts
from supervisor.store.connection import open_for_reading
from supervisor.store.lapsing import unwarned


def drift(configuration: Configuration) -> Iterator[str]:
    """What to tell of each; nothing before Vigie first ran, and never an address or a number."""
    if not configuration.database.exists():
        return
    with open_for_reading(configuration.database, version("vigie")) as connection:
        every = contacts.every(connection)
        yield from _unwarned(configuration, every)
        met: set[int] = set()
        for seed in contacts_of(configuration):
            known = contacts.named(connection, seed.collectivite, seed.name)
            if known is not None:
                met.add(known.id)
                yield from _said(seed, known)
            elif contacts.was_erased(connection, seed):
                yield f"{_name(seed)} was erased, and is not taken up again: remove it from the file"
        for contact in every:
            yield from _gone(configuration, contact)
            if contact.id not in met and not contact.created_by and contact.collectivite in configuration.collectivites:
                yield (
                    f"{_name(contact.seed)} is in no file any more, and is told all the same: "
                    f"vigie contact erase {contact.id} forgets it"
                )
        yield from _off_call(connection, configuration)


def _off_call(connection: sqlite3.Connection, configuration: Configuration) -> Iterator[str]:
    """Who is in a rota or a step, and was erased."""
    for rota in configuration.alerts.on_call:
        for member in rota.members:
            if _erased(connection, member):
                yield f"alerts.on_call[{rota.name}]: {member} was erased: the next member takes their turn"
    for step in configuration.alerts.escalation:
        for target in step.tell:
            if "/" in target and _erased(connection, target):
                yield f"alerts.escalation: {target} was erased: the next step is taken in their place"


def _erased(connection: sqlite3.Connection, written: str) -> bool:
    return contacts.was_erased(connection, Seed(*Who.parse(written)))


def _unwarned(configuration: Configuration, every: list[Contact]) -> Iterator[str]:
    """Who should be erased by now, and is not, because nobody is erased without a warning."""
    for contact in unwarned(every, promises_of(configuration), configuration.alerts.channels, int(time.time())):
        yield (
            f"{_name(contact.seed)} gave no sign for three years, and cannot be warned that it will be erased: "
            f"vigie contact confirm {contact.id} keeps it, vigie contact erase {contact.id} forgets it"
        )


def _gone(configuration: Configuration, contact: Contact) -> Iterator[str]:
    """What the config no longer has, of what a contact of the database names."""
    edit = f"vigie contact edit {contact.id}"
    if contact.hours is not None and contact.hours not in configuration.calendars:
        yield (
            f"{_name(contact.seed)} is told within the hours '{contact.hours}', a calendar that there is no more: "
            f"told at any hour until {edit} --hours names another one"
        )
    if contact.webhook is not None and contact.webhook not in {one.name for one in configuration.alerts.webhooks}:
        yield (
            f"{_name(contact.seed)} is told by webhook '{contact.webhook}', that there is no more: "
            f"nothing leaves by it until {edit} --webhook names another one"
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
