"""A dispatcher over a database in memory, virtual time, and channels that answer as a test wants."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from supervisor.alerts.dispatcher import Dispatcher
from supervisor.alerts.facts import Composed, Fact, News, Reader
from supervisor.alerts.gathering import Compose, Gathering
from supervisor.alerts.transport import Attempt, Letter, later, refused, sent
from supervisor.domain.alerting import Channel
from supervisor.store import outbox
from supervisor.store.outbox import Message
from tests.unit.acts.stage import Stage, at, stage
from tests.virtual_time import VirtualClock, VirtualLoop, run

T = TypeVar("T")

HANG = "hang"
OPEN = frozenset({"mail", "sms", "webhook"})
BREAK = "break"
OK, LATER, REFUSED = sent("pris", "4Rk7zQ"), later("occupé"), refused("inconnu")
Answer = Attempt | str


def words(channel: Channel, reader: Reader, facts: Sequence[Fact], news: Sequence[News], now: int) -> Composed:
    """Enough to see what is told."""
    told = sorted(f"{fact.kind} {fact.incident} {','.join(fact.services)}" for fact in facts)
    said = "; ".join([*told, *(f"{one.subject} {one.name} {one.word}" for one in news)])
    return Composed(f"{channel} {reader.name}", said, "")


class Wire:
    """A channel; it gives one answer after the other, the last one for ever."""

    def __init__(self, clock: VirtualClock, *answers: Answer) -> None:
        self._clock = clock
        self.answers = list(answers or (OK,))
        self.letters: list[tuple[float, Letter]] = []  # tried, and when by the monotonic clock
        self.under_way: Counter[str] = Counter()
        self.most_under_way = 0
        self.takes_s = 0.1
        self.closed = False

    async def send(self, letter: Letter) -> Attempt:
        self.letters.append((self._clock.monotonic(), letter))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.under_way[letter.key] += 1
        assert self.under_way[letter.key] == 1, "one message twice at once"
        self.most_under_way = max(self.most_under_way, self.under_way.total())
        try:
            await asyncio.sleep(1e9 if answer == HANG else self.takes_s)
        finally:
            self.under_way[letter.key] -= 1
        if isinstance(answer, str):
            raise RuntimeError("a bug")
        return answer

    async def close(self) -> None:
        self.closed = True

    @property
    def told(self) -> list[str]:
        """To whom, each try."""
        return [letter.to for _, letter in self.letters]


class Shelf:
    """A store without threads; `fails` says which transactions the disk does not take."""

    path = Path("vigie.db")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.fails: Callable[[int], bool] = lambda number: False
        self.writes = 0

    async def write(self, query: Callable[[sqlite3.Connection], T]) -> T:
        self.writes += 1
        self.connection.execute("begin immediate")
        try:
            found = query(self.connection)
            if self.fails(self.writes):
                raise sqlite3.OperationalError("database or disk is full")
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")
        return found

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return query(self.connection)


class Moves:
    """Tells the dispatcher that something was noted."""

    def __init__(self) -> None:
        self.version = 0
        self._moved = asyncio.Event()

    def moved(self) -> None:
        self.version += 1
        self._moved.set()

    async def changed(self, version: int, within_s: float) -> None:
        self._moved.clear()
        if self.version == version:
            try:
                async with asyncio.timeout(within_s):
                    await self._moved.wait()
            except TimeoutError:
                return


def looked(desk: Stage, wall: str | int, sms_an_hour: int = 6) -> list[tuple[str, str]]:
    """What leaves by then, since it was last looked: to whom by what, and the words of `words`."""
    gathering = Gathering(
        promises=desk.promises, compose=words, channels=OPEN, public_url=None, sms_an_hour=sms_an_hour
    )
    connection = desk.connection
    before = {message.id for message in outbox.undelivered_or_since(connection, 0)}
    connection.execute("begin immediate")
    gathering.gather(connection, wall if isinstance(wall, int) else at(wall))
    connection.execute("commit")
    made = [message.body for message in outbox.undelivered_or_since(connection, 0) if message.id not in before]
    return sorted((body.subject, body.text) for body in made)


class Post:
    """All of it, for one test."""

    def __init__(
        self, desk: Stage, clock: VirtualClock, mail: Iterable[Answer] = (), sms: Iterable[Answer] = ()
    ) -> None:
        self.desk = desk
        self.clock = clock
        self.mail, self.sms = Wire(clock, *mail), Wire(clock, *sms)
        self.shelf = Shelf(desk.connection)
        self.moves = Moves()
        self.compose: Compose = words
        self.dispatcher = self._dispatcher()
        self._running: asyncio.Task[None] | None = None

    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self.shelf,  # type: ignore[arg-type]
            self.moves,
            self.clock.wall,
            self.gathering,
            {"mail": self.mail, "sms": self.sms},
        )

    def gathering(self) -> Gathering:
        return Gathering(
            promises=self.desk.promises,
            compose=self.compose,
            channels=frozenset({"mail", "sms"}),
            public_url=None,
        )

    def start(self) -> None:
        """Begin to follow the outbox."""
        self._running = asyncio.ensure_future(self.dispatcher.run())

    async def stop(self) -> None:
        """As the daemon does."""
        assert self._running is not None
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def restart(self) -> None:
        """Another process takes the database over."""
        await self.stop()
        self.dispatcher = self._dispatcher()
        self.start()

    def result(self, wall: str, sonde: str, status: str) -> None:
        """Something is recorded."""
        self.desk.result(wall, sonde, status)
        self.moves.moved()

    def act(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Somebody does something."""
        answer = self.desk.act(name, **arguments)
        self.moves.moved()
        return answer

    def messages(self) -> list[Message]:
        """All there are."""
        return outbox.undelivered_or_since(self.desk.connection, 0)

    def states(self) -> list[tuple[str, str]]:
        """By what, and what became of it."""
        return [(message.channel.value, message.state) for message in self.messages()]


def play(
    began_at: int,
    story: Callable[[Post], Coroutine[Any, Any, None]],
    *,
    mail: Iterable[Answer] = (),
    sms: Iterable[Answer] = (),
) -> None:
    """A story of the outbox, from that instant on."""
    loop = VirtualLoop()
    clock = VirtualClock(loop, wall_at_start=float(began_at))

    async def whole() -> None:
        with stage() as desk:
            post = Post(desk, clock, mail, sms)
            await story(post)
            await post.stop()

    run(whole(), loop)
