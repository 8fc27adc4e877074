"""What each protocol says, in clear, before its connection may turn to TLS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Literal

from probes.base import Status
from probes.excerpt import excerpt

Protocol = Literal["smtp", "imap", "pop3", "ftp", "ldap", "postgres"]
PORTS: dict[Protocol, int] = {"smtp": 25, "imap": 143, "pop3": 110, "ftp": 21, "ldap": 389, "postgres": 5432}

LINE_LIMIT = 4096  # bytes of one line; asyncio's reader refuses longer ones
_MAX_LINES = 100  # of one answer: a banner of ten lines exists, a thousand is an attack
_LDAP_OID = b"1.3.6.1.4.1.1466.20037"  # RFC 4511, 4.14: the StartTLS extended operation
_POSTGRES_SSL_REQUEST = bytes.fromhex("00000008 04d2162f")  # length 8, code 80877103


class StartTlsError(Exception):
    """The server does not go over to TLS; `message` says what it answered, in French."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.status = Status.CRITICAL
        self.message = message


async def ask(protocol: Protocol, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bring the connection to the point where the TLS handshake begins; raises StartTlsError, OSError."""
    try:
        await _DIALOGUES[protocol](reader, writer)
    except (ValueError, asyncio.LimitOverrunError):  # the reader's words for a line beyond its limit
        raise StartTlsError(f"{protocol.upper()} : ligne trop longue") from None
    except asyncio.IncompleteReadError:
        raise StartTlsError(f"{protocol.upper()} : connexion fermée avant TLS") from None


async def _smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _reply(reader, "SMTP", b"220")
    writer.write(b"EHLO vigie.invalid\r\n")
    offered = await _reply(reader, "SMTP", b"250")
    if not any(line[4:].strip().upper() == b"STARTTLS" for line in offered):
        raise StartTlsError("SMTP : STARTTLS n'est pas proposé")
    writer.write(b"STARTTLS\r\n")
    await _reply(reader, "SMTP", b"220")


async def _ftp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _reply(reader, "FTP", b"220")
    writer.write(b"AUTH TLS\r\n")
    await _reply(reader, "FTP", b"234")


async def _pop3(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _expect(reader, "POP3", re.compile(rb"\+OK"))
    writer.write(b"STLS\r\n")
    await _expect(reader, "POP3", re.compile(rb"\+OK"))


async def _imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _expect(reader, "IMAP", re.compile(rb"\* OK", re.IGNORECASE))
    writer.write(b"a1 STARTTLS\r\n")
    for _ in range(_MAX_LINES):
        line = await _line(reader)
        if line.lower().startswith(b"a1 "):
            if line[3:5].upper() != b"OK":
                raise _refused("IMAP", line)
            return
    raise StartTlsError("IMAP : réponse trop longue")


async def _ldap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    name = b"\x80" + bytes([len(_LDAP_OID)]) + _LDAP_OID
    operation = b"\x77" + bytes([len(name)]) + name
    message = b"\x02\x01\x01" + operation
    writer.write(b"\x30" + bytes([len(message)]) + message)
    header = await reader.readexactly(2)
    size = header[1]
    if size & 0x80:  # the long form of a length, one or two bytes of it are plenty here
        more = size & 0x7F
        if not 1 <= more <= 2:
            raise StartTlsError("LDAP : réponse illisible")
        size = int.from_bytes(await reader.readexactly(more), "big")
    if header[0] != 0x30 or size > LINE_LIMIT:
        raise StartTlsError("LDAP : réponse illisible")
    # ExtendedResponse, then its ENUMERATED resultCode: zero is success.
    if (
        re.match(
            rb"\x02\x01\x01\x78(?:[\x00-\x7f]|\x81.|\x82..)\x0a\x01\x00", await reader.readexactly(size), re.DOTALL
        )
        is None
    ):
        raise StartTlsError("LDAP : STARTTLS refusé")


async def _postgres(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_POSTGRES_SSL_REQUEST)
    answer = await reader.readexactly(1)
    if answer != b"S":
        raise StartTlsError("PostgreSQL : TLS refusé" if answer == b"N" else "PostgreSQL : réponse illisible")


async def _reply(reader: asyncio.StreamReader, protocol: str, code: bytes) -> list[bytes]:
    """A reply of SMTP's kind: `250-first`, `250 last`; FTP allows free lines between."""
    lines: list[bytes] = []
    while len(lines) < _MAX_LINES:
        line = await _line(reader)
        lines.append(line)
        if not lines[0].startswith(code):
            raise _refused(protocol, line)
        if line[:3] == code and line[3:4] != b"-":
            return lines
    raise StartTlsError(f"{protocol} : réponse trop longue")


async def _expect(reader: asyncio.StreamReader, protocol: str, pattern: re.Pattern[bytes]) -> None:
    line = await _line(reader)
    if pattern.match(line) is None:
        raise _refused(protocol, line)


async def _line(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readuntil(b"\n")).rstrip(b"\r\n")


def _refused(protocol: str, line: bytes) -> StartTlsError:
    return StartTlsError(f"{protocol} : STARTTLS refusé, réponse « {excerpt(line, 60)} »")


_DIALOGUES: dict[Protocol, Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "ftp": _ftp,
    "ldap": _ldap,
    "postgres": _postgres,
}
