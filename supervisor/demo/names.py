"""The DNS server of the demo: its zone is what the `dns` sondes of the config expect."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple, cast

from probes.dns_wire import TYPES, encode_name
from supervisor.demo.played import Listening, Mode, Played

_TTL_S = 300
_ELSEWHERE = "127.77.255.254"  # where a hijacked name leads
_HEADER = struct.Struct("!6H")
_QUESTION = struct.Struct("!HH")


class Entry(NamedTuple):
    """One name, and what is answered of it."""

    name: str
    record: str  # "A", "MX"…
    answers: tuple[str, ...]


class Zone:
    """All that the server knows."""

    def __init__(self) -> None:
        self._answers: dict[tuple[bytes, int], tuple[str, ...]] = {}

    def fill(self, entries: Iterable[Entry]) -> None:
        """Know these from now on."""
        self._answers = {(encode_name(e.name).lower(), TYPES[e.record]): e.answers for e in entries}

    def answer(self, query: bytes, mode: Mode) -> bytes | None:
        """What to answer a query; None for what is none."""
        end = query.find(b"\0", _HEADER.size)
        if len(query) < _HEADER.size or end < 0 or len(query) < end + 1 + _QUESTION.size:
            return None
        name = query[_HEADER.size : end + 1]
        kind, _ = _QUESTION.unpack_from(query, end + 1)
        question = query[_HEADER.size : end + 1 + _QUESTION.size]
        known = self._answers.get((name.lower(), kind))
        if mode is Mode.WRONG and kind == TYPES["A"]:
            known = (_ELSEWHERE,)
        code = 2 if mode is Mode.ERROR else 3 if known is None else 0
        records = [] if code else [_record(kind, text) for text in known or ()]
        identity, flags, *_ = _HEADER.unpack_from(query)
        # A response with authority, in which the wish for recursion is copied.
        header = _HEADER.pack(identity, 0x8400 | flags & 0x0100 | code, 1, len(records), 0, 0)
        return header + question + b"".join(records)


def _record(kind: int, text: str) -> bytes:
    data = _data(kind, text)
    return struct.pack("!HHHIH", 0xC00C, kind, 1, _TTL_S, len(data)) + data


def _data(kind: int, text: str) -> bytes:
    if kind in (TYPES["A"], TYPES["AAAA"]):
        return ip_address(text).packed
    if kind == TYPES["MX"]:
        priority, _, host = text.rpartition(" ")
        return struct.pack("!H", int(priority or 10)) + encode_name(host)
    if kind == TYPES["TXT"]:
        return bytes([len(text.encode())]) + text.encode()
    return encode_name(text)


async def open_names(played: Played, zone: Zone) -> Listening:
    """Listen at the server's place, over UDP."""
    loop = asyncio.get_running_loop()
    where = (played.place.address, played.port)
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(played, zone), local_addr=where)
    return transport


class _Server(asyncio.DatagramProtocol):
    def __init__(self, played: Played, zone: Zone) -> None:
        self._played = played
        self._zone = zone
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: before Python 3.12 asyncio's own datagram transport is not declared as one.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        mode = self._played.mode
        reply = None if mode is Mode.MUTE else self._zone.answer(data, mode)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)
