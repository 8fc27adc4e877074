"""From notices to messages: what may be told by now is put into words, once, and waits in the outbox. docs/adr/0009."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from probes.base import Status
from supervisor.alerts.channel_watch import AFTER_S, Noted, watch
from supervisor.alerts.escalating import climb
from supervisor.alerts.facts import Composed, Fact, News, Reader
from supervisor.alerts.handing_over import hand_over
from supervisor.alerts.look import Look
from supervisor.alerts.sheets import Sheets
from supervisor.alerts.view import View
from supervisor.alerts.withholding import after_its_beginning, hold, in_hours, timely, unheard
from supervisor.domain.alerting import Channel, Kind
from supervisor.domain.contact import Contact
from supervisor.domain.pacing import GAPS_S, HOUR_S, QUIET_S, leaves_at
from supervisor.domain.promise import Promises
from supervisor.store import contacts, learnt, links, notices, outbox, topics
from supervisor.store.announcing import flapping
from supervisor.store.notices import Notice, Waiting
from supervisor.store.outbox import Body

if TYPE_CHECKING:
    from sqlite3 import Connection

log = logging.getLogger(__name__)

GONE = "contact effacé"
NO_ADDRESS = "aucune adresse pour ce moyen"
NO_CHANNEL = "ce moyen d'envoi n'est pas configuré"
FIRST = frozenset({Kind.OPENED, Kind.WORSENED, Kind.ESCALATED})  # what nobody may wait for who knows of no trouble
HASTE = frozenset({Kind.BREACH, Kind.ALARM})  # what waits for no gap and no cap


class Gathered(NamedTuple):
    """What one look made."""

    messages: int
    next_at: int | None  # when something that waits may leave
    channels: Sequence[Noted] = ()  # channels that fail, or work again


# By a channel, to a reader: what there is to tell of incidents, and of anything else; as of an instant.
Compose = Callable[[Channel, Reader, Sequence[Fact], Sequence[News], int], Composed]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathering:
    """Makes messages of notices."""

    promises: Promises
    compose: Compose
    channels: frozenset[str]  # those that are open
    public_url: str | None
    sms_an_hour: int = 6
    segments: int = 1  # the most parts of one SMS
    failing_after_s: int = AFTER_S
    at_once: int = 10_000  # notices: some seconds' worth

    def gather(self, connection: Connection, now: int) -> Gathered:
        """Make the messages that may leave by now; in one transaction, so that a notice is in one message or none.

        Nothing is recorded meanwhile: of a storm so many at once, then `next_at` is now.
        """
        made = told = 0
        channels = watch(connection, self.promises, self.channels, self.failing_after_s, now)
        sheets = Sheets(connection, self.promises, now)
        look = Look(connection=connection, promises=self.promises, reaches=self.reaches, sheets=sheets, now=now)
        hold(connection, self.promises, sheets, now)
        later: list[int | None] = [
            hand_over(look),
            climb(look),
        ]
        # A step tells as the trouble does: not each time that a sonde which flaps fails again.
        notices.hold_flapping(connection, sorted(flapping.standing(connection)))
        for waiting in notices.waiting(connection, now):
            waiting = after_its_beginning(connection, unheard(connection, timely(connection, waiting, sheets)))
            if not waiting.notices:
                continue
            contact = contacts.numbered(connection, waiting.contact)
            address = None if contact is None else contact.address(waiting.channel)
            if contact is None or address is None or waiting.channel not in self.channels:
                why = GONE if contact is None else NO_ADDRESS if address is None else NO_CHANNEL
                notices.give_up(connection, waiting.notices, why)
                continue
            waiting = in_hours(connection, waiting, self.promises.calendar(contact.collectivite, contact.hours), now)
            if not waiting.notices:
                continue
            leaves = self._leaves(connection, waiting, now)
            if leaves > now:
                later.append(leaves)
                continue
            self._put(connection, contact, waiting, address, sheets, now)
            made, told = made + 1, told + len(waiting.notices)
            if told >= self.at_once:
                later.append(now)
                break
        later.append(notices.next_hour(connection, now))
        return Gathered(made, min((at for at in later if at is not None), default=None), channels)

    def _put(
        self, connection: Connection, contact: Contact, waiting: Waiting, address: str, sheets: Sheets, now: int
    ) -> None:
        """One message that tells all of it."""
        told = waiting.notices
        key = links.own_key(connection) if self.public_url is not None else None
        try:
            found = sheets.of({notice.incident for notice in told if notice.incident is not None})
            view = self.view
            facts = [view.fact(contact, notice, found[notice.incident], key) for notice in told if notice.incident]
            instead = _instead(connection, told)
            others = topics.of_ids(connection, (notice.topic for notice in told if notice.topic))
            news = [view.news(contact, others[notice.topic]) for notice in told if notice.topic]
            reader = replace(view.reader(contact), instead=instead)
            composed = self.compose(waiting.channel, reader, facts, news, now)
            thread = _thread(facts, news)
        except Exception:  # a bug in the words of one message must not keep it, nor the others, from leaving
            log.exception("what contact %d is due to learn cannot be put into words", contact.id)
            composed, thread = _plain(told), None
        outbox.add(
            connection,
            key=_key(waiting.channel, told),
            contact=contact.id,
            channel=waiting.channel,
            address=address,
            body=Body(
                subject=composed.subject,
                text=composed.text,
                html=composed.html or None,
                thread=thread,
                data=composed.data,
            ),
            now=now,
            notices=[notice.id for notice in told],
        )

    @property
    def view(self) -> View:
        """What each may read."""
        return View(promises=self.promises, public_url=self.public_url)

    def reaches(self, contact: Contact, channel: Channel) -> bool:
        """Is there a way to somebody by it?"""
        return channel in self.channels and contact.address(channel) is not None

    def _leaves(self, connection: Connection, waiting: Waiting, now: int) -> int:
        """When it may: at once for what cannot wait, else when the messages before it leave it room.

        Breaches and alarms wait for one another alone, and a minute at most: a storm is one of breaches too, later.
        """
        contact, channel = waiting.contact, waiting.channel
        made = outbox.made(connection, contact, channel, now - max(HOUR_S, 4 * QUIET_S), now)
        first = any(notice.kind in FIRST and notice.severity == Status.CRITICAL for notice in waiting.notices)
        if first and not learnt.knows_of_trouble(connection, contact, channel):
            return now
        ready = min(max(notice.not_before, min(notice.at, now)) for notice in waiting.notices)
        leaves = leaves_at(made, ready, self.sms_an_hour if channel is Channel.SMS else None)
        if made and outbox.stuck(connection, contact, channel):  # what comes now would only wait beside it
            leaves = max(leaves, made[-1] + HOUR_S)
        if leaves > now and any(notice.kind in HASTE for notice in waiting.notices):
            before = notices.latest_haste(connection, contact, channel, now)
            leaves = min(leaves, now if before is None else max(now, before + GAPS_S[0]))
        return leaves


def _instead(connection: Connection, told: Sequence[Notice]) -> tuple[str, ...]:
    """For whom it is told to somebody else: those who could not be reached, as far as they are known."""
    numbers = dict.fromkeys(notice.instead for notice in told if notice.instead is not None)
    found = [contacts.numbered(connection, number) for number in numbers]
    return tuple(one.name for one in found if one is not None)


def _thread(facts: Sequence[Fact], news: Sequence[News]) -> str | None:
    """What a mail hangs under: the one thing that it is about."""
    threads = {fact.incident for fact in facts} | {f"{one.subject} {one.name}" for one in news}
    return threads.pop() if len(threads) == 1 else None


def _plain(told: Sequence[Notice]) -> Composed:
    """What is left to say when saying it well fails: that there is something, and how much."""
    count = len({notice.incident for notice in told if notice.incident})
    if not count:
        text = "Vigie : une information. Le message détaillé n'a pas pu être rédigé ; voir vigie alert list --all."
        return Composed("Vigie : une information", text, "")
    said = "un incident" if count == 1 else f"{count} incidents"
    text = f"Vigie : du nouveau sur {said}. Le message détaillé n'a pas pu être rédigé ; voir le tableau des incidents."
    return Composed(f"Vigie : du nouveau sur {said}", text, "")


def _key(channel: Channel, told: Sequence[Notice]) -> str:
    """What the receiver knows a repeat by: made of what it tells, and of nothing that an attempt changes."""
    text = "\n".join([channel, *sorted(notice.key for notice in told)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
