"""Agents that no real program would be: they answer what the test wants, byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

from pyasn1.codec.ber import decoder
from pysnmp.proto.api import v2c

Handler = Callable[["Request"], Sequence[bytes]]
Oid = tuple[int, ...]


class Request:
    """What was asked."""

    def __init__(self, datagram: bytes) -> None:
        message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        self.datagram = datagram
        self.id = int(v2c.apiPDU.get_request_id(pdu))
        self.oids: list[Oid] = [tuple(oid) for oid, _ in v2c.apiPDU.get_varbinds(pdu)]
        self.repetitions = int(v2c.apiBulkPDU.get_max_repetitions(pdu)) if "max-repetitions" in pdu else 0

    def answer(
        self, *bindings: tuple[Oid, bytes], error: int = 0, index: int = 0, identifier: int | None = None
    ) -> bytes:
        """A response with these values, already encoded."""
        body = b"".join(tlv(0x30, encode_oid(oid) + value) for oid, value in bindings)
        number = self.id if identifier is None else identifier
        pdu = tlv(0xA2, integer(number) + integer(error) + integer(index) + tlv(0x30, body))
        return tlv(0x30, integer(1) + tlv(4, b"lecture-seule") + pdu)


def tlv(tag: int, content: bytes) -> bytes:
    """One BER element."""
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def integer(value: int, tag: int = 2) -> bytes:
    """An INTEGER, or whatever has its form."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def encode_oid(oid: Oid) -> bytes:
    """An OBJECT IDENTIFIER."""
    content = bytearray([oid[0] * 40 + oid[1]])
    for part in oid[2:]:
        groups = [part & 0x7F]
        while part := part >> 7:
            groups.append(0x80 | part & 0x7F)
        content += bytes(reversed(groups))
    return tlv(6, bytes(content))


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        assert self._transport is not None
        for answer in self._handler(Request(data)):
            self._transport.sendto(answer, address)


@asynccontextmanager
async def agent(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """The port of an agent that answers so."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(handler), local_addr=(host, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
