"""Who is told: people of a collectivité, or of the operator. SPEC 10.

The config seeds them; from then on the database holds them, because people change their number without a reload, and
have to be erased for good without anybody editing a file.
"""

from __future__ import annotations

from typing import NamedTuple


class Seed(NamedTuple):
    """A contact as a file of the config has it."""

    collectivite: str
    name: str  # with the collectivité, what it is known by
    email: str | None = None
    phone: str | None = None  # E.164
    mail: str | None = None  # from which severity on it is told by mail; None: never
    sms: str | None = None  # likewise by SMS


class Contact(NamedTuple):
    """A contact as the database has it."""

    id: int
    collectivite: str
    name: str
    email: str | None
    phone: str | None
    mail: str | None
    sms: str | None
    created_at: int
    created_by: str  # "" for one that the config seeded
    changed_at: int | None
    changed_by: str | None

    @property
    def seed(self) -> Seed:
        """What a file would say of it."""
        return Seed(self.collectivite, self.name, self.email, self.phone, self.mail, self.sms)


def same_person(name: str) -> str:
    """A name, but for its case and spacing: what tells two contacts of a collectivité apart."""
    return " ".join(name.split()).casefold()


def differing(known: Seed, written: Seed) -> list[str]:
    """In which of its fields a contact of the database is no longer what the file says."""
    return [
        field
        for field in Seed._fields
        if field not in ("collectivite", "name") and getattr(known, field) != getattr(written, field)
    ]
