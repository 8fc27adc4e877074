"""ICMP packets through icmplib's classes: requests built once and renumbered, replies and errors read."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from icmplib import ICMPReply, ICMPSocketError, ICMPv4Socket, ICMPv6Socket, SocketPermissionError

_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
_MARK = b"vigie supervision "  # what a network administrator sees in a capture
_SO_TIMESTAMPNS = 35  # not named by the socket module; the same number labels what recvmsg returns
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size)
_ERROR_ANCILLARY = 512
_SO_MEMINFO = 55
_MEMINFO_DROPS = 8  # the ninth counter of SO_MEMINFO: datagrams refused because the receive queue was full
_RECEIVE = 128  # enough of a reply, or of an error and the request it quotes; the rest of a big echo is not looked at
_QUEUE = 4 << 20  # receive queue asked for; the kernel grants at most net.core.rmem_max
_SOCK_EXTENDED_ERR = struct.Struct("=IBBBBII")
_FROM_ROUTER = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6

PERMISSION = (
    "autorisation ICMP manquante : donner CAP_NET_RAW au service ou étendre net.ipv4.ping_group_range à son groupe"
)


class Template:
    """An echo request of one size, of which only the sequence number changes.

    icmplib adds up the checksum byte by byte in Python, 3 µs for 56 bytes and 70 µs for 1,472. It does so once here;
    a new sequence number then changes the one's complement sum by that number alone (RFC 1624).
    """

    __slots__ = ("_id", "_payload", "_sum", "_type")

    def __init__(self, packet: bytes) -> None:
        self._type, _, checksum, self._id, _ = _HEADER.unpack_from(packet)
        self._sum = ~checksum & 0xFFFF
        self._payload = packet[_HEADER.size :]

    def numbered(self, sequence: int) -> bytes:
        """The packet with that sequence number."""
        total = self._sum + sequence
        checksum = ~(total + (total >> 16)) & 0xFFFF
        return _HEADER.pack(self._type, 0, checksum, self._id, sequence) + self._payload


class Reported(NamedTuple):
    """An ICMP error taken from the error queue of a datagram socket."""

    sequence: int
    to: str  # where the request was sent
    type: int
    code: int
    source: str  # who reported it; "" when our own system did


class _Echo:
    """What both families do in the same way; mixed into icmplib's sockets."""

    FAMILY: ClassVar[int]
    LEVEL: ClassVar[int]  # of the options below
    RECVERR: ClassVar[int]  # asks for ICMP errors on a datagram socket
    ONLY: ClassVar[tuple[int, int, bytes]]  # lets only replies and errors in
    REPLY: ClassVar[int]
    ERRORS: ClassVar[tuple[int, ...]]
    _QUOTED: ClassVar[slice]  # destination of the request that an error quotes

    def listen(self: Any) -> None:
        """Make it ready to be shared: never blocking, replies dated by the kernel, nothing but replies and errors."""
        sock: socket.socket = self.sock
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
        if self.is_privileged:
            sock.setsockopt(*self.ONLY)
        else:
            sock.setsockopt(self.LEVEL, self.RECVERR, 1)

    def receive(self: Any) -> tuple[ICMPReply | None, bytes]:
        """The next reply or error (None when it is neither) and its bytes; raises OSError when there is none."""
        packet, ancillary, _, source = self.sock.recvmsg(_RECEIVE, _ANCILLARY)
        stamped_s = 0.0
        if ancillary:
            seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
            stamped_s = seconds + nanoseconds * 1e-9
        return self._parse_reply(packet, source[0], stamped_s), packet

    def errors(self: Any) -> Iterator[Reported]:
        """Empty the error queue of a datagram socket; a raw one has none, it reads errors as packets."""
        while not self.is_privileged:
            try:
                packet, ancillary, _, to = self.sock.recvmsg(_RECEIVE, _ERROR_ANCILLARY, socket.MSG_ERRQUEUE)
            except OSError:
                return
            error = self.reported(packet, ancillary, to[0])
            if error is not None:
                yield error

    def drops(self: Any) -> int:
        """Replies that the kernel threw away so far because the receive queue was full."""
        counters = self.sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
        return int(struct.unpack_from("=I", counters, 4 * _MEMINFO_DROPS)[0])

    def template(self: Any, identifier: int, size: int) -> Template:
        """The request for this many bytes of payload."""
        payload = (_MARK * (size // len(_MARK) + 1))[:size]
        return Template(self._create_packet(identifier, 0, payload))

    @classmethod
    def quoted(cls, packet: bytes) -> str:
        """Where the request that a raw error packet quotes was going; "" when it does not quote enough."""
        address = packet[cls._QUOTED]
        try:
            return socket.inet_ntop(cls.FAMILY, address)
        except ValueError:
            return ""

    @classmethod
    def reported(cls, packet: bytes, ancillary: list[tuple[int, int, bytes]], to: str) -> Reported | None:
        """One entry of the error queue; `packet` is the request as it was sent."""
        if len(packet) < _HEADER.size:
            return None
        for level, kind, data in ancillary:
            if (level, kind) == (cls.LEVEL, cls.RECVERR) and len(data) >= _SOCK_EXTENDED_ERR.size:
                _, origin, type_, code, _, _, _ = _SOCK_EXTENDED_ERR.unpack_from(data)
                sequence = _HEADER.unpack_from(packet)[4]
                source = cls._offender(data[_SOCK_EXTENDED_ERR.size :]) if origin in _FROM_ROUTER else ""
                return Reported(sequence, to, type_, code, source)
        return None

    @classmethod
    def _offender(cls, sockaddr: bytes) -> str:
        at, size = (4, 4) if cls.FAMILY == socket.AF_INET else (8, 16)
        if len(sockaddr) < at + size or not any(sockaddr[at : at + size]):
            return ""
        return socket.inet_ntop(cls.FAMILY, sockaddr[at : at + size])


def acquire(kind: type[Echo4 | Echo6]) -> tuple[Any, str]:
    """A listening socket, datagram (needs no privilege) where the system allows it, raw otherwise; or None and why."""
    unavailable = PERMISSION
    for raw in (False, True):
        try:
            echo = kind(privileged=raw)
        except SocketPermissionError:
            continue
        except ICMPSocketError as error:  # IPv6 disabled, no file descriptor left
            unavailable = f"ICMP indisponible sur le superviseur : {error}"
        else:
            echo.listen()
            return echo, ""
    return None, unavailable


def _bits_off(types: tuple[int, ...], words: int) -> bytes:
    """A kernel filter mask with every type refused but these."""
    mask = [0xFFFFFFFF] * words
    for kind in types:
        mask[kind // 32] &= ~(1 << kind % 32)
    return struct.pack(f"={words}I", *mask)


class Echo4(_Echo, ICMPv4Socket):  # type: ignore[misc]  # icmplib is not typed
    """icmplib's IPv4 socket."""

    FAMILY = socket.AF_INET
    LEVEL, RECVERR = socket.IPPROTO_IP, 11
    REPLY, ERRORS = 0, (3, 11, 12)
    # Without it a raw socket is woken by our own requests to loopback, by router advertisements, by everything.
    ONLY = (255, 1, _bits_off((0, 3, 11, 12), 1))  # SOL_RAW, ICMP_FILTER
    _QUOTED = slice(44, 48)  # IP header 20, ICMP header 8, 16 into the quoted IP header


class Echo6(_Echo, ICMPv6Socket):  # type: ignore[misc]  # icmplib is not typed
    """icmplib's IPv6 socket."""

    FAMILY = socket.AF_INET6
    LEVEL, RECVERR = socket.IPPROTO_IPV6, 25
    REPLY, ERRORS = 129, (1, 2, 3, 4)
    ONLY = (58, 1, _bits_off((1, 2, 3, 4, 129), 8))  # IPPROTO_ICMPV6, ICMPV6_FILTER
    _QUOTED = slice(32, 48)  # ICMP header 8 (a raw IPv6 socket gives no IP header), 24 into the quoted header


_REASONS: dict[tuple[int, int], dict[int, str]] = {
    (socket.AF_INET, 3): {
        0: "réseau injoignable",
        1: "hôte injoignable",
        4: "paquet trop grand pour le chemin",
        6: "réseau inconnu",
        7: "hôte inconnu",
        9: "trafic bloqué par un filtrage",
        10: "trafic bloqué par un filtrage",
        13: "trafic bloqué par un filtrage",
    },
    (socket.AF_INET, 11): {0: "durée de vie du paquet dépassée (boucle de routage possible)"},
    (socket.AF_INET6, 1): {
        0: "réseau injoignable",
        1: "trafic bloqué par un filtrage",
        3: "hôte injoignable",
        5: "trafic bloqué par un filtrage",
        6: "réseau injoignable",
    },
    (socket.AF_INET6, 2): {0: "paquet trop grand pour le chemin"},
    (socket.AF_INET6, 3): {0: "durée de vie du paquet dépassée (boucle de routage possible)"},
}


def reason(family: int, kind: int, code: int, source: str, target: str) -> str:
    """An ICMP error in French, and who reported it when it is not the target itself."""
    said = _REASONS.get((family, kind), {}).get(code, f"erreur ICMP {kind}/{code}")
    return f"{said} (signalé par {source})" if source and source != target else said
