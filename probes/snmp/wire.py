"""Messages of SNMP 1 and 2c as bytes (RFC 1157, 3416): what a request is written in, what an answer is read from.

Written here because decoding is nearly all that a walk costs: a generic decoder of ASN.1 takes 6 ms for a host's
storage table, this one a twentieth. It reads what agents really send: an INTEGER beyond 32 bits is a number like
another.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from probes.snmp.words import Binding, Oid, Value

GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
SEQUENCE, _INTEGER, OCTETS, _NULL, _OID = 0x30, 0x02, 0x04, 0x05, 0x06
_ADDRESS, _OPAQUE = 0x40, 0x44
_UNSIGNED = frozenset({0x41, 0x42, 0x43, 0x46, 0x47})  # Counter32, Gauge32, TimeTicks, Counter64, UInteger32
_NOTHING = frozenset({_NULL, 0x80, 0x81, 0x82})  # noSuchObject, noSuchInstance, endOfMibView
_LONGEST_NUMBER = 9  # bytes: 64 bits and a sign
_LONGEST_OID = 128  # numbers
_KNOWN = 20_000  # OIDs remembered
_LONG = 64  # bytes of one that is not: those of tables have some 20, and an agent may make up 20 000 of 5 kB each
_FLOAT, _DOUBLE = b"\x9f\x78\x04", b"\x9f\x79\x08"  # Net-SNMP's, inside an Opaque


class WireError(ValueError):
    """This is not a message of SNMP."""


class Pdu(NamedTuple):
    """What a message carries."""

    kind: int
    request: int
    status: int
    place: int  # of the binding that the status is about; 0 for none
    bindings: list[Binding]


class Answer(NamedTuple):
    """A response."""

    version: int  # 0 for version 1, 1 for 2c
    community: bytes
    request: int
    status: int
    place: int  # of the binding that the status is about; 0 for none
    bindings: list[Binding]


def encode(kind: int, version: int, community: bytes, request: int, oids: tuple[Oid, ...], repetitions: int) -> bytes:
    """A request; `repetitions` matters to a GET_BULK alone."""
    body = element(OCTETS, community) + encode_pdu(kind, request, oids, repetitions)
    return element(SEQUENCE, integer(version) + body)


def encode_pdu(kind: int, request: int, oids: tuple[Oid, ...], repetitions: int) -> bytes:
    """What a request carries; `repetitions` matters to a GET_BULK alone."""
    bindings = b"".join(element(SEQUENCE, encode_oid(oid) + b"\x05\x00") for oid in oids)
    counts = integer(0) + integer(repetitions if kind == GET_BULK else 0)
    return element(kind, integer(request) + counts + element(SEQUENCE, bindings))


def decode(data: bytes, known: dict[bytes, Oid]) -> Answer:
    """The response that a datagram holds; WireError for anything else.

    `known` remembers OIDs by their bytes: the same come from every agent at every walk, and are half of the work.
    """
    start, end = expect(data, 0, len(data), SEQUENCE)
    version, at = read_integer(data, start, end)
    start, stop = expect(data, at, end, OCTETS)
    community = data[start:stop]
    pdu, _ = read_pdu(data, stop, end, known)
    if pdu.kind != RESPONSE:
        raise WireError(f"a PDU {pdu.kind:#x} is no response")
    return Answer(version, community, pdu.request, pdu.status, pdu.place, pdu.bindings)


def read_pdu(data: bytes, at: int, end: int, known: dict[bytes, Oid]) -> tuple[Pdu, int]:
    """The PDU at `at`, and where it ends."""
    kind, at, end = header(data, at, end)
    request, at = read_integer(data, at, end)
    status, at = read_integer(data, at, end)
    index, at = read_integer(data, at, end)
    at, last = expect(data, at, end, SEQUENCE)
    return Pdu(kind, request, status, index, _bindings(data, at, last, known)), end


def _bindings(data: bytes, at: int, end: int, known: dict[bytes, Oid]) -> list[Binding]:
    bindings: list[Binding] = []
    while at < end:
        start, middle, stop = _places(data, at, end)
        oid = known.get(data[start:middle]) or _learn_oid(data[start:middle], known)
        tag, first, last = header(data, middle, stop)
        if tag == _INTEGER:
            value: Value = _signed(data, first, last)
        elif tag == _OID:
            value = known.get(data[first:last]) or _learn_oid(data[first:last], known)
        else:
            value = _value(data, tag, first, last)
        bindings.append((oid, value))
        at = stop
    return bindings


def _places(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Of the binding at `at`: where its OID starts, where its value does, where it ends."""
    # Nearly all are shorter than 128 bytes and measured in place: a call for each header would double the cost.
    # A length that is written in several bytes counts 128 or more here, and does not fit.
    if at + 4 <= end and data[at] == SEQUENCE and data[at + 2] == _OID:
        stop, middle = at + 2 + data[at + 1], at + 4 + data[at + 3]
        if middle <= stop <= end and data[at + 1] < 0x80:
            return at + 4, middle, stop
    at, stop = expect(data, at, end, SEQUENCE)
    start, middle = expect(data, at, stop, _OID)
    return start, middle, stop


def opaque(data: bytes) -> Value:
    """What an Opaque holds: a number of Net-SNMP's, or just bytes."""
    if data.startswith(_FLOAT) and len(data) == 7:
        return float(struct.unpack(">f", data[3:])[0])
    if data.startswith(_DOUBLE) and len(data) == 11:
        return float(struct.unpack(">d", data[3:])[0])
    return data


