"""One ICMP socket per address family, shared by every echo request of the process."""

from __future__ import annotations

import asyncio
import errno
import secrets
import time
from typing import Any, ClassVar, NamedTuple, Self

from icmplib import ICMPReply

from probes.icmp_wire import Echo4, Echo6, Template, acquire, reason
from probes.names import Address

_AT_A_TIME = 512  # replies read in one turn of the loop, so that a flood cannot hold it
_RETRY_S = 60.0  # a refused socket is asked for again after this: the remedy may have been applied meanwhile


class IcmpUnavailableError(Exception):
    """No echo request can leave; the text says why and what to do, in French."""


class _Sent(NamedTuple):
    """One request that is waited for."""

    ping: Ping
    packet: int  # which one of its run
    wall_s: float  # when it left, on the clock of the kernel's receive timestamps
    steady_s: float  # and on the clock that never steps


class Ping:
    """The echo requests of one run to one address: what came back so far, and `done`.

    One future, and one timer at a time, whatever the number of packets: the timer paces the packets, then bounds the
    wait for the last replies.
    """

    __slots__ = (
        "_owner", "_spacing_s", "_template", "_timer", "_unsent", "_wait_s", "_waiting",
        "address", "done", "error", "refusal", "rtts", "sent", "sequences", "started_s", "to",
    )  # fmt: skip

    def __init__(
        self, owner: IcmpSocket, address: Address, template: Template, packets: int, spacing_s: float, wait_s: float
    ) -> None:
        self.address = address
        self.to = address.at(0)
        self.sent = 0  # requests that left
        self.rtts: list[tuple[int, float]] = []  # (packet, seconds) in the order of the replies
        self.error = ""  # what a router or the target reported of a request, in French
        self.refusal = 0  # errno with which our own system refused to send
        self.sequences: list[int] = []
        self.started_s = time.monotonic()
        self.done: asyncio.Future[None] = owner.loop.create_future()
        self._owner = owner
        self._template = template
        self._unsent = packets
        self._waiting = 0
        self._spacing_s = spacing_s
        self._wait_s = wait_s
        self._timer: asyncio.TimerHandle | None = None
        self._send()

    @property
    def loss(self) -> float:
        """Share of the requests that left and had no reply."""
        return 1 - len(self.rtts) / self.sent if self.sent else 1.0

    @property
    def queue_overflowed(self) -> bool:
        """Whether our own system dropped replies meanwhile: a loss is then nothing to hold against the target."""
        return self._owner.overflowed_since(self.started_s)

    def stop(self) -> None:
        """End the wait; a reply that comes after this is nobody's."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._owner.forget(self)
        if not self.done.done():
            self.done.set_result(None)

    def replied(self, index: int, rtt_s: float) -> None:
        """The reply to one of the requests came."""
        self.rtts.append((index, rtt_s))
        self._settled()

    def failed(self, error: str) -> None:
        """One of the requests is known to be lost."""
        self.error = error
        self._settled()

    def _settled(self) -> None:
        self._waiting -= 1
        if not self._waiting and not self._unsent:
            self.stop()

    def _send(self) -> None:
        while self._unsent:
            self.refusal = self._owner.send(self, self.sent, self._template)
            if self.refusal:  # the next one would be refused as well
                self._unsent = 0
                break
            self._unsent -= 1
            self.sent += 1
            self._waiting += 1
            if self._spacing_s:
                break
        if self._unsent:
            self._timer = self._owner.loop.call_later(self._spacing_s, self._send)
        elif self._waiting:
            self._timer = self._owner.loop.call_later(self._wait_s, self.stop)
        else:
            self.stop()


class IcmpSocket:
    """The echo requests in flight of one family, by sequence number.

    The identifier is the socket's own (drawn for a raw socket, given by the kernel to a datagram one), so the sequence
    number alone tells 65,536 requests apart; the address is compared as well. A duplicate, a late reply and a reply
    of another host find nothing and are dropped.
    """

    WIRE: ClassVar[type[Echo4 | Echo6]]

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._id = secrets.randbelow(0xFFFF) + 1
        self._sequence = secrets.randbelow(0x10000)
        self._sent: dict[int, _Sent] = {}
        self._templates: dict[int, Template] = {}
        self._drops = 0
        self._overflowed_s = float("-inf")
        self._echo: Any = None  # an instance of WIRE; None while there is none, for the reason below
        self._unavailable = ""
        self._retry_s = float("-inf")

    @classmethod
    def open(cls) -> Self:
        """The socket itself is opened by the first ping, which can say why it cannot."""
        return cls()

    @property
    def raw(self) -> bool:
        """Whether it is a raw socket rather than a datagram one."""
        return self._echo is not None and bool(self._echo.is_privileged)

    async def close(self) -> None:
        """Give the socket back; what is in flight ends without a reply."""
        for sent in list(self._sent.values()):
            sent.ping.stop()
        if self._echo is not None:
            self.loop.remove_reader(self._echo.sock.fileno())
            self._echo.close()
        self._echo, self._unavailable, self._retry_s = None, "socket ICMP fermé", float("inf")

    def ping(self, address: Address, *, packets: int, spacing_s: float, wait_s: float, size: int) -> Ping:
        """Start a run: the first request leaves now. Raises IcmpUnavailableError."""
        if self._echo is None:
            self._open()
        template = self._templates.get(size)
        if template is None:
            template = self._templates[size] = self._echo.template(self._id, size)
        return Ping(self, address, template, packets, spacing_s, wait_s)

    def _open(self) -> None:
        now = self.loop.time()
        if now >= self._retry_s:
            self._retry_s = now + _RETRY_S
            self._echo, self._unavailable = acquire(self.WIRE)
            if self._echo is not None:
                self.loop.add_reader(self._echo.sock.fileno(), self._readable)
        if self._echo is None:
            raise IcmpUnavailableError(self._unavailable)

    def send(self, ping: Ping, index: int, template: Template) -> int:
        """Send one request; the errno when our own system refuses it."""
        sequence = self._free_sequence()
        if sequence is None or self._echo is None:
            return errno.ENOBUFS
        packet = template.numbered(sequence)
        sent = _Sent(ping, index, time.time(), time.monotonic())
        try:
            self._echo.sock.sendto(packet, ping.to)
        except OSError:
            # On a datagram socket the error may be another request's, which the kernel hands to whoever comes next.
            self._read_errors()
            try:
                self._echo.sock.sendto(packet, ping.to)
            except OSError as error:
                self._read_errors()
                return error.errno or errno.EIO
        self._sent[sequence] = sent
        ping.sequences.append(sequence)
        return 0

    def _free_sequence(self) -> int | None:
        if len(self._sent) > 0xFFFF:
            return None
        sequence = (self._sequence + 1) & 0xFFFF
        while sequence in self._sent:
            sequence = (sequence + 1) & 0xFFFF
        self._sequence = sequence
        return sequence

    def forget(self, ping: Ping) -> None:
        """Wait no more for what this run has in flight."""
        for sequence in ping.sequences:
            sent = self._sent.get(sequence)
            if sent is not None and sent.ping is ping:
                del self._sent[sequence]

    def overflowed_since(self, started_s: float) -> bool:
        """Whether the receive queue is known to have dropped replies after that instant (monotonic)."""
        if self._echo is not None:
            drops = self._echo.drops()
            if drops != self._drops:
                self._drops, self._overflowed_s = drops, time.monotonic()
        return self._overflowed_s >= started_s

    def _readable(self) -> None:
        raw = self.raw
        for count in range(_AT_A_TIME):
            try:
                reply, packet = self._echo.receive()
            except BlockingIOError:
                if not count:  # woken for nothing to read: the error queue, which keeps waking the loop until read
                    self._read_errors()
                return
            except OSError:
                self._read_errors()
                continue
            if reply is not None and (not raw or reply.id == self._id):
                self._received(reply, packet)

    def _received(self, reply: ICMPReply, packet: bytes) -> None:
        sequence, source = reply.sequence, reply.source
        sent = self._sent.get(sequence)
        if sent is None:
            return
        host = sent.ping.address.host
        if reply.type == self.WIRE.REPLY:
            if source == host:
                del self._sent[sequence]
                sent.ping.replied(sent.packet, _elapsed(sent, reply.time))
        elif reply.type in self.WIRE.ERRORS and self.WIRE.quoted(packet) == host:
            del self._sent[sequence]
            sent.ping.failed(reason(self.WIRE.FAMILY, reply.type, reply.code, source, host))

    def _read_errors(self) -> None:
        for error in self._echo.errors():
            sent = self._sent.get(error.sequence)
            if sent is not None and error.to == sent.ping.address.host:
                del self._sent[error.sequence]
                sent.ping.failed(reason(self.WIRE.FAMILY, error.type, error.code, error.source, error.to))


def _elapsed(sent: _Sent, stamped_s: float) -> float:
    """Round-trip time, without the time the loop took to come round when the kernel dated the reply.

    The kernel's stamp is on the wall clock: when that was stepped in between, the difference is out of bounds and the
    steady clock decides.
    """
    steady_s = time.monotonic() - sent.steady_s
    wall_s = stamped_s - sent.wall_s
    return wall_s if 0 < wall_s <= steady_s else steady_s


class Icmp4(IcmpSocket):
    """The IPv4 socket of the process."""

    WIRE = Echo4


class Icmp6(IcmpSocket):
    """The IPv6 socket of the process."""

    WIRE = Echo6
