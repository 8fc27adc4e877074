"""Signed links into incidents: the key that signs them, and what one opens now."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from hmac import compare_digest
from typing import NamedTuple

from supervisor.domain.contact import Contact
from supervisor.domain.interval import FOREVER
from supervisor.domain.link import Link, Signed, read, token
from supervisor.store import contacts, incidents, meta
from supervisor.store.incidents import Incident

KEY = "link_key"
KEPT_S = 30 * 86_400  # after the end of its incident a link opens it for so long


class Opened(NamedTuple):
    """What a link opens."""

    incident: Incident
    contact: Contact
    acts: bool


def own_key(connection: sqlite3.Connection) -> bytes:
    """The key that signs, of this purpose alone, drawn at first use. A restored backup knows the links it has sent."""
    return meta.own_key(connection, KEY)


def opened(connection: sqlite3.Connection, text: str, now: int) -> Opened | None:
    """What a link opens; None: nothing (any more). Nobody learns which of the reasons it is."""
    link, key = read(text), meta.known_key(connection, KEY)
    if link is None or key is None:
        return None
    contact = contacts.numbered(connection, link.contact)
    incident = next(iter(incidents.read(connection, "id = ?", [link.incident])), None)
    if contact is None or incident is None:
        return None
    addresses = [address for address in (contact.email, contact.phone) if address is not None]
    genuine = [compare_digest(text, token(key, link, _signed(incident, address))) for address in addresses]
    if not any(genuine) or now >= _ends_at(incident):
        return None
    return Opened(incident, contact, link.acts)


def signed(key: bytes | None, incident: Incident, contact: int, address: str, *, acts: bool) -> str:
    """The link of one incident for one person at one address."""
    return token(key, Link(incident.id, contact, acts), _signed(incident, address))


def readdressed(
    connection: sqlite3.Connection, text: str, found: Iterable[int], contact: int, before: str, after: str
) -> str:
    """A text that leaves for another address than it was made for, with links that are worth something there."""
    key = own_key(connection)
    for incident in incidents.read(connection, "id in (select value from json_each(?))", [json.dumps(list(found))]):
        for acts in (True, False):
            text = text.replace(
                signed(key, incident, contact, before, acts=acts), signed(key, incident, contact, after, acts=acts)
            )
    return text


def _signed(incident: Incident, address: str) -> Signed:
    return Signed(incident.number, incident.collectivite, address)


def _ends_at(incident: Incident) -> int:
    """While it lasts there is no end."""
    if incident.life == "open":
        return FOREVER
    return max(at for at in (incident.restored_at, incident.closed_at, incident.void_at) if at is not None) + KEPT_S
