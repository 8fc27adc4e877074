"""Who is told: people of a collectivité, or of the operator. SPEC 10.

The config seeds them; from then on the database holds them, because people change their number without a reload, and
have to be erased for good without anybody editing a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from supervisor.domain.alerting import Channel


class Seed(NamedTuple):
    """A contact as a file of the config has it."""

    collectivite: str
    name: str  # with the collectivité, what it is known by
    email: str | None = None
    phone: str | None = None  # E.164
    mail: str | None = None  # from which severity on it is told by mail; None: never
    sms: str | None = None  # likewise by SMS
    webhook: str | None = None  # name of one in the config: a program that is told in the person's place
    post: str | None = None  # from which severity on it is
    hours: str | None = None  # name of a calendar; None: at any hour
    about: str | None = None  # what it is told of, as `spelt`; None: what its kind is told of by default


class Contact(NamedTuple):
    """A contact as the database has it."""

    id: int
    collectivite: str
    name: str
    email: str | None
    phone: str | None
    mail: str | None
    sms: str | None
    webhook: str | None
    post: str | None
    hours: str | None
    about: str | None
    seen_at: int  # when it was entered, or last changed, confirmed, or heard of
    warned_at: int | None  # since when it is told that it will be erased
    warned_s: int  # for how long, as the daemon counted while it ran
    created_at: int
    created_by: str  # "" for one that the config seeded
    changed_at: int | None
    changed_by: str | None

    @property
    def seed(self) -> Seed:
        """What a file would say of it."""
        return Seed(*(getattr(self, field) for field in Seed._fields))

    def address(self, channel: Channel) -> str | None:
        """Where it is reached by a channel."""
        return {Channel.MAIL: self.email, Channel.SMS: self.phone, Channel.WEBHOOK: self.webhook}[channel]

    @property
    def topics(self) -> tuple[str, ...] | None:
        """What it asks to be told of; None: it says nothing."""
        return None if self.about is None else tuple(filter(None, self.about.split(",")))


KEPT_YEARS = 3  # 002 annexe 1 art. 4: « pour une durée maximale de 3 ans après dernière connexion »
WARNED_S = 30 * 86_400  # before it is erased, a contact is told so this long


def lapses_at(seen_at: int, zone: ZoneInfo) -> int:
    """When a contact of whom there was no sign since is to be erased: the same local time, three years later."""
    local = datetime.fromtimestamp(seen_at, zone)
    try:
        later = local.replace(year=local.year + KEPT_YEARS)
    except ValueError:  # a 29 February
        later = local.replace(year=local.year + KEPT_YEARS, month=3, day=1)
    return int(later.timestamp())


def spelt(about: Iterable[str] | None) -> str | None:
    """Subscriptions as they are kept: in one order, so that a file that has them in another does not differ."""
    return None if about is None else ",".join(sorted(set(about)))


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
