"""Sends what waits in the outbox.

1. What may be told by now is put into words (`gathering`), in one transaction.
2. What is due is leased, in one transaction. A lease is this process's: whoever dies with it leaves it free.
3. It is sent, outside of any transaction.
4. What became of it is marked, in one transaction; tried until it succeeds, and until then it is not leased again.

A crash before 3 sends later. Between 3 and 4, it sends again under the same key, which the receiver can see.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from supervisor.alerts import channel_watch
from supervisor.alerts.delayed import Setting, delayed
from supervisor.alerts.gathering import NO_CHANNEL, Gathered, Gathering
from supervisor.alerts.passing_on import pass_on
from supervisor.alerts.transport import Attempt, Letter, Outcome, Transport
from supervisor.domain.alerting import Channel
from supervisor.domain.backoff import gives_up, pause_s
from supervisor.store import channels, contacts, notices, outbox
from supervisor.store.apart import apart
from supervisor.store.channels import Standing
from supervisor.store.connection import saying_why
from supervisor.store.errors import StoreError
from supervisor.store.outbox import Message
from supervisor.store.store import Store

if TYPE_CHECKING:
    from sqlite3 import Connection

log = logging.getLogger(__name__)

MOST_S = 900.0  # longer than any transport takes over all its ways: one that is not back by then never will be
AT_ONCE = 20  # messages on their way together, by each channel: one that hangs leaves room to the others
MARK_AGAIN_S = 5.0
LEAVE_WITHIN_S = 3.0  # at a stop, what is on its way may arrive
LOOK_EVERY_S = 30.0


T = TypeVar("T")


class Going(NamedTuple):
    """A message on its way."""

    channel: Channel
    task: asyncio.Task[None]


class Changes(Protocol):
    """Tells that something was noted."""

    @property
    def version(self) -> int:
        """Of what notices are written with."""

    async def changed(self, version: int, within_s: float) -> None:
        """Wait until the version is another, or so long."""


class Dispatcher:
    """Follows the outbox for as long as the process lives."""

    def __init__(
        self,
        store: Store,
        changes: Changes,
        now: Callable[[], float],
        gathering: Callable[[], Gathering],
        transports: Mapping[str, Transport],
    ) -> None:
        self._store = store
        self._changes = changes
        self._now = now
        self._gathering = gathering
        self.transports = transports
        self._retired: list[Transport] = []  # of a config that no longer runs
        self._going: dict[int, Going] = {}  # by message
        self._freed = asyncio.Event()  # there is room again for what had to wait for it
        self._full = False
        self.standing: Mapping[str, Standing] = {}  # of each channel, as it was last seen
        self.looked_at: float | None = None  # when it last could, on the event loop's own scale

    async def run(self) -> None:
        """Look, send, wait."""
        self.looked_at = asyncio.get_running_loop().time()
        try:
            while True:
                seen = self._changes.version
                try:
                    wait_s = await self.look()
                except StoreError as error:
                    log.warning("the outbox cannot be worked on: %s", error)
                    wait_s = LOOK_EVERY_S
                except Exception:  # a bug in one look must not be the last of them
                    log.exception("the outbox cannot be worked on")
                    wait_s = LOOK_EVERY_S
                await self._pause(seen, wait_s)
        finally:
            await self._leave()

    async def look(self) -> float:
        """Send what is due; gives the seconds until something may be."""
        now = int(self._now())
        self._freed.clear()
        await self._close_retired()
        gathered = await self._gather(now)
        room, held = self._room(), [*self._going]
        leased = await self._write(lambda connection: outbox.lease(connection, now, room, held))
        for message in leased:
            self._start(message)
        room, held = self._room(), [*self._going]
        open_ = [channel for channel, left in room.items() if left > 0]
        self._full = len(open_) < len(room)
        with saying_why(self._store.path):
            due = await self._store.read(lambda connection: outbox.next_at(connection, open_, held))
            self.standing = await self._store.read(lambda connection: channels.standing(connection, self.transports))
        self.looked_at = asyncio.get_running_loop().time()
        instants = [at for at in (gathered.next_at, due) if at is not None]
        return min([LOOK_EVERY_S, *(max(at - self._now(), 0.05) for at in instants)])

    async def _gather(self, now: int) -> Gathered:
        gathering = self._gathering()
        try:
            gathered = await self._write(lambda connection: gathering.gather(connection, now))
            channel_watch.note(gathered.channels)
            return gathered
        except StoreError:
            raise
        except Exception:  # what was gathered before can leave all the same
            log.exception("what is due to be told cannot be gathered")
            return Gathered(0, None)

    async def _write(self, query: Callable[[Connection], T]) -> T:
        with saying_why(self._store.path):
            return await self._store.write(query)

    def _room(self) -> dict[Channel, int]:
        taken = Counter(going.channel for going in self._going.values())
        return {channel: AT_ONCE - taken[channel] for channel in Channel}

    async def _pause(self, seen: int, wait_s: float) -> None:
        waits = [
            asyncio.ensure_future(self._changes.changed(seen, wait_s)),
            asyncio.ensure_future(self._freed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _leave(self) -> None:
        """What is on its way has a moment to arrive; the rest is taken again at the next start."""
        tasks = [going.task for going in self._going.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=LEAVE_WITHIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Wait for what is on its way."""
        while self._going:
            await asyncio.wait([going.task for going in self._going.values()])

    def replace(self, transports: Mapping[str, Transport]) -> None:
        """Another config runs: what is on its way ends by the old channels, the rest takes the new ones."""
        self._retired += self.transports.values()
        self.transports = transports

    async def _close_retired(self) -> None:
        """Channels of former configs, once nothing goes by them: each reload would leave its connections open."""
        while self._retired and not self._going:
            await self._retired.pop().close()

    async def close(self) -> None:
        """Leave the other ends properly."""
        for transport in (*self._retired, *self.transports.values()):
            await transport.close()

    def _start(self, message: Message) -> None:
        task = asyncio.create_task(self._deliver(message))
        self._going[message.id] = Going(message.channel, task)
        task.add_done_callback(lambda _: self._ended(message.id))

    def _ended(self, number: int) -> None:
        del self._going[number]
        if self._full:
            self._freed.set()

    async def _deliver(self, message: Message) -> None:
        attempt = await self._attempt(message)
        told = False
        while not await self._marked(message, attempt, told=told):
            told = True
            await asyncio.sleep(MARK_AGAIN_S)
        self._freed.set()  # it may be another channel's turn, or that of what waited for this one

    async def _marked(self, message: Message, attempt: Attempt, *, told: bool) -> bool:
        """Note what became of it; until that is done nobody else takes it."""
        now = int(self._now())
        try:
            await asyncio.shield(self._write(lambda connection: self._mark(connection, message, attempt, now)))
        except StoreError as error:
            if not told:
                log.error("message %d: what became of it cannot be noted yet: %s", message.id, error)
            return False
        except Exception:
            log.exception("message %d: what became of it cannot be noted", message.id)
            return False
        return True

    async def _attempt(self, message: Message) -> Attempt:
        transport = self.transports.get(message.channel)
        if transport is None:
            return Attempt(Outcome.LATER, NO_CHANNEL)
        letter = Letter(
            key=message.key,
            to=message.address,
            subject=message.body.subject,
            text=message.body.text,
            html=message.body.html,
            thread=message.body.thread,
            at=message.made_at,
            data=message.body.data,
        )
        try:
            async with asyncio.timeout(MOST_S):
                return await transport.send(self._dated(letter, message.channel))
        except TimeoutError:
            return Attempt(Outcome.LATER, f"aucune réponse en {MOST_S:.0f} s")
        except Exception as error:  # a bug in a channel is one more way not to arrive
            log.exception("message %d: the channel %s failed", message.id, message.channel)
            return Attempt(Outcome.LATER, f"erreur interne ({type(error).__name__})")

    def _dated(self, letter: Letter, channel: Channel) -> Letter:
        """With when it was written, where that is long ago."""
        try:
            gathering = self._gathering()
            return delayed(letter, channel, int(self._now()), Setting(gathering.promises.zone, gathering.segments))
        except Exception:  # a bug in these words must not keep the others from leaving
            log.exception("how late a message is cannot be said")
            return letter

    def _mark(self, connection: Connection, message: Message, attempt: Attempt, now: int) -> None:
        if attempt.outcome is Outcome.SENT:
            outbox.sent(connection, message, now, attempt.receipt)
            channels.worked(connection, message.channel, now)
            outbox.bring_forward(connection, message.channel, now)
            return
        if attempt.outcome is Outcome.LATER and message.channel in self.transports:
            channels.failed(connection, message.channel, now, own=not attempt.theirs)
        if attempt.outcome is Outcome.LATER and not gives_up(message.attempts):
            outbox.again(connection, message, now + pause_s(message.attempts, message.key), attempt.detail)
            return
        state = "refused" if self._otherwise(connection, message, now) else "dead"
        outbox.give_up(connection, message, now, attempt.detail, state)
        if state == "dead":
            # Not why: relays repeat the address, and a log keeps what is erased here.
            log.error("message %d to contact %d is not delivered: vigie alert list", message.id, message.contact)

    def _otherwise(self, connection: Connection, message: Message, now: int) -> bool:
        """The same by another channel of the same person, when there is room in it for one more message; or another."""
        contact = contacts.numbered(connection, message.contact)
        told = notices.of_message(connection, message.id)
        if contact is None:  # erased meanwhile, with all that was to be told
            return True
        if any(
            notices.tell_by(connection, told, channel)
            for channel in Channel
            if channel != message.channel and channel in self.transports and contact.address(channel) is not None
        ):
            return True
        gathering = self._gathering()
        with apart(connection, "telling the next person"):
            if pass_on(connection, gathering.promises, gathering.reaches, contact, told, now):
                return True
        return False
