"""DNS messages (RFC 1035): build a query, read an answer that may be hostile.

Small on purpose: dnspython spends 0.36 ms on a query, more than a whole check may cost. The tests hold this file
against it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import NamedTuple

_HEADER = struct.Struct("!6H")
_QUESTION = struct.Struct("!2H")
_RECORD = struct.Struct("!2HIH")
_SOA = struct.Struct("!5I")
_SRV = struct.Struct("!3H")
_RECURSION_WANTED = 0x0100
_AUTHENTIC = 0x0020  # in a question: say whether you verified the answer (RFC 6840, 5.7); in an answer: I did
_INTERNET = 1

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "CAA": 257}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_LABEL = 63
_NAME = 255  # bytes on the wire
_RECORDS = 500  # of one answer: a 64 KiB message could hold thousands, each with the longest of names to read


class WireError(ValueError):
    """The message cannot be read, or the name cannot be written; the text says why, in English."""


class Question(NamedTuple):
    """What is asked."""

    name: bytes  # as `encode_name` gives it
    type: int
    authentic: bool = False  # whether the server shall say if it verified the answer (DNSSEC)


class Record(NamedTuple):
    """One record of an answer, as a person would write it."""

    name: str  # owner, lower case, without the final dot
    type: int
    ttl: int
    text: str  # the value: "192.0.2.1", "10 mail.exemple.fr", the text of a TXT
    host: str = ""  # the host in it, where the text says more than that: MX, SRV, SOA


class Answer(NamedTuple):
    """What a server said."""

    rcode: int
    truncated: bool
    authoritative: bool
    authentic: bool  # the server says that it verified the answer (DNSSEC)
    records: list[Record]  # of the answer section


def encode_name(name: str) -> bytes:
    """A host name as labels; accents and other scripts go through IDNA."""
    name = name.removesuffix(".")
    wire = b""
    for label in name.split(".") if name else ():
        raw = _encode_label(label)
        if not 0 < len(raw) <= _LABEL:
            raise WireError(f"a label of '{name}' is empty or longer than {_LABEL} characters")
        wire += bytes((len(raw),)) + raw
    if len(wire) >= _NAME:
        raise WireError(f"the name '{name}' is longer than {_NAME - 2} characters")
    return wire + b"\0"


def _encode_label(label: str) -> bytes:
    if label.isascii():  # as written: service names like _dmarc are no IDNA labels
        return label.encode().lower()
    try:
        raw = label.encode("idna")
    except UnicodeError as error:
        raise WireError(f"'{label}' is not a host name: {error}") from None
    if b"." in raw:  # characters that IDNA takes for a dot
        raise WireError(f"'{label}' holds a character that is not in a host name")
    return raw


def canonical(name: str) -> str:
    """A host name as an answer spells it: lower case, no final dot, accents through IDNA."""
    return _name(encode_name(name), 0)[0]


def query(identifier: int, question: Question) -> bytes:
    """A question with recursion desired."""
    flags = _RECURSION_WANTED | (_AUTHENTIC if question.authentic else 0)
    head = _HEADER.pack(identifier, flags, 1, 0, 0, 0)
    return head + question.name + _QUESTION.pack(question.type, _INTERNET)


def answers(message: bytes, asked: bytes) -> bool:
    """Whether `message` is a reply to the query `asked`: same identifier, same question (its case may differ).

    Cheap, and the first thing done with what comes from outside: the rest is read only of a message that passes.
    """
    end = len(asked)
    return (
        len(message) >= _HEADER.size
        and message[:2] == asked[:2]
        and message[2] & 0xF8 == 0x80  # a response to a standard query
        and (
            (message[4:6] == b"\0\1" and message[12:end].lower() == asked[12:])
            # A server that refuses may leave the question out.
            or (message[4:6] == b"\0\0" and message[3] & 15 != 0)
        )
    )


def parse(message: bytes) -> Answer:
    """Read a message that `answers` accepted; raises WireError when it makes no sense."""
    _, flags, questions, count, _, _ = _HEADER.unpack_from(message)
    truncated = bool(flags & 0x0200)
    at = _HEADER.size
    records: list[Record] = []
    try:
        for _ in range(questions):
            _, at = _name(message, at)
            at += _QUESTION.size
        if count > _RECORDS:
            raise WireError(f"{count} records announced")
        for _ in range(count if not truncated else 0):  # what a truncated message holds is asked again over TCP
            record, at = _record(message, at)
            if record is not None:
                records.append(record)
    except (struct.error, IndexError):
        raise WireError("the message ends too soon") from None
    return Answer(flags & 15, truncated, bool(flags & 0x0400), bool(flags & _AUTHENTIC), records)


def _record(message: bytes, at: int) -> tuple[Record | None, int]:
    name, at = _name(message, at)
    type_, class_, ttl, size = _RECORD.unpack_from(message, at)
    at += _RECORD.size
    end = at + size
    if end > len(message):
        raise WireError("a record ends beyond the message")
    read = _READERS.get(type_)
    if read is None or class_ != _INTERNET:
        return None, end
    text, host = read(message, at, end)
    return Record(name, type_, 0 if ttl >> 31 else ttl, text, host), end  # RFC 2181: a negative TTL is zero


def _name(message: bytes, at: int) -> tuple[str, int]:
    """The name that starts at `at`, and where what follows it starts."""
    labels: list[str] = []
    size = 1
    after = 0  # end of the name where it stands, once a pointer has led elsewhere
    earliest = at
    for _ in range(_NAME):
        length = message[at]
        if length == 0:
            return ".".join(labels), after or at + 1
        if length >= 0xC0:
            to = (length & 0x3F) << 8 | message[at + 1]
            # Pointers must go back, each further than the last: no loop is possible, nor a chain through later data.
            if to >= earliest:
                raise WireError("a compression pointer does not point back")
            after = after or at + 2
            at = earliest = to
            continue
        if length > _LABEL:
            raise WireError("a label of an unknown kind")
        label = message[at + 1 : at + 1 + length]
        size += length + 1
        if len(label) < length or size > _NAME:
            raise WireError("a name is too long or ends too soon")
        labels.append(_printable(label))
        at += length + 1
    raise WireError("a name has too many parts")


def _printable(label: bytes) -> str:
    """A label in lower case, its dots and unprintable bytes escaped as in zone files."""
    if label.isalnum() or label.replace(b"-", b"").replace(b"_", b"").isalnum():
        return label.decode().lower()
    return "".join(
        f"\\{chr(byte)}" if byte in b'."\\;()@$' else chr(byte).lower() if 32 < byte < 127 else f"\\{byte:03d}"
        for byte in label
    )


_Reader = Callable[[bytes, int, int], tuple[str, str]]


def _address(family: int) -> _Reader:
    def read(message: bytes, at: int, end: int) -> tuple[str, str]:
        try:
            return socket.inet_ntop(family, message[at:end]), ""
        except ValueError:
            raise WireError("an address of the wrong size") from None

    return read


def _host(message: bytes, at: int, end: int) -> tuple[str, str]:
    name, after = _name(message, at)
    _must_end(after, end)
    return name, ""


def _exchange(message: bytes, at: int, end: int) -> tuple[str, str]:
    name, after = _name(message, at + 2)
    _must_end(after, end)
    return f"{message[at] << 8 | message[at + 1]} {name}", name


def _service(message: bytes, at: int, end: int) -> tuple[str, str]:
    priority, weight, port = _SRV.unpack_from(message, at)
    name, after = _name(message, at + _SRV.size)
    _must_end(after, end)
    return f"{priority} {weight} {port} {name}", name


def _authority(message: bytes, at: int, end: int) -> tuple[str, str]:
    primary, at = _name(message, at)
    mailbox, at = _name(message, at)
    numbers = _SOA.unpack_from(message, at)
    _must_end(at + _SOA.size, end)
    return " ".join((primary, mailbox, *map(str, numbers))), primary


def _text(message: bytes, at: int, end: int) -> tuple[str, str]:
    """The strings of a TXT put together, as SPF and DKIM readers do."""
    parts = []
    while at < end:
        length = message[at]
        parts.append(message[at + 1 : at + 1 + length])
        at += 1 + length
    _must_end(at, end)
    return b"".join(parts).decode("utf-8", "replace"), ""


def _authorisation(message: bytes, at: int, end: int) -> tuple[str, str]:
    size = message[at + 1]
    tag, value = message[at + 2 : at + 2 + size], message[at + 2 + size : end]
    if at + 2 + size > end:
        raise WireError("a CAA record ends too soon")
    return f'{message[at]} {tag.decode("ascii", "replace")} "{value.decode("utf-8", "replace")}"', ""


def _must_end(at: int, end: int) -> None:
    if at != end:
        raise WireError("a record is not as long as it says")


_READERS: dict[int, _Reader] = {
    TYPES["A"]: _address(socket.AF_INET),
    TYPES["AAAA"]: _address(socket.AF_INET6),
    TYPES["NS"]: _host,
    TYPES["CNAME"]: _host,
    TYPES["PTR"]: _host,
    TYPES["MX"]: _exchange,
    TYPES["SRV"]: _service,
    TYPES["SOA"]: _authority,
    TYPES["TXT"]: _text,
    TYPES["CAA"]: _authorisation,
}
