"""Host names to addresses without stopping the event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from queue import SimpleQueue
from typing import Literal, NamedTuple, Self

from probes.base import Status

KEEP_S = 60.0  # an answer is reused this long: twenty sondes on one name ask once a minute, a move is seen within one
WORKERS = 8  # lookups at once: a resolver that does not answer blocks these threads and nothing else

Family = Literal["any", "ipv4", "ipv6"]
FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


class Address(NamedTuple):
    """Where to send: an IP address in its canonical text, and the interface for a link-local one."""

    family: int  # socket.AF_INET or AF_INET6
    host: str
    scope: int = 0

    def at(self, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
        """The address as the socket functions want it."""
        return (self.host, port) if self.family == socket.AF_INET else (self.host, port, 0, self.scope)


class NameFailureError(Exception):
    """No address to check; `status` is what that says of the target."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message  # in French


def literal(text: str) -> Address | None:
    """The address itself when `text` is one already, which most are."""
    for family in (socket.AF_INET6,) if ":" in text else (socket.AF_INET,):
        try:
            return Address(family, socket.inet_ntop(family, socket.inet_pton(family, text)))
        except OSError:
            return None
    return None


_Answer = list[Address] | OSError | UnicodeError
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[_Answer]", str, int]


class Names:
    """The system's resolver (/etc/hosts included) behind a few threads and a short memory.

    The threads are daemons of our own rather than asyncio's executor: the interpreter joins those at exit, and a
    lookup that hangs for 30 s would hold up the stop of the daemon as long.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[float, list[Address]]] = {}
        self._asking: dict[tuple[str, int], asyncio.Future[_Answer]] = {}
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._workers = 0

    @classmethod
    def open(cls) -> Self:
        """Nothing is held until a name is asked for."""
        return cls()

    async def close(self) -> None:
        """Let the threads end; one that hangs in a lookup ends with the process."""
        for _ in range(self._workers):
            self._jobs.put(None)
        self._workers = 0

    async def find(self, name: str, family: Family, timeout_s: float) -> list[Address]:
        """The addresses of `name`, best first; raises NameFailureError when there is none to be had.

        Half of the run's timeout is given to it: the silence of our own resolver must be told before the deadline cuts
        the run and blames the target.
        """
        wanted = FAMILIES[family]
        address = literal(name)
        if address is not None:
            if wanted not in (socket.AF_UNSPEC, address.family):
                raise NameFailureError(Status.UNKNOWN, f"{name} n'est pas une adresse {_spoken(family)}")
            return [address]
        key = (name, wanted)
        expires_at, addresses = self._known.get(key, (0.0, []))
        if time.monotonic() < expires_at:
            return addresses
        try:
            async with asyncio.timeout(timeout_s / 2):
                # Shielded: several runs wait for the same lookup, and one that is cancelled must not end it.
                answer = await asyncio.shield(self._asking.get(key) or self._ask(key))
        except TimeoutError:
            raise NameFailureError(Status.UNKNOWN, f"résolution du nom {name} : pas de réponse du résolveur") from None
        if isinstance(answer, list):
            return answer
        raise _failure(name, family, answer)

    def _ask(self, key: tuple[str, int]) -> asyncio.Future[_Answer]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = loop.create_future()
        self._asking[key] = future
        future.add_done_callback(lambda done: self._answered(key, done))
        if self._workers < WORKERS:
            self._workers += 1
            threading.Thread(target=_work, args=(self._jobs,), name="probes-names", daemon=True).start()
        self._jobs.put((loop, future, *key))
        return future

    def _answered(self, key: tuple[str, int], future: asyncio.Future[_Answer]) -> None:
        del self._asking[key]
        if not future.cancelled() and isinstance(answer := future.result(), list):
            self._known[key] = (time.monotonic() + KEEP_S, answer)


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        loop, future, name, family = job
        answer = _look_up(name, family)
        try:
            loop.call_soon_threadsafe(_settle, future, answer)
        except RuntimeError:  # the loop closed meanwhile: nobody waits any more
            return


def _look_up(name: str, family: int) -> _Answer:
    try:
        found = socket.getaddrinfo(name, None, family=family, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA refuses
        return error
    return [Address(kind, str(to[0]), int(to[3]) if len(to) == 4 else 0) for kind, _, _, _, to in found]


def _settle(future: asyncio.Future[_Answer], answer: _Answer) -> None:
    if not future.done():
        future.set_result(answer)


def _failure(name: str, family: Family, error: OSError | UnicodeError) -> NameFailureError:
    # "No such name" is an answer, and says that nobody reaches the target by that name. Anything else says that our
    # own resolver could not tell: a hundred communes must not go down because the syndicat's resolver did.
    if isinstance(error, UnicodeError):
        return NameFailureError(Status.UNKNOWN, f"nom impossible à résoudre : {name}")
    if error.errno == socket.EAI_NONAME:
        return NameFailureError(Status.CRITICAL, f"nom inconnu du DNS : {name}")
    if error.errno in (socket.EAI_NODATA, socket.EAI_ADDRFAMILY):
        return NameFailureError(Status.CRITICAL, f"le nom {name} n'a pas d'adresse {_spoken(family)}".rstrip())
    return NameFailureError(Status.UNKNOWN, f"résolution du nom {name} impossible (résolveur du superviseur)")


def _spoken(family: Family) -> str:
    return {"any": "", "ipv4": "IPv4", "ipv6": "IPv6"}[family]
