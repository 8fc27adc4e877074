"""Versions 1 and 2c over one socket for all agents: nothing is kept of an agent between two requests."""

from __future__ import annotations

import asyncio
import secrets
import socket

from probes.snmp.wire import GET, GET_BULK, GET_NEXT, Answer, WireError, decode, encode
from probes.snmp.words import Binding, ErrorStatusError, Oid, Peer, SnmpFailureError, silence, unreadable
from probes.trouble import connection_trouble

_SHARE = 0.9  # of the time given to a request: its silence must be told before that time is over
_TRIES = 3  # of each request: a lost datagram is no finding
_LARGEST = 65536  # bytes of a datagram
_AT_ONCE = 64  # datagrams read before others get their turn
_BUFFER = 1 << 20  # bytes of answers that wait in the kernel while the loop is busy


class _Request:
    """A request that waits for its answer."""

    __slots__ = ("answer", "community", "message", "peer", "timer", "tries", "version")

    def __init__(self, peer: Peer, version: int, community: bytes, message: bytes) -> None:
        self.peer = peer
        self.version = version
        self.community = community
        self.message = message
        self.tries = 0
        self.timer: asyncio.TimerHandle | None = None
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()


class CommunityBackend:
    """Requests by their random numbers; an answer must come from where its request went."""

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._waiting: dict[int, _Request] = {}
        self._garbled: set[str] = set()  # hosts that sent something unreadable since their last request
        self._known: dict[bytes, Oid] = {}

    async def close(self) -> None:
        """Close the sockets."""
        loop = asyncio.get_running_loop()
        for opened in self._sockets.values():
            loop.remove_reader(opened)
            opened.close()
        self._sockets.clear()

    async def get(self, peer: Peer, oids: tuple[Oid, ...], timeout_s: float) -> list[Binding]:
        """One GET."""
        return await self._ask(GET, peer, oids, 0, timeout_s)

    async def next(self, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float) -> list[Binding]:
        """One GETBULK; a GETNEXT for version 1, which has no other."""
        return await self._ask(GET_NEXT if peer.access.version == 1 else GET_BULK, peer, oids, repetitions, timeout_s)

    async def _ask(
        self, kind: int, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float
    ) -> list[Binding]:
        number = secrets.randbelow(1 << 31)  # what a forger would have to guess
        version = 0 if peer.access.version == 1 else 1
        community = peer.access.community_text.encode()
        message = encode(kind, version, community, number, oids, repetitions)
        self._garbled.discard(peer.address.host)
        request = self._waiting[number] = _Request(peer, version, community, message)
        try:
            self._send(request, timeout_s * _SHARE / _TRIES)
            answer = await request.answer
        finally:
            del self._waiting[number]
            if request.timer is not None:
                request.timer.cancel()
        if answer.status:
            raise ErrorStatusError(answer.status, answer.place)
        return answer.bindings

    def _send(self, request: _Request, each_s: float) -> None:
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
            host, port = source[0].partition("%")[0], source[1]
            try:
                answer = decode(data, self._known)
            except WireError:
                if len(self._garbled) < _AT_ONCE:  # anybody may send us noise
                    self._garbled.add(host)
                continue
            request = self._waiting.get(answer.request)
            if (
                request is not None
                and (request.peer.address.host, request.peer.access.port) == (host, port)
                and (request.version, request.community) == (answer.version, answer.community)
                and not request.answer.done()
            ):
                request.answer.set_result(answer)
