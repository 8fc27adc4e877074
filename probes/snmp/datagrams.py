"""Requests and answers in datagrams: one socket for all agents, an answer found by its request's number."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from probes.snmp.wire import WireError
from probes.snmp.words import Peer, SnmpFailureError, silence, unreadable
from probes.trouble import connection_trouble

SHARE = 0.9  # of the time given to a request: its silence must be told before that time is over
_TRIES = 3  # of each request: a lost datagram is no finding
_LARGEST = 65536  # bytes of a datagram
_AT_ONCE = 64  # datagrams read before others get their turn
_BUFFER = 1 << 20  # bytes of answers that wait in the kernel while the loop is busy

M = TypeVar("M")  # a message as it is read from a datagram
A = TypeVar("A")  # an answer, once it is known to be one


class _Request(Generic[M, A]):
    """A request that waits for its answer."""

    __slots__ = ("answer", "message", "peer", "take", "timer", "tries")

    def __init__(self, peer: Peer, message: bytes, take: Callable[[M], A | None]) -> None:
        self.peer = peer
        self.message = message
        self.take = take
        self.tries = 0
        self.timer: asyncio.TimerHandle | None = None
        self.answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()


class Datagrams(Generic[M, A]):
    """Requests by their random numbers; an answer must come from where its request went."""

    def __init__(self, read: Callable[[bytes], tuple[int, M]]) -> None:
        self._read = read  # the number and the message of a datagram; raises WireError
        self._sockets: dict[int, socket.socket] = {}
        self._waiting: dict[int, _Request[M, A]] = {}
        self._garbled: set[str] = set()  # hosts that sent something unreadable since their last request

    def close(self) -> None:
        """Close the sockets."""
        loop = asyncio.get_running_loop()
        for opened in self._sockets.values():
            loop.remove_reader(opened)
            opened.close()
        self._sockets.clear()

    def number(self) -> int:
        """A number that nobody waits under, and that a forger would have to guess."""
        while (number := secrets.randbelow(1 << 31)) in self._waiting:
            pass
        return number

    async def ask(self, peer: Peer, number: int, message: bytes, timeout_s: float, take: Callable[[M], A | None]) -> A:
        """The answer to this message; `take` makes it of what bears its number, or passes it over with None."""
        self._garbled.discard(peer.address.host)
        request = self._waiting[number] = _Request(peer, message, take)
        try:
            self._send(request, timeout_s * SHARE / _TRIES)
            return await request.answer
        finally:
            del self._waiting[number]
            if request.timer is not None:
                request.timer.cancel()

    def _send(self, request: _Request[M, A], each_s: float) -> None:
        """Send it, again each time that its answer is late, then give up."""
        peer = request.peer
        if request.answer.done():
            return
        if request.tries == _TRIES:
            garbled = peer.address.host in self._garbled
            request.answer.set_exception(unreadable(peer) if garbled else silence(peer))
            return
        request.tries += 1
        try:
            self._socket(peer.address.family).sendto(request.message, peer.address.at(peer.access.port))
        except BlockingIOError:
            pass  # a full queue loses a datagram, as a network does
        except OSError as error:
            request.answer.set_exception(SnmpFailureError(*connection_trouble(error, peer.access.port)))
            return
        request.timer = asyncio.get_running_loop().call_later(each_s, self._send, request, each_s)

    def _socket(self, family: int) -> socket.socket:
        opened = self._sockets.get(family)
        if opened is None:
            opened = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            asyncio.get_running_loop().add_reader(opened, self._receive, opened)
        return opened

    def _receive(self, opened: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, source = opened.recvfrom(_LARGEST)
            except OSError:  # nothing more, or an error that some router reported of another datagram
                return
            self._hear(data, source[0].partition("%")[0], source[1])

    def _hear(self, data: bytes, host: str, port: int) -> None:
        try:
            number, message = self._read(data)
            request = self._waiting.get(number)
            if request is None or request.answer.done():
                return
            if (request.peer.address.host, request.peer.access.port) != (host, port):
                return
            answer = request.take(message)
        except WireError:
            if len(self._garbled) < _AT_ONCE:  # anybody may send us noise
                self._garbled.add(host)
            return
        if answer is not None:
            request.answer.set_result(answer)
