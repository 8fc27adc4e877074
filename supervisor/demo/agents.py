"""The SNMP agents of the demo: each knows the disks, ports, ink and battery that some machine has.

They all know the same, since a printer is only asked for its ink. An agent that a fault makes `wrong` goes on
answering, and tells of a machine that is ill: a full disk, a port without its link, a paper jam, a battery that runs.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Iterator
from typing import cast

from probes.snmp import wire
from probes.snmp.words import Binding, Oid, Value, read_oid
from supervisor.demo.played import Listening, Mode, Played

COMMUNITY = b"public"
PORTS = ("ge-1", "ge-2", "ge-3", "ge-4")
_MOST_BYTES = 8000  # of an answer; on loopback a datagram holds many times that
_UPTIME = read_oid("1.3.6.1.2.1.1.3.0")
_STORAGE, _KINDS = read_oid("1.3.6.1.2.1.25.2.3.1"), read_oid("1.3.6.1.2.1.25.2.1")
_PRINTER, _SUPPLIES = read_oid("1.3.6.1.2.1.25.3.5.1.2.1"), read_oid("1.3.6.1.2.1.43.11.1.1")
_INTERFACES, _MORE = read_oid("1.3.6.1.2.1.2.2.1"), read_oid("1.3.6.1.2.1.31.1.1.1")
_UPS = read_oid("1.3.6.1.2.1.33.1")
_DISK, _MEMORY = (*_KINDS, 4), (*_KINDS, 2)
_UNIT, _SPEED_MBPS, _BYTES_PER_S = 4096, 1000, 2_400_000
_UP, _DOWN = 1, 2
_JAMMED = b"\x04"


def tree(up_s: float, *, ill: bool) -> dict[Oid, Value]:
    """All that an agent knows, so long after its start."""
    return dict(sorted(_values(up_s, ill)))


def _values(up_s: float, ill: bool) -> Iterator[tuple[Oid, Value]]:
    yield _UPTIME, int(up_s * 100)
    volumes = ((_MEMORY, b"Physical memory", 2, 90), (_DISK, b"/", 40, 35), (_DISK, b"/srv", 500, 97 if ill else 58))
    for row, (kind, name, gib, used) in enumerate(volumes, 1):
        size = gib * (1 << 30) // _UNIT
        told: tuple[Value, ...] = (kind, name, _UNIT, size, size * used // 100)
        for column, value in enumerate(told, 2):
            yield (*_STORAGE, column, row), value
    for row, port in enumerate(PORTS, 1):
        yield from _port(row, port.encode(), int(up_s * _BYTES_PER_S / row), _DOWN if ill and row == 1 else _UP)
    yield _PRINTER, _JAMMED if ill else b"\0"
    for row, (colour, left) in enumerate(((b"Noir", 2 if ill else 64), (b"Couleur", 41)), 1):
        for column, held in ((6, colour), (8, 100), (9, left)):
            yield (*_SUPPLIES, column, 1, row), held
    battery = {(2, 1): 2, (2, 3): 11 if ill else 38, (2, 4): 61 if ill else 100, (4, 1): 5 if ill else 3}
    for place, state in battery.items():
        yield (*_UPS, *place, 0), state


def _port(row: int, name: bytes, octets: int, oper: int) -> Iterator[tuple[Oid, Value]]:
    told: dict[int, Value] = {2: name, 5: _SPEED_MBPS * 1_000_000, 7: _UP, 8: oper, 14: 0, 20: 0}
    more: dict[int, Value] = {1: name, 6: octets, 10: octets // 3, 15: _SPEED_MBPS, 18: b"", 19: 0}
    for table, columns in ((_INTERFACES, told), (_MORE, more)):
        for column, value in columns.items():
            yield (*table, column, row), value


def answer(datagram: bytes, known: dict[Oid, Value]) -> bytes | None:
    """What an agent that knows this says to a datagram; None to strangers and to what is no question."""
    try:
        request = wire.decode_request(datagram)
    except wire.WireError:
        return None
    if request.community != COMMUNITY or request.version != 1:
        return None
    return wire.encode_answer(request, list(_bindings(request, known)))


def _bindings(request: wire.Request, known: dict[Oid, Value]) -> Iterator[Binding]:
    if request.kind == wire.GET:
        yield from ((oid, known.get(oid)) for oid in request.oids)
        return
    order = list(known)
    once = request.once if request.kind == wire.GET_BULK else len(request.oids)
    for oid in request.oids[:once]:
        yield _after(oid, order, known)
    last = list(request.oids[once:])
    said = 0
    for _ in range(max(0, request.repetitions)):
        if not last or said > _MOST_BYTES:
            return
        following = [_after(oid, order, known) for oid in last]
        yield from following
        said += sum(len(wire.encode_oid(oid)) + 20 for oid, _ in following)
        last = [oid for oid, _ in following]
        if all(value is None for _, value in following):
            return


def _after(oid: Oid, order: list[Oid], known: dict[Oid, Value]) -> Binding:
    place = bisect_right(order, oid)
    return (order[place], known[order[place]]) if place < len(order) else (oid, None)


async def open_agent(played: Played) -> Listening:
    """Listen at the machine's place, over UDP."""
    where = (played.place.address, played.port)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Agent(played), local_addr=where)
    return transport


class _Agent(asyncio.DatagramProtocol):
    def __init__(self, played: Played) -> None:
        self._played = played
        self._started_s = time.monotonic()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: before Python 3.12 asyncio's own datagram transport is not declared as one.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        mode = self._played.mode
        known = tree(time.monotonic() - self._started_s, ill=mode is Mode.WRONG)
        said = None if mode is Mode.MUTE else answer(data, known)
        if said is not None and self._transport is not None:
            self._transport.sendto(said, addr)
