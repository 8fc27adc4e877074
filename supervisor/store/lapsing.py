"""Contacts of whom there was no sign for three years: warned, then erased for good. SPEC 10, 002 annexe 1 art. 4.

Never without a warning that left thirty days before:
1. It is announced, and the contact marked, in one transaction.
2. Once it has left, the seconds that the daemon runs are counted, by a clock that nobody sets: a wall clock that leaps
   ahead erases nobody.
3. When thirty days are counted and the date is reached, the contact is erased, in one transaction.
A crash between any two of them goes on from there, with a minute less counted. Any sign of the person ends it
(`contacts.seen`).

The contacts of the operator's own team are its staff, who are erased by hand when they leave: on call, they must not
vanish because a mail was not answered.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable

from supervisor.domain.alerting import Channel, Subject, Told, Topic, opens
from supervisor.domain.contact import KEPT_YEARS, WARNED_S, Contact, lapses_at
from supervisor.domain.promise import Promises
from supervisor.store import contacts, notices, topics
from supervisor.store.connection import saying_why
from supervisor.store.errors import StoreError
from supervisor.store.store import Store

log = logging.getLogger(__name__)

AUTHOR = "vigie: three years without a sign"
NOT_YET = "le contact n'est pas encore à effacer"
ERASED = "contact effacé"
AT_ONCE = 50  # of each, in one transaction: those of a whole département may fall due together
MOST_S = 3600.0  # that one look may count: the one before may have failed, and the warning left since
_YEAR_S = 365 * 86_400


class Lapsing:
    """To be called once a minute or so, by one task."""

    def __init__(
        self,
        store: Store,
        promises: Callable[[], Promises],
        channels: Callable[[], Collection[str]],
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._promises = promises
        self._channels = channels
        self._monotonic = monotonic
        self._counted_at: float | None = None

    async def look(self, now: int) -> None:
        """Warn, count, erase. Raises StoreError if the database cannot be written; the next call goes on from there."""
        at = self._monotonic()
        passed = 0 if self._counted_at is None else int(min(at - self._counted_at, MOST_S))
        promises, channels = self._promises(), frozenset(self._channels())
        try:
            with saying_why(self._store.path):
                if await self._store.read(lambda connection: bool(_candidates(connection, promises, now))):
                    await self._store.write(lambda connection: lapse(connection, promises, channels, now, passed))
        except StoreError:
            raise
        except Exception:  # a bug here is no reason to supervise nothing
            log.exception("contacts that are to be erased could not be looked at")
            return
        if self._counted_at is None or passed:
            self._counted_at = at


def lapse(
    connection: sqlite3.Connection, promises: Promises, channels: Collection[str], now: int, passed_s: int
) -> None:
    """What one look does, so many seconds after the one before; in one transaction."""
    warned = erased = 0
    for contact in _candidates(connection, promises, now):
        if not _due(contact, promises, now):  # what warned was a clock that ran ahead
            _unwarn(connection, contact)
        elif contact.warned_at is None:
            warned += warned < AT_ONCE and _warn(connection, promises, contact, channels, now)
        elif _counted(connection, contact, passed_s) and erased < AT_ONCE:
            erased += _erase(connection, promises, contact, now)


def channel_for(contact: Contact, channels: Collection[str]) -> Channel | None:
    """By what somebody is warned: by mail, whatever they are told by it; else by what there is. None: by nothing."""
    return next((one for one in Channel if contact.address(one) is not None and one in channels), None)


def unwarned(found: Iterable[Contact], promises: Promises, channels: Collection[str], now: int) -> list[Contact]:
    """Those who are to be warned, and cannot be: they stay until somebody sees to it."""
    return [one for one in found if _due(one, promises, now) and channel_for(one, channels) is None]


def _candidates(connection: sqlite3.Connection, promises: Promises, now: int) -> list[Contact]:
    """Those who were warned, and those who may have to be: a few days more than may be."""
    before = now - KEPT_YEARS * _YEAR_S + WARNED_S + 2 * 86_400
    found = contacts.silent(connection, before)
    return [one for one in found if one.warned_at is not None or one.collectivite not in promises.operators]


def _due(contact: Contact, promises: Promises, now: int) -> bool:
    """Whether it is time to warn."""
    if contact.collectivite in promises.operators:
        return False
    return now >= lapses_at(contact.seen_at, promises.zone) - WARNED_S


def _warn(
    connection: sqlite3.Connection, promises: Promises, contact: Contact, channels: Collection[str], now: int
) -> bool:
    channel = channel_for(contact, channels)
    if channel is None:
        return False
    hours = promises.calendar(contact.collectivite, contact.hours)
    topic = Topic(
        subject=Subject.CONTACT,
        name=contacts.lapse_name(contact.id),
        word="warned",
        at=now,
        facts={
            "contact": contact.id,  # not its name, nor its address: these lines are kept
            "place": promises.collectivites.get(contact.collectivite, contact.collectivite),
            "until": max(lapses_at(contact.seen_at, promises.zone), now + WARNED_S),
        },
    )
    topics.announce(connection, promises, topic, [Told(contact.id, channel, opens(now, hours))])
    contacts.mark_warned(connection, contact.id, now)
    return True


def _unwarn(connection: sqlite3.Connection, contact: Contact) -> None:
    if contact.warned_at is not None:
        notices.untell(connection, Subject.CONTACT, contacts.lapse_name(contact.id), NOT_YET)
        contacts.mark_warned(connection, contact.id, None)


def _counted(connection: sqlite3.Connection, contact: Contact, passed_s: int) -> bool:
    """Count on, where the warning has left; are thirty days full?"""
    left = contacts.warning_left(connection, contact.id)
    if left is None:  # it is still to leave, or under way
        return False
    if not left:  # it never will: the channel was closed meanwhile. Another one is due.
        contacts.mark_warned(connection, contact.id, None)
        return False
    contacts.count_warned(connection, contact.id, passed_s)
    return contact.warned_s + passed_s >= WARNED_S


def _erase(connection: sqlite3.Connection, promises: Promises, contact: Contact, now: int) -> bool:
    if contact.warned_at is None or now < max(lapses_at(contact.seen_at, promises.zone), contact.warned_at + WARNED_S):
        return False
    notices.untell(connection, Subject.CONTACT, contacts.lapse_name(contact.id), ERASED)
    contacts.erase(connection, contact.id, now, AUTHOR)
    log.info("contact %d of %s is erased: three years without a sign", contact.id, contact.collectivite)
    return True