def encode_oid(oid: Oid) -> bytes:
    """An OBJECT IDENTIFIER."""
    content = bytearray()
    for number in (oid[0] * 40 + oid[1], *oid[2:]):
        if number < 128:
            content.append(number)
            continue
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        content += bytes(reversed(groups))
    return element(_OID, bytes(content))


def element(tag: int, content: bytes) -> bytes:
    """One element of ASN.1."""
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int) -> bytes:
    """An INTEGER."""
    return element(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of the element at `at`, which must end by `end`."""
    start = at + 2
    if start > end:
        raise WireError("cut short")
    tag, length = data[at], data[at + 1]
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4 or start + size > end:
            raise WireError("a length that no datagram holds")
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    stop = start + length
    if stop > end:
        raise WireError("longer than what holds it")
    return tag, start, stop


def expect(data: bytes, at: int, end: int, wanted: int) -> tuple[int, int]:
    """Start and end of the content of the element at `at`, which must have that tag."""
    tag, start, stop = header(data, at, end)
    if tag != wanted:
        raise WireError(f"tag {tag:#x} where {wanted:#x} belongs")
    return start, stop


def read_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The INTEGER at `at`, and where it ends."""
    start, stop = expect(data, at, end, _INTEGER)
    return _signed(data, start, stop), stop


def _signed(data: bytes, start: int, stop: int) -> int:
    if not 1 <= stop - start <= _LONGEST_NUMBER:
        raise WireError("a number of no bytes, or of too many")
    return int.from_bytes(data[start:stop], "big", signed=True)


def _value(data: bytes, tag: int, start: int, stop: int) -> Value:
    """What is neither an INTEGER nor an OID."""
    if tag == OCTETS:
        return data[start:stop]
    if tag in _UNSIGNED:
        # Some agents leave out the zero that keeps a large number from looking negative.
        signed = _signed(data, start, stop)
        return signed if signed >= 0 else signed + (1 << 8 * (stop - start))
    if tag in _NOTHING:
        return None
    if tag == _ADDRESS:
        return ".".join(map(str, data[start:stop])).encode()
    if tag == _OPAQUE:
        return opaque(data[start:stop])
    raise WireError(f"unknown type {tag:#x}")


def _learn_oid(data: bytes, known: dict[bytes, Oid]) -> Oid:
    if len(data) > _LONG:
        return _read_oid(data)
    if len(known) >= _KNOWN:
        known.clear()  # years of tables, or an agent that makes them up
    oid = known[data] = _read_oid(data)
    return oid


def _read_oid(data: bytes) -> Oid:
    numbers: list[int] = []
    number = 0
    for byte in data:
        if byte < 0x80:
            numbers.append(number << 7 | byte)
            number = 0
        else:
            number = number << 7 | byte & 0x7F
            if number >= 1 << 32:
                raise WireError("a number of an OID beyond 32 bits")
    if not numbers or data[-1] >= 0x80 or len(numbers) > _LONGEST_OID:
        raise WireError("an OID that is cut, empty or too long")
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


# --- what an agent needs: the demo plays some, and tests hold the two halves against one another


class Request(NamedTuple):
    """A request, as its agent reads it."""

    kind: int  # GET, GET_NEXT or GET_BULK
    version: int
    community: bytes
    request: int
    once: int  # of a GET_BULK: how many of the OIDs are not repeated
    repetitions: int
    oids: tuple[Oid, ...]


def decode_request(data: bytes) -> Request:
    """The request that a datagram holds; WireError for anything else."""
    start, end = expect(data, 0, len(data), SEQUENCE)
    version, at = read_integer(data, start, end)
    start, stop = expect(data, at, end, OCTETS)
    kind, at, end = header(data, stop, end)
    if kind not in (GET, GET_NEXT, GET_BULK):
        raise WireError(f"a PDU {kind:#x} is no request")
    request, at = read_integer(data, at, end)
    once, at = read_integer(data, at, end)
    repetitions, at = read_integer(data, at, end)
    at, end = expect(data, at, end, SEQUENCE)
    oids = []
    while at < end:
        at, binding_end = expect(data, at, end, SEQUENCE)
        first, last = expect(data, at, binding_end, _OID)
        oids.append(_read_oid(data[first:last]))
        at = binding_end
    return Request(kind, version, data[start:stop], request, once, repetitions, tuple(oids))


def encode_answer(request: Request, bindings: list[Binding]) -> bytes:
    """The answer of an agent of version 2c; what has no value does not exist, or is beyond the end."""
    nothing = b"\x81\x00" if request.kind == GET else b"\x82\x00"  # noSuchInstance, endOfMibView
    encoded = b"".join(
        element(SEQUENCE, encode_oid(oid) + (nothing if value is None else _encode_value(value)))
        for oid, value in bindings
    )
    body = integer(request.request) + integer(0) + integer(0) + element(SEQUENCE, encoded)
    head = integer(request.version) + element(OCTETS, request.community)
    return element(SEQUENCE, head + element(RESPONSE, body))


def _encode_value(value: int | float | bytes | Oid) -> bytes:
    """Every number as an INTEGER: whoever asks knows what it counts."""
    if isinstance(value, bytes):
        return element(OCTETS, value)
    if isinstance(value, tuple):
        return encode_oid(value)
    return integer(int(value))
