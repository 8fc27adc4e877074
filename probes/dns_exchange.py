"""One DNS question put to one server: UDP, then TCP when the answer does not fit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
from typing import NamedTuple

from probes import dns_wire
from probes.base import Run, Status
from probes.dns_wire import Answer, Question, WireError
from probes.names import Address, literal
from probes.trouble import connection_trouble

_PORT = 53
_SERVER = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<v4>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
_DATAGRAM = 4096  # without EDNS an answer has 512 bytes at most; some servers send more
_STRANGERS = 100  # datagrams that answer something else, before the server is said to be incoherent
_PATIENCE = 1 / 3  # of the time there is, before the same question is sent again: one lost datagram is no finding


class Server(NamedTuple):
    """Whom to ask."""

    address: Address
    port: int = _PORT

    def __str__(self) -> str:
        host = self.address.host
        if self.port == _PORT:
            return host
        return f"{host}:{self.port}" if self.address.family == socket.AF_INET else f"[{host}]:{self.port}"

    @classmethod
    def read(cls, text: str) -> Server:
        """`9.9.9.9`, `127.0.0.1:5353`, `2620:fe::9`, `[::1]:5353`; raises ValueError."""
        match = _SERVER.fullmatch(text)
        host, port = (match["v6"] or match["v4"], match["port"]) if match else (text, None)
        address, number = literal(host), int(port or _PORT)
        if address is None or not 0 < number < 65536:
            raise ValueError(f"'{text}' is not a resolver; write its IP address, like 9.9.9.9 or 127.0.0.1:5353")
        return cls(address, number)


class NoAnswerError(Exception):
    """The server gave no answer that can be read."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message  # in French


async def ask(server: Server, question: Question, run: Run, within_s: float) -> Answer:
    """The answer of this server; raises NoAnswerError, or waits until the caller's deadline."""
    query = dns_wire.query(int.from_bytes(os.urandom(2)), question)
    try:
        run.stage = f"réponse du résolveur {server}"
        answer = dns_wire.parse(await _over_udp(server, query, within_s * _PATIENCE))
        if answer.truncated:
            run.note("the answer does not fit in a datagram: asking again over TCP")
            run.stage = f"réponse du résolveur {server} en TCP"
            answer = dns_wire.parse(await _over_tcp(server, query))
            if answer.truncated:
                raise WireError("truncated over TCP")
    except OSError as error:
        status, message = connection_trouble(error, server.port)
        raise NoAnswerError(status, f"résolveur {server} : {message}") from None
    except WireError as error:
        run.note(f"unreadable answer: {error}")
        raise NoAnswerError(Status.CRITICAL, f"réponse illisible du résolveur {server}") from None
    return answer


async def _over_udp(server: Server, query: bytes, again_s: float) -> bytes:
    """The first datagram that answers the query.

    A socket for each question: the kernel draws its port, which with the random identifier is what protects the
    answer from forgery, and a connected socket hears that server alone and its refusals (ICMP port unreachable).
    """
    loop = asyncio.get_running_loop()
    with socket.socket(server.address.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.connect(server.address.at(server.port))
        sock.send(query)
        again = loop.call_later(again_s, _send_again, sock, query)
        try:
            for _ in range(_STRANGERS):
                message = await loop.sock_recv(sock, _DATAGRAM)
                if dns_wire.answers(message, query):
                    return message
        finally:
            again.cancel()
    raise WireError(f"{_STRANGERS} datagrams that answer something else")


def _send_again(sock: socket.socket, query: bytes) -> None:
    with contextlib.suppress(OSError):  # the reader gets the error, if there is one
        sock.send(query)


async def _over_tcp(server: Server, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(server.address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        await loop.sock_connect(sock, server.address.at(server.port))
        await loop.sock_sendall(sock, struct.pack("!H", len(query)) + query)
        (size,) = struct.unpack("!H", await _exactly(sock, 2))
        message = await _exactly(sock, size)
    if not dns_wire.answers(message, query):
        raise WireError("the answer over TCP is to something else")
    return message


async def _exactly(sock: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size:
        chunk = await loop.sock_recv(sock, size - len(data))
        if not chunk:
            raise WireError("the connection was closed in the middle of the answer")
        data += chunk
    return bytes(data)
